//! Rows of set-up links: opened once by conditional UPDATE, and which connections they open.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::super::{Db, StoreError, Tx, entity, parse};
use crate::{
    federation::setup::link::SetupLink,
    kernel::{OrganizationId, ProviderId, SetupLinkId, Timestamp},
};
use entity::{
    setup_link::{ActiveModel, Column as C, Entity, Model},
    setup_link_connection as connection,
};

fn link(row: Model) -> Result<SetupLink, StoreError> {
    Ok(SetupLink {
        id: row.id.into(),
        organization: row.organization_id.into(),
        email: parse("setup_links.email", &row.email)?,
        token_hash: row.token_hash,
        created_by: row.created_by.into(),
        created_at: row.created_at,
        sent_at: row.sent_at,
        expires_at: row.expires_at,
        opened_at: row.opened_at,
        browser: row.browser,
        open_until: row.open_until,
        finished_at: row.finished_at,
        revoked_at: row.revoked_at,
        version: row.version,
    })
}

fn row(link: &SetupLink, version: i32) -> ActiveModel {
    ActiveModel {
        id: Set(link.id.0),
        organization_id: Set(link.organization.0),
        email: Set(link.email.as_str().to_owned()),
        token_hash: Set(link.token_hash.clone()),
        created_by: Set(link.created_by.0),
        created_at: Set(link.created_at),
        sent_at: Set(link.sent_at),
        expires_at: Set(link.expires_at),
        opened_at: Set(link.opened_at),
        browser: Set(link.browser.clone()),
        open_until: Set(link.open_until),
        finished_at: Set(link.finished_at),
        revoked_at: Set(link.revoked_at),
        version: Set(version),
    }
}

/// A link of an organization.
pub async fn get(db: &impl Db, organization: OrganizationId, id: SetupLinkId) -> Result<Option<SetupLink>, StoreError> {
    let query = Entity::find_by_id(id.0).filter(C::OrganizationId.eq(organization.0));
    query.one(db.connection()).await?.map(link).transpose()
}

/// The link whose value has this hash.
pub async fn find_by_token(db: &impl Db, token_hash: &[u8]) -> Result<Option<SetupLink>, StoreError> {
    let query = Entity::find().filter(C::TokenHash.eq(token_hash.to_vec()));
    query.one(db.connection()).await?.map(link).transpose()
}

/// The links of an organization, newest first.
pub async fn of_organization(db: &impl Db, organization: OrganizationId, most: u64) -> Result<Vec<SetupLink>, StoreError> {
    let query = Entity::find()
        .filter(C::OrganizationId.eq(organization.0))
        .order_by_desc(C::SentAt)
        .order_by_desc(C::Id)
        .limit(most);
    query.all(db.connection()).await?.into_iter().map(link).collect()
}

/// Adds a link.
pub async fn insert(tx: &Tx, link: &SetupLink) -> Result<(), StoreError> {
    Entity::insert(row(link, link.version))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Writes a link back.
///
/// # Errors
/// [`StoreError::Stale`] when its version moved on.
pub async fn update(tx: &Tx, link: &SetupLink) -> Result<(), StoreError> {
    let mut row = row(link, link.version + 1);
    row.id = NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(link.id.0))
        .filter(C::Version.eq(link.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Opens a link for the browser with this hash; answers false when it was opened before, withdrawn, or is too old (single use).
pub async fn open(tx: &Tx, token_hash: &[u8], browser: Vec<u8>, open_until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::OpenedAt, Some(now).into())
        .col_expr(C::Browser, Some(browser).into())
        .col_expr(C::OpenUntil, Some(open_until).into())
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .filter(C::TokenHash.eq(token_hash.to_vec()))
        .filter(C::OpenedAt.is_null())
        .filter(C::FinishedAt.is_null())
        .filter(C::RevokedAt.is_null())
        .filter(C::ExpiresAt.gt(now))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends a link because whoever has it is finished; answers false when it was over already.
pub async fn finish(tx: &Tx, id: SetupLinkId, now: Timestamp) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::FinishedAt, Some(now).into())
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .filter(C::Id.eq(id.0))
        .filter(C::FinishedAt.is_null())
        .filter(C::RevokedAt.is_null())
        .filter(C::OpenUntil.gt(now))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Withdraws what is left of an organization's links; answers how many.
pub async fn end_of_organization(tx: &Tx, organization: OrganizationId, now: Timestamp) -> Result<u64, StoreError> {
    let done = Entity::update_many()
        .col_expr(C::RevokedAt, Some(now).into())
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .filter(C::OrganizationId.eq(organization.0))
        .filter(C::FinishedAt.is_null())
        .filter(C::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// Lets a link open a connection.
pub async fn open_connection(tx: &Tx, id: Uuid, link: SetupLinkId, provider: ProviderId) -> Result<(), StoreError> {
    let row = connection::ActiveModel {
        id: Set(id),
        link_id: Set(link.0),
        provider_id: Set(provider.0),
    };
    connection::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([connection::Column::LinkId, connection::Column::ProviderId])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The connections that a link opens, in the order in which it came to open them.
pub async fn connections(db: &impl Db, link: SetupLinkId) -> Result<Vec<ProviderId>, StoreError> {
    let rows = connection::Entity::find()
        .filter(connection::Column::LinkId.eq(link.0))
        .order_by_asc(connection::Column::Id)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|row| row.provider_id.into()).collect())
}

/// Forgets that links open a connection that is being removed.
pub async fn end_of_provider(tx: &Tx, provider: ProviderId) -> Result<(), StoreError> {
    connection::Entity::delete_many()
        .filter(connection::Column::ProviderId.eq(provider.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}
