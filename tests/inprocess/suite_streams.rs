//! The suite sends what it sent when its journeys were written in Rust: digests that those left behind, of
//! every class, set of options and generation of the shop, whatever the shop answers.

use crate::carried_journey::FLASH_ITEM;
use crate::simulated_shop::{MS, OF_FIVE, SECOND, plan, refusal, well};
use shopblast::engine::{
    Broken, Described, Id, PreparedHeads, Recorder, SessionStart, SimulatedAnswer, Simulation,
};
use shopblast::plan::{Pacing, Plan, Target, UniqueNumbers, WaitTime, fnv1a, user_seed};
use shopblast::shop::{Generation, JourneyOption, JourneyOptions, ShopScript, ShopSettings, Suite};
use shopblast::stats::{CoreInterval, Outcome};
use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;

pub const LATENCY_NS: u64 = 20 * MS;

/// What the Rust versions of the ordinary journeys did before they went. Lines are never written anew for
/// journeys that were there then: a class that is new adds its own.
const STREAMS: &str = "tests/golden/suite-streams";
/// Users of each line: who they are, and how the shop answers.
pub const LIVES: [(u32, Mood); 3] = [(0, Mood::Well), (7, Mood::Ill), (8, Mood::Ill)];

/// The options that there were when the journeys were written in Rust.
const ALL_THEN: [JourneyOption; 6] = [
    JourneyOption::Strict,
    JourneyOption::ReleaseProbe,
    JourneyOption::MatchingCount,
    JourneyOption::RepeatedKey,
    JourneyOption::TolerantSaga,
    JourneyOption::ByRequest,
];

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
    sent: Vec<(u64, String)>,
    /// Requests by name, in the order of the statistics, by outcome.
    rows: Vec<(String, Vec<u64>)>,
    /// What a success of each raises.
    raises: Vec<(String, Vec<String>)>,
    /// Why requests did not succeed, with how many it happened to.
    errors: Vec<String>,
    /// What was raised otherwise than outcomes tell.
    corrections: Vec<(String, String)>,
    /// Passes that were begun, completed and aborted, by journey.
    journeys: Vec<(String, [u64; 3])>,
    wait: WaitTime,
}

/// A user's life, where `shop` answers, unless it is ill.
pub fn live<S: Described>(
    script: &Arc<S>,
    user: u32,
    (run_ns, mood): (u64, Mood),
    mut shop: impl FnMut(&[u8]) -> SimulatedAnswer + 'static,
) -> Lived {
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
        answer.unwrap_or_else(|| shop(without.as_bytes()))
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

/// Every set of the options that change what these journeys do.
fn option_sets(class: &str) -> Vec<JourneyOptions> {
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
        .chain([JourneyOptions::from_iter(ALL_THEN)])
        .collect()
}

/// What some users did, as one line.
pub fn digest(lives: &[Lived]) -> String {
    let (mut sent, mut told, mut raised) = (String::new(), String::new(), String::new());
    for life in lives {
        for (moment_ns, request) in &life.sent {
            let _ = writeln!(sent, "{moment_ns} {request}");
        }
        let counted = |counts: &[u64]| counts.iter().any(|count| *count > 0);
        let figures = life.rows.iter().zip(&life.raises).zip(&life.corrections);
        for (((name, counts), (_, raises)), (_, corrections)) in figures {
            if counted(counts) {
                let _ = writeln!(told, "{name} {counts:?}");
                let _ = writeln!(raised, "{name} {raises:?} {corrections}");
            }
        }
        let _ = writeln!(
            told,
            "{:?} {:?} {:?}",
            life.errors, life.journeys, life.wait
        );
    }
    let requests: usize = lives.iter().map(|life| life.sent.len()).sum();
    let [sent, told, raised] = [sent, told, raised].map(|text| fnv1a(text.as_bytes()));
    format!("{requests} requests, sent {sent:016x}, told {told:016x}, raised {raised:016x}")
}

fn line(class: &str, options: JourneyOptions, pacing: Pacing, generation: Generation) -> String {
    let settings = ShopSettings {
        options,
        suite: Some(Suite::Five),
        ..ShopSettings::default()
    };
    let plan = Plan {
        options: settings.plan_words(),
        ..plan(&[class], pacing)
    };
    let run_ns = match pacing {
        Pacing::Class => 300 * SECOND,
        Pacing::Max => 10 * SECOND,
    };
    let script = ShopScript::new(&plan, generation).unwrap();
    let item = Id::new(FLASH_ITEM.as_bytes()).unwrap();
    script.supplies().put_up_flash_item(item);
    let script = Arc::new(script);
    let lives = LIVES.map(|(user, mood)| {
        let shop = |request: &[u8]| well(request, LATENCY_NS);
        live(&script, user, (run_ns, mood), shop)
    });
    let (with, digest) = (options.words().join(" "), digest(&lives));
    format!("{class} {generation:?} {pacing:?} [{with}]: {digest}\n")
}

fn lines(class: &str) -> String {
    let mut text = String::new();
    let usual = option_sets(class).into_iter();
    let usual = usual.map(|options| (options, Pacing::Class));
    let hurried = (JourneyOptions::default(), Pacing::Max);
    for (options, pacing) in usual.chain([hurried]) {
        for generation in Generation::ALL {
            text += &line(class, options, pacing, generation);
        }
    }
    text
}

fn check_class(class: &str) {
    let path = format!("{STREAMS}/{class}.txt");
    let lines = lines(class);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, &lines).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    for (line, golden) in lines.lines().zip(golden.lines()) {
        assert_eq!(line, golden);
    }
    assert_eq!(lines.lines().count(), golden.lines().count());
}

/// One test a class, so that a difference is told with all others.
macro_rules! classes {
    ($($test:ident: $class:literal,)+) => {
        $(#[test] fn $test() { check_class($class); })+

        #[test]
        fn every_class_of_the_suite_is_held_to_what_it_did() {
            assert_eq!(OF_FIVE, [$($class),+]);
        }
    };
}

classes! {
    an_identity_user_does_what_it_did: "IdentityUser",
    a_catalogue_user_does_what_it_did: "CatalogueUser",
    an_ordering_user_does_what_it_did: "OrderingUser",
    an_inventory_user_does_what_it_did: "InventoryUser",
    a_payments_user_does_what_it_did: "PaymentsUser",
    a_mixed_workload_user_does_what_it_did: "MixedWorkloadUser",
    a_cross_domain_user_does_what_it_did: "CrossDomainUser",
    a_race_condition_user_does_what_it_did: "RaceConditionUser",
    a_race_audit_user_does_what_it_did: "RaceAuditUser",
    a_flash_sale_user_does_what_it_did: "FlashSaleUser",
    an_event_flood_user_does_what_it_did: "EventFloodUser",
    a_spike_user_does_what_it_did: "SpikeUser",
    a_cross_domain_flood_user_does_what_it_did: "CrossDomainFloodUser",
}
