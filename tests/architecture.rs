//! The rules of the house (docs/architecture.md), checked by reading the sources: who may use whom, and what no file may contain.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A source file: its path below `src/`, with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    assert!(found.len() > 50, "the sources are where this test looks");
    found
        .into_iter()
        .map(|path| Source {
            path: path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/"),
            text: fs::read_to_string(&path).expect("readable"),
        })
        .collect()
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/") || self.path.starts_with("testing/")
    }

    /// The code without comments, line by line.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Whether code names a module path such as `sea_orm::` or `use sea_orm`.
    fn uses(&self, name: &str) -> Option<usize> {
        let (path, import) = (format!("{name}::"), format!("use {name}"));
        self.code()
            .find(|(_, line)| {
                line.trim_start().starts_with(&import)
                    || line
                        .match_indices(&path)
                        .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':'))
            })
            .map(|(line, _)| line)
    }

    /// The top-level modules of this crate that the file names.
    fn modules(&self) -> BTreeSet<String> {
        let mut modules = BTreeSet::new();
        let code: String = self.code().map(|(_, line)| line).collect::<Vec<_>>().join("\n");
        for (at, _) in code.match_indices("crate::") {
            let rest = code[at + 7..].trim_start();
            if let Some(group) = rest.strip_prefix('{') {
                modules.extend(top_level_names(group));
            } else {
                modules.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            }
        }
        modules
    }
}

/// The first path segment of every entry of a `use crate::{…}` group.
fn top_level_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut entry) = (0_usize, String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut entry)),
            _ if depth == 0 => entry.push(c),
            _ => {}
        }
    }
    names.push(entry);
    names
        .iter()
        .map(|entry| entry.trim().split("::").next().unwrap_or_default().trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

fn breaches(breaks: impl Fn(&Source) -> Option<String>) -> Vec<String> {
    sources()
        .iter()
        .filter_map(|source| breaks(source).map(|what| format!("src/{}: {what}", source.path)))
        .collect()
}

fn assert_none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}\n{}", breaches.join("\n"));
}

#[test]
fn the_database_is_spoken_to_in_store_alone() {
    let found = breaches(|source| {
        if source.path.starts_with("store/") || source.is_test() {
            return None;
        }
        source.uses("sea_orm").map(|line| format!("line {line} uses sea_orm"))
    });
    assert_none("sea_orm belongs in store/ and migrations/", &found);
}

#[test]
fn http_is_spoken_in_web_http_files_and_boot_alone() {
    let found = breaches(|source| {
        let may = source.path.starts_with("web/")
            || source.path.starts_with("boot/")
            || source.path.ends_with("http.rs")
            || source.path.contains("/http/");
        if may || source.is_test() {
            return None;
        }
        source.uses("axum").map(|line| format!("line {line} uses axum"))
    });
    assert_none("axum belongs in web/, http.rs and boot/", &found);
}

#[test]
fn pages_are_made_in_pages_actions_ui_islands_and_web_alone() {
    let found = breaches(|source| {
        let path = &source.path;
        let may = ["islands/", "ui/", "web/", "boot/"].iter().any(|folder| path.starts_with(folder))
            || path.contains("/pages/")
            || path.ends_with("/pages.rs")
            || path.ends_with("/actions.rs")
            || path.contains("/actions/")
            || path == "lib.rs";
        if may || source.is_test() {
            return None;
        }
        source.uses("leptos").map(|line| format!("line {line} uses leptos"))
    });
    assert_none("leptos belongs in islands/, ui/, pages/, actions and web/", &found);
}

#[test]
fn the_kernel_knows_no_domain_and_no_framework() {
    let found = breaches(|source| {
        if !source.path.starts_with("kernel/") {
            return None;
        }
        let upward: Vec<_> = source.modules().into_iter().filter(|module| module != "kernel").collect();
        (!upward.is_empty()).then(|| format!("uses {}", upward.join(", ")))
    });
    assert_none("kernel/ depends on nothing of this crate", &found);
}

