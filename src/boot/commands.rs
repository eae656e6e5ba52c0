//! The commands of the command line other than `serve`: what they print and how they end.

use std::path::Path;

use super::{
    config::{Config, Environment},
    keys,
    serve::{self, ServeError},
    site,
};
use crate::{
    access::Actor,
    cx::RequestMeta,
    declaration::{self, DeclarationError},
    issuer,
    store::Store,
};

/// The variables of this process that can be read as text; read once, here.
#[must_use]
pub fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The process's status for an error: 3 when configuration or declaration is wrong, else 1.
#[must_use]
pub const fn status(error: &ServeError) -> u8 {
    match error {
        ServeError::Config(_) | ServeError::Declaration(DeclarationError::Invalid { .. } | DeclarationError::File { .. }) => 3,
        _ => 1,
    }
}

/// `portico migrate`.
///
/// # Errors
/// [`ServeError`] when the database cannot be opened or a step fails.
pub async fn migrate(config: &Config) -> Result<(), ServeError> {
    let portal = serve::open(config, false).await?;
    portal.store.close().await;
    println!("The database is up to date.");
    Ok(())
}

/// `portico apply FILE [--dry-run]`.
///
/// # Errors
/// [`ServeError::Declaration`] names file, key and what is expected.
pub async fn apply(config: &Config, file: &Path, dry_run: bool) -> Result<(), ServeError> {
    let declared = declaration::read(file)?;
    let portal = if dry_run {
        serve::open_to_look(config).await?
    } else {
        serve::open(config, false).await?
    };
    let outcome = declaration::run(&portal, &file.display().to_string(), &declared, dry_run).await;
    portal.store.close().await;
    let report = outcome?;
    print!("{report}");
    if dry_run && !report.is_empty() {
        println!("This was a dry run: nothing was written.");
    }
    Ok(())
}

/// `portico backup FILE`.
///
/// # Errors
/// [`ServeError`] when the file exists, or the database is not the embedded one.
pub async fn backup(config: &Config, file: &Path) -> Result<(), ServeError> {
    let Some(database) = config.database_url.strip_prefix("sqlite:") else {
        return Err(ServeError::NotHere(
            "this copies the embedded database alone; for PostgreSQL use pg_dump".to_owned(),
        ));
    };
    if !Path::new(database).is_file() {
        return Err(ServeError::NotHere(format!("there is no database at {database}; nothing to copy")));
    }
    let Some(name) = file.to_str() else {
        return Err(ServeError::NotHere(
            "the name of the copy is not UTF-8; choose another one".to_owned(),
        ));
    };
    // The copy holds what the database holds, so it is its owner's alone; and `create_new` refuses a file that is there.
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => ServeError::NotHere(format!("{name} exists already; choose a new file")),
        _ => ServeError::NotHere(format!("{name} cannot be made: {error}")),
    })?;
    let store = Store::open(&config.database_url).await?;
    let done = store.backup_embedded(name).await;
    store.close().await;
    if let Err(error) = done {
        let _ = std::fs::remove_file(file);
        return Err(error.into());
    }
    println!("Copied {database} to {name}. Keep the master key with it, but in another place.");
    Ok(())
}

/// `portico keys rotate`.
///
/// # Errors
/// [`ServeError`] when the database does not answer or a key cannot be made.
pub async fn rotate_keys(config: &Config) -> Result<(), ServeError> {
    let portal = serve::open(config, false).await?;
    let outcome = async {
        let mut cx = portal.begin(Actor::System("portico keys rotate"), RequestMeta::default()).await?;
        let made = issuer::commands::rotate_keys(&mut cx, &portal).await?;
        cx.commit().await?;
        Ok::<_, ServeError>(made)
    }
    .await;
    portal.store.close().await;
    for (algorithm, kid) in outcome? {
        println!("{algorithm}: {kid}");
    }
    println!(
        "The new keys are published now and sign in {} minutes. The old ones stay published until the last token they signed has ended.",
        issuer::keys::PUBLISHED_BEFORE.num_minutes()
    );
    Ok(())
}

/// `portico config check`.
///
/// # Errors
/// [`ServeError::Config`] when the part that Leptos reads is wrong; the rest was checked when it was read.
pub fn check_config(config: &Config, file: Option<&Path>, environment: &Environment) -> Result<(), ServeError> {
    let site = site::site(file, environment)?;
    print!("{}", keys::effective(config));
    println!("\nServing {} on {}.", site.site_root, site.site_addr);
    if let Some(file) = file {
        println!("{} is in order.", file.display());
    } else {
        println!("There is no Leptos.toml here, so defaults and variables hold.");
    }
    Ok(())
}
