//! Fills a fresh database with what the measurement of the token endpoint spends: a partner with members, an application, a client, and
//! many codes and refresh tokens that nobody has used. One of each per member comes about as in life, by sign-in, authorization and
//! redemption; the others are copies of these rows under values of their own.
//!
//! `BENCH_DATABASE_URL` names the database, `BENCH_FOLDER` where `master.key`, `codes.txt`, `refresh.txt`, `subjects.txt` and `client.json` go, `BENCH_PUBLIC_URL` the portal's
//! address, `BENCH_COUNT`
//! how many of each (default 1,000), `BENCH_MEMBERS` how many members (default 100).

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portico::{
    access::Actor,
    cx::{Entropy, Portal, Settings},
    issuer::{ActingKind, ClientTerms, GrantType, acting::declared::declare_acting, commands::register_client},
    kernel::{Clock, MasterKey, sha256},
    organizations::Tenant,
    outbound::Outbound,
    people::MemberRole,
    store::{self, Store},
    testing::World,
};
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait as _};

const CALLBACK: &str = "https://orders.example.com/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-of-rfc-7636";
const SECRET: &str = "a-secret-of-the-measurement-0123456789";

#[expect(clippy::disallowed_methods, reason = "a measurement is told by the environment what to do")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` runs this too, without a database.
    let Some(url) = told("BENCH_DATABASE_URL") else { return };
    let folder = PathBuf::from(told("BENCH_FOLDER").expect("BENCH_FOLDER names a folder"));
    let number = |name: &str, otherwise: usize| told(name).map_or(otherwise, |text| text.parse().expect("a number"));
    let (count, members) = (number("BENCH_COUNT", 1_000), number("BENCH_MEMBERS", 100));

    let (master_key, text) = MasterKey::generate(&mut Entropy::System.rng());
    std::fs::write(folder.join("master.key"), text).expect("the master key is kept");
    let store = Store::open(&url).await.expect("the database opens");
    store.migrate().await.expect("the schema is made");
    let templates = Templates::make(store, master_key, members).await;
    let db = Database::connect(if url.starts_with("sqlite:") {
        format!("{url}?mode=rwc")
    } else {
        url
    })
    .await
    .expect("the database opens");
    std::fs::write(folder.join("subjects.txt"), templates.subjects.join("\n")).expect("subjects are kept");
    let (codes, refresh) = templates.copied(&db, count).await;
    std::fs::write(folder.join("codes.txt"), codes).expect("codes are kept");
    std::fs::write(folder.join("refresh.txt"), refresh).expect("refresh tokens are kept");
    let client = format!(
        "{{\"client_id\":\"orders-bench\",\"secret\":\"{SECRET}\",\"redirect_uri\":\"{CALLBACK}\",\"verifier\":\"{VERIFIER}\",\"scope\":\"orders:read\"}}"
    );
    std::fs::write(folder.join("client.json"), client).expect("the client is kept");
    println!("{count} codes and refresh tokens of {members} members");
}

/// What came about as in life.
struct Templates {
    /// A grant each with a code that was not redeemed, by the code's hash.
    codes: Vec<Vec<u8>>,
    /// A grant each with a refresh token that was not used, by its hash.
    refresh: Vec<Vec<u8>>,
    /// An access token each, to exchange.
    subjects: Vec<String>,
}

impl Templates {
    async fn make(store: Store, master_key: MasterKey, members: usize) -> Self {
        let portal = Portal {
            store: store.clone(),
            clock: Clock::System,
            entropy: Entropy::System,
            policies: Arc::new(portico::access::PolicyBook::built_in().expect("the policies are valid")),
            master_key,
            outbound: Outbound::new(true).expect("a client"),
            settings: Arc::new(Settings {
                public_url: told("BENCH_PUBLIC_URL").unwrap_or_else(|| Settings::default().public_url),
                ..Settings::default()
            }),
            group: Default::default(),
        };
        let world = World {
            clock: Clock::System,
            portal,
        };
        let cx = world.system().await;
        let tenant = Tenant {
            name: "Northwind Industries".to_owned(),
            ..Tenant::unnamed()
        };
        store::tenant::put(&cx.tx, &tenant, cx.now).await.expect("the tenant is made");
        cx.commit().await.expect("commit");
        let acme = world.organization("Acme").await;
        let (orders, scopes) = world.application("orders").await;
        let entitlement = world.entitle(&acme, &orders, &scopes[..2]).await;
        let terms = ClientTerms {
            redirect_uris: vec![CALLBACK.to_owned()],
            grant_types: vec![
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
                GrantType::TokenExchange,
            ],
            own_scopes: vec!["orders:read".to_owned()],
            may_act_for: ActingKind::Delegation,
            // The subjects of exchanges are made before the measurement begins.
            access_seconds: Some(8 * 3600),
            ..ClientTerms::new("orders-bench", "Orders")
        };
        let mut cx = world.cx(Actor::System("bench")).await;
        let (client, _) = register_client(&mut cx, &orders, terms, Some(SECRET.to_owned()))
            .await
            .expect("a client");
        declare_acting(&mut cx, &client, &orders, vec!["orders:read".to_owned()])
            .await
            .expect("it may act");
        cx.commit().await.expect("commit");

        let challenge = URL_SAFE_NO_PAD.encode(sha256(VERIFIER));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("response_type", "code"),
                ("client_id", "orders-bench"),
                ("redirect_uri", CALLBACK),
                ("scope", "openid profile email offline_access orders:read"),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let (mut codes, mut refresh, mut subjects) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..members {
            let member = world.member(&acme, &format!("Member {number}"), MemberRole::Member).await;
            world.assign(&member, &entitlement).await;
            let mut browser = world.browser_as(member.person, Some(member.id)).await;
            let mut given = Vec::new();
            for _ in 0..2 {
                let answer = browser.get(&format!("/oauth/authorize?{query}")).await;
                let location = answer.location.unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text));
                let address = url::Url::parse(&location).expect("an address");
                let code = address.query_pairs().find(|(name, _)| name == "code");
                given.push(code.expect("a code").1.into_owned());
            }
            codes.push(sha256(&given[0]));
            let credentials = format!(
                "Basic {}",
                base64::engine::general_purpose::STANDARD.encode(format!("orders-bench:{SECRET}"))
            );
            let form = [
                ("grant_type", "authorization_code"),
                ("code", given[1].as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let answer = browser
                .post_as_server("/oauth/token", &form, &[("authorization", &credentials)])
                .await;
            let tokens: serde_json::Value = serde_json::from_str(&answer.text).expect("tokens");
            refresh.push(sha256(tokens["refresh_token"].as_str().expect("a refresh token")));
            subjects.push(tokens["access_token"].as_str().expect("an access token").to_owned());
        }
        store.close().await;
        Self { codes, refresh, subjects }
    }

