//! Rows of `certifications`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub decided_by: Option<Uuid>,
    pub decision: String,
    pub reason: String,
    pub evidence: String,
    pub decided_at: DateTimeUtc,
    pub next_due_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
