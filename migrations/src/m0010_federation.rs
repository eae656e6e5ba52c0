//! Partners' own identity providers: connections, domains, who is who, trips of browsers to a provider.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        providers(m).await?;
        domains(m).await?;
        people(m).await?;
        trips(m).await?;
        sessions(m).await
    }
}

async fn providers(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        m,
        "identity_providers",
        vec![
            id(),
            uuid("organization_id"),
            text("name"),
            word("preset", &["entra", "okta", "google", "keycloak", "oidc", "saml"]),
            word("protocol", &["oidc", "saml"]),
            word("status", &["draft", "live", "paused"]),
            // JSON without secrets: issuer and client, or entity and metadata address.
            text("settings"),
            // Sealed JSON: client secret, private keys.
            blob_null("secrets"),
            // What the provider publishes: discovery document and keys as JSON, or SAML metadata as XML.
            text_null("published"),
            time_null("published_at"),
            // JSON: which claims become what; rules over them; how unknown people become members.
            text("mapping"),
            text("rules"),
            text("joining"),
            flag("trusts_second_factor"),
            flag("exclusive"),
            uuid_null("break_glass_member_id"),
            int("failures"),
            time_null("fell_back_at"),
            time_null("tried_at"),
            time_null("certificate_ends_at"),
            time_null("certificate_warned_at"),
            time("created_at"),
            int("version"),
        ],
        vec![
            references("organization_id", "organizations"),
            references("break_glass_member_id", "members"),
        ],
    )
    .await?;
    index(m, "identity_providers_organization", "identity_providers", &["organization_id"]).await?;
    index(
        m,
        "identity_providers_status",
        "identity_providers",
        &["status", "certificate_ends_at"],
    )
    .await
}

async fn domains(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        m,
        "domains",
        vec![
            id(),
            uuid("organization_id"),
            // Lower-case ASCII (RFC 5891), without a dot at the end.
            text("name"),
            // Names below it count too.
            flag("subdomains"),
            // What the TXT record must hold.
            text("proof"),
            word("status", &["pending", "proven", "lost"]),
            uuid_null("provider_id"),
            time_null("proven_at"),
            time_null("checked_at"),
            time_null("missing_since"),
            time("created_at"),
            int("version"),
        ],
        vec![
            references("organization_id", "organizations"),
            references("provider_id", "identity_providers"),
        ],
    )
    .await?;
    unique(m, "domains_one_owner", "domains", &["name"], Some("status <> 'pending'")).await?;
    unique(m, "domains_once_each", "domains", &["organization_id", "name"], None).await?;
    index(m, "domains_check", "domains", &["status", "checked_at"]).await?;
    index(m, "domains_provider", "domains", &["provider_id"]).await
}

async fn people(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        m,
        "external_identities",
        vec![
            id(),
            uuid("provider_id"),
            uuid("member_id"),
            // `sub` (OpenID Connect) or the persistent NameID (SAML).
            text("subject"),
            // JSON: the claims of the last sign-in that rules and tokens speak of.
            text("claims"),
            // Disabled by a claim rule; a later sign-in that passes lifts it.
            text_null("disabled_by_rule"),
            time("created_at"),
            time("last_used_at"),
        ],
        vec![references("provider_id", "identity_providers"), references("member_id", "members")],
    )
    .await?;
    unique(
        m,
        "external_identities_subject",
        "external_identities",
        &["provider_id", "subject"],
        None,
    )
    .await?;
    index(m, "external_identities_member", "external_identities", &["member_id"]).await
}

async fn trips(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    table(
        m,
        "federation_trips",
        vec![
            // SHA-256 of the state (OpenID Connect) or of the request's id (SAML).
            bytes("id").primary_key().to_owned(),
            uuid("provider_id"),
            word("purpose", &["sign_in", "try"]),
            // SHA-256 of a value in the browser's session: another browser cannot finish the trip.
            bytes("browser"),
            // Sealed JSON: nonce, code verifier, where to go on.
            ColumnDef::new("sealed").blob().not_null().to_owned(),
            // Sealed JSON: what the provider said, until the browser fetches it.
            blob_null("arrival"),
            time("created_at"),
            time("ends_at"),
            time_null("used_at"),
        ],
        vec![references("provider_id", "identity_providers")],
    )
    .await?;
    index(m, "federation_trips_ends", "federation_trips", &["ends_at"]).await?;
    // Assertions and logout tokens that were used, by the hash of issuer and id, until they are too old anyway.
    table(
        m,
        "federation_replays",
        vec![bytes("id").primary_key().to_owned(), time("ends_at")],
        vec![],
    )
    .await?;
    index(m, "federation_replays_ends", "federation_replays", &["ends_at"]).await
}

async fn sessions(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [&mut uuid_null("provider_id"), &mut text_null("provider_session")] {
        m.alter_table(Table::alter().table("sessions").add_column(column).to_owned())
            .await?;
    }
    index(m, "sessions_provider", "sessions", &["provider_id"]).await
}
