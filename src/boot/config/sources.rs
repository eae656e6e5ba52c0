//! Where values come from: the `[portico]` table of a file, and the variables of the process.

use figment::{
    Metadata, Profile, Provider,
    providers::Toml,
    value::{Dict, Map, Value},
};

use super::{ConfigError, Environment, keys};

/// The `[portico]` table of a file that has other tables too.
pub(super) struct PorticoTable {
    pub(super) file: String,
    pub(super) toml: figment::providers::Data<Toml>,
}

impl PorticoTable {
    #[expect(clippy::result_large_err, reason = "the error's type is the configuration library's")]
    pub(super) fn dict(&self) -> Result<Dict, figment::Error> {
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
pub(super) struct Variables(pub(super) Dict);

impl Variables {
    pub(super) fn read(environment: &Environment) -> Result<Self, ConfigError> {
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
