//! From the text of a file to a workload, or to everything that is wrong with it.

use super::data_file::read_description;
use super::document::{Document, Table, is_name};
use super::flow;
use super::keys::FILE_KEYS;
use super::number_checks;
use super::read_data::data;
use super::read_journeys::{classes, journeys};
use super::read_operations::operations;
use super::read_options::options;
use super::read_races::races;
use super::read_rules::rules;
use super::sections::check_path;
use crate::engine::Method;
use crate::plan::Threshold;
use crate::workload_file::described::limits::Description;
use crate::workload_file::error::FileError;
use crate::workload_file::model::bounds::MOST_TIES;
use crate::workload_file::model::definitions::{Model, Step};
use crate::workload_file::model::statuses::Statuses;
use crate::workload_file::model::texts::Part;
use std::collections::BTreeSet;
use std::path::Path;
use toml::de::DeValue;

/// Largest file, in bytes.
pub const MOST_FILE_BYTES: usize = 1 << 20;

/// Reads a workload from TOML; `origin` says in messages where the text came from.
///
/// # Errors
/// When the text is not TOML, or anything in it is wrong: all of it is told, with its place and what
/// would be right.
pub fn read(text: &str, origin: &str) -> Result<Model, FileError> {
    read_within(text, origin, None)
}

/// The same of a text that may name files of rows: those in `folder`.
///
/// # Errors
/// As [`read`], and when anything is wrong with the rows.
pub fn read_within(text: &str, origin: &str, folder: Option<&Path>) -> Result<Model, FileError> {
    read_as(text, origin, folder, false)
}

/// The same of a text that comes with the program: it may name journeys of the program's.
///
/// # Errors
/// As [`read`].
pub fn read_of_program(text: &str, origin: &str) -> Result<Model, FileError> {
    read_as(text, origin, None, true)
}

/// What all of these do.
///
/// # Errors
/// As [`read_within`].
pub fn read_as(
    text: &str,
    origin: &str,
    folder: Option<&Path>,
    comes_with_program: bool,
) -> Result<Model, FileError> {
    if text.len() > MOST_FILE_BYTES {
        let says = format!("a workload has at most {} MiB", MOST_FILE_BYTES >> 20);
        let mut document = Document::parse("", origin)?.0;
        document.mistake(0, says);
        return Err(document.error(origin).unwrap_or_else(|| FileError {
            origin: origin.to_owned(),
            mistakes: Vec::new(),
        }));
    }
    let (mut document, table) = Document::parse(text, origin)?;
    let file = document.known(table.get_ref(), 0, FILE_KEYS);
    let mut model = Model {
        name: name(&mut document, file).unwrap_or_default(),
        ..Model::default()
    };
    if let Some(about) = file.get("about") {
        model.about = document.line(about, "about").unwrap_or_default();
    }
    data(&mut document, file, &mut model, (text, folder));
    options(&mut document, file, &mut model);
    operations(&mut document, file, &mut model);
    races(&mut document, file, &mut model);
    rules(&mut document, file, &mut model);
    let places = journeys(&mut document, file, &mut model, comes_with_program);
    model.thresholds = thresholds(&mut document, file);
    if let Some(cookies) = file.get("cookies") {
        model.cookies = document.switch(cookies, "cookies").unwrap_or(false);
    }
    classes(&mut document, file, &mut model);
    model.health = health(&mut document, file, &model);
    hold_to_description(&mut document, file, &mut model, folder);
    let same = model.bodies.iter().filter(|body| body.is_same_in_pass);
    if model.draws.len() + same.count() > MOST_TIES {
        let says = format!("at most {MOST_TIES} groups of bodies agree with each other in a pass");
        document.mistake(0, says);
    }
    if document.is_sound() {
        flow::check(&mut document, &model, &places);
        number_checks::check(&mut document, &model);
    }
    match document.error(origin) {
        Some(error) => Err(error),
        None => Ok(model),
    }
}

