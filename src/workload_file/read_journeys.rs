//! Journeys and user classes as files have them.

use super::document::{At, Document, Table};
use super::keys::{CLASS_KEYS, JOURNEY_KEYS, STEP_KEYS};
use super::model::{Class, Journey, Model, OnFailure, Step};
use super::program::DEEPEST_REPEAT;
use super::sections::section;
use crate::plan::{ClassShare, Suggestion, WaitTime};
use toml::de::DeValue;

/// Instructions of all journeys together, at most.
const MOST_STEPS: usize = 10_000;
/// How often something is repeated, at most.
const MOST_TIMES: u32 = 10_000;
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

/// Reads journeys into `model`.
pub fn journeys(document: &mut Document<'_>, file: Table<'_, '_>, model: &mut Model) -> CallPlaces {
    let mut all_places = CallPlaces::default();
    let mut steps = 0;
    let mut labels = Vec::new();
    for (name, offset, value) in section(document, file, "journeys") {
        let what = format!("the journey `{name}`");
        let Some(table) = document.table(value, &what, JOURNEY_KEYS) else {
            continue;
        };
        let mut reader = StepReader {
            model,
            places: Vec::new(),
            steps,
            labels,
        };
        let read = match table.get("steps") {
            Some(value) => reader.steps(document, value, 0),
            None => {
                let says = format!("`{name}` lacks its steps; add a line like steps = [\"home\"]");
                document.mistake(offset, says);
                Vec::new()
            }
        };
        (steps, labels) = (reader.steps, reader.labels);
        all_places.journeys.push(reader.places);
        let about = table.get("about");
        let about = about.and_then(|about| document.line(about, "about"));
        model.journeys.push(Journey {
            name: name.to_owned(),
            about: about.unwrap_or_default(),
            steps: read,
        });
    }
    for key in ["setup", "teardown"] {
        let table = file.get(key);
        let table = table.and_then(|it| document.table(it, &format!("`{key}`"), JOURNEY_KEYS));
        let Some(table) = table else {
            continue;
        };
        let mut reader = StepReader {
            model,
            places: Vec::new(),
            steps,
            labels,
        };
        let read = match table.get("steps") {
            Some(value) => reader.steps(document, value, 0),
            None => {
                let says =
                    format!("`{key}` lacks its steps; add a line like steps = [\"prepare\"]");
                document.mistake(file.offset_of(key), says);
                Vec::new()
            }
        };
        let places = reader.places;
        (steps, labels) = (reader.steps, reader.labels);
        let about = table.get("about");
        let about = about.and_then(|about| document.line(about, "about"));
        let journey = Some(Journey {
            name: key.to_owned(),
            about: about.unwrap_or_default(),
            steps: read,
        });
        match key {
            "setup" => (model.set_up, all_places.set_up) = (journey, places),
            _ => (model.tear_down, all_places.tear_down) = (journey, places),
        }
    }
    if file.get("journeys").is_none() {
        let says = "there are no journeys; add lines like [journeys.visit], steps = [\"home\"]";
        document.mistake(0, says);
    }
    all_places
}

struct StepReader<'m> {
    model: &'m Model,
    places: Vec<usize>,
    steps: usize,
    /// Names that steps have of their own, each with its operation.
    labels: Vec<(String, usize)>,
}

