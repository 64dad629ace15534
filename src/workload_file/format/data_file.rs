//! Files of rows beside a workload file: CSV and JSON lines. What a workload names is a plain file in its
//! own folder or below: no other place, no device, no pipe.

use super::document::is_name;
use crate::engine::MOST_VALUE_BYTES;
use crate::plan::Suggestion;
use crate::workload_file::model::table::{Field, Table};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

/// Largest file, in bytes.
const MOST_BYTES: u64 = 32 << 20;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
}

/// The rows of the file called `name` in `folder`; in the columns `numbers` of a CSV file stand numbers
/// and booleans.
///
/// # Errors
/// When there is no such file, or it is not what it should be: a sentence, with its line.
pub fn read_rows(folder: &Path, name: &str, numbers: &[String]) -> Result<Table, String> {
    let extension = Path::new(name).extension().and_then(|it| it.to_str());
    let format = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => Format::Csv,
        Some("jsonl" | "ndjson") => Format::JsonLines,
        _ => {
            return Err(format!(
                "`{name}` is none of the files that are read: .csv, .jsonl or .ndjson"
            ));
        }
    };
    if format == Format::JsonLines && !numbers.is_empty() {
        return Err(format!(
            "`numbers` is for CSV files; in {name} a number is one where it has no quotes"
        ));
    }
    let text = text_of(&path_within(folder, name)?, name)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let table = match format {
        Format::Csv => csv_rows(text, name, numbers)?,
        Format::JsonLines => json_rows(text, name)?,
    };
    match table.rows() {
        0 => Err(format!("{name} has no rows")),
        _ => Ok(table),
    }
}

/// The text of the description called `name` in `folder`.
///
/// # Errors
/// When there is none.
pub fn read_description(folder: &Path, name: &str) -> Result<String, String> {
    let extension = Path::new(name).extension();
    let is_known = |it: &OsStr| {
        ["json", "yaml", "yml"]
            .iter()
            .any(|known| it.eq_ignore_ascii_case(known))
    };
    if !extension.is_some_and(is_known) {
        return Err(format!("`{name}` is no .json, .yaml or .yml file"));
    }
    text_of(&path_within(folder, name)?, name)
}

/// Where `name` is, if it is in `folder` wherever links lead.
fn path_within(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let path = Path::new(name);
    let is_plain = |component: Component<'_>| matches!(component, Component::Normal(_));
    if name.contains('\0') || !path.components().all(is_plain) {
        return Err(format!(
            "`{name}` leads out of the folder of the workload file; rows are read of a file beside it, \
             like \"users.csv\" or \"data/users.csv\""
        ));
    }
    let missing = |error: std::io::Error| format!("{name} cannot be read: {error}");
    let folder = fs::canonicalize(match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    })
    .map_err(missing)?;
    let found = fs::canonicalize(folder.join(path)).map_err(missing)?;
    match found.starts_with(&folder) {
        true => Ok(found),
        false => Err(format!(
            "{name} is a link that leads out of the folder of the workload file"
        )),
    }
}

fn text_of(path: &Path, name: &str) -> Result<String, String> {
    let unread = |error: std::io::Error| format!("{name} cannot be read: {error}");
    let no_file = || format!("{name} is no plain file");
    let too_large = || {
        format!(
            "{name} has more than the {} MiB that are read",
            MOST_BYTES >> 20
        )
    };
    // Looked at before it is opened: to open some devices is to do something.
    if !fs::metadata(path).map_err(unread)?.is_file() {
        return Err(no_file());
    }
    let mut options = OpenOptions::new();
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let file = options.read(true).custom_flags(flags).open(path);
    let file = file.map_err(unread)?;
    let facts = file.metadata().map_err(unread)?;
    if !facts.is_file() {
        return Err(no_file());
    }
    if facts.len() > MOST_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(facts.len() as usize + 1);
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    if read.map_err(unread)? as u64 > MOST_BYTES {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!("{name}:{line}: this is not UTF-8; save the file as UTF-8")
    })
}

