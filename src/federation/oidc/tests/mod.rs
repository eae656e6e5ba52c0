//! Believing what an OpenID provider says, against one that also lies.

mod client;
mod logout;
mod tokens;

use std::sync::{Arc, Mutex};

use chrono::{TimeZone as _, Utc};
use serde_json::{Value, json};

use super::{
    Coming, OidcRefusal, Published, discovery,
    exchange::Answer,
    request::{self, Asked},
};
use crate::{
    cx::Entropy,
    federation::{OidcSettings, Secrets, arrival::Arrival, tests::provider::Provider},
    kernel::Clock,
    outbound::Outbound,
};

const REDIRECT: &str = "http://127.0.0.1:3000/federation/oidc/callback";

fn clock() -> Clock {
    Clock::fixed(Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).unwrap())
}

fn outbound() -> Outbound {
    Outbound::new(true).unwrap()
}

fn kim() -> Value {
    json!({ "sub": "kim-1", "email": "kim@acme.example", "sid": "there-1" })
}

fn secrets() -> Secrets {
    Secrets {
        client_secret: Some(crate::federation::tests::provider::SECRET.to_owned()),
        ..Secrets::default()
    }
}

fn ask(settings: &OidcSettings, published: &Published) -> Asked {
    let mut rng = Entropy::Seeded(Arc::new(Mutex::new(1))).rng();
    request::authorization(settings, published, REDIRECT, Some("kim@acme.example"), false, &mut rng).unwrap()
}

/// The callback's query as a handler gets it.
fn query(back: &str) -> Answer {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(back.split_once('?').unwrap().1.as_bytes())
        .into_owned()
        .collect();
    let said = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    Answer {
        state: said("state").unwrap_or_default(),
        code: said("code"),
        iss: said("iss"),
        error: said("error"),
    }
}

/// Somebody goes to the provider and comes back.
async fn sign_in(
    provider: &Provider,
    clock: &Clock,
    settings: &OidcSettings,
    secrets: &Secrets,
    who: &Value,
) -> Result<(Arrival, Option<Published>), OidcRefusal> {
    let published = discovery::fetch(&outbound(), &provider.issuer).await.expect("a configuration");
    come_back(provider, clock, settings, secrets, &published, who).await
}

/// The same with a copy of what the provider publishes.
async fn come_back(
    provider: &Provider,
    clock: &Clock,
    settings: &OidcSettings,
    secrets: &Secrets,
    published: &Published,
    who: &Value,
) -> Result<(Arrival, Option<Published>), OidcRefusal> {
    let asked = ask(settings, published);
    let answer = query(&provider.answer(asked.url.as_str(), who));
    assert_eq!(answer.state, asked.state.reveal());
    let coming = Coming {
        settings,
        secrets,
        published,
        redirect: REDIRECT,
        nonce: &asked.nonce,
        verifier: &asked.verifier,
        assertion_id: "an assertion that was never used before".to_owned(),
        now: clock.now(),
    };
    let code = coming.code(&answer)?.to_owned();
    coming.exchange(&outbound(), &code).await
}
