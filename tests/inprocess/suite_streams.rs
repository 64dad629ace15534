//! The suite sends what it sent when its journeys were written in Rust: digests that those left behind, of
//! every class, set of options and generation of the shop, whatever the shop answers.

use crate::carried_journey::FLASH_ITEM;
use crate::simulated_shop::{SECOND, plan};
use crate::suite_files::{Lived, Mood, live, option_sets};
use shopblast::engine::Id;
use shopblast::plan::{Pacing, Plan, fnv1a};
use shopblast::shop::{Generation, JourneyOptions, ShopScript, USER_CLASSES};
use std::fmt::Write;
use std::sync::Arc;

/// What the Rust versions of the ordinary journeys did before they went. Lines are never written anew for
/// journeys that were there then: a class that is new adds its own.
const STREAMS: &str = "tests/golden/suite-streams";
/// Users of each line: who they are, and how the shop answers.
const LIVES: [(u32, Mood); 3] = [(0, Mood::Well), (7, Mood::Ill), (8, Mood::Ill)];

/// What some users did, as one line.
fn digest(lives: &[Lived]) -> String {
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
    let plan = Plan {
        options: options.words(),
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
    let lives = LIVES.map(|(user, mood)| live(&script, user, (run_ns, mood)));
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
            let classes: Vec<&str> = USER_CLASSES.iter().map(|class| class.name).collect();
            assert_eq!(classes, [$($class),+]);
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
