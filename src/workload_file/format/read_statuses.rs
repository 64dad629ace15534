//! Statuses of replies as files have them: those of success, and what others mean and why.

use super::document::{At, Document, Table};
use super::keys::REFUSAL_KEYS;
use super::read_checks::checks;
use super::sections::texts;
use super::templates::Names;
use crate::engine::Method;
use crate::workload_file::model::json_pointer::JsonPointer;
use crate::workload_file::model::replies::Refusal;
use crate::workload_file::model::statuses::Statuses;
use toml::de::DeValue;

/// Places where a reply may say why it is no success, at most.
const MOST_REASONS: usize = 8;

fn status_text(value: &At<'_>) -> Option<String> {
    match value.get_ref() {
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::String(text) => Some(text.as_ref().to_owned()),
        _ => None,
    }
}

/// One status, class or span, or a list of them.
pub fn statuses(document: &mut Document<'_>, value: &At<'_>, key: &str) -> Option<Statuses> {
    let elements: Vec<&At<'_>> = match value.get_ref() {
        DeValue::Array(elements) => elements.iter().collect(),
        _ => vec![value],
    };
    let mut all: Option<Statuses> = None;
    for element in elements {
        let text = status_text(element).unwrap_or_default();
        let read = Statuses::parse(&text).map_err(|error| format!("`{key}`: {error}"));
        let read = document.noting(element.span().start, read)?;
        match &mut all {
            None => all = Some(read),
            Some(all) => all.add(read),
        }
    }
    if all.is_none() {
        document.mistake(value.span().start, format!("`{key}` names no status"));
    }
    all
}

/// What `table` says of statuses that are no success and no fault, beside those of `expect`.
pub fn refusals(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    expect: &Statuses,
    (names, method): (Names<'_>, Method),
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (name, is_conflict) in [("conflict", true), ("refused", false)] {
        let Some(value) = table.get(name) else {
            continue;
        };
        let read = match value.get_ref() {
            DeValue::Table(_) => with_reasons(document, value, (name, is_conflict)),
            DeValue::Array(elements) if elements.iter().any(is_table) => elements
                .iter()
                .filter_map(|it| element(document, it, (name, is_conflict), (names, method)))
                .collect(),
            _ => plain(document, value, (name, is_conflict))
                .into_iter()
                .collect(),
        };
        // Where the reply has to say something, that tells a no from a success of the same status.
        let is_success = |refusal: &Refusal| {
            refusal.checks.is_empty() && !refusal.statuses.is_apart_from(expect)
        };
        if read.iter().any(is_success) {
            let says = format!("`{name}` has statuses that count as success ({expect})");
            document.mistake(value.span().start, says);
        }
        refusals.extend(read);
    }
    refusals
}

fn is_table(value: &At<'_>) -> bool {
    matches!(value.get_ref(), DeValue::Table(_))
}

fn plain(
    document: &mut Document<'_>,
    value: &At<'_>,
    (key, is_conflict): (&str, bool),
) -> Option<Refusal> {
    let statuses = statuses(document, value, key)?;
    Some(Refusal {
        statuses,
        is_conflict,
        reason: None,
        checks: Vec::new(),
    })
}

/// Statuses, each with its reason.
fn with_reasons(
    document: &mut Document<'_>,
    value: &At<'_>,
    (key, is_conflict): (&str, bool),
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (status, offset, value, reason) in texts(document, value, key) {
        let read = Statuses::parse(status).map_err(|error| format!("`{key}`: {error}"));
        let statuses = document.noting(offset, read);
        if reason.trim().is_empty() || reason.chars().any(char::is_control) {
            document.mistake(value.span().start, "a reason is one line of text");
        }
        refusals.extend(statuses.map(|statuses| Refusal {
            statuses,
            is_conflict,
            reason: Some(reason),
            checks: Vec::new(),
        }));
    }
    refusals
}

/// A status, or a table of statuses and of what the reply has to say.
fn element(
    document: &mut Document<'_>,
    value: &At<'_>,
    (key, is_conflict): (&str, bool),
    (names, method): (Names<'_>, Method),
) -> Option<Refusal> {
    if !is_table(value) {
        return plain(document, value, (key, is_conflict));
    }
    let table = document.table(value, &format!("`{key}`"), REFUSAL_KEYS)?;
    let Some(of) = table.get("status") else {
        let says = format!("`{key}` lacks the status here; write it like {{ status = 400 }}");
        document.mistake(value.span().start, says);
        return None;
    };
    let statuses = statuses(document, of, "status")?;
    let reason = table.get("reason");
    let reason = reason.and_then(|value| document.line(value, "reason"));
    Some(Refusal {
        statuses,
        is_conflict,
        reason,
        checks: checks(document, table, names, method),
    })
}

/// Where `table` says that replies tell why they are no success; `None` when it does not.
pub fn reasons(document: &mut Document<'_>, table: Table<'_, '_>) -> Option<Vec<JsonPointer>> {
    let value = table.get("reason")?;
    let places: Vec<&At<'_>> = match value.get_ref() {
        DeValue::Array(places) => places.iter().collect(),
        _ => vec![value],
    };
    if places.is_empty() || places.len() > MOST_REASONS {
        let says = format!("`reason` is 1 to {MOST_REASONS} JSON pointers, like \"/detail\"");
        document.mistake(value.span().start, says);
        return None;
    }
    let mut reasons = Vec::new();
    for place in places {
        let text = document.text(place, "reason", "\"/detail\"")?;
        let pointer = match JsonPointer::parse(text) {
            Ok(pointer) if pointer.has_choice() || !text.starts_with('/') => Err(format!(
                "`{text}` is no certain place in a reply: write a JSON pointer like \"/detail\""
            )),
            other => other.map_err(|says| format!("`reason`: {says}")),
        };
        reasons.extend(document.noting(place.span().start, pointer));
    }
    Some(reasons)
}
