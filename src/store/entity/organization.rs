//! Rows of `organizations`, without the logo's bytes.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organizations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub kind: String,
    pub description: String,
    pub metadata: String,
    pub status: String,
    pub status_reason: Option<String>,
    pub parent_id: Option<Uuid>,
    pub owner_id: Option<Uuid>,
    pub deputy_id: Option<Uuid>,
    pub accent: String,
    pub logo_type: Option<String>,
    pub require_step_up: bool,
    pub access_seconds: Option<i32>,
    pub id_seconds: Option<i32>,
    pub refresh_seconds: Option<i32>,
    pub certification_due_at: Option<DateTimeUtc>,
    pub certified_at: Option<DateTimeUtc>,
    pub suspended_by_certification: bool,
    pub search_text: String,
    pub due_order: DateTimeUtc,
    pub certification_reminder: Option<String>,
    pub created_at: DateTimeUtc,
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
