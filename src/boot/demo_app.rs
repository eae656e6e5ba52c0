//! `portico demo-app`: listens until the process is told to stop.

use tokio_util::sync::CancellationToken;

use super::serve::{ServeError, told_to_stop};
use crate::{
    cx::Entropy,
    demo_app::{Options, Party, Shared, routes},
    kernel::Clock,
    outbound::Outbound,
};

/// Serves the demonstration's application.
///
/// # Errors
/// [`ServeError`] when the address cannot be listened on.
pub async fn serve(options: Options) -> Result<(), ServeError> {
    // The portal of a demonstration runs on this machine.
    let outbound =
        Outbound::new(true).map_err(|error| ServeError::NotHere(format!("TLS for requests to the portal cannot be set up: {error}")))?;
    let address = options.listen;
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| ServeError::NotHere(format!("cannot listen on {address}: {error}; choose another address by --listen")))?;
    tracing::info!(%address, issuer = options.issuer, client = options.client_id, "serving the demonstration's application");
    let shared = Shared::new(Party::new(options, Clock::System, Entropy::System, outbound));
    let stop = told_to_stop(CancellationToken::new());
    Ok(axum::serve(listener, routes(shared)).with_graceful_shutdown(stop).await?)
}
