//! The background task that sweeps every minute until it is told to stop.

use std::{future::Future, time::Duration};

use super::sweep;
use crate::cx::Portal;

/// The time between two passes.
const EVERY: Duration = Duration::from_secs(60);

/// Sweeps now and every minute; returns once `stop` is ready, after the pass under way.
pub async fn run(portal: Portal, stop: impl Future<Output = ()> + Send) {
    tokio::pin!(stop);
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return,
            _ = ticks.tick() => {}
        }
        match sweep(&portal).await {
            Ok(swept) if swept == super::Swept::default() => {}
            Ok(swept) => tracing::info!(?swept, "swept"),
            Err(error) => tracing::warn!(%error, "a sweep did not finish; the next one goes on"),
        }
    }
}
