//! Reading lists of people: pasted addresses, and CSV files as spreadsheets write them. A row that cannot be read stays in the
//! list with its problem, so that nothing is left out silently.

use thiserror::Error;

use super::plan::{DraftRow, MAX_BYTES, MAX_ROWS};

/// Why a list as a whole cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ListError {
    /// Nothing in it.
    #[error("There is no address in this list.")]
    Empty,
    /// More rows than can be reviewed by a person.
    #[error("This list has more than {MAX_ROWS} rows. Split it and send it in parts.")]
    TooManyRows,
    /// More bytes than allowed.
    #[error("This is larger than 256 kB. Split it and send it in parts.")]
    TooLarge,
    /// The first line lacks the one column that must be there.
    #[error("The first line must name the columns, and one of them must be “email”.")]
    NoEmailColumn,
    /// A column we do not know is not ignored.
    #[error("There is no column “{0}”. The columns are email, name, role, apps and until.")]
    UnknownColumn(String),
    /// A column stands twice.
    #[error("The column “{0}” stands twice in the first line.")]
    ColumnTwice(String),
    /// Not text.
    #[error("The file is not text in UTF-8. In your spreadsheet, choose “CSV UTF-8” when you save it.")]
    NotUtf8,
    /// No file was sent.
    #[error("Choose a file.")]
    NoFile,
}

/// Reads pasted addresses: one per line, or separated by commas or semicolons; `Bo Lind <bo@example.com>` gives the name too.
///
/// # Errors
/// [`ListError`] when the list as a whole cannot be used.
pub fn pasted(text: &str) -> Result<Vec<DraftRow>, ListError> {
    if text.len() > MAX_BYTES {
        return Err(ListError::TooLarge);
    }
    let mut rows = Vec::new();
    for item in text.lines().flat_map(split_outside_quotes) {
        let item = item.trim();
        if item.is_empty() {
            continue;
        }
        let (name, email) = match item.rsplit_once('<') {
            Some((name, rest)) => (name.trim().trim_matches('"').trim(), rest.trim_end().trim_end_matches('>')),
            None => ("", item),
        };
        let line = rows.len() as u64 + 1;
        rows.push(DraftRow {
            line,
            email: email.trim().to_owned(),
            name: name.to_owned(),
            ..DraftRow::default()
        });
        if rows.len() > MAX_ROWS {
            return Err(ListError::TooManyRows);
        }
    }
    if rows.is_empty() { Err(ListError::Empty) } else { Ok(rows) }
}

fn split_outside_quotes(line: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, letter) in line.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ',' | ';' if !quoted => {
                parts.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&line[start..]);
    parts
}

/// Reads a CSV file (RFC 4180) with the columns email, name, role, apps, until in any order; all but email may be missing.
/// Comma, semicolon or tab separates, as the first line shows.
///
/// # Errors
/// [`ListError`] when the file as a whole cannot be used.
pub fn csv_file(bytes: &[u8]) -> Result<Vec<DraftRow>, ListError> {
    if bytes.len() > MAX_BYTES {
        return Err(ListError::TooLarge);
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| ListError::NotUtf8)?
        .trim_start_matches('\u{feff}')
        // The reader counts lines by their feed and is one short where each ends with a carriage return as well.
        .replace("\r\n", "\n");
    if text.trim().is_empty() {
        return Err(ListError::Empty);
    }
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|mark| head.bytes().filter(|byte| byte == mark).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(str::to_lowercase).collect(),
        Err(_) => return Err(ListError::NoEmailColumn),
    };
    let columns: Vec<&str> = columns
        .iter()
        .map(|name| if name == "e-mail" { "email" } else { name.as_str() })
        .collect();
    check_columns(&columns)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let row = match record {
            Ok(record) if record.iter().all(str::is_empty) => continue,
            Ok(record) => read_record(&columns, &record),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                DraftRow {
                    line,
                    broken: Some("This row cannot be read.".to_owned()),
                    ..DraftRow::default()
                }
            }
        };
        rows.push(row);
        if rows.len() > MAX_ROWS {
            return Err(ListError::TooManyRows);
        }
    }
    if rows.is_empty() { Err(ListError::Empty) } else { Ok(rows) }
}

fn check_columns(columns: &[&str]) -> Result<(), ListError> {
    if !columns.contains(&"email") {
        return Err(ListError::NoEmailColumn);
    }
    for (place, name) in columns.iter().enumerate() {
        if !["email", "name", "role", "apps", "until"].contains(name) {
            return Err(ListError::UnknownColumn(name.chars().take(40).collect()));
        }
        if columns[..place].contains(name) {
            return Err(ListError::ColumnTwice((*name).to_owned()));
        }
    }
    Ok(())
}

fn read_record(columns: &[&str], record: &csv::StringRecord) -> DraftRow {
    let mut row = DraftRow {
        line: record.position().map_or(0, csv::Position::line),
        ..DraftRow::default()
    };
    for (name, value) in columns.iter().zip(record) {
        let field = match *name {
            "email" => &mut row.email,
            "name" => &mut row.name,
            "role" => &mut row.role,
            "apps" => &mut row.apps,
            _ => &mut row.until,
        };
        value.clone_into(field);
    }
    if record.len() != columns.len() {
        row.broken = Some(format!(
            "This row has {} values, but the first line names {} columns.",
            record.len(),
            columns.len()
        ));
    }
    row
}
