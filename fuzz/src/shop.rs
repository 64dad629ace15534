//! What the shop says when it does not say yes.

use shopblast::engine::{Judge, Script};
use shopblast::plan::{ClassShare, Driver, Load, Pacing, Plan, RunId, Stage, Target};
use shopblast::shop::{Generation, ShopScript, USER_CLASSES};
use shopblast::stats::{Outcome, REASON_BYTES, Reason};
use std::sync::LazyLock;
use std::time::Duration;

/// Those of races: the files' replies are read by a reader of their own, which reads reasons alike.
static JUDGES: LazyLock<Vec<Judge>> = LazyLock::new(judges);

/// Every reply is judged, with a reason that fits into a line of a table and does not change when
/// the same reply comes again. The first two bytes are the status.
pub fn judge(bytes: &[u8]) {
    let [high, low, body @ ..] = bytes else {
        return;
    };
    let status = u16::from_be_bytes([*high, *low]);
    for judge in JUDGES.iter() {
        let (outcome, reason) = judge(status, body);
        check(outcome, &reason);
        let again = judge(status, body);
        assert_eq!((again.0, again.1.as_str()), (outcome, reason.as_str()));
    }
}

fn check(outcome: Outcome, reason: &Reason) {
    assert_ne!(outcome, Outcome::Success);
    assert!(!reason.as_str().is_empty(), "no reason");
    assert!(reason.as_str().len() <= REASON_BYTES);
    let broken = |letter: char| letter.is_control();
    assert!(!reason.as_str().contains(broken), "{:?}", reason.as_str());
}

/// The judges of all operations, each once.
fn judges() -> Vec<Judge> {
    let script =
        ShopScript::new(&plan(), Generation::Five).expect("the classes are the shop's own");
    let mut judges: Vec<Judge> = Vec::new();
    let steps = script.steps().iter();
    for step in steps.filter(|step| step.operation.reading.is_none()) {
        let judge = step.operation.judge;
        if !judges
            .iter()
            .any(|known| std::ptr::fn_addr_eq(*known, judge))
        {
            judges.push(judge);
        }
    }
    judges
}

/// Every class, for as long as a plan must last.
fn plan() -> Plan {
    let run_time = Duration::from_secs(1);
    let stage = Stage {
        users: 1,
        spawn_rate_per_s: 1.0,
        duration_us: 1_000_000,
    };
    Plan {
        warm_up: Duration::ZERO,
        profile: "fuzz".to_owned(),
        classes: USER_CLASSES
            .iter()
            .map(|class| ClassShare {
                class: class.name.to_owned(),
                weight: 1,
            })
            .collect(),
        target: Target::parse("http://localhost:8000").expect("an address"),
        addresses: shopblast::plan::AddressChoice::All,
        load: Load::closed(vec![stage], run_time).expect("one user for a second"),
        pacing: Pacing::Max,
        options: Vec::new(),
        races: shopblast::plan::PlannedRaces::default(),
        failures: shopblast::plan::FailureRule::Default,
        thresholds: Vec::new(),
        run_time,
        stop_timeout: run_time,
        request_timeout: run_time,
        connections: None,
        max_body_bytes: 1 << 20,
        driver: Driver::Uring,
        cores: vec![0],
        placement: shopblast::plan::Placement::default(),
        seed: 1,
        run_id: RunId::new(1, 1, 1),
        shard: shopblast::plan::Shard::WHOLE,
        shares_set_up: false,
    }
}
