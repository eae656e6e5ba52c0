//! Forms of the ledger, and of what operators declare.

use leptos::prelude::*;

use super::{commands, declared, model::Object};
use crate::{
    access::{Action, Refused},
    apps::actions::segment,
    issuer::commands::may_change_clients,
    kernel::{ClientId, MemberId, end_of_day},
    store::{self, issuer::clients},
    ui::Flash,
    web::{Done, FieldErrors, Post, fields, routes},
};

/// The ledger that a form was on: one's own, or the team's.
fn ledger(of: &str) -> &'static str {
    if of == "team" { routes::TEAM_ACTING } else { routes::MY_ACTING }
}

/// The page to let a system act for a member of the team, or for oneself.
fn giving(of: &str, member: &str, application: &str) -> String {
    let application = ("application", segment(application));
    if of == "team" {
        routes::with_query(routes::TEAM_ACTING_NEW, [("member", segment(member)), application])
    } else {
        routes::with_query(routes::MY_ACTING_NEW, [application])
    }
}

/// Lets a system act for somebody while they are away.
#[server(prefix = "/do", endpoint = "give-delegation")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn give_delegation(
    #[server(default)] of: String,
    #[server(default)] member: String,
    #[server(default)] client: String,
    #[server(default)] application: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] purpose: String,
    #[server(default)] ends: String,
    #[server(default)] object_type: String,
    #[server(default)] object_identifier: String,
    #[server(default)] object_actions: String,
) -> Result<(), ServerFnError> {
    let mut kept = vec![
        ("client", client.clone()),
        ("purpose", purpose.clone()),
        ("ends", ends.clone()),
        ("object_type", object_type.clone()),
        ("object_identifier", object_identifier.clone()),
        ("object_actions", object_actions.clone()),
    ];
    kept.extend(scopes.iter().map(|scope| ("scopes[]", scope.clone())));
    let mut post = Post::begin("delegation", giving(&of, &member, &application), kept).await?;
    let outcome = async {
        let id: MemberId = match member.as_str() {
            "" => post.cx.actor.member().map(|member| member.id).ok_or(Refused::NotFound),
            id => id.parse().map_err(|_| Refused::NotFound),
        }
        .map_err(|refused| {
            if post.cx.actor.person().is_none() {
                Refused::SignedOut
            } else {
                refused
            }
        })?;
        commands::whom(&post.cx, id, Action::DelegateOneself, Action::GiveDelegation).await?;
        let mut errors = FieldErrors::default();
        let missing = "Say what for, so that everybody who sees it knows.";
        let purpose = fields::required_text(&mut errors, "purpose", &purpose, 300, missing);
        let day = fields::required_day(&mut errors, "ends", &ends);
        let chosen = client.parse::<ClientId>().map_err(|_| "Choose a system.");
        let client = errors.take("client", chosen);
        let (Some(purpose), Some(day), Some(client)) = (purpose, day, client) else {
            return Err(errors.refusal());
        };
        errors.check()?;
        let named = !(object_type.trim().is_empty() && object_identifier.trim().is_empty() && object_actions.trim().is_empty());
        let object = named.then(|| Object {
            kind: object_type.trim().to_owned(),
            identifier: object_identifier.trim().to_owned(),
            actions: object_actions
                .split([',', '\n'])
                .map(str::trim)
                .filter(|action| !action.is_empty())
                .map(str::to_owned)
                .collect(),
        });
        let through = post.request.signed_in_as().await.and_then(|session| session.through);
        let input = commands::GiveDelegation {
            member: id,
            client,
            application: segment(&application),
            scopes,
            purpose,
            object,
            ends_at: end_of_day(day, post.cx.tenant.time_zone),
            provider: through.map(|through| through.provider),
        };
        let given = commands::give_delegation(&mut post.cx, input).await?;
        let system = clients::get(&post.cx.tx, given.client)
            .await?
            .map(|client| client.terms.name)
            .unwrap_or_default();
        Ok(Done::to(ledger(&of)).saying(Flash::good(format!(
            "{system} can act from now on. You can stop it here at any time."
        ))))
    }
    .await;
    post.finish(outcome).await
}

/// Ends a delegation.
#[server(prefix = "/do", endpoint = "end-delegation")]
pub async fn end_delegation(#[server(default)] of: String, #[server(default)] delegation: String) -> Result<(), ServerFnError> {
    let back = ledger(&of);
    let mut post = Post::begin("acting", back, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let signed_out = post.cx.actor.person().is_none();
        let id = delegation
            .parse()
            .map_err(|_| if signed_out { Refused::SignedOut } else { Refused::NotFound })?;
        let system = commands::end_delegation(&mut post.cx, id).await?;
        Ok(Done::to(back).saying(stopped(&system)))
    }
    .await;
    post.finish(outcome).await
}

