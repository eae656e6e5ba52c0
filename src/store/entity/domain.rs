//! Rows of `domains`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "domains")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub name: String,
    pub subdomains: bool,
    pub proof: String,
    pub status: String,
    pub provider_id: Option<Uuid>,
    pub proven_at: Option<DateTimeUtc>,
    pub checked_at: Option<DateTimeUtc>,
    pub missing_since: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
