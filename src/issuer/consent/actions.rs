//! The answer to "Continue to …?".

use leptos::prelude::*;

use super::{SAID_KEY, SHOWN_KEY, Said, Shown, commands};
use crate::{
    access::Refused,
    kernel::constant_time_eq,
    ui::Flash,
    web::{Done, Post, Refusal, routes},
};

/// Answers the page that was shown last, once; the browser goes on with the very request that it was about.
#[server(prefix = "/do", endpoint = "answer-consent")]
pub async fn answer_consent(#[server(default)] value: String, #[server(default)] answer: String) -> Result<(), ServerFnError> {
    let post = Post::begin("consent", routes::CONSENT, [] as [(&str, String); 0]).await?;
    let outcome = async {
        let me = post.cx.actor.person().ok_or(Refused::SignedOut)?;
        let shown: Option<Shown> = post.request.session.get(SHOWN_KEY).await.ok().flatten();
        let old = || {
            Done::to(routes::HOME).saying(Flash::warn(
                "That question was answered already, or another one was asked after it. Start again in the application.",
            ))
        };
        let Some(shown) = shown.filter(|shown| constant_time_eq(shown.value.as_bytes(), value.as_bytes())) else {
            return Ok(old());
        };
        // The page was shown to another hat of this person.
        if me.member.as_ref().is_none_or(|member| member.id != shown.member) {
            return Ok(old());
        }
        let yes = match answer.as_str() {
            "yes" => true,
            "no" => false,
            _ => return Err(Refusal::because("Choose one of the two.")),
        };
        let said = Said {
            request: shown.request,
            member: shown.member,
            scopes: shown.scopes,
            yes,
            at: post.cx.now,
        };
        Ok(Done::to(format!("{}?{}", routes::OAUTH_CONTINUE, shown.query))
            .remembering(SHOWN_KEY, serde_json::Value::Null)
            .remembering(SAID_KEY, said))
    }
    .await;
    post.finish(outcome).await
}

/// Takes back what an application was allowed.
#[server(prefix = "/do", endpoint = "withdraw-consent")]
pub async fn withdraw_consent(#[server(default)] consent: String) -> Result<(), ServerFnError> {
    let mut post = Post::begin("acting", routes::MY_ACTING, [] as [(&str, String); 0]).await?;
    let outcome = async {
        if post.cx.actor.person().is_none() {
            return Err(Refused::SignedOut.into());
        }
        let id = consent.parse().map_err(|_| Refused::NotFound)?;
        let name = commands::withdraw_consent(&mut post.cx, id).await?;
        Ok(Done::to(routes::MY_ACTING).saying(Flash::good(format!(
            "{name} is allowed nothing any more, and what it held is worth nothing. It asks again when you go there."
        ))))
    }
    .await;
    post.finish(outcome).await
}
