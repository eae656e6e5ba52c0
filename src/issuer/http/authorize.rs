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
use chrono::Duration;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    super::{
        OAuthError,
        commands::{self, Authorized},
        consent::{SAID_KEY, SHOWN_KEY, Said, Shown, model::Asking},
        keys::KeyRing,
        model::Client,
        request::{Answering, Asked, Parameters, Prompt, ResponseMode, Surety},
        wanted::unmet,
    },
    LONGEST, TypedForm,
    again::{self, Again},
    as_address,
    hint::{self, Expected},
    reference,
};
use crate::{
    federation::{commands::FRESH_SKEW_SECONDS, http::FRESH_KEY},
    kernel::{BearerSecret, EmailAddress, Timestamp, sha256},
    signin::EMAIL_KEY,
    store::{self, StoreError, issuer::clients, sessions::SignedInAs},
    web::{CONTINUE_KEY, RequestCx, error_page, onward, redirection, routes},
};

/// Which request asked for a new sign-in, and when: the sign-in that follows counts for it.
const ASKED_KEY: &str = "oauth_asked_to_sign_in";

/// Which request sent the person to give a second factor.
const SECOND_FACTOR_KEY: &str = "oauth_asked_for_second_factor";

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
    Extension(ring): Extension<KeyRing>,
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
    match decide(&request, &ring, &client, &parameters, &answering, &query, pushed).await {
        Ok(Step::Answer(fields)) => answer(&request, &answering, fields),
        Ok(Step::Elsewhere(path)) => redirection(&path),
        Ok(Step::Page(page)) => page,
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
    Page(Response),
}

async fn decide(
    request: &RequestCx,
    ring: &KeyRing,
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
        let fresh = asked.prompt == Prompt::SignIn;
        let path = to_sign_in(request, parameters.login_hint.as_deref(), query, fresh).await?;
        return Ok(Step::Elsewhere(path));
    };
    let expected = hint::expected(request, ring, client, parameters, &asked).await?;
    if let Some(why) = why_not(request, &asked, &session, expected, query).await {
        if asked.prompt == Prompt::Nothing || why == WhyNot::StillSomebodyElse {
            return Err(OAuthError::refused("login_required", why.words()));
        }
        let anew = Again {
            query: query.to_owned(),
            login_hint: parameters.login_hint.clone(),
            // Whoever is somebody else at their company too is not helped by proving it anew.
            fresh: why == WhyNot::Old,
        };
        // Whoever signed in for this very request a moment ago has said yes already.
        if why == WhyNot::Old && signed_in_for(request, &session, query).await.is_some() {
            return again::leave(request, &anew).await.map(Step::Elsewhere);
        }
        return again::ask(request, &client.terms.name, anew).await.map(Step::Page);
    }
    if has_to_give_second_factor(request, &asked, &session, query).await? {
        return sent_to(request, routes::STEP_UP, query).await.map(Step::Elsewhere);
    }
    // What the person answered counts for the very request that they were shown, pushed or not.
    let digest = digest(parameters, pushed.as_deref());
    let said: Option<Said> = request.session.get(SAID_KEY).await.ok().flatten();
    let said = said.filter(|said| said.answers(&digest, request.portal.clock.now()));
    let mut cx = request.begin().await?;
    let decided = commands::authorize(&mut cx, &session, client, &asked, &answering.redirect_uri, said.as_ref()).await?;
    let answered = !matches!(decided, Authorized::StepUp | Authorized::Consent { .. });
    if let Some(hash) = pushed.filter(|_| answered)
        && !store::issuer::pushed::use_up(&cx.tx, &hash).await?
    {
        return Err(OAuthError::request("The pushed request was answered already."));
    }
    cx.commit().await?;
    if answered {
        for key in [ASKED_KEY, SECOND_FACTOR_KEY, SAID_KEY] {
            let _ = request.session.remove_value(key).await;
        }
    }
    match decided {
        Authorized::Code(code) => Ok(Step::Answer(vec![("code".to_owned(), code.reveal().to_owned())])),
        Authorized::StepUp if asked.prompt == Prompt::Nothing => Err(OAuthError::refused(
            "interaction_required",
            "The person has to confirm with a second factor first.",
        )),
        Authorized::StepUp => sent_to(request, routes::STEP_UP, query).await.map(Step::Elsewhere),
        Authorized::Consent { .. } if asked.prompt == Prompt::Nothing => Err(match Asking::of(client, &answering.redirect_uri) {
            Asking::Always => OAuthError::refused("interaction_required", "The person has to say each time that it is this program."),
            Asking::Once | Asking::Never => OAuthError::refused("consent_required", "The person has to allow it first."),
        }),
        Authorized::Consent { member, scopes } => {
            let shown = Shown {
                value: BearerSecret::generate(&mut request.portal.entropy.rng()).reveal().to_owned(),
                request: digest,
                query: query.to_owned(),
                client: client.id,
                redirect_uri: answering.redirect_uri.clone(),
                member,
                scopes,
            };
            let kept = request.session.insert(SHOWN_KEY, shown).await;
            kept.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            Ok(Step::Elsewhere(routes::CONSENT.to_owned()))
        }
        Authorized::NoScope => Err(OAuthError::refused(
            "invalid_scope",
            "The person holds none of the permissions that were asked for.",
        )),
        Authorized::Denied(reason) => Err(OAuthError::refused("access_denied", reason)),
    }
}

