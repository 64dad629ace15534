//! Journeys and user classes as files have them.

use super::document::{At, Document, Table};
use super::keys::{CLASS_KEYS, JOURNEY_KEYS};
use super::read_bodies::option;
use super::read_steps::StepReader;
use super::sections::section;
use crate::plan::{ClassShare, Suggestion, WaitTime};
use crate::workload_file::model::bounds::MOST_MARKS;
use crate::workload_file::model::conditions::tests;
use crate::workload_file::model::definitions::{Class, Journey, Model, Step, Tested};
use std::collections::BTreeSet;
use toml::de::DeValue;

/// The class of a file that has none.
const ONLY_CLASS: &str = "User";

/// Where calls stand, in their order.
#[derive(Debug, Default)]
pub struct CallPlaces {
    /// Those of each journey.
    pub journeys: Vec<Vec<usize>>,
    /// Those of the set-up.
    pub set_up: Vec<usize>,
    /// Those of the tear-down.
    pub tear_down: Vec<usize>,
}

fn check_marks(document: &mut Document<'_>, steps: &[Step], offset: usize) {
    let marks: BTreeSet<usize> = tests(steps).into_iter().filter_map(done).collect();
    if marks.len() > MOST_MARKS {
        let says = format!("a journey looks at most at {MOST_MARKS} operations by `done`");
        document.mistake(offset, says);
    }
}

fn done(tested: &Tested) -> Option<usize> {
    match tested {
        Tested::Done(operation) => Some(*operation),
        _ => None,
    }
}

/// Reads journeys into `model`.
pub fn journeys(
    document: &mut Document<'_>,
    file: Table<'_, '_>,
    model: &mut Model,
    comes_with_program: bool,
) -> CallPlaces {
    let mut all_places = CallPlaces::default();
    let mut steps = 0;
    let sides = model.races.iter().flat_map(|race| &race.sides);
    let labels = sides.filter_map(|side| Some((side.label.clone()?, side.operation)));
    let mut labels = labels.collect();
    let mut tallies = Vec::new();
    for (name, offset, value) in section(document, file, "journeys") {
        let what = format!("the journey `{name}`");
        let Some(table) = document.table(value, &what, JOURNEY_KEYS) else {
            continue;
        };
        let is_built_in = is_built_in(document, table, comes_with_program);
        let mut reader = StepReader::new(model, (steps, labels, tallies));
        let read = match table.get("steps") {
            Some(value) => reader.steps(document, value, 0),
            None if is_built_in => Vec::new(),
            None => {
                let says = format!("`{name}` lacks its steps; add a line like steps = [\"home\"]");
                document.mistake(offset, says);
                Vec::new()
            }
        };
        let (places, counted) = reader.finish();
        (steps, labels, tallies) = counted;
        all_places.journeys.push(places);
        let about = table.get("about");
        let about = about.and_then(|about| document.line(about, "about"));
        check_marks(document, &read, offset);
        model.journeys.push(Journey {
            name: name.to_owned(),
            about: about.unwrap_or_default(),
            steps: read,
            is_built_in,
        });
    }
    for key in ["setup", "teardown"] {
        let table = file.get(key);
        let table = table.and_then(|it| document.table(it, &format!("`{key}`"), JOURNEY_KEYS));
        let Some(table) = table else {
            continue;
        };
        is_built_in(document, table, false);
        let mut reader = StepReader::new(model, (steps, labels, tallies));
        let read = match table.get("steps") {
            Some(value) => reader.steps(document, value, 0),
            None => {
                let says =
                    format!("`{key}` lacks its steps; add a line like steps = [\"prepare\"]");
                document.mistake(file.offset_of(key), says);
                Vec::new()
            }
        };
        let (places, counted) = reader.finish();
        (steps, labels, tallies) = counted;
        check_marks(document, &read, file.offset_of(key));
        let about = table.get("about");
        let about = about.and_then(|about| document.line(about, "about"));
        let journey = Some(Journey {
            name: key.to_owned(),
            about: about.unwrap_or_default(),
            steps: read,
            is_built_in: false,
        });
        match key {
            "setup" => (model.set_up, all_places.set_up) = (journey, places),
            _ => (model.tear_down, all_places.tear_down) = (journey, places),
        }
    }
    model.tallies = tallies;
    if file.get("journeys").is_none() {
        let says = "there are no journeys; add lines like [journeys.visit], steps = [\"home\"]";
        document.mistake(0, says);
    }
    all_places
}

/// Whether `table` names a journey of the program's.
fn is_built_in(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    comes_with_program: bool,
) -> bool {
    let Some(value) = table.get("built_in") else {
        return false;
    };
    let is_built_in = document.switch(value, "built_in").unwrap_or(false);
    if is_built_in && !comes_with_program {
        let says = "only workloads that come with the program name journeys of it; write its `steps`, or \
                    leave the journey out";
        document.mistake(value.span().start, says);
    }
    if is_built_in && table.get("steps").is_some() {
        let says = "`built_in` does not go with `steps`; keep one of the two";
        document.mistake(value.span().start, says);
    }
    is_built_in
}

