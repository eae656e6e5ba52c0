//! Reading a declaration: TOML or JSON by the file's ending, one shape, and messages that name the key.

use std::{path::Path, str::FromStr};

use schemars::generate::SchemaSettings;

use super::{DeclarationError, Problem, check::check, model::Declaration};

/// How a declaration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.0.
    Toml,
    /// JSON (RFC 8259).
    Json,
}

/// Reads and checks a file.
///
/// # Errors
/// [`DeclarationError::File`], or [`DeclarationError::Invalid`] with every problem that shows without the database.
pub fn read(path: &Path) -> Result<Declaration, DeclarationError> {
    let file = path.display().to_string();
    let format = match path.extension().and_then(|ending| ending.to_str()) {
        Some("toml") => Format::Toml,
        Some("json") => Format::Json,
        _ => {
            let problem = Problem::new("", "has another ending; expected a file that ends in .toml or .json");
            return Err(DeclarationError::Invalid {
                file,
                problems: vec![problem],
            });
        }
    };
    let text = std::fs::read_to_string(path).map_err(|error| DeclarationError::File { file: file.clone(), error })?;
    read_text(&file, &text, format)
}

/// Reads and checks a text; `file` is its name in messages.
///
/// # Errors
/// [`DeclarationError::Invalid`] with every problem that shows without the database.
pub fn read_text(file: &str, text: &str, format: Format) -> Result<Declaration, DeclarationError> {
    let problems = match parse(text, format) {
        Ok(declaration) => match check(&declaration) {
            problems if problems.is_empty() => return Ok(declaration),
            problems => problems,
        },
        Err(problem) => vec![problem],
    };
    Err(DeclarationError::Invalid {
        file: file.to_owned(),
        problems,
    })
}

fn parse(text: &str, format: Format) -> Result<Declaration, Problem> {
    match format {
        Format::Toml => {
            let deserializer = toml::Deserializer::parse(text).map_err(|error| syntax(text, &error))?;
            serde_path_to_error::deserialize(deserializer).map_err(|error| {
                let (line, message) = (
                    error.inner().span().map(|span| line_of(text, span.start)),
                    error.inner().message().to_owned(),
                );
                shape(&error.path().to_string(), &message, line)
            })
        }
        Format::Json => {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            let declaration = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
                let inner = error.inner();
                let text = inner.to_string();
                let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
                shape(&error.path().to_string(), message, Some(inner.line()))
            })?;
            deserializer
                .end()
                .map_err(|error| Problem::new("", format!("is not JSON: {error}")))?;
            Ok(declaration)
        }
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> Problem {
    let line = error.span().map_or(1, |span| line_of(text, span.start));
    Problem::new("", format!("line {line}: is not TOML: {}", error.message().replace('\n', ", ")))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// A key with a value of another shape. What the file holds may be a secret, so the value itself is not repeated for texts.
fn shape(path: &str, message: &str, line: Option<usize>) -> Problem {
    let line = line
        .filter(|line| *line > 0)
        .map(|line| format!(" (line {line})"))
        .unwrap_or_default();
    let secret = [".password", ".totp_secret", ".secret", ".client_secret"]
        .iter()
        .any(|key| path.ends_with(key));
    let message = if secret {
        "is of another type; expected a text".to_owned()
    } else {
        message.replace('\n', " ")
    };
    Problem::new(if path == "." { "" } else { path }, format!("{message}{line}"))
}

/// The published JSON Schema, indented, with a newline at the end.
#[must_use]
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Declaration>();
    schema.insert("title".to_owned(), "Portico declaration".into());
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text + "\n"
}

impl FromStr for Declaration {
    type Err = Problem;
    /// Reads TOML without checking what it says.
    fn from_str(text: &str) -> Result<Self, Problem> {
        parse(text, Format::Toml)
    }
}