/// Tells one request from every other.
fn digest(parameters: &Parameters, pushed: Option<&[u8]>) -> Vec<u8> {
    let mut all = serde_json::to_vec(parameters).unwrap_or_default();
    all.extend(pushed.unwrap_or_default());
    sha256(all)
}

/// Why the sign-in that is there does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WhyNot {
    /// The request wants a newer one.
    Old,
    /// The request is about another person (OpenID Connect Core §3.1.2.1 `id_token_hint`).
    SomebodyElse,
    /// The same, after a sign-in that this request asked for.
    StillSomebodyElse,
}

impl WhyNot {
    const fn words(self) -> &'static str {
        match self {
            Self::Old => "The sign-in is too old.",
            Self::SomebodyElse | Self::StillSomebodyElse => "Somebody else is signed in than the one who is asked for.",
        }
    }
}

/// What this very request had asked for, if the sign-in that is there came of it.
async fn signed_in_for(request: &RequestCx, session: &SignedInAs, query: &str) -> Option<AskedToSignIn> {
    let noted: Option<AskedToSignIn> = request.session.get(ASKED_KEY).await.ok().flatten();
    noted.filter(|noted| noted.request == sha256(query) && session.at >= noted.at)
}

/// Why the session does not do for this request; none when it does.
async fn why_not(request: &RequestCx, asked: &Asked, session: &SignedInAs, expected: Expected, query: &str) -> Option<WhyNot> {
    let skew = Duration::seconds(FRESH_SKEW_SECONDS);
    // The sign-in that this very request asked for counts, if it was one at the person's own company too.
    let asked_for = signed_in_for(request, session, query).await;
    let just_now = asked_for.is_some_and(|noted| session.authenticated_at() + skew >= noted.at);
    if expected == Expected::SomebodyElse {
        return Some(if just_now {
            WhyNot::StillSomebodyElse
        } else {
            WhyNot::SomebodyElse
        });
    }
    // In whole seconds, as the client compares auth_time with its own clock; none at all is a wish for a new sign-in.
    let age = request.portal.clock.now().timestamp() - session.authenticated_at().timestamp();
    let old = asked.prompt == Prompt::SignIn || asked.max_age.is_some_and(|most| most == 0 || age > most);
    (old && !just_now).then_some(WhyNot::Old)
}

/// Whether the person gives a second factor first, because the request asks for one and they can. Asked for once: whoever does not give it
/// goes on without, where the request does not insist.
async fn has_to_give_second_factor(request: &RequestCx, asked: &Asked, session: &SignedInAs, query: &str) -> Result<bool, OAuthError> {
    if asked.surety == Surety::Any || session.second_factor_at.is_some() {
        return Ok(false);
    }
    let asked_before: Option<Vec<u8>> = request.session.get(SECOND_FACTOR_KEY).await.ok().flatten();
    let can = can_give_second_factor(request, session).await?;
    if asked.prompt == Prompt::Nothing || !can || asked_before.is_some_and(|before| before == sha256(query)) {
        return match asked.surety {
            Surety::TwoFactors => Err(unmet("The person gave no second factor.")),
            _ => Ok(false),
        };
    }
    remember(request, SECOND_FACTOR_KEY, sha256(query)).await?;
    Ok(true)
}

/// Whether they have an authenticator here, or their company's sign-in may vouch for a second factor.
async fn can_give_second_factor(request: &RequestCx, session: &SignedInAs) -> Result<bool, StoreError> {
    if request.actor.person().is_some_and(|me| me.has_second_factor) {
        return Ok(true);
    }
    let Some(through) = &session.through else { return Ok(false) };
    let found = store::federation::providers::get(&request.portal.store.reader(), through.organization, through.provider).await?;
    Ok(found.is_some_and(|provider| provider.is_live() && provider.trusts_second_factor))
}

/// Where the person signs in: it counts for this very request, begins with the address that the application expects, and with `fresh`
/// is a new one at the person's own company too.
pub(super) async fn to_sign_in(request: &RequestCx, login_hint: Option<&str>, query: &str, fresh: bool) -> Result<String, OAuthError> {
    let noted = AskedToSignIn {
        request: sha256(query),
        at: request.portal.clock.now(),
    };
    remember(request, ASKED_KEY, noted).await?;
    remember(request, FRESH_KEY, fresh).await?;
    // The same for every address: whether somebody has it is not told.
    if let Some(Ok(address)) = login_hint.map(str::parse::<EmailAddress>) {
        remember(request, EMAIL_KEY, address).await?;
    }
    sent_to(request, routes::SIGN_IN, query).await
}

async fn remember(request: &RequestCx, key: &str, value: impl Serialize) -> Result<(), StoreError> {
    let stored = request.session.insert(key, value).await;
    stored.map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// The page where the person proves who they are; the request is remembered.
async fn sent_to(request: &RequestCx, page: &str, query: &str) -> Result<String, OAuthError> {
    remember(request, CONTINUE_KEY, format!("{}?{query}", routes::OAUTH_CONTINUE)).await?;
    Ok(page.to_owned())
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
