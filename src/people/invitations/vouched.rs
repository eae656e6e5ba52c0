//! An invitation that is accepted by signing in through the partner's own identity provider: no link, no password.

use super::{
    Invitation,
    acceptance::{AcceptError, Accepted, Opened, settle},
};
use crate::{cx::Cx, kernel::PersonId, organizations::Organization, people::Person, store};

/// Accepts for somebody whose address the organization's provider vouches for. The organization's row must be locked by the caller.
///
/// # Errors
/// [`AcceptError`].
pub async fn accept_vouched(
    cx: &mut Cx,
    organization: &Organization,
    invitation: &Invitation,
    name: &str,
) -> Result<Accepted, AcceptError> {
    let person = match store::people::find_by_email(&cx.tx, &invitation.email).await? {
        Some(person) if person.disabled_at.is_some() => return Err(AcceptError::AccountOff),
        Some(person) => person,
        None => {
            let person = Person {
                id: PersonId::new(cx.now, &mut cx.rng),
                email: invitation.email.clone(),
                name: name.to_owned(),
                time_zone: cx.tenant.time_zone,
                has_password: false,
                totp_confirmed_at: None,
                disabled_at: None,
                created_at: cx.now,
                version: 1,
            };
            if !store::people::insert(&cx.tx, &person).await? {
                return Err(AcceptError::SignInFirst);
            }
            person
        }
    };
    settle(cx, organization, invitation, &Opened::new(invitation), &person).await
}