/// Stops a client from acting by what the operator declared.
#[server(prefix = "/do", endpoint = "stop-acting")]
pub async fn stop_acting(
    #[server(default)] of: String,
    #[server(default)] member: String,
    #[server(default)] client: String,
    #[server(default)] application: String,
) -> Result<(), ServerFnError> {
    let back = ledger(&of);
    let mut post = Post::begin("acting", back, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let signed_out = post.cx.actor.person().is_none();
        let unknown = || if signed_out { Refused::SignedOut } else { Refused::NotFound };
        let member: MemberId = member.parse().map_err(|_| unknown())?;
        commands::whom(&post.cx, member, Action::EndOwnDelegation, Action::EndDelegation).await?;
        let client = client.parse().map_err(|_| unknown())?;
        let application = application.parse().map_err(|_| unknown())?;
        let system = commands::stop_acting(&mut post.cx, member, client, application).await?;
        Ok(Done::to(back).saying(stopped(&system)))
    }
    .await;
    post.finish(outcome).await
}

/// Ends what an application holds of somebody's sign-in.
#[server(prefix = "/do", endpoint = "stop-application")]
pub async fn stop_application(#[server(default)] of: String, #[server(default)] grant: String) -> Result<(), ServerFnError> {
    let back = ledger(&of);
    let mut post = Post::begin("acting", back, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let signed_out = post.cx.actor.person().is_none();
        let id = grant
            .parse()
            .map_err(|_| if signed_out { Refused::SignedOut } else { Refused::NotFound })?;
        let system = commands::stop_application(&mut post.cx, id).await?;
        Ok(Done::to(back).saying(Flash::good(format!(
            "{system} is signed out everywhere. What it held is worth nothing; a new sign-in there gives it new access."
        ))))
    }
    .await;
    post.finish(outcome).await
}

fn stopped(system: &str) -> Flash {
    Flash::good(format!(
        "{system} is stopped. What it held is worth nothing from this moment, and it gets nothing new."
    ))
}

/// Says where a client may act for people.
#[server(prefix = "/do", endpoint = "declare-acting")]
pub async fn declare_acting(
    #[server(default)] application: String,
    #[server(default)] client: String,
    #[server(default)] target: String,
    #[server(default)] acting_scopes: String,
) -> Result<(), ServerFnError> {
    let back = routes::admin_app_clients(&segment(&application));
    let kept = [
        ("client", client.clone()),
        ("target", target.clone()),
        ("acting_scopes", acting_scopes.clone()),
    ];
    let mut post = Post::begin("declare-acting", back.clone(), kept).await?;
    let outcome = async {
        let application = may_change_clients(&post.cx, &segment(&application)).await?;
        let id: ClientId = client.parse().map_err(|_| Refused::NotFound)?;
        let client = clients::get(&post.cx.tx, id)
            .await?
            .filter(|client| client.application == application.id)
            .ok_or(Refused::NotFound)?;
        let target = store::applications::find_by_slug(&post.cx.tx, &segment(&target)).await?;
        let target = target.ok_or_else(|| crate::web::Refusal::field("target", "Choose an application."))?;
        let scopes: Vec<String> = acting_scopes.split_whitespace().map(str::to_owned).collect();
        declared::declare_acting(&mut post.cx, &client, &target, scopes).await?;
        Ok(Done::to(back).saying(Flash::good(format!("{} may act for people at {}.", client.terms.name, target.name))))
    }
    .await;
    post.finish(outcome).await
}

/// Takes that back.
#[server(prefix = "/do", endpoint = "withdraw-acting")]
pub async fn withdraw_acting(
    #[server(default)] application: String,
    #[server(default)] client: String,
    #[server(default)] acting: String,
) -> Result<(), ServerFnError> {
    let back = routes::admin_app_clients(&segment(&application));
    let mut post = Post::begin("client-change", back.clone(), [] as [(&str, String); 0]).await?;
    let outcome = async {
        may_change_clients(&post.cx, &segment(&application)).await?;
        let client: ClientId = client.parse().map_err(|_| Refused::NotFound)?;
        let acting = acting.parse().map_err(|_| Refused::NotFound)?;
        let (client, target) = declared::withdraw_acting(&mut post.cx, client, acting).await?;
        Ok(Done::to(back).saying(Flash::good(format!(
            "{} acts for nobody at {} any more. Tokens that it has count for nothing.",
            client.terms.name, target.name
        ))))
    }
    .await;
    post.finish(outcome).await
}