/// Reads user classes into `model`.
pub fn classes(document: &mut Document<'_>, file: Table<'_, '_>, model: &mut Model) {
    if file.get("classes").is_none() {
        model.classes.push(Class {
            name: ONLY_CLASS.to_owned(),
            about: "makes every journey, without waiting".to_owned(),
            weight: 1,
            journeys: (0..model.journeys.len()).map(|place| (place, 1)).collect(),
            journeys_with: Vec::new(),
            first: None,
            wait: WaitTime::None,
        });
        return;
    }
    for (name, offset, value) in section(document, file, "classes") {
        let what = format!("the class `{name}`");
        if let Some(table) = document.table(value, &what, CLASS_KEYS) {
            let class = class(document, table, (name, offset), model);
            model.classes.push(class);
        }
    }
    if model.classes.is_empty() && document.is_sound() {
        document.mistake(
            file.offset_of("classes"),
            "`classes` is empty; drop it, or add a class",
        );
    }
}

fn class(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    (name, offset): (&str, usize),
    model: &Model,
) -> Class {
    let about = table.get("about");
    let about = about.and_then(|about| document.line(about, "about"));
    let weight = table.get("weight");
    let weight =
        weight.and_then(|value| document.count(value, "weight", 1..ClassShare::LARGEST_WEIGHT + 1));
    let journeys = match table.get("journeys") {
        Some(value) => weights(document, value, model),
        None => {
            let says =
                format!("`{name}` lacks its journeys; add a line like journeys = [\"visit\"]");
            document.mistake(offset, says);
            Vec::new()
        }
    };
    let journeys_with = table.get("with").map(|value| {
        let mut with = Vec::new();
        for (name, offset, value) in document.named(value, "`with`") {
            let option = option(document, name, offset, &model.options);
            let weights = weights(document, value, model);
            with.extend(option.map(|option| (option, weights)));
        }
        with
    });
    let journeys_with = journeys_with.unwrap_or_default();
    let first = table.get("first").and_then(|value| {
        let name = document.text(value, "first", "\"log_in\"")?;
        journey(document, name, value.span().start, model)
    });
    Class {
        name: name.to_owned(),
        about: about.unwrap_or_default(),
        weight: weight.unwrap_or(1),
        journeys,
        journeys_with,
        first,
        wait: wait(document, table),
    }
}

fn wait(document: &mut Document<'_>, table: Table<'_, '_>) -> WaitTime {
    let us = |time: std::time::Duration| time.as_micros() as u64;
    match (table.get("wait"), table.get("pace")) {
        (None, None) => WaitTime::None,
        (Some(wait), None) => {
            let times = document.times(wait, "wait");
            let wait = times.and_then(|(least, most)| WaitTime::between(us(least), us(most)).ok());
            wait.unwrap_or(WaitTime::None)
        }
        (None, Some(pace)) => match document.times(pace, "pace") {
            Some((least, most)) if least == most => {
                let paced = WaitTime::constant_pacing(us(least));
                let paced = paced.map_err(|error| format!("`pace`: {error}"));
                let paced = document.noting(pace.span().start, paced);
                paced.unwrap_or(WaitTime::None)
            }
            Some(_) => {
                document.mistake(
                    pace.span().start,
                    "`pace` is one length of time, like \"1s\"",
                );
                WaitTime::None
            }
            None => WaitTime::None,
        },
        (Some(_), Some(_)) => {
            let says = "`pace` does not go with `wait`; keep one of the two";
            document.mistake(table.offset_of("pace"), says);
            WaitTime::None
        }
    }
}

/// Names of journeys, or journeys with their weights.
fn weights(document: &mut Document<'_>, value: &At<'_>, model: &Model) -> Vec<(usize, u32)> {
    let start = value.span().start;
    let mut weighted: Vec<(usize, u32)> = Vec::new();
    match value.get_ref() {
        DeValue::Array(names) => {
            for name in names {
                let at = name.span().start;
                let text = document
                    .text(name, "journeys", "[\"visit\"]")
                    .unwrap_or_default();
                weighted.extend(journey(document, text, at, model).map(|place| (place, 1)));
            }
        }
        DeValue::Table(_) => {
            for (name, offset, value) in document.named(value, "`journeys`") {
                let most = ClassShare::LARGEST_WEIGHT + 1;
                let weight = document.count(value, name, 1..most);
                let place = journey(document, name, offset, model);
                weighted.extend(place.zip(weight));
            }
        }
        _ => {
            let says = "`journeys` is a list like [\"visit\"], or has weights like { visit = 3 }";
            document.mistake(start, says);
        }
    }
    let mut places: Vec<usize> = weighted.iter().map(|(place, _)| *place).collect();
    places.sort_unstable();
    if places.windows(2).any(|two| two[0] == two[1]) {
        let says = "a journey is named twice; give it a weight instead, like { visit = 2 }";
        document.mistake(start, says);
    }
    if weighted.is_empty() && document.is_sound() {
        document.mistake(start, "a class makes at least one journey");
    }
    weighted
}

fn journey(document: &mut Document<'_>, name: &str, at: usize, model: &Model) -> Option<usize> {
    let found = model.journeys.iter().position(|known| known.name == name);
    if found.is_none() {
        let known = model.journeys.iter().map(|journey| journey.name.as_str());
        let suggestion = Suggestion::for_word(name, known);
        document.mistake(at, format!("there is no journey `{name}`{suggestion}"));
    }
    found
}