impl StepReader<'_> {
    fn steps(&mut self, document: &mut Document<'_>, value: &At<'_>, depth: usize) -> Vec<Step> {
        let DeValue::Array(elements) = value.get_ref() else {
            let says = "`steps` is a list, like [\"home\", { call = \"item\", repeat = 3 }]";
            document.mistake(value.span().start, says);
            return Vec::new();
        };
        if elements.is_empty() {
            document.mistake(
                value.span().start,
                "`steps` is empty: a journey does something",
            );
        }
        if depth > DEEPEST_REPEAT {
            let says = format!("steps nest at most {DEEPEST_REPEAT} deep");
            document.mistake(value.span().start, says);
            return Vec::new();
        }
        let mut steps = Vec::new();
        for element in elements {
            self.steps += 4;
            if self.steps > MOST_STEPS * 4 {
                let says = format!("a workload has at most {MOST_STEPS} steps");
                document.mistake(element.span().start, says);
                return steps;
            }
            steps.extend(self.step(document, element, depth));
        }
        steps
    }

    fn step(&mut self, document: &mut Document<'_>, value: &At<'_>, depth: usize) -> Vec<Step> {
        if let DeValue::String(name) = value.get_ref() {
            let called = self.operation(document, name, value.span().start);
            return called.map_or_else(Vec::new, |operation| {
                vec![Step::Call {
                    operation,
                    label: None,
                    on_failure: OnFailure::Abort,
                }]
            });
        }
        let what = "a step is the name of an operation, or a table: a step";
        let Some(table) = document.table(value, what, STEP_KEYS) else {
            return Vec::new();
        };
        let mut steps = match (table.get("call"), table.get("steps")) {
            (Some(call), None) => self.call(document, table, call).into_iter().collect(),
            (None, Some(inner)) => {
                for key in ["name", "on_failure"] {
                    if table.get(key).is_some() {
                        let says = format!("`{key}` is of a call, and does not go with `steps`");
                        document.mistake(table.offset_of(key), says);
                    }
                }
                self.steps(document, inner, depth + 1)
            }
            (Some(_), Some(_)) => {
                let says = "`steps` does not go with `call`; keep one of the two";
                document.mistake(table.offset_of("steps"), says);
                Vec::new()
            }
            (None, None) if table.get("think").is_some() => Vec::new(),
            (None, None) => {
                let says = "this step does nothing; give it `call`, `steps` or `think`";
                document.mistake(value.span().start, says);
                Vec::new()
            }
        };
        if let Some(think) = table.get("think")
            && let Some((least, most)) = document.times(think, "think")
        {
            steps.push(Step::Rest {
                least_ns: least.as_nanos() as u64,
                most_ns: most.as_nanos() as u64,
            });
        }
        if let Some(repeat) = table.get("repeat")
            && let Some((least, most)) = document.numbers(repeat, "repeat", MOST_TIMES)
        {
            if depth >= DEEPEST_REPEAT {
                let says = format!("repetitions nest at most {DEEPEST_REPEAT} deep");
                document.mistake(repeat.span().start, says);
            }
            steps = vec![Step::Repeat { least, most, steps }];
        }
        if let Some(chance) = table.get("chance")
            && let Some(share) = share(document, chance)
        {
            steps = vec![Step::Chance { share, steps }];
        }
        steps
    }

    fn call(
        &mut self,
        document: &mut Document<'_>,
        table: Table<'_, '_>,
        call: &At<'_>,
    ) -> Option<Step> {
        let name = document.text(call, "call", "\"home\"")?;
        let operation = self.operation(document, name, call.span().start)?;
        let label = table.get("name");
        let label = label.and_then(|value| document.line(value, "name"));
        if let Some(label) = &label {
            self.check_label(document, table, label, operation);
        }
        let on_failure = match table.get("on_failure") {
            None => OnFailure::Abort,
            Some(value) => match value.get_ref().as_str() {
                Some("abort") => OnFailure::Abort,
                Some("continue") => OnFailure::Continue,
                _ => {
                    let says = "`on_failure` is \"abort\" or \"continue\"";
                    document.mistake(value.span().start, says);
                    return None;
                }
            },
        };
        Some(Step::Call {
            operation,
            label,
            on_failure,
        })
    }

    /// A name in statistics stands for one operation.
    fn check_label(
        &mut self,
        document: &mut Document<'_>,
        table: Table<'_, '_>,
        label: &str,
        operation: usize,
    ) {
        let own = self.labels.iter().cloned();
        let operations = self.model.operations.iter().zip(0..);
        let operations = operations.map(|(other, place)| (other.label.clone(), place));
        let mut taken = own.chain(operations);
        if let Some((_, other)) = taken.find(|(name, place)| name == label && *place != operation) {
            let other = &self.model.operations[other].key;
            let says = format!("`{label}` is the name of `{other}` in statistics already");
            document.mistake(table.offset_of("name"), says);
        }
        drop(taken);
        self.labels.push((label.to_owned(), operation));
    }

    fn operation(&mut self, document: &mut Document<'_>, name: &str, at: usize) -> Option<usize> {
        let mut operations = self.model.operations.iter();
        let found = operations.position(|operation| operation.key == name);
        match found {
            Some(_) => self.places.push(at),
            None => {
                let known = self.model.operations.iter().map(|it| it.key.as_str());
                let suggestion = Suggestion::for_word(name, known);
                let says = format!("there is no operation `{name}`{suggestion}");
                document.mistake(at, says);
            }
        }
        found
    }
}

/// A share of the passes, above 0 % and below 100 %.
fn share(document: &mut Document<'_>, value: &At<'_>) -> Option<f64> {
    let text = value.get_ref().as_str().unwrap_or_default();
    let percent = text.strip_suffix('%').map(str::trim);
    let percent = percent.and_then(|text| text.parse::<f64>().ok());
    match percent.filter(|percent| *percent > 0.0 && *percent < 100.0) {
        Some(percent) => Some(percent / 100.0),
        None => {
            let says = "`chance` is a share above 0% and below 100%, like \"30%\"";
            document.mistake(value.span().start, says);
            None
        }
    }
}

/// Reads user classes into `model`.
pub fn classes(document: &mut Document<'_>, file: Table<'_, '_>, model: &mut Model) {
    if file.get("classes").is_none() {
        model.classes.push(Class {
            name: ONLY_CLASS.to_owned(),
            about: "makes every journey, without waiting".to_owned(),
            weight: 1,
            journeys: (0..model.journeys.len()).map(|place| (place, 1)).collect(),
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
    let first = table.get("first").and_then(|value| {
        let name = document.text(value, "first", "\"log_in\"")?;
        journey(document, name, value.span().start, model)
    });
    Class {
        name: name.to_owned(),
        about: about.unwrap_or_default(),
        weight: weight.unwrap_or(1),
        journeys,
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
