//! A portal on a fresh database, and builders for its people, partners and grants.

use std::sync::{Arc, Mutex};

use chrono::{Duration, TimeZone as _, Utc};
use sea_orm::ConnectionTrait as _;

use crate::{
    access::{Actor, PolicyBook},
    apps::{Application, ApplicationStatus, Assignment, Entitlement, Scope, ScopeAccess},
    cx::{Cx, Entropy, Portal, Qx, RequestMeta, Settings},
    kernel::*,
    organizations::{Contract, Organization, OrganizationStatus, Tenant},
    people::{Member, MemberRole, MemberStatus, Person, TenantRole},
    signin::identify,
    store::{self, Store, sessions::SignedInAs},
};

/// A portal for one test. The clock stands at noon of 1 June 2026 (UTC) until moved.
#[derive(Clone, Debug)]
pub struct World {
    /// The portal.
    pub portal: Portal,
    /// Its clock.
    pub clock: Clock,
}

impl World {
    /// On an embedded database in memory.
    pub async fn sqlite() -> Self {
        Self::on(Store::open("sqlite::memory:").await.expect("SQLite opens")).await
    }

    /// On an embedded database in a file (for tests with several connections).
    pub async fn sqlite_file(path: &std::path::Path) -> Self {
        Self::on(Store::open(&format!("sqlite:{}", path.display())).await.expect("SQLite opens")).await
    }

