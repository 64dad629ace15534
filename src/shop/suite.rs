//! The suite as its files have it: journeys, user classes and options, with the races that are written in
//! Rust where the files name them.

use super::classes::{UserClass, WeightedJourney};
use super::events::EVENTS;
use super::journey_options::JourneyOption;
use super::journeys::{RaceJourney, TakenStep};
use super::kind::{JourneyFacts, JourneyKind};
use super::operations::canonical_path;
use super::steps::STEPS;
use crate::engine::{Method, Operation};
use crate::workload_file::{Beside, FileWorkload, Model, built_in, mean_requests};
use std::collections::HashSet;
use std::sync::LazyLock;

/// What the files are called together.
pub const SUITE_NAME: &str = "shopstream";

/// Every user class, in the order of the files.
pub static USER_CLASSES: LazyLock<Vec<UserClass>> = LazyLock::new(|| {
    let classes = SUITE.model.classes.iter();
    let classes = classes.map(|class| UserClass {
        name: &class.name,
        summary: &class.about,
        wait: class.wait,
        journeys: weighted(&class.journeys),
        by_request: by_request(class),
    });
    classes.collect()
});

/// Every journey, in the order of the files.
pub static JOURNEYS: LazyLock<Vec<JourneyKind>> = LazyLock::new(|| {
    let facts: Vec<JourneyFacts> = (0..SUITE.model.journeys.len()).map(facts).collect();
    let facts: &'static [JourneyFacts] = Box::leak(facts.into_boxed_slice());
    facts.iter().map(JourneyKind::of).collect()
});

static SUITE: LazyLock<Suite> = LazyLock::new(|| {
    let parts = built_in(SUITE_NAME).and_then(Result::ok);
    let model = parts.and_then(|parts| parts.model().ok());
    let model = model.expect("a test reads the files that are compiled in");
    let beside = Beside {
        steps: &STEPS,
        outbox: is_published,
    };
    let model: &'static Model = Box::leak(Box::new(model));
    Suite {
        workload: FileWorkload::beside(model, beside),
        model,
    }
});

/// The files, read.
struct Suite {
    model: &'static Model,
    workload: FileWorkload,
}

/// The workload that the files are; its journeys of races are empty.
#[must_use]
pub fn suite_files() -> &'static FileWorkload {
    &SUITE.workload
}

/// The user class called `name`.
#[must_use]
pub fn user_class(name: &str) -> Option<&'static UserClass> {
    USER_CLASSES.iter().find(|class| class.name == name)
}

/// The journey called `name`.
#[must_use]
pub fn journey(name: &str) -> Option<JourneyKind> {
    let mut all = JOURNEYS.iter().copied();
    all.find(|journey| journey.name() == name)
}

/// Method and path template of every operation that journeys use without options, each once, in
/// the order of the statistics.
pub fn used_operations() -> impl Iterator<Item = (Method, &'static str)> {
    let mut known = HashSet::new();
    let taken = JOURNEYS.iter().flat_map(|journey| journey.steps());
    let taken = taken.filter(|taken| taken.option.is_none());
    let endpoint = |operation: &'static Operation| {
        let method = operation.method;
        (method, canonical_path(method, operation.path))
    };
    taken
        .map(move |taken| endpoint(taken.step.operation))
        .filter(move |(method, path)| known.insert((method.word(), *path)))
}

/// Whether an event takes the way through the outbox in the first generation.
fn is_published(domain: &str, name: &str) -> bool {
    let mut events = EVENTS.iter();
    let known = events.find(|event| (event.domain, event.name) == (domain, name));
    known.is_none_or(|event| event.outbox)
}

fn weighted(journeys: &[(usize, u32)]) -> &'static [WeightedJourney] {
    let journeys = journeys.iter().map(|&(place, weight)| WeightedJourney {
        journey: JOURNEYS[place],
        weight,
    });
    Box::leak(journeys.collect::<Vec<_>>().into_boxed_slice())
}

fn by_request(class: &crate::workload_file::Class) -> Option<&'static [WeightedJourney]> {
    let bit = bit(JourneyOption::ByRequest)?;
    let mut with = class.journeys_with.iter();
    let (_, journeys) = with.find(|(option, _)| 1 << option == bit)?;
    Some(weighted(journeys))
}

/// The bit of an option in runs of the files; `None` when every workload has it.
fn bit(option: JourneyOption) -> Option<u32> {
    let mut options = SUITE.model.options.iter();
    let position = options.position(|known| known.name == option.word())?;
    Some(1 << position)
}

fn facts(place: usize) -> JourneyFacts {
    let journey = &SUITE.model.journeys[place];
    let race = RaceJourney::named(&journey.name);
    JourneyFacts {
        name: &journey.name,
        summary: &journey.about,
        steps: match race {
            Some(race) => race.steps().to_vec(),
            None => taken(place),
        },
        race,
    }
}

/// The steps of the journey at `place` of the files: where a pass takes one only with an option, with that.
fn taken(place: usize) -> Vec<TakenStep> {
    let usual = mean_requests(SUITE.model, place, 0);
    let with = JourneyOption::ALL.into_iter().filter_map(|option| {
        let means = mean_requests(SUITE.model, place, bit(option)?);
        Some((option, means))
    });
    let with: Vec<_> = with.collect();
    let steps = SUITE.workload.steps();
    let taken = usual.into_iter().filter_map(|(label, requests)| {
        let step = steps[STEPS.len()..]
            .iter()
            .find(|step| step.name == label)?;
        let (option, requests) = match requests > 0.0 {
            true => (None, requests),
            false => with.iter().find_map(|(option, means)| {
                let (_, requests) = means.iter().find(|(known, _)| *known == label)?;
                (*requests > 0.0).then_some((Some(*option), *requests))
            })?,
        };
        Some(TakenStep {
            step,
            requests,
            successes: requests,
            option,
        })
    });
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_name_every_race_that_is_written_in_rust_and_no_other() {
        for race in RaceJourney::ALL {
            let named = journey(race.name()).and_then(JourneyKind::written_in_rust);
            assert_eq!(named, Some(*race), "{}", race.name());
        }
        for journey in &SUITE.model.journeys {
            let is_race = RaceJourney::named(&journey.name).is_some();
            assert_eq!(journey.is_built_in, is_race, "{}", journey.name);
            assert_eq!(journey.steps.is_empty(), is_race, "{}", journey.name);
        }
    }

    #[test]
    fn the_files_name_every_row_and_every_event_as_the_shop_does() {
        let rows: Vec<&str> = SUITE.model.rows.iter().map(String::as_str).collect();
        for step in SUITE.workload.steps() {
            assert!(rows.contains(&step.name), "{} has no place", step.name);
            for event in step.raises {
                assert!(EVENTS.contains(event), "{}.{}", event.domain, event.name);
            }
        }
        for option in JourneyOption::ALL {
            let mut options = SUITE.model.options.iter();
            let known = options.find(|known| known.name == option.word());
            match option {
                JourneyOption::Strict => assert!(known.is_none(), "every file has it"),
                option => assert_eq!(known.unwrap().about, option.summary()),
            }
        }
    }
}
