//! `POST /oauth/introspect` (RFC 7662) and `POST /oauth/revoke` (RFC 7009).

use axum::{
    Extension, Form, Json,
    extract::{FromRequest as _, Request, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        OAuthError, commands,
        failing::HeldOff,
        keys::KeyRing,
        model::{Client, ClientAuthentication},
        verify::{Live, live},
    },
    client_auth::{Asking, Presented, authenticate},
    fresh, refusal,
    token::acting,
};
use crate::{
    access,
    web::{WebState, meta_of},
};

#[derive(Debug, Default, Deserialize)]
struct TokenForm {
    token: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
}

async fn asked(asking: &Asking<'_>, form: Result<Form<TokenForm>, FormRejection>) -> Result<(Client, String), OAuthError> {
    let Form(form) = form.map_err(|_| OAuthError::request("The form cannot be read, or a parameter comes twice."))?;
    let presented = Presented {
        client_id: form.client_id.as_deref(),
        client_secret: form.client_secret.as_deref(),
        client_assertion_type: form.client_assertion_type.as_deref(),
        client_assertion: form.client_assertion.as_deref(),
    };
    let client = authenticate(asking, &presented).await?;
    let token = form.token.ok_or_else(|| OAuthError::request("token is missing"))?;
    Ok((client, token))
}

/// `POST /oauth/introspect`: for the application that a token is meant for.
pub(super) async fn introspect(
    State(state): State<WebState>,
    Extension(ring): Extension<KeyRing>,
    Extension(held_off): Extension<HeldOff>,
    request: Request,
) -> Response {
    let meta = meta_of(request.headers(), request.extensions(), state.trust_forwarded);
    let headers = request.headers().clone();
    let form = Form::from_request(request, &()).await;
    let asking = Asking {
        portal: &state.portal,
        held_off: &held_off,
        meta: &meta,
        headers: &headers,
    };
    match introspected(&asking, &ring, form).await {
        Ok(body) => fresh(Json(body).into_response()),
        Err(error) => refusal(&error),
    }
}

async fn introspected(asking: &Asking<'_>, ring: &KeyRing, form: Result<Form<TokenForm>, FormRejection>) -> Result<Value, OAuthError> {
    let (client, token) = asked(asking, form).await?;
    // Whoever has no proof could try tokens out here (RFC 7662 §2.1).
    if client.terms.authentication == ClientAuthentication::None {
        return Err(OAuthError::Client("A public client cannot ask about tokens."));
    }
    let portal = asking.portal;
    let keys = ring.published(portal).await?;
    let db = portal.store.reader();
    let now = portal.clock.now();
    let tenant = crate::store::tenant::get(&db)
        .await?
        .unwrap_or_else(crate::organizations::Tenant::unnamed);
    let policies = portal
        .policies_as_of(&db, &tenant, access::Asking::by_api(tenant.time_zone))
        .await?;
    let found = live(&db, &policies, &tenant, &portal.settings.public_url, &keys, &token, now).await?;
    // A token for another application is none of this one's business.
    let mine = |found: &Live| found.application() == client.application || found.client.id == client.id;
    let Some(found) = found.filter(mine) else {
        return Ok(json!({ "active": false }));
    };
    let scopes = found.scopes();
    let mut claims = found.claims;
    claims.insert("scope".to_owned(), json!(scopes.join(" ")));
    claims.insert("active".to_owned(), json!(true));
    let bound = claims.contains_key("cnf");
    claims.insert("token_type".to_owned(), json!(if bound { "DPoP" } else { "Bearer" }));
    Ok(Value::Object(claims))
}

/// `POST /oauth/revoke`: answers the same whether there was something to end.
pub(super) async fn revoke(
    State(state): State<WebState>,
    Extension(ring): Extension<KeyRing>,
    Extension(held_off): Extension<HeldOff>,
    request: Request,
) -> Response {
    let meta = meta_of(request.headers(), request.extensions(), state.trust_forwarded);
    let headers = request.headers().clone();
    let form = Form::from_request(request, &()).await;
    let outcome = async {
        let asking = Asking {
            portal: &state.portal,
            held_off: &held_off,
            meta: &meta,
            headers: &headers,
        };
        let (client, token) = asked(&asking, form).await?;
        let keys = ring.published(&state.portal).await?;
        let mut cx = state.portal.begin(acting(&client), meta.clone()).await?;
        commands::revoke(&mut cx, &keys, &client, &token).await?;
        cx.commit().await?;
        Ok::<_, OAuthError>(())
    }
    .await;
    match outcome {
        Ok(()) => fresh(StatusCode::OK.into_response()),
        Err(error) => refusal(&error),
    }
}
