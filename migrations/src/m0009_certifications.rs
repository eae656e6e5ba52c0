//! What owners decided about their partner relationships.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "certifications",
            vec![
                id(),
                uuid("organization_id"),
                uuid_null("decided_by"),
                word("decision", &["certified", "declined", "lapsed"]),
                text("reason"),
                // JSON: what the owner saw when deciding.
                text("evidence"),
                time("decided_at"),
                time_null("next_due_at"),
            ],
            vec![references("organization_id", "organizations"), references("decided_by", "people")],
        )
        .await?;
        index(
            m,
            "certifications_organization",
            "certifications",
            &["organization_id", "decided_at"],
        )
        .await
    }
}
