//! Where other parties' browsers and servers arrive.

mod finish;
mod oidc;
mod saml;

use axum::{Extension, Router, response::Response, routing::get};
use serde::{Deserialize, Serialize};

use crate::web::{RequestCx, WebState, onward, redirection, routes};

/// The value that binds trips to this browser.
pub const BROWSER_KEY: &str = "federation_browser";
/// An [`Away`].
pub const AWAY_KEY: &str = "federation_away";
/// An [`Away`]: where the session can be ended too after it ended here.
pub const FURTHER_KEY: &str = "federation_further";
/// Whether the sign-in that comes has to be a new one at the person's own company too.
pub const FRESH_KEY: &str = "federation_fresh";
/// A [`Trial`].
pub const TRIAL_KEY: &str = "federation_trial";

/// Where this browser is being sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Away {
    /// The provider's page.
    pub url: String,
    /// Fields to post there; none when it is a plain address.
    pub fields: Vec<(String, String)>,
    /// What the person knows the sign-in as.
    pub name: String,
    /// The person chose it among several and may choose again.
    #[serde(default)]
    pub chosen: bool,
}

/// The routes of federation.
pub fn routes() -> Router<WebState> {
    Router::new()
        .route(routes::SIGN_IN_AWAY, get(away))
        .merge(oidc::routes())
        .merge(saml::routes())
}

fn reference(request: &RequestCx) -> String {
    request.meta.request_id.clone().unwrap_or_default()
}

/// `GET /sign-in/away`: a page of its own between our form and the provider, because browsers hold a form's redirects to
/// `form-action 'self'`.
async fn away(Extension(request): Extension<RequestCx>) -> Response {
    let away: Option<Away> = request.session.get(AWAY_KEY).await.ok().flatten();
    match away {
        Some(away) => {
            let again = away.chosen.then_some(routes::SIGN_IN_CHOOSE);
            onward::page(&away.url, &away.fields, &away.name, again)
        }
        None => redirection(routes::SIGN_IN),
    }
}
