//! The suite in files sends what the suite in Rust sends: the same bytes at the same moments, for every
//! ordinary class, every option and every generation of the shop, whatever the shop answers.

use crate::simulated_shop::{MS, SECOND, plan, refusal, well};
use shopblast::engine::{
    Broken, Described, Journey, Link, PreparedHeads, Recorder, Script, Session, SessionStart,
    SimulatedAnswer, Simulation, Step, Workload,
};
use shopblast::plan::{Pacing, Plan, Target, UniqueNumbers, WaitTime, fnv1a, user_seed};
use shopblast::shop::{
    Generation, JourneyKind, JourneyOption, JourneyOptions, ShopScript, UserClass, user_class,
};
use shopblast::stats::{CoreInterval, Outcome};
use shopblast::workload_file::{FileScript, FileWorkload, Model, built_in};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

/// The classes without a race.
const CLASSES: [&str; 9] = [
    "IdentityUser",
    "CatalogueUser",
    "OrderingUser",
    "InventoryUser",
    "PaymentsUser",
    "MixedWorkloadUser",
    "EventFloodUser",
    "SpikeUser",
    "CrossDomainFloodUser",
];
/// What older shops want to be written as texts.
const AS_TEXTS: [&str; 3] = ["variant-text", "category-text", "category-change-text"];
const LATENCY_NS: u64 = 20 * MS;

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let parts = built_in("shopstream").unwrap().unwrap();
    parts.model().unwrap_or_else(|error| panic!("{error}"))
});

/// The journeys of a class that has races too, without those: as their weights say.
#[derive(Debug)]
struct WithoutRaces {
    script: ShopScript,
    journeys: Vec<(JourneyKind, u32, u16)>,
}

impl WithoutRaces {
    fn new(plan: &Plan, class: &UserClass, generation: Generation) -> Self {
        let script = ShopScript::new(plan, generation).unwrap();
        let names = script.journeys();
        let ordinary = class.journeys.iter();
        let ordinary = ordinary.filter(|entry| entry.journey.race().is_none());
        let journeys = ordinary.map(|entry| {
            let position = names.iter().position(|name| *name == entry.journey.name());
            (entry.journey, entry.weight, position.unwrap() as u16)
        });
        Self {
            journeys: journeys.collect(),
            script,
        }
    }
}

impl Script for WithoutRaces {
    fn steps(&self) -> &'static [Step] {
        self.script.steps()
    }

    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        let supplies = self.script.supplies();
        user.set_strict(supplies.settings.options.has(JourneyOption::Strict));
        let all: u32 = self.journeys.iter().map(|(_, weight, _)| weight).sum();
        let mut drawn = user.rng().u32(..all);
        for &(journey, weight, position) in &self.journeys {
            if drawn < weight {
                user.begin_journey(position);
                return journey.carry_out(user, supplies).await;
            }
            drawn -= weight;
        }
        Ok(())
    }
}

impl Described for WithoutRaces {
    fn journeys(&self) -> Vec<&'static str> {
        self.script.journeys()
    }

    fn produced(&self) -> Vec<&'static Step> {
        self.script.produced()
    }

    fn wait_of(&self, class: usize) -> WaitTime {
        self.script.wait_of(class)
    }
}

/// How a shop answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// One request in five fails, each time in another way.
    Ill,
}

