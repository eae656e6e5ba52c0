//! The authorization server: clients of applications, what people let them have, codes, refresh tokens, and the keys that sign.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

fn hash() -> ColumnDef {
    // SHA-256 of the bearer value: the value itself is with its holder alone.
    ColumnDef::new("id").var_binary(32).not_null().primary_key().to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        clients(m).await?;
        grants(m).await?;
        keys(m).await
    }
}

async fn clients(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        m,
        "oauth_clients",
        vec![
            id(),
            uuid("application_id"),
            text("client_id"),
            text("name"),
            word(
                "authentication",
                &["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
            ),
            ColumnDef::new("secret_hash").var_binary(32).null().to_owned(),
            text_null("key_set"),
            text("redirect_uris"),
            text("post_logout_redirect_uris"),
            text_null("backchannel_logout_uri"),
            text_null("initiate_login_uri"),
            text_null("audience"),
            word("signing", &["ES256", "EdDSA", "RS256"]),
            word("subjects", &["public", "pairwise"]),
            text("grant_types"),
            text("own_scopes"),
            flag("first_party"),
            word("may_act_for", &["none", "delegation", "impersonation"]),
            flag("sender_constrained"),
            text("claim_names"),
            int_null("access_seconds"),
            int_null("id_seconds"),
            int_null("refresh_seconds"),
            time_null("disabled_at"),
            time("created_at"),
            int("version"),
        ],
        vec![references("application_id", "applications")],
    )
    .await?;
    unique(m, "oauth_clients_client_id", "oauth_clients", &["client_id"], None).await?;
    index(m, "oauth_clients_audience", "oauth_clients", &["audience"]).await?;
    index(m, "oauth_clients_application", "oauth_clients", &["application_id"]).await
}

async fn grants(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        m,
        "oauth_grants",
        vec![
            id(),
            uuid("client_id"),
            uuid("application_id"),
            uuid("organization_id"),
            uuid("member_id"),
            uuid("person_id"),
            uuid_null("provider_id"),
            text("scopes"),
            time("authenticated_at"),
            time_null("second_factor_at"),
            text_null("nonce"),
            text_null("session"),
            text_null("jkt"),
            time("created_at"),
            time_null("last_used_at"),
            time_null("revoked_at"),
            text_null("revoked_because"),
            // What a token exchange went out from (RFC 8693): the grant of the subject token, or a delegation.
            uuid_null("parent_id"),
            uuid_null("delegation_id"),
            // The person stopped this client from acting for them.
            time_null("stopped_at"),
        ],
        vec![
            references("client_id", "oauth_clients"),
            references("application_id", "applications"),
            references("organization_id", "organizations"),
            references("member_id", "members"),
            references("person_id", "people"),
        ],
    )
    .await?;
    index(m, "oauth_grants_member", "oauth_grants", &["member_id", "id"]).await?;
    index(
        m,
        "oauth_grants_organization",
        "oauth_grants",
        &["organization_id", "application_id"],
    )
    .await?;
    index(m, "oauth_grants_person", "oauth_grants", &["person_id"]).await?;
    index(m, "oauth_grants_provider", "oauth_grants", &["provider_id"]).await?;
    index(m, "oauth_grants_client", "oauth_grants", &["client_id", "id"]).await?;
    // Asked at every exchange, and hardly ever there.
    partial(
        m,
        "oauth_grants_stopped",
        "oauth_grants",
        &["member_id", "client_id", "application_id"],
        "stopped_at IS NOT NULL",
    )
    .await?;
    index(m, "oauth_grants_session", "oauth_grants", &["session"]).await?;
    index(m, "oauth_grants_parent", "oauth_grants", &["parent_id"]).await?;
    index(m, "oauth_grants_delegation", "oauth_grants", &["delegation_id"]).await?;
    index(m, "oauth_grants_age", "oauth_grants", &["created_at"]).await?;
    table(
        m,
        "oauth_codes",
        vec![
            hash(),
            uuid("grant_id"),
            text("redirect_uri"),
            text("challenge"),
            time("expires_at"),
            time_null("used_at"),
        ],
        vec![references("grant_id", "oauth_grants")],
    )
    .await?;
    index(m, "oauth_codes_expiry", "oauth_codes", &["expires_at"]).await?;
    index(m, "oauth_codes_grant", "oauth_codes", &["grant_id"]).await?;
    table(
        m,
        "oauth_refresh_tokens",
        vec![
            hash(),
            uuid("grant_id"),
            time("created_at"),
            time("expires_at"),
            time_null("used_at"),
        ],
        vec![references("grant_id", "oauth_grants")],
    )
    .await?;
    index(m, "oauth_refresh_tokens_grant", "oauth_refresh_tokens", &["grant_id"]).await?;
    index(m, "oauth_refresh_tokens_expiry", "oauth_refresh_tokens", &["expires_at"]).await?;
    // Requests that clients pushed before the browser comes with them (RFC 9126).
    table(
        m,
        "oauth_pushed_requests",
        vec![hash(), uuid("client_id"), text("parameters"), time("expires_at")],
        vec![references("client_id", "oauth_clients")],
    )
    .await?;
    index(m, "oauth_pushed_requests_expiry", "oauth_pushed_requests", &["expires_at"]).await?;
    // Access tokens that were revoked before their end (RFC 7009), and assertions that were used once (RFC 7523 §3).
    table(m, "oauth_spent", vec![hash(), time("expires_at")], Vec::new()).await?;
    index(m, "oauth_spent_expiry", "oauth_spent", &["expires_at"]).await
}

async fn keys(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        m,
        "signing_keys",
        vec![
            id(),
            word("algorithm", &["ES256", "EdDSA", "RS256"]),
            // Counts up per algorithm: of two replicas that make the next key at the same moment, one does.
            int("generation"),
            text("kid"),
            ColumnDef::new("sealed").blob().not_null().to_owned(),
            time("created_at"),
            time("signs_from"),
            time_null("retires_at"),
        ],
        Vec::new(),
    )
    .await?;
    unique(m, "signing_keys_generation", "signing_keys", &["algorithm", "generation"], None).await
}
