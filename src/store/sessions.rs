//! Browser sessions: the rows behind tower-sessions. The cookie value is never stored, only its SHA-256.
//! Who a session belongs to stands in columns, so that ending someone's access ends their sessions in the same transaction.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _};
use serde::{Deserialize, Serialize};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store,
};

use super::{
    Db, Store, StoreError, Tx, entity,
    issuer::{delegations, ending, logouts},
};
use crate::{
    kernel::{Clock, MemberId, OrganizationId, PersonId, ProviderId, Timestamp, sha256},
    signin::Ended,
};
use entity::session::{ActiveModel, Column as C, Entity};

/// The key under which a session's data names who signed in.
pub const SIGNED_IN_KEY: &str = "signed_in";
/// The key under which a loaded session's data says when it was last used.
pub const LAST_SEEN_KEY: &str = "last_seen";
/// The key under which a new session's data names browser and address.
pub const CLIENT_KEY: &str = "client";

/// Why what applications hold ends with sessions: access is over.
const OVER: &str = "The access behind it was ended.";
/// Why what applications hold ends with sessions: the person wants it so.
const SIGNED_OUT: &str = "The person signed out everywhere.";

/// Who a session belongs to, and how surely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedInAs {
    /// The person.
    pub person: PersonId,
    /// The hat they wear; none is the tenant's own.
    pub member: Option<MemberId>,
    /// When they signed in.
    pub at: Timestamp,
    /// When they last gave a second factor in this session.
    pub second_factor_at: Option<Timestamp>,
    /// The partner's provider that vouched for them; none for a local account.
    #[serde(default)]
    pub through: Option<Through>,
}

impl SignedInAs {
    /// What applications know this sign-in by (`sid`): the same through step-ups, other hats and new cookie values.
    #[must_use]
    pub fn name(&self) -> String {
        let name = sha256(format!("sign-in {} {}", self.person, self.at.timestamp_micros()));
        URL_SAFE_NO_PAD.encode(&name[..16])
    }

    /// When they proved who they are: at their company's sign-in when that says so, else when they signed in here.
    #[must_use]
    pub fn authenticated_at(&self) -> Timestamp {
        let there = self.through.as_ref().and_then(|through| through.authenticated_at);
        there.map_or(self.at, |there| there.min(self.at))
    }
}

/// A sign-in through a partner's identity provider: it opens what that partner gives, and nothing else the person has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Through {
    /// The provider.
    pub provider: ProviderId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The session there (`sid`, or SAML's SessionIndex), for logout.
    pub session: Option<String>,
    /// The provider ends the session then (SAML's SessionNotOnOrAfter).
    pub ends_at: Option<Timestamp>,
    /// The name by which the provider ends it (SAML's NameID with its qualifiers, as JSON).
    #[serde(default)]
    pub logout_name: Option<String>,
    /// When the provider says that they proved who they are (`auth_time`, AuthnInstant).
    #[serde(default)]
    pub authenticated_at: Option<Timestamp>,
}

/// Browser and address a session was opened from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SessionClient {
    /// `User-Agent` header, shortened.
    pub user_agent: String,
    /// Address of the peer.
    pub address: String,
}

/// A session as its owner sees it in the list of sessions.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// SHA-256 of the cookie value; names the session without letting anyone in.
    pub key: Vec<u8>,
    /// Browser.
    pub user_agent: String,
    /// Address.
    pub address: String,
    /// First and last request.
    pub created_at: Timestamp,
    /// Last request (to the minute).
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
}

/// The hash under which the session of this cookie value is stored.
#[must_use]
pub fn key_of(id: &Id) -> Vec<u8> {
    sha256(id.to_string())
}

/// The session store that tower-sessions calls.
#[derive(Clone, Debug)]
pub struct SessionRows {
    /// Where.
    pub store: Store,
    /// When.
    pub clock: Clock,
    /// A session unused for so long is over.
    pub idle: Duration,
    /// A session older than this is over.
    pub absolute: Duration,
}

fn backend(error: impl std::fmt::Display) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

impl SessionRows {
    fn row(&self, record: &Record) -> Result<ActiveModel, session_store::Error> {
        let signed_in: Option<SignedInAs> = record
            .data
            .get(SIGNED_IN_KEY)
            .and_then(|value| serde_json::from_value(value.clone()).ok());
        let through = signed_in.as_ref().and_then(|who| who.through.as_ref());
        Ok(ActiveModel {
            id: Set(key_of(&record.id)),
            person_id: Set(signed_in.as_ref().map(|who| who.person.0)),
            member_id: Set(signed_in.as_ref().and_then(|who| who.member).map(|id| id.0)),
            provider_id: Set(through.map(|through| through.provider.0)),
            provider_session: Set(through.and_then(|through| through.session.clone())),
            data: Set(serde_json::to_string(&record.data).map_err(|error| session_store::Error::Encode(error.to_string()))?),
            last_seen_at: Set(self.clock.now()),
            ..Default::default()
        })
    }
}

