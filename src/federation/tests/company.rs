//! Acme with its own sign-in: a running provider, a live connection, a proven domain.

use serde_json::{Value, json};

use super::provider::{Provider, SECRET};
use crate::{
    audit::EventKind,
    federation::{
        IdentityProvider, JoinPolicy, Joining, Link, Mapping, Preset, Protocol, ProviderStatus, Rules, Secrets,
        domains::{Domain, DomainStatus},
    },
    kernel::{DomainId, MemberId, PersonId, ProviderId},
    organizations::Organization,
    people::{Member, MemberRole, Person},
    store::{
        self,
        federation::{domains, links, providers},
    },
    testing::{Answer, Browser, World},
};

/// What most tests need.
pub struct Company {
    pub world: World,
    pub acme: Organization,
    /// Acme's provider.
    pub provider: Provider,
    /// How the portal knows it.
    pub connection: IdentityProvider,
}

/// Somebody of Acme, as its provider speaks of them.
pub fn claims(subject: &str, email: &str) -> Value {
    json!({ "sub": subject, "email": email, "email_verified": true, "given_name": "Kim", "family_name": "Larsen", "sid": format!("there-{subject}") })
}

/// The same with more claims.
pub fn with(mut who: Value, more: Value) -> Value {
    let more = more.as_object().expect("claims").clone();
    who.as_object_mut().expect("claims").extend(more);
    who
}

/// Kim Larsen.
pub fn kim() -> Value {
    claims("kim-1", "kim@acme.example")
}

impl Company {
    /// Acme, whose domain is `acme.example`; people whom nobody knows join.
    pub async fn new(world: World) -> Self {
        let acme = world.organization("Acme").await;
        let provider = Provider::start(world.clock.clone()).await;
        let connection = connect(&world, &acme, &provider, "Acme account").await;
        prove(&world, &acme, "acme.example", false).await;
        Self {
            world,
            acme,
            provider,
            connection,
        }
    }

    /// The connection as it is now.
    pub async fn now(&self) -> IdentityProvider {
        let db = self.world.portal.store.reader();
        providers::find(&db, self.connection.id)
            .await
            .expect("the database answers")
            .expect("the connection")
    }

    /// Changes the connection.
    pub async fn change(&self, change: impl FnOnce(&mut IdentityProvider)) {
        // Read before the transaction begins: the embedded database has one connection here.
        let mut connection = self.now().await;
        let cx = self.world.system().await;
        change(&mut connection);
        providers::update(&cx.tx, &connection).await.expect("an update");
        cx.commit().await.expect("commit");
    }

    /// A member of Acme with this address.
    pub async fn employ(&self, name: &str, email: &str, role: MemberRole) -> Member {
        let person = person(&self.world, name, email).await;
        self.world.membership(&self.acme, &person, role).await
    }

    /// Somebody types their address and signs in at the provider; answers what the portal answers then.
    pub async fn arrive(&self, browser: &mut Browser, who: &Value) -> Answer {
        let page = leave(browser, who["email"].as_str().expect("an address")).await;
        browser.get(&self.provider.answer(&page, who)).await
    }

    /// The same in a browser of their own; answers it with the path they were led to.
    pub async fn sign_in(&self, who: &Value) -> (Browser, String) {
        let mut browser = self.world.browser();
        let answer = self.arrive(&mut browser, who).await;
        (browser, answer.location.unwrap_or_else(|| answer.status.to_string()))
    }

    /// Signs in and must get in.
    pub async fn must_sign_in(&self, who: &Value) -> Browser {
        let (mut browser, path) = self.sign_in(who).await;
        assert_eq!(path, "/", "{}", browser.get("/sign-in").await.text);
        browser
    }

    /// Signs in and must not; answers the page with the reason.
    pub async fn must_not_sign_in(&self, who: &Value) -> String {
        let (mut browser, path) = self.sign_in(who).await;
        assert_eq!(path, "/sign-in");
        assert!(!is_signed_in(&mut browser).await);
        let page = browser.get("/sign-in").await;
        assert_eq!(page.status.as_u16(), 200);
        readable(&page.text)
    }

    /// Who somebody is here.
    pub async fn link(&self, subject: &str) -> Option<Link> {
        links::find(&self.world.portal.store.reader(), self.connection.id, subject)
            .await
            .expect("the database answers")
    }

    /// A membership as it is now.
    pub async fn member(&self, id: MemberId) -> Member {
        store::members::get(&self.world.portal.store.reader(), self.acme.id, id)
            .await
            .expect("the database answers")
            .expect("the member")
    }

    /// How many people have a seat.
    pub async fn seats(&self) -> u64 {
        store::members::seats_taken(&self.world.portal.store.reader(), self.acme.id, self.world.now())
            .await
            .expect("the database answers")
    }

