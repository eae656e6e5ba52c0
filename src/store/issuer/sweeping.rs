//! Deleting what the authorization server needs no more.

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, ExprTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::super::{Db, StoreError, Tx, entity};
use crate::kernel::Timestamp;
use entity::{oauth_code, oauth_grant, oauth_pushed_request, oauth_refresh_token, oauth_spent};

/// Deletes codes, refresh tokens and spent values that ended before `before`, and pushed requests that ended before `now`; answers how many
/// rows. The grants stay for the ledger ([`grants`]).
pub async fn tokens(tx: &Tx, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
    let codes = oauth_code::Entity::delete_many()
        .filter(oauth_code::Column::ExpiresAt.lte(before))
        .exec(tx.connection())
        .await?;
    let refreshes = oauth_refresh_token::Entity::delete_many()
        .filter(oauth_refresh_token::Column::ExpiresAt.lte(before))
        .exec(tx.connection())
        .await?;
    let spent = oauth_spent::Entity::delete_many()
        .filter(oauth_spent::Column::ExpiresAt.lte(before))
        .exec(tx.connection())
        .await?;
    let pushed = oauth_pushed_request::Entity::delete_many()
        .filter(oauth_pushed_request::Column::ExpiresAt.lte(now))
        .exec(tx.connection())
        .await?;
    Ok(codes.rows_affected + refreshes.rows_affected + spent.rows_affected + pushed.rows_affected)
}

/// Whether [`tokens`] would find anything.
pub async fn any_tokens(db: &impl Db, before: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
    let connection = db.connection();
    let found = oauth_code::Entity::find()
        .filter(oauth_code::Column::ExpiresAt.lte(before))
        .limit(1)
        .count(connection)
        .await?
        + oauth_refresh_token::Entity::find()
            .filter(oauth_refresh_token::Column::ExpiresAt.lte(before))
            .limit(1)
            .count(connection)
            .await?
        + oauth_spent::Entity::find()
            .filter(oauth_spent::Column::ExpiresAt.lte(before))
            .limit(1)
            .count(connection)
            .await?
        + oauth_pushed_request::Entity::find()
            .filter(oauth_pushed_request::Column::ExpiresAt.lte(now))
            .limit(1)
            .count(connection)
            .await?;
    Ok(found > 0)
}

/// At most so many grants are deleted at once: others who write wait meanwhile.
const MOST_SWEPT: u64 = 1_000;

/// Grants that nothing can come of any more and that nobody has used since `before`: they have no code, no refresh token and nothing that was
/// exchanged for them. What a person stopped stays, because it is remembered there.
async fn over(db: &impl Db, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
    use oauth_grant::Column as C;
    let codes = oauth_code::Entity::find()
        .select_only()
        .column(oauth_code::Column::GrantId)
        .filter(Expr::col((oauth_code::Entity, oauth_code::Column::GrantId)).equals((oauth_grant::Entity, C::Id)))
        .into_query();
    let tokens = oauth_refresh_token::Entity::find()
        .select_only()
        .column(oauth_refresh_token::Column::GrantId)
        .filter(Expr::col((oauth_refresh_token::Entity, oauth_refresh_token::Column::GrantId)).equals((oauth_grant::Entity, C::Id)))
        .into_query();
    let children = Query::select()
        .expr(Expr::val(1))
        .from_as(oauth_grant::Entity, "child")
        .and_where(Expr::col(("child", C::ParentId)).equals((oauth_grant::Entity, C::Id)))
        .to_owned();
    let query = oauth_grant::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::CreatedAt.lte(before))
        .filter(Condition::any().add(C::LastUsedAt.is_null()).add(C::LastUsedAt.lte(before)))
        .filter(C::StoppedAt.is_null())
        .filter(Expr::exists(codes).not())
        .filter(Expr::exists(tokens).not())
        .filter(Expr::exists(children).not())
        .order_by_asc(C::CreatedAt)
        .limit(MOST_SWEPT);
    Ok(query.into_tuple().all(db.connection()).await?)
}

/// Whether [`grants`] would find anything.
pub async fn any_grants(db: &impl Db, before: Timestamp) -> Result<bool, StoreError> {
    Ok(!over(db, before).await?.is_empty())
}

/// Deletes grants that nothing can come of any more and that nobody has used since `before`; answers how many.
pub async fn grants(tx: &Tx, before: Timestamp) -> Result<u64, StoreError> {
    let ids = over(tx, before).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let done = oauth_grant::Entity::delete_many()
        .filter(oauth_grant::Column::Id.is_in(ids))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}
