//! Signing in anew, because an application asks for it. Any page can send a browser to that application's request, so what is there ends
//! when the person says so, and not before.

use axum::{Extension, Form, extract::rejection::FormRejection, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};

use super::{
    super::OAuthError,
    asking::{Answer, answers, question},
    authorize::to_sign_in,
    reference,
};
use crate::{
    kernel::BearerSecret,
    signin::commands::sign_out,
    store::StoreError,
    web::{RequestCx, error_page, escaped, redirection, routes},
};

/// The question that waits for an answer.
const ASKED_KEY: &str = "oauth_asked_to_sign_in_again";

/// The new sign-in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Again {
    /// The request that it is for.
    pub query: String,
    /// The address that the application expects.
    pub login_hint: Option<String>,
    /// It has to be a new one at the person's own company too; else it has to be another person.
    pub fresh: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    /// The form has to bring it back: another site can post here, but cannot know it.
    value: String,
    again: Again,
}

/// The question.
///
/// # Errors
/// [`OAuthError`] when it cannot be remembered.
pub(super) async fn ask(request: &RequestCx, application: &str, again: Again) -> Result<Response, OAuthError> {
    let name = escaped(application);
    let here = request.actor.person().map(|me| escaped(&me.name)).unwrap_or_default();
    let (title, wants, button) = if again.fresh {
        ("Sign in again?", format!("{name} asks you to sign in again."), "Sign in again")
    } else {
        let wants = format!("{name} expects someone else than {here}.");
        ("Sign in as someone else?", wants, "Sign in as someone else")
    };
    let text = format!("{wants} You are signed out first: here, and in the applications that you opened from here.");
    let value = BearerSecret::generate(&mut request.portal.entropy.rng()).reveal().to_owned();
    let page = question(title, &text, routes::OAUTH_SIGN_IN_AGAIN, &value, button);
    let kept = request.session.insert(ASKED_KEY, Waiting { value, again }).await;
    kept.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(page)
}

/// `POST /oauth/sign-in-again`: the person said yes.
pub(super) async fn confirmed(Extension(request): Extension<RequestCx>, form: Result<Form<Answer>, FormRejection>) -> Response {
    let asked: Option<Waiting> = request.session.remove(ASKED_KEY).await.ok().flatten();
    let Some(asked) = asked.filter(|asked| answers(form, &asked.value)) else {
        return error_page(StatusCode::FORBIDDEN, &reference(&request));
    };
    match leave(&request, &asked.again).await {
        Ok(path) => redirection(&path),
        Err(error) => {
            tracing::error!(%error, "a session could not be ended");
            error_page(StatusCode::SERVICE_UNAVAILABLE, &reference(&request))
        }
    }
}

/// Signs the person out, so that the sign-in page asks, and answers where that is; whoever comes next finds nothing of this session.
///
/// # Errors
/// [`OAuthError`] when the database does not answer.
pub(super) async fn leave(request: &RequestCx, again: &Again) -> Result<String, OAuthError> {
    let mut cx = request.begin().await?;
    sign_out(&mut cx)
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    cx.commit().await?;
    request.session.clear().await;
    to_sign_in(request, again.login_hint.as_deref(), &again.query, again.fresh).await
}
