//! The launchpad's server time in a large tenant: 10,000 organizations, 200,000 people, 1,000,000 assignments.
//! Fills the database named by `BENCH_DATABASE_URL` once (by SQL, in minutes), then asks for launchpads of many people, and
//! prints a table. `BENCH_SCALE` (default 1.0) shrinks the tenant, `BENCH_SECONDS` (default 10) is the time per row.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use portico::{
    access::PolicyBook,
    cx::{Entropy, Portal, Settings},
    kernel::{Clock, MasterKey, MemberId, PersonId},
    outbound::Outbound,
    store::{
        Store,
        sessions::{SIGNED_IN_KEY, SessionRows, SignedInAs},
    },
    testing::World,
    web::router,
};
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection};
use tower::ServiceExt as _;
use tower_sessions::{SessionStore as _, session::Record};

/// How much there is of everything.
struct Size {
    organizations: u64,
    people: u64,
    assignments_each: u64,
}

const APPLICATIONS: u64 = 40;

/// SQL that differs between the two databases: numbers from 0 to n-1, and an id made of a kind and a number.
struct Dialect(DatabaseBackend);

impl Dialect {
    fn id(&self, kind: u32, number: &str) -> String {
        match self.0 {
            DatabaseBackend::Sqlite => format!("unhex(printf('%08x%024x', {kind}, {number}))"),
            _ => format!("(lpad(to_hex({kind}::bigint), 8, '0') || lpad(to_hex(({number})::bigint), 24, '0'))::uuid"),
        }
    }
    fn numbers(&self, count: u64) -> String {
        match self.0 {
            DatabaseBackend::Sqlite => {
                format!(
                    "(WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count}) SELECT n FROM numbers) AS s"
                )
            }
            _ => format!("(SELECT n FROM generate_series(0, {}) AS n) AS s", count - 1),
        }
    }
    fn time(&self, text: &str) -> String {
        match self.0 {
            DatabaseBackend::Sqlite => format!("'{text}T00:00:00+00:00'"),
            _ => format!("'{text}T00:00:00+00:00'::timestamptz"),
        }
    }
}