/// What must hold of every run.
fn thresholds(document: &mut Document<'_>, file: Table<'_, '_>) -> Vec<Threshold> {
    let Some(value) = file.get("thresholds") else {
        return Vec::new();
    };
    let DeValue::Array(texts) = value.get_ref() else {
        let says = "`thresholds` is a list, like [\"failures: count < 1\"]";
        document.mistake(value.span().start, says);
        return Vec::new();
    };
    let mut thresholds = Vec::new();
    for text in texts {
        let start = text.span().start;
        let Some(written) = document.text(text, "thresholds", "\"failures: count < 1\"") else {
            continue;
        };
        let threshold = Threshold::parse(written).map_err(|error| {
            let says = error.to_string();
            format!(
                "`{written}` is no threshold: {}",
                says.lines().next().unwrap_or_default()
            )
        });
        thresholds.extend(document.noting(start, threshold));
    }
    thresholds
}

/// Notes what the target would refuse by its own description, if the file names one.
fn hold_to_description(
    document: &mut Document<'_>,
    file: Table<'_, '_>,
    model: &mut Model,
    folder: Option<&Path>,
) {
    let Some(value) = file.get("openapi") else {
        return;
    };
    let Some(name) = document.text(value, "openapi", "\"openapi.json\"") else {
        return;
    };
    if name.contains("://") {
        let says = "`openapi` is a file beside this one, or the path at which the target has it, like \
                    \"/openapi.json\"";
        document.mistake(value.span().start, says);
        return;
    }
    if name.starts_with('/') {
        check_path(document, value, name);
        model.described_at = Some(name.to_owned());
        return;
    }
    if !document.is_sound() {
        return;
    }
    let text = match folder {
        Some(folder) => read_description(folder, name),
        None => Err("there is no folder to read files of".to_owned()),
    };
    let description = text.and_then(|it| Description::parse(&it));
    let description = description.map_err(|says| format!("`openapi`: {says}"));
    let Some(description) = document.noting(value.span().start, description) else {
        return;
    };
    let Some(DeValue::Table(operations)) = file.get("operations").map(|it| it.get_ref()) else {
        return;
    };
    for (operation, body) in sent(model) {
        let operation = &model.operations[operation];
        let body = body.map(|body| &model.bodies[usize::from(body)]);
        let draws = body.map_or_else(Vec::new, |body| model.draws_of(body));
        let place = operations.get_key_value(operation.key.as_str());
        let place = place.map_or(0, |(key, _)| key.span().start);
        for complaint in description.complaints(operation, "", body, &draws) {
            document.mistake(place, complaint);
        }
    }
}

/// Every operation with each body that it sends, but for where steps expect a refusal.
pub fn sent(model: &Model) -> BTreeSet<(usize, Option<u16>)> {
    let own = model.operations.iter().map(|operation| operation.body);
    let mut sent: BTreeSet<(usize, Option<u16>)> = own.enumerate().collect();
    let once = model.set_up.iter().chain(&model.tear_down);
    for journey in model.journeys.iter().chain(once) {
        flow::each_step(&journey.steps, &mut |step| {
            if let Step::Call(call) = step
                && let Some(body) = call.body
                && call.expect.as_ref().is_none_or(means_success)
            {
                sent.insert((call.operation, Some(body)));
            }
        });
    }
    sent
}

fn means_success(expect: &Statuses) -> bool {
    (200..300).any(|status| expect.has(status))
}

fn name(document: &mut Document<'_>, file: Table<'_, '_>) -> Option<String> {
    let Some(value) = file.get("name") else {
        document.mistake(
            0,
            "the key `name` is missing; add a line like name = \"my-shop\"",
        );
        return None;
    };
    let text = document.text(value, "name", "\"my-shop\"")?;
    if !is_name(text) {
        let says = format!(
            "`{text}` is no name: a name has 1 to 64 letters, digits, `-` and `_`, and starts with a \
             letter or digit"
        );
        document.mistake(value.span().start, says);
    }
    Some(text.to_owned())
}

/// What the file says, or else the first read without values.
fn health(document: &mut Document<'_>, file: Table<'_, '_>, model: &Model) -> String {
    let Some(value) = file.get("health") else {
        let mut operations = model.operations.iter();
        let plain = operations.find_map(|operation| match &operation.path[..] {
            [Part::Text(path)] if operation.method == Method::Get => Some(path.clone()),
            _ => None,
        });
        return plain.unwrap_or_else(|| "/".to_owned());
    };
    let path = document.text(value, "health", "\"/health\"");
    let path = path.unwrap_or("/").to_owned();
    check_path(document, value, &path);
    path
}
