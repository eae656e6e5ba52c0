//! Rows of `sessions`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Vec<u8>,
    pub person_id: Option<Uuid>,
    pub member_id: Option<Uuid>,
    pub data: String,
    pub user_agent: String,
    pub address: String,
    pub created_at: DateTimeUtc,
    pub last_seen_at: DateTimeUtc,
    pub ends_at: DateTimeUtc,
    pub provider_id: Option<Uuid>,
    pub provider_session: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
