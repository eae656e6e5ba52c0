//! Promises of the configuration and of the commands: what overrides what, and messages that name file, key and expected value.

use std::path::{Path, PathBuf};

use rstest::rstest;
use tempfile::TempDir;

use super::{
    commands,
    config::{Config, Environment, LogFormat, SmtpSecurity},
    keys::{self, Source},
    serve, site,
};
use crate::{
    declaration,
    store::{self, Store},
    testing::project_file,
};

/// A folder with a `Leptos.toml` of this text.
fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("Leptos.toml");
    std::fs::write(&path, text).expect("a file");
    (folder, path)
}

fn variables(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn without_file_and_variables_the_defaults_hold() {
    let config = Config::load(None, &Environment::new()).unwrap();
    assert_eq!(
        (config.database_url.as_str(), config.public_url.as_str()),
        ("sqlite:data/portico.db", "http://127.0.0.1:3000")
    );
    assert_eq!(
        (config.smtp.port, config.smtp.security, config.log_format),
        (587, SmtpSecurity::Starttls, LogFormat::Text)
    );
    assert_eq!(config.source("database_url"), Source::Default);
}

#[test]
fn variables_beat_the_file_and_keep_their_type() {
    let (_folder, path) = file(
        "[portico]\npublic_url = \"https://a.example\"\nsession_hours = 3\n[portico.smtp]\nhost = \"mail.a.example\"\n[other]\nx = 1\n",
    );
    let environment = variables(&[
        ("PORTICO_PUBLIC_URL", "https://b.example"),
        ("PORTICO_SMTP_HOST", "mail.b.example"),
        ("PORTICO_SMTP_PORT", "2525"),
        ("PORTICO_SMTP_USERNAME", "portal"),
        ("PORTICO_SMTP_PASSWORD", "12345"),
        ("PORTICO_TRUST_FORWARDED_FOR", "true"),
        ("PORTICO_LOG_FORMAT", "json"),
        ("PORTICO_CONFIG", "elsewhere.toml"),
        ("PORTICO_SERVICE_HOST", "10.0.0.1"),
        ("PORTICO_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("LANG", "C"),
    ]);
    let config = Config::load(Some(&path), &environment).unwrap();
    assert_eq!((config.public_url.as_str(), config.session_hours), ("https://b.example", 3));
    assert_eq!(
        (config.smtp.host.as_str(), config.smtp.port, config.smtp.password.as_deref()),
        ("mail.b.example", 2525, Some("12345"))
    );
    assert!(config.trust_forwarded_for && config.log_format == LogFormat::Json);
    assert_eq!(config.source("smtp.host"), Source::Environment);
    assert_eq!(config.source("session_hours"), Source::File(path));
}

#[test]
fn secrets_come_from_files_and_show_nowhere() {
    let (folder, path) = file("[portico]\ndatabase_url_file = \"url\"\n[portico.smtp]\npassword_file = \"mail\"\n");
    std::fs::write(folder.path().join("url"), "postgres://portico:topsecret@db.example/portico\n").unwrap();
    std::fs::write(folder.path().join("mail"), "hunter2hunter2\n").unwrap();
    let config = Config::load(
        Some(&path),
        &variables(&[("PORTICO_MASTER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE")]),
    )
    .unwrap();
    assert_eq!(config.database_url, "postgres://portico:topsecret@db.example/portico");
    assert_eq!(config.smtp.password.as_deref(), Some("hunter2hunter2"));
    let shown = format!("{}{config:?}", keys::effective(&config));
    for secret in ["topsecret", "hunter2", "MDEyMzQ1"] {
        assert!(!shown.contains(secret), "{secret} shows in\n{shown}");
    }
    assert!(shown.contains("(set)") && shown.contains("db.example"), "{shown}");
}

#[rstest]
#[case(
    "[portico]\nport = 1",
    "",
    "",
    "portico.port is no key of the configuration; expected one of database_url"
)]
#[case(
    "[portico.smtp]\nhots = \"x\"",
    "",
    "",
    "portico.smtp.hots is no key of the configuration; expected one of host"
)]
#[case(
    "[portico]\nsession_hours = \"long\"",
    "",
    "",
    "portico.session_hours is string \"long\"; expected i64"
)]
#[case(
    "[portico]\nsession_hours = 0",
    "",
    "",
    "portico.session_hours is 0; expected a number from 1 to 100000"
)]
#[case("[portico]\nlog_format = \"xml\"", "", "", "portico.log_format is \"xml\"; expected text or json")]
#[case(
    "[portico]\npublic_url = \"http://partners.example\"",
    "",
    "",
    "portico.public_url is \"http://partners.example\"; expected an address like https://"
)]
#[case(
    "[portico]\npublic_url = \"https://a.example/portal\"",
    "",
    "",
    "portico.public_url is \"https://a.example/portal\"; expected no path"
)]
#[case("[portico]\npublic_url = \"partners\"", "", "", "portico.public_url is \"partners\"")]
#[case(
    "[portico]\ndatabase_url = \"mysql://x\"",
    "",
    "",
    "portico.database_url has another form; expected sqlite:PATH"
)]
#[case(
    "[portico]\nshutdown_seconds = 0",
    "",
    "",
    "portico.shutdown_seconds is 0; expected a number from 1 to 600"
)]
#[case("[portico.smtp]\nfrom = \"somebody\"", "", "", "portico.smtp.from is \"somebody\"")]
#[case(
    "[portico.smtp]\nhost = \"mail.example\"\nsecurity = \"none\"\nusername = \"u\"",
    "",
    "",
    "portico.smtp.security is none, which would send links and passwords in the clear"
)]
#[case("[portico.smtp]\npassword = \"a\"\npassword_file = \"b\"", "", "", "portico.smtp.password and ")]
#[case("[portico.smtp]\npassword_file = \"not-there\"", "", "", "not-there\", which cannot be read")]
#[case("[portico\n", "", "", "Leptos.toml: ")]
#[case(
    "",
    "PORTICO_SMPT_HOST",
    "x",
    "the variable PORTICO_SMPT_HOST is no setting of the portal; expected one of PORTICO_DATABASE_URL"
)]
#[case("", "PORTICO_SMTP_PORT", "many", "the variable PORTICO_SMTP_PORT is string \"many\"; expected u16")]
#[case(
    "",
    "PORTICO_SESSION_HOURS",
    "-1",
    "the variable PORTICO_SESSION_HOURS is -1; expected a number from 1 to 100000"
)]
#[case(
    "",
    "PORTICO_TRUST_FORWARDED_FOR",
    "maybe",
    "the variable PORTICO_TRUST_FORWARDED_FOR is string \"maybe\"; expected a boolean"
)]
#[case(
    "",
    "PORTICO_SMTP_SECURITY",
    "ssl",
    "the variable PORTICO_SMTP_SECURITY is \"ssl\"; expected starttls or tls or none"
)]
fn a_wrong_value_is_told_with_file_key_and_expectation(#[case] text: &str, #[case] name: &str, #[case] value: &str, #[case] says: &str) {
    let (_folder, path) = file(text);
    let environment = if name.is_empty() {
        Environment::new()
    } else {
        variables(&[(name, value)])
    };
    let told = Config::load(Some(&path), &environment).unwrap_err().to_string();
    assert!(told.contains(says), "{told}");
    assert!(!name.is_empty() || told.contains("Leptos.toml"), "{told}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let told = Config::load(Some(Path::new("/nowhere/Leptos.toml")), &Environment::new())
        .unwrap_err()
        .to_string();
    assert!(told.contains("/nowhere/Leptos.toml cannot be read"), "{told}");
}

#[test]
fn relative_paths_of_a_file_count_from_its_folder() {
    let (folder, path) = file(
        "[package.metadata.leptos]\noutput-name = \"portico\"\nsite-root = \"site\"\n[portico]\ndatabase_url = \"sqlite:data/p.db\"\nmaster_key_file = \"/etc/key\"\n",
    );
    let config = Config::load(Some(&path), &Environment::new()).unwrap();
    assert_eq!(config.database_url, format!("sqlite:{}", folder.path().join("data/p.db").display()));
    assert_eq!(config.master_key_file.as_deref(), Some("/etc/key"));
    let options = site::site(Some(&path), &Environment::new()).unwrap();
    assert_eq!(Path::new(&*options.site_root), folder.path().join("site"));
    let named = Config::load(Some(&path), &variables(&[("PORTICO_DATABASE_URL", "sqlite:here.db")])).unwrap();
    assert_eq!(
        named.database_url, "sqlite:here.db",
        "a variable's path counts from the working directory"
    );
}

#[test]
fn the_site_needs_no_file_and_a_wrong_address_is_told() {
    let options = site::site(None, &Environment::new()).unwrap();
    assert_eq!(
        (options.site_addr.to_string().as_str(), &*options.output_name, options.hash_files),
        ("127.0.0.1:3000", "portico", true)
    );
    let told = site::site(None, &variables(&[("LEPTOS_SITE_ADDR", "everywhere")]))
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("LEPTOS_SITE_ADDR is \"everywhere\"; expected an address and a port"),
        "{told}"
    );
    let (_folder, path) = file("[package.metadata.leptos]\nsite-addr = 7\n");
    let told = site::site(Some(&path), &Environment::new()).unwrap_err().to_string();
    assert!(told.contains("Leptos.toml") && told.contains("expected site-addr"), "{told}");
}

