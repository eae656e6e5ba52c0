//! `[portico.smtp]`: how mail leaves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mask::only_whether_set;
use crate::mail::{Protection, SmtpSettings};

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
