//! The running service: opens the database, brings it up to date, serves, and stops in order.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::{
    config::{Config, ConfigError},
    telemetry,
};
use crate::{
    access::Policies,
    cx::{Entropy, Portal},
    kernel::{Clock, MasterKey},
    mail::Courier,
    store::{Store, StoreError},
    web::{WebState, router},
};

/// Why the service does not start, or stopped.
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
    /// Network or files.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The site built by cargo-leptos is not described.
    #[error("Leptos configuration: {0}")]
    Site(String),
}

/// Opens everything a command or the service needs.
///
/// # Errors
/// [`ServeError`] says what is missing.
pub async fn open(config: &Config, demo: bool) -> Result<Portal, ServeError> {
    let store = Store::open(&config.database_url).await?;
    store.migrate().await?;
    Ok(Portal {
        store,
        clock: Clock::System,
        entropy: Entropy::System,
        policies: Arc::new(Policies::built_in()?),
        master_key: master_key(config)?,
        settings: Arc::new(config.settings(demo)),
    })
}

/// Reads the master key, or makes the file on first start (readable by its owner alone).
fn master_key(config: &Config) -> Result<MasterKey, ServeError> {
    let wrong = |key: &str| ConfigError(format!("portico.{key} must hold 32 bytes in base64"));
    if let Some(text) = &config.master_key {
        return Ok(MasterKey::parse(text).map_err(|_| wrong("master_key"))?);
    }
    let Some(path) = &config.master_key_file else {
        return Err(ConfigError("portico.master_key or portico.master_key_file is missing".to_owned()).into());
    };
    if Path::new(path).exists() {
        return Ok(MasterKey::parse(&std::fs::read_to_string(path)?).map_err(|_| wrong("master_key_file"))?);
    }
    let (key, text) = MasterKey::generate(&mut Entropy::System.rng());
    if let Some(folder) = Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path)?, text.as_bytes())?;
    tracing::warn!(path, "made a new master key; keep a copy of it apart from the database");
    Ok(key)
}

/// Serves until the process is told to stop; requests under way are finished first.
///
/// # Errors
/// [`ServeError`] when something needed is missing.
pub async fn serve(config: &Config, demo: bool) -> Result<(), ServeError> {
    let portal = open(config, demo).await?;
    let leptos = leptos::config::get_configuration(Some("Leptos.toml")).map_err(|error| ServeError::Site(error.to_string()))?.leptos_options;
    let state = WebState {
        portal: portal.clone(),
        https: config.https(),
        trust_forwarded: config.trust_forwarded_for,
        metrics: telemetry::metrics().map(Arc::new),
        leptos: leptos.clone(),
    };
    let listener = tokio::net::TcpListener::bind(leptos.site_addr).await?;
    let courier = start_courier(config, &portal)?;
    let stop_sweeping = CancellationToken::new();
    let sweeper = tokio::spawn(crate::lifecycle::run(portal.clone(), stop_sweeping.clone().cancelled_owned()));
    tracing::info!(address = %leptos.site_addr, public_url = config.public_url, "serving");
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(told_to_stop()).await?;
    stop_courier(courier).await;
    stop_sweeping.cancel();
    let _ = sweeper.await;
    portal.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The task that delivers mail, and the way to end it.
type RunningCourier = (CancellationToken, tokio::task::JoinHandle<()>);

/// Starts delivering mail, when a mail server is configured.
fn start_courier(config: &Config, portal: &Portal) -> Result<Option<RunningCourier>, ServeError> {
    let Some(smtp) = config.smtp.settings() else {
        tracing::warn!("portico.smtp.host is not set; mails wait in the outbox");
        return Ok(None);
    };
    let courier = Courier::new(portal.store.clone(), portal.clock.clone(), smtp)?;
    let stop = CancellationToken::new();
    let task = tokio::spawn(courier.run(stop.clone()));
    Ok(Some((stop, task)))
}

/// Lets a conversation with the mail server finish, but not for long: what is cut off comes due again.
async fn stop_courier(courier: Option<RunningCourier>) {
    let Some((stop, mut task)) = courier else { return };
    stop.cancel();
    if tokio::time::timeout(Duration::from_secs(10), &mut task).await.is_err() {
        task.abort();
    }
}

async fn told_to_stop() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    let terminate = async {
        if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            signal.recv().await;
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! { () = interrupt => {}, () = terminate => {} }
    tracing::info!("told to stop; finishing requests under way");
}
