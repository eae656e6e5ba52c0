//! The `portico` command.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use portico::{
    boot::{
        commands,
        config::{Config, Environment},
        serve::{self, ServeError},
        site, telemetry,
    },
    declaration,
};

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
        Command::Serve { demo } => {
            let site = site::site(file.as_deref(), &environment)?;
            let config = if demo { config.in_demo() } else { config };
            serve::serve(config, site, demo).await
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
