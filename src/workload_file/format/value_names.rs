//! Names of the values that users keep: found before anything else is read, since an operation may use what
//! a later one reads, or what a step or a race makes up.

use super::document::Table;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Keys whose names are those of values.
const KEYS: [&str; 4] = ["set", "read", "may_read", "otherwise"];
/// Deeper than steps may nest.
const DEEPEST: usize = 16;

/// Names of the values that `file` keeps, those of operations first.
pub fn value_names(file: Table<'_, '_>) -> Vec<String> {
    let mut names = Vec::new();
    for operation in members(file.get("operations")) {
        note(operation, &["read", "may_read"], &mut names);
    }
    for journey in members(file.get("journeys")) {
        note_steps(journey.get("steps"), DEEPEST, &mut names);
    }
    for key in ["setup", "teardown"] {
        if let Some(DeValue::Table(once)) = file.get(key).map(Spanned::get_ref) {
            note_steps(once.get("steps"), DEEPEST, &mut names);
        }
    }
    for race in members(file.get("races")) {
        note(race, &["draw"], &mut names);
    }
    names
}

/// The tables in the table that `value` is, in the order of the text.
fn members<'d, 'a>(value: Option<&'d Spanned<DeValue<'a>>>) -> Vec<&'d DeTable<'a>> {
    let Some(DeValue::Table(table)) = value.map(Spanned::get_ref) else {
        return Vec::new();
    };
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(name, _)| name.span().start);
    let tables = members
        .into_iter()
        .filter_map(|(_, value)| match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        });
    tables.collect()
}

fn note_steps(steps: Option<&Spanned<DeValue<'_>>>, depth: usize, names: &mut Vec<String>) {
    let Some(DeValue::Array(steps)) = steps.map(Spanned::get_ref) else {
        return;
    };
    for step in steps {
        if let (DeValue::Table(step), 1..) = (step.get_ref(), depth) {
            note(step, &KEYS, names);
            note_steps(step.get("steps"), depth - 1, names);
            note_steps(step.get("on_failure"), depth - 1, names);
        }
    }
}

fn note(table: &DeTable<'_>, keys: &[&str], names: &mut Vec<String>) {
    for key in keys {
        let Some(DeValue::Table(values)) = table.get(*key).map(Spanned::get_ref) else {
            continue;
        };
        let mut found: Vec<_> = values.keys().collect();
        found.sort_by_key(|name| name.span().start);
        for name in found {
            let text: &str = name.get_ref().as_ref();
            if !names.iter().any(|known| known == text) {
                names.push(text.to_owned());
            }
        }
    }
}
