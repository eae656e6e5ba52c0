//! An OpenID provider inside the test: it listens on the loopback interface, signs with keys of its own, and does exactly what a test
//! tells it, also what no good provider does. The page where people type their names is left out: [`Provider::answer`] is its result.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha512};
use url::Url;

use crate::{
    federation::{ClientAuth, OidcSettings},
    kernel::{Clock, sha256},
};

/// What the portal is called here.
pub const CLIENT: &str = "portal of acme";
/// What it proves that with; the signs are those that form-encoding changes.
pub const SECRET: &str = "p%r+o:v/e=n &100";

/// A key pair that signs in one way.
#[derive(Clone)]
pub struct Key {
    /// Its name.
    pub kid: String,
    algorithm: Algorithm,
    pem: String,
}

impl Key {
    /// A new one.
    pub fn new(algorithm: Algorithm, kid: &str) -> Self {
        let pkcs8 = match algorithm {
            Algorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).and_then(|pair| pair.to_pkcs8v1()),
            Algorithm::EdDSA => Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()),
            _ => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
                let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS#8");
                return Self::of(algorithm, kid, der.as_ref());
            }
        };
        Self::of(algorithm, kid, pkcs8.expect("a key").as_ref())
    }

    fn of(algorithm: Algorithm, kid: &str, der: &[u8]) -> Self {
        Self {
            kid: kid.to_owned(),
            algorithm,
            pem: pem("PRIVATE KEY", der),
        }
    }

    fn private(&self) -> EncodingKey {
        let pem = self.pem.as_bytes();
        match self.algorithm {
            Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
            _ => EncodingKey::from_rsa_pem(pem),
        }
        .expect("a key")
    }

    /// The public half (RFC 7517). It names no algorithm: one RSA key serves RS256 and PS256.
    pub fn public(&self) -> Value {
        let mut key = serde_json::to_value(jwk::Jwk::from_encoding_key(&self.private(), self.algorithm).expect("a key")).expect("JSON");
        key["kid"] = json!(self.kid);
        key["use"] = json!("sig");
        key.as_object_mut().expect("an object").remove("alg");
        key
    }

    /// The public half of an RSA key as a text that somebody could mistake for a secret (RFC 7468 §13).
    pub fn public_pem(&self) -> String {
        let text: String = self.pem.lines().filter(|line| !line.starts_with('-')).collect();
        let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(text).expect("base64")).expect("an RSA key");
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a public key");
        pem("PUBLIC KEY", der.as_ref())
    }

    /// Signs as it should be done.
    pub fn sign(&self, typ: &str, claims: &Map<String, Value>) -> String {
        let mut header = Header::new(self.algorithm);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.private()).expect("a token")
    }
}

