//! Rows of `delegations`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delegations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub member_id: Uuid,
    pub person_id: Uuid,
    pub client_id: Uuid,
    pub application_id: Uuid,
    pub provider_id: Option<Uuid>,
    pub scopes: String,
    pub purpose: String,
    pub object: Option<String>,
    pub given_by: Uuid,
    pub created_at: DateTimeUtc,
    pub ends_at: DateTimeUtc,
    pub last_used_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub ended_by: Option<Uuid>,
    pub ended_because: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
