//! Each state of the generator, from made-up phases.

use super::*;
use crate::stats::{Absorb, CoreHealth, LatencyCounts, Measured, Outcome, Phase, WorkerHealth};

/// A phase of requests that took `target_us` each, were sent `sent_late_us` late and read
/// `read_late_us` late.
fn phase(requests: u64, (target_us, sent_late_us, read_late_us): (u64, u64, u64)) -> PhaseTotal {
    let mut phase = PhaseTotal::new(Phase::Steady);
    let mut name = Measured::<LatencyCounts>::default();
    let (mut undelayed, mut attention) = (LatencyCounts::default(), LatencyCounts::default());
    for number in 0..requests {
        let served_us = target_us + number % 7 + read_late_us;
        name.response.record_us(served_us + sent_late_us);
        name.service.record_us(served_us);
        undelayed.record_us(served_us);
        attention.record_us(read_late_us);
    }
    name.outcomes[Outcome::Success] = requests;
    phase.length_us = 5_000_000;
    phase.all.absorb(&name);
    phase.timings.undelayed.absorb(&undelayed);
    phase.timings.attention.absorb(&attention);
    phase
}

/// Seconds of one core with these percentages of CPU time and of waiting for the CPU.
fn seconds(cpu: u64, waited: u64) -> SelfCheck {
    let mut check = SelfCheck::new(&[3]);
    for second in 0..5 {
        check.observe(&CoreHealth {
            core: 0,
            start_us: second * 1_000_000,
            end_us: (second + 1) * 1_000_000,
            tardiness_p99_us: 0,
            health: WorkerHealth {
                cpu_user_ns: cpu * 10_000_000,
                run_queue_ns: waited * 10_000_000,
                ..WorkerHealth::default()
            },
        });
    }
    check
}

fn state(phase: &PhaseTotal, check: &SelfCheck, paced: bool) -> GeneratorState {
    Fitness::of(phase, check, paced, false).state
}

#[test]
fn each_state_goes_by_effect() {
    use GeneratorState::{AtItsLimit, Clean, Disturbed};
    let (idle, full, crowded) = (seconds(2, 0), seconds(99, 0), seconds(10, 60));
    let table = [
        ("nothing late", (20_000, 0, 0), &idle, true, Clean),
        ("below what repeats", (20_000, 50, 100), &idle, true, Clean),
        ("some of it", (20_000, 100, 500), &idle, true, Disturbed),
        // Waiting for the CPU is no verdict, and neither is a busy core.
        ("crowded", (672_000, 0, 3_000), &crowded, true, Clean),
        (
            "busy, slower target",
            (672_000, 0, 3_000),
            &full,
            false,
            Clean,
        ),
        ("much of it", (20_000, 3_000, 0), &idle, true, AtItsLimit),
        ("read late", (20_000, 0, 3_000), &idle, true, AtItsLimit),
        // Timers and wake-ups cost this much with the fastest of targets.
        ("short times", (200, 60, 60), &idle, true, Disturbed),
        ("short times, busy", (200, 60, 60), &full, true, Disturbed),
        (
            "throughput is its own",
            (200, 0, 90),
            &full,
            false,
            AtItsLimit,
        ),
        (
            "rests without pacing",
            (200, 0, 90),
            &idle,
            false,
            Disturbed,
        ),
        ("a batch at a time", (500, 0, 500), &idle, false, AtItsLimit),
        (
            "busy, little is its own",
            (200, 0, 40),
            &full,
            false,
            Disturbed,
        ),
    ];
    for (what, figures, check, paced, expected) in table {
        let fitness = Fitness::of(&phase(5_000, figures), check, paced, false);
        assert_eq!(fitness.state, expected, "{what}: {fitness:?}");
        assert_eq!(fitness.reasons.is_empty(), expected != AtItsLimit, "{what}");
    }
}

#[test]
fn a_tail_is_judged_once_ten_requests_lie_beyond_it() {
    let stalled = |requests: u64| {
        let mut some = phase(requests, (20_000, 0, 10));
        let mut stalls = LatencyCounts::default();
        for _ in 0..requests.div_ceil(50) {
            stalls.record_us(400_000);
        }
        let mut name = Measured::<LatencyCounts>::default();
        name.response.absorb(&stalls);
        name.service.absorb(&stalls);
        name.outcomes[Outcome::Success] = stalls.len();
        some.all.absorb(&name);
        some.timings.undelayed.absorb(&stalls);
        some.timings.attention.absorb(&stalls);
        some
    };
    let idle = seconds(2, 0);
    assert_eq!(state(&stalled(500), &idle, true), GeneratorState::Disturbed);
    let fitness = Fitness::of(&stalled(5_000), &idle, true, false);
    assert_eq!(fitness.state, GeneratorState::AtItsLimit);
    assert!(fitness.reasons[0].contains("of p99"), "{fitness:?}");
}

