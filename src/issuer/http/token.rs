//! `POST /oauth/token` (RFC 6749 §3.2).

use std::sync::Arc;

use axum::{
    Extension, Form, Json,
    extract::{FromRequest as _, Request, State, rejection::FormRejection},
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use serde::Deserialize;

use super::{
    super::{
        OAuthError,
        commands::{self, Issued, OwnRequest, Redemption, own_token},
        exchange::{ExchangeRequest, exchange},
        failing::HeldOff,
        keys::{KeyRing, Published},
        known::{Known, KnownClients},
        model::{Client, ClientAuthentication, GrantType},
        request::scopes,
    },
    client_auth::{Asking, Presented, authenticate, remembered},
    fresh,
    possession::{PROOF, proven},
    refusal,
};
use crate::{
    access::Actor,
    apps::Application,
    audit,
    cx::{Portal, RequestMeta},
    grouped::Appended,
    kernel::AuditEventId,
    store,
    web::{WebState, meta_of, routes},
};

#[derive(Debug, Default, Deserialize)]
struct TokenForm {
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
    subject_token: Option<String>,
    subject_token_type: Option<String>,
    actor_token: Option<String>,
    actor_token_type: Option<String>,
    requested_token_type: Option<String>,
    audience: Option<String>,
    resource: Option<String>,
}

impl TokenForm {
    /// Where the token is to count (RFC 8707 §2.2). An exchange looks for it among all applications.
    fn target(&self) -> Option<&str> {
        let exchange = self.grant_type.as_deref() == Some(GrantType::TokenExchange.as_str());
        self.resource.as_deref().filter(|resource| !exchange && !resource.is_empty())
    }

    /// What of it is about an exchange; a parameter without a value counts as left out (RFC 6749 §3.2).
    fn exchange(&self, scopes: Vec<String>, jkt: Option<String>) -> ExchangeRequest {
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        ExchangeRequest {
            subject_token: given(&self.subject_token),
            subject_token_type: given(&self.subject_token_type),
            actor_token: given(&self.actor_token),
            actor_token_type: given(&self.actor_token_type),
            audience: given(&self.audience),
            resource: given(&self.resource),
            requested_token_type: given(&self.requested_token_type),
            scopes,
            jkt,
        }
    }
}

/// As whom the trail shows a client that has proved itself.
pub(super) fn acting(client: &Client) -> Actor {
    Actor::Client(client.terms.name.clone())
}

/// `POST /oauth/token`.
pub(super) async fn token(
    State(state): State<WebState>,
    Extension(ring): Extension<KeyRing>,
    Extension(known): Extension<KnownClients>,
    Extension(held_off): Extension<HeldOff>,
    request: Request,
) -> Response {
    let meta = meta_of(request.headers(), request.extensions(), state.trust_forwarded);
    let headers = request.headers().clone();
    let form: Result<Form<TokenForm>, FormRejection> = Form::from_request(request, &()).await;
    let outcome = async {
        let Form(form) = form.map_err(|_| OAuthError::request("The form cannot be read, or a parameter comes twice."))?;
        let presented = Presented {
            client_id: form.client_id.as_deref(),
            client_secret: form.client_secret.as_deref(),
            client_assertion_type: form.client_assertion_type.as_deref(),
            client_assertion: form.client_assertion.as_deref(),
        };
        let asking = Asking {
            portal: &state.portal,
            held_off: &held_off,
            meta: &meta,
            headers: &headers,
        };
        let keys = ring.published(&state.portal).await?;
        let target = form.target();
        let for_itself = form.grant_type.as_deref() == Some("client_credentials");
        if for_itself
            && target.is_none()
            && !headers.contains_key(PROOF)
            && let Some(client) = remembered(&known, &headers, &presented)
        {
            let asked = scopes(form.scope.as_deref().unwrap_or_default())?;
            if let Some(issued) = from_memory(&state.portal, &meta, &keys, &client, &asked).await? {
                return Ok(issued);
            }
            known.forget(&client.client.terms.client_id);
        }
        let client = authenticate(&asking, &presented).await?;
        if let Some(target) = target {
            counts_at(&state.portal, &client, target).await?;
        }
        let jkt = proven(&state.portal, &headers, "POST", routes::OAUTH_TOKEN, None).await?;
        if client.terms.sender_constrained && jkt.is_none() {
            return Err(OAuthError::refused(
                "invalid_dpop_proof",
                "This client has no tokens without a proof of its key (RFC 9449).",
            ));
        }
        if for_itself {
            let asked = scopes(form.scope.as_deref().unwrap_or_default())?;
            let (issued, application) = to_client(&state.portal, meta.clone(), keys, client.clone(), asked, jkt).await?;
            known.remember(client, application);
            return Ok(issued);
        }
        granted(&state.portal, meta.clone(), keys, client, &form, jkt).await
    }
    .await;
    match outcome {
        Ok(issued) => fresh(Json(issued).into_response()),
        Err(error) => refusal(&error),
    }
}

/// Refuses a target that is not the client's own application: its tokens count nowhere else.
async fn counts_at(portal: &Portal, client: &Client, target: &str) -> Result<(), OAuthError> {
    let application = store::applications::get(&portal.store.reader(), client.application).await?;
    let own = application.map(|application| client.audience_for(&application.launch_url));
    match own {
        Some(own) if own == target => Ok(()),
        Some(own) => Err(OAuthError::refused("invalid_target", format!("The only resource is {own}"))),
        None => Err(OAuthError::refused("invalid_target", "The application is no longer offered.")),
    }
}

/// A token of its own for a client that is remembered; none when it is another by now, or when memory would refuse what the database may
/// have by now.
async fn from_memory(
    portal: &Portal,
    meta: &RequestMeta,
    keys: &Published,
    known: &Known,
    asked: &[String],
) -> Result<Option<Issued>, OAuthError> {
    if known.client.terms.sender_constrained {
        return Ok(None);
    }
    let (now, mut rng) = (portal.clock.now(), portal.entropy.rng());
    let asked = OwnRequest {
        scopes: asked,
        bound_to: None,
    };
    let both = (&known.client, &known.application);
    let Ok((issued, event)) = own_token(&portal.settings.public_url, keys, both, asked, now, &mut rng) else {
        return Ok(None);
    };
    let event = audit::row(AuditEventId::new(now, &mut rng), now, &acting(&known.client), meta, event);
    let appended = portal.append(event, known.basis()).await?;
    Ok((appended == Appended::Durable).then_some(issued))
}

async fn to_client(
    portal: &Portal,
    meta: RequestMeta,
    keys: Arc<Published>,
    client: Client,
    asked: Vec<String>,
    jkt: Option<String>,
) -> Result<(Issued, Application), OAuthError> {
    if client.terms.authentication == ClientAuthentication::None {
        return Err(OAuthError::refused(
            "unauthorized_client",
            "A public client has no tokens of its own.",
        ));
    }
    portal
        .grouped(acting(&client), meta, keeps, move |cx| {
            async move {
                let asked = OwnRequest {
                    scopes: &asked,
                    bound_to: jkt.as_deref(),
                };
                commands::issue_to_client(cx, &keys, &client, asked).await
            }
            .boxed()
        })
        .await
}

async fn granted(
    portal: &Portal,
    meta: RequestMeta,
    keys: Arc<Published>,
    client: Client,
    form: &TokenForm,
    jkt: Option<String>,
) -> Result<Issued, OAuthError> {
    let missing = |name: &str| OAuthError::request(format!("{name} is missing"));
    let asked = scopes(form.scope.as_deref().unwrap_or_default())?;
    match form.grant_type.as_deref() {
        Some("authorization_code") => {
            let redemption = Redemption {
                code: form.code.clone().ok_or_else(|| missing("code"))?,
                redirect_uri: form.redirect_uri.clone(),
                verifier: form.code_verifier.clone().ok_or_else(|| missing("code_verifier"))?,
                jkt,
            };
            portal
                .grouped(acting(&client), meta, keeps, move |cx| {
                    async move { commands::redeem(cx, &keys, &client, &redemption).await }.boxed()
                })
                .await
        }
        Some("refresh_token") => {
            let value = form.refresh_token.clone().ok_or_else(|| missing("refresh_token"))?;
            portal
                .grouped(acting(&client), meta, keeps, move |cx| {
                    async move { commands::refresh(cx, &keys, &client, &value, &asked, jkt).await }.boxed()
                })
                .await
        }
        Some(word) if word == GrantType::TokenExchange.as_str() => {
            let asked = form.exchange(asked, jkt);
            portal
                .grouped(acting(&client), meta, keeps, move |cx| {
                    async move { exchange(cx, &keys, &client, &asked).await }.boxed()
                })
                .await
        }
        None => Err(missing("grant_type")),
        Some(_) => Err(OAuthError::refused("unsupported_grant_type", "This grant_type is not offered.")),
    }
}

/// A refusal keeps what it ended and recorded; what failed leaves nothing.
const fn keeps(error: &OAuthError) -> bool {
    matches!(error, OAuthError::Refused { .. } | OAuthError::Client(_))
}