#[test]
fn the_demonstration_has_a_database_of_its_own_unless_a_variable_names_one() {
    let (_folder, path) = file("[portico]\ndatabase_url = \"postgres://portico@db.example/real\"\n");
    let config = Config::load(Some(&path), &Environment::new()).unwrap();
    assert_eq!(config.in_demo().database_url, "sqlite:data/demo.db");
    let config = Config::load(Some(&path), &variables(&[("PORTICO_DATABASE_URL", "sqlite:/tmp/try.db")])).unwrap();
    assert_eq!(config.in_demo().database_url, "sqlite:/tmp/try.db");
}

#[test]
fn every_key_has_a_variable_and_a_description() {
    let keys = keys::keys();
    assert!(keys.len() >= 20);
    assert!(
        keys.iter()
            .all(|key| key.description.ends_with('.') && key.variable.starts_with("PORTICO_")),
        "{keys:?}"
    );
    let port = keys.iter().find(|key| key.path == "smtp.port").unwrap();
    assert_eq!(
        (port.variable.as_str(), port.default.as_str(), port.kind),
        ("PORTICO_SMTP_PORT", "587", keys::Kind::Number)
    );
    assert_eq!(keys::effective(&Config::default()).lines().count(), keys.len());
}

/// A configuration whose files are all in one folder.
fn local(folder: &TempDir) -> Config {
    Config {
        database_url: format!("sqlite:{}", folder.path().join("portico.db").display()),
        master_key_file: Some(folder.path().join("master.key").display().to_string()),
        ..Config::default()
    }
}

