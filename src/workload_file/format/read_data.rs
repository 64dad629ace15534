//! Rows of data as files have them: of a file beside the workload file, or written within it.

use super::data_file::{fits, read_rows, usable};
use super::document::{At, Document, Table as Keys, a};
use super::keys::DATA_KEYS;
use super::sections::section;
use crate::plan::Suggestion;
use crate::workload_file::model::definitions::{Data, Model, Order, Per, UsedUp};
use crate::workload_file::model::table::{Field, Table};
use std::path::Path;
use std::sync::Arc;
use toml::de::DeValue;

/// Most bytes of all data together: many files are not to be more than one.
const MOST_BYTES: usize = 128 << 20;

/// Reads what is at `data` into `model`: its columns become values of the users. Files are those beside
/// the workload file, in `folder`.
pub fn data(
    document: &mut Document<'_>,
    file: Keys<'_, '_>,
    model: &mut Model,
    (text, folder): (&str, Option<&Path>),
) {
    let mut bytes = 0;
    for (name, offset, value) in section(document, file, "data") {
        let what = format!("the data `{name}`");
        let Some(keys) = document.table(value, &what, DATA_KEYS) else {
            continue;
        };
        let Some(table) = rows(document, keys, (name, offset), folder) else {
            continue;
        };
        bytes += table.memory_bytes();
        if bytes > MOST_BYTES {
            let says = format!("all data together has more than {} MiB", MOST_BYTES >> 20);
            document.mistake(offset, says);
            return;
        }
        let named = named_columns(&table, name, text);
        let table = Arc::new(table.only(&named));
        let first = model.values.len();
        let columns = table
            .columns()
            .iter()
            .map(|column| format!("{name}.{column}"));
        model.values.extend(columns);
        let columns = (first..model.values.len()).zip(0..);
        let columns = columns.map(|(value, column)| (value as u16, column));
        let word = |document: &mut Document<'_>, key, words: &[&'static str]| {
            choice(document, keys, key, words)
        };
        let order = match word(document, "order", &["sequence", "random", "unique"]) {
            Some(1) => Order::Random,
            Some(2) => Order::Unique,
            _ => Order::Sequence,
        };
        let per = match word(document, "per", &["pass", "user"]) {
            Some(1) => Per::User,
            _ => Per::Pass,
        };
        let used_up = word(document, "used_up", &["stop", "again"]).map(|place| match place {
            0 => UsedUp::Stop,
            _ => UsedUp::Again,
        });
        if used_up.is_some() && order != Order::Unique {
            let says = "`used_up` is for order = \"unique\": other rows come again anyway";
            document.mistake(keys.offset_of("used_up"), says);
        }
        model.data.push(Data {
            name: name.to_owned(),
            table,
            columns: columns.collect(),
            order,
            per,
            used_up,
        });
    }
}

/// The columns of `table` that `text` names, which is what a user has to keep; all of them where it names
/// one that there is not.
fn named_columns(table: &Table, name: &str, text: &str) -> Vec<usize> {
    let start = format!("{name}.");
    let columns: Vec<(usize, &String)> = usable(table).collect();
    let mut named = Vec::new();
    for (at, _) in text.match_indices(&start) {
        let before = text[..at].trim_end();
        let rest = &text[at + start.len()..];
        let is_inside = before.ends_with('{');
        let opened = before.rfind('{').map_or("", |start| &before[start..]);
        let is_summed = opened.starts_with("{$sum") && !opened.contains(['}', '\n']);
        let end = match is_inside {
            true => rest.find('}'),
            false if is_summed => rest.find(['*', '+', '-', ' ', '}']),
            // What a step depends on: "value users.kind", "users.kind = card".
            false if before.ends_with(['"', '\'']) || before.ends_with(" value") => {
                rest.find(['"', '\'', '=', '!'])
            }
            false if before.ends_with("\"value") || before.ends_with("'value") => {
                rest.find(['"', '\''])
            }
            false => continue,
        };
        let column = rest[..end.unwrap_or(rest.len())].trim();
        match columns.iter().find(|(_, known)| *known == column) {
            Some((place, _)) if named.contains(place) => {}
            Some((place, _)) => named.push(*place),
            None if is_inside || is_summed => {
                return columns.into_iter().map(|(place, _)| place).collect();
            }
            None => {}
        }
    }
    named.sort_unstable();
    named
}

