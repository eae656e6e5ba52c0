//! The two forms of a certification: yes and no.

use leptos::prelude::*;

use super::commands::{self, CertifyError};
use crate::{
    access::Action,
    organizations::{
        actions::{end_of, page_of, version_of},
        commands::may,
    },
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, fields, routes},
};

impl From<CertifyError> for Refusal {
    fn from(error: CertifyError) -> Self {
        match error {
            CertifyError::Organization(error) => error.into(),
            CertifyError::Refused(refused) => refused.into(),
            CertifyError::Store(error) => error.into(),
        }
    }
}

/// Certifies a partner.
#[server(prefix = "/do", endpoint = "certify-partner")]
pub async fn certify_partner(
    #[server(default)] organization: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
    #[server(default)] next_due: String,
) -> Result<(), ServerFnError> {
    let values = [("reason", reason.clone()), ("next_due", next_due.clone())];
    let mut post = Post::begin("certify", page_of(&organization, "certify"), values).await?;
    let outcome = async {
        may::<Refusal>(&post.cx, &organization, Action::Certify).await?;
        let mut errors = FieldErrors::default();
        let reason = fields::required_text(&mut errors, "reason", &reason, 1000, "Say why the partner still needs this access.");
        let next_due_at = end_of(&mut errors, "next_due", &next_due, post.cx.tenant.time_zone);
        let (Some(reason), Some(next_due_at)) = (reason, next_due_at) else {
            return Err(errors.refusal());
        };
        let input = commands::CertifyPartner {
            organization,
            version: version_of(&version),
            reason,
            next_due_at,
        };
        let partner = commands::certify_partner(&mut post.cx, input).await?;
        Ok(Done::to(routes::CERTIFICATIONS).saying(Flash::good(format!(
            "{} is certified. The evidence was kept with your decision.",
            partner.name
        ))))
    }
    .await;
    post.finish(outcome).await
}

/// Declines to certify a partner.
#[server(prefix = "/do", endpoint = "decline-partner")]
pub async fn decline_partner(
    #[server(default)] organization: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("decline", page_of(&organization, "certify"), [("reason", reason.clone())]).await?;
    let outcome = async {
        may::<Refusal>(&post.cx, &organization, Action::Certify).await?;
        let mut errors = FieldErrors::default();
        let reason = fields::required_text(
            &mut errors,
            "reason",
            &reason,
            1000,
            "Say why the partner should not keep this access.",
        );
        let Some(reason) = reason else { return Err(errors.refusal()) };
        let input = commands::DeclinePartner {
            organization,
            version: version_of(&version),
            reason,
        };
        let partner = commands::decline_partner(&mut post.cx, input).await?;
        let said = format!(
            "{} is paused and its sessions ended. Certify it to give everything back.",
            partner.name
        );
        Ok(Done::to(routes::CERTIFICATIONS).saying(Flash::warn(said)))
    }
    .await;
    post.finish(outcome).await
}