fn csv_rows(text: &str, name: &str, numbers: &[String]) -> Result<Table, String> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let columns = reader
        .headers()
        .map_err(|error| format!("{name}:1: {error}"))?;
    let columns: Vec<String> = columns.iter().map(|name| name.trim().to_owned()).collect();
    for number in numbers {
        if !columns.contains(number) {
            let suggestion = Suggestion::for_word(number, columns.iter().map(String::as_str));
            return Err(format!("{name} has no column `{number}`{suggestion}"));
        }
    }
    let is_number: Vec<bool> = columns.iter().map(|it| numbers.contains(it)).collect();
    let count = columns.len();
    let mut table = Table::new(columns).map_err(|says| format!("{name}:1: {says}"))?;
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(table),
            Err(error) => return Err(format!("{name}:{line}: {error}")),
        }
        let line = record.position().map_or(line, csv::Position::line);
        if record.len() != count {
            return Err(format!(
                "{name}:{line}: this row has {}, and the first line names {count}",
                match record.len() {
                    1 => "1 field".to_owned(),
                    fields => format!("{fields} fields"),
                }
            ));
        }
        for (place, field) in record.iter().enumerate() {
            let of_column =
                |says: String| format!("{name}:{line}: `{}` {says}", table.columns()[place]);
            let field = match is_number[place] {
                false => field,
                true => field.trim(),
            };
            if is_number[place] && !is_bare(field) {
                return Err(of_column(format!("is no number, true or false: {field:?}")));
            }
            fits(field).map_err(of_column)?;
            let field = Field {
                text: field.as_bytes(),
                is_bare: is_number[place],
            };
            table
                .push(field)
                .map_err(|says| format!("{name}: {says}"))?;
        }
    }
}

fn json_rows(text: &str, name: &str) -> Result<Table, String> {
    let mut table: Option<Table> = None;
    for (line, number) in text.lines().zip(1_u64..) {
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |says: String| format!("{name}:{number}: {says}");
        let row: Value = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        let Value::Object(mut row) = row else {
            return Err(wrong(
                "each line is an object, like {\"email\": \"…\"}".to_owned(),
            ));
        };
        let table = match &mut table {
            Some(table) => table,
            none => none.insert(Table::new(row.keys().cloned().collect()).map_err(wrong)?),
        };
        for place in 0..table.columns().len() {
            let column = &table.columns()[place];
            let value = row.remove(column);
            let value = value.ok_or_else(|| wrong(format!("`{column}` is missing")))?;
            let (text, is_bare) = match value {
                Value::String(text) => (text, false),
                Value::Number(_) | Value::Bool(_) => (value.to_string(), true),
                _ => {
                    let says = format!("`{column}` is no text, number, true or false");
                    return Err(wrong(says));
                }
            };
            fits(&text).map_err(|says| wrong(format!("`{column}` {says}")))?;
            let field = Field {
                text: text.as_bytes(),
                is_bare,
            };
            table.push(field).map_err(wrong)?;
        }
        if let Some(more) = row.keys().next() {
            let says = format!("`{more}` is not in the first line, whose names are the columns");
            return Err(wrong(says));
        }
    }
    Ok(table.unwrap_or_default())
}

/// Whether `text` is a number or a boolean of JSON.
fn is_bare(text: &str) -> bool {
    let value = serde_json::from_str::<Value>(text);
    value.is_ok_and(|value| value.is_number() || value.is_boolean())
}

/// Whether a user can keep a field of this text.
pub fn fits(text: &str) -> Result<(), String> {
    match text.len() > MOST_VALUE_BYTES {
        true => Err(format!("is longer than {} KiB", MOST_VALUE_BYTES >> 10)),
        false => Ok(()),
    }
}

