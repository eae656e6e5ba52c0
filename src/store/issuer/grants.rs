//! Rows of what people let clients have: grants with their codes and refresh tokens, and what was spent.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, EntityTrait, JoinType, Order, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, RelationDef,
    sea_query::{NullOrdering, OnConflict},
};
use uuid::Uuid;

use super::super::{Db, StoreError, Tx, entity};
use crate::{
    issuer::{Code, Grant, RefreshToken},
    kernel::{ApplicationId, ClientId, DelegationId, GrantId, MemberId, OrganizationId, PersonId, Timestamp},
};
use entity::{oauth_code, oauth_grant, oauth_refresh_token, oauth_spent};

pub(super) fn grant(row: oauth_grant::Model) -> Grant {
    Grant {
        id: row.id.into(),
        client: row.client_id.into(),
        application: row.application_id.into(),
        organization: row.organization_id.into(),
        member: row.member_id.into(),
        person: row.person_id.into(),
        provider: row.provider_id.map(Into::into),
        scopes: row.scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        authenticated_at: row.authenticated_at,
        second_factor_at: row.second_factor_at,
        nonce: row.nonce,
        session: row.session,
        jkt: row.jkt,
        created_at: row.created_at,
        parent: row.parent_id.map(Into::into),
        delegation: row.delegation_id.map(Into::into),
        revoked_at: row.revoked_at,
    }
}

fn to_grant<E: EntityTrait>(_: E, column: E::Column) -> RelationDef {
    E::belongs_to(oauth_grant::Entity).from(column).to(oauth_grant::Column::Id).into()
}

fn with_last_use(row: oauth_grant::Model) -> (Grant, Option<Timestamp>) {
    let used = row.last_used_at;
    (grant(row), used)
}

