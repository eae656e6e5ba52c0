//! Forms about what members hold.

use leptos::prelude::*;
use server_fn::ServerFnError;

use super::{identifier, scopes as ticked, segment, several};
use crate::{
    apps::commands,
    kernel::{MemberId, end_of_day},
    ui::Flash,
    web::{Done, FieldErrors, Post, fields, routes},
};

/// Assigns an application to members.
#[server(prefix = "/do", endpoint = "assign-application")]
pub async fn assign_application(
    #[server(default)] application: String,
    #[server(default)] members: Vec<String>,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] ends: String,
) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let kept = several("members[]", &members)
        .chain(several("scopes[]", &scopes))
        .chain([("ends", ends.clone())])
        .collect::<Vec<_>>();
    let mut post = Post::begin("assign", routes::team_assign(&application), kept).await?;
    let outcome = async {
        let chosen: Vec<MemberId> = members.iter().map(|id| identifier(id)).collect::<Result<_, _>>()?;
        let ticked = ticked(&scopes)?;
        commands::may_assign(&post.cx, &application, &chosen).await?;
        let mut errors = FieldErrors::default();
        let day = fields::optional_day(&mut errors, "ends", &ends);
        if members.is_empty() {
            errors.add("members[]", "Choose at least one person.");
        }
        if scopes.is_empty() {
            errors.add("scopes[]", "Choose at least one permission.");
        }
        errors.check()?;
        let input = commands::AssignApplication {
            application: application.clone(),
            members: chosen,
            scopes: ticked,
            ends_at: day.map(|day| end_of_day(day, post.cx.tenant.time_zone)),
        };
        let granted = commands::assign_application(&mut post.cx, input).await?;
        let said = if granted.len() == 1 {
            "Assigned to one person.".to_owned()
        } else {
            format!("Assigned to {} people.", granted.len())
        };
        Ok(Done::to(routes::team_app(&application)).saying(Flash::good(format!("{said} They see it among their applications now."))))
    }
    .await;
    post.finish(outcome).await
}

/// Narrows, widens or moves the end of an assignment.
#[server(prefix = "/do", endpoint = "change-assignment")]
pub async fn change_assignment(
    #[server(default)] application: String,
    #[server(default)] assignment: String,
    #[server(default)] version: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] ends: String,
) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let kept = several("scopes[]", &scopes).chain([("ends", ends.clone())]).collect::<Vec<_>>();
    let mut post = Post::begin("change", routes::team_assignment(&application, segment(&assignment)), kept).await?;
    let outcome = async {
        let id = identifier(&assignment)?;
        let ticked = ticked(&scopes)?;
        commands::may_change_assignment(&post.cx, id).await?;
        let mut errors = FieldErrors::default();
        let day = fields::optional_day(&mut errors, "ends", &ends);
        if scopes.is_empty() {
            errors.add("scopes[]", "Choose at least one permission.");
        }
        errors.check()?;
        let input = commands::ChangeAssignment {
            assignment: id,
            version: identifier(&version)?,
            scopes: ticked,
            ends_at: day.map(|day| end_of_day(day, post.cx.tenant.time_zone)),
        };
        let changed = commands::change_assignment(&mut post.cx, input).await?;
        let said = format!(
            "Changed what {} may do in {}. It counts from now on.",
            changed.name, changed.application.name
        );
        Ok(Done::to(routes::team_app(&changed.application.slug)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Takes an assignment away. `member` is set on the page about a member, which is then shown again.
#[server(prefix = "/do", endpoint = "revoke-assignment")]
pub async fn revoke_assignment(
    #[server(default)] application: String,
    #[server(default)] assignment: String,
    #[server(default)] member: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let back = member
        .parse::<MemberId>()
        .map_or_else(|_| routes::team_app(&application), routes::member);
    let mut post = Post::begin("revoke", back.clone(), [("reason", reason.clone())]).await?;
    let outcome = async {
        let id = identifier(&assignment)?;
        commands::may_change_assignment(&post.cx, id).await?;
        let mut errors = FieldErrors::default();
        let reason = fields::optional_text(&mut errors, "reason", &reason, 500);
        errors.check()?;
        let done = commands::revoke_assignment(&mut post.cx, id, reason).await?;
        let said = format!("{} no longer has {}.", done.name, done.application.name);
        Ok(Done::to(back).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Gives an application back.
#[server(prefix = "/do", endpoint = "return-application")]
pub async fn return_application(#[server(default)] application: String) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let mut post = Post::begin("return", routes::app(&application), Vec::<(String, String)>::new()).await?;
    let outcome = async {
        let done = commands::return_application(&mut post.cx, &application).await?;
        let said = format!(
            "You gave {} back. If you need it again, ask the people who run your team here.",
            done.application.name
        );
        Ok(Done::to(routes::HOME).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}
