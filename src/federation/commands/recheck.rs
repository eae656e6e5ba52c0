//! Asking the claim rules between sign-ins (mission B7): what the provider last said may not hold any more, because a day has come or
//! because the rules were changed.

use super::enter::keep_out;
use crate::{
    access::Actor,
    cx::Cx,
    federation::rules::Broken,
    kernel::{MemberId, OrganizationId, ProviderId},
    store::{
        self, StoreError,
        federation::{links, providers},
    },
};

/// Asks the rules about a member whom this provider had let in; one that fails puts them out at once. Answers it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn recheck(
    cx: &mut Cx,
    organization: OrganizationId,
    provider: ProviderId,
    member: MemberId,
) -> Result<Option<Broken>, StoreError> {
    // Whom the provider does not name any more, because another one stands behind the connection now, is nobody it vouches for.
    let unknown = || Broken {
        rule: String::new(),
        reason: "The sign-in of the person's company was set up anew. They sign in again first.".to_owned(),
    };
    let Some(provider) = providers::get(&cx.tx, organization, provider).await? else {
        return Ok(Some(unknown()));
    };
    let known = links::of_member(&cx.tx, member).await?;
    let Some(link) = known.into_iter().find(|link| link.provider == provider.id) else {
        return Ok(Some(unknown()));
    };
    let Some(broken) = provider.rules.broken_since(&link.ruled, cx.now) else {
        return Ok(None);
    };
    // Held, because the last partner admin is looked for.
    if let Some(organization) = store::organizations::get_locked(&cx.tx, organization).await? {
        // The rule puts them out, not the application that happened to ask for a token.
        let asking = std::mem::replace(&mut cx.actor, Actor::System("Authorization server"));
        keep_out(cx, &organization, &provider, link, &broken).await?;
        cx.actor = asking;
    }
    Ok(Some(broken))
}
