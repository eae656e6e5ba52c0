//! Rows of `oauth_clients`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_clients")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub application_id: Uuid,
    pub client_id: String,
    pub name: String,
    pub authentication: String,
    pub secret_hash: Option<Vec<u8>>,
    pub key_set: Option<String>,
    pub redirect_uris: String,
    pub post_logout_redirect_uris: String,
    pub backchannel_logout_uri: Option<String>,
    pub initiate_login_uri: Option<String>,
    pub audience: Option<String>,
    pub signing: String,
    pub subjects: String,
    pub grant_types: String,
    pub own_scopes: String,
    pub first_party: bool,
    pub may_act_for: String,
    pub sender_constrained: bool,
    pub claim_names: String,
    pub access_seconds: Option<i32>,
    pub id_seconds: Option<i32>,
    pub refresh_seconds: Option<i32>,
    pub disabled_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
