//! The forms of invitations. Each parses, runs one command, and sends the browser on.

use std::collections::{BTreeMap, HashMap};

use leptos::{prelude::ServerFnError, server};

use super::{
    Draft, DraftRow, Facts,
    acceptance::{self, Accepted, OPENED_KEY, Opened},
    commands, facts,
    input::{self, ListError},
    queries::{Place, place_of_form, place_to_begin_in},
};
use crate::{
    access::Refused,
    kernel::{EmailAddress, EntitlementId, Password, ScopeId, day_of, last_day},
    people::{MemberRole, delegation::may_grant},
    signin::passwords::{HashedPassword, PasswordError},
    store::sessions::SignedInAs,
    ui::Flash,
    web::{CONTINUE_KEY, Done, FieldErrors, Post, Refusal, RequestCx, fields, routes},
};

/// The session key of the draft that waits for its review.
pub const DRAFT_KEY: &str = "invitation_draft";

/// Where a form goes back to: the page it stands on.
fn back_to(partner: &str, part: &str, own: &str) -> String {
    if partner.is_empty() {
        own.to_owned()
    } else {
        routes::partner_part(&only_slug(partner), part)
    }
}

/// An address part as we make them; anything else cannot name a partner and must not get into a `Location`.
fn only_slug(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .take(100)
        .collect()
}

/// `POST /do/preview-invitations`: one person, pasted addresses or the text of a CSV file; nothing is sent, the report is shown.
#[server(prefix = "/do", endpoint = "preview-invitations")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn preview_invitations(
    #[server(default)] partner: String,
    #[server(default)] team: String,
    #[server(default)] by: String,
    #[server(default)] email: String,
    #[server(default)] name: String,
    #[server(default)] addresses: String,
    #[server(default)] csv: String,
    #[server(default)] csv_error: String,
    #[server(default)] role: String,
    #[server(default)] scopes: HashMap<String, Vec<String>>,
    #[server(default)] until: String,
) -> Result<(), ServerFnError> {
    let by = if matches!(by.as_str(), "addresses" | "file") {
        by
    } else {
        "one".to_owned()
    };
    let page = back_to(&partner, "invite", routes::TEAM_INVITE);
    let back = if by == "one" { page } else { format!("{page}?by={by}") };
    let mut values: Vec<(String, String)> = [
        ("email", &email),
        ("name", &name),
        ("addresses", &addresses),
        ("role", &role),
        ("until", &until),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.clone()))
    .collect();
    values.extend(
        scopes
            .iter()
            .flat_map(|(app, chosen)| chosen.iter().map(move |scope| (format!("scopes[{app}][]"), scope.clone()))),
    );
    let post = Post::begin("invite", back.clone(), values).await?;
    let outcome = async {
        let place = place_to_begin_in(&post.cx, &partner, &team).await?;
        commands::check_open(&post.cx, &place.organization)?;
        let mut errors = FieldErrors::default();
        let rows = match by.as_str() {
            "addresses" => errors.take("addresses", input::pasted(&addresses)),
            "file" => errors.take("file", file_rows(&csv, &csv_error)),
            _ => one_row(&mut errors, &email, &name),
        };
        let facts = facts::load(
            &post.cx.tx,
            &post.cx.actor,
            &place.organization,
            &[],
            post.cx.tenant.time_zone,
            post.cx.now,
        )
        .await?;
        let role = fields::choice::<MemberRole>(&mut errors, "role", &role).filter(|role| {
            let may = may_grant(&post.cx.actor, *role);
            if !may {
                errors.add("role", format!("You cannot give the role {}: it is above your own.", role.title()));
            }
            may
        });
        let until = fields::optional_day(&mut errors, "until", &until);
        check_last_day(&mut errors, &facts, until);
        let grants = chosen_grants(&mut errors, &facts, &scopes);
        errors.check()?;
        let (Some(rows), Some(role)) = (rows, role) else {
            return Err(Refusal::because("Nothing was sent. Fill in the form again."));
        };
        let draft = Draft {
            organization: place.organization.id,
            from: back,
            role,
            grants,
            until,
            rows,
        };
        Ok(Done::to(place.review()).remembering(DRAFT_KEY, draft))
    }
    .await;
    post.finish(outcome).await
}

fn one_row(errors: &mut FieldErrors, email: &str, name: &str) -> Option<Vec<DraftRow>> {
    let email = errors.take("email", email.parse::<EmailAddress>())?;
    let name = fields::optional_text(errors, "name", name, super::plan::MAX_NAME).unwrap_or_default();
    Some(vec![DraftRow {
        line: 1,
        email: email.as_str().to_owned(),
        name,
        ..DraftRow::default()
    }])
}

fn file_rows(csv: &str, csv_error: &str) -> Result<Vec<DraftRow>, ListError> {
    match csv_error {
        "" if csv.is_empty() => Err(ListError::NoFile),
        "" => input::csv_file(csv.as_bytes()),
        "size" => Err(ListError::TooLarge),
        "encoding" => Err(ListError::NotUtf8),
        _ => Err(ListError::NoFile),
    }
}

