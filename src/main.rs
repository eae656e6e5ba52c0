//! The `portico` command.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use portico::boot::{config::Config, serve, telemetry};

/// Self-hosted partner access portal.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Configuration file.
    #[arg(long, env = "PORTICO_CONFIG", default_value = "Leptos.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the portal.
    Serve {
        /// Fills an empty database with the demonstration tenant; mails are shown instead of sent.
        #[arg(long)]
        demo: bool,
    },
    /// Brings the database's schema up to date.
    Migrate,
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
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load(&cli.config)?;
    telemetry::log(&config)?;
    match cli.command {
        Command::Serve { demo } => serve::serve(&config, demo).await?,
        Command::Migrate => {
            serve::open(&config, false).await?;
        }
    }
    Ok(())
}
