//! `/oauth/logout`: an application asks that the person signs out here too (OpenID Connect RP-Initiated Logout 1.0).

use axum::{
    Extension, Form,
    extract::{
        Query,
        rejection::{FormRejection, QueryRejection},
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{
    super::{
        OAuthError,
        claims::subject,
        keys::{KeyRing, TokenType},
        model::Client,
    },
    TypedForm, as_address,
    asking::{Answer, answers, question},
    reference,
};
use crate::{
    kernel::BearerSecret,
    signin::commands::sign_out,
    store::{StoreError, issuer::clients},
    ui::Flash,
    web::{FLASH_KEY, RequestCx, error_page, redirection, routes},
};

/// The question that waits for an answer.
const ASKED_KEY: &str = "oauth_asked_to_sign_out";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct AskedToSignOut {
    /// The form has to bring it back: another site can post here, but cannot know it.
    value: String,
    /// Where to go on to.
    target: Option<String>,
}

/// What comes (§2).
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Parameters {
    id_token_hint: Option<String>,
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

/// `POST /oauth/logout`: the same in a form. It goes on as an address, because a browser does not bring its session with a form of another
/// site.
pub(super) async fn by_form(Extension(request): Extension<RequestCx>, form: TypedForm) -> Response {
    as_address(&request, form, routes::OAUTH_LOGOUT)
}

/// `GET /oauth/logout`: ends the session when the token shows that it is the application's person who is here, and asks otherwise.
pub(super) async fn logout(
    Extension(request): Extension<RequestCx>,
    Extension(ring): Extension<KeyRing>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Response {
    let Ok(Query(parameters)) = parameters else {
        return error_page(StatusCode::BAD_REQUEST, &reference(&request));
    };
    match decide(&request, &ring, &parameters).await {
        Ok(response) => response,
        Err(OAuthError::Refused { .. } | OAuthError::Client(_)) => error_page(StatusCode::BAD_REQUEST, &reference(&request)),
        Err(error) => {
            tracing::error!(%error, "a logout that an application asked for could not be decided");
            error_page(StatusCode::SERVICE_UNAVAILABLE, &reference(&request))
        }
    }
}

async fn decide(request: &RequestCx, ring: &KeyRing, parameters: &Parameters) -> Result<Response, OAuthError> {
    let portal = &request.portal;
    // An ended token is a good hint: nothing is given for it (§2).
    let hint = match &parameters.id_token_hint {
        Some(token) => ring.verified_ever(portal, TokenType::Id, token).await?,
        None => None,
    };
    let said = |name: &str| hint.as_ref().and_then(|claims| claims.get(name)).and_then(Value::as_str);
    let named = said("aud").or(parameters.client_id.as_deref());
    if parameters.client_id.as_deref().is_some_and(|id| Some(id) != named) {
        return Err(OAuthError::request("client_id is not the one of the token"));
    }
    let client = match named {
        Some(id) => clients::by_name(&portal.store.reader(), id)
            .await?
            .filter(|client| client.disabled_at.is_none()),
        None => None,
    };
    let target = target(client.as_ref(), parameters);
    let Some(me) = request.actor.person() else {
        return Ok(onward(request, target).await);
    };
    let here = client
        .as_ref()
        .zip(me.member.as_ref())
        .map(|(client, member)| subject(client, client.application, member.id, &portal.master_key));
    if here.is_some() && here.as_deref() == said("sub") {
        end(request).await?;
        return Ok(onward(request, target).await);
    }
    ask(request, target).await
}

/// Where the application wants the person to be sent: to a registered address, with its state, or nowhere.
fn target(client: Option<&Client>, parameters: &Parameters) -> Option<String> {
    let wanted = parameters.post_logout_redirect_uri.as_deref()?;
    let registered = client?.terms.post_logout_redirect_uris.iter().any(|known| known == wanted);
    let mut url = Url::parse(wanted).ok().filter(|_| registered)?;
    if let Some(state) = &parameters.state {
        url.query_pairs_mut().append_pair("state", state);
    }
    Some(url.into())
}

async fn ask(request: &RequestCx, target: Option<String>) -> Result<Response, OAuthError> {
    let value = BearerSecret::generate(&mut request.portal.entropy.rng()).reveal().to_owned();
    let text = "An application asks that you sign out here. You are then signed out of this portal in this browser.";
    let page = question("Sign out?", text, routes::OAUTH_LOGOUT_CONFIRM, &value, "Sign out");
    request
        .session
        .insert(ASKED_KEY, AskedToSignOut { value, target })
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(page)
}

/// `POST /oauth/logout/confirm`: the person said yes.
pub(super) async fn confirmed(Extension(request): Extension<RequestCx>, form: Result<Form<Answer>, FormRejection>) -> Response {
    let asked: Option<AskedToSignOut> = request.session.remove(ASKED_KEY).await.ok().flatten();
    let Some(asked) = asked.filter(|asked| answers(form, &asked.value)) else {
        return error_page(StatusCode::FORBIDDEN, &reference(&request));
    };
    match end(&request).await {
        // A page of its own in between: browsers hold a form's redirects to `form-action 'self'`.
        Ok(()) => match asked.target {
            Some(target) => crate::web::onward::signed_out(&target),
            None => onward(&request, None).await,
        },
        Err(error) => {
            tracing::error!(%error, "a session could not be ended");
            error_page(StatusCode::SERVICE_UNAVAILABLE, &reference(&request))
        }
    }
}

async fn end(request: &RequestCx) -> Result<(), OAuthError> {
    let mut cx = request.begin().await?;
    sign_out(&mut cx)
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    cx.commit().await?;
    request
        .session
        .flush()
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()).into())
}

async fn onward(request: &RequestCx, target: Option<String>) -> Response {
    match target.and_then(|target| HeaderValue::from_str(&target).ok()) {
        Some(target) => {
            let headers = [
                (header::LOCATION, target),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            ];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        None => {
            let _ = request.session.insert(FLASH_KEY, Flash::good("You are signed out.")).await;
            redirection(routes::SIGN_IN)
        }
    }
}