#[tokio::test]
async fn a_backup_is_a_whole_database_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let config = local(&folder);
    let copy = folder.path().join("it's a copy.db");
    let told = commands::backup(&config, &copy).await.unwrap_err().to_string();
    assert!(told.contains("there is no database"), "{told}");
    let portal = serve::open(&config, false).await.unwrap();
    declaration::run(&portal, "t.toml", &"[tenant]\nname = \"Northwind\"".parse().unwrap(), false)
        .await
        .unwrap();
    commands::backup(&config, &copy).await.unwrap();
    let told = commands::backup(&config, &copy).await.unwrap_err().to_string();
    assert!(told.contains("exists already"), "{told}");
    let restored = Store::open(&format!("sqlite:{}", copy.display())).await.unwrap();
    assert_eq!(store::tenant::get(&restored.reader()).await.unwrap().unwrap().name, "Northwind");
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&copy).unwrap().permissions()) & 0o777,
        0o600
    );
    let postgres = Config {
        database_url: "postgres://db.example/portico".to_owned(),
        ..Config::default()
    };
    assert!(
        commands::backup(&postgres, &folder.path().join("other.db"))
            .await
            .unwrap_err()
            .to_string()
            .contains("pg_dump")
    );
}

#[tokio::test]
async fn a_dry_run_on_nothing_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = local(&folder);
    let path = folder.path().join("t.toml");
    std::fs::write(&path, "[tenant]\nname = \"Northwind\"").unwrap();
    commands::apply(&config, &path, true).await.unwrap();
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "only the declaration is there"
    );
    commands::apply(&config, &path, false).await.unwrap();
    assert!(folder.path().join("portico.db").is_file() && folder.path().join("master.key").is_file());
}