async fn fill(db: &DatabaseConnection, size: &Size) {
    let d = Dialect(db.get_database_backend());
    let (start, end) = (d.time("2026-01-01"), d.time("2029-01-01"));
    let run = async |sql: String| {
        db.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
    };
    run(format!(
        "INSERT INTO tenant (id, name, accent, time_zone, warning_days, certification_grace_days, created_at, version)
         VALUES (1, 'Northwind Industries', '#2f5bd3', 'Europe/Berlin', 14, 14, {start}, 1)"
    ))
    .await;
    run(format!(
        "INSERT INTO people (id, email, email_normalized, name, time_zone, totp_last_step, created_at, version)
         SELECT {}, 'person' || n || '@example.com', 'person' || n || '@example.com', 'Person ' || n, 'Europe/Berlin', 0, {start}, 1 FROM {}",
        d.id(1, "n"),
        d.numbers(size.people)
    ))
    .await;
    run(format!(
        "INSERT INTO organizations (id, slug, name, search_text, kind, description, metadata, status, accent, require_step_up, suspended_by_certification, certification_due_at, due_order, created_at, version)
         SELECT {}, 'partner-' || n, 'Partner ' || n, 'partner ' || n || ' consultancy', 'Consultancy', '', '{{}}', 'active', '#2f5bd3', false, false, {end}, {end}, {start}, 1 FROM {}",
        d.id(2, "n"),
        d.numbers(size.organizations)
    ))
    .await;
    run(format!(
        "INSERT INTO contracts (id, organization_id, reference, starts_at, ends_at, notice_days, seats, created_at, version)
         SELECT {}, {}, 'C-' || n, {start}, {end}, 30, 100, {start}, 1 FROM {}",
        d.id(3, "n"),
        d.id(2, "n"),
        d.numbers(size.organizations)
    ))
    .await;
    run(format!(
        "INSERT INTO members (id, organization_id, person_id, role, status, starts_at, read_only, created_at, version)
         SELECT {}, {}, {}, 'member', 'active', {start}, false, {start}, 1 FROM {}",
        d.id(4, "n"),
        d.id(2, &format!("n % {}", size.organizations)),
        d.id(1, "n"),
        d.numbers(size.people)
    ))
    .await;
    run(format!(
        "INSERT INTO applications (id, slug, name, description, icon, category, launch_url, status, created_at, version)
         SELECT {}, 'app-' || n, 'Application ' || n, 'What it is for', 'package', 'Work', 'https://app.example.com/', 'active', {start}, 1 FROM {}",
        d.id(5, "n"),
        d.numbers(APPLICATIONS)
    ))
    .await;
    run(format!(
        "INSERT INTO scopes (id, application_id, name, description, access, high_value, created_at)
         SELECT {}, {}, 'app:read', 'Look', 'read', false, {start} FROM {}",
        d.id(6, "n"),
        d.id(5, "n"),
        d.numbers(APPLICATIONS)
    ))
    .await;
    // Every organization holds ten applications; every member as many of them as the size says.
    let held = 10;
    let organizations = size.organizations;
    run(format!(
        "INSERT INTO entitlements (id, organization_id, application_id, starts_at, created_at, version)
         SELECT {}, {}, {}, {start}, {start}, 1 FROM {}",
        d.id(7, "n"),
        d.id(2, &format!("n % {organizations}")),
        d.id(5, &format!("(n % {organizations} + n / {organizations}) % {APPLICATIONS}")),
        d.numbers(organizations * held)
    ))
    .await;
    run(format!(
        "INSERT INTO entitlement_scopes (entitlement_id, scope_id) SELECT {}, {} FROM {}",
        d.id(7, "n"),
        d.id(6, &format!("(n % {organizations} + n / {organizations}) % {APPLICATIONS}")),
        d.numbers(organizations * held)
    ))
    .await;
    let people = size.people;
    let organization = format!("(n % {people}) % {organizations}");
    let place = format!("n / {people}");
    run(format!(
        "INSERT INTO assignments (id, organization_id, entitlement_id, application_id, member_id, starts_at, created_at, version)
         SELECT {}, {}, {}, {}, {}, {start}, {start}, 1 FROM {}",
        d.id(8, "n"),
        d.id(2, &organization),
        d.id(7, &format!("{place} * {organizations} + {organization}")),
        d.id(5, &format!("({organization} + {place}) % {APPLICATIONS}")),
        d.id(4, &format!("n % {people}")),
        d.numbers(people * size.assignments_each)
    ))
    .await;
    run(format!(
        "INSERT INTO assignment_scopes (assignment_id, scope_id) SELECT {}, {} FROM {}",
        d.id(8, "n"),
        d.id(6, &format!("({organization} + {place}) % {APPLICATIONS}")),
        d.numbers(people * size.assignments_each)
    ))
    .await;
    run("ANALYZE".to_owned()).await;
}

/// The id that [`Dialect::id`] makes.
fn id(kind: u128, number: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128((kind << 96) | u128::from(number))
}

