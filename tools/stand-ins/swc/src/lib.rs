//! Stands in for the JavaScript minifier of cargo-leptos: `esbuild` does its work, which npm installs and which is on the path of a build.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use swc_common::{SourceFile, SourceMap};

pub mod config {
    #[derive(Debug)]
    pub enum IsModule {
        Bool(bool),
    }

    #[derive(Debug, Default)]
    pub struct JsMinifyOptions {
        pub compress: super::BoolOrDataConfig,
        pub mangle: super::BoolOrDataConfig,
        pub module: IsModule,
        pub keep_fnames: bool,
    }

    impl Default for IsModule {
        fn default() -> Self {
            Self::Bool(true)
        }
    }
}

#[derive(Debug, Default)]
pub struct BoolOrDataConfig(bool);

impl BoolOrDataConfig {
    pub fn from_bool(on: bool) -> Self {
        Self(on)
    }
}

#[derive(Debug, Default)]
pub struct JsMinifyExtras;

#[derive(Debug, Default)]
pub struct HandlerOpts;

#[derive(Debug)]
pub struct Handler;

#[derive(Debug)]
pub struct TransformOutput {
    pub code: String,
}

/// What went wrong, as cargo-leptos shows it.
#[derive(Debug)]
pub struct WrongInput(anyhow::Error);

impl WrongInput {
    pub fn to_pretty_error(self) -> anyhow::Error {
        self.0
    }
}

pub fn try_with_handler<T>(
    _map: Arc<SourceMap>,
    _options: HandlerOpts,
    work: impl FnOnce(&Handler) -> anyhow::Result<T>,
) -> Result<T, WrongInput> {
    work(&Handler).map_err(WrongInput)
}

#[derive(Debug)]
pub struct Compiler;

impl Compiler {
    pub fn new(_map: Arc<SourceMap>) -> Self {
        Self
    }

    pub fn minify(
        &self,
        file: Arc<SourceFile>,
        _handler: &Handler,
        _options: &config::JsMinifyOptions,
        _extras: JsMinifyExtras,
    ) -> anyhow::Result<TransformOutput> {
        let mut esbuild = Command::new("esbuild")
            .args(["--minify", "--format=esm", "--loader=js"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("esbuild cannot be started: npm installs it (scripts/setup-npm.sh)")?;
        let mut input = esbuild.stdin.take().context("esbuild takes no input")?;
        // It reads everything before it writes, so neither waits for the other.
        input.write_all(file.text.as_bytes())?;
        drop(input);
        let output = esbuild.wait_with_output()?;
        if !output.status.success() {
            bail!("esbuild does not take the JavaScript of wasm-bindgen");
        }
        Ok(TransformOutput {
            code: String::from_utf8(output.stdout)?,
        })
    }
}
