//! The forms about an organization's look and sign-in rules, for its own admin and for the tenant's people.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use leptos::prelude::*;

use super::{page_of, version_of};
use crate::{
    access::Action,
    kernel::AccentColor,
    organizations::commands::{self, LogoChange},
    ui::Flash,
    web::{Done, FieldErrors, Post, RequestCx, routes},
};

/// In a partner's hat the settings of the own team, else the partner's page that was named.
fn page(organization: &str) -> String {
    let own = RequestCx::current().is_some_and(|request| request.actor.organization().is_some());
    if own || organization.is_empty() {
        routes::TEAM_SETTINGS.to_owned()
    } else {
        page_of(organization, "edit")
    }
}

fn named(organization: String) -> Option<String> {
    (!organization.is_empty()).then_some(organization)
}

/// Changes colour and logo. The logo's bytes come as base64, from the multipart form of `upload-branding`.
#[server(prefix = "/do", endpoint = "change-branding")]
pub async fn change_branding(
    #[server(default)] organization: String,
    #[server(default)] team: String,
    #[server(default)] version: String,
    #[server(default)] accent: String,
    #[server(default)] logo: String,
    #[server(default)] remove_logo: String,
) -> Result<(), ServerFnError> {
    let page = page(&organization);
    let mut post = Post::begin(
        "branding",
        page.clone(),
        [("accent", accent.clone()), ("remove_logo", remove_logo.clone())],
    )
    .await?;
    let team = team.parse().ok();
    let outcome = async {
        commands::own_or_named(&post.cx, Some(&organization), team, Action::EditBranding).await?;
        let mut errors = FieldErrors::default();
        let accent = errors.take(
            "accent",
            accent
                .parse::<AccentColor>()
                .map_err(|()| "Write the colour as # and six digits, for example #0a7d33."),
        );
        let logo = match (logo.is_empty(), remove_logo == "yes") {
            (false, true) => {
                errors.add("logo", "Either choose a new logo or remove the logo, not both.");
                None
            }
            (true, true) => Some(LogoChange::Remove),
            (true, false) => Some(LogoChange::Keep),
            (false, false) => {
                let bytes = URL_SAFE_NO_PAD
                    .decode(&logo)
                    .map_err(|_| "The file did not arrive whole. Send it again.");
                errors.take("logo", bytes).map(LogoChange::Replace)
            }
        };
        let (Some(accent), Some(logo)) = (accent, logo) else {
            return Err(errors.refusal());
        };
        errors.check()?;
        let input = commands::ChangeBranding {
            organization: named(organization),
            team,
            version: version_of(&version),
            accent,
            logo,
        };
        commands::change_branding(&mut post.cx, input).await?;
        Ok(Done::to(page).saying(Flash::good("The branding was changed. Browsers show it within a few minutes.")))
    }
    .await;
    post.finish(outcome).await
}

/// Changes whether administrative actions need a fresh second factor.
#[server(prefix = "/do", endpoint = "change-sign-in-rules")]
pub async fn change_sign_in_rules(
    #[server(default)] organization: String,
    #[server(default)] team: String,
    #[server(default)] version: String,
    #[server(default)] require_step_up: String,
) -> Result<(), ServerFnError> {
    let page = page(&organization);
    let mut post = Post::begin("rules", page.clone(), [("require_step_up", require_step_up.clone())]).await?;
    let outcome = async {
        let input = commands::ChangeSignInRules {
            organization: named(organization),
            team: team.parse().ok(),
            version: version_of(&version),
            require_step_up: require_step_up == "yes",
        };
        let organization = commands::change_sign_in_rules(&mut post.cx, input).await?;
        let said = if organization.require_step_up {
            "From now on, changes need a fresh confirmation with the authenticator app."
        } else {
            "Changes no longer need a fresh confirmation."
        };
        Ok(Done::to(page).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}
