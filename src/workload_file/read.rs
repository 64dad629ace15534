//! From the text of a file to a workload, or to everything that is wrong with it.

use super::document::{Document, Table, is_name};
use super::error::FileError;
use super::flow;
use super::keys::FILE_KEYS;
use super::model::{Model, Part};
use super::program::MOST_TIES;
use super::read_journeys::{classes, journeys};
use super::read_operations::operations;
use super::read_options::options;
use super::read_races::races;
use super::read_rules::rules;
use super::sections::check_path;
use crate::engine::Method;

/// Largest file, in bytes.
pub const MOST_FILE_BYTES: usize = 1 << 20;

/// Reads a workload from TOML; `origin` says in messages where the text came from.
///
/// # Errors
/// When the text is not TOML, or anything in it is wrong: all of it is told, with its place and what
/// would be right.
pub fn read(text: &str, origin: &str) -> Result<Model, FileError> {
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
    options(&mut document, file, &mut model);
    operations(&mut document, file, &mut model);
    races(&mut document, file, &mut model);
    rules(&mut document, file, &mut model);
    let places = journeys(&mut document, file, &mut model);
    classes(&mut document, file, &mut model);
    model.health = health(&mut document, file, &model);
    let same = model.bodies.iter().filter(|body| body.is_same_in_pass);
    if model.draws.len() + same.count() > MOST_TIES {
        let says = format!("at most {MOST_TIES} groups of bodies agree with each other in a pass");
        document.mistake(0, says);
    }
    if document.is_sound() {
        flow::check(&mut document, &model, &places);
    }
    match document.error(origin) {
        Some(error) => Err(error),
        None => Ok(model),
    }
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