/// What ill shops answer to the request at a place, chosen by what it is.
fn ill(request: &[u8], place: usize) -> Option<SimulatedAnswer> {
    let chosen = fnv1a(request).wrapping_add(fnv1a(&place.to_le_bytes()));
    let reply = |status, body: &str| SimulatedAnswer::reply(LATENCY_NS, status, body.as_bytes());
    match chosen / 7 % 35 {
        0 => Some(reply(503, r#"{"error":"down for repair"}"#)),
        1 => Some(refusal(LATENCY_NS, "status", "Cannot transition")),
        2 => Some(reply(409, r#"{"error":"somebody was faster"}"#)),
        3 => Some(reply(500, "Internal Server Error")),
        4 => Some(SimulatedAnswer::broken(LATENCY_NS, Broken::Lost, "reset")),
        5 => Some(SimulatedAnswer::broken(LATENCY_NS, Broken::NotSent, "none")),
        6 => Some(reply(202, "{}")),
        _ => None,
    }
}

/// What was sent, and what was counted.
#[derive(Debug)]
pub struct Lived {
    /// When, and what.
    pub sent: Vec<(u64, String)>,
    /// Requests by name, in the order of the statistics, by outcome.
    pub rows: Vec<(String, Vec<u64>)>,
    /// What a success of each raises.
    pub raises: Vec<(String, Vec<String>)>,
    /// Why requests did not succeed, with how many it happened to.
    pub errors: Vec<String>,
    /// What was raised otherwise than outcomes tell.
    pub corrections: Vec<(String, String)>,
    /// Passes that were begun, completed and aborted, by journey.
    pub journeys: Vec<(String, [u64; 3])>,
    pub wait: WaitTime,
}

/// A user's life.
pub fn live<S: Described>(script: &Arc<S>, user: u32, (run_ns, mood): (u64, Mood)) -> Lived {
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows());
    let target = Target::parse("http://localhost:8000/base").unwrap();
    let heads = PreparedHeads::new(script.steps(), &target).unwrap();
    let sent = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&sent);
    let mut world = Simulation::new(0, recorder, heads, move |request, now_ns| {
        let mut log = log.borrow_mut();
        log.push((now_ns, String::from_utf8(request.to_vec()).unwrap()));
        let answer = match mood {
            Mood::Well => None,
            Mood::Ill => ill(request, log.len()),
        };
        let text = String::from_utf8_lossy(request);
        // Below a base.
        let without = text.replacen(" /base/", " /", 1);
        answer.unwrap_or_else(|| well(without.as_bytes(), LATENCY_NS))
    });
    let start = SessionStart {
        class: 0,
        wait: script.wait_of(0),
        seed: user_seed(42, user),
        unique: UniqueNumbers::of_user(user),
        due_ns: 0,
    };
    world.spawn_user(script, start, run_ns);
    world.run();
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    let names: Vec<String> = script.names().iter().map(|it| it.name.to_owned()).collect();
    let rows = names.iter().zip(&interval.names).map(|(name, counts)| {
        let outcomes = [
            Outcome::Success,
            Outcome::Refused,
            Outcome::Conflict,
            Outcome::Failed,
            Outcome::Unknown,
        ];
        let counted = outcomes.map(|outcome| counts.outcomes[outcome]);
        (name.clone(), counted.to_vec())
    });
    let raises = names.iter().zip(script.produced()).map(|(name, step)| {
        let events = step.raises.iter().enumerate().map(|(place, event)| {
            let stays = if place < step.stays { " stays" } else { "" };
            format!("{}.{}{stays}", event.domain, event.name)
        });
        (name.clone(), events.collect())
    });
    let errors = interval.errors.iter().map(|error| {
        let key = &error.key;
        let (name, reason) = (&names[usize::from(key.name)], key.reason.as_str());
        let (outcome, status) = (key.outcome, key.status);
        format!("{name} {outcome:?} {status} {}: {reason}", error.count)
    });
    let mut errors: Vec<String> = errors.collect();
    errors.sort_unstable();
    let corrections = names.iter().zip(&interval.names).map(|(name, counts)| {
        let corrections = format!("{:?}", counts.corrections);
        (name.clone(), corrections)
    });
    let corrections = corrections.collect();
    let journeys = script.journeys();
    let journeys = journeys.iter().zip(&interval.journeys).map(|(name, it)| {
        let passes = [it.started, it.completed, it.aborted];
        ((*name).to_owned(), passes)
    });
    Lived {
        rows: rows.collect(),
        raises: raises.collect(),
        journeys: journeys.filter(|(_, passes)| passes[0] > 0).collect(),
        errors,
        corrections,
        wait: script.wait_of(0),
        sent: sent.take(),
    }
}

fn shop_plan(class: &str, options: JourneyOptions, pacing: Pacing) -> Plan {
    Plan {
        options: options.words(),
        ..plan(&[class], pacing)
    }
}

fn from_files(plan: &Plan, class: &str, generation: Generation) -> FileScript {
    let mut plan = plan.clone();
    plan.classes[0].class = class.to_owned();
    if generation == Generation::Five {
        plan.options.extend(AS_TEXTS);
    }
    let workload = FileWorkload::new(&MODEL);
    workload.script(&plan, &workload.presumed()).unwrap()
}

/// Panics at the first difference.
fn compare(rust: &Lived, file: &Lived, about: &str) {
    assert!(rust.sent.len() > 3, "{about}: {} requests", rust.sent.len());
    for (place, (rust, file)) in rust.sent.iter().zip(&file.sent).enumerate() {
        assert_eq!(rust, file, "{about}: request {place}");
    }
    assert_eq!(rust.sent.len(), file.sent.len(), "{about}");
    assert_eq!(rust.journeys, file.journeys, "{about}");
    assert_eq!(rust.wait, file.wait, "{about}");
    // Rows of steps that only races take are not in the file.
    let in_file = |name: &String| file.rows.iter().any(|(known, _)| known == name);
    let rows: Vec<_> = rust.rows.iter().filter(|(name, _)| in_file(name)).collect();
    assert_eq!(rows, file.rows.iter().collect::<Vec<_>>(), "{about}");
    let raises: Vec<_> = rust
        .raises
        .iter()
        .filter(|(name, _)| in_file(name))
        .collect();
    assert_eq!(raises, file.raises.iter().collect::<Vec<_>>(), "{about}");
    assert_eq!(rust.errors, file.errors, "{about}");
    let corrections = rust.corrections.iter();
    let corrections: Vec<_> = corrections.filter(|(name, _)| in_file(name)).collect();
    let of_file: Vec<_> = file.corrections.iter().collect();
    assert_eq!(corrections, of_file, "{about}");
}

/// Every set of the options that change what these journeys do.
pub fn option_sets(class: &str) -> Vec<JourneyOptions> {
    let of_class: &[JourneyOption] = match class {
        "InventoryUser" => &[JourneyOption::ReleaseProbe, JourneyOption::MatchingCount],
        "PaymentsUser" => &[JourneyOption::RepeatedKey],
        "MixedWorkloadUser" => &[JourneyOption::MatchingCount, JourneyOption::RepeatedKey],
        "CrossDomainFloodUser" => &[JourneyOption::ByRequest],
        "CrossDomainUser" => &[JourneyOption::TolerantSaga],
        _ => &[],
    };
    let all: Vec<JourneyOption> = of_class
        .iter()
        .copied()
        .chain([JourneyOption::Strict])
        .collect();
    let sets = 0..1_u32 << all.len();
    let chosen = |set: u32| {
        let options = all.iter().enumerate();
        let options = options.filter(move |(bit, _)| set & (1 << bit) != 0);
        options.map(|(_, option)| *option).collect()
    };
    sets.map(chosen)
        .chain([JourneyOptions::from_iter(JourneyOption::ALL)])
        .collect()
}

fn check_class(class: &str) {
    let with = |class| option_sets(class).into_iter();
    let usual = with(class).map(|options| (options, Pacing::Class));
    let hurried = (JourneyOptions::default(), Pacing::Max);
    for (options, pacing) in usual.chain([hurried]) {
        for generation in Generation::ALL {
            let plan = shop_plan(class, options, pacing);
            let about = format!("{class}, {generation:?}, {options:?}, {pacing:?}");
            match class {
                "CrossDomainUser" => {
                    let known = user_class(class).unwrap();
                    let rust = WithoutRaces::new(&plan, known, generation);
                    let file = from_files(&plan, "WholeOrderUser", generation);
                    check(rust, file, pacing, &about);
                }
                _ => {
                    let rust = ShopScript::new(&plan, generation).unwrap();
                    let file = from_files(&plan, class, generation);
                    check(rust, file, pacing, &about);
                }
            }
        }
    }
}

fn check(rust: impl Described, file: FileScript, pacing: Pacing, about: &str) {
    let (rust, file) = (Arc::new(rust), Arc::new(file));
    let run_ns = match pacing {
        Pacing::Class => 300 * SECOND,
        Pacing::Max => 10 * SECOND,
    };
    for (user, mood) in [(0, Mood::Well), (7, Mood::Ill), (8, Mood::Ill)] {
        let about = format!("{about}, {mood:?}, user {user}");
        let rust = live(&rust, user, (run_ns, mood));
        let file = live(&file, user, (run_ns, mood));
        compare(&rust, &file, &about);
    }
}

/// One test a class, so that a difference is told with all others.
macro_rules! classes {
    ($($test:ident: $class:literal,)+) => {
        $(#[test] fn $test() { check_class($class); })+
    };
}

classes! {
    an_identity_user_is_the_same: "IdentityUser",
    a_catalogue_user_is_the_same: "CatalogueUser",
    an_ordering_user_is_the_same: "OrderingUser",
    an_inventory_user_is_the_same: "InventoryUser",
    a_payments_user_is_the_same: "PaymentsUser",
    a_mixed_workload_user_is_the_same: "MixedWorkloadUser",
    an_event_flood_user_is_the_same: "EventFloodUser",
    a_spike_user_is_the_same: "SpikeUser",
    a_cross_domain_flood_user_is_the_same: "CrossDomainFloodUser",
    whole_orders_and_sagas_are_the_same: "CrossDomainUser",
}

/// What is in the files is all that is ordinary, under the same words and with the same lines.
#[test]
fn the_files_have_every_ordinary_journey_class_and_option() {
    for kind in JourneyKind::ALL {
        let races = kind.race().is_some() || *kind == JourneyKind::FlashSaleStampede;
        let mut journeys = MODEL.journeys.iter();
        let journey = journeys.find(|journey| journey.name == kind.name());
        assert_eq!(journey.is_some(), !races, "{}", kind.name());
        if let Some(journey) = journey {
            assert_eq!(journey.about, kind.summary());
        }
    }
    for class in CLASSES {
        let rust = user_class(class).unwrap();
        let file = MODEL.class(class).unwrap();
        assert_eq!((file.about.as_str(), file.wait), (rust.summary, rust.wait));
    }
    for option in JourneyOption::ALL {
        let mut options = MODEL.options.iter();
        let known = options.find(|known| known.name == option.word());
        match option {
            JourneyOption::Strict => assert!(known.is_none(), "every file has it"),
            option => assert_eq!(known.unwrap().about, option.summary()),
        }
    }
}
