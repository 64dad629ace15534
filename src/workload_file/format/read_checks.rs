//! Checks of replies as files have them.

use super::document::{At, Document, Table};
use super::keys::CHECK_KEYS;
use super::templates::{self, Names};
use crate::engine::Method;
use crate::plan::Suggestion;
use crate::workload_file::model::json_pointer::JsonPointer;
use crate::workload_file::model::patterns::{JsonType, Pattern, TYPES};
use crate::workload_file::model::replies::{Asked, Check, Place};
use crate::workload_file::model::texts::Part;
use toml::de::DeValue;

/// Checks of an operation, at most.
const MOST_CHECKS: usize = 100;

/// What the replies to an operation have to say.
pub fn checks(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    names: Names<'_>,
    method: Method,
) -> Vec<Check> {
    let Some(value) = table.get("check") else {
        return Vec::new();
    };
    let DeValue::Table(members) = value.get_ref() else {
        let says = "`check` is a table of places, like { \"/status\" = \"open\" }";
        document.mistake(value.span().start, says);
        return Vec::new();
    };
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(name, _)| name.span().start);
    let mut checks = Vec::new();
    for (name, value) in members {
        let written: &str = name.get_ref().as_ref();
        let place = document.noting(name.span().start, place(written));
        let Some(place) = place else {
            continue;
        };
        let needs_body = !matches!(place, Place::Header(_));
        if needs_body && method == Method::Head {
            document.mistake(name.span().start, "a reply to HEAD has no body to check");
        }
        let tests = tests(document, value, names, (&place, written));
        checks.extend(tests.into_iter().map(|(test, what)| Check {
            place: place.clone(),
            asked: test,
            says: format!("check failed: {written} {what}"),
        }));
    }
    if checks.len() > MOST_CHECKS {
        let says = format!("an operation has at most {MOST_CHECKS} checks");
        document.mistake(value.span().start, says);
        checks.truncate(MOST_CHECKS);
    }
    checks
}

fn place(text: &str) -> Result<Place, String> {
    let header = text.strip_prefix("header ").map(str::trim);
    match (text, header) {
        (_, Some(header)) if !header.is_empty() => Ok(Place::Header(header.to_owned())),
        ("body", _) => Ok(Place::Body),
        ("size", _) => Ok(Place::Size),
        _ if text.starts_with('/') => match JsonPointer::parse(text) {
            Ok(pointer) if pointer.has_choice() => Err(format!(
                "`{text}`: `*` is any element, and a check needs one that is certain, like /items/0"
            )),
            Ok(pointer) => Ok(Place::Json(pointer)),
            Err(says) => Err(says.to_owned()),
        },
        _ => Err(format!(
            "`{text}` is no place in a reply: write a JSON pointer like \"/status\", \"header \
             content-type\", \"body\" or \"size\""
        )),
    }
}

/// What `value` asks of a place, each with what is said when it is not so.
fn tests(
    document: &mut Document<'_>,
    value: &At<'_>,
    names: Names<'_>,
    (place, written): (&Place, &str),
) -> Vec<(Asked, String)> {
    if matches!(place, Place::Size) {
        let numbers = document.numbers(value, "size", u32::MAX);
        return numbers.map_or_else(Vec::new, |(least, most)| {
            let test = Asked::Between(f64::from(least), f64::from(most));
            let says = match least == most {
                true => format!("is not {least}"),
                false => format!("is not within {least}..{most}"),
            };
            vec![(test, says)]
        });
    }
    let is_json = matches!(place, Place::Json(_));
    let DeValue::Table(_) = value.get_ref() else {
        return equals(document, value, names, is_json)
            .into_iter()
            .collect();
    };
    let what = format!("what is checked at {written}");
    let Some(table) = document.table(value, &what, CHECK_KEYS) else {
        return Vec::new();
    };
    let mut tests = Vec::new();
    if let Some(value) = table.get("equals") {
        tests.extend(equals(document, value, names, is_json));
    }
    if let Some(value) = table.get("contains") {
        tests.extend(contains(document, value, names));
    }
    if let Some(value) = table.get("matches")
        && let Some(text) = document.text(value, "matches", "\"^[a-z]+$\"")
    {
        let pattern = document.noting(value.span().start, Pattern::parse(text));
        tests.extend(pattern.map(|it| (Asked::Matches(it), format!("does not match {text}"))));
    }
    if let Some(value) = table.get("type") {
        let test = json_type(document, value, is_json);
        tests.extend(test.map(|(test, name)| (Asked::Type(test), format!("is no {name}"))));
    }
    if let Some(value) = table.get("exists")
        && let Some(exists) = document.switch(value, "exists")
    {
        let says = if exists { "is not there" } else { "is there" };
        tests.push((Asked::Exists(exists), says.to_owned()));
    }
    if let Some(value) = table.get("between") {
        tests.extend(between(document, value));
    }
    if tests.is_empty() && document.is_sound() {
        let says =
            "nothing is checked here; write equals, contains, matches, type, exists or between";
        document.mistake(value.span().start, says);
    }
    tests
}

