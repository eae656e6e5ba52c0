//! What the web layer promises whatever a visitor sends or a handler does.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use leptos::prelude::*;
use leptos_axum::render_app_async_with_context;
use tower::ServiceExt as _;

use super::{download::inert, guard::LONGEST_BODY, location, meta_of, router::assembled};
use crate::{
    audit::EventKind,
    for_each_backend,
    kernel::Password,
    people::{MemberRole, TenantRole},
    signin::commands::set_password,
    testing::World,
};

/// A server function that goes wrong; it is in no release.
#[server(prefix = "/do", endpoint = "panic-in-a-test")]
pub async fn panic_in_a_test(#[server(default)] typed: String) -> Result<(), ServerFnError> {
    panic!("nobody may read {typed}");
}

/// A router with handlers that go wrong.
fn with_panics(world: &World) -> Router {
    let page = render_app_async_with_context(
        || (),
        || {
            let content = Suspend::new(async {
                let well = std::hint::black_box(false);
                assert!(well, "a page that goes wrong");
                "a page"
            });
            view! { <Suspense>{content}</Suspense> }
        },
    );
    async fn handler() -> String {
        panic!("a handler that goes wrong")
    }
    let more = Router::new().route("/test/handler", get(handler)).route("/test/page", get(page));
    assembled(world.web(), more)
}

struct Seen {
    status: StatusCode,
    id: String,
    text: String,
}

async fn send(router: Router, request: Request<Body>) -> Seen {
    let response = router.oneshot(request).await.expect("an answer");
    let status = response.status();
    let id = response
        .headers()
        .get("x-request-id")
        .map_or("", |value| value.to_str().expect("text"))
        .to_owned();
    assert!(
        response.headers().contains_key(header::CONTENT_SECURITY_POLICY),
        "every answer has its headers"
    );
    let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    Seen {
        status,
        id,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn form(path: &str, body: Body) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "text/html")
        .header("sec-fetch-site", "same-origin")
        .body(body)
        .expect("a request")
}

fn asked(path: &str) -> Request<Body> {
    Request::get(path)
        .header(header::ACCEPT, "text/html")
        .body(Body::empty())
        .expect("a request")
}

/// A body in chunks, without a length.
fn chunked(length: usize) -> Body {
    let first = Ok::<_, std::io::Error>("email=".to_owned());
    let rest = std::iter::repeat_n("a".repeat(64 * 1024), length / (64 * 1024)).map(Ok);
    Body::from_stream(futures::stream::iter(std::iter::once(first).chain(rest)))
}

#[tokio::test]
async fn a_form_longer_than_two_mebibytes_is_told_so() {
    let world = World::sqlite().await;
    let router = assembled(world.web(), Router::new());
    let typed = format!("email={}", "a".repeat(LONGEST_BODY));
    for (what, body) in [
        ("announced", Body::from(typed)),
        ("chunked", chunked(LONGEST_BODY + 64 * 1024)),
        ("endless", chunked(40 * LONGEST_BODY)),
    ] {
        let seen = send(router.clone(), form("/do/begin-sign-in", body)).await;
        assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE, "{what}");
        assert!(
            seen.text.contains("This is too large") && seen.text.contains(&seen.id),
            "{what}: {}",
            seen.text
        );
    }
}

#[tokio::test]
async fn a_form_just_short_enough_is_read() {
    let world = World::sqlite().await;
    let router = assembled(world.web(), Router::new());
    let seen = send(router, form("/do/begin-sign-in", chunked(LONGEST_BODY - 64 * 1024))).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text);
}

/// A log that a test reads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_panic_is_an_error_page_whose_reference_the_log_has() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    crate::boot::telemetry::note_panics();
    let world = World::sqlite().await;
    let router = with_panics(&world);
    for request in [
        asked("/test/handler"),
        asked("/test/page"),
        form("/do/panic-in-a-test", Body::from("typed=Bo-Lind")),
    ] {
        let path = request.uri().path().to_owned();
        let seen = send(router.clone(), request).await;
        assert_eq!(seen.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(
            !seen.id.is_empty() && seen.text.contains("Something went wrong") && seen.text.contains(&seen.id),
            "{path}: {}",
            seen.text
        );
        let logged = String::from_utf8_lossy(&log.0.lock().expect("the log")).into_owned();
        let place = logged
            .lines()
            .any(|line| line.contains(&seen.id) && line.contains("panicked") && line.contains("src/web/tests.rs"));
        assert!(place, "{path}: {logged}");
        assert!(!logged.contains("Bo-Lind"), "{logged}");
    }
    let next = send(router, asked("/sign-in")).await;
    assert_eq!(next.status, StatusCode::OK, "the portal goes on after a panic");
}