fn check_last_day(errors: &mut FieldErrors, facts: &Facts, until: Option<crate::kernel::Day>) {
    let Some(day) = until else { return };
    if day < day_of(facts.now, facts.zone) {
        errors.add("until", "The last day is in the past.");
    }
    if let Some(contract) = &facts.contract {
        let end = last_day(contract.ends_at, facts.zone);
        if day > end {
            errors.add("until", format!("The contract ends on {end}. Choose that day or an earlier one."));
        }
    }
}

fn chosen_grants(errors: &mut FieldErrors, facts: &Facts, scopes: &HashMap<String, Vec<String>>) -> Vec<(EntitlementId, Vec<ScopeId>)> {
    let mut grants = Vec::new();
    // Sorted, so that errors come in the same order each time.
    for (slug, chosen) in scopes.iter().collect::<BTreeMap<_, _>>() {
        let holding = facts
            .holdings
            .iter()
            .find(|holding| holding.application.slug == *slug && holding.in_force);
        let ids: Option<Vec<ScopeId>> = chosen.iter().map(|id| id.parse().ok()).collect();
        let held = holding
            .zip(ids)
            .filter(|(holding, ids)| ids.iter().all(|id| holding.scopes.iter().any(|scope| scope.id == *id)));
        match held {
            Some((_, ids)) if ids.is_empty() => {}
            Some((holding, ids)) => grants.push((holding.entitlement.id, ids)),
            None => errors.add(
                &format!("scopes[{slug}][]"),
                "Your organization does not hold this now. Choose again.",
            ),
        }
    }
    grants
}