#[test]
fn models_are_pure() {
    let found = breaches(|source| {
        if !source.path.ends_with("/model.rs") {
            return None;
        }
        if let Some((line, _)) = source.code().find(|(_, line)| line.contains("async fn") || line.contains(".await")) {
            return Some(format!("line {line} is async"));
        }
        let upward: Vec<_> = source
            .modules()
            .into_iter()
            .filter(|module| ["store", "web", "ui", "cx", "boot", "audit", "access"].contains(&module.as_str()))
            .collect();
        (!upward.is_empty()).then(|| format!("uses {}", upward.join(", ")))
    });
    assert_none("model.rs holds types and pure transitions", &found);
}

#[test]
fn store_knows_no_actor_and_no_page() {
    let found = breaches(|source| {
        if !source.path.starts_with("store/") || source.is_test() {
            return None;
        }
        let upward: Vec<_> = source
            .modules()
            .into_iter()
            .filter(|module| ["access", "audit", "web", "ui", "cx", "boot", "islands"].contains(&module.as_str()))
            .collect();
        (!upward.is_empty()).then(|| format!("uses {}", upward.join(", ")))
    });
    assert_none("store/ sees rows and models, never who asks", &found);
}

#[test]
fn pages_ask_queries_and_never_the_store() {
    let found = breaches(|source| {
        if !source.path.contains("/pages/") || source.is_test() {
            return None;
        }
        source.modules().contains("store").then(|| "uses store".to_owned())
    });
    assert_none("pages call queries", &found);
}

#[test]
fn ui_and_islands_know_no_domain() {
    let found = breaches(|source| {
        if !(source.path.starts_with("ui/") || source.path.starts_with("islands/")) || source.is_test() {
            return None;
        }
        let foreign: Vec<_> = source
            .modules()
            .into_iter()
            .filter(|module| !["ui", "islands", "kernel"].contains(&module.as_str()))
            .collect();
        (!foreign.is_empty()).then(|| format!("uses {}", foreign.join(", ")))
    });
    assert_none("ui/ and islands/ know no domain", &found);
}

#[test]
fn entities_stay_in_store_and_are_never_serialised() {
    let found = breaches(|source| {
        if source.path.starts_with("store/entity/") {
            return source.text.contains("Serialize").then(|| "derives Serialize".to_owned());
        }
        if source.path.starts_with("store/") || source.is_test() {
            return None;
        }
        source
            .code()
            .find(|(_, line)| line.contains("store::entity"))
            .map(|(line, _)| format!("line {line} names an entity"))
    });
    assert_none("entities never leave store/", &found);
}

#[test]
fn no_raw_textarea_inline_style_or_inline_script() {
    let found = breaches(|source| {
        if source.is_test() {
            return None;
        }
        source
            .code()
            .find(|(_, line)| {
                (line.contains("<textarea") && !source.path.starts_with("ui/"))
                    || line.contains(" style=\"")
                    || (line.trim_start().starts_with("<script") && !line.contains(" src="))
                    || line.contains(" onclick=")
            })
            .map(|(line, _)| format!("line {line}"))
    });
    assert_none(
        "a textarea is not escaped by Leptos 0.8 (use ui::TextArea); the policy for scripts and styles forbids inline ones",
        &found,
    );
}

#[test]
fn time_and_randomness_come_from_the_context() {
    let found = breaches(|source| {
        let may = source.path.starts_with("kernel/")
            || source.path.starts_with("boot/")
            || source.path.starts_with("islands/")
            || source.path == "cx.rs";
        if may || source.is_test() {
            return None;
        }
        source
            .code()
            .find(|(_, line)| {
                [
                    "Utc::now(",
                    "SystemTime::now(",
                    "Uuid::now_v7(",
                    "Uuid::new_v4(",
                    "rand::rng(",
                    "env::var(",
                ]
                .iter()
                .any(|call| line.contains(call))
            })
            .map(|(line, _)| format!("line {line}"))
    });
    assert_none("time, randomness and environment come from Cx or boot/", &found);
}

#[test]
fn no_file_is_a_drawer() {
    let found = breaches(|source| {
        let lines = source.text.lines().count();
        if lines > 600 { Some(format!("{lines} lines")) } else { None }
    });
    assert_none("a file beyond 400 lines wants splitting; beyond 600 it must be", &found);
    let found = breaches(|source| {
        let opens = source.text.trim_start();
        (!opens.starts_with("//!") && !source.is_test()).then(|| "does not say what lives in it".to_owned())
    });
    assert_none("a file opens with one or two sentences about what lives in it", &found);
}
