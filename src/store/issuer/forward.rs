//! Rows of applications behind a proxy: hosts, and the browsers that were let in there.

use chrono::Duration;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, sea_query::OnConflict};

use super::super::{
    Db, StoreError, Tx, applications, entity,
    sessions::{SIGNED_IN_KEY, SignedInAs},
};
use crate::{
    apps::Application,
    issuer::forward::Handoff,
    kernel::{ApplicationId, Timestamp},
};
use entity::{
    forward_host::{ActiveModel as HostRow, Column as H, Entity as Hosts},
    forward_visit::{ActiveModel as VisitRow, Column as V, Entity as Visits},
    session,
};

/// A browser that was let in at a host.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Identifier.
    pub id: uuid::Uuid,
    /// At which application.
    pub application: ApplicationId,
    /// The portal's session, by its key.
    pub session: Vec<u8>,
    /// When that session was last used.
    pub last_seen_at: Timestamp,
    /// Whose session it is.
    pub signed_in: SignedInAs,
}

/// The hosts of an application, in order.
pub async fn hosts_of(db: &impl Db, application: ApplicationId) -> Result<Vec<String>, StoreError> {
    let query = Hosts::find().filter(H::ApplicationId.eq(application.0)).order_by_asc(H::Host);
    Ok(query.all(db.connection()).await?.into_iter().map(|row| row.host).collect())
}

/// The application behind a host.
pub async fn application_at(db: &impl Db, host: &str) -> Result<Option<Application>, StoreError> {
    let Some(row) = Hosts::find_by_id(host.to_owned()).one(db.connection()).await? else {
        return Ok(None);
    };
    applications::get(db, row.application_id.into()).await
}

/// Gives an application these hosts and no others; answers the one that another application has, if there is one.
pub async fn put_hosts(tx: &Tx, application: ApplicationId, hosts: &[String], now: Timestamp) -> Result<Option<String>, StoreError> {
    Hosts::delete_many()
        .filter(H::ApplicationId.eq(application.0))
        .exec(tx.connection())
        .await?;
    for host in hosts {
        let row = HostRow {
            host: Set(host.clone()),
            application_id: Set(application.0),
            created_at: Set(now),
        };
        let rows = Hosts::insert(row)
            .on_conflict(OnConflict::column(H::Host).do_nothing().to_owned())
            .exec_without_returning(tx.connection())
            .await?;
        if rows != 1 {
            return Ok(Some(host.clone()));
        }
    }
    // Whoever was let in at a host that is the application's no more has to come again.
    let mut elsewhere = Condition::all().add(V::ApplicationId.eq(application.0));
    if !hosts.is_empty() {
        elsewhere = elsewhere.add(V::Host.is_not_in(hosts.iter().map(String::as_str)));
    }
    Visits::delete_many().filter(elsewhere).exec(tx.connection()).await?;
    Ok(None)
}

/// Keeps a hand-off; those of this session to this host that nobody came with are forgotten.
pub async fn insert(tx: &Tx, handoff: &Handoff) -> Result<(), StoreError> {
    Visits::delete_many()
        .filter(V::SessionId.eq(handoff.session.clone()))
        .filter(V::Host.eq(handoff.host.as_str()))
        .filter(V::Cookie.is_null())
        .filter(V::HandoffEndsAt.lte(handoff.created_at))
        .exec(tx.connection())
        .await?;
    let row = VisitRow {
        id: Set(handoff.id),
        handoff: Set(handoff.hash.clone()),
        handoff_ends_at: Set(handoff.ends_at),
        challenge: Set(handoff.challenge.clone()),
        target: Set(handoff.target.clone()),
        cookie: Set(None),
        host: Set(handoff.host.clone()),
        application_id: Set(handoff.application.0),
        session_id: Set(handoff.session.clone()),
        refused_at: Set(None),
        created_at: Set(handoff.created_at),
    };
    Visits::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Uses a hand-off up, once, at its host, in the browser that asked for it; answers the page that was asked for.
pub async fn redeem(
    tx: &Tx,
    hash: &[u8],
    host: &str,
    challenge: &[u8],
    cookie: &[u8],
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let done = Visits::update_many()
        .col_expr(V::Cookie, Some(cookie.to_vec()).into())
        .filter(V::Handoff.eq(hash.to_vec()))
        .filter(V::Host.eq(host))
        .filter(V::Challenge.eq(challenge.to_vec()))
        .filter(V::Cookie.is_null())
        .filter(V::HandoffEndsAt.gt(now))
        .exec(tx.connection())
        .await?;
    if done.rows_affected != 1 {
        return Ok(None);
    }
    let query = Visits::find().filter(V::Cookie.eq(cookie.to_vec()));
    let Some(row) = query.one(tx.connection()).await? else {
        return Ok(None);
    };
    // The browser holds one cookie per host: what it had before leads nowhere any more.
    Visits::delete_many()
        .filter(V::SessionId.eq(row.session_id))
        .filter(V::Host.eq(host))
        .filter(V::Cookie.is_not_null())
        .filter(V::Id.ne(row.id))
        .exec(tx.connection())
        .await?;
    Ok(Some(row.target))
}

/// Who was let in with this cookie at this host, while the portal's session behind it lives.
pub async fn visit(db: &impl Db, cookie: &[u8], host: &str, now: Timestamp, idle: Duration) -> Result<Option<Visit>, StoreError> {
    use session::{Column as S, Entity as Sessions};
    let query = Visits::find().filter(V::Cookie.eq(cookie.to_vec())).filter(V::Host.eq(host));
    let Some(row) = query.one(db.connection()).await? else {
        return Ok(None);
    };
    let query = Sessions::find_by_id(row.session_id.clone())
        .filter(S::EndsAt.gt(now))
        .filter(S::LastSeenAt.gt(now - idle));
    let Some(session) = query.one(db.connection()).await? else {
        return Ok(None);
    };
    let data: serde_json::Value = serde_json::from_str(&session.data).unwrap_or_default();
    let signed_in: Option<SignedInAs> = data.get(SIGNED_IN_KEY).and_then(|value| serde_json::from_value(value.clone()).ok());
    Ok(signed_in.map(|signed_in| Visit {
        id: row.id,
        application: row.application_id.into(),
        session: row.session_id,
        last_seen_at: session.last_seen_at,
        signed_in,
    }))
}

/// Notes a refusal, unless one was noted since; answers whether it is to be told in the trail.
pub async fn note_refusal(tx: &Tx, visit: uuid::Uuid, since: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
    let fresh = Condition::any().add(V::RefusedAt.is_null()).add(V::RefusedAt.lte(since));
    let done = Visits::update_many()
        .col_expr(V::RefusedAt, Some(now).into())
        .filter(V::Id.eq(visit))
        .filter(fresh)
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}
