//! Configuration: the `[portico]` table of `Leptos.toml`, overridden by `PORTICO_…` variables; `…_file` reads a secret from a file.
//! The doc comment of each key is its line in the README's table.

use std::{collections::BTreeMap, path::Path};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format as _, Toml},
    value::{Dict, Map, Value},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

use super::keys::{self, Source};
use crate::{
    cx::Settings,
    mail::{Protection, SmtpSettings},
};

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

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmtpSecurity {
    /// STARTTLS required (RFC 3207), usually port 587.
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314), usually port 465.
    Tls,
    /// None; only for a server on this machine.
    None,
}

/// `[portico.smtp]`.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SmtpConfig {
    /// Host name of the mail server; while it is empty, mails wait in the outbox.
    pub host: String,
    /// Port of the mail server.
    pub port: u16,
    /// Protection of the connection: `starttls` (usually port 587), `tls` (usually 465), or `none` for a server on this machine.
    pub security: SmtpSecurity,
    /// User name, when the mail server asks for one.
    pub username: Option<String>,
    /// Password, when the mail server asks for one.
    #[serde(serialize_with = "only_whether_set")]
    pub password: Option<String>,
    /// File that holds the password, instead of `password`.
    pub password_file: Option<String>,
    /// Sender of every mail, e.g. `Partner portal <portal@example.com>`.
    pub from: String,
}

fn only_whether_set<S: Serializer>(secret: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| "(set)").serialize(serializer)
}