    /// The account with an address.
    pub async fn account(&self, email: &str) -> Option<Person> {
        store::people::find_by_email(&self.world.portal.store.reader(), &email.parse().expect("an address"))
            .await
            .expect("the database answers")
    }

    /// Acme's contract gets so many seats.
    pub async fn limit_seats(&self, seats: i32) {
        let cx = self.world.system().await;
        let mut contract = store::contracts::of_organization(&cx.tx, self.acme.id)
            .await
            .expect("contracts")
            .remove(0);
        contract.seats = seats;
        store::contracts::update(&cx.tx, &contract).await.expect("an update");
        cx.commit().await.expect("commit");
    }
}

/// A person with this address.
pub async fn person(world: &World, name: &str, email: &str) -> Person {
    let mut cx = world.system().await;
    let person = Person {
        id: PersonId::new(cx.now, &mut cx.rng),
        email: email.parse().expect("an address"),
        name: name.to_owned(),
        time_zone: chrono_tz::UTC,
        has_password: false,
        totp_confirmed_at: None,
        disabled_at: None,
        created_at: cx.now,
        version: 1,
    };
    assert!(store::people::insert(&cx.tx, &person).await.expect("insert"), "{email} exists");
    cx.commit().await.expect("commit");
    person
}

/// A live connection of an organization to a provider.
pub async fn connect(world: &World, organization: &Organization, provider: &Provider, name: &str) -> IdentityProvider {
    let mut cx = world.system().await;
    let secrets = Secrets {
        client_secret: Some(SECRET.to_owned()),
        ..Secrets::default()
    };
    let connection = IdentityProvider {
        id: ProviderId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        name: name.to_owned(),
        preset: Preset::Oidc,
        protocol: Protocol::Oidc(provider.settings()),
        status: ProviderStatus::Live,
        secrets: Some(secrets.seal(&cx.master_key, &mut cx.rng)),
        published: None,
        published_at: None,
        mapping: Mapping::of(Preset::Oidc),
        rules: Rules::default(),
        joining: Joining {
            policy: JoinPolicy::Open,
            ..Joining::default()
        },
        trusts_second_factor: false,
        exclusive: false,
        break_glass: None,
        failures: 0,
        fell_back_at: None,
        tried_at: None,
        certificate_ends_at: None,
        certificate_warned_at: None,
        created_at: cx.now,
        version: 1,
    };
    providers::insert(&cx.tx, &connection).await.expect("a connection");
    cx.commit().await.expect("commit");
    connection
}

/// A proven domain, with the names below it or without.
pub async fn prove(world: &World, organization: &Organization, name: &str, subdomains: bool) -> Domain {
    let mut cx = world.system().await;
    let domain = Domain {
        id: DomainId::new(cx.now, &mut cx.rng),
        organization: organization.id,
        name: name.to_owned(),
        subdomains,
        proof: String::new(),
        status: DomainStatus::Proven,
        provider: None,
        proven_at: Some(cx.now),
        checked_at: None,
        missing_since: None,
        created_at: cx.now,
        version: 1,
    };
    assert!(domains::insert(&cx.tx, &domain).await.expect("insert"), "{name} is taken");
    cx.commit().await.expect("commit");
    domain
}

/// Types an address; answers the provider's page that the browser is sent to.
pub async fn leave(browser: &mut Browser, email: &str) -> String {
    let answer = browser.post("/do/begin-sign-in", &[("email", email)]).await;
    assert_eq!(answer.location.as_deref(), Some("/sign-in/away"), "{email}");
    away(browser).await
}

/// The provider's page that the browser is on its way to.
pub async fn away(browser: &mut Browser) -> String {
    let page = browser.get("/sign-in/away").await;
    let refresh = page.headers.get("refresh").expect("a way on").to_str().expect("text");
    refresh.strip_prefix("0; url=").expect("an address").to_owned()
}

/// Whether the browser is signed in.
pub async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/me").await.status.as_u16() == 200
}

/// Text of a page as people read it, as far as tests look at it.
pub fn readable(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&#x27;", "'")
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

/// The reasons that the trail gives for a kind of event, and its details, in no order.
pub async fn trail(world: &World, kind: EventKind) -> Vec<(String, Value)> {
    use crate::store::{Db as _, entity::audit_event as e};
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
    let rows = e::Entity::find()
        .filter(e::Column::Action.eq(kind.as_str()))
        .all(world.portal.store.reader().connection())
        .await
        .expect("the database answers");
    rows.into_iter()
        .map(|row| (row.reason.unwrap_or_default(), serde_json::from_str(&row.details).expect("JSON")))
        .collect()
}
