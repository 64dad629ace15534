//! Races as files have them.

use super::document::{At, Document, Table};
use super::race_keys::{RACE_KEYS, SIDE_KEYS};
use super::read_operations::body_of_step;
use super::read_tags::tags_of_name;
use super::sections::{section, texts};
use crate::engine::MOST_RACERS;
use crate::plan::Suggestion;
use crate::stats::MOST_SIDES;
use crate::workload_file::model::definitions::Model;
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::race_model::{Race, RaceSide};

/// What is made up once a race, at most.
const MOST_DRAWS: usize = 20;

/// Reads races into `model`.
pub fn races(document: &mut Document<'_>, file: Table<'_, '_>, model: &mut Model) {
    for (name, offset, value) in section(document, file, "races") {
        let what = format!("the race `{name}`");
        let Some(table) = document.table(value, &what, RACE_KEYS) else {
            continue;
        };
        let about = table.get("about");
        let about = about.and_then(|about| document.line(about, "about"));
        let draws = draws(document, table, model);
        let sides = match table.get("sides") {
            Some(value) => sides(document, value, model),
            None => {
                let says = format!(
                    "`{name}` lacks its sides; add a line like sides = {{ buy = {{ racers = 5 }} }}"
                );
                document.mistake(offset, says);
                Vec::new()
            }
        };
        let racers: u32 = sides.iter().map(|side| side.racers).sum();
        if !sides.is_empty() && !(2..=MOST_RACERS as u32).contains(&racers) {
            let says = format!(
                "a race has 2 to {MOST_RACERS} racers, not {racers}; say how many with `racers`"
            );
            document.mistake(table.offset_of("sides"), says);
        }
        model.races.push(Race {
            name: name.to_owned(),
            about: about.unwrap_or_default(),
            draws,
            sides,
            probes: Vec::new(),
        });
    }
}

/// The position of the race called `name`.
pub fn find_race(
    document: &mut Document<'_>,
    name: &str,
    at: usize,
    model: &Model,
) -> Option<usize> {
    let found = model.races.iter().position(|race| race.name == name);
    if found.is_none() {
        let known = model.races.iter().map(|race| race.name.as_str());
        let suggestion = Suggestion::for_word(name, known);
        let says = format!("there is no race `{name}`{suggestion} (write it as [races.{name}])");
        document.mistake(at, says);
    }
    found
}

/// The position of the operation called `name`.
pub fn find_operation(
    document: &mut Document<'_>,
    name: &str,
    at: usize,
    model: &Model,
) -> Option<usize> {
    let mut operations = model.operations.iter();
    let found = operations.position(|operation| operation.key == name);
    if found.is_none() {
        let known = model.operations.iter().map(|it| it.key.as_str());
        let suggestion = Suggestion::for_word(name, known);
        document.mistake(at, format!("there is no operation `{name}`{suggestion}"));
    }
    found
}

fn draws(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    model: &Model,
) -> Vec<(u16, Generator)> {
    let Some(value) = table.get("draw") else {
        return Vec::new();
    };
    let members = texts(document, value, "draw");
    if members.len() > MOST_DRAWS {
        let says = format!("a race draws at most {MOST_DRAWS} values");
        document.mistake(value.span().start, says);
    }
    let mut draws = Vec::new();
    for (name, offset, value, text) in members.into_iter().take(MOST_DRAWS) {
        let mut reads = model.operations.iter().flat_map(|it| &it.reads);
        let is_read = reads.any(|read| model.values[usize::from(read.value)] == name);
        if is_read || !super::document::is_name(name) {
            let says = match is_read {
                true => format!("`{name}` is read of a reply already; call it something else"),
                false => format!("`{name}` is no name of a value"),
            };
            document.mistake(offset, says);
        }
        let inside = text.trim().strip_prefix("{$");
        let inside = inside.and_then(|rest| rest.strip_suffix('}'));
        let made = match inside {
            Some(inside) => Generator::parse(inside),
            None => Err(
                "what a race draws is one thing that is made up, like \"{$unique}\" or \"{$int 1..9}\""
                    .to_owned(),
            ),
        };
        let made = made.and_then(|made| match made {
            Generator::Sum(_) | Generator::Handle(_) | Generator::Each(..) => Err(of_bodies(&text)),
            made if made.total().is_some() => Err(of_bodies(&text)),
            made => Ok(made),
        });
        let made = document.noting(value.span().start, made);
        let position = model.values.iter().position(|known| known == name);
        draws.extend(position.map(|it| it as u16).zip(made));
    }
    draws
}

fn of_bodies(text: &str) -> String {
    format!("`{text}` is made of the rest of a body, and stands only there")
}

fn sides(document: &mut Document<'_>, value: &At<'_>, model: &Model) -> Vec<RaceSide> {
    let members = document.named(value, "`sides`");
    if members.is_empty() || members.len() > MOST_SIDES {
        let says = format!("a race has 1 to {MOST_SIDES} sides, like {{ buy = {{ racers = 5 }} }}");
        document.mistake(value.span().start, says);
    }
    let mut sides = Vec::new();
    for (name, offset, value) in members.into_iter().take(MOST_SIDES) {
        let Some(table) = document.table(value, &format!("the side `{name}`"), SIDE_KEYS) else {
            continue;
        };
        let (called, at) = match table.get("call") {
            Some(call) => (
                document.text(call, "call", "\"buy\"").unwrap_or_default(),
                call.span().start,
            ),
            None => (name, offset),
        };
        let operation = find_operation(document, called, at, model);
        let racers = table.get("racers");
        let most = MOST_RACERS as u32 + 1;
        let racers = racers.and_then(|value| document.count(value, "racers", 1..most));
        let label = table.get("name");
        let label = label.and_then(|value| document.line(value, "name"));
        if let (Some(label), Some(operation)) = (&label, operation) {
            let operations = model.operations.iter().zip(0..);
            let operations = operations.map(|(other, at)| (&other.label, at));
            let other_sides = model.races.iter().flat_map(|race| &race.sides);
            let other_sides = other_sides.chain(&sides);
            let labels = other_sides.filter_map(|it| it.label.as_ref().zip(Some(it.operation)));
            let mut taken = operations.chain(labels);
            if let Some((_, other)) = taken.find(|(other, at)| *other == label && *at != operation)
            {
                let other = &model.operations[other].key;
                let says = format!("`{label}` is the name of `{other}` in statistics already");
                document.mistake(table.offset_of("name"), says);
            }
        }
        let tags = tags_of_name(document, table, "the side");
        let body = match operation {
            Some(operation) => body_of_step(document, table, model, operation),
            None => None,
        };
        sides.extend(operation.map(|operation| RaceSide {
            name: name.to_owned(),
            operation,
            label,
            tags,
            body,
            racers: racers.unwrap_or(1),
        }));
    }
    sides
}
