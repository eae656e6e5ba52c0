//! Forms about policies.

use leptos::prelude::*;

use super::commands::{self, PolicyDraft, PolicyError};
use crate::{
    access::Refused,
    kernel::PolicyId,
    ui::Flash,
    web::{Done, FieldErrors, Post, Refusal, fields, routes},
};

impl From<PolicyError> for Refusal {
    fn from(error: PolicyError) -> Self {
        let sentence = error.to_string();
        match error {
            PolicyError::Text(_) | PolicyError::TooLong => Self::field("text", sentence),
            PolicyError::UnknownPartner => Self::field("partner", sentence),
            PolicyError::UnknownApplication => Self::field("application", sentence),
            PolicyError::TooMany | PolicyError::Policy(_) => Self::because(sentence),
            PolicyError::Access(refused) => refused.into(),
            PolicyError::Store(error) => error.into(),
        }
    }
}

/// The policy of a form; what is no identifier names nothing.
fn id_of(typed: &str) -> Result<PolicyId, Refusal> {
    typed.parse().map_err(|_| Refused::NotFound.into())
}

/// The page of a policy, for an identifier that came with a form and may be anything.
fn page_of(typed: &str) -> String {
    typed
        .parse::<PolicyId>()
        .map_or_else(|_| routes::ADMIN_POLICIES.to_owned(), routes::admin_policy)
}

fn number_of(typed: &str) -> i32 {
    typed.trim().parse().unwrap_or(-1)
}

/// Browsers send line breaks as two characters; places of errors are counted in what was seen.
fn lines(typed: &str) -> String {
    typed.replace("\r\n", "\n").trim_end().to_owned()
}

fn reason_of(errors: &mut FieldErrors, typed: &str) -> Option<String> {
    fields::required_text(errors, "reason", typed, 500, "Say why, for whoever reads the history.")
}

fn optional(typed: &str) -> Option<String> {
    Some(typed.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Writes a policy.
#[server(prefix = "/do", endpoint = "write-policy")]
pub async fn write_policy(
    #[server(default)] name: String,
    #[server(default)] partner: String,
    #[server(default)] application: String,
    #[server(default)] text: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let text = lines(&text);
    let kept = [
        ("name", name.clone()),
        ("partner", partner.clone()),
        ("application", application.clone()),
        ("text", text.clone()),
        ("reason", reason.clone()),
    ];
    let mut post = Post::begin("policy", routes::ADMIN_NEW_POLICY, kept).await?;
    let outcome = async {
        commands::may_manage(&post.cx)?;
        let mut errors = FieldErrors::default();
        let name = fields::required_text(&mut errors, "name", &name, 80, "Enter a name, for example No changes at night.");
        let reason = reason_of(&mut errors, &reason);
        let (Some(name), Some(reason)) = (name, reason) else {
            return Err(errors.refusal());
        };
        let input = PolicyDraft {
            name,
            partner: optional(&partner),
            application: optional(&application),
            text,
            reason,
        };
        let policy = commands::write_policy(&mut post.cx, input).await?;
        Ok(Done::to(routes::admin_policy(policy.id)).saying(Flash::good(format!(
            "{} is written. It decides nothing yet: try it, replay it, then put it in force.",
            policy.name
        ))))
    }
    .await;
    post.finish(outcome).await
}

/// Gives a policy another text.
#[server(prefix = "/do", endpoint = "rewrite-policy")]
pub async fn rewrite_policy(
    #[server(default)] policy: String,
    #[server(default)] version: String,
    #[server(default)] text: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let text = lines(&text);
    let kept = [("text", text.clone()), ("reason", reason.clone())];
    let mut post = Post::begin("rewrite", page_of(&policy), kept).await?;
    let outcome = async {
        commands::may_manage(&post.cx)?;
        let id = id_of(&policy)?;
        let mut errors = FieldErrors::default();
        let Some(reason) = reason_of(&mut errors, &reason) else {
            return Err(errors.refusal());
        };
        let done = commands::rewrite_policy(&mut post.cx, id, number_of(&version), text, reason).await?;
        let said = match done.in_force {
            Some(number) => format!(
                "Version {} is written. Version {number} stays in force until you put this one in its place.",
                done.latest
            ),
            None => format!("Version {} is written. It decides nothing yet.", done.latest),
        };
        Ok(Done::to(page_of(&policy)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Puts a version in force.
#[server(prefix = "/do", endpoint = "activate-policy")]
pub async fn activate_policy(
    #[server(default)] policy: String,
    #[server(default)] version: String,
    #[server(default)] number: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("standing", page_of(&policy), [("reason", reason.clone())]).await?;
    let outcome = async {
        commands::may_manage(&post.cx)?;
        let id = id_of(&policy)?;
        let mut errors = FieldErrors::default();
        let Some(reason) = reason_of(&mut errors, &reason) else {
            return Err(errors.refusal());
        };
        let number = number_of(&number);
        let done = commands::activate_policy(&mut post.cx, id, number_of(&version), number, reason).await?;
        Ok(Done::to(page_of(&policy)).saying(Flash::good(format!(
            "Version {number} of {} is in force. It counts for every launch and token from now on.",
            done.name
        ))))
    }
    .await;
    post.finish(outcome).await
}

/// Brings an earlier version back.
#[server(prefix = "/do", endpoint = "roll-back-policy")]
pub async fn roll_back_policy(
    #[server(default)] policy: String,
    #[server(default)] version: String,
    #[server(default)] number: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("standing", page_of(&policy), [("reason", reason.clone())]).await?;
    let outcome = async {
        commands::may_manage(&post.cx)?;
        let id = id_of(&policy)?;
        let mut errors = FieldErrors::default();
        let Some(reason) = reason_of(&mut errors, &reason) else {
            return Err(errors.refusal());
        };
        let number = number_of(&number);
        let done = commands::roll_back_policy(&mut post.cx, id, number_of(&version), number, reason).await?;
        Ok(Done::to(page_of(&policy)).saying(Flash::good(format!(
            "The text of version {number} is back, as version {}, and in force.",
            done.latest
        ))))
    }
    .await;
    post.finish(outcome).await
}

/// Ends a policy.
#[server(prefix = "/do", endpoint = "retire-policy")]
pub async fn retire_policy(
    #[server(default)] policy: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("standing", page_of(&policy), [("reason", reason.clone())]).await?;
    let outcome = async {
        commands::may_manage(&post.cx)?;
        let id = id_of(&policy)?;
        let mut errors = FieldErrors::default();
        let Some(reason) = reason_of(&mut errors, &reason) else {
            return Err(errors.refusal());
        };
        let done = commands::retire_policy(&mut post.cx, id, number_of(&version), reason).await?;
        Ok(Done::to(page_of(&policy)).saying(Flash::warn(format!("{} is retired. It decides nothing any more.", done.name))))
    }
    .await;
    post.finish(outcome).await
}
