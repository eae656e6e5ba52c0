//! Where the built site is and on which address it is served: the `[package.metadata.leptos]` table, overridden by `LEPTOS_…` variables.

use std::path::{Path, PathBuf};

use leptos::config::{LeptosOptions, get_config_from_str};

use super::{
    config::{ConfigError, Environment},
    keys,
};

const HEADING: &str = "[package.metadata.leptos]";
/// What holds without a file.
const DEFAULTS: &str = "[package.metadata.leptos]\noutput-name = \"portico\"\nsite-root = \"target/site\"\nsite-pkg-dir = \"pkg\"\n\
                        site-addr = \"127.0.0.1:3000\"\nhash-files = true\nenv = \"PROD\"\n";

/// Reads the table of the file, when there is one.
///
/// # Errors
/// [`ConfigError`] names file and key.
pub fn site(file: Option<&Path>, environment: &Environment) -> Result<LeptosOptions, ConfigError> {
    let name = file.map_or_else(
        || "LEPTOS_… variables".to_owned(),
        |file| format!("{} or LEPTOS_… variables", file.display()),
    );
    let text = match file {
        Some(file) => std::fs::read_to_string(file).map_err(|error| ConfigError(format!("{} cannot be read: {error}", file.display())))?,
        None => String::new(),
    };
    let described = text.lines().any(|line| line.trim() == HEADING);
    let text = if described { text } else { DEFAULTS.to_owned() };
    if let Some(address) = environment.get("LEPTOS_SITE_ADDR")
        && address.parse::<std::net::SocketAddr>().is_err()
    {
        return Err(ConfigError(format!(
            "the variable LEPTOS_SITE_ADDR is {address:?}; expected an address and a port like 127.0.0.1:3000"
        )));
    }
    let mut options = get_config_from_str(&text).map_err(|error| {
        ConfigError(format!(
            "{name}: {HEADING} cannot be used: {error}; expected site-addr like 127.0.0.1:3000, site-root, site-pkg-dir"
        ))
    })?;
    let named_by_file = described && !environment.contains_key("LEPTOS_SITE_ROOT");
    let root = match file.filter(|_| named_by_file) {
        Some(file) => keys::beside(file, &options.site_root),
        None => options.site_root.to_string(),
    };
    options.site_root = find(PathBuf::from(root), environment).display().to_string().into();
    Ok(options)
}

/// The folder itself, or where an installed binary has it: beside the binary, or in the `share` beside its `bin`.
fn find(root: PathBuf, environment: &Environment) -> PathBuf {
    if root.is_dir() || environment.contains_key("LEPTOS_SITE_ROOT") {
        return root;
    }
    let Ok(binary) = std::env::current_exe() else { return root };
    let Some(folder) = binary.parent() else { return root };
    [folder.join("site"), folder.join("../share/portico/site")]
        .into_iter()
        .find(|place| place.is_dir())
        .unwrap_or(root)
}
