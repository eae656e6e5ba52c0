//! Starting and stopping: configuration, telemetry, health, the running service.

pub mod commands;
pub mod config;
pub mod demo_app;
pub mod health;
pub mod keys;
pub mod serve;
pub mod site;
pub mod telemetry;
#[cfg(test)]
mod tests;
