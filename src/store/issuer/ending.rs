//! Ending what people let clients have. Whatever ends a grant tells the clients that want to know, in the same transaction.
//! Delegations are ended before grants, and grants in the order of their ids: so nobody waits for anybody who waits for them.

use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, sea_query::LockType};
use uuid::Uuid;

use super::{
    super::{Db as _, StoreError, Tx, entity},
    delegations,
    grants::{self, Whose},
    logouts,
};
use crate::{
    issuer::Grant,
    kernel::{ApplicationId, ClientId, DelegationId, GrantId, MemberId, OrganizationId, PersonId, ProviderId, Timestamp},
    signin::Ended,
};
use entity::oauth_grant::{self, Column as C};

/// Who hears of the end of grants.
#[derive(Clone, Copy)]
enum Told {
    /// Every client, that all sessions of the person are over.
    Everybody,
    /// Those that signed the person in, that all sessions of theirs are over. Those that act for people have none.
    SignedIn,
    /// Those that signed the person in, that the one is over which a grant came of.
    OfThatSignIn,
    /// Nobody.
    Nobody,
}

/// Ends a grant with all its tokens, and everything that was exchanged for one of them; answers false when it was ended before.
pub async fn revoke(tx: &Tx, id: GrantId, because: &str, now: Timestamp) -> Result<bool, StoreError> {
    let ended = revoke_where(tx, Condition::all().add(C::Id.eq(id.0)), Told::OfThatSignIn, because, now).await? == 1;
    if ended {
        revoke_exchanged(tx, vec![id.0], because, now).await?;
    }
    Ok(ended)
}

/// So many ids in one statement; databases bound them.
const AT_ONCE: usize = 5_000;

/// Ends what was exchanged for tokens of these grants, and for tokens of that; answers how many grants.
async fn revoke_exchanged(tx: &Tx, mut of: Vec<Uuid>, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    let mut ended = 0;
    while !of.is_empty() {
        let mut next: Vec<Uuid> = Vec::new();
        for some in of.chunks(AT_ONCE) {
            let which = Condition::all()
                .add(C::ParentId.is_in(some.iter().copied()))
                .add(C::RevokedAt.is_null());
            let query = oauth_grant::Entity::find().select_only().column(C::Id).filter(which.clone());
            next.extend(query.into_tuple::<Uuid>().all(tx.connection()).await?);
            ended += revoke_where(tx, which, Told::Nobody, because, now).await?;
        }
        of = next;
    }
    Ok(ended)
}

/// Ends everything at one application that a member, or the people of an organization, let clients have: delegations, grants, and what was
/// exchanged for them.
pub async fn end_at(tx: &Tx, whose: Whose, application: ApplicationId, because: &str, now: Timestamp) -> Result<Ended, StoreError> {
    let delegations = delegations::end_at(tx, whose, application, because, now).await?;
    let which = whose.condition().add(C::ApplicationId.eq(application.0));
    let grants = revoke_family(tx, which, Told::SignedIn, because, now).await?;
    Ok(Ended {
        delegations,
        grants,
        ..Ended::default()
    })
}

/// Ends everything that a client does for people at an application: their delegations, and what it has by their tokens there.
pub async fn end_acting(tx: &Tx, client: ClientId, application: ApplicationId, because: &str, now: Timestamp) -> Result<Ended, StoreError> {
    let delegations = delegations::end_between(tx, client, application, because, now).await?;
    let which = Condition::all()
        .add(C::ClientId.eq(client.0))
        .add(C::ApplicationId.eq(application.0))
        .add(Condition::any().add(C::ParentId.is_not_null()).add(C::DelegationId.is_not_null()));
    let grants = revoke_family(tx, which, Told::Nobody, because, now).await?;
    Ok(Ended {
        delegations,
        grants,
        ..Ended::default()
    })
}

/// Ends everything that people let clients have at an application that is retired.
pub async fn end_of_application(tx: &Tx, application: ApplicationId, now: Timestamp) -> Result<Ended, StoreError> {
    end_at(tx, Whose::Everybody, application, "The application was retired.", now).await
}

/// Ends every grant of a client that is switched off, and what was exchanged for them. Call it before: it is told as long as it is on.
/// Delegations to it stay, for they open nothing without it.
pub async fn end_of_client(tx: &Tx, client: ClientId, now: Timestamp) -> Result<Ended, StoreError> {
    let which = Condition::all().add(C::ClientId.eq(client.0));
    let grants = revoke_family(tx, which, Told::SignedIn, "The system was switched off.", now).await?;
    Ok(Ended {
        grants,
        ..Ended::default()
    })
}

/// Ends these grants and what was exchanged for them; answers how many.
async fn revoke_family(tx: &Tx, which: Condition, told: Told, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    let of = held(tx, which.clone()).await?;
    if of.is_empty() {
        return Ok(0);
    }
    Ok(revoke_where(tx, which, told, because, now).await? + revoke_exchanged(tx, of, because, now).await?)
}

