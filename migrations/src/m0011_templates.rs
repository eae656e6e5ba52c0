//! Templates for new partners, and how people join the partners that were made from one.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "organization_templates",
            vec![
                id(),
                text("name"),
                // JSON: kind, sign-in rules, joining, contract and applications of the partners made from it.
                text("content"),
                time("created_at"),
                int("version"),
            ],
            vec![],
        )
        .await?;
        unique(m, "organization_templates_name", "organization_templates", &["name"], None).await?;
        table(
            m,
            "joining_defaults",
            vec![
                uuid("organization_id").primary_key().to_owned(),
                // JSON: what a connection of this organization begins with.
                text("content"),
            ],
            vec![references("organization_id", "organizations")],
        )
        .await
    }
}