#[tokio::test]
async fn wrong_files_and_wrong_configuration_have_a_status_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let config = local(&folder);
    let path = folder.path().join("t.toml");
    std::fs::write(&path, "[tenant]\nnam = \"Northwind\"").unwrap();
    let error = commands::apply(&config, &path, false).await.unwrap_err();
    assert_eq!(
        (commands::status(&error), error.to_string().contains("t.toml: tenant.nam")),
        (3, true)
    );
    assert!(
        !folder.path().join("portico.db").exists(),
        "the file is read before the database is opened"
    );
    std::fs::write(folder.path().join("master.key"), "short").unwrap();
    let error = serve::open(&config, false).await.unwrap_err();
    assert!(
        commands::status(&error) == 3 && error.to_string().contains("expected 32 bytes in base64"),
        "{error}"
    );
    let error = commands::backup(&config, &path).await.unwrap_err();
    assert_eq!(commands::status(&error), 1);
}

#[tokio::test]
async fn a_backup_taken_while_people_write_tells_one_story() {
    use sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _};
    use store::entity::{application, audit_event};

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portico.db");
    let world = crate::testing::World::sqlite_file(&file).await;
    let operator = world.employee("Opal Operator", crate::people::TenantRole::Operator).await;
    let actor = world.actor(operator.id, None).await;
    let (count, mut written) = tokio::sync::watch::channel(0_u64);
    let writing = tokio::spawn(async move {
        for number in 0.. {
            let mut cx = world.cx(actor.clone()).await;
            let draft = crate::apps::ApplicationDraft {
                slug: format!("app-{number}"),
                name: "An application".to_owned(),
                description: "Something.".to_owned(),
                icon: "package".to_owned(),
                category: "Work".to_owned(),
                launch_url: "https://app.example.com/".parse().unwrap(),
                owner: None,
            };
            crate::apps::commands::create_application(&mut cx, draft).await.unwrap();
            cx.commit().await.unwrap();
            if count.send(number).is_err() {
                return;
            }
        }
    });
    let config = Config {
        database_url: format!("sqlite:{}", file.display()),
        ..Config::default()
    };
    let mut sizes = Vec::new();
    for round in 1..=4 {
        let before = *written.wait_for(|count| *count >= round * 5).await.unwrap();
        let copy = folder.path().join(format!("copy-{round}.db"));
        commands::backup(&config, &copy).await.unwrap();
        let copy = Store::open(&format!("sqlite:{}", copy.display())).await.unwrap();
        let reader = copy.reader();
        let connection = store::Db::connection(&reader);
        let check = sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Sqlite, "PRAGMA integrity_check");
        let row = connection.query_one_raw(check).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "ok");
        let applications = application::Entity::find().count(connection).await.unwrap();
        let events = audit_event::Entity::find().count(connection).await.unwrap();
        assert_eq!(applications, events, "every change has its event and every event its change");
        assert!(applications > before, "what was committed before the copy is in it");
        sizes.push(applications);
        copy.close().await;
    }
    drop(written);
    writing.await.unwrap();
    assert!(sizes.is_sorted_by(|a, b| a < b), "people wrote meanwhile: {sizes:?}");
}

#[test]
fn the_readme_describes_every_key_of_the_configuration() {
    let readme = std::fs::read_to_string(project_file("README.md")).unwrap();
    let table = readme.split("| key | default | meaning |").nth(1).unwrap_or_default();
    let written: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> = keys::keys()
        .into_iter()
        .map(|key| {
            let default = if key.default.is_empty() {
                String::new()
            } else {
                format!("`{}` ", key.default)
            };
            format!("| `{}` | {default}| {} |", key.path, key.description.replace('|', "\\|"))
        })
        .collect();
    assert_eq!(
        written,
        expected,
        "the table in README.md says what the types say:\n{}",
        expected.join("\n")
    );
}