/// The ids of these grants that have not ended, held until the transaction ends, always in the same order: whoever exchanges a token at this
/// moment holds one of them and wants the next.
async fn held(tx: &Tx, which: Condition) -> Result<Vec<Uuid>, StoreError> {
    let mut query = oauth_grant::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(which)
        .filter(C::RevokedAt.is_null())
        .order_by_asc(C::Id);
    if tx.locks_rows() {
        query = query.lock(LockType::NoKeyUpdate);
    }
    Ok(query.into_tuple().all(tx.connection()).await?)
}

/// Stops a client from acting for a member at an application, now and later; answers the grants that were ended or marked.
pub async fn stop(
    tx: &Tx,
    member: MemberId,
    client: ClientId,
    application: ApplicationId,
    because: &str,
    now: Timestamp,
) -> Result<Vec<Grant>, StoreError> {
    let which = grants::acting(member, client, application).add(C::StoppedAt.is_null());
    // Held first, so that an exchange at this very moment is marked as well, or finds the mark.
    let done = oauth_grant::Entity::update_many()
        .col_expr(C::StoppedAt, Some(now).into())
        .filter(which)
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        return Ok(Vec::new());
    }
    revoke_each(
        tx,
        grants::acting(member, client, application).add(C::StoppedAt.eq(now)),
        because,
        now,
    )
    .await
}

/// Ends each of these grants with everything that was exchanged for it; answers which they were, those that had ended before among them.
async fn revoke_each(tx: &Tx, which: Condition, because: &str, now: Timestamp) -> Result<Vec<Grant>, StoreError> {
    let rows = oauth_grant::Entity::find().filter(which).all(tx.connection()).await?;
    for row in &rows {
        revoke(tx, row.id.into(), because, now).await?;
    }
    Ok(rows.into_iter().map(grants::grant).collect())
}

/// Ends every grant that came of a delegation; answers which.
pub async fn revoke_of_delegation(tx: &Tx, delegation: DelegationId, because: &str, now: Timestamp) -> Result<Vec<Grant>, StoreError> {
    let which = Condition::all().add(C::DelegationId.eq(delegation.0)).add(C::RevokedAt.is_null());
    revoke_each(tx, which, because, now).await
}

/// Ends every grant of a member that a client holds by their sign-in; answers which.
pub async fn revoke_of_client(
    tx: &Tx,
    member: MemberId,
    client: ClientId,
    because: &str,
    now: Timestamp,
) -> Result<Vec<Grant>, StoreError> {
    let which = Condition::all()
        .add(C::MemberId.eq(member.0))
        .add(C::ClientId.eq(client.0))
        .add(C::ParentId.is_null())
        .add(C::DelegationId.is_null())
        .add(C::RevokedAt.is_null());
    revoke_each(tx, which, because, now).await
}

async fn revoke_where(tx: &Tx, which: Condition, told: Told, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    held(tx, which.clone()).await?;
    let signed_in = Condition::all()
        .add(which.clone())
        .add(C::ParentId.is_null())
        .add(C::DelegationId.is_null());
    match told {
        Told::Everybody => logouts::tell(tx, which.clone(), now).await?,
        Told::SignedIn => logouts::tell(tx, signed_in, now).await?,
        Told::OfThatSignIn => logouts::tell_of_sign_ins(tx, signed_in, now).await?,
        Told::Nobody => 0,
    };
    let done = oauth_grant::Entity::update_many()
        .col_expr(C::RevokedAt, Some(now).into())
        .col_expr(C::RevokedBecause, Some(because.to_owned()).into())
        .filter(which)
        .filter(C::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// Ends every grant of a member; answers how many.
pub async fn revoke_of_member(tx: &Tx, member: MemberId, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    let which = Condition::all().add(C::MemberId.eq(member.0));
    revoke_where(tx, which, Told::Everybody, because, now).await
}

/// Ends every grant in an organization's name; answers how many.
pub async fn revoke_of_organization(tx: &Tx, organization: OrganizationId, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    let which = Condition::all().add(C::OrganizationId.eq(organization.0));
    revoke_where(tx, which, Told::Everybody, because, now).await
}

/// Ends every delegation and grant of a person, however they had signed in.
pub async fn end_of_person(tx: &Tx, person: PersonId, because: &str, now: Timestamp) -> Result<Ended, StoreError> {
    let delegations = delegations::end_of_person(tx, person, because, now).await?;
    let which = Condition::all().add(C::PersonId.eq(person.0));
    let grants = revoke_where(tx, which, Told::Everybody, because, now).await?;
    Ok(Ended {
        delegations,
        grants,
        ..Ended::default()
    })
}

/// Ends every grant that a person let with their account here, not through a partner's provider; answers how many.
pub async fn revoke_of_person(tx: &Tx, person: PersonId, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    let which = Condition::all().add(C::PersonId.eq(person.0)).add(C::ProviderId.is_null());
    revoke_where(tx, which, Told::Everybody, because, now).await
}

/// Ends every grant that came of a partner's provider, or those of one member; answers how many.
pub async fn revoke_of_provider(
    tx: &Tx,
    provider: ProviderId,
    member: Option<MemberId>,
    because: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut which = Condition::all().add(C::ProviderId.eq(provider.0));
    if let Some(member) = member {
        which = which.add(C::MemberId.eq(member.0));
    }
    revoke_where(tx, which, Told::Everybody, because, now).await
}