#[async_trait]
impl SessionStore for SessionRows {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let now = self.clock.now();
        let client: SessionClient = record
            .data
            .get(CLIENT_KEY)
            .and_then(|value| serde_json::from_value(value.clone()).ok())
            .unwrap_or_default();
        // A new cookie value (step-up, another hat) does not make a session younger: its absolute end stays where sign-in put it.
        let signed_in: Option<SignedInAs> = record
            .data
            .get(SIGNED_IN_KEY)
            .and_then(|value| serde_json::from_value(value.clone()).ok());
        let began = signed_in.as_ref().map_or(now, |who| who.at.min(now));
        let last = signed_in.and_then(|who| who.through).and_then(|through| through.ends_at);
        let mut row = self.row(record)?;
        row.user_agent = Set(client.user_agent);
        row.address = Set(client.address);
        row.created_at = Set(began);
        row.ends_at = Set(last.into_iter().chain([began + self.absolute]).min().unwrap_or(now));
        Entity::insert(row)
            .exec_without_returning(&self.store.writer)
            .await
            .map_err(backend)?;
        Ok(())
    }

    /// Writes only a session that still exists: one that was ended meanwhile stays ended.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let mut row = self.row(record)?;
        row.id = sea_orm::ActiveValue::NotSet;
        Entity::update_many()
            .set(row)
            .filter(C::Id.eq(key_of(&record.id)))
            .exec(&self.store.writer)
            .await
            .map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let now = self.clock.now();
        let row = Entity::find_by_id(key_of(id))
            .filter(C::EndsAt.gt(now))
            .filter(C::LastSeenAt.gt(now - self.idle))
            .one(&self.store.reader)
            .await
            .map_err(backend)?;
        let Some(row) = row else { return Ok(None) };
        let mut data: std::collections::HashMap<String, serde_json::Value> =
            serde_json::from_str(&row.data).map_err(|error| session_store::Error::Decode(error.to_string()))?;
        data.insert(LAST_SEEN_KEY.to_owned(), serde_json::json!(row.last_seen_at));
        let expiry_date = time::OffsetDateTime::from_unix_timestamp(row.ends_at.timestamp()).map_err(backend)?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        Entity::delete_by_id(key_of(id)).exec(&self.store.writer).await.map_err(backend)?;
        Ok(())
    }
}

/// Notes a request in a session and its hat.
pub async fn touch(store: &Store, key: Vec<u8>, member: Option<MemberId>, now: Timestamp) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(C::LastSeenAt, now.into())
        .filter(C::Id.eq(key))
        .exec(&store.writer)
        .await?;
    if let Some(member) = member {
        use entity::member::Column as M;
        entity::member::Entity::update_many()
            .col_expr(M::LastSeenAt, now.into())
            .filter(M::Id.eq(member.0))
            .exec(&store.writer)
            .await?;
    }
    Ok(())
}

/// The live sessions of a person, last used first.
pub async fn of_person(db: &impl Db, person: PersonId, now: Timestamp) -> Result<Vec<SessionRow>, StoreError> {
    let rows = Entity::find()
        .filter(C::PersonId.eq(person.0))
        .filter(C::EndsAt.gt(now))
        .order_by_desc(C::LastSeenAt)
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| SessionRow {
            key: row.id,
            user_agent: row.user_agent,
            address: row.address,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            ends_at: row.ends_at,
        })
        .collect())
}

/// Whether a session still exists (it may have been ended while a request ran).
pub async fn is_live(db: &impl Db, key: &[u8]) -> Result<bool, StoreError> {
    Ok(Entity::find_by_id(key.to_vec()).count(db.connection()).await? == 1)
}

/// Ends every session of a person but one, and what clients hold of any.
pub async fn end_others(tx: &Tx, person: PersonId, keep: Option<&[u8]>, now: Timestamp) -> Result<Ended, StoreError> {
    let grants = ending::revoke_of_person(tx, person, SIGNED_OUT, now).await?;
    let mut condition = Condition::all().add(C::PersonId.eq(person.0));
    if let Some(keep) = keep {
        condition = condition.add(C::Id.ne(keep.to_vec()));
    }
    let sessions = delete(tx, condition, now).await?;
    Ok(Ended {
        sessions,
        grants,
        ..Ended::default()
    })
}

/// Ends everything of a person whose account is switched off: sessions, what clients hold, and what they may do while the person is away.
pub async fn end_of_person(tx: &Tx, person: PersonId, now: Timestamp) -> Result<Ended, StoreError> {
    let ended = ending::end_of_person(tx, person, "The account was switched off.", now).await?;
    let sessions = delete(tx, Condition::all().add(C::PersonId.eq(person.0)), now).await?;
    Ok(Ended { sessions, ..ended })
}

/// Deletes sessions, and tells the applications that hold something of them; answers how many.
async fn delete(tx: &Tx, which: Condition, now: Timestamp) -> Result<u64, StoreError> {
    if logouts::is_wanted(tx).await? {
        let rows = Entity::find().filter(which.clone()).all(tx.connection()).await?;
        let names = rows.iter().filter_map(|row| owner(&row.data)).map(|who| who.name()).collect();
        logouts::tell_of_sessions(tx, names, now).await?;
    }
    Ok(Entity::delete_many().filter(which).exec(tx.connection()).await?.rows_affected)
}

