//! Who may use what until when: entitlements of organizations, assignments of members.

use sea_orm_migration::prelude::*;

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        table(
            m,
            "entitlements",
            vec![
                id(),
                uuid("organization_id"),
                uuid("application_id"),
                time("starts_at"),
                time_null("ends_at"),
                int_null("seats"),
                time_null("revoked_at"),
                time("created_at"),
                int("version"),
            ],
            vec![
                references("organization_id", "organizations"),
                references("application_id", "applications"),
            ],
        )
        .await?;
        unique(
            m,
            "entitlements_organization_application",
            "entitlements",
            &["organization_id", "application_id"],
            Some("revoked_at IS NULL"),
        )
        .await?;
        index(m, "entitlements_application", "entitlements", &["application_id"]).await?;
        index(m, "entitlements_end", "entitlements", &["ends_at"]).await?;

        table(
            m,
            "entitlement_scopes",
            vec![uuid("entitlement_id"), uuid("scope_id")],
            vec![references("entitlement_id", "entitlements"), references("scope_id", "scopes")],
        )
        .await?;
        unique(
            m,
            "entitlement_scopes_pair",
            "entitlement_scopes",
            &["entitlement_id", "scope_id"],
            None,
        )
        .await?;

        table(
            m,
            "assignments",
            vec![
                id(),
                uuid("organization_id"),
                uuid("entitlement_id"),
                uuid("application_id"),
                uuid("member_id"),
                time("starts_at"),
                time_null("ends_at"),
                time_null("revoked_at"),
                time_null("last_used_at"),
                time("created_at"),
                int("version"),
            ],
            vec![
                references("organization_id", "organizations"),
                references("entitlement_id", "entitlements"),
                references("application_id", "applications"),
                references("member_id", "members"),
            ],
        )
        .await?;
        unique(
            m,
            "assignments_member_entitlement",
            "assignments",
            &["member_id", "entitlement_id"],
            Some("revoked_at IS NULL"),
        )
        .await?;
        index(m, "assignments_entitlement", "assignments", &["entitlement_id", "id"]).await?;
        index(m, "assignments_end", "assignments", &["ends_at"]).await?;
        index(m, "assignments_organization", "assignments", &["organization_id", "application_id"]).await?;

        table(
            m,
            "assignment_scopes",
            vec![uuid("assignment_id"), uuid("scope_id")],
            vec![references("assignment_id", "assignments"), references("scope_id", "scopes")],
        )
        .await?;
        unique(
            m,
            "assignment_scopes_pair",
            "assignment_scopes",
            &["assignment_id", "scope_id"],
            None,
        )
        .await
    }
}
