//! Which hat a session wears, and taking the last one off.

use super::{
    super::{identify, trail},
    SignInError,
};
use crate::{
    access::Refused,
    audit::{Event, EventKind, Subject},
    cx::Cx,
    kernel::MemberId,
    store::{self, sessions::SignedInAs},
};

/// Puts on another hat of the same person (none: the tenant's). Answers the session as it goes on, and the organization's name.
///
/// # Errors
/// [`Refused::NotFound`] for a hat that is not theirs or cannot be worn now: to this person it does not exist.
pub async fn switch_hat(cx: &mut Cx, session: SignedInAs, hat: Option<MemberId>) -> Result<(SignedInAs, String), SignInError> {
    let me = cx.actor.person().ok_or(Refused::SignedOut)?;
    let organization_name = me
        .hats
        .iter()
        .find(|other| other.member == hat)
        .map(|hat| hat.organization_name.clone())
        .ok_or(Refused::NotFound)?;
    let subject = Subject::new("person", me.id, me.name.clone());
    let (person, key) = (me.id, me.session_key.clone());
    let who = SignedInAs { member: hat, ..session };
    let found = identify(&cx.tx, &who, key, &cx.tenant, cx.now).await?.ok_or(Refused::NotFound)?;
    if found.actor.member().map(|member| member.id) != hat {
        return Err(Refused::NotFound.into());
    }
    cx.actor = found.actor;
    // Not from where: whoever reads this trail need not know for whom else the person works.
    trail::record(cx, person, Event::new(EventKind::HatSwitched).subject(subject)).await?;
    Ok((who, organization_name))
}

/// Records that someone leaves, and tells the applications; the caller ends the session. Nothing happens when nobody is signed in.
///
/// # Errors
/// [`SignInError::Store`] when it cannot be written.
pub async fn sign_out(cx: &mut Cx) -> Result<(), SignInError> {
    let Some(me) = cx.actor.person() else { return Ok(()) };
    let (person, subject) = (me.id, Subject::new("person", me.id, me.name.clone()));
    store::sessions::tell_of_end(&cx.tx, &me.session_key, cx.now).await?;
    Ok(trail::record(cx, person, Event::new(EventKind::SignedOut).subject(subject)).await?)
}
