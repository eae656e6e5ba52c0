//! Policies of the operator: what each counts for, and every text it ever had.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        // Every replica reads the tenant's row with each request, and with it whether the policies have changed.
        let generation = ColumnDef::new("policies_generation").big_integer().not_null().default(0).to_owned();
        m.alter_table(Table::alter().table("tenant").add_column(generation).to_owned())
            .await?;
        table(
            m,
            "policies",
            vec![
                id(),
                text("name"),
                uuid_null("organization_id"),
                uuid_null("application_id"),
                word("status", &["draft", "active", "retired"]),
                // The version in force; none unless active.
                int_null("in_force"),
                int("latest"),
                time("created_at"),
                time("updated_at"),
                int("version"),
            ],
            vec![
                references("organization_id", "organizations"),
                references("application_id", "applications"),
            ],
        )
        .await?;
        index(m, "policies_status", "policies", &["status"]).await?;
        table(
            m,
            "policy_versions",
            vec![
                id(),
                uuid("policy_id"),
                int("number"),
                text("content"),
                uuid_null("author_id"),
                text("author_label"),
                text("reason"),
                int_null("rolled_back_to"),
                time("created_at"),
            ],
            vec![references("policy_id", "policies")],
        )
        .await?;
        unique(m, "policy_versions_number", "policy_versions", &["policy_id", "number"], None).await?;

        // What was once in force stays readable as it was.
        let connection = m.get_connection();
        match m.get_database_backend() {
            sea_orm_migration::sea_orm::DatabaseBackend::Sqlite => {
                for (name, verb) in [("policy_versions_no_update", "UPDATE"), ("policy_versions_no_delete", "DELETE")] {
                    connection
                        .execute_unprepared(&format!(
                            "CREATE TRIGGER {name} BEFORE {verb} ON policy_versions BEGIN SELECT RAISE(ABORT, 'versions of policies are only inserted'); END"
                        ))
                        .await?;
                }
            }
            _ => {
                connection
                    .execute_unprepared(
                        "CREATE FUNCTION policy_versions_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'versions of policies are only inserted'; END $$;
                         CREATE TRIGGER policy_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_versions FOR EACH STATEMENT EXECUTE FUNCTION policy_versions_are_append_only();",
                    )
                    .await?;
            }
        }
        Ok(())
    }
}
