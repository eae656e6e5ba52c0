//! Stands in for the parts of `swc_common` that cargo-leptos names: a source file is its text.

use std::sync::Arc;

#[derive(Debug, Default)]
pub struct SourceMap;

#[derive(Debug)]
pub enum FileName {
    Anon,
}

#[derive(Debug)]
pub struct SourceFile {
    pub text: String,
}

impl SourceMap {
    pub fn new_source_file(&self, _name: Arc<FileName>, text: String) -> Arc<SourceFile> {
        Arc::new(SourceFile { text })
    }
}

#[derive(Debug, Default)]
pub struct Globals;

#[derive(Debug)]
pub struct GlobalsKey;

pub static GLOBALS: GlobalsKey = GlobalsKey;

impl GlobalsKey {
    pub fn set<T>(&self, _globals: &Globals, work: impl FnOnce() -> T) -> T {
        work()
    }
}