fn parts(document: &mut Document<'_>, text: &str, value: &At<'_>, names: Names<'_>) -> Vec<Part> {
    let parts = templates::parts(document, text, value.span(), names);
    if parts.iter().any(|part| matches!(part, Part::Made(_))) {
        let says = "nothing is made up in a check: a reply says what was there before";
        document.mistake(value.span().start, says);
    }
    parts
}

fn equals(
    document: &mut Document<'_>,
    value: &At<'_>,
    names: Names<'_>,
    is_json: bool,
) -> Option<(Asked, String)> {
    let bare = match value.get_ref() {
        DeValue::String(text) => {
            let says = format!("is not \"{text}\"");
            return Some((Asked::Equals(parts(document, text, value, names)), says));
        }
        DeValue::Integer(number) => number.as_str().replace('_', ""),
        DeValue::Float(number) => number.as_str().replace('_', ""),
        DeValue::Boolean(switch) => switch.to_string(),
        _ => String::new(),
    };
    let is_value = serde_json::from_str::<serde_json::Value>(&bare).is_ok();
    if !is_value {
        let says = "what is there is a text, a number, true or false";
        document.mistake(value.span().start, says);
        return None;
    }
    let says = format!("is not {bare}");
    Some(match is_json {
        true => (Asked::Is(bare), says),
        false => (Asked::Equals(vec![Part::Text(bare)]), says),
    })
}

fn contains(
    document: &mut Document<'_>,
    value: &At<'_>,
    names: Names<'_>,
) -> Option<(Asked, String)> {
    let text = document.text(value, "contains", "\"json\"")?;
    let parts = parts(document, text, value, names);
    if parts.len() != 1 {
        let says = "`contains` is a text, or one value, like \"{item}\"; not several";
        document.mistake(value.span().start, says);
    }
    Some((
        Asked::Contains(parts),
        format!("does not contain \"{text}\""),
    ))
}

fn json_type(
    document: &mut Document<'_>,
    value: &At<'_>,
    is_json: bool,
) -> Option<(JsonType, &'static str)> {
    if !is_json {
        let says = "`type` is of values of JSON: check it at a JSON pointer";
        document.mistake(value.span().start, says);
    }
    let text = document.text(value, "type", "\"array\"")?;
    let known = TYPES.iter().find(|(name, _)| *name == text);
    if known.is_none() {
        let names = TYPES.map(|(name, _)| name);
        let suggestion = Suggestion::for_word(text, names);
        let says = format!(
            "there is no type `{text}`{suggestion} (there are {})",
            names.join(", ")
        );
        document.mistake(value.span().start, says);
    }
    known.map(|&(name, of)| (of, name))
}

fn between(document: &mut Document<'_>, value: &At<'_>) -> Option<(Asked, String)> {
    let text = document.text(value, "between", "\"0.5..100\"")?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|it| it.is_finite());
    let ends = text
        .split_once("..")
        .and_then(|(from, to)| number(from).zip(number(to)));
    match ends.filter(|(from, to)| from <= to) {
        Some((from, to)) => Some((Asked::Between(from, to), format!("is not within {text}"))),
        None => {
            let says = "`between` is two numbers, like \"0.5..100\"";
            document.mistake(value.span().start, says);
            None
        }
    }
}
