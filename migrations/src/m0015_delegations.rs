//! Acting for people: what they and operators allow systems to do in their name, and what they allowed applications once and for all.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "delegations",
            vec![
                id(),
                uuid("organization_id"),
                uuid("member_id"),
                uuid("person_id"),
                uuid("client_id"),
                uuid("application_id"),
                uuid_null("provider_id"),
                text("scopes"),
                text("purpose"),
                text_null("object"),
                uuid("given_by"),
                time("created_at"),
                time("ends_at"),
                time_null("last_used_at"),
                time_null("ended_at"),
                uuid_null("ended_by"),
                text_null("ended_because"),
            ],
            vec![
                references("organization_id", "organizations"),
                references("member_id", "members"),
                references("person_id", "people"),
                references("client_id", "oauth_clients"),
                references("application_id", "applications"),
                references("given_by", "people"),
                references("ended_by", "people"),
            ],
        )
        .await?;
        index(m, "delegations_member", "delegations", &["member_id", "id"]).await?;
        index(m, "delegations_organization", "delegations", &["organization_id", "id"]).await?;
        index(m, "delegations_client", "delegations", &["client_id", "application_id"]).await?;
        table(
            m,
            "oauth_acting",
            vec![id(), uuid("client_id"), uuid("application_id"), text("scopes"), time("created_at")],
            vec![
                references("client_id", "oauth_clients"),
                references("application_id", "applications"),
            ],
        )
        .await?;
        unique(m, "oauth_acting_client", "oauth_acting", &["client_id", "application_id"], None).await?;
        index(m, "oauth_acting_application", "oauth_acting", &["application_id"]).await?;
        table(
            m,
            "oauth_consents",
            vec![
                id(),
                uuid("organization_id"),
                uuid("member_id"),
                uuid("client_id"),
                text("scopes"),
                time("created_at"),
            ],
            vec![
                references("organization_id", "organizations"),
                references("member_id", "members"),
                references("client_id", "oauth_clients"),
            ],
        )
        .await?;
        unique(m, "oauth_consents_member", "oauth_consents", &["member_id", "client_id"], None).await
    }
}
