//! The operator's forms about the tenant and its people.

use leptos::prelude::*;

use super::version_of;
use crate::{
    access::{Action, Refused},
    kernel::{AccentColor, EmailAddress, PersonId},
    organizations::commands,
    people::TenantRole,
    ui::Flash,
    web::{Done, FieldErrors, Post, fields, routes},
};

/// Changes the tenant's settings.
#[server(prefix = "/do", endpoint = "change-tenant")]
pub async fn change_tenant(
    #[server(default)] version: String,
    #[server(default)] name: String,
    #[server(default)] accent: String,
    #[server(default)] time_zone: String,
    #[server(default)] support_contact: String,
    #[server(default)] warning_days: String,
    #[server(default)] certification_grace_days: String,
) -> Result<(), ServerFnError> {
    let values = [
        ("name", name.clone()),
        ("accent", accent.clone()),
        ("time_zone", time_zone.clone()),
        ("support_contact", support_contact.clone()),
        ("warning_days", warning_days.clone()),
        ("certification_grace_days", certification_grace_days.clone()),
    ];
    let mut post = Post::begin("tenant", routes::ADMIN_SETTINGS, values).await?;
    let outcome = async {
        commands::may_in_tenant(&post.cx, Action::ManageTenant)?;
        let mut errors = FieldErrors::default();
        let name = fields::required_text(&mut errors, "name", &name, 120, "Enter the company's name.");
        let accent = errors.take(
            "accent",
            accent
                .parse::<AccentColor>()
                .map_err(|()| "Write the colour as # and six digits, for example #0a7d33."),
        );
        let zone: Option<chrono_tz::Tz> = fields::choice(&mut errors, "time_zone", &time_zone);
        let support_contact = fields::optional_text(&mut errors, "support_contact", &support_contact, 200);
        let warning_days = fields::number(&mut errors, "warning_days", &warning_days, 1..=120);
        let grace = fields::number(&mut errors, "certification_grace_days", &certification_grace_days, 0..=120);
        let (Some(name), Some(accent), Some(time_zone), Some(warning_days), Some(certification_grace_days)) =
            (name, accent, zone, warning_days, grace)
        else {
            return Err(errors.refusal());
        };
        errors.check()?;
        let input = commands::ChangeTenant {
            version: version_of(&version),
            name,
            accent,
            time_zone,
            support_contact,
            warning_days,
            certification_grace_days,
        };
        commands::change_tenant(&mut post.cx, input).await?;
        Ok(Done::to(routes::ADMIN_SETTINGS).saying(Flash::good("The settings were changed.")))
    }
    .await;
    post.finish(outcome).await
}

/// Gives a role in the tenant.
#[server(prefix = "/do", endpoint = "grant-tenant-role")]
pub async fn grant_tenant_role(
    #[server(default)] email: String,
    #[server(default)] name: String,
    #[server(default)] role: String,
) -> Result<(), ServerFnError> {
    let values = [("email", email.clone()), ("name", name.clone()), ("role", role.clone())];
    let mut post = Post::begin("grant", routes::ADMIN_PEOPLE, values).await?;
    let outcome = async {
        commands::may_in_tenant(&post.cx, Action::ManageTenant)?;
        let mut errors = FieldErrors::default();
        let email = errors.take("email", email.parse::<EmailAddress>());
        let name = fields::optional_text(&mut errors, "name", &name, 120);
        let role: Option<TenantRole> = fields::choice(&mut errors, "role", &role);
        let (Some(email), Some(role)) = (email, role) else {
            return Err(errors.refusal());
        };
        errors.check()?;
        let person = commands::grant_tenant_role(&mut post.cx, commands::GrantRole { email, name, role }).await?;
        let said = format!("{} is {} now. A mail tells them where to sign in.", person.name, with_article(role));
        Ok(Done::to(routes::ADMIN_PEOPLE).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Takes a role in the tenant away.
#[server(prefix = "/do", endpoint = "revoke-tenant-role")]
pub async fn revoke_tenant_role(#[server(default)] person: String, #[server(default)] role: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("revoke", routes::ADMIN_PEOPLE, [] as [(&str, String); 0]).await?;
    let outcome = async {
        commands::may_in_tenant(&post.cx, Action::ManageTenant)?;
        let (Ok(person), Ok(role)) = (person.parse::<PersonId>(), role.parse::<TenantRole>()) else {
            return Err(Refused::NotFound.into());
        };
        let (person, left_behind) = commands::revoke_tenant_role(&mut post.cx, commands::RevokeRole { person, role }).await?;
        let mut said = format!("{} is no longer {}.", person.name, with_article(role));
        let flash = if left_behind == 0 {
            Flash::good(said)
        } else {
            said.push_str(&format!(
                " {left_behind} partners still name them as owner or deputy. Name somebody else for these."
            ));
            Flash::warn(said)
        };
        Ok(Done::to(routes::ADMIN_PEOPLE).saying(flash))
    }
    .await;
    post.finish(outcome).await
}

/// The role in a sentence.
const fn with_article(role: TenantRole) -> &'static str {
    match role {
        TenantRole::Owner => "a partner owner",
        TenantRole::Operator => "an operator",
        TenantRole::Auditor => "an auditor",
    }
}