fn choice(
    document: &mut Document<'_>,
    keys: Keys<'_, '_>,
    key: &'static str,
    words: &[&'static str],
) -> Option<usize> {
    let value = keys.get(key)?;
    let word = document.text(value, key, &format!("\"{}\"", words[0]))?;
    let found = words.iter().position(|known| *known == word);
    if found.is_none() {
        let suggestion = Suggestion::for_word(word, words.iter().copied());
        let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let says = format!(
            "`{key}` is {}, not `{word}`{suggestion}",
            words.join(" or ")
        );
        document.mistake(value.span().start, says);
    }
    found
}

fn rows(
    document: &mut Document<'_>,
    keys: Keys<'_, '_>,
    (name, offset): (&str, usize),
    folder: Option<&Path>,
) -> Option<Table> {
    let numbers = numbers(document, keys);
    match (keys.get("file"), keys.get("rows")) {
        (Some(file), None) => {
            let path = document.text(file, "file", "\"users.csv\"")?;
            let read = match folder {
                Some(folder) => read_rows(folder, path, &numbers),
                None => Err("there is no folder to read files of; write the rows here".to_owned()),
            };
            document.noting(file.span().start, read)
        }
        (None, Some(rows)) => {
            if keys.get("numbers").is_some() {
                let says = "`numbers` is for CSV files; here a number is one without quotes";
                document.mistake(keys.offset_of("numbers"), says);
            }
            inline(document, rows)
        }
        (Some(_), Some(_)) => {
            let says = "`rows` does not go with `file`; keep one of the two";
            document.mistake(keys.offset_of("rows"), says);
            None
        }
        (None, None) => {
            let says = format!(
                "`{name}` has no rows; give it file = \"users.csv\", or rows = [{{ email = \"a@b.c\" }}]"
            );
            document.mistake(offset, says);
            None
        }
    }
}

fn numbers(document: &mut Document<'_>, keys: Keys<'_, '_>) -> Vec<String> {
    let Some(value) = keys.get("numbers") else {
        return Vec::new();
    };
    let DeValue::Array(names) = value.get_ref() else {
        let says = "`numbers` is a list of columns, like [\"price\"]";
        document.mistake(value.span().start, says);
        return Vec::new();
    };
    let names = names.iter();
    names
        .filter_map(|name| {
            document
                .text(name, "numbers", "[\"price\"]")
                .map(str::to_owned)
        })
        .collect()
}

/// Rows that are written in the workload file itself.
fn inline(document: &mut Document<'_>, value: &At<'_>) -> Option<Table> {
    let rows = match value.get_ref() {
        DeValue::Array(rows) if !rows.is_empty() => rows,
        _ => {
            let says = "`rows` is a list of rows, like [{ email = \"a@b.c\" }]";
            document.mistake(value.span().start, says);
            return None;
        }
    };
    let mut table: Option<Table> = None;
    for row in rows {
        let start = row.span().start;
        let DeValue::Table(fields) = row.get_ref() else {
            let kind = a(row.get_ref().type_str());
            let says = format!("a row is a table like {{ email = \"a@b.c\" }}, not {kind}");
            document.mistake(start, says);
            return None;
        };
        let table = match &mut table {
            Some(table) => table,
            none => {
                let mut names: Vec<_> = fields.keys().collect();
                names.sort_by_key(|name| name.span().start);
                let names = names.into_iter().map(|name| name.get_ref().to_string());
                let new = Table::new(names.collect());
                none.insert(document.noting(start, new)?)
            }
        };
        let more = fields.keys().find(|name| {
            let name: &str = name.get_ref().as_ref();
            table.columns().iter().all(|column| column != name)
        });
        if let Some(more) = more {
            let known = table.columns().iter().map(String::as_str);
            let suggestion = Suggestion::for_word(more.get_ref(), known);
            let says = format!("`{}` is not in the first row{suggestion}", more.get_ref());
            document.mistake(more.span().start, says);
            return None;
        }
        for place in 0..table.columns().len() {
            let column = table.columns()[place].clone();
            let Some(field) = fields.get(column.as_str()) else {
                document.mistake(start, format!("this row has no `{column}`"));
                return None;
            };
            let (text, is_bare) = match field.get_ref() {
                DeValue::String(text) => (text.to_string(), false),
                DeValue::Boolean(switch) => (switch.to_string(), true),
                DeValue::Integer(number) if number.radix() == 10 => {
                    (number.as_str().replace('_', ""), true)
                }
                DeValue::Float(number) => (number.as_str().replace('_', ""), true),
                _ => (String::new(), true),
            };
            // What TOML takes for a number need not be one in JSON: +1, inf, 1_000.
            if is_bare && serde_json::from_str::<serde_json::Value>(&text).is_err() {
                let says = format!("`{column}` is no text, number or boolean as JSON has them");
                document.mistake(field.span().start, says);
                return None;
            }
            let pushed = fits(&text).map_err(|says| format!("`{column}` {says}"));
            let pushed = pushed.and_then(|()| {
                let text = text.as_bytes();
                table.push(Field { text, is_bare })
            });
            document.noting(field.span().start, pushed)?;
        }
    }
    table
}
