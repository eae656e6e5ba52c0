//! The audit trail: rows are only ever inserted.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "audit_events",
            vec![
                id(),
                time("at"),
                text("action"),
                word("outcome", &["success", "failure", "allowed", "denied"]),
                word("actor_kind", &["person", "system", "client", "anonymous"]),
                uuid_null("actor_id"),
                uuid_null("actor_member_id"),
                text("actor_label"),
                // Labels in lower case, because the databases fold case differently.
                text("actor_search"),
                uuid_null("organization_id"),
                text_null("organization_label"),
                text_null("subject_kind"),
                uuid_null("subject_id"),
                text_null("subject_label"),
                text_null("subject_search"),
                uuid_null("application_id"),
                text_null("application_label"),
                text_null("reason"),
                text("details"),
                text_null("address"),
                text_null("user_agent"),
                text_null("request_id"),
            ],
            // No foreign keys: the trail outlives what it speaks of.
            vec![],
        )
        .await?;
        index(m, "audit_time", "audit_events", &["at", "id"]).await?;
        // What an event is not about costs nothing: a token of an application's own has neither organization nor person.
        partial(
            m,
            "audit_organization",
            "audit_events",
            &["organization_id", "at", "id"],
            "organization_id IS NOT NULL",
        )
        .await?;
        partial(m, "audit_actor", "audit_events", &["actor_id", "at", "id"], "actor_id IS NOT NULL").await?;
        partial(
            m,
            "audit_subject",
            "audit_events",
            &["subject_id", "at", "id"],
            "subject_id IS NOT NULL",
        )
        .await?;
        partial(
            m,
            "audit_application",
            "audit_events",
            &["application_id", "at", "id"],
            "application_id IS NOT NULL",
        )
        .await?;
        index(m, "audit_action", "audit_events", &["action", "at", "id"]).await?;

        // The database itself refuses to rewrite history.
        let connection = m.get_connection();
        match m.get_database_backend() {
            sea_orm_migration::sea_orm::DatabaseBackend::Sqlite => {
                for (name, verb) in [("audit_no_update", "UPDATE"), ("audit_no_delete", "DELETE")] {
                    connection
                        .execute_unprepared(&format!(
                            "CREATE TRIGGER {name} BEFORE {verb} ON audit_events BEGIN SELECT RAISE(ABORT, 'audit events are only inserted'); END"
                        ))
                        .await?;
                }
            }
            _ => {
                connection
                    .execute_unprepared(
                        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit events are only inserted'; END $$;
                         CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();",
                    )
                    .await?;
            }
        }
        Ok(())
    }
}
