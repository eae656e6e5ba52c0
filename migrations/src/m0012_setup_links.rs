//! Set-up links: somebody without an account sets up one organization's connection to its identity provider.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "setup_links",
            vec![
                id(),
                uuid("organization_id"),
                text("email"),
                // SHA-256: the value exists in the mail alone.
                bytes("token_hash"),
                uuid("created_by"),
                time("created_at"),
                time("sent_at"),
                time("expires_at"),
                time_null("opened_at"),
                // SHA-256 of a value in the session of the browser that opened it, and how long that browser may go on.
                ColumnDef::new("browser").var_binary(255).null().to_owned(),
                time_null("open_until"),
                time_null("finished_at"),
                time_null("revoked_at"),
                int("version"),
            ],
            vec![references("organization_id", "organizations"), references("created_by", "people")],
        )
        .await?;
        unique(m, "setup_links_token", "setup_links", &["token_hash"], None).await?;
        index(m, "setup_links_organization", "setup_links", &["organization_id", "id"]).await?;
        // The connections that a link opens: the draft it was sent for, and those that were begun with it.
        table(
            m,
            "setup_link_connections",
            vec![id(), uuid("link_id"), uuid("provider_id")],
            vec![
                references("link_id", "setup_links"),
                references("provider_id", "identity_providers"),
            ],
        )
        .await?;
        unique(
            m,
            "setup_link_connections_once",
            "setup_link_connections",
            &["link_id", "provider_id"],
            None,
        )
        .await?;
        index(m, "setup_link_connections_provider", "setup_link_connections", &["provider_id"]).await
    }
}
