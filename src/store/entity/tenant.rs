//! Rows of `tenant`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub name: String,
    pub accent: String,
    pub time_zone: String,
    pub support_contact: Option<String>,
    pub warning_days: i32,
    pub certification_grace_days: i32,
    pub created_at: DateTimeUtc,
    pub version: i32,
    pub policies_generation: i64,
}

impl ActiveModelBehavior for ActiveModel {}
