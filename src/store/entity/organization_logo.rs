//! The logo columns of `organizations`, apart from the rest so that lists do not load images.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organizations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub logo: Option<Vec<u8>>,
    pub logo_type: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