/// The columns that requests can name.
pub fn usable(table: &Table) -> impl Iterator<Item = (usize, &String)> {
    let columns = table.columns().iter().enumerate();
    columns.filter(|(_, column)| is_name(column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn read(name: &str, text: impl AsRef<[u8]>) -> Result<Table, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), text).unwrap();
        read_rows(folder.path(), name, &[])
    }

    fn fields(table: &Table, row: usize) -> Vec<(String, bool)> {
        let columns = 0..table.columns().len();
        let fields = columns.map(|column| table.field(row, column));
        fields
            .map(|field| {
                (
                    String::from_utf8_lossy(field.text).into_owned(),
                    field.is_bare,
                )
            })
            .collect()
    }

    #[test]
    fn rows_are_read_of_csv_and_of_json_lines() {
        let table = read(
            "a.csv",
            "\u{feff}email, Name\r\na@x,\"b, \"\"c\"\"\nd\"\r\n,e\r\n",
        )
        .unwrap();
        assert_eq!(table.columns(), ["email", "Name"]);
        let quoted = "b, \"c\"\nd".to_owned();
        assert_eq!(
            fields(&table, 0),
            [("a@x".to_owned(), false), (quoted, false)]
        );
        assert_eq!(table.rows(), 2);
        let lines = "{\"a\":\"x\",\"n\":7}\n\n{\"n\":true,\"a\":\"ü\"}\n";
        let table = read("a.jsonl", lines).unwrap();
        assert_eq!(
            fields(&table, 0),
            [("x".to_owned(), false), ("7".to_owned(), true)]
        );
        assert_eq!(
            fields(&table, 1),
            [("ü".to_owned(), false), ("true".to_owned(), true)]
        );
    }

    #[test]
    fn numbers_of_csv_are_those_that_are_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.csv"), "sku,price\n007, 9.50\n8,1e3\n").unwrap();
        let price = ["price".to_owned()];
        let table = read_rows(folder.path(), "a.csv", &price).unwrap();
        assert_eq!(
            fields(&table, 0),
            [("007".to_owned(), false), ("9.50".to_owned(), true)]
        );
        fs::write(folder.path().join("a.csv"), "sku,price\n7,9.50\n8,cheap\n").unwrap();
        let said = read_rows(folder.path(), "a.csv", &price).unwrap_err();
        assert_eq!(
            said,
            "a.csv:3: `price` is no number, true or false: \"cheap\""
        );
        let said = read_rows(folder.path(), "a.csv", &["prise".to_owned()]).unwrap_err();
        assert!(said.contains("did you mean `price`?"), "{said}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let long = "x".repeat(MOST_VALUE_BYTES + 1);
        for (name, text, says) in [
            (
                "a.csv",
                "a,b\n1,2\n3\n",
                "a.csv:3: this row has 1 field, and the first line names 2",
            ),
            ("a.csv", "a,b\n1,2,3\n", "a.csv:2: this row has 3 fields"),
            ("a.csv", "a,a\n1,2\n", "two columns are called `a`"),
            ("a.csv", "a,b\n", "a.csv has no rows"),
            ("a.csv", "", "columns; there may be"),
            ("a.jsonl", "", "has no rows"),
            (
                "a.jsonl",
                "{\"a\":1}\n[1]\n",
                "a.jsonl:2: each line is an object",
            ),
            (
                "a.jsonl",
                "{\"a\":1}\n{\"b\":1}\n",
                "a.jsonl:2: `a` is missing",
            ),
            (
                "a.jsonl",
                "{\"a\":1}\n{\"a\":1,\"b\":2}\n",
                "a.jsonl:2: `b` is not in the first line",
            ),
            ("a.jsonl", "{\"a\":null}\n", "a.jsonl:1: `a` is no text"),
            ("a.jsonl", "{\"a\":\n", "a.jsonl:1: EOF"),
            ("a.txt", "a\n1\n", "none of the files that are read"),
            (
                "a.csv",
                &format!("a\n{long}\n"),
                "a.csv:2: `a` is longer than 16 KiB",
            ),
        ] {
            let said = read(name, text).unwrap_err();
            assert!(said.contains(says), "{text:.40}: {said}");
        }
        let said = read("a.csv", b"a\nx\n\xff\n").unwrap_err();
        assert!(said.contains("a.csv:3: this is not UTF-8"), "{said}");
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir_all(inner.join("data")).unwrap();
        fs::write(folder.path().join("secret.csv"), "a\n1\n").unwrap();
        fs::write(inner.join("data/own.csv"), "a\n1\n").unwrap();
        std::os::unix::fs::symlink("../secret.csv", inner.join("out.csv")).unwrap();
        std::os::unix::fs::symlink("data/own.csv", inner.join("in.csv")).unwrap();
        std::os::unix::fs::symlink("..", inner.join("up")).unwrap();
        assert!(read_rows(&inner, "data/own.csv", &[]).is_ok());
        assert!(read_rows(&inner, "in.csv", &[]).is_ok());
        let absolute = folder.path().join("secret.csv");
        for name in [
            "../secret.csv",
            "data/../../secret.csv",
            "out.csv",
            "up/secret.csv",
            absolute.to_str().unwrap(),
            "./../secret.csv",
            "none.csv",
            "a\0.csv",
        ] {
            let said = read_rows(&inner, name, &[]).unwrap_err();
            assert!(
                said.contains("lead") || said.contains("cannot be read"),
                "{said}"
            );
        }
    }

    #[test]
    fn pipes_folders_and_huge_files_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let made = std::process::Command::new("mkfifo")
            .arg(path("pipe.csv"))
            .status();
        assert!(made.unwrap().success());
        fs::create_dir(path("folder.csv")).unwrap();
        let huge = fs::File::create(path("huge.csv")).unwrap();
        huge.set_len(4 << 30).unwrap();
        let begun = Instant::now();
        for (name, says) in [
            ("pipe.csv", "no plain file"),
            ("folder.csv", "no plain file"),
            ("huge.csv", "more than the 32 MiB"),
        ] {
            let said = read_rows(folder.path(), name, &[]).unwrap_err();
            assert!(said.contains(says), "{name}: {said}");
        }
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}
