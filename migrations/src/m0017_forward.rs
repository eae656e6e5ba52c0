//! Applications behind a proxy: which hosts are whose, and the browsers that were let in there.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "forward_hosts",
            vec![
                // Host and port, as browsers send it.
                ColumnDef::new("host").text().not_null().primary_key().to_owned(),
                uuid("application_id"),
                time("created_at"),
            ],
            vec![references("application_id", "applications")],
        )
        .await?;
        index(m, "forward_hosts_application", "forward_hosts", &["application_id"]).await?;

        table(
            m,
            "forward_visits",
            vec![
                id(),
                // SHA-256 of the value that leads from the portal to the host, once.
                bytes("handoff"),
                time("handoff_ends_at"),
                // SHA-256 of the value that the browser holds at the host meanwhile.
                bytes("challenge"),
                text("target"),
                // SHA-256 of the cookie at the host, once the browser arrived there.
                ColumnDef::new("cookie").var_binary(255).null().to_owned(),
                text("host"),
                uuid("application_id"),
                bytes("session_id"),
                time_null("refused_at"),
                time("created_at"),
            ],
            vec![
                references("application_id", "applications"),
                // A visit is part of the portal's session: whatever ends that ends this, in the same statement.
                ForeignKey::create()
                    .from_col("session_id")
                    .to("sessions", "id")
                    .on_delete(ForeignKeyAction::Cascade)
                    .to_owned(),
            ],
        )
        .await?;
        unique(m, "forward_visits_handoff", "forward_visits", &["handoff"], None).await?;
        unique(
            m,
            "forward_visits_cookie",
            "forward_visits",
            &["cookie"],
            Some("cookie IS NOT NULL"),
        )
        .await?;
        index(m, "forward_visits_session", "forward_visits", &["session_id", "host"]).await
    }
}
