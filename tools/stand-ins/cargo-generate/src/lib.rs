//! Stands in for the project generator of `cargo leptos new`, which nothing here calls.

use std::path::PathBuf;

#[derive(Debug, Default)]
pub struct TemplatePath {
    pub git: Option<String>,
    pub branch: Option<String>,
    pub tag: Option<String>,
    pub path: Option<String>,
    pub subfolder: Option<String>,
}

#[derive(Debug, Default)]
pub struct GenerateArgs {
    pub template_path: TemplatePath,
    pub name: Option<String>,
    pub force: bool,
    pub verbose: bool,
    pub init: bool,
    pub destination: Option<PathBuf>,
}

pub fn generate(_arguments: GenerateArgs) -> anyhow::Result<PathBuf> {
    anyhow::bail!("this build of cargo-leptos has no project generator: install cargo-leptos itself")
}
