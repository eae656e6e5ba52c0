//! The `portico` command.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use portico::{
    boot::{
        commands,
        config::{Config, Environment},
        demo_app as boot_demo_app,
        serve::{self, Demonstration, ServeError},
        site, telemetry,
    },
    declaration, demo_app,
};

/// Many small pieces are taken and given back on several threads at each request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Self-hosted partner access portal.
#[derive(Parser)]
#[command(
    version,
    after_help = "Status: 0 done, 1 failed, 2 wrong command line, 3 wrong configuration or declaration."
)]
struct Cli {
    /// Configuration file; without it Leptos.toml in the working directory, when there is one.
    #[arg(long, env = "PORTICO_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the portal.
    Serve {
        /// Fills an empty database of its own with the demonstration tenant; mails are shown instead of sent.
        #[arg(long)]
        demo: bool,
        /// With --demo: an application that `portico demo-app` answers for, as SHORT-NAME=URL. Its client is declared at each start.
        #[arg(long, requires = "demo", value_name = "SHORT-NAME=URL", value_parser = demo_application)]
        demo_app: Vec<(String, url::Url)>,
        /// With --demo-app: the secret that both know, at least 32 characters.
        #[arg(long, env = "DEMO_APP_CLIENT_SECRET", hide_env_values = true)]
        demo_app_secret: Option<String>,
    },
    /// Serves a small application that signs people in through a portal and shows what it was told.
    DemoApp {
        /// Where it listens.
        #[arg(long, default_value = "127.0.0.1:3011")]
        listen: std::net::SocketAddr,
        /// Where browsers find it, when that is not the address it listens on.
        #[arg(long)]
        url: Option<url::Url>,
        /// The portal's address.
        #[arg(long, default_value = "http://127.0.0.1:3000")]
        issuer: String,
        /// What it calls itself there.
        #[arg(long)]
        client_id: String,
        /// What it proves itself by.
        #[arg(long, env = "DEMO_APP_CLIENT_SECRET", hide_env_values = true)]
        client_secret: String,
        /// The application's scopes it asks for, beside OpenID's; may come several times.
        #[arg(long)]
        scope: Vec<String>,
        /// What people know it as.
        #[arg(long, default_value = "Demonstration")]
        name: String,
    },
    /// Brings the database's schema up to date.
    Migrate,
    /// Brings the portal to what a file declares: tenant, organizations, applications, people, grants.
    Apply {
        /// The declaration, as .toml or .json.
        #[arg(required_unless_present = "schema")]
        file: Option<PathBuf>,
        /// Shows what would change and changes nothing.
        #[arg(long)]
        dry_run: bool,
        /// Prints the JSON Schema of a declaration.
        #[arg(long, conflicts_with_all = ["file", "dry_run"])]
        schema: bool,
    },
    /// Copies the embedded database into a new file, consistently, also while the portal runs.
    Backup {
        /// Where to; it must not exist.
        file: PathBuf,
    },
    /// The keys that sign tokens.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Looks at the configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Makes the next keys: published at once, signing a quarter of an hour later.
    Rotate,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Prints each key with its value and where it was set, or what is wrong.
    Check,
}

/// Reads `orders=http://127.0.0.1:3011`.
fn demo_application(text: &str) -> Result<(String, url::Url), String> {
    let (slug, url) = text.split_once('=').ok_or("expected SHORT-NAME=URL")?;
    let url = url.parse().map_err(|error| format!("{url:?} is no address: {error}"))?;
    Ok((slug.to_owned(), url))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("portico: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("portico: {error}");
            ExitCode::from(commands::status(&error))
        }
    }
}

async fn run(cli: Cli) -> Result<(), ServeError> {
    if matches!(cli.command, Command::Apply { schema: true, .. }) {
        print!("{}", declaration::schema());
        return Ok(());
    }
    let environment: Environment = commands::environment();
    let default = PathBuf::from("Leptos.toml");
    let file = cli.config.or_else(|| default.is_file().then_some(default));
    let config = Config::load(file.as_deref(), &environment)?;
    telemetry::log(&config)?;
    match cli.command {
        Command::Serve {
            demo,
            demo_app,
            demo_app_secret,
        } => {
            let site = site::site(file.as_deref(), &environment)?;
            let config = if demo { config.in_demo() } else { config };
            let demo = demo.then_some(Demonstration {
                applications: demo_app,
                secret: demo_app_secret,
            });
            serve::serve(config, site, demo).await
        }
        Command::DemoApp {
            listen,
            url,
            issuer,
            client_id,
            client_secret,
            scope,
            name,
        } => {
            let options = demo_app::Options {
                listen,
                url,
                issuer,
                client_id,
                client_secret,
                scopes: scope,
                name,
            };
            boot_demo_app::serve(options).await
        }
        Command::Migrate => commands::migrate(&config).await,
        Command::Apply { file, dry_run, .. } => commands::apply(&config, &file.unwrap_or_default(), dry_run).await,
        Command::Backup { file } => commands::backup(&config, &file).await,
        Command::Keys {
            command: KeysCommand::Rotate,
        } => commands::rotate_keys(&config).await,
        Command::Config {
            command: ConfigCommand::Check,
        } => commands::check_config(&config, file.as_deref(), &environment),
    }
}
