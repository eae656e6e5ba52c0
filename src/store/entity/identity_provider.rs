//! Rows of `identity_providers`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_providers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub name: String,
    pub preset: String,
    pub protocol: String,
    pub status: String,
    pub settings: String,
    pub secrets: Option<Vec<u8>>,
    pub published: Option<String>,
    pub published_at: Option<DateTimeUtc>,
    pub mapping: String,
    pub rules: String,
    pub joining: String,
    pub trusts_second_factor: bool,
    pub exclusive: bool,
    pub break_glass_member_id: Option<Uuid>,
    pub failures: i32,
    pub fell_back_at: Option<DateTimeUtc>,
    pub tried_at: Option<DateTimeUtc>,
    pub certificate_ends_at: Option<DateTimeUtc>,
    pub certificate_warned_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
