//! Rows of `oauth_grants`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub client_id: Uuid,
    pub application_id: Uuid,
    pub organization_id: Uuid,
    pub member_id: Uuid,
    pub person_id: Uuid,
    pub provider_id: Option<Uuid>,
    pub scopes: String,
    pub authenticated_at: DateTimeUtc,
    pub second_factor_at: Option<DateTimeUtc>,
    pub nonce: Option<String>,
    pub session: Option<String>,
    pub jkt: Option<String>,
    pub created_at: DateTimeUtc,
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    pub revoked_because: Option<String>,
    pub parent_id: Option<Uuid>,
    pub delegation_id: Option<Uuid>,
    pub stopped_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
