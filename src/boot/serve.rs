//! The running service: opens the database, brings it up to date, serves, and stops in order.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use leptos::config::LeptosOptions;
use thiserror::Error;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    config::{Config, ConfigError},
    keys::Source,
    telemetry,
};
use crate::{
    access::PolicyBook,
    cx::{Entropy, Portal},
    declaration::{self, DeclarationError},
    grouped::Group,
    kernel::{Clock, MasterKey},
    mail::Courier,
    outbound::Outbound,
    store::{Store, StoreError},
    web::{Shared, WebState, router},
};

/// Why a command or the service does not start, or stopped.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Policies.
    #[error(transparent)]
    Policies(#[from] crate::access::PolicyError),
    /// Mail.
    #[error(transparent)]
    Mail(#[from] crate::mail::CourierError),
    /// The keys that sign tokens.
    #[error(transparent)]
    Key(#[from] crate::issuer::keys::KeyError),
    /// A file that declares a portal.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// Files.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The address to listen on.
    #[error("cannot listen on {address}: {error}; choose another address by LEPTOS_SITE_ADDR, or by site-addr in Leptos.toml")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// What was asked for is not possible here; the text says what is.
    #[error("{0}")]
    NotHere(String),
}

/// Opens everything a command or the service needs, and brings the schema up to date.
///
/// # Errors
/// [`ServeError`] says what is missing.
pub async fn open(config: &Config, demo: bool) -> Result<Portal, ServeError> {
    let policies = Arc::new(PolicyBook::built_in()?);
    let master_key = master_key(config)?;
    let store = Store::open(&config.database_url).await?;
    store.migrate().await?;
    portal(config, demo, store, policies, master_key)
}

/// The same for a look that changes nothing: no schema step, no new key, no new file. A database that does not exist yet is
/// taken for an empty one.
///
/// # Errors
/// [`ServeError`] says what is missing.
pub async fn open_to_look(config: &Config) -> Result<Portal, ServeError> {
    let policies = Arc::new(PolicyBook::built_in()?);
    let file = config.database_url.strip_prefix("sqlite:");
    let fresh = file.is_some_and(|file| file != ":memory:" && !Path::new(file).exists());
    let store = Store::open(if fresh { "sqlite::memory:" } else { &config.database_url }).await?;
    if fresh {
        store.migrate().await?;
    } else if store.pending_migrations().await? > 0 {
        return Err(ServeError::NotHere(
            "the database has the schema of another version; run `portico migrate` first".to_owned(),
        ));
    }
    let known = config.master_key.is_some() || config.master_key_file.as_ref().is_some_and(|path| Path::new(path).exists());
    let key = if known {
        master_key(config)?
    } else {
        MasterKey::generate(&mut Entropy::System.rng()).0
    };
    portal(config, false, store, policies, key)
}

fn portal(config: &Config, demo: bool, store: Store, policies: Arc<PolicyBook>, master_key: MasterKey) -> Result<Portal, ServeError> {
    // The demonstration's identity provider runs on this machine.
    let outbound = Outbound::new(demo || config.allow_private_networks)
        .map_err(|error| ServeError::NotHere(format!("TLS for requests to others cannot be set up: {error}")))?;
    Ok(Portal {
        store,
        clock: Clock::System,
        entropy: Entropy::System,
        policies,
        master_key,
        outbound,
        settings: Arc::new(config.settings(demo)),
        group: Group::default(),
    })
}

/// Reads the master key, or makes the file on first start (readable by its owner alone).
fn master_key(config: &Config) -> Result<MasterKey, ServeError> {
    let wrong = |key: &str| {
        ConfigError(format!(
            "{} holds something else; expected 32 bytes in base64",
            config.source(key).naming(key)
        ))
    };
    let by_value = config.source("master_key") >= config.source("master_key_file");
    if let Some(text) = config.master_key.as_ref().filter(|_| by_value) {
        return Ok(MasterKey::parse(text).map_err(|_| wrong("master_key"))?);
    }
    let Some(path) = &config.master_key_file else {
        return Err(ConfigError("portico.master_key or portico.master_key_file is missing; expected one of them".to_owned()).into());
    };
    let file_error = |error: std::io::Error| {
        let place = config.source("master_key_file").naming("master_key_file");
        ConfigError(format!(
            "{place} names {path:?}, which cannot be read or made ({error}); expected a file with 32 bytes in base64"
        ))
    };
    if Path::new(path).exists() {
        return Ok(MasterKey::parse(&std::fs::read_to_string(path).map_err(file_error)?).map_err(|_| wrong("master_key_file"))?);
    }
    let (key, text) = MasterKey::generate(&mut Entropy::System.rng());
    if let Some(folder) = Path::new(path).parent() {
        std::fs::create_dir_all(folder).map_err(file_error)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path).map_err(file_error)?, text.as_bytes()).map_err(file_error)?;
    tracing::warn!(path, "made a new master key; keep a copy of it apart from the database");
    Ok(key)
}

/// What the demonstration is started with.
#[derive(Clone, Default)]
pub struct Demonstration {
    /// Applications that `portico demo-app` answers for: short name and address.
    pub applications: Vec<(String, url::Url)>,
    /// What it proves itself by at the portal.
    pub secret: Option<String>,
}

/// Serves until the process is told to stop. Start: key, database, schema, demonstration, address, workers, requests.
/// Stop: no new requests, those under way get `shutdown_seconds`, then the workers, then the database.
///
/// # Errors
/// [`ServeError`] when something needed is missing.
pub async fn serve(mut config: Config, leptos: LeptosOptions, demo: Option<Demonstration>) -> Result<(), ServeError> {
    if config.source("public_url") == Source::Default && leptos.site_addr.ip().is_loopback() {
        config.public_url = format!("http://{}", leptos.site_addr);
    }
    let portal = open(&config, demo.is_some()).await?;
    if let Some(demo) = &demo {
        declaration::demo::fill(&portal).await?;
        declaration::demo::connect(&portal, &demo.applications, demo.secret.as_deref()).await?;
    }
    let demo = demo.is_some();
    let state = WebState::from(Shared {
        portal: portal.clone(),
        https: config.https(),
        trust_forwarded: config.trust_forwarded_for,
        metrics: telemetry::metrics(),
        leptos: leptos.clone(),
    });
    if !Path::new(&*leptos.site_root).join(&*leptos.site_pkg_dir).is_dir() {
        tracing::warn!(folder = %leptos.site_root, "the built site is not there, so pages come without style; build it, or set LEPTOS_SITE_ROOT");
    }
    let address = leptos.site_addr;
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| ServeError::Listen { address, error })?;
    let stop = CancellationToken::new();
    let workers = TaskTracker::new();
    // Background workers, one line each; each ends soon after `stop`.
    deliver_mail(&config, &portal, &workers, &stop)?;
    workers.spawn(crate::issuer::messenger::run(portal.clone(), stop.clone()));
    workers.spawn(crate::lifecycle::run(portal.clone(), stop.clone().cancelled_owned()));

    tracing::info!(%address, public_url = config.public_url, demo, "serving");
    if demo {
        let mail_server = Some(config.smtp.host.as_str()).filter(|host| !host.is_empty());
        print!("{}", declaration::demo::welcome(&config.public_url, mail_server));
    }
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(told_to_stop(stop.clone()));
    let limit = Duration::from_secs(config.shutdown_seconds);
    let outcome = tokio::select! {
        outcome = served => outcome,
        () = too_late(stop.clone(), limit) => {
            tracing::warn!(seconds = config.shutdown_seconds, "requests under way did not finish in time; they are cut off");
            Ok(())
        }
    };
    stop.cancel();
    workers.close();
    if tokio::time::timeout(limit, workers.wait()).await.is_err() {
        tracing::warn!("background work did not finish in time; it goes on at the next start");
    }
    portal.store.close().await;
    tracing::info!("stopped");
    Ok(outcome?)
}

/// Starts delivering mail, when a mail server is configured.
fn deliver_mail(config: &Config, portal: &Portal, workers: &TaskTracker, stop: &CancellationToken) -> Result<(), ServeError> {
    if let Some(smtp) = config.smtp.settings() {
        workers.spawn(Courier::new(portal.store.clone(), portal.clock.clone(), smtp)?.run(stop.clone()));
    } else if portal.settings.shows_mail() {
        tracing::info!("demonstration: mails are not sent but shown to the operator at /admin/outbox");
    } else {
        tracing::warn!("portico.smtp.host is not set; mails wait in the outbox");
    }
    Ok(())
}

async fn too_late(stop: CancellationToken, limit: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(limit).await;
}

/// Waits for the first signal. A second one ends the process at once: every change is a transaction, so nothing is half-done.
pub(super) async fn told_to_stop(stop: CancellationToken) {
    let mut signals = Signals::listen();
    signals.next().await;
    stop.cancel();
    // One listener for both: a second signal is not missed while the first is acted on.
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(130);
    });
    tracing::info!("told to stop; finishing requests under way");
}

/// SIGINT and SIGTERM; elsewhere Ctrl-C alone.
#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    async fn next(&mut self) {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        futures::future::select_all(self.0.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
