//! The suite as its files have it: journeys, user classes and options, with the races that are written in
//! Rust where the files name them.

use super::Suite;
use super::classes::{UserClass, WeightedJourney};
use super::events::EVENTS;
use super::journey_options::{JourneyOption, JourneyOptions};
use super::journeys::{RaceJourney, TakenStep};
use super::kind::{JourneyFacts, JourneyKind};
use super::ledger::RULES;
use super::operations::canonical_path;
use super::races::RACES;
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
        with: with(class),
    });
    classes.collect()
});

/// Every journey, in the order of the files.
pub static JOURNEYS: LazyLock<Vec<JourneyKind>> = LazyLock::new(|| {
    let facts: Vec<JourneyFacts> = (0..SUITE.model.journeys.len()).map(facts).collect();
    let facts: &'static [JourneyFacts] = Box::leak(facts.into_boxed_slice());
    facts.iter().map(JourneyKind::of).collect()
});

static SUITE: LazyLock<SuiteFiles> = LazyLock::new(|| {
    let parts = built_in(SUITE_NAME).and_then(Result::ok);
    let model = parts.and_then(|parts| parts.model().ok());
    let model = model.expect("a test reads the files that are compiled in");
    let beside = Beside {
        steps: &STEPS,
        outbox: is_published,
        races: &RACES,
        rules: &RULES,
    };
    let model: &'static Model = Box::leak(Box::new(model));
    SuiteFiles {
        workload: FileWorkload::beside(model, beside),
        model,
    }
});

