//! `GET /oauth/authorize` (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2): a browser brings a client's request.
//!
//! Like a launch it acts on GET: what it does is decided by the person's grants and the client's registration, and its answer goes to a
//! registered address alone.

use axum::{
    Extension,
    extract::{Query, RawQuery, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    super::{
        OAuthError,
        commands::{self, Authorized},
        model::Client,
        request::{Answering, Asked, Parameters, Prompt, ResponseMode},
    },
    LONGEST, TypedForm, as_address, reference,
};
use crate::{
    kernel::{Timestamp, sha256},
    signin::commands::sign_out,
    store::{self, StoreError, issuer::clients},
    web::{CONTINUE_KEY, RequestCx, error_page, onward, redirection, routes},
};

/// Which request asked for a new sign-in, and when: the sign-in that follows counts for it.
const ASKED_KEY: &str = "oauth_asked_to_sign_in";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct AskedToSignIn {
    request: Vec<u8>,
    at: Timestamp,
}

/// `POST /oauth/authorize`: the same request in a form (OpenID Connect Core §3.1.2.1). It goes on as an address, because a browser does not
/// bring its session with a form of another site.
pub(super) async fn by_form(Extension(request): Extension<RequestCx>, form: TypedForm) -> Response {
    as_address(&request, form, routes::OAUTH_AUTHORIZE)
}

/// `GET /oauth/continue`: goes on with a request after a form of ours. Browsers hold a form's redirects to `form-action 'self'` (CSP), which
/// a client's address never is; a page that goes on by itself ends the form's chain of redirects.
pub(super) async fn go_on(Extension(request): Extension<RequestCx>, RawQuery(query): RawQuery) -> Response {
    let there = format!("{}?{}", routes::OAUTH_AUTHORIZE, query.unwrap_or_default());
    let there = routes::absolute(&request.portal.settings.public_url, &there);
    onward::back_to_application(&there, &[])
}

/// `GET /oauth/authorize`.
pub(super) async fn authorize(
    Extension(request): Extension<RequestCx>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Response {
    let query = query.unwrap_or_default();
    // Told to the person: the answer must not go anywhere yet.
    let wrong = |text: &str| {
        tracing::info!(reason = text, "an authorization request was not looked at");
        error_page(StatusCode::BAD_REQUEST, &reference(&request))
    };
    if method != Method::GET {
        return error_page(StatusCode::METHOD_NOT_ALLOWED, &reference(&request));
    }
    // What a browser fetches ahead, or a page without going there, acts on nothing.
    let says = |name: &str, wanted: &[u8]| headers.get(name).is_some_and(|value| value.as_bytes().starts_with(wanted));
    if says("sec-purpose", b"prefetch") || says("purpose", b"prefetch") {
        return error_page(StatusCode::SERVICE_UNAVAILABLE, &reference(&request));
    }
    if query.len() > LONGEST {
        return wrong("it is too long");
    }
    let Ok(Query(parameters)) = parameters.map(|Query(parameters)| Query(parameters.without_empty())) else {
        return wrong("a parameter comes twice");
    };
    let db = request.portal.store.reader();
    let client = match clients::by_name(&db, parameters.client_id.as_deref().unwrap_or_default()).await {
        Ok(client) => client.filter(|client| client.disabled_at.is_none()),
        Err(error) => return failed(&request, &error),
    };
    let Some(client) = client else {
        return wrong("the client is not known");
    };
    let pushed = parameters.pushed().map(sha256);
    let parameters = match &pushed {
        None => parameters,
        Some(hash) => match pushed_request(&request, hash, &client).await {
            Ok(Some(parameters)) => parameters,
            Ok(None) => return wrong("the pushed request is not known, or has ended"),
            Err(error) => return failed(&request, &error),
        },
    };
    let answering = match parameters.answering(&client) {
        Ok(answering) => answering,
        Err(text) => return wrong(text),
    };
    match decide(&request, &client, &parameters, &answering, &query, pushed).await {
        Ok(Step::Answer(fields)) => answer(&request, &answering, fields),
        Ok(Step::Elsewhere(path)) => redirection(&path),
        Err(OAuthError::Refused { code, description }) => answer(
            &request,
            &answering,
            vec![("error".to_owned(), code.to_owned()), ("error_description".to_owned(), description)],
        ),
        Err(OAuthError::Store(error)) => failed(&request, &error),
        Err(error) => failed(&request, &StoreError::Unavailable(error.to_string())),
    }
}

/// What the client had pushed under this value (RFC 9126 §4); what the browser brings beside it does not count.
async fn pushed_request(request: &RequestCx, hash: &[u8], client: &Client) -> Result<Option<Parameters>, StoreError> {
    let portal = &request.portal;
    let text = store::issuer::pushed::find(&portal.store.reader(), hash, client.id, portal.clock.now()).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

fn failed(request: &RequestCx, error: &StoreError) -> Response {
    tracing::error!(%error, "an authorization request could not be decided");
    error_page(StatusCode::SERVICE_UNAVAILABLE, &reference(request))
}

enum Step {
    Answer(Vec<(String, String)>),
    Elsewhere(String),
}

async fn decide(
    request: &RequestCx,
    client: &Client,
    parameters: &Parameters,
    answering: &Answering,
    query: &str,
    pushed: Option<Vec<u8>>,
) -> Result<Step, OAuthError> {
    let application = store::applications::get(&request.portal.store.reader(), client.application)
        .await?
        .ok_or_else(|| OAuthError::refused("unauthorized_client", "The application is no longer offered."))?;
    let asked = parameters.asked(client, &client.audience_for(&application.launch_url))?;
    let session = request.signed_in_as().await.filter(|_| request.actor.person().is_some());
    let Some(session) = session else {
        if asked.prompt == Prompt::Nothing {
            return Err(OAuthError::refused("login_required", "Nobody is signed in."));
        }
        note_sign_in(request, &asked, query).await;
        return sent_to(request, routes::SIGN_IN, query).await;
    };
    if has_to_sign_in_again(request, &asked, session.at, query).await {
        if asked.prompt == Prompt::Nothing {
            return Err(OAuthError::refused("login_required", "The sign-in is too old."));
        }
        // Signed out here, so that the sign-in page asks; whoever comes next finds nothing of this session.
        let mut cx = request.begin().await?;
        sign_out(&mut cx)
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        cx.commit().await?;
        request.session.clear().await;
        note_sign_in(request, &asked, query).await;
        return sent_to(request, routes::SIGN_IN, query).await;
    }
    let mut cx = request.begin().await?;
    let decided = commands::authorize(&mut cx, &session, client, &asked, &answering.redirect_uri).await?;
    let answered = !matches!(decided, Authorized::StepUp);
    if let Some(hash) = pushed.filter(|_| answered)
        && !store::issuer::pushed::use_up(&cx.tx, &hash).await?
    {
        return Err(OAuthError::request("The pushed request was answered already."));
    }
    cx.commit().await?;
    if answered {
        let _ = request.session.remove_value(ASKED_KEY).await;
    }
    match decided {
        Authorized::Code(code) => Ok(Step::Answer(vec![("code".to_owned(), code.reveal().to_owned())])),
        Authorized::StepUp if asked.prompt == Prompt::Nothing => Err(OAuthError::refused(
            "interaction_required",
            "The person has to confirm with a second factor first.",
        )),
        Authorized::StepUp => sent_to(request, routes::STEP_UP, query).await,
        Authorized::NoScope => Err(OAuthError::refused(
            "invalid_scope",
            "The person holds none of the permissions that were asked for.",
        )),
        Authorized::Denied(reason) => Err(OAuthError::refused("access_denied", reason)),
    }
}

/// Whether the request wants a sign-in newer than the session's, and none has followed on this very request.
async fn has_to_sign_in_again(request: &RequestCx, asked: &Asked, signed_in_at: Timestamp, query: &str) -> bool {
    let noted: Option<AskedToSignIn> = request.session.get(ASKED_KEY).await.ok().flatten();
    if noted.is_some_and(|noted| noted.request == sha256(query) && signed_in_at >= noted.at) {
        return false;
    }
    let age = (request.portal.clock.now() - signed_in_at).num_seconds();
    asked.prompt == Prompt::SignIn || asked.max_age.is_some_and(|most| age > most)
}

/// Remembers that this very request asked for a sign-in: the one that follows counts for it.
async fn note_sign_in(request: &RequestCx, asked: &Asked, query: &str) {
    if asked.prompt == Prompt::SignIn || asked.max_age.is_some() {
        let noted = AskedToSignIn {
            request: sha256(query),
            at: request.portal.clock.now(),
        };
        let _ = request.session.insert(ASKED_KEY, noted).await;
    }
}

/// Sends the person to prove who they are, and remembers the request.
async fn sent_to(request: &RequestCx, page: &str, query: &str) -> Result<Step, OAuthError> {
    request
        .session
        .insert(CONTINUE_KEY, format!("{}?{query}", routes::OAUTH_CONTINUE))
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(Step::Elsewhere(page.to_owned()))
}

/// Answers the client through the browser, with the issuer's name (RFC 9207) and the state.
fn answer(request: &RequestCx, answering: &Answering, mut fields: Vec<(String, String)>) -> Response {
    fields.extend(answering.state.clone().map(|state| ("state".to_owned(), state)));
    fields.push(("iss".to_owned(), request.portal.settings.public_url.clone()));
    if answering.mode == ResponseMode::FormPost {
        return onward::back_to_application(&answering.redirect_uri, &fields);
    }
    let Ok(mut url) = Url::parse(&answering.redirect_uri) else {
        return error_page(StatusCode::BAD_REQUEST, &reference(request));
    };
    url.query_pairs_mut().extend_pairs(fields);
    let Ok(location) = HeaderValue::from_str(url.as_str()) else {
        return error_page(StatusCode::BAD_REQUEST, &reference(request));
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
