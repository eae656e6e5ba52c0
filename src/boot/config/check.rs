//! Values that cannot be used are refused at the start, with where they were set and what is expected instead.

use super::{Config, ConfigError, SmtpSecurity, Source};

impl Config {
    /// A refusal that names where the key was set.
    pub(super) fn wrong(&self, key: &str, text: impl std::fmt::Display) -> ConfigError {
        ConfigError(format!("{} {text}", self.source(key).naming(key)))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
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
}