/// Adds a grant.
pub async fn insert(tx: &Tx, grant: &Grant) -> Result<(), StoreError> {
    let row = oauth_grant::ActiveModel {
        id: Set(grant.id.0),
        client_id: Set(grant.client.0),
        application_id: Set(grant.application.0),
        organization_id: Set(grant.organization.0),
        member_id: Set(grant.member.0),
        person_id: Set(grant.person.0),
        provider_id: Set(grant.provider.map(|id| id.0)),
        scopes: Set(grant.scopes.join(" ")),
        authenticated_at: Set(grant.authenticated_at),
        second_factor_at: Set(grant.second_factor_at),
        nonce: Set(grant.nonce.clone()),
        session: Set(grant.session.clone()),
        jkt: Set(grant.jkt.clone()),
        created_at: Set(grant.created_at),
        last_used_at: Set(None),
        revoked_at: Set(grant.revoked_at),
        revoked_because: Set(None),
        parent_id: Set(grant.parent.map(|id| id.0)),
        delegation_id: Set(grant.delegation.map(|id| id.0)),
        stopped_at: Set(None),
    };
    oauth_grant::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// A grant.
pub async fn get(db: &impl Db, id: GrantId) -> Result<Option<Grant>, StoreError> {
    Ok(oauth_grant::Entity::find_by_id(id.0).one(db.connection()).await?.map(grant))
}

/// Notes that tokens are issued for a grant; answers false when it was ended meanwhile.
pub async fn touch(tx: &Tx, id: GrantId, now: Timestamp) -> Result<bool, StoreError> {
    use oauth_grant::Column as C;
    let done = oauth_grant::Entity::update_many()
        .col_expr(C::LastUsedAt, Some(now).into())
        .filter(C::Id.eq(id.0))
        .filter(C::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Binds the refresh tokens of a grant to the key that redeemed its code (RFC 9449 §5).
pub async fn bind(tx: &Tx, id: GrantId, jkt: &str) -> Result<(), StoreError> {
    use oauth_grant::Column as C;
    oauth_grant::Entity::update_many()
        .col_expr(C::Jkt, Some(jkt.to_owned()).into())
        .filter(C::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// The grant under which a client has exchanged already what it has in this very way. One that the person stopped is found as well, so that
/// it stays so; a delegation says itself whether it counts, and outlives a sign-out everywhere.
pub async fn exchanged(
    db: &impl Db,
    parent: Option<GrantId>,
    delegation: Option<DelegationId>,
    client: ClientId,
    application: ApplicationId,
) -> Result<Option<Grant>, StoreError> {
    use oauth_grant::Column as C;
    let same = |column: C, id: Option<Uuid>| match id {
        Some(id) => column.eq(id),
        None => column.is_null(),
    };
    let mut counts = Condition::any().add(C::RevokedAt.is_null());
    if delegation.is_none() {
        counts = counts.add(C::StoppedAt.is_not_null());
    }
    let row = oauth_grant::Entity::find()
        .filter(counts)
        .filter(same(C::ParentId, parent.map(|id| id.0)))
        .filter(same(C::DelegationId, delegation.map(|id| id.0)))
        .filter(C::ClientId.eq(client.0))
        .filter(C::ApplicationId.eq(application.0))
        .order_by_with_nulls(C::RevokedAt, Order::Asc, NullOrdering::Last)
        .one(db.connection())
        .await?;
    Ok(row.map(grant))
}

/// Adds to a grant the scopes that it does not have yet.
pub async fn widen(tx: &Tx, known: &Grant, scopes: &[String]) -> Result<(), StoreError> {
    use oauth_grant::Column as C;
    let mut all = known.scopes.clone();
    all.extend(scopes.iter().filter(|scope| !known.scopes.contains(scope)).cloned());
    if all.len() > known.scopes.len() {
        oauth_grant::Entity::update_many()
            .col_expr(C::Scopes, all.join(" ").into())
            .filter(C::Id.eq(known.id.0))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}

/// Whether the person stopped a client from acting for them at an application by what the operator declared.
pub async fn was_stopped(db: &impl Db, member: MemberId, client: ClientId, application: ApplicationId) -> Result<bool, StoreError> {
    use oauth_grant::Column as C;
    let query = oauth_grant::Entity::find()
        .filter(acting(member, client, application))
        .filter(C::StoppedAt.is_not_null());
    Ok(query.limit(1).count(db.connection()).await? > 0)
}

pub(super) fn acting(member: MemberId, client: ClientId, application: ApplicationId) -> Condition {
    use oauth_grant::Column as C;
    Condition::all()
        .add(C::MemberId.eq(member.0))
        .add(C::ClientId.eq(client.0))
        .add(C::ApplicationId.eq(application.0))
        .add(C::ParentId.is_not_null())
        .add(C::DelegationId.is_null())
}

/// Whose grants.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    /// One member's.
    Member(MemberId),
    /// Everybody's in an organization.
    Organization(OrganizationId),
    /// Everybody's.
    Everybody,
}

impl Whose {
    pub(super) fn condition(self) -> Condition {
        use oauth_grant::Column as C;
        let all = Condition::all();
        match self {
            Self::Member(id) => all.add(C::MemberId.eq(id.0)),
            Self::Organization(id) => all.add(C::OrganizationId.eq(id.0)),
            Self::Everybody => all,
        }
    }
}

/// A client that acts for somebody at an application by what the operator declared, with these scopes.
#[derive(Clone, Debug)]
pub struct ActsByDeclaration {
    /// For whom.
    pub member: MemberId,
    /// Who that is.
    pub person: PersonId,
    /// Which client.
    pub client: ClientId,
    /// Where.
    pub application: ApplicationId,
    /// The scopes of the grants that are meant.
    pub scopes: Vec<String>,
    /// The first of them.
    pub since: Timestamp,
    /// Their last use.
    pub last_used_at: Option<Timestamp>,
}

/// Who acted since `since` by what the operator declared and has not ended, the last used first: one row for each member, client,
/// application and set of scopes.
pub async fn acting_since(db: &impl Db, whose: Whose, since: Timestamp, limit: u64) -> Result<Vec<ActsByDeclaration>, StoreError> {
    use oauth_grant::Column as C;
    type Row = (Uuid, Uuid, Uuid, Uuid, String, Timestamp, Option<Timestamp>);
    let rows: Vec<Row> = oauth_grant::Entity::find()
        .select_only()
        .columns([C::MemberId, C::PersonId, C::ClientId, C::ApplicationId, C::Scopes])
        .column_as(C::CreatedAt.min(), "since")
        .column_as(C::LastUsedAt.max(), "last_use")
        .filter(whose.condition())
        .filter(C::ParentId.is_not_null())
        .filter(C::DelegationId.is_null())
        .filter(C::RevokedAt.is_null())
        .filter(C::LastUsedAt.gt(since))
        .group_by(C::MemberId)
        .group_by(C::PersonId)
        .group_by(C::ClientId)
        .group_by(C::ApplicationId)
        .group_by(C::Scopes)
        .order_by_desc(C::LastUsedAt.max())
        .limit(limit)
        .into_tuple()
        .all(db.connection())
        .await?;
    let row = |(member, person, client, application, scopes, since, last_used_at): Row| ActsByDeclaration {
        member: member.into(),
        person: person.into(),
        client: client.into(),
        application: application.into(),
        scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        since,
        last_used_at,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The grants for which a client holds a refresh token that counts, the last used first; with their last use.
pub async fn with_refresh_token(
    db: &impl Db,
    whose: Whose,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(Grant, Option<Timestamp>)>, StoreError> {
    use oauth_grant::Column as C;
    use oauth_refresh_token::Column as R;
    let tokens = oauth_refresh_token::Entity::find()
        .select_only()
        .column(R::GrantId)
        .filter(R::UsedAt.is_null())
        .filter(R::ExpiresAt.gt(now))
        .into_query();
    let rows = oauth_grant::Entity::find()
        .filter(whose.condition())
        .filter(C::RevokedAt.is_null())
        .filter(C::Id.in_subquery(tokens))
        .order_by_with_nulls(C::LastUsedAt, Order::Desc, NullOrdering::Last)
        .order_by_desc(C::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(with_last_use).collect())
}

/// Adds a code.
pub async fn insert_code(tx: &Tx, code: Code) -> Result<(), StoreError> {
    let row = oauth_code::ActiveModel {
        id: Set(code.hash),
        grant_id: Set(code.grant.0),
        redirect_uri: Set(code.redirect_uri),
        challenge: Set(code.challenge),
        expires_at: Set(code.expires_at),
        used_at: Set(code.used_at),
    };
    oauth_code::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// A code by its hash, used and expired ones included, with what it was given for.
pub async fn code(db: &impl Db, hash: &[u8]) -> Result<Option<(Code, Grant)>, StoreError> {
    let row = oauth_code::Entity::find_by_id(hash.to_vec())
        .join(JoinType::InnerJoin, to_grant(oauth_code::Entity, oauth_code::Column::GrantId))
        .select_also(oauth_grant::Entity)
        .one(db.connection())
        .await?;
    let found = row.and_then(|(row, of)| Some((row, grant(of?))));
    Ok(found.map(|(row, grant)| {
        let code = Code {
            hash: row.id,
            grant: grant.id,
            redirect_uri: row.redirect_uri,
            challenge: row.challenge,
            expires_at: row.expires_at,
            used_at: row.used_at,
        };
        (code, grant)
    }))
}

/// Redeems a code; answers false when it was redeemed before (single use).
pub async fn use_code(tx: &Tx, hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    use oauth_code::Column as C;
    let done = oauth_code::Entity::update_many()
        .col_expr(C::UsedAt, Some(now).into())
        .filter(C::Id.eq(hash.to_vec()))
        .filter(C::UsedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Adds a refresh token.
pub async fn insert_refresh(tx: &Tx, token: &RefreshToken) -> Result<(), StoreError> {
    let row = oauth_refresh_token::ActiveModel {
        id: Set(token.hash.clone()),
        grant_id: Set(token.grant.0),
        created_at: Set(token.created_at),
        expires_at: Set(token.expires_at),
        used_at: Set(token.used_at),
    };
    oauth_refresh_token::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A refresh token by its hash, used and expired ones included, with what it was given for.
pub async fn refresh(db: &impl Db, hash: &[u8]) -> Result<Option<(RefreshToken, Grant)>, StoreError> {
    use oauth_refresh_token::{Column as C, Entity};
    let row = Entity::find_by_id(hash.to_vec())
        .join(JoinType::InnerJoin, to_grant(Entity, C::GrantId))
        .select_also(oauth_grant::Entity)
        .one(db.connection())
        .await?;
    let found = row.and_then(|(row, of)| Some((row, grant(of?))));
    Ok(found.map(|(row, grant)| {
        let token = RefreshToken {
            hash: row.id,
            grant: grant.id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
        };
        (token, grant)
    }))
}

/// Exchanges a refresh token; answers false when it was exchanged before (single use).
pub async fn use_refresh(tx: &Tx, hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    use oauth_refresh_token::Column as C;
    let done = oauth_refresh_token::Entity::update_many()
        .col_expr(C::UsedAt, Some(now).into())
        .filter(C::Id.eq(hash.to_vec()))
        .filter(C::UsedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Spends something once, until `expires_at`, when it would be refused anyway; answers false when it was spent before.
pub async fn spend(tx: &Tx, hash: Vec<u8>, expires_at: Timestamp) -> Result<bool, StoreError> {
    let row = oauth_spent::ActiveModel {
        id: Set(hash),
        expires_at: Set(expires_at),
    };
    let rows = oauth_spent::Entity::insert(row)
        .on_conflict(OnConflict::column(oauth_spent::Column::Id).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(rows == 1)
}

/// Whether something was spent.
pub async fn is_spent(db: &impl Db, hash: &[u8]) -> Result<bool, StoreError> {
    Ok(oauth_spent::Entity::find_by_id(hash.to_vec()).one(db.connection()).await?.is_some())
}
