//! The forms of the people pages. Each is sent by a partner's own page, or by the page of one partner for the tenant's people, who name
//! it in `organization`; what they may do to it the command decides.

use leptos::prelude::*;

use super::commands::{self, EndMembership, MemberRef};
use crate::{
    access::{Action, Refused},
    cx::Cx,
    kernel::{EmailAddress, MemberId, OrganizationId, last_day},
    store,
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, fields, routes},
};

/// The page of the member that a form is on.
fn page_of(organization: &str, member: &str) -> String {
    let slug_is_plain = organization.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    match member.parse::<MemberId>() {
        Ok(id) if organization.is_empty() => routes::member(id),
        Ok(id) if slug_is_plain => routes::partner_member(organization, id),
        _ => routes::TEAM.to_owned(),
    }
}

/// The organization a form is about: in a partner's hat its own, else the partner that the page named.
async fn organization_of(cx: &Cx, slug: &str) -> Result<OrganizationId, Refusal> {
    if let Some(acting) = cx.actor.member() {
        let own = slug.is_empty() || slug == acting.organization_slug;
        return if own {
            Ok(acting.organization)
        } else {
            Err(Refused::NotFound.into())
        };
    }
    if cx.actor.person().is_none() {
        return Err(Refused::SignedOut.into());
    }
    let organization = store::organizations::find_by_slug(&cx.tx, slug).await?.ok_or(Refused::NotFound)?;
    Ok(organization.id)
}

async fn which(cx: &Cx, organization: &str, member: &str, version: &str) -> Result<MemberRef, Refusal> {
    let organization = organization_of(cx, organization).await?;
    let Ok(member) = member.parse() else {
        return Err(Refused::NotFound.into());
    };
    // A version that does not read is one that does not fit.
    Ok(MemberRef {
        organization,
        member,
        version: version.trim().parse().unwrap_or(-1),
    })
}

/// Pauses a membership.
#[server(prefix = "/do", endpoint = "suspend-member")]
pub async fn suspend_member(
    #[server(default)] organization: String,
    #[server(default)] member: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let page = page_of(&organization, &member);
    let mut post = Post::begin("suspend", page.clone(), [("reason", reason.clone())]).await?;
    let outcome = async {
        let which = which(&post.cx, &organization, &member, &version).await?;
        commands::may(&post.cx, Action::SuspendMember, which).await?;
        let mut errors = FieldErrors::default();
        let reason = fields::optional_text(&mut errors, "reason", &reason, 500);
        errors.check()?;
        let (_, name) = commands::suspend_member(&mut post.cx, EndMembership { which, reason }).await?;
        Ok(Done::to(page).saying(Flash::good(format!(
            "{name} is suspended. Their sessions ended, and nothing is lost: reinstate them at any time."
        ))))
    }
    .await;
    post.finish(outcome).await
}

/// Takes a suspension back.
#[server(prefix = "/do", endpoint = "reinstate-member")]
pub async fn reinstate_member(
    #[server(default)] organization: String,
    #[server(default)] member: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let page = page_of(&organization, &member);
    let mut post = Post::begin("reinstate", page.clone(), [] as [(&str, String); 0]).await?;
    let outcome = async {
        let which = which(&post.cx, &organization, &member, &version).await?;
        let (_, name) = commands::reinstate_member(&mut post.cx, commands::ReinstateMember { which }).await?;
        Ok(Done::to(page).saying(Flash::good(format!(
            "{name} is active again, with everything they held that has not ended."
        ))))
    }
    .await;
    post.finish(outcome).await
}

/// Ends a membership for good.
#[server(prefix = "/do", endpoint = "remove-member")]
pub async fn remove_member(
    #[server(default)] organization: String,
    #[server(default)] member: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let page = page_of(&organization, &member);
    let mut post = Post::begin("remove", page.clone(), [("reason", reason.clone())]).await?;
    let outcome = async {
        let which = which(&post.cx, &organization, &member, &version).await?;
        commands::may(&post.cx, Action::RemoveMember, which).await?;
        let mut errors = FieldErrors::default();
        let reason = fields::optional_text(&mut errors, "reason", &reason, 500);
        errors.check()?;
        let (_, name) = commands::remove_member(&mut post.cx, EndMembership { which, reason }).await?;
        Ok(Done::to(page).saying(Flash::good(format!(
            "{name} was removed. Their applications and sessions ended, and the seat is free."
        ))))
    }
    .await;
    post.finish(outcome).await
}

