//! How values that hold a secret are written where the configuration is shown.

use serde::{Serialize as _, Serializer};

pub(super) fn only_whether_set<S: Serializer>(secret: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| "(set)").serialize(serializer)
}

/// A database URL without its password.
pub(super) fn without_password<S: Serializer>(address: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let safe = match url::Url::parse(address) {
        Ok(mut parsed) if parsed.password().is_some() => {
            let _ = parsed.set_password(Some("(set)"));
            parsed.to_string().replace("(set)", "…").replace("%28set%29", "…")
        }
        _ => address.to_owned(),
    };
    serializer.serialize_str(&safe)
}
