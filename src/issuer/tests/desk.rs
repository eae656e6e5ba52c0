//! A partner employee who holds an application, and a client of it.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value};

use crate::{
    access::Actor,
    apps::{Application, Assignment, Entitlement},
    issuer::{Client, ClientTerms, GrantType, commands::register_client},
    kernel::sha256,
    organizations::Organization,
    people::{Member, MemberRole},
    testing::{Answer, Browser, World},
};

pub const CALLBACK: &str = "https://orders.example.com/callback";
pub const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-of-rfc-7636";

/// What PKCE sends of a verifier.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier))
}

/// A client as most of them are.
pub fn draft(client_id: &str) -> ClientTerms {
    ClientTerms {
        redirect_uris: vec![CALLBACK.to_owned()],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials],
        own_scopes: vec!["orders:read".to_owned()],
        ..ClientTerms::new(client_id, "Orders on the web")
    }
}

pub struct Desk {
    pub world: World,
    pub acme: Organization,
    pub kim: Member,
    pub orders: Application,
    pub entitlement: Entitlement,
    pub assignment: Assignment,
    pub client: Client,
    pub secret: String,
}

impl Desk {
    pub async fn new(world: World) -> Self {
        let acme = world.organization("Acme").await;
        let kim = world.member(&acme, "Kim Larsen", MemberRole::Member).await;
        let (orders, scopes) = world.application("orders").await;
        let entitlement = world.entitle(&acme, &orders, &scopes[..2]).await;
        let assignment = world.assign(&kim, &entitlement).await;
        let (client, secret) = register(&world, &orders, draft("orders-web"), None).await;
        Self {
            world,
            acme,
            kim,
            orders,
            entitlement,
            assignment,
            client,
            secret: secret.expect("a secret"),
        }
    }

    /// Kim's browser.
    pub async fn browser(&self) -> Browser {
        self.world.browser_as(self.kim.person, Some(self.kim.id)).await
    }

    /// The request most clients make, with these parameters more, or without those that are empty.
    pub fn address(&self, more: &[(&str, &str)]) -> String {
        let challenge = challenge(VERIFIER);
        let mut pairs: Vec<(&str, &str)> = vec![
            ("response_type", "code"),
            ("client_id", &self.client.terms.client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email offline_access orders:read orders:write"),
            ("state", "a state & more"),
            ("nonce", "n-1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        pairs.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        pairs.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("/oauth/authorize?{query}")
    }

    /// What the browser brings the client.
    pub async fn ask(&self, browser: &mut Browser, more: &[(&str, &str)]) -> Map<String, Value> {
        let answer = browser.get(&self.address(more)).await;
        back(&answer)
    }

    /// A code for Kim.
    pub async fn code(&self) -> String {
        let mut browser = self.browser().await;
        let fields = self.ask(&mut browser, &[]).await;
        fields["code"].as_str().unwrap_or_else(|| panic!("no code: {fields:?}")).to_owned()
    }

    /// The token endpoint's answer to the client.
    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let credentials = basic(&self.client.terms.client_id, &self.secret);
        let mut server = self.world.browser();
        server
            .post_as_server("/oauth/token", form, &[("authorization", &credentials)])
            .await
    }

    pub async fn redeem(&self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// Tokens for Kim.
    pub async fn tokens(&self) -> Value {
        let code = self.code().await;
        json_of(&self.redeem(&code).await, 200)
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let mut server = self.world.browser();
        server
            .get_with("/oauth/userinfo", &[("authorization", &format!("Bearer {access_token}"))])
            .await
    }

    pub async fn introspect(&self, token: &str) -> Value {
        let credentials = basic(&self.client.terms.client_id, &self.secret);
        let mut server = self.world.browser();
        let answer = server
            .post_as_server("/oauth/introspect", &[("token", token)], &[("authorization", &credentials)])
            .await;
        json_of(&answer, 200)
    }

    pub async fn keys(&self) -> jsonwebtoken::jwk::JwkSet {
        let answer = self.world.browser().get("/oauth/jwks").await;
        serde_json::from_str(&answer.text).expect("a key set")
    }

    /// The claims of a token, its signature held against the published keys as a client's library does.
    pub async fn verified(&self, token: &str) -> Map<String, Value> {
        let header = jsonwebtoken::decode_header(token).expect("a header");
        let keys = self.keys().await;
        let key = keys
            .find(header.kid.as_deref().expect("a key's name"))
            .expect("the key is published");
        let mut validation = jsonwebtoken::Validation::new(header.alg);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let decoding = jsonwebtoken::DecodingKey::from_jwk(key).expect("a public key");
        jsonwebtoken::decode::<Map<String, Value>>(token, &decoding, &validation)
            .expect("its signature is right")
            .claims
    }
}

/// Registers a client of an application.
pub async fn register(world: &World, application: &Application, draft: ClientTerms, secret: Option<String>) -> (Client, Option<String>) {
    let mut cx = world.cx(Actor::System("test")).await;
    let registered = register_client(&mut cx, application, draft, secret).await.expect("a client");
    cx.commit().await.expect("commit");
    registered
}

/// Credentials in the Authorization header, form-encoded (RFC 6749 §2.3.1).
pub fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

/// The fields of a redirect to the client.
pub fn back(answer: &Answer) -> Map<String, Value> {
    let location = answer
        .location
        .as_deref()
        .unwrap_or_else(|| panic!("{} {}", answer.status, answer.text));
    let url = url::Url::parse(location).unwrap_or_else(|_| panic!("not back to the client: {location}"));
    assert!(url.as_str().starts_with(CALLBACK), "{url}");
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

/// The JSON of an answer that no cache may keep.
pub fn json_of(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    serde_json::from_str(&answer.text).expect("JSON")
}

/// What the newest event of a kind tells, as stored.
pub async fn last_details(world: &World, kind: crate::audit::EventKind) -> String {
    use crate::store::{Db as _, entity::audit_event as e};
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
    let row = e::Entity::find()
        .filter(e::Column::Action.eq(kind.as_str()))
        .order_by_desc(e::Column::Id)
        .one(world.portal.store.reader().connection())
        .await
        .expect("the database answers");
    row.expect("an event").details
}

/// Where the person says that they sign in again.
pub const AGAIN: &str = "/oauth/sign-in-again";

/// Says yes on the page that asks whether to sign in again.
pub async fn say_yes(browser: &mut Browser, address: &str) -> Answer {
    let page = browser.get(address).await.text;
    let value = page.split("name=\"value\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let value = value.unwrap_or_else(|| panic!("no question: {page}")).to_owned();
    browser.post(AGAIN, &[("value", &value)]).await
}