/// How an ID token is signed.
#[derive(Clone, Debug, Default)]
pub enum Signed {
    /// As it should be.
    #[default]
    Properly,
    /// Not at all (`alg: none`, RFC 7519 §6).
    Not,
    /// With HMAC, and these bytes for a secret.
    Hmac(Vec<u8>),
    /// With a key that is not published, under this name.
    ByAnotherKey(&'static str),
    /// Properly, and changed afterwards.
    Tampered,
}

/// What a person who signs in brings along: an authorization request that was granted.
struct Granted {
    challenge: String,
    nonce: String,
    redirect: String,
    who: Map<String, Value>,
}

/// Changes the claims of an ID token before it is signed.
type Twist = Box<dyn Fn(&mut Map<String, Value>) + Send>;

/// Everything a test may change.
pub struct Behaviour {
    /// The keys that are published; the first signs.
    pub keys: Vec<Key>,
    /// Keys of kinds that nobody here knows, published beside them.
    pub odd_keys: Vec<Value>,
    /// How ID tokens are signed.
    pub signed: Signed,
    /// Changes claims before that.
    pub twist: Option<Twist>,
    /// How the portal has to prove itself.
    pub client_auth: ClientAuth,
    /// The portal's own keys, for `private_key_jwt`.
    pub client_keys: Value,
    /// Whether answers name the issuer (RFC 9207).
    pub names_itself: bool,
    /// Endpoints that answer with a status and nothing else, by their path.
    pub broken: HashMap<&'static str, u16>,
    /// What the userinfo endpoint says; nothing but the claims of the ID token by default.
    pub userinfo: Map<String, Value>,
    /// How often each endpoint was asked.
    pub asked: BTreeMap<&'static str, u32>,
    granted: HashMap<String, Granted>,
    subjects: HashMap<String, Value>,
    count: u32,
}

/// A running provider; it ends with the test.
pub struct Provider {
    /// Its name and address.
    pub issuer: String,
    clock: Clock,
    behaviour: Arc<Mutex<Behaviour>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Site {
    issuer: String,
    clock: Clock,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Provider {
    /// Starts one that signs with ECDSA.
    pub async fn start(clock: Clock) -> Self {
        Self::signing(clock, Algorithm::ES256).await
    }

    /// Starts one.
    pub async fn signing(clock: Clock, algorithm: Algorithm) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let behaviour = Arc::new(Mutex::new(Behaviour {
            keys: vec![Key::new(algorithm, "first")],
            odd_keys: vec![
                json!({ "kty": "AKP", "kid": "later", "alg": "ML-DSA-44", "pub": "AAAA", "use": "sig" }),
                json!({ "kty": "EC", "kid": "coin", "crv": "secp256k1", "x": "AAAA", "y": "AAAA" }),
            ],
            signed: Signed::Properly,
            twist: None,
            client_auth: ClientAuth::Basic,
            client_keys: Value::Null,
            names_itself: true,
            broken: HashMap::new(),
            userinfo: Map::new(),
            asked: BTreeMap::new(),
            granted: HashMap::new(),
            subjects: HashMap::new(),
            count: 0,
        }));
        let site = Site {
            issuer: issuer.clone(),
            clock: clock.clone(),
            behaviour: behaviour.clone(),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(site);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self {
            issuer,
            clock,
            behaviour,
            task,
        }
    }

    /// How the portal reaches it.
    pub fn settings(&self) -> OidcSettings {
        OidcSettings {
            issuer: self.issuer.clone(),
            client_id: CLIENT.to_owned(),
            client_auth: ClientAuth::Basic,
            scopes: vec!["email".to_owned(), "profile".to_owned()],
            userinfo: false,
        }
    }

    /// Changes or reads how it behaves.
    pub fn set<T>(&self, change: impl FnOnce(&mut Behaviour) -> T) -> T {
        change(&mut self.behaviour.lock().expect("nobody panicked"))
    }

    /// From now on these claims are changed so.
    pub fn twist(&self, twist: impl Fn(&mut Map<String, Value>) + Send + 'static) {
        self.set(|behaviour| behaviour.twist = Some(Box::new(twist)));
    }

    /// Somebody signs in on the page that a browser was sent to; answers the path and query the browser is sent back with.
    pub fn answer(&self, page: &str, who: &Value) -> String {
        let asked: Url = page.parse().expect("an address");
        let query: HashMap<String, String> = asked.query_pairs().into_owned().collect();
        assert_eq!(
            format!("{}{}", self.issuer, "/authorize"),
            page.split('?').next().unwrap_or_default()
        );
        let said = |name: &str| query.get(name).cloned().unwrap_or_default();
        assert_eq!((said("response_type").as_str(), said("client_id").as_str()), ("code", CLIENT));
        assert_eq!(said("code_challenge_method"), "S256");
        assert!(said("scope").split(' ').any(|scope| scope == "openid"), "{page}");
        let redirect = said("redirect_uri");
        let code = self.set(|behaviour| {
            behaviour.count += 1;
            let code = format!("code-{}", behaviour.count);
            let granted = Granted {
                challenge: said("code_challenge"),
                nonce: said("nonce"),
                redirect: redirect.clone(),
                who: who.as_object().expect("claims").clone(),
            };
            behaviour.granted.insert(code.clone(), granted);
            code
        });
        self.back(&redirect, &[("code", &code), ("state", &said("state"))])
    }

    /// The page says no; answers the path and query the browser is sent back with.
    pub fn refuse(&self, page: &str, error: &str) -> String {
        let asked: Url = page.parse().expect("an address");
        let query: HashMap<String, String> = asked.query_pairs().into_owned().collect();
        self.back(&query["redirect_uri"], &[("error", error), ("state", &query["state"])])
    }

    fn back(&self, redirect: &str, pairs: &[(&str, &str)]) -> String {
        let mut back: Url = redirect.parse().expect("an address");
        back.query_pairs_mut().extend_pairs(pairs);
        if self.set(|behaviour| behaviour.names_itself) {
            back.query_pairs_mut().append_pair("iss", &self.issuer);
        }
        format!("{}?{}", back.path(), back.query().unwrap_or_default())
    }

    /// A logout token (OpenID Connect Back-Channel Logout 1.0 §2.4) with these claims more, or without those that are null.
    pub fn logout_token(&self, more: Value) -> String {
        let now = self.clock.now().timestamp();
        let id = self.set(|behaviour| {
            behaviour.count += 1;
            behaviour.count
        });
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": format!("logout-{id}"),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        for (name, value) in more.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        let mut claims = claims.as_object().expect("claims").clone();
        claims.retain(|_, value| !value.is_null());
        self.set(|behaviour| match &behaviour.signed {
            Signed::Not => unsigned("logout+jwt", &claims),
            Signed::Hmac(secret) => hmac("logout+jwt", &behaviour.keys[0].kid, &claims, secret),
            Signed::ByAnotherKey(kid) => Key::new(behaviour.keys[0].algorithm, kid).sign("logout+jwt", &claims),
            Signed::Properly | Signed::Tampered => behaviour.keys[0].sign("logout+jwt", &claims),
        })
    }
}

impl Site {
    /// Counts a request; answers what the endpoint says instead of its usual answer.
    fn ask(&self, endpoint: &'static str) -> Option<Response> {
        let mut behaviour = self.behaviour.lock().expect("nobody panicked");
        *behaviour.asked.entry(endpoint).or_default() += 1;
        let status = StatusCode::from_u16(*behaviour.broken.get(endpoint)?).expect("a status");
        Some((status, "Something went wrong here.").into_response())
    }
}

async fn configuration(State(site): State<Site>) -> Response {
    if let Some(broken) = site.ask("configuration") {
        return broken;
    }
    let at = |path: &str| format!("{}{path}", site.issuer);
    let names_itself = site.behaviour.lock().expect("nobody panicked").names_itself;
    Json(json!({
        "issuer": site.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "end_session_endpoint": at("/end-session"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": names_itself,
    }))
    .into_response()
}

async fn keys(State(site): State<Site>) -> Response {
    if let Some(broken) = site.ask("jwks") {
        return broken;
    }
    let behaviour = site.behaviour.lock().expect("nobody panicked");
    let mut keys: Vec<Value> = behaviour.keys.iter().map(Key::public).collect();
    keys.extend(behaviour.odd_keys.iter().cloned());
    Json(json!({ "keys": keys })).into_response()
}

async fn token(State(site): State<Site>, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    if let Some(broken) = site.ask("token") {
        return broken;
    }
    let refused = |status: StatusCode, error: &str| (status, Json(json!({ "error": error }))).into_response();
    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let mut behaviour = site.behaviour.lock().expect("nobody panicked");
    if !proves_itself(&site, &behaviour, &headers, &form) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let granted = behaviour.granted.remove(said("code"));
    let challenge = URL_SAFE_NO_PAD.encode(sha256(said("code_verifier")));
    let Some(granted) = granted.filter(|granted| {
        said("grant_type") == "authorization_code" && granted.redirect == said("redirect_uri") && granted.challenge == challenge
    }) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    behaviour.count += 1;
    let access_token = format!("access-{}", behaviour.count);
    behaviour
        .subjects
        .insert(access_token.clone(), granted.who.get("sub").cloned().unwrap_or_default());
    let now = site.clock.now().timestamp();
    let mut claims = granted.who;
    let hash = match behaviour.keys[0].algorithm {
        Algorithm::EdDSA => Sha512::digest(&access_token).to_vec(),
        _ => sha256(&access_token),
    };
    for (name, value) in [
        ("iss", json!(site.issuer)),
        ("aud", json!(CLIENT)),
        ("nonce", json!(granted.nonce)),
        ("iat", json!(now)),
        ("exp", json!(now + 300)),
        ("at_hash", json!(URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]))),
    ] {
        claims.insert(name.to_owned(), value);
    }
    if let Some(twist) = &behaviour.twist {
        twist(&mut claims);
    }
    let key = &behaviour.keys[0];
    let id_token = match &behaviour.signed {
        Signed::Properly => key.sign("JWT", &claims),
        Signed::Not => unsigned("JWT", &claims),
        Signed::Hmac(secret) => hmac("JWT", &key.kid, &claims, secret),
        Signed::ByAnotherKey(kid) => Key::new(key.algorithm, kid).sign("JWT", &claims),
        Signed::Tampered => {
            let token = key.sign("JWT", &claims);
            claims.insert("sub".to_owned(), json!("somebody else"));
            let parts: Vec<&str> = token.split('.').collect();
            format!("{}.{}.{}", parts[0], encoded(&Value::Object(claims)), parts[2])
        }
    };
    let body = json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": id_token });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn userinfo(State(site): State<Site>, headers: HeaderMap) -> Response {
    if let Some(broken) = site.ask("userinfo") {
        return broken;
    }
    let behaviour = site.behaviour.lock().expect("nobody panicked");
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let Some(subject) = bearer.and_then(|token| behaviour.subjects.get(token)) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let mut claims = Map::from_iter([("sub".to_owned(), subject.clone())]);
    claims.extend(behaviour.userinfo.clone());
    Json(claims).into_response()
}

/// Whether the portal proves itself in the way that was agreed, and in no other.
fn proves_itself(site: &Site, behaviour: &Behaviour, headers: &HeaderMap, form: &HashMap<String, String>) -> bool {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    match behaviour.client_auth {
        ClientAuth::Basic => {
            // RFC 6749 §2.3.1: both are form-encoded before they are put together.
            let given = basic.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
            given.is_some_and(|given| given == format!("{}:{}", form_encoded(CLIENT), form_encoded(SECRET)))
                && !form.contains_key("client_secret")
        }
        ClientAuth::Post => {
            basic.is_none()
                && form.get("client_id").is_some_and(|id| id == CLIENT)
                && form.get("client_secret").is_some_and(|secret| secret == SECRET)
        }
        ClientAuth::PrivateKeyJwt => basic.is_none() && !form.contains_key("client_secret") && asserts(site, behaviour, form),
    }
}

/// RFC 7523 §3.
fn asserts(site: &Site, behaviour: &Behaviour, form: &HashMap<String, String>) -> bool {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let Some(assertion) = form
        .get("client_assertion")
        .filter(|_| form.get("client_assertion_type").is_some_and(|given| given == kind))
    else {
        return false;
    };
    let known: jwk::JwkSet = serde_json::from_value(behaviour.client_keys.clone()).expect("a key set");
    let header = jsonwebtoken::decode_header(assertion).expect("a header");
    let Some(key) = known.find(header.kid.as_deref().unwrap_or_default()) else {
        return false;
    };
    let mut validation = Validation::new(Algorithm::ES256);
    validation.validate_exp = false;
    validation.set_audience(&[format!("{}/token", site.issuer)]);
    validation.set_issuer(&[CLIENT]);
    validation.sub = Some(CLIENT.to_owned());
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    let decoded = jsonwebtoken::decode::<Map<String, Value>>(assertion, &DecodingKey::from_jwk(key).expect("a key"), &validation);
    let now = site.clock.now().timestamp();
    decoded.is_ok_and(|token| {
        token.claims["exp"].as_i64().is_some_and(|end| end > now && end < now + 600)
            && token.claims["jti"].as_str().is_some_and(|id| id.len() > 20)
    })
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn unsigned(typ: &str, claims: &Map<String, Value>) -> String {
    format!(
        "{}.{}.",
        encoded(&json!({ "alg": "none", "typ": typ })),
        encoded(&Value::Object(claims.clone()))
    )
}

fn hmac(typ: &str, kid: &str, claims: &Map<String, Value>, secret: &[u8]) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(typ.to_owned());
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).expect("a token")
}
