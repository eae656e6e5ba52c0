//! Browser sessions, recovery codes, password resets and attempt counters.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "sessions",
            vec![
                // SHA-256 of the cookie value.
                bytes("id").primary_key().to_owned(),
                uuid_null("person_id"),
                uuid_null("member_id"),
                text("data"),
                text("user_agent"),
                text("address"),
                time("created_at"),
                time("last_seen_at"),
                time("ends_at"),
            ],
            vec![references("person_id", "people"), references("member_id", "members")],
        )
        .await?;
        index(m, "sessions_person", "sessions", &["person_id"]).await?;
        index(m, "sessions_member", "sessions", &["member_id"]).await?;
        index(m, "sessions_ends", "sessions", &["ends_at"]).await?;

        table(
            m,
            "recovery_codes",
            vec![
                id(),
                uuid("person_id"),
                bytes("code_hash"),
                time_null("used_at"),
                time("created_at"),
            ],
            vec![references("person_id", "people")],
        )
        .await?;
        index(m, "recovery_codes_person", "recovery_codes", &["person_id"]).await?;

        table(
            m,
            "password_resets",
            vec![
                id(),
                uuid("person_id"),
                bytes("token_hash"),
                time("expires_at"),
                time_null("used_at"),
                time("created_at"),
            ],
            vec![references("person_id", "people")],
        )
        .await?;
        unique(m, "password_resets_token", "password_resets", &["token_hash"], None).await?;
        index(m, "password_resets_person", "password_resets", &["person_id"]).await?;

        // Counts guesses per key (hash of account or address) in a window; shared by all replicas.
        table(
            m,
            "attempts",
            vec![bytes("key").primary_key().to_owned(), int("count"), time("window_ends_at")],
            vec![],
        )
        .await?;
        index(m, "attempts_window", "attempts", &["window_ends_at"]).await
    }
}
