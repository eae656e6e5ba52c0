//! Forms of the set-up of a connection.

pub mod admit;
pub mod begin;
pub mod reach;
pub mod switch;
pub(super) mod typed;

use super::commands;
use crate::{
    access::Refused,
    cx::Cx,
    federation::commands::managed_organization,
    kernel::ProviderId,
    organizations::Organization,
    web::{Refusal, RequestCx},
};

const NOTHING: [(&str, String); 0] = [];

/// The connection that a form is about: found before anything typed is looked at.
async fn id_of(cx: &Cx, organization: &Organization, provider: &str) -> Result<ProviderId, Refusal> {
    let id = provider.parse().map_err(|_| Refused::NotFound)?;
    Ok(commands::theirs(cx, organization, id).await?.id)
}

/// Whether whoever asks may manage the organization's sign-in: nothing is fetched for anybody else.
async fn may_manage(organization: &str) -> Result<RequestCx, Refusal> {
    let request = RequestCx::current().ok_or(Refused::NotFound)?;
    let cx = request.begin().await?;
    let allowed = managed_organization(&cx, organization).await;
    cx.tx.rollback().await?;
    allowed?;
    Ok(request)
}
