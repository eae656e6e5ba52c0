//! The catalogue: applications and their scopes.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "applications",
            vec![
                id(),
                text("slug"),
                text("name"),
                text("description"),
                text("icon"),
                text("category"),
                text("launch_url"),
                uuid_null("owner_id"),
                word("status", &["active", "retired"]),
                time("created_at"),
                int("version"),
            ],
            vec![references("owner_id", "people")],
        )
        .await?;
        unique(m, "applications_slug", "applications", &["slug"], None).await?;

        table(
            m,
            "scopes",
            vec![
                id(),
                uuid("application_id"),
                text("name"),
                text("description"),
                word("access", &["read", "write"]),
                flag("high_value"),
                time("created_at"),
            ],
            vec![references("application_id", "applications")],
        )
        .await?;
        unique(m, "scopes_application_name", "scopes", &["application_id", "name"], None).await
    }
}
