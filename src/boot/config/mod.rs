//! Configuration: the `[portico]` table of `Leptos.toml`, overridden by `PORTICO_…` variables; `…_file` reads a secret from a file.
//! The doc comment of each key is its line in the README's table.

mod check;
mod files;
mod mask;
mod smtp;
mod sources;

use std::{collections::BTreeMap, path::Path};

use figment::{
    Figment,
    providers::{Format as _, Toml},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::{
    mask::{only_whether_set, without_password},
    sources::{PorticoTable, Variables},
};
use super::keys::{self, Source};
use crate::cx::Settings;

pub use smtp::{SmtpConfig, SmtpSecurity};

/// A configuration that cannot be used; the text names file, key and what is expected.
#[derive(Debug, Error)]
#[error("configuration: {0}")]
pub struct ConfigError(pub String);

/// The variables of the process that may matter, by name.
pub type Environment = BTreeMap<String, String>;

/// The `[portico]` table.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The database: `sqlite:PATH` (embedded) or `postgres://USER:PASSWORD@HOST/NAME`.
    #[serde(serialize_with = "without_password")]
    pub database_url: String,
    /// File that holds the database URL, instead of `database_url`.
    pub database_url_file: Option<String>,
    /// The database of `portico serve --demo`, unless `PORTICO_DATABASE_URL` is set; apart from `database_url`, so that real data is never mixed with the demonstration.
    #[serde(serialize_with = "without_password")]
    pub demo_database_url: String,
    /// Address that people use, without a path: `https://partners.example.com`, or http on 127.0.0.1.
    pub public_url: String,
    /// Key that seals secrets in the database: 32 bytes in base64.
    #[serde(serialize_with = "only_whether_set")]
    pub master_key: Option<String>,
    /// File that holds the master key; made at the first start when it does not exist. Keep a copy of it apart from the database.
    pub master_key_file: Option<String>,
    /// Whether a reverse proxy of yours sets `X-Forwarded-For`; its last entry is then taken for the address of the visitor.
    pub trust_forwarded_for: bool,
    /// Form of log lines: `text` for people, `json` for machines.
    pub log_format: LogFormat,
    /// What is logged, in the syntax of tracing-subscriber, e.g. `info,portico=debug`.
    pub log_filter: String,
    /// How many days an invitation can be accepted.
    pub invitation_days: i64,
    /// How many minutes a link to set a new password works.
    pub reset_minutes: i64,
    /// After how many minutes without a request a session is over.
    pub session_idle_minutes: i64,
    /// After how many hours any session is over.
    pub session_hours: i64,
    /// How many seconds requests under way may take to finish when the service is told to stop.
    pub shutdown_seconds: u64,
    /// Whether partners' identity providers may be reached by http and in private networks. Leave it off unless every partner admin is trusted with what this machine can reach.
    pub allow_private_networks: bool,
    /// DNS server that is asked for partners' domain records, e.g. `192.0.2.53:53`; without it, those the machine uses.
    pub dns_server: Option<std::net::SocketAddr>,
    /// How mail leaves: the table `[portico.smtp]`.
    pub smtp: SmtpConfig,
    /// Where each key that is not a default was set.
    #[serde(skip)]
    pub(super) sources: BTreeMap<String, Source>,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("public_url", &self.public_url)
            .field("smtp", &self.smtp)
            .finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            database_url: "sqlite:data/portico.db".to_owned(),
            database_url_file: None,
            demo_database_url: "sqlite:data/demo.db".to_owned(),
            public_url: settings.public_url,
            master_key: None,
            master_key_file: Some("data/master.key".to_owned()),
            trust_forwarded_for: false,
            log_format: LogFormat::Text,
            log_filter: "info".to_owned(),
            invitation_days: settings.invitation_days,
            reset_minutes: settings.reset_minutes,
            session_idle_minutes: settings.session_idle_minutes,
            session_hours: settings.session_hours,
            shutdown_seconds: 20,
            allow_private_networks: false,
            dns_server: None,
            smtp: SmtpConfig::default(),
            sources: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Reads the file (none: defaults alone) and the variables. A relative path counts from the folder of the file that names it,
    /// or from the working directory when a variable or a default does.
    ///
    /// # Errors
    /// [`ConfigError`] names file or variable, key and expected value.
    pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let mut figment = Figment::new();
        let mut sources = BTreeMap::new();
        if let Some(file) = file {
            let text = std::fs::read_to_string(file).map_err(|error| ConfigError(format!("{} cannot be read: {error}", file.display())))?;
            let table = PorticoTable {
                file: file.display().to_string(),
                toml: Toml::string(&text),
            };
            let dict = table
                .dict()
                .map_err(|error| ConfigError(format!("{}: {}", file.display(), error.kind)))?;
            keys::set_in(&dict, "", &Source::File(file.to_owned()), &mut sources);
            figment = figment.merge(table);
        }
        let variables = Variables::read(environment)?;
        keys::set_in(&variables.0, "", &Source::Environment, &mut sources);
        figment = figment.merge(variables);
        let mut config: Self = figment.extract().map_err(|error| ConfigError(keys::explain(&error)))?;
        config.sources = sources;
        config.take_paths_from_the_file();
        config.check()?;
        config.with_secrets()
    }

    /// Where a key's value comes from.
    #[must_use]
    pub fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or(Source::Default)
    }

    /// The configuration of `serve --demo`: a database of its own, unless a variable names one.
    #[must_use]
    pub fn in_demo(mut self) -> Self {
        let named = [self.source("database_url"), self.source("database_url_file")].contains(&Source::Environment);
        if !named {
            self.database_url.clone_from(&self.demo_database_url);
        }
        self
    }

    /// Whether the public address is https.
    #[must_use]
    pub fn https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The part every request sees.
    #[must_use]
    pub fn settings(&self, demo: bool) -> Settings {
        Settings {
            public_url: self.public_url.clone(),
            demo,
            smtp_configured: !self.smtp.host.is_empty(),
            invitation_days: self.invitation_days,
            reset_minutes: self.reset_minutes,
            session_idle_minutes: self.session_idle_minutes,
            session_hours: self.session_hours,
            dns_server: self.dns_server,
        }
    }
}
