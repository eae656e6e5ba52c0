//! Telling clients that somebody was signed out (OpenID Connect Back-Channel Logout 1.0): messages in the outbox, written in the
//! transaction that ends the access, for the clients that want to know and hold something of it.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QuerySelect as _, sea_query::OnConflict};
use uuid::Uuid;

use super::super::{Db, StoreError, Tx, entity};
use crate::{
    issuer::{Grant, SignOutNotice},
    kernel::{Timestamp, sha256},
    mail::MessageStatus,
};
use entity::{oauth_client, oauth_grant, outbox};

/// How such messages are marked in the outbox.
pub(in crate::store) const KIND: &str = "logout";

/// A client that wants to be told: id, name and address.
type Listener = (Uuid, String, Option<String>);

async fn listeners(db: &impl Db) -> Result<Vec<Listener>, StoreError> {
    use oauth_client::Column as C;
    let query = oauth_client::Entity::find()
        .select_only()
        .columns([C::Id, C::Name, C::BackchannelLogoutUri])
        .filter(C::BackchannelLogoutUri.is_not_null())
        .filter(C::DisabledAt.is_null());
    Ok(query.into_tuple().all(db.connection()).await?)
}

/// Whether any client wants to be told.
pub(in crate::store) async fn is_wanted(db: &impl Db) -> Result<bool, StoreError> {
    Ok(!listeners(db).await?.is_empty())
}

async fn write(tx: &Tx, which: Condition, by_session: bool, now: Timestamp) -> Result<u64, StoreError> {
    use oauth_grant::Column as C;
    let listeners = listeners(tx).await?;
    if listeners.is_empty() {
        return Ok(0);
    }
    let held: Vec<(Uuid, Uuid, Uuid, Option<String>)> = oauth_grant::Entity::find()
        .select_only()
        .columns([C::ClientId, C::MemberId, C::OrganizationId, C::Session])
        .filter(which)
        .filter(C::ClientId.is_in(listeners.iter().map(|(id, ..)| *id)))
        .distinct()
        .into_tuple()
        .all(tx.connection())
        .await?;
    let mut told = 0;
    for (client, member, organization, session) in held {
        let Some((_, name, Some(address))) = listeners.iter().find(|(id, ..)| *id == client) else {
            continue;
        };
        let session = session.filter(|_| by_session);
        // One message for all that a client holds of a person, however often this is asked for in one transaction.
        let id = sha256(format!("sign-out {client} {member} {session:?} {}", now.timestamp_micros()));
        let id: [u8; 16] = id[..16].try_into().unwrap_or_default();
        let notice = SignOutNotice {
            client: client.into(),
            member: member.into(),
            session,
        };
        let row = outbox::ActiveModel {
            id: Set(uuid::Builder::from_custom_bytes(id).into_uuid()),
            kind: Set(KIND.to_owned()),
            organization_id: Set(Some(organization)),
            recipient: Set(address.clone()),
            subject: Set(format!("{name} is told of a sign-out")),
            body_text: Set(serde_json::to_string(&notice).unwrap_or_default()),
            body_html: Set(String::new()),
            status: Set(MessageStatus::Waiting.as_str().to_owned()),
            attempts: Set(0),
            next_attempt_at: Set(now),
            last_error: Set(None),
            sent_at: Set(None),
            created_at: Set(now),
        };
        told += outbox::Entity::insert(row)
            .on_conflict(OnConflict::column(outbox::Column::Id).do_nothing().to_owned())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(told)
}

/// Tells the clients that hold any of these grants that all sessions of their person are over; call it before the grants are ended.
pub(super) async fn tell(tx: &Tx, which: Condition, now: Timestamp) -> Result<u64, StoreError> {
    write(tx, which.add(oauth_grant::Column::RevokedAt.is_null()), false, now).await
}

/// Tells the clients that hold any of these grants that the sign-ins are over which they came of; call it before the grants are ended.
pub(super) async fn tell_of_sign_ins(tx: &Tx, which: Condition, now: Timestamp) -> Result<u64, StoreError> {
    write(tx, which.add(oauth_grant::Column::RevokedAt.is_null()), true, now).await
}

/// Tells the clients that hold something of these sign-ins that those are over; answers how many messages were written.
pub async fn tell_of_sessions(tx: &Tx, sessions: Vec<String>, now: Timestamp) -> Result<u64, StoreError> {
    use oauth_grant::Column as C;
    if sessions.is_empty() {
        return Ok(0);
    }
    let which = Condition::all().add(C::Session.is_in(sessions)).add(C::RevokedAt.is_null());
    write(tx, which, true, now).await
}

/// Tells the client of this grant that what it holds of it is over; answers whether it wants to know.
pub async fn tell_of_grant(tx: &Tx, grant: &Grant, now: Timestamp) -> Result<bool, StoreError> {
    let which = Condition::all().add(oauth_grant::Column::Id.eq(grant.id.0));
    Ok(write(tx, which, true, now).await? > 0)
}
