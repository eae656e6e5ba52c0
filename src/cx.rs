//! What a request works with: `Cx` for commands (one transaction), `Qx` for the queries of pages.

use std::sync::Arc;

use rand::SeedableRng as _;

use crate::{
    access::{Action, Actor, Asking, Decision, Policies, PolicyBook, Refused, Resource, RuleText},
    grouped::Group,
    kernel::{Clock, MasterKey, Rng, Timestamp},
    organizations::Tenant,
    outbound::Outbound,
    store::{self, Db, Reader, Store, StoreError, Tx},
};

/// What stays the same for all requests of a running portal.
#[derive(Clone, Debug)]
pub struct Portal {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Seeds of each request's randomness.
    pub entropy: Entropy,
    /// The policies: those it comes with, and the operator's as last read.
    pub policies: Arc<PolicyBook>,
    /// Seals secrets at rest.
    pub master_key: MasterKey,
    /// Asks addresses that others gave us.
    pub outbound: Outbound,
    /// What configuration says.
    pub settings: Arc<Settings>,
    /// Commits in groups.
    pub group: Group,
}

/// Where randomness comes from.
#[derive(Clone, Debug)]
pub enum Entropy {
    /// The operating system.
    System,
    /// A seed and a counter, for tests that repeat.
    Seeded(Arc<std::sync::Mutex<u64>>),
}

impl Entropy {
    /// A fresh CSPRNG for one request.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system for randomness")]
    pub fn rng(&self) -> Rng {
        match self {
            Self::System => Rng::from_rng(&mut rand::rng()),
            Self::Seeded(seed) => {
                let mut seed = seed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                *seed += 1;
                Rng::seed_from_u64(*seed)
            }
        }
    }
}

/// What configuration says, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address people use, without a slash at the end, e.g. `https://partners.example.com`.
    pub public_url: String,
    /// Demonstration mode: mails are shown instead of sent, the gallery is open.
    pub demo: bool,
    /// A mail server is configured; without one mails wait in the outbox.
    pub smtp_configured: bool,
    /// How long an invitation can be accepted.
    pub invitation_days: i64,
    /// How long a password reset link works.
    pub reset_minutes: i64,
    /// A session unused for so long is over.
    pub session_idle_minutes: i64,
    /// A session older than this is over.
    pub session_hours: i64,
    /// Which DNS server is asked for partners' domain records; none is the machine's own choice.
    pub dns_server: Option<std::net::SocketAddr>,
}

impl Settings {
    /// Whether mails are shown to the operator instead of being sent.
    #[must_use]
    pub fn shows_mail(&self) -> bool {
        self.demo && !self.smtp_configured
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:3000".to_owned(),
            demo: false,
            smtp_configured: false,
            invitation_days: 7,
            reset_minutes: 30,
            session_idle_minutes: 60,
            session_hours: 12,
            dns_server: None,
        }
    }
}

/// From where a request came.
#[derive(Clone, Debug, Default)]
pub struct RequestMeta {
    /// Also in the log and on error pages.
    pub request_id: Option<String>,
    /// Address of the peer.
    pub address: Option<String>,
    /// `User-Agent`, shortened.
    pub user_agent: Option<String>,
}

/// A command's context: whoever asks, one transaction, one moment.
#[derive(Debug)]
pub struct Cx {
    /// The transaction; the caller commits it.
    pub tx: Tx,
    /// Who asks.
    pub actor: Actor,
    /// Now; it does not move during a request.
    pub now: Timestamp,
    /// Randomness.
    pub rng: Rng,
    /// From where.
    pub meta: RequestMeta,
    /// The company that runs this portal.
    pub tenant: Tenant,
    /// The policies.
    pub policies: Arc<Policies>,
    /// Seals secrets at rest.
    pub master_key: MasterKey,
    /// What configuration says.
    pub settings: Arc<Settings>,
}