/// The files, read.
struct SuiteFiles {
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

/// Method and path template of every operation that journeys of the classes of `suite` use without
/// options, each once, in the order of the statistics.
pub fn used_operations(suite: Suite) -> impl Iterator<Item = (Method, &'static str)> {
    let mut known = HashSet::new();
    let options = JourneyOptions::default().in_suite(suite);
    let classes = USER_CLASSES.iter().filter(|class| class.is_in(suite));
    let classes: Vec<&UserClass> = classes.collect();
    let journeys = JOURNEYS.iter().filter(move |journey| {
        let made = classes
            .iter()
            .flat_map(|class| class.journeys_with(options));
        made.into_iter().any(|entry| entry.journey == **journey)
    });
    let taken = journeys.flat_map(move |journey| journey.steps_with(options));
    taken
        .map(|taken| endpoint(taken.step.operation))
        .filter(move |(method, path)| known.insert((method.word(), *path)))
}

/// Method and path template of an operation, as descriptions of the shop write it.
fn endpoint(operation: &'static Operation) -> (Method, &'static str) {
    let method = operation.method;
    (method, canonical_path(method, operation.path))
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

fn with(class: &crate::workload_file::Class) -> Vec<(JourneyOption, &'static [WeightedJourney])> {
    let with = class.journeys_with.iter();
    let with = with.filter_map(|(position, journeys)| {
        let mut options = all_options();
        let option = options.find(|option| bit(*option) == Some(1 << position))?;
        Some((option, weighted(journeys)))
    });
    with.collect()
}

/// Options that users may name, and that of the suite.
fn all_options() -> impl Iterator<Item = JourneyOption> {
    let named = JourneyOption::ALL.into_iter();
    named.chain([JourneyOption::SuiteToday])
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
    let steps = match race {
        Some(race) => race.steps().to_vec(),
        None => taken(place),
    };
    let contract = Suite::Five.generation().contract();
    let mut usual = steps.iter().filter(|taken| taken.option.is_none());
    let is_old = usual.all(|taken| {
        let (method, path) = endpoint(taken.step.operation);
        contract.operation(method.word(), path).is_some()
    });
    JourneyFacts {
        name: &journey.name,
        summary: &journey.about,
        since: if is_old { Suite::Five } else { Suite::Today },
        steps,
        race,
    }
}

/// The steps of the journey at `place` of the files: where a pass takes one only with an option, or only
/// without one, with that.
fn taken(place: usize) -> Vec<TakenStep> {
    let usual = mean_requests(SUITE.model, place, 0);
    let with = all_options().filter_map(|option| {
        let means = mean_requests(SUITE.model, place, bit(option)?);
        Some((option, means))
    });
    let with: Vec<_> = with.collect();
    let of = |means: &[(&str, f64)], label: &str| {
        let mut means = means.iter();
        means
            .find(|(known, _)| *known == label)
            .map_or(0.0, |it| it.1)
    };
    let steps = SUITE.workload.steps();
    let taken = usual.iter().filter_map(|&(label, requests)| {
        let step = steps[STEPS.len()..]
            .iter()
            .find(|step| step.name == label)?;
        let is_usual = requests > 0.0;
        let mut with = with.iter();
        // The one option that makes the difference, if there is one.
        let differs = with.find_map(|(option, means)| {
            let requests = of(means, label);
            (is_usual != (requests > 0.0)).then_some((*option, requests))
        });
        let (option, without) = match is_usual {
            true => (None, differs.map(|(option, _)| option)),
            false => (Some(differs?.0), None),
        };
        let requests = match is_usual {
            true => requests,
            false => differs?.1,
        };
        Some(TakenStep {
            step,
            requests,
            successes: requests,
            option,
            without,
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

    /// The weights of the tables in today's contract; in the order of the files.
    const OF_TODAY: [(&str, &[u32], f64); 20] = [
        ("IdentityUser", &[5, 3, 2], 5.5),
        ("CatalogueUser", &[5, 2, 3], 7.1),
        ("OrderingUser", &[6, 5, 4, 3, 2], 6.75),
        ("InventoryUser", &[5, 3, 3, 3, 2, 2], 3.33),
        ("PaymentsUser", &[8, 4, 4, 4], 2.8),
        ("FulfillmentUser", &[4, 3, 3], 3.0),
        ("ReviewsUser", &[6, 4, 3, 3, 4], 4.75),
        ("NotificationsUser", &[4, 3, 3], 5.0),
        ("SubscriberUser", &[1, 1, 1], 7.67),
        (
            "MixedWorkloadUser",
            &[
                5, 2, 1, 3, 2, 2, 5, 4, 3, 1, 1, 3, 2, 1, 1, 1, 4, 2, 1, 1, 3, 2, 1, 3, 2, 1, 1, 1,
                3, 2, 1,
            ],
            5.06,
        ),
        ("CrossDomainUser", &[6, 4, 4, 2, 2, 2], 0.0),
        ("RaceConditionUser", &[4, 4, 2], 0.0),
        ("FlashSaleUser", &[1], 1.0),
        ("EventFloodUser", &[5, 3, 2, 4, 3, 3, 2, 2], 0.0),
        ("SpikeUser", &[1], 1.0),
        ("CrossDomainFloodUser", &[4, 4, 4, 4, 4], 0.0),
        ("OrderingSagaUser", &[1], 0.0),
        ("InventoryMaintenanceUser", &[1], 3.0),
        ("FulfillmentTrackingUser", &[1], 4.0),
        ("NotificationsCancelUser", &[1], 5.0),
    ];

    #[test]
    fn classes_of_todays_suite_have_the_weights_and_requests_of_its_contract() {
        let as_written: JourneyOptions = [JourneyOption::AsWritten].into_iter().collect();
        let options = as_written.in_suite(Suite::Today);
        for (name, weights, requests) in OF_TODAY {
            let class = user_class(name).unwrap();
            let made = class.journeys_with(options).iter();
            let made: Vec<u32> = made.map(|entry| entry.weight).collect();
            assert_eq!(made, weights, "{name}");
            let mean = class.requests_per_pass(options);
            assert!(
                requests == 0.0 || (mean - requests).abs() < 0.006,
                "{name}: {mean} instead of {requests}"
            );
        }
        // What is honest is one request more in each of two.
        let subscriber = user_class("SubscriberUser").unwrap();
        let honest = JourneyOptions::default().in_suite(Suite::Today);
        let more = subscriber.requests_per_pass(honest) - subscriber.requests_per_pass(options);
        assert!((more - 2.0 / 3.0).abs() < 1e-9, "{more}");
    }

    #[test]
    fn each_suite_has_its_journeys() {
        let of = |suite, classes: &[&str]| {
            let options = JourneyOptions::default().in_suite(suite);
            let classes = classes.iter().map(|name| user_class(name).unwrap());
            let made = classes.flat_map(|class| class.journeys_with(options));
            let names: HashSet<&str> = made.map(|entry| entry.journey.name()).collect();
            names.into_iter().filter(|name| !name.contains('.')).count()
        };
        let classes = OF_TODAY.map(|(name, ..)| name);
        assert_eq!(of(Suite::Today, &classes), 46);
        let floods = ["EventFloodUser", "SpikeUser", "CrossDomainFloodUser"];
        let old: Vec<&str> = classes[..5]
            .iter()
            .chain(&classes[9..13])
            .copied()
            .collect();
        assert_eq!(of(Suite::Five, &old), 24);
        assert_eq!(of(Suite::Five, &floods), 0);
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
        for option in all_options() {
            let mut options = SUITE.model.options.iter();
            let known = options.find(|known| known.name == option.word());
            match option {
                JourneyOption::Strict => assert!(known.is_none(), "every file has it"),
                option => assert_eq!(known.unwrap().about, option.summary()),
            }
        }
    }
}