/// `POST /do/send-invitations`: sends the good rows of the draft in one transaction, as they were shown.
#[server(prefix = "/do", endpoint = "send-invitations")]
pub async fn send_invitations(
    #[server(default)] partner: String,
    #[server(default)] seen: String,
    #[server(default)] leave_out: String,
) -> Result<(), ServerFnError> {
    let back = back_to(&partner, "invite/review", routes::TEAM_INVITE_REVIEW);
    let mut post = Post::begin("send", back, [("leave_out", leave_out.clone())]).await?;
    let outcome = async {
        let place = place_of_form(&post.cx, &partner).await?;
        let Some(draft) = kept::<Draft>(&post.request, DRAFT_KEY).await else {
            let text = "This list is not kept any more: it was sent or replaced. Check below whom you have invited.";
            return Ok(Done::to(place.invitations()).saying(Flash::warn(text)));
        };
        let sent = commands::send_invitations(&mut post.cx, place.organization.id, &draft, &seen, leave_out == "yes").await?;
        let mut text = if sent.sent == 1 {
            "1 invitation is on its way.".to_owned()
        } else {
            format!("{} invitations are on their way.", sent.sent)
        };
        if sent.left_out > 0 {
            text.push_str(&format!(" {} left out, as you confirmed.", rows(sent.left_out, "was", "were")));
        }
        Ok(Done::to(place.invitations())
            .remembering(DRAFT_KEY, None::<Draft>)
            .saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}

pub(super) fn rows(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 row {one}")
    } else {
        format!("{count} rows {many}")
    }
}

/// A value that the session keeps, if it is there.
pub(super) async fn kept<T: serde::de::DeserializeOwned>(request: &RequestCx, key: &str) -> Option<T> {
    request.session.get::<Option<T>>(key).await.ok().flatten().flatten()
}

/// `POST /do/resend-invitation`: a new link and code; the old ones stop working.
#[server(prefix = "/do", endpoint = "resend-invitation")]
pub async fn resend_invitation(
    #[server(default)] partner: String,
    #[server(default)] invitation: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let back = back_to(&partner, "invitations", routes::TEAM_INVITATIONS);
    let mut post = Post::begin("invitations", back, [("invitation", invitation.clone())]).await?;
    let outcome = async {
        let place: Place = place_of_form(&post.cx, &partner).await?;
        let (Ok(id), Ok(version)) = (invitation.parse(), version.parse()) else {
            return Err(Refused::NotFound.into());
        };
        let done = commands::resend_invitation(&mut post.cx, place.organization.id, id, version).await?;
        let text = format!(
            "The invitation to {} was sent again. The earlier link and code no longer work.",
            done.email
        );
        Ok(Done::to(place.invitations()).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/withdraw-invitation`: link and code stop working.
#[server(prefix = "/do", endpoint = "withdraw-invitation")]
pub async fn withdraw_invitation(
    #[server(default)] partner: String,
    #[server(default)] invitation: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let back = back_to(&partner, "invitations", routes::TEAM_INVITATIONS);
    let mut post = Post::begin("invitations", back, [("invitation", invitation.clone())]).await?;
    let outcome = async {
        let place: Place = place_of_form(&post.cx, &partner).await?;
        let (Ok(id), Ok(version)) = (invitation.parse(), version.parse()) else {
            return Err(Refused::NotFound.into());
        };
        let done = commands::withdraw_invitation(&mut post.cx, place.organization.id, id, version).await?;
        let text = format!(
            "The invitation to {} is withdrawn. Its link and code no longer work, and its seat is free.",
            done.email
        );
        Ok(Done::to(place.invitations()).saying(Flash::good(text)))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/open-invitation`: from the landing page's button; the session remembers the invitation.
#[server(prefix = "/do", endpoint = "open-invitation")]
pub async fn open_invitation(#[server(default)] token: String) -> Result<(), ServerFnError> {
    // Goes into a Location: only what a secret of ours is made of.
    let back = if !token.is_empty() && token == only_slug(&token) {
        routes::invitation(&token)
    } else {
        routes::INVITATION.to_owned()
    };
    let mut post = Post::begin("open", back, Vec::<(String, String)>::new()).await?;
    let outcome = acceptance::open_invitation(&mut post.cx, &token)
        .await
        .map(remember)
        .map_err(Refusal::from);
    post.finish(outcome).await
}

/// `POST /do/check-invitation-code`: the same by address and typed code, throttled.
#[server(prefix = "/do", endpoint = "check-invitation-code")]
pub async fn check_invitation_code(#[server(default)] email: String, #[server(default)] code: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("code", routes::INVITATION, [("email", email.clone())]).await?;
    let outcome = async {
        let mut errors = FieldErrors::default();
        errors.take("email", email.parse::<EmailAddress>());
        fields::required_text(&mut errors, "code", &code, 40, "Enter the code from the mail.");
        errors.check()?;
        Ok(remember(acceptance::check_code(&mut post.cx, &email, &code).await?))
    }
    .await;
    post.finish(outcome).await
}

fn remember(opened: Opened) -> Done {
    // Whoever has an account signs in and comes back here.
    Done::to(routes::INVITATION_ACCEPT)
        .remembering(OPENED_KEY, opened)
        .remembering(CONTINUE_KEY, routes::INVITATION_ACCEPT)
}

/// `POST /do/accept-invitation`: name and password make the account; the person is signed in.
#[server(prefix = "/do", endpoint = "accept-invitation")]
pub async fn accept_invitation(#[server(default)] name: String, #[server(default)] password: String) -> Result<(), ServerFnError> {
    let prepared = prepare(&name, password).await;
    let mut post = Post::begin("accept", routes::INVITATION_ACCEPT, [("name", name.clone())]).await?;
    let outcome = async {
        let opened = opened(&post.request).await?;
        let accepted = acceptance::accept_invitation(&mut post.cx, &opened, &name, prepared).await?;
        let who = SignedInAs {
            person: accepted.person,
            member: Some(accepted.member),
            at: post.cx.now,
            second_factor_at: None,
            through: None,
        };
        Ok(welcome(accepted, who))
    }
    .await;
    post.finish(outcome).await
}

/// The password, checked and hashed before the transaction begins; not looked at while somebody is signed in or nothing was opened.
async fn prepare(name: &str, password: String) -> Result<HashedPassword, PasswordError> {
    let request = RequestCx::current()
        .filter(|request| request.actor.person().is_none())
        .ok_or(PasswordError::NotHashed)?;
    let opened: Opened = kept(&request, OPENED_KEY).await.ok_or(PasswordError::NotHashed)?;
    let qx = request.query().await.map_err(|_| PasswordError::NotHashed)?;
    let mut rng = request.portal.entropy.rng();
    acceptance::prepare_password(&qx, &opened, name, &Password::new(password), &mut rng).await
}

/// `POST /do/join-organization`: the signed-in owner of the invited address accepts; without a session it leads to signing in.
#[server(prefix = "/do", endpoint = "join-organization")]
pub async fn join_organization() -> Result<(), ServerFnError> {
    let mut post = Post::begin("join", routes::INVITATION_ACCEPT, Vec::<(String, String)>::new()).await?;
    let outcome = async {
        if post.cx.actor.person().is_none() {
            return Err(Refused::SignedOut.into());
        }
        let opened = opened(&post.request).await?;
        let accepted = acceptance::join_organization(&mut post.cx, &opened).await?;
        let now = post.cx.now;
        let who = match post.request.signed_in_as().await {
            Some(current) => SignedInAs {
                member: Some(accepted.member),
                ..current
            },
            None => SignedInAs {
                person: accepted.person,
                member: Some(accepted.member),
                at: now,
                second_factor_at: None,
                through: None,
            },
        };
        Ok(welcome(accepted, who))
    }
    .await;
    post.finish(outcome).await
}

async fn opened(request: &RequestCx) -> Result<Opened, Refusal> {
    kept(request, OPENED_KEY)
        .await
        .ok_or_else(|| Refusal::because("Open the invitation again with the link or the code in the mail."))
}

fn welcome(accepted: Accepted, who: SignedInAs) -> Done {
    let text = format!("Welcome to {}.", accepted.organization);
    let flash = if accepted.left_out.is_empty() {
        Flash::good(text)
    } else {
        Flash::warn(format!(
            "{text} {} could not be given to you: ask the person who invited you.",
            accepted.left_out.join(", ")
        ))
    };
    Done::to(routes::HOME)
        .signing_in(who)
        .remembering(OPENED_KEY, None::<Opened>)
        .remembering(CONTINUE_KEY, None::<String>)
        .saying(flash)
}