/// Asks `path` with `at_once` requests under way for some seconds; answers sorted times and requests per second.
async fn load(service: &axum::Router, path: &'static str, cookies: &Arc<Vec<String>>, at_once: u64, seconds: f64) -> (Vec<Duration>, f64) {
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|_| {
            let (service, cookies, next) = (service.clone(), cookies.clone(), next.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                while started.elapsed().as_secs_f64() < seconds {
                    let turn = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or_default();
                    let request = Request::builder()
                        .uri(path)
                        .header(header::HOST, "127.0.0.1:3000")
                        .header(header::COOKIE, format!("portico={}", cookies[turn % cookies.len()]))
                        .body(Body::empty())
                        .expect("a request");
                    let begun = Instant::now();
                    let response = service.clone().oneshot(request).await.expect("an answer");
                    assert_eq!(response.status(), StatusCode::OK, "{path}");
                    to_bytes(response.into_body(), usize::MAX).await.expect("a body");
                    times.push(begun.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("the load runs"));
    }
    let rate = times.len() as f64 / started.elapsed().as_secs_f64();
    times.sort_unstable();
    (times, rate)
}

fn percentile(times: &[Duration], percent: usize) -> f64 {
    times
        .get(times.len() * percent / 100)
        .or(times.last())
        .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "the benchmark is told by the environment what to measure")]
async fn main() {
    let Ok(url) = std::env::var("BENCH_DATABASE_URL") else {
        println!("BENCH_DATABASE_URL is not set: nothing to measure (make bench sets it)");
        return;
    };
    let number = |name: &str, default: f64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (scale, seconds) = (number("BENCH_SCALE", 1.0), number("BENCH_SECONDS", 10.0));
    let size = Size {
        organizations: (10_000.0 * scale) as u64,
        people: (200_000.0 * scale) as u64,
        assignments_each: 5,
    };

    let store = Store::open(&url).await.expect("the database opens");
    store.migrate().await.expect("the schema is made");
    let direct = url
        .strip_prefix("sqlite:")
        .map_or_else(|| url.clone(), |path| format!("sqlite://{path}"));
    let db = Database::connect(&direct).await.expect("the database opens");
    if portico::store::tenant::get(&store.reader())
        .await
        .expect("the database answers")
        .is_none()
    {
        let started = Instant::now();
        fill(&db, &size).await;
        println!(
            "filled in {:.0} s: {} organizations, {} people, {} assignments",
            started.elapsed().as_secs_f64(),
            size.organizations,
            size.people,
            size.people * size.assignments_each
        );
    }
    let portal = Portal {
        store,
        clock: Clock::System,
        entropy: Entropy::System,
        policies: Arc::new(PolicyBook::built_in().expect("the policies are valid")),
        master_key: MasterKey::new([7; 32]),
        outbound: Outbound::new(false).expect("a client"),
        settings: Arc::new(Settings::default()),
        group: Default::default(),
    };
    let world = World {
        portal: portal.clone(),
        clock: Clock::System,
    };
    let rows = SessionRows {
        store: portal.store.clone(),
        clock: Clock::System,
        idle: chrono::Duration::hours(1),
        absolute: chrono::Duration::hours(12),
    };
    let mut cookies = Vec::new();
    for turn in 0..1_000 {
        let person = turn * (size.people / 1_000).max(1) % size.people;
        let who = SignedInAs {
            person: PersonId(id(1, person)),
            member: Some(MemberId(id(4, person))),
            at: world.now(),
            second_factor_at: None,
            through: None,
        };
        let mut record = Record {
            id: tower_sessions::session::Id::default(),
            data: [(SIGNED_IN_KEY.to_owned(), serde_json::to_value(who).expect("JSON"))].into(),
            expiry_date: time::OffsetDateTime::now_utc() + time::Duration::days(1),
        };
        rows.create(&mut record).await.expect("the session is stored");
        cookies.push(record.id.to_string());
    }
    let cookies = Arc::new(cookies);
    let service = router(world.web());
    let kind = if portal.store.is_embedded() { "SQLite" } else { "PostgreSQL" };
    println!("| database | page | at once | requests/s | p50 ms | p99 ms |");
    println!("|---|---|---|---|---|---|");
    for at_once in [1, 16, 64] {
        load(&service, "/", &cookies, at_once, 1.0).await;
        let (times, rate) = load(&service, "/", &cookies, at_once, seconds).await;
        println!(
            "| {kind} | launchpad | {at_once} | {rate:.0} | {:.2} | {:.2} |",
            percentile(&times, 50),
            percentile(&times, 99)
        );
    }
}