#[test]
fn a_location_holds_no_other_site_and_nothing_a_header_cannot() {
    for (path, expected) in [
        ("/team?q=a%20b&page=2", "/team?q=a%20b&page=2"),
        ("/partners/a\r\nset-cookie: x=1", "/partners/a%0D%0Aset-cookie:%20x=1"),
        ("/partners/müller", "/partners/m%C3%BCller"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/%5Cevil.example/"),
        ("https://evil.example/", "/"),
        ("", "/"),
    ] {
        assert_eq!(location(path).to_str().expect("text"), expected, "{path:?}");
    }
}

for_each_backend!(without_a_database_every_answer_is_a_page_with_a_reference, |world| {
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let mut signed_in = world.browser_as(admin.person, Some(admin.id)).await;
    let mut nobody = world.browser();
    assert_eq!(signed_in.get("/team").await.status, StatusCode::OK);
    gone(&world).await;
    for answer in [
        signed_in.get("/team").await,
        signed_in.get("/team.csv").await,
        signed_in.post("/do/change-branding", &[("accent", "#0a7d33")]).await,
        nobody.get("/sign-in").await,
        nobody.post("/do/begin-sign-in", &[("email", "bo@example.com")]).await,
    ] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
        let reference = answer.headers["x-request-id"].to_str().expect("text");
        assert!(
            answer.text.contains("The portal cannot answer right now") && answer.text.contains(reference),
            "{}",
            answer.text
        );
    }
    assert_eq!(nobody.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(nobody.get("/healthz").await.status, StatusCode::OK, "the process itself lives");
});

for_each_backend!(a_character_that_no_database_takes_is_refused_where_it_comes_in, |world| {
    let owner = world.employee("Ada Own", TenantRole::Owner).await;
    let acme = world.own(&world.organization("Acme").await, &owner).await;
    let admin = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let mut own = world.browser_as(admin.person, Some(admin.id)).await;
    let mut answering = world.browser_as(owner.id, None).await;
    for path in [
        "/branding/%00.css",
        "/branding/a%00b/logo",
        "/launch/%00",
        "/apps/a%00",
        "/partners/%00",
        "/partners/%00/activity/export.csv",
    ] {
        for browser in [&mut own, &mut answering] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
            assert!(answer.text.contains("There is nothing here"), "{path}: {}", answer.text);
        }
    }
    for path in ["/team?q=%00", "/team.csv?q=a%00b", "/team/invitations?q=%00", "/search?q=%00"] {
        let answer = own.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text);
        assert!(answer.text.contains("could not be understood"), "{path}: {}", answer.text);
    }
    assert_eq!(own.get("/team?q=%2500").await.status, StatusCode::OK, "these are three letters");
    let form = [("organization", "ac\0me"), ("version", "1"), ("reason", "Over")];
    let answer = answering.post("/do/decline-partner", &form).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    assert!(answer.text.contains("could not be understood"), "{}", answer.text);
});

for_each_backend!(servers_are_told_of_such_a_character_in_their_own_words, |world| {
    let mut server = world.browser();
    let form = [("grant_type", "client_credentials"), ("client_id", "a\0")];
    for path in ["/oauth/token", "/oauth/par", "/oauth/introspect", "/oauth/revoke"] {
        let answer = server.post_as_server(path, &form, &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text);
        assert_eq!(error_of(&answer.text), "invalid_request", "{path}");
    }
    let credentials = format!("Basic {}", STANDARD.encode("a%00:secret"));
    let answer = server
        .post_as_server("/oauth/token", &form[..1], &[("authorization", &credentials)])
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text);
    assert_eq!(error_of(&answer.text), "invalid_client");
});

fn error_of(json: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(json).expect("JSON");
    body["error"].as_str().expect("a word").to_owned()
}

#[test]
fn no_cell_is_a_formula() {
    for cell in ["=1+1", "+1", "-1", "@x", "\tx", "\rx"] {
        assert_eq!(inert(cell.to_owned()), format!("'{cell}"));
    }
    assert_eq!(inert("a=b".to_owned()), "a=b");
}