/// Who a stored session belongs to.
fn owner(data: &str) -> Option<SignedInAs> {
    let data: serde_json::Value = serde_json::from_str(data).ok()?;
    serde_json::from_value(data.get(SIGNED_IN_KEY)?.clone()).ok()
}

/// Tells the applications that hold something of this session that it ends; the caller ends it.
pub async fn tell_of_end(tx: &Tx, key: &[u8], now: Timestamp) -> Result<(), StoreError> {
    if logouts::is_wanted(tx).await?
        && let Some(row) = Entity::find_by_id(key.to_vec()).one(tx.connection()).await?
        && let Some(who) = owner(&row.data)
    {
        logouts::tell_of_sessions(tx, vec![who.name()], now).await?;
    }
    Ok(())
}

/// Ends one session of a person, of one membership alone where one is given; answers whether there was one.
pub async fn end_one(tx: &Tx, person: PersonId, only: Option<MemberId>, key: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let mut condition = Condition::all().add(C::PersonId.eq(person.0)).add(C::Id.eq(key.to_vec()));
    if let Some(member) = only {
        condition = condition.add(C::MemberId.eq(member.0));
    }
    Ok(delete(tx, condition, now).await? == 1)
}

/// Ends every session but one in which this membership is the active hat, and what clients hold of any.
pub async fn end_others_of_member(tx: &Tx, member: MemberId, keep: &[u8], now: Timestamp) -> Result<Ended, StoreError> {
    let grants = ending::revoke_of_member(tx, member, SIGNED_OUT, now).await?;
    let condition = Condition::all().add(C::MemberId.eq(member.0)).add(C::Id.ne(keep.to_vec()));
    let sessions = delete(tx, condition, now).await?;
    Ok(Ended {
        sessions,
        grants,
        ..Ended::default()
    })
}

/// Ends the sessions that a provider opened: those of one session there, or all of a member; answers how many.
pub async fn end_through(
    tx: &Tx,
    provider: ProviderId,
    member: Option<MemberId>,
    session: Option<&str>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut condition = Condition::all().add(C::ProviderId.eq(provider.0));
    if let Some(member) = member {
        condition = condition.add(C::MemberId.eq(member.0));
    }
    if let Some(session) = session {
        condition = condition.add(C::ProviderSession.eq(session));
    }
    delete(tx, condition, now).await
}

/// Ends every session in which this membership is the active hat, what clients hold of any, and what the member delegated.
pub async fn end_of_member(tx: &Tx, member: MemberId, now: Timestamp) -> Result<Ended, StoreError> {
    let delegations = delegations::end_of_member(tx, member, OVER, now).await?;
    let grants = ending::revoke_of_member(tx, member, OVER, now).await?;
    let sessions = delete(tx, Condition::all().add(C::MemberId.eq(member.0)), now).await?;
    Ok(Ended {
        sessions,
        grants,
        delegations,
    })
}

fn in_organization(organization: OrganizationId) -> sea_orm::sea_query::SelectStatement {
    use entity::member::Column as M;
    use sea_orm::{QuerySelect as _, QueryTrait as _};
    entity::member::Entity::find()
        .select_only()
        .column(M::Id)
        .filter(M::OrganizationId.eq(organization.0))
        .into_query()
}

/// Ends every session whose active hat is in this organization, what clients hold of any, and what was delegated in its name.
pub async fn end_of_organization(tx: &Tx, organization: OrganizationId, now: Timestamp) -> Result<Ended, StoreError> {
    let delegations = delegations::end_of_organization(tx, organization, OVER, now).await?;
    let grants = ending::revoke_of_organization(tx, organization, OVER, now).await?;
    let which = Condition::all().add(C::MemberId.in_subquery(in_organization(organization)));
    let sessions = delete(tx, which, now).await?;
    Ok(Ended {
        sessions,
        grants,
        delegations,
    })
}

/// How many live sessions have their active hat in this organization.
pub async fn live_in_organization(db: &impl Db, organization: OrganizationId, now: Timestamp) -> Result<u64, StoreError> {
    Ok(Entity::find()
        .filter(C::MemberId.in_subquery(in_organization(organization)))
        .filter(C::EndsAt.gt(now))
        .count(db.connection())
        .await?)
}

/// Deletes sessions that are over anyway; answers how many.
pub async fn sweep(tx: &Tx, now: Timestamp, idle: Duration) -> Result<u64, StoreError> {
    let over = Condition::any().add(C::EndsAt.lte(now)).add(C::LastSeenAt.lte(now - idle));
    Ok(Entity::delete_many().filter(over).exec(tx.connection()).await?.rows_affected)
}

/// How many live sessions have this membership as their active hat.
pub async fn live_of_member(db: &impl Db, member: MemberId, now: Timestamp, idle: Duration) -> Result<u64, StoreError> {
    Ok(Entity::find()
        .filter(C::MemberId.eq(member.0))
        .filter(C::EndsAt.gt(now))
        .filter(C::LastSeenAt.gt(now - idle))
        .count(db.connection())
        .await?)
}