/// Sets the last day of a membership, or clears it when the field is left empty.
#[server(prefix = "/do", endpoint = "schedule-leave")]
pub async fn schedule_leave(
    #[server(default)] organization: String,
    #[server(default)] member: String,
    #[server(default)] version: String,
    #[server(default)] ends_on: String,
) -> Result<(), ServerFnError> {
    let page = page_of(&organization, &member);
    let mut post = Post::begin("leave", page.clone(), [("ends_on", ends_on.clone())]).await?;
    let outcome = async {
        let which = which(&post.cx, &organization, &member, &version).await?;
        commands::may(&post.cx, Action::ScheduleLeave, which).await?;
        let mut errors = FieldErrors::default();
        let day = fields::optional_day(&mut errors, "ends_on", &ends_on);
        errors.check()?;
        let (member, name) = commands::schedule_leave(&mut post.cx, commands::ScheduleLeave { which, last_day: day }).await?;
        let said = match member.ends_at {
            Some(end) => {
                let day = last_day(end, post.cx.tenant.time_zone).format("%-d %b %Y");
                format!("{name}'s last day is {day}. Access ends then by itself.")
            }
            None => format!("{name} has no leave date any more. Access ends with the contract."),
        };
        Ok(Done::to(page).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Gives a member another role.
#[server(prefix = "/do", endpoint = "change-role")]
pub async fn change_role(
    #[server(default)] organization: String,
    #[server(default)] member: String,
    #[server(default)] version: String,
    #[server(default)] role: String,
) -> Result<(), ServerFnError> {
    let page = page_of(&organization, &member);
    let mut post = Post::begin("role", page.clone(), [("role", role.clone())]).await?;
    let outcome = async {
        let which = which(&post.cx, &organization, &member, &version).await?;
        commands::may(&post.cx, Action::ChangeRole, which).await?;
        let mut errors = FieldErrors::default();
        let role = fields::choice(&mut errors, "role", &role);
        let Some(role) = role else { return Err(errors.refusal()) };
        let (member, name) = commands::change_role(&mut post.cx, commands::ChangeRole { which, role }).await?;
        Ok(Done::to(page).saying(Flash::good(format!("{name}'s role is now {}.", member.role.title().to_lowercase()))))
    }
    .await;
    post.finish(outcome).await
}

/// Replaces a leaver by a joiner.
#[server(prefix = "/do", endpoint = "rotate-member")]
pub async fn rotate_member(
    #[server(default)] member: String,
    #[server(default)] version: String,
    #[server(default)] email: String,
    #[server(default)] name: String,
    #[server(default)] overlap: String,
) -> Result<(), ServerFnError> {
    let back = member.parse::<MemberId>().map_or_else(|_| routes::TEAM.to_owned(), routes::rotate);
    let values = [("email", email.clone()), ("name", name.clone()), ("overlap", overlap.clone())];
    let mut post = Post::begin("rotate", back, values).await?;
    let outcome = async {
        let which = which(&post.cx, "", &member, &version).await?;
        commands::may(&post.cx, Action::RotateMember, which).await?;
        let mut errors = FieldErrors::default();
        let email = errors.take("email", email.parse::<EmailAddress>());
        let name = fields::required_text(&mut errors, "name", &name, 100, "Enter the joiner's name.");
        let overlap = if overlap.trim().is_empty() {
            Some(0)
        } else {
            fields::number(&mut errors, "overlap", &overlap, 0..=commands::LONGEST_OVERLAP_HOURS)
        };
        let (Some(email), Some(name), Some(overlap_hours)) = (email, name, overlap) else {
            return Err(errors.refusal());
        };
        let done = commands::rotate_member(
            &mut post.cx,
            commands::RotateMember {
                which,
                email,
                name,
                overlap_hours,
            },
        )
        .await?;
        let (leaver, joiner) = (&done.leaver_name, &done.joiner_name);
        let said = if done.leaver.read_only {
            format!(
                "{joiner} takes over from {leaver} and gets a mail. {leaver} may look, but not change anything, for {overlap_hours} hours."
            )
        } else {
            format!("{joiner} takes over from {leaver} and gets a mail. {leaver}'s access has ended.")
        };
        Ok(Done::to(routes::member(done.joiner.id)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}