/// From here on the database takes no change of a session.
async fn keep_sessions_as_they_are(world: &World) {
    use sea_orm::ConnectionTrait as _;
    let statements: Vec<String> = if world.portal.store.is_embedded() {
        ["INSERT", "UPDATE", "DELETE"]
            .iter()
            .map(|verb| format!("CREATE TRIGGER no_{verb} BEFORE {verb} ON sessions BEGIN SELECT RAISE(ABORT, 'no'); END"))
            .collect()
    } else {
        vec![
            "CREATE FUNCTION no_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$".to_owned(),
            "CREATE TRIGGER no_change BEFORE INSERT OR UPDATE OR DELETE ON sessions FOR EACH STATEMENT EXECUTE FUNCTION no_change()"
                .to_owned(),
        ]
    };
    let reader = world.portal.store.reader();
    for statement in statements {
        crate::store::Db::connection(&reader)
            .execute_unprepared(&statement)
            .await
            .expect("the trigger is made");
    }
}

for_each_backend!(what_was_committed_is_never_told_as_if_it_had_not_been_done, |world| {
    let acme = world.organization("Acme").await;
    let admin = world.member(&acme, "Pat Admin", MemberRole::PartnerAdmin).await;
    let mut cx = world.system().await;
    let password = Password::new("plinth gravel ocean tuba".to_owned());
    set_password(&mut cx, admin.person, password).await.expect("a password");
    cx.commit().await.expect("commit");
    let mut own = world.browser_as(admin.person, Some(admin.id)).await;
    let mut signing_in = world.browser();
    let email = ("email", "pat.admin@example.com");
    signing_in.post("/do/begin-sign-in", &[email]).await;
    keep_sessions_as_they_are(&world).await;

    let team = acme.id.to_string();
    let branding = [("team", team.as_str()), ("version", "1"), ("accent", "#0a7d33")];
    let credentials = [email, ("password", "plinth gravel ocean tuba")];
    for (answer, says) in [
        // Where only the message about it could not be kept.
        (own.post("/do/change-branding", &branding).await, "do not send it again"),
        (signing_in.post("/do/check-password", &credentials).await, "do not send it again"),
        (own.post("/do/sign-out", &[]).await, "may still be signed in"),
    ] {
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.text);
        let reference = answer.headers["x-request-id"].to_str().expect("text");
        assert!(answer.text.contains(says), "{}", answer.text);
        assert!(answer.text.contains("This was done") && !answer.text.contains("Nothing was changed"));
        assert!(answer.text.contains(reference));
    }
    assert_eq!(
        (
            world.events(EventKind::BrandingChanged).await,
            world.events(EventKind::SignedIn).await,
            world.events(EventKind::SignedOut).await
        ),
        (1, 1, 1)
    );
});

/// Takes the database away from under the portal: on PostgreSQL the server drops it, on SQLite nothing opens it any more.
async fn gone(world: &World) {
    use sea_orm::ConnectionTrait as _;
    let name = if world.portal.store.is_embedded() {
        None
    } else {
        let reader = world.portal.store.reader();
        let query = sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, "SELECT current_database()::text");
        let row = crate::store::Db::connection(&reader).query_one_raw(query).await.expect("an answer");
        Some(row.expect("a row").try_get_by_index::<String>(0).expect("a name"))
    };
    let Some(name) = name else {
        world.portal.store.clone().close().await;
        return;
    };
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where PostgreSQL is")]
    let server = std::env::var("TEST_POSTGRES_URL").expect("a server");
    let admin = sea_orm::Database::connect(&server).await.expect("PostgreSQL answers");
    admin
        .execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .await
        .expect("the database is dropped");
}

#[test]
fn of_forwarded_addresses_the_last_counts_in_its_own_form() {
    let told = |lines: &[&str], trusted: bool| {
        let mut headers = axum::http::HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let mut extensions = axum::http::Extensions::new();
        extensions.insert(axum::extract::ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 1], 4711))));
        meta_of(&headers, &extensions, trusted).address.unwrap()
    };
    assert_eq!(told(&["203.0.113.5, 198.51.100.7"], true), "198.51.100.7");
    assert_eq!(
        told(&["203.0.113.5", "198.51.100.7"], true),
        "198.51.100.7",
        "a proxy may write a line of its own"
    );
    assert_eq!(told(&["::ffff:198.51.100.7"], true), "198.51.100.7");
    assert_eq!(told(&["198.51.100.7"], false), "192.0.2.1");
    assert_eq!(told(&["nonsense"], true), "192.0.2.1");
}