/// A database URL without its password.
fn without_password<S: Serializer>(address: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let safe = match url::Url::parse(address) {
        Ok(mut parsed) if parsed.password().is_some() => {
            let _ = parsed.set_password(Some("(set)"));
            parsed.to_string().replace("(set)", "…").replace("%28set%29", "…")
        }
        _ => address.to_owned(),
    };
    serializer.serialize_str(&safe)
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("public_url", &self.public_url)
            .field("smtp", &self.smtp)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

impl SmtpConfig {
    /// The mail server to deliver to; none when no host is named.
    #[must_use]
    pub fn settings(&self) -> Option<SmtpSettings> {
        if self.host.is_empty() {
            return None;
        }
        let protection = match self.security {
            SmtpSecurity::Starttls => Protection::StartTls,
            SmtpSecurity::Tls => Protection::Tls,
            SmtpSecurity::None => Protection::None,
        };
        let credentials = self.username.clone().map(|user| (user, self.password.clone().unwrap_or_default()));
        Some(SmtpSettings {
            host: self.host.clone(),
            port: self.port,
            protection,
            credentials,
            from: self.from.parse().ok()?,
        })
    }
}

impl Default for SmtpConfig {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 587,
            security: SmtpSecurity::Starttls,
            username: None,
            password: None,
            password_file: None,
            from: "Partner portal <portal@localhost.localdomain>".to_owned(),
        }
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

    fn take_paths_from_the_file(&mut self) {
        let source = |key: &str| self.sources.get(key).cloned();
        let from = |key: &str, path: &str| match source(key) {
            Some(Source::File(file)) => keys::beside(&file, path),
            _ => path.to_owned(),
        };
        let database = |key: &str, url: &str| match url.strip_prefix("sqlite:") {
            Some(path) if path != ":memory:" => format!("sqlite:{}", from(key, path.trim_start_matches("//"))),
            _ => url.to_owned(),
        };
        let optional = |key: &str, path: &Option<String>| path.as_ref().map(|path| from(key, path));
        let database_url = database("database_url", &self.database_url);
        let demo_database_url = database("demo_database_url", &self.demo_database_url);
        let database_url_file = optional("database_url_file", &self.database_url_file);
        let master_key_file = optional("master_key_file", &self.master_key_file);
        let password_file = optional("smtp.password_file", &self.smtp.password_file);
        self.database_url = database_url;
        self.demo_database_url = demo_database_url;
        self.database_url_file = database_url_file;
        self.master_key_file = master_key_file;
        self.smtp.password_file = password_file;
    }

    /// A refusal that names where the key was set.
    fn wrong(&self, key: &str, text: impl std::fmt::Display) -> ConfigError {
        ConfigError(format!("{} {text}", self.source(key).naming(key)))
    }

    fn check(&self) -> Result<(), ConfigError> {
        let key = "public_url";
        let expected = "expected an address like https://partners.example.com, or http://127.0.0.1:3000 for trying out";
        let url = url::Url::parse(&self.public_url)
            .map_err(|error| self.wrong(key, format!("is {:?} ({error}); {expected}", self.public_url)))?;
        let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            return Err(self.wrong(key, format!("is {:?}; {expected}", self.public_url)));
        }
        if self.public_url.ends_with('/')
            || url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
        {
            return Err(self.wrong(key, format!("is {:?}; expected no path and no slash at the end", self.public_url)));
        }
        for (key, url) in [("database_url", &self.database_url), ("demo_database_url", &self.demo_database_url)] {
            if !["sqlite:", "postgres://", "postgresql://"]
                .iter()
                .any(|scheme| url.starts_with(scheme))
            {
                return Err(self.wrong(key, "has another form; expected sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME"));
            }
        }
        for (key, value) in [
            ("invitation_days", self.invitation_days),
            ("reset_minutes", self.reset_minutes),
            ("session_idle_minutes", self.session_idle_minutes),
            ("session_hours", self.session_hours),
        ] {
            if !(1..=100_000).contains(&value) {
                return Err(self.wrong(key, format!("is {value}; expected a number from 1 to 100000")));
            }
        }
        if !(1..=600).contains(&self.shutdown_seconds) {
            return Err(self.wrong(
                "shutdown_seconds",
                format!("is {}; expected a number from 1 to 600", self.shutdown_seconds),
            ));
        }
        for (one, other) in [
            ("database_url", "database_url_file"),
            ("master_key", "master_key_file"),
            ("smtp.password", "smtp.password_file"),
        ] {
            if self.source(one) != Source::Default && self.source(one) == self.source(other) {
                return Err(self.wrong(
                    one,
                    format!("and {} are both set; expected one of them", self.source(other).naming(other)),
                ));
            }
        }
        self.check_smtp()
    }

    fn check_smtp(&self) -> Result<(), ConfigError> {
        let smtp = &self.smtp;
        if smtp.port == 0 {
            return Err(self.wrong("smtp.port", "is 0; expected a port from 1 to 65535, usually 587"));
        }
        if let Err(error) = smtp.from.parse::<lettre::message::Mailbox>() {
            return Err(self.wrong(
                "smtp.from",
                format!(
                    "is {:?} ({error}); expected a sender like Partner portal <portal@example.com>",
                    smtp.from
                ),
            ));
        }
        let here = matches!(smtp.host.as_str(), "" | "127.0.0.1" | "localhost" | "::1");
        if smtp.security == SmtpSecurity::None && !here {
            return Err(self.wrong(
                "smtp.security",
                "is none, which would send links and passwords in the clear; expected starttls or tls",
            ));
        }
        if smtp.host.contains(char::is_whitespace) || smtp.host.contains('/') {
            return Err(self.wrong(
                "smtp.host",
                format!("is {:?}; expected a host name alone, like smtp.example.com", smtp.host),
            ));
        }
        if smtp.password.is_some() && smtp.username.is_none() {
            return Err(self.wrong("smtp.username", "is missing; expected the user that the password belongs to"));
        }
        Ok(())
    }

    /// A file named more closely than the value beats it: variable before file, file before default.
    fn with_secrets(mut self) -> Result<Self, ConfigError> {
        let read = |config: &Self, key: &str, path: &str| {
            let text = std::fs::read_to_string(path).map_err(|error| {
                config.wrong(
                    key,
                    format!("names {path:?}, which cannot be read ({error}); expected a file that holds the value"),
                )
            })?;
            match text.trim() {
                "" => Err(config.wrong(key, format!("names {path:?}, which is empty; expected a file that holds the value"))),
                text => Ok(text.to_owned()),
            }
        };
        if let Some(path) = &self.database_url_file
            && self.source("database_url_file") >= self.source("database_url")
        {
            self.database_url = read(&self, "database_url_file", path)?;
            self.check()?;
        }
        if let Some(path) = &self.smtp.password_file
            && self.source("smtp.password_file") >= self.source("smtp.password")
        {
            self.smtp.password = Some(read(&self, "smtp.password_file", path)?);
        }
        Ok(self)
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

/// The `[portico]` table of a file that has other tables too.
struct PorticoTable {
    file: String,
    toml: figment::providers::Data<Toml>,
}

impl PorticoTable {
    #[expect(clippy::result_large_err, reason = "the error's type is the configuration library's")]
    fn dict(&self) -> Result<Dict, figment::Error> {
        let mut data = self.toml.data()?;
        let table = data.remove(&Profile::Default).and_then(|mut table| table.remove("portico"));
        Ok(match table {
            Some(Value::Dict(_, inner)) => inner,
            _ => Dict::new(),
        })
    }
}

impl Provider for PorticoTable {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.file.clone()).interpolater(|_, keys| format!("portico.{}", keys.join(".")))
    }
    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.dict()?)]))
    }
}

/// The `PORTICO_…` variables, each as the type that its key has: a password of digits stays a text.
struct Variables(Dict);

impl Variables {
    fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let known = keys::keys();
        let mut dict = Dict::new();
        for (name, text) in environment {
            let Some(short) = name.strip_prefix("PORTICO_") else { continue };
            // PORTICO_CONFIG names the file. Kubernetes adds variables of its own for a service of our name.
            if short == "CONFIG" || short == "PORT" || short.starts_with("SERVICE_") || short.starts_with("PORT_") {
                continue;
            }
            let Some(key) = known.iter().find(|key| key.variable == *name) else {
                let names: Vec<&str> = known.iter().map(|key| key.variable.as_str()).collect();
                return Err(ConfigError(format!(
                    "the variable {name} is no setting of the portal; expected one of {}",
                    names.join(", ")
                )));
            };
            keys::put(&mut dict, &key.path, key.kind.value(text));
        }
        Ok(Self(dict))
    }
}

impl Provider for Variables {
    fn metadata(&self) -> Metadata {
        Metadata::named("").interpolater(|_, keys| format!("PORTICO_{}", keys.join("_").to_uppercase()))
    }
    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.0.clone())]))
    }
}
