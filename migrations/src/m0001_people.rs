//! The tenant, people and their roles in the tenant.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "people",
            vec![
                id(),
                text("email"),
                text("email_normalized"),
                text("name"),
                text("time_zone"),
                text_null("password_hash"),
                time_null("password_changed_at"),
                blob_null("totp_secret"),
                time_null("totp_confirmed_at"),
                big("totp_last_step"),
                time_null("disabled_at"),
                time("created_at"),
                int("version"),
            ],
            vec![],
        )
        .await?;
        unique(m, "people_email", "people", &["email_normalized"], None).await?;

        // One row: the company that runs this portal.
        table(
            m,
            "tenant",
            vec![
                int("id").primary_key().to_owned(),
                text("name"),
                text("accent"),
                text("time_zone"),
                text_null("support_contact"),
                int("warning_days"),
                int("certification_grace_days"),
                time("created_at"),
                int("version"),
            ],
            vec![],
        )
        .await?;

        table(
            m,
            "tenant_roles",
            vec![
                id(),
                uuid("person_id"),
                word("role", &["owner", "operator", "auditor"]),
                time("created_at"),
            ],
            vec![references("person_id", "people")],
        )
        .await?;
        unique(m, "tenant_roles_person_role", "tenant_roles", &["person_id", "role"], None).await
    }
}
