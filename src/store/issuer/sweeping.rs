//! What the authorization server needs no more: rows to delete, and what is still held although its end has come.

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait, ExprTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
    sea_query::{Expr, IntoColumnRef, Query, SelectStatement},
};
use uuid::Uuid;

use super::super::{Db, StoreError, Tx, entity};
use crate::kernel::{ApplicationId, MemberId, OrganizationId, Timestamp};
use entity::{assignment, delegation, entitlement, oauth_code, oauth_grant, oauth_pushed_request, oauth_refresh_token, oauth_spent};

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
        .filter(unused(before))
        .filter(C::StoppedAt.is_null())
        .filter(Expr::exists(codes).not())
        .filter(Expr::exists(tokens).not())
        .filter(Expr::exists(children).not())
        .order_by_asc(C::CreatedAt)
        .limit(MOST_SWEPT);
    Ok(query.into_tuple().all(db.connection()).await?)
}

fn unused(before: Timestamp) -> Condition {
    use oauth_grant::Column as C;
    Condition::any().add(C::LastUsedAt.is_null()).add(C::LastUsedAt.lte(before))
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
        // One that is used at this very moment stays.
        .filter(unused(before))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// What somebody let clients have at an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldAt {
    /// Under which organization.
    pub organization: OrganizationId,
    /// Who.
    pub member: MemberId,
    /// Where.
    pub application: ApplicationId,
}

/// Since when and until when an end has come, and of which member at which application alone.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// After this moment.
    pub since: Timestamp,
    /// Until this moment: now.
    pub now: Timestamp,
    /// This one alone.
    pub only: Option<HeldAt>,
}

/// Whose assignment or whose organization's entitlement ended by its date while clients still have something of it, at most [`MOST_SWEPT`]
/// of each kind. Whoever holds the application in another way is not among them.
pub async fn past_end(db: &impl Db, window: Window) -> Result<Vec<HeldAt>, StoreError> {
    use assignment::Column as A;
    use delegation::Column as D;
    use entitlement::Column as E;
    use oauth_grant::Column as G;
    let of_members = assignment::Entity::find()
        .select_only()
        .column(A::MemberId)
        .filter(A::EndsAt.gt(window.since))
        .filter(A::EndsAt.lte(window.now))
        .into_query();
    let of_organizations = entitlement::Entity::find()
        .select_only()
        .column(E::OrganizationId)
        .filter(E::EndsAt.gt(window.since))
        .filter(E::EndsAt.lte(window.now))
        .into_query();
    let mut found = Vec::new();
    let columns = [G::OrganizationId, G::MemberId, G::ApplicationId];
    // One after the other, because no index serves both at once.
    for which in [
        G::MemberId.in_subquery(of_members.clone()),
        G::OrganizationId.in_subquery(of_organizations.clone()),
    ] {
        let query = oauth_grant::Entity::find().filter(which).filter(G::RevokedAt.is_null());
        found.extend(without_holding(db, query, columns, window).await?);
    }
    let columns = [D::OrganizationId, D::MemberId, D::ApplicationId];
    for which in [D::MemberId.in_subquery(of_members), D::OrganizationId.in_subquery(of_organizations)] {
        let query = delegation::Entity::find().filter(which).filter(D::EndedAt.is_null());
        let query = query.filter(D::EndsAt.gt(window.now));
        found.extend(without_holding(db, query, columns, window).await?);
    }
    found.sort_unstable();
    found.dedup();
    let held = |(organization, member, application): (Uuid, Uuid, Uuid)| HeldAt {
        organization: organization.into(),
        member: member.into(),
        application: application.into(),
    };
    Ok(found.into_iter().map(held).collect())
}

/// Organization, member and application of the rows whose member holds that application in no way any more; `columns` are these three.
async fn without_holding<E: EntityTrait>(
    db: &impl Db,
    query: Select<E>,
    columns: [E::Column; 3],
    window: Window,
) -> Result<Vec<(Uuid, Uuid, Uuid)>, StoreError> {
    let [_, member, application] = columns;
    let held = holding(window.now, (E::default(), member), (E::default(), application));
    let mut query = query.select_only().columns(columns).distinct().filter(Expr::not_exists(held));
    if let Some(only) = window.only {
        query = query.filter(member.eq(only.member.0)).filter(application.eq(only.application.0));
    }
    Ok(query.limit(MOST_SWEPT).into_tuple().all(db.connection()).await?)
}

/// The assignments by which a member holds an application, now or later.
fn holding(now: Timestamp, member: impl IntoColumnRef, application: impl IntoColumnRef) -> SelectStatement {
    use assignment::Column as A;
    use entitlement::Column as E;
    let a = |column: A| Expr::col((assignment::Entity, column));
    let e = |column: E| Expr::col((entitlement::Entity, column));
    Query::select()
        .expr(Expr::val(1))
        .from(assignment::Entity)
        .inner_join(entitlement::Entity, a(A::EntitlementId).equals((entitlement::Entity, E::Id)))
        .and_where(a(A::MemberId).equals(member))
        .and_where(a(A::ApplicationId).equals(application))
        .and_where(a(A::RevokedAt).is_null())
        .and_where(e(E::RevokedAt).is_null())
        .cond_where(Condition::any().add(a(A::EndsAt).is_null()).add(a(A::EndsAt).gt(now)))
        .cond_where(Condition::any().add(e(E::EndsAt).is_null()).add(e(E::EndsAt).gt(now)))
        .to_owned()
}