impl Cx {
    /// Asks the one decision point.
    ///
    /// # Errors
    /// [`Refused`] says how to answer.
    pub fn authorise(&self, action: Action, resource: impl Into<Resource>) -> Result<Decision, Refused> {
        let resource: Resource = resource.into();
        let resource = resource.as_of(self.now, self.tenant.certification_grace_days);
        self.policies.authorise(&self.actor, action, &resource, self.now)
    }

    /// Commits and hands back nothing to write with.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses; then nothing was done.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await
    }
}

/// A query's context: whoever asks, a reader, one moment.
#[derive(Clone, Debug)]
pub struct Qx {
    /// Reads.
    pub db: Reader,
    /// Who asks.
    pub actor: Arc<Actor>,
    /// Now.
    pub now: Timestamp,
    /// The company that runs this portal.
    pub tenant: Arc<Tenant>,
    /// The policies.
    pub policies: Arc<Policies>,
    /// What configuration says.
    pub settings: Arc<Settings>,
}

impl Qx {
    /// Asks the one decision point.
    ///
    /// # Errors
    /// [`Refused`] says how to answer.
    pub fn authorise(&self, action: Action, resource: impl Into<Resource>) -> Result<Decision, Refused> {
        let resource: Resource = resource.into();
        let resource = resource.as_of(self.now, self.tenant.certification_grace_days);
        self.policies.authorise(&self.actor, action, &resource, self.now)
    }

    /// Whether the actor may; for showing or hiding a button. The command decides again.
    #[must_use]
    pub fn may(&self, action: Action, resource: impl Into<Resource>) -> bool {
        let resource: Resource = resource.into();
        let resource = resource.as_of(self.now, self.tenant.certification_grace_days);
        self.policies.decide(&self.actor, action, &resource, self.now).verdict != crate::access::Verdict::Deny
    }
}

impl Portal {
    /// Begins a command.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn begin(&self, actor: Actor, meta: RequestMeta) -> Result<Cx, StoreError> {
        let tx = self.store.begin().await?;
        self.begin_within(tx, actor, meta).await
    }

    /// Begins a command in a transaction or savepoint that was opened for it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn begin_within(&self, tx: Tx, actor: Actor, meta: RequestMeta) -> Result<Cx, StoreError> {
        let tenant = store::tenant::get(&tx).await?.unwrap_or_else(Tenant::unnamed);
        let asking = Asking::of(&actor, meta.address.as_deref(), tenant.time_zone);
        let policies = self.policies_as_of(&tx, &tenant, asking).await?;
        Ok(Cx {
            tx,
            actor,
            now: self.clock.now(),
            rng: self.entropy.rng(),
            meta,
            tenant,
            policies: Arc::new(policies),
            master_key: self.master_key.clone(),
            settings: self.settings.clone(),
        })
    }

    /// Begins a query.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn query(&self, actor: Arc<Actor>, meta: &RequestMeta) -> Result<Qx, StoreError> {
        let db = self.store.reader();
        let tenant = store::tenant::get(&db).await?.unwrap_or_else(Tenant::unnamed);
        let asking = Asking::of(&actor, meta.address.as_deref(), tenant.time_zone);
        let policies = self.policies_as_of(&db, &tenant, asking).await?;
        Ok(Qx {
            db,
            actor,
            now: self.clock.now(),
            tenant: Arc::new(tenant),
            policies: Arc::new(policies),
            settings: self.settings.clone(),
        })
    }

    /// The policies as of a transaction or query, whose tenant says which generation it sees: the operator's are read when they have
    /// changed since this replica last read them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn policies_as_of(&self, db: &impl Db, tenant: &Tenant, asking: Asking) -> Result<Policies, StoreError> {
        if let Some(known) = self.policies.at(tenant.policies_generation, asking) {
            return Ok(known);
        }
        let in_force = store::policies::in_force(db).await?;
        let texts = in_force.into_iter().map(|(policy, text)| RuleText {
            organization: policy.scope.organization,
            application: policy.scope.application,
            text,
        });
        Ok(self.policies.learn(tenant.policies_generation, texts.collect(), asking))
    }
}
