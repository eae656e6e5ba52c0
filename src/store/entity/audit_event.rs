//! Rows of `audit_events`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: DateTimeUtc,
    pub action: String,
    pub outcome: String,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub actor_member_id: Option<Uuid>,
    pub actor_label: String,
    pub actor_search: String,
    pub organization_id: Option<Uuid>,
    pub organization_label: Option<String>,
    pub subject_kind: Option<String>,
    pub subject_id: Option<Uuid>,
    pub subject_label: Option<String>,
    pub subject_search: Option<String>,
    pub application_id: Option<Uuid>,
    pub application_label: Option<String>,
    pub reason: Option<String>,
    pub details: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
