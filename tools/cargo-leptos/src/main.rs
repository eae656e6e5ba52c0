//! `cargo leptos`, as its library runs it.

use cargo_leptos::config::Cli;
use clap::Parser as _;

#[tokio::main]
async fn main() -> color_eyre::Result<()> {
    color_eyre::install()?;
    // Cargo calls its subcommands with their own name first.
    let arguments = std::env::args().enumerate().filter(|(position, word)| *position != 1 || word != "leptos");
    let cli = Cli::parse_from(arguments.map(|(_, word)| word));
    cargo_leptos::logger::setup(cli.opts().map_or(0, |options| options.verbose), &cli.log);
    cargo_leptos::run(cli).await
}
