//! Rows of `forward_visits`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forward_visits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub handoff: Vec<u8>,
    pub handoff_ends_at: DateTimeUtc,
    pub challenge: Vec<u8>,
    pub target: String,
    pub cookie: Option<Vec<u8>>,
    pub host: String,
    pub application_id: Uuid,
    pub session_id: Vec<u8>,
    pub refused_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
