//! Files that the configuration names: from which folder their paths count, and the secrets that are read from them.

use super::{Config, ConfigError, Source, keys};

impl Config {
    pub(super) fn take_paths_from_the_file(&mut self) {
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

    /// A file named more closely than the value beats it: variable before file, file before default.
    pub(super) fn with_secrets(mut self) -> Result<Self, ConfigError> {
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
}
