//! What tables of a file have in common: members with names of their own, names with texts, paths.

use super::document::{At, Document, Table};
use toml::de::DeValue;

/// Most operations, bodies, journeys or classes.
const MOST_NAMED: usize = 1_000;

/// Notes what of a path could not be sent.
pub fn check_path(document: &mut Document<'_>, value: &At<'_>, path: &str) {
    let is_sent = |letter: char| letter.is_ascii_graphic() && letter != '#';
    if !path.starts_with('/') {
        let says = format!("a path begins with `/`, which `{path}` does not");
        document.mistake(value.span().start, says);
    } else if let Some(letter) = path.chars().find(|letter| !is_sent(*letter)) {
        let says = format!(
            "`{}` cannot stand in a path; write it with `%` and two digits",
            letter.escape_debug()
        );
        document.mistake(value.span().start, says);
    }
}

/// The members of the table at `key` of the file, if it has one.
pub fn section<'d, 'a>(
    document: &mut Document<'_>,
    file: Table<'d, 'a>,
    key: &'static str,
) -> Vec<(&'d str, usize, &'d At<'a>)> {
    let Some(value) = file.get(key) else {
        return Vec::new();
    };
    let members = document.named(value, &format!("`{key}`"));
    if members.len() > MOST_NAMED {
        let says = format!("a workload has at most {MOST_NAMED} {key}");
        document.mistake(value.span().start, says);
    }
    members.into_iter().take(MOST_NAMED).collect()
}

/// Names with texts: those of the table that `value` is.
pub fn texts<'d, 'a>(
    document: &mut Document<'_>,
    value: &'d At<'a>,
    key: &str,
) -> Vec<(&'d str, usize, &'d At<'a>, String)> {
    let DeValue::Table(table) = value.get_ref() else {
        let says = format!("`{key}` is a table of names, each with a text");
        document.mistake(value.span().start, says);
        return Vec::new();
    };
    let mut members: Vec<_> = table
        .iter()
        .filter_map(|(name, value)| {
            let name_at = name.span().start;
            let name: &str = name.get_ref().as_ref();
            let text = match value.get_ref() {
                DeValue::Integer(number) => number.as_str().to_owned(),
                DeValue::Float(number) => number.as_str().to_owned(),
                DeValue::Boolean(switch) => switch.to_string(),
                _ => document.text(value, name, "\"{token}\"")?.to_owned(),
            };
            Some((name, name_at, value, text))
        })
        .collect();
    members.sort_by_key(|(_, offset, ..)| *offset);
    members
}
