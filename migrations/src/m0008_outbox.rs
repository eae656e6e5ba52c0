//! Messages that wait for delivery: mails, and sign-outs that clients are told of.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "outbox",
            vec![
                id(),
                word("kind", &["mail", "logout"]),
                uuid_null("organization_id"),
                text("recipient"),
                text("subject"),
                // The rendered parts; emptied once sent, because a link in them lets someone in.
                text("body_text"),
                text("body_html"),
                word("status", &["waiting", "sent", "dead"]),
                int("attempts"),
                time("next_attempt_at"),
                text_null("last_error"),
                time_null("sent_at"),
                time("created_at"),
            ],
            vec![references("organization_id", "organizations")],
        )
        .await?;
        index(m, "outbox_due", "outbox", &["kind", "status", "next_attempt_at"]).await?;
        index(m, "outbox_created", "outbox", &["created_at", "id"]).await?;
        index(m, "outbox_state", "outbox", &["status", "created_at", "id"]).await?;
        index(m, "outbox_recipient", "outbox", &["recipient", "created_at", "id"]).await
    }
}