    /// Copies them under new values; answers the values, one a line.
    async fn copied(&self, db: &DatabaseConnection, count: usize) -> (String, String) {
        let copier = Copier::of(db).await;
        let mut lists = Vec::new();
        for (table, columns, originals) in [
            ("oauth_codes", &copier.codes, &self.codes),
            ("oauth_refresh_tokens", &copier.refresh, &self.refresh),
        ] {
            let tx = db.begin().await.expect("a transaction");
            let mut values = String::new();
            for number in 0..count {
                let value = format!(
                    "{table}-{number:08}-{}",
                    URL_SAFE_NO_PAD.encode(sha256(format!("{table} {number}")))
                );
                copier.copy(&tx, table, columns, &originals[number % originals.len()], &value).await;
                let _ = writeln!(values, "{value}");
            }
            tx.commit().await.expect("commit");
            lists.push(values);
        }
        let refresh = lists.pop().unwrap_or_default();
        (lists.pop().unwrap_or_default(), refresh)
    }
}

/// Copies rows whatever columns they have, so that it goes along with the schema.
struct Copier {
    backend: DatabaseBackend,
    grants: Vec<String>,
    codes: Vec<String>,
    refresh: Vec<String>,
}

impl Copier {
    async fn of(db: &DatabaseConnection) -> Self {
        let backend = db.get_database_backend();
        let columns = async |table: &str| {
            let sql = match backend {
                DatabaseBackend::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
                _ => format!("SELECT column_name AS name FROM information_schema.columns WHERE table_name = '{table}'"),
            };
            let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.expect("columns");
            let names: Vec<String> = rows.iter().map(|row| row.try_get("", "name").expect("a name")).collect();
            assert!(!names.is_empty(), "{table} has columns");
            names
        };
        Self {
            backend,
            grants: columns("oauth_grants").await,
            codes: columns("oauth_codes").await,
            refresh: columns("oauth_refresh_tokens").await,
        }
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let hex = bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        match self.backend {
            DatabaseBackend::Sqlite => format!("x'{hex}'"),
            _ => format!("'\\x{hex}'::bytea"),
        }
    }

    fn id(&self, bytes: &[u8]) -> String {
        match self.backend {
            DatabaseBackend::Sqlite => self.bytes(bytes),
            _ => format!("'{}'::uuid", uuid::Uuid::from_slice(bytes).expect("16 bytes")),
        }
    }

    async fn copy(&self, tx: &DatabaseTransaction, table: &str, columns: &[String], original: &[u8], value: &str) {
        let grant = self.id(&sha256(format!("grant of {value}"))[..16]);
        let (original, hash) = (self.bytes(original), self.bytes(&sha256(value)));
        let quoted = |columns: &[String]| columns.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let taken = |columns: &[String], other: &dyn Fn(&str) -> Option<String>| {
            let each = columns.iter().map(|name| other(name).unwrap_or_else(|| format!("\"{name}\"")));
            each.collect::<Vec<_>>().join(", ")
        };
        let grants = taken(&self.grants, &|name| (name == "id").then(|| grant.clone()));
        let rows = taken(columns, &|name| match name {
            "id" => Some(hash.clone()),
            "grant_id" => Some(grant.clone()),
            // A minute would be over before the measurement begins.
            "expires_at" => Some("'2099-01-01T00:00:00+00:00'".to_owned()),
            _ => None,
        });
        for sql in [
            format!(
                "INSERT INTO oauth_grants ({}) SELECT {grants} FROM oauth_grants WHERE id = (SELECT grant_id FROM {table} WHERE id = {original})",
                quoted(&self.grants)
            ),
            format!(
                "INSERT INTO {table} ({}) SELECT {rows} FROM {table} WHERE id = {original}",
                quoted(columns)
            ),
        ] {
            tx.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
        }
    }
}
