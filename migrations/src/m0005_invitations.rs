//! Invitations to become a member.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "invitations",
            vec![
                id(),
                uuid("organization_id"),
                text("email"),
                text("email_normalized"),
                text("name"),
                word("role", &["member", "user_manager", "partner_admin", "auditor"]),
                word("status", &["pending", "accepted", "withdrawn", "expired"]),
                // Only hashes: the link and the code exist in the mail alone.
                bytes("token_hash"),
                bytes("code_hash"),
                // JSON: [{"entitlement": id, "scopes": [id, …], "ends_at": time or null}, …]
                text("grants"),
                time_null("member_ends_at"),
                uuid_null("invited_by"),
                // Set when the invitation is the second half of a rotation.
                uuid_null("rotated_from"),
                uuid_null("member_id"),
                time("sent_at"),
                time_null("opened_at"),
                time_null("accepted_at"),
                time("expires_at"),
                time("created_at"),
                int("version"),
            ],
            vec![
                references("organization_id", "organizations"),
                references("invited_by", "people"),
                references("rotated_from", "members"),
                references("member_id", "members"),
            ],
        )
        .await?;
        unique(m, "invitations_token", "invitations", &["token_hash"], None).await?;
        unique(
            m,
            "invitations_pending",
            "invitations",
            &["organization_id", "email_normalized"],
            Some("status = 'pending'"),
        )
        .await?;
        index(m, "invitations_organization", "invitations", &["organization_id", "status", "id"]).await?;
        index(m, "invitations_list", "invitations", &["organization_id", "id"]).await?;
        index(m, "invitations_email", "invitations", &["email_normalized", "status"]).await?;
        index(m, "invitations_member", "invitations", &["member_id"]).await
    }
}