#[test]
fn offered_load_that_lateness_kept_back_is_its_limit() {
    let mut some = phase(1_000, (20_000, 0, 10));
    (some.counters.shed, some.journeys_started) = (500, 100);
    // The target kept the users busy.
    assert_eq!(
        Fitness::of(&some, &seconds(2, 0), true, true).state,
        GeneratorState::Clean
    );
    some.counters.shed_by_lateness = 30;
    let fitness = Fitness::of(&some, &seconds(2, 0), true, true);
    assert_eq!(fitness.state, GeneratorState::AtItsLimit);
    assert!(
        fitness.reasons[0].starts_with("30 of 600 that were offered"),
        "{fitness:?}"
    );
}

#[test]
fn a_phase_of_a_moment_is_told_and_not_judged() {
    let mut some = phase(5_000, (20_000, 3_000, 0));
    let idle = seconds(2, 0);
    assert_eq!(state(&some, &idle, true), GeneratorState::AtItsLimit);
    some.length_us = 1_500_000;
    assert_eq!(state(&some, &idle, true), GeneratorState::Disturbed);
}

#[test]
fn a_target_that_never_answers_says_nothing_of_the_generator() {
    let mut dead = phase(1_000, (40, 0, 60));
    dead.all.outcomes = [0, 0, 0, 0, 1_000].into();
    assert_eq!(
        Fitness::of(&dead, &seconds(100, 0), false, false),
        Fitness::default()
    );
}

#[test]
fn the_state_is_told_in_the_same_words() {
    let own = OwnShares {
        p50: 0.0,
        p95: 0.011,
        p99: 0.0231,
    };
    let told = |state| state_text(state, &own);
    assert_eq!(told(GeneratorState::Clean), "clean");
    assert_eq!(
        told(GeneratorState::Disturbed),
        "disturbed: at most 3 % of p99 is the generator's"
    );
    assert_eq!(told(GeneratorState::AtItsLimit), "at its limit");
    let median = OwnShares { p50: 0.3, ..own };
    assert_eq!(
        state_text(GeneratorState::Disturbed, &median),
        "disturbed: at most 3 % of p99 is the generator's (30 % of p50)"
    );
}

#[test]
fn older_records_say_whether_it_was_the_limit() {
    let read = |text: &str| serde_json::from_str::<GeneratorState>(text);
    assert_eq!(read("true").expect("read"), GeneratorState::AtItsLimit);
    assert_eq!(read("false").expect("read"), GeneratorState::Clean);
    for state in GeneratorState::ALL {
        let text = serde_json::to_string(&state).expect("written");
        assert_eq!(text, format!("\"{}\"", state.word()));
        assert_eq!(read(&text).expect("read"), state);
    }
    assert!(read("\"fine\"").is_err());
}

#[test]
fn workers_that_share_a_cpu_are_at_their_limit_whatever_the_figures_say() {
    let check = SelfCheck::new(&[0, 1, 0]);
    let crowded = Fitness::of(&phase(1_000, (20_000, 0, 0)), &check, true, false);
    assert_eq!(crowded.state, GeneratorState::AtItsLimit);
    assert_eq!(
        crowded.reasons,
        ["3 workers share 2 CPUs (--oversubscribe): no figure is to be trusted"]
    );
    let one = SelfCheck::new(&[4, 4]);
    let reasons = Fitness::of(&phase(1_000, (20_000, 0, 0)), &one, true, false).reasons;
    assert!(
        reasons[0].starts_with("2 workers share one CPU"),
        "{reasons:?}"
    );
    let apart = SelfCheck::new(&[0, 1, 2]);
    let state = Fitness::of(&phase(1_000, (20_000, 0, 0)), &apart, true, false).state;
    assert_eq!(state, GeneratorState::Clean);
}

/// Who else is there, whether the worker waited more than it worked, and who is to blame.
const BLAMED: &[(Neighbours, u64, &str)] = &[
    (NOBODY, 60, "others had its CPU; use a quieter machine"),
    (NOBODY, 0, "use more cores (--cores)"),
    (OWN_SHOP, 60, "the shop that it brought along had its CPU"),
    (OWN_SHOP, 0, "the shop that it brought along had its CPU"),
    (QUOTA, 60, "which gives the time of 1.5 CPUs, withheld it"),
    (QUOTA, 0, "use more cores (--cores)"),
];

const NOBODY: Neighbours = Neighbours {
    own_target: false,
    quota_cpus: None,
};
const OWN_SHOP: Neighbours = Neighbours {
    own_target: true,
    quota_cpus: None,
};
const QUOTA: Neighbours = Neighbours {
    own_target: false,
    quota_cpus: Some(1.5),
};

#[test]
fn lateness_is_blamed_on_those_who_can_have_caused_it() {
    for (neighbours, waited, blamed) in BLAMED {
        let check = seconds(20, *waited).beside(*neighbours);
        let fitness = Fitness::of(&phase(5_000, (2_000, 2_000, 0)), &check, true, false);
        let [reason] = fitness.reasons.as_slice() else {
            panic!("{:?}", fitness.reasons);
        };
        assert!(reason.contains(blamed), "{blamed}: {reason}");
        let others = BLAMED.iter().map(|(_, _, other)| other);
        let others = others.filter(|other| *other != blamed);
        assert!(
            others.clone().all(|other| !reason.contains(other)),
            "{reason}"
        );
    }
}
