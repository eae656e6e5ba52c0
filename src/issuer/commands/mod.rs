//! What the authorization server does; one file per thing that is asked of it.

mod authorize;
mod clients;
mod issue;
mod own;
mod push;
mod redeem;
mod refresh;
mod revoke;
mod rotate;

pub use authorize::{Authorized, authorize};
pub use clients::{ClientError, change_client, may_change_clients, register_client, renew_secret, switch_client};
pub use issue::Issued;
pub(super) use issue::used;
pub use own::{OwnRequest, issue_to_client, own_token};
pub use push::push;
pub use redeem::{Redemption, redeem};
pub use refresh::refresh;
pub use revoke::revoke;
pub(super) use revoke::spent_token;
pub use rotate::rotate_keys;

use super::{
    model::{Client, Grant},
    standing::Refusal,
};
use crate::{
    audit::{self, Event, EventKind, Outcome, Subject},
    cx::Cx,
    store::{self, StoreError, issuer::ending},
};

/// Why a token is refused that would open nothing.
const NOTHING_LEFT: &str = "Nothing of what was given is still held.";

/// An event about a client's tokens for a member; the caller adds scopes and outcome.
async fn about(cx: &Cx, kind: EventKind, client: &Client, grant: &Grant) -> Result<Event, StoreError> {
    let mut event = Event::new(kind)
        .detail("client", client.terms.client_id.clone())
        .detail("grant", grant.id.to_string());
    if let Some(organization) = store::organizations::get(&cx.tx, grant.organization).await? {
        event = event.organization(organization.id, organization.name);
    }
    if let Some(application) = store::applications::get(&cx.tx, grant.application).await? {
        event = event.application(application.id, application.name);
    }
    if let Some(person) = store::people::get(&cx.tx, grant.person).await? {
        event = event.subject(Subject::new("member", grant.member, person.name));
    }
    Ok(event)
}

/// Records that a token was refused. The caller ends what stood behind it: whoever lost the grounds does not get them back by asking again.
async fn refuse(cx: &mut Cx, client: &Client, grant: &Grant, refusal: &Refusal, asked: &[String]) -> Result<(), StoreError> {
    let reason = refusal.reason();
    let event = about(cx, EventKind::TokenIssued, client, grant)
        .await?
        .outcome(Outcome::Denied)
        .detail("scopes_asked", if asked.is_empty() { grant.scopes.clone() } else { asked.to_vec() })
        .detail("policies", refusal.policies())
        .detail("circumstances", refusal.circumstance())
        .reason(&reason);
    audit::record(cx, event).await
}

/// Ends a grant with every token of it, and tells the trail when there was something to end.
async fn end(cx: &mut Cx, client: &Client, grant: &Grant, because: &str) -> Result<(), StoreError> {
    if ending::revoke(&cx.tx, grant.id, because, cx.now).await? {
        let event = about(cx, EventKind::TokensRevoked, client, grant).await?.reason(because);
        audit::record(cx, event).await?;
    }
    Ok(())
}