    /// On a database of its own in the PostgreSQL server of `TEST_POSTGRES_URL`.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told by the environment where PostgreSQL is, and need names of their own"
    )]
    pub async fn postgres() -> Self {
        let server = std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL names a PostgreSQL server; make test starts one");
        let name = format!("portico_{}", uuid::Uuid::new_v4().simple());
        let admin = sea_orm::Database::connect(&server).await.expect("PostgreSQL answers");
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await
            .expect("a database is made");
        admin.close().await.expect("the connection closes");
        let mut url = url::Url::parse(&server).expect("TEST_POSTGRES_URL is a URL");
        url.set_path(&name);
        Self::on(Store::open(url.as_str()).await.expect("PostgreSQL opens")).await
    }

    async fn on(store: Store) -> Self {
        store.migrate().await.expect("the schema is made");
        let clock = Clock::fixed(Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).unwrap());
        let portal = Portal {
            store,
            clock: clock.clone(),
            entropy: Entropy::Seeded(Arc::new(Mutex::new(1))),
            policies: Arc::new(PolicyBook::built_in().expect("the policies are valid")),
            master_key: MasterKey::new([7; 32]),
            outbound: crate::outbound::Outbound::new(true).expect("a client"),
            settings: Arc::new(Settings::default()),
            group: crate::grouped::Group::default(),
        };
        let world = Self { portal, clock };
        let cx = world.system().await;
        let tenant = Tenant {
            name: "Northwind Industries".to_owned(),
            ..Tenant::unnamed()
        };
        store::tenant::put(&cx.tx, &tenant, cx.now).await.expect("the tenant is made");
        cx.commit().await.expect("commit");
        world
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A command of the portal itself.
    pub async fn system(&self) -> Cx {
        self.cx(Actor::System("test")).await
    }

    /// A command of somebody.
    pub async fn cx(&self, actor: Actor) -> Cx {
        self.portal
            .begin(actor, RequestMeta::default())
            .await
            .expect("a transaction begins")
    }

    /// A query of somebody.
    pub async fn qx(&self, actor: Actor) -> Qx {
        self.portal
            .query(Arc::new(actor), &RequestMeta::default())
            .await
            .expect("a query begins")
    }

    /// The person as an actor, freshly identified, in the given hat (none: the tenant's).
    pub async fn actor(&self, person: PersonId, hat: Option<MemberId>) -> Actor {
        let who = SignedInAs {
            person,
            member: hat,
            at: self.now(),
            second_factor_at: None,
            through: None,
        };
        self.actor_as(&who).await
    }

    /// The same with a second factor given just now.
    pub async fn actor_with_second_factor(&self, person: PersonId, hat: Option<MemberId>) -> Actor {
        let who = SignedInAs {
            person,
            member: hat,
            at: self.now(),
            second_factor_at: Some(self.now()),
            through: None,
        };
        self.actor_as(&who).await
    }

    async fn actor_as(&self, who: &SignedInAs) -> Actor {
        let db = self.portal.store.reader();
        let tenant = store::tenant::get(&db).await.expect("the database answers").expect("a tenant");
        let found = identify(&db, who, vec![1], &tenant, self.now())
            .await
            .expect("the database answers");
        found.map_or(Actor::Anonymous, |found| found.actor)
    }

    /// An active partner with a contract from a month ago until a year from now, with 25 seats.
    pub async fn organization(&self, name: &str) -> Organization {
        let mut cx = self.system().await;
        let organization = Organization {
            id: OrganizationId::new(cx.now, &mut cx.rng),
            slug: name.to_lowercase().replace(' ', "-"),
            name: name.to_owned(),
            kind: "Consultancy".to_owned(),
            description: String::new(),
            metadata: std::collections::BTreeMap::new(),
            status: OrganizationStatus::Active,
            status_reason: None,
            parent: None,
            owner: None,
            deputy: None,
            accent: AccentColor::default(),
            has_logo: false,
            require_step_up: false,
            lifetimes: crate::organizations::Lifetimes::default(),
            certification_due_at: Some(cx.now + Duration::days(90)),
            certified_at: None,
            suspended_by_certification: false,
            created_at: cx.now,
            version: 1,
        };
        assert!(
            store::organizations::insert(&cx.tx, &organization).await.expect("insert"),
            "the name {name} is taken"
        );
        let contract = Contract {
            id: ContractId::new(cx.now, &mut cx.rng),
            organization: organization.id,
            reference: format!("C-{name}"),
            starts_at: cx.now - Duration::days(30),
            ends_at: cx.now + Duration::days(365),
            notice_days: 30,
            seats: 25,
            version: 1,
        };
        assert!(store::contracts::insert(&cx.tx, &contract, cx.now).await.expect("insert"));
        cx.commit().await.expect("commit");
        organization
    }

    /// A person `first.last@example.com` named so.
    pub async fn person(&self, name: &str) -> Person {
        let mut cx = self.system().await;
        let person = Person {
            id: PersonId::new(cx.now, &mut cx.rng),
            email: format!("{}@example.com", name.to_lowercase().replace(' ', "."))
                .parse()
                .expect("an address"),
            name: name.to_owned(),
            time_zone: chrono_tz::Tz::UTC,
            has_password: false,
            totp_confirmed_at: None,
            disabled_at: None,
            created_at: cx.now,
            version: 1,
        };
        assert!(store::people::insert(&cx.tx, &person).await.expect("insert"), "{name} exists");
        cx.commit().await.expect("commit");
        person
    }

    /// An employee of the tenant.
    pub async fn employee(&self, name: &str, role: TenantRole) -> Person {
        let person = self.person(name).await;
        let mut cx = self.system().await;
        let id = new_uuid(cx.now, &mut cx.rng);
        store::tenant::grant_role(&cx.tx, id, person.id, role, cx.now).await.expect("grant");
        cx.commit().await.expect("commit");
        person
    }

    /// A new person as a member of an organization.
    pub async fn member(&self, organization: &Organization, name: &str, role: MemberRole) -> Member {
        let person = self.person(name).await;
        self.membership(organization, &person, role).await
    }

    /// A known person as a member of an organization.
    pub async fn membership(&self, organization: &Organization, person: &Person, role: MemberRole) -> Member {
        let mut cx = self.system().await;
        let member = Member {
            id: MemberId::new(cx.now, &mut cx.rng),
            organization: organization.id,
            person: person.id,
            role,
            status: MemberStatus::Active,
            status_reason: None,
            starts_at: cx.now - Duration::days(1),
            ends_at: None,
            read_only: false,
            rotated_to: None,
            rotated_from: None,
            last_seen_at: None,
            created_at: cx.now,
            version: 1,
        };
        assert!(store::members::insert(&cx.tx, &member).await.expect("insert"));
        cx.commit().await.expect("commit");
        member
    }

    /// Suspends a member as they are, as somebody else would at this moment.
    pub async fn suspend(&self, member: &Member) {
        let cx = self.system().await;
        let suspended = member.clone().suspend(None).expect("active");
        store::members::update(&cx.tx, &suspended).await.expect("update");
        cx.commit().await.expect("commit");
    }

    /// The member as an actor in that hat.
    pub async fn acting(&self, member: &Member) -> Actor {
        self.actor(member.person, Some(member.id)).await
    }

    /// An application with `SLUG:read`, `SLUG:write`, and `SLUG:admin` of high value.
    pub async fn application(&self, slug: &str) -> (Application, Vec<Scope>) {
        let mut cx = self.system().await;
        let application = Application {
            id: ApplicationId::new(cx.now, &mut cx.rng),
            slug: slug.to_owned(),
            name: slug.to_owned(),
            description: String::new(),
            icon: "package".to_owned(),
            category: "Work".to_owned(),
            launch_url: format!("https://{slug}.example.com/").parse().expect("a URL"),
            owner: None,
            status: ApplicationStatus::Active,
            version: 1,
        };
        assert!(store::applications::insert(&cx.tx, &application, cx.now).await.expect("insert"));
        let mut scopes = Vec::new();
        for (verb, access, high_value) in [
            ("read", ScopeAccess::Read, false),
            ("write", ScopeAccess::Write, false),
            ("admin", ScopeAccess::Write, true),
        ] {
            let scope = Scope {
                id: ScopeId::new(cx.now, &mut cx.rng),
                application: application.id,
                name: format!("{slug}:{verb}"),
                description: String::new(),
                access,
                high_value,
            };
            store::applications::put_scope(&cx.tx, &scope, cx.now).await.expect("scope");
            scopes.push(scope);
        }
        cx.commit().await.expect("commit");
        (application, scopes)
    }

    /// Entitles an organization without end or seats of its own.
    pub async fn entitle(&self, organization: &Organization, application: &Application, scopes: &[Scope]) -> Entitlement {
        let mut cx = self.system().await;
        let entitlement = Entitlement {
            id: EntitlementId::new(cx.now, &mut cx.rng),
            organization: organization.id,
            application: application.id,
            starts_at: cx.now - Duration::days(1),
            ends_at: None,
            seats: None,
            revoked_at: None,
            scopes: scopes.iter().map(|scope| scope.id).collect(),
            version: 1,
        };
        assert!(
            store::grants::insert_entitlement(&cx.tx, &entitlement, cx.now)
                .await
                .expect("insert")
        );
        cx.commit().await.expect("commit");
        entitlement
    }

    /// Assigns an entitlement with all its scopes and no end of its own.
    pub async fn assign(&self, member: &Member, entitlement: &Entitlement) -> Assignment {
        let mut cx = self.system().await;
        let assignment = Assignment {
            id: AssignmentId::new(cx.now, &mut cx.rng),
            organization: member.organization,
            entitlement: entitlement.id,
            application: entitlement.application,
            member: member.id,
            starts_at: cx.now - Duration::days(1),
            ends_at: None,
            revoked_at: None,
            last_used_at: None,
            scopes: entitlement.scopes.clone(),
            version: 1,
        };
        assert!(store::grants::insert_assignment(&cx.tx, &assignment, cx.now).await.expect("insert"));
        cx.commit().await.expect("commit");
        assignment
    }

    /// Names an organization's owner.
    pub async fn own(&self, organization: &Organization, owner: &Person) -> Organization {
        let cx = self.system().await;
        let mut owned = organization.clone();
        owned.owner = Some(owner.id);
        store::organizations::update(&cx.tx, &owned).await.expect("update");
        cx.commit().await.expect("commit");
        store::organizations::get(&self.portal.store.reader(), organization.id)
            .await
            .expect("get")
            .expect("exists")
    }

    /// How many events of this kind the trail has.
    pub async fn events(&self, kind: crate::audit::EventKind) -> u64 {
        use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
        use store::{Db as _, entity::audit_event as e};
        e::Entity::find()
            .filter(e::Column::Action.eq(kind.as_str()))
            .count(self.portal.store.reader().connection())
            .await
            .expect("count")
    }

    /// The particulars of every event of this kind, oldest first.
    pub async fn told(&self, kind: crate::audit::EventKind) -> Vec<serde_json::Value> {
        use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
        use store::{Db as _, entity::audit_event as e};
        let rows = e::Entity::find()
            .filter(e::Column::Action.eq(kind.as_str()))
            .order_by_asc(e::Column::Id)
            .all(self.portal.store.reader().connection())
            .await
            .expect("events");
        rows.iter().map(|row| serde_json::from_str(&row.details).expect("JSON")).collect()
    }
}
