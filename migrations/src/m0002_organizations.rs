//! Partner organizations, their contracts and their members.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "organizations",
            vec![
                id(),
                text("slug"),
                text("name"),
                text("kind"),
                text("description"),
                text("metadata"),
                word("status", &["onboarding", "active", "suspended", "offboarded"]),
                text_null("status_reason"),
                uuid_null("parent_id"),
                uuid_null("owner_id"),
                uuid_null("deputy_id"),
                text("accent"),
                blob_null("logo"),
                text_null("logo_type"),
                flag("require_step_up"),
                // How long tokens in its name live at most.
                int_null("access_seconds"),
                int_null("id_seconds"),
                int_null("refresh_seconds"),
                time_null("certification_due_at"),
                time_null("certified_at"),
                // Set when a declined or overdue certification suspended the partner; lifting it needs a certification.
                flag("suspended_by_certification"),
                // Name, short name and kind in lower case, for the search of the list.
                text("search_text"),
                // When the certification is due, far away for those without one or over: the order of the list.
                time("due_order"),
                // Stage and due date of the last reminder, so that each is sent once.
                text_null("certification_reminder"),
                time("created_at"),
                int("version"),
            ],
            vec![
                references("parent_id", "organizations"),
                references("owner_id", "people"),
                references("deputy_id", "people"),
            ],
        )
        .await?;
        unique(m, "organizations_slug", "organizations", &["slug"], None).await?;
        index(m, "organizations_owner", "organizations", &["owner_id"]).await?;
        index(m, "organizations_deputy", "organizations", &["deputy_id"]).await?;
        index(m, "organizations_parent", "organizations", &["parent_id"]).await?;
        index(m, "organizations_name", "organizations", &["name", "id"]).await?;
        index(m, "organizations_due", "organizations", &["status", "certification_due_at"]).await?;
        index(m, "organizations_order", "organizations", &["due_order", "id"]).await?;
        index(m, "organizations_status_order", "organizations", &["status", "due_order", "id"]).await?;

        table(
            m,
            "contracts",
            vec![
                id(),
                uuid("organization_id"),
                text("reference"),
                time("starts_at"),
                time("ends_at"),
                int("notice_days"),
                int("seats"),
                time("created_at"),
                int("version"),
            ],
            vec![references("organization_id", "organizations")],
        )
        .await?;
        unique(m, "contracts_reference", "contracts", &["organization_id", "reference"], None).await?;
        index(m, "contracts_organization", "contracts", &["organization_id", "ends_at"]).await?;
        index(m, "contracts_ends", "contracts", &["ends_at"]).await?;

        table(
            m,
            "members",
            vec![
                id(),
                uuid("organization_id"),
                uuid("person_id"),
                word("role", &["member", "user_manager", "partner_admin", "auditor"]),
                word("status", &["active", "suspended", "removed"]),
                text_null("status_reason"),
                time("starts_at"),
                time_null("ends_at"),
                // While a rotation overlaps, the leaver may look but not change anything.
                flag("read_only"),
                uuid_null("rotated_to"),
                uuid_null("rotated_from"),
                time_null("last_seen_at"),
                time("created_at"),
                int("version"),
            ],
            vec![
                references("organization_id", "organizations"),
                references("person_id", "people"),
                references("rotated_to", "members"),
                references("rotated_from", "members"),
            ],
        )
        .await?;
        unique(
            m,
            "members_person_organization",
            "members",
            &["person_id", "organization_id"],
            Some("status <> 'removed'"),
        )
        .await?;
        index(m, "members_organization", "members", &["organization_id", "status", "id"]).await?;
        index(m, "members_ends", "members", &["ends_at"]).await
    }
}
