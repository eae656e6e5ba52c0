//! Rows of `invitations`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub email: String,
    pub email_normalized: String,
    pub name: String,
    pub role: String,
    pub status: String,
    pub token_hash: Vec<u8>,
    pub code_hash: Vec<u8>,
    pub grants: String,
    pub member_ends_at: Option<DateTimeUtc>,
    pub invited_by: Option<Uuid>,
    pub rotated_from: Option<Uuid>,
    pub member_id: Option<Uuid>,
    pub sent_at: DateTimeUtc,
    pub opened_at: Option<DateTimeUtc>,
    pub accepted_at: Option<DateTimeUtc>,
    pub expires_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
