//! Tests of what is said of a probe's events.

use super::*;
use crate::hunt::made_up;
use crate::hunt::reading::{Reading, Scales};
use crate::plan::EventSample;
use crate::stats::{EventLatencies, FollowedCounts};
use std::sync::Arc;

const SLO: &str = "event(OrderCreated).done: p(99) < 2s";

fn objective(text: &str, verdict: ThresholdVerdict) -> Objective {
    Objective {
        threshold: Threshold::parse(text).unwrap(),
        verdict,
        value: "1.9s".to_owned(),
        why: String::new(),
    }
}

/// So many events, of which so many are beyond the limit, may come to it, were found in no store.
fn events([known, beyond, young, unseen]: [u64; 4]) -> EventProbe {
    EventProbe {
        slo: SLO.to_owned(),
        raised_per_s: 20.0,
        followed: known + unseen,
        known,
        waiting: young,
        beyond,
        young,
        unseen,
        slowest: "Ordering.OrderCreated".to_owned(),
        ..EventProbe::default()
    }
}

fn judged_after(
    before: &[[u64; 4]],
    now: [u64; 4],
    text: &str,
    verdict: ThresholdVerdict,
) -> Option<Judgement> {
    let with = |counts| ProbeRecord {
        events: vec![events(counts)],
        ..made_up::probe(1, 100.0)
    };
    let before: Vec<ProbeRecord> = before.iter().map(|&counts| with(counts)).collect();
    let before: Vec<&ProbeRecord> = before.iter().collect();
    let probe = with(now);
    let objectives = [
        objective("response: avg < 1s", ThresholdVerdict::Held),
        objective(text, verdict),
    ];
    let weighed = Scales::default().weigh(&Reading::default());
    let criteria = made_up::criteria();
    let evidence = ProbeEvidence {
        probe: &probe,
        objectives: &objectives,
        weighed: &weighed,
        fell: false,
        unloaded: None,
        criteria: &criteria,
        dead_letters: &[],
        events_before: &before,
    };
    judge_events(&evidence, &probe.http)
}

fn judged(now: [u64; 4]) -> Judgement {
    judged_after(&[], now, SLO, ThresholdVerdict::Held).expect("something was seen")
}

#[test]
fn a_percentile_is_judged_by_the_share_that_was_late() {
    assert_eq!(judged([500, 0, 0, 0]), Judgement::sustained());
    let late = judged([500, 20, 0, 0]);
    assert_eq!(late.limited_by, Limit::EventLatency);
    assert_eq!(late.first_to_give_way, "Ordering.OrderCreated");
    assert_eq!(
        late.why,
        ["`event(OrderCreated).done: p(99) < 2s`: 1.9s (20 of 500 beyond, 1 % may be)"]
    );
    let few = judged([100, 0, 0, 0]);
    assert!(few.undecided && !few.sustained, "{few:?}");
    assert!(
        judged([5_000, 49, 0, 0]).sustained,
        "many decide by their share"
    );
    assert_eq!(judged([5_000, 51, 0, 0]).limited_by, Limit::EventLatency);
}

#[test]
fn what_is_on_its_way_or_was_not_found_never_makes_a_load_sustained() {
    for open in [[500, 0, 20, 0], [500, 0, 0, 20], [5_000, 40, 20, 0]] {
        let doubtful = judged(open);
        assert!(
            doubtful.undecided && !doubtful.sustained,
            "{open:?} {doubtful:?}"
        );
    }
    // Late ones are late, whatever becomes of the others.
    assert_eq!(judged([500, 30, 20, 20]).limited_by, Limit::EventLatency);
    let why = judged([500, 0, 20, 3]).why.remove(0);
    assert!(
        why.ends_with("20 still on their way, 3 events found in no store)"),
        "{why}"
    );
}

#[test]
fn windows_at_the_same_load_tell_more_together() {
    let together = judged_after(
        &[[150, 0, 0, 0]; 2],
        [150, 0, 0, 0],
        SLO,
        ThresholdVerdict::Held,
    );
    assert_eq!(together, Some(Judgement::sustained()));
}

#[test]
fn other_figures_go_by_the_verdict_of_the_run() {
    let text = "event(OrderCreated).done: max < 2s";
    let of = |now, verdict| judged_after(&[], now, text, verdict).expect("something was seen");
    assert!(of([50, 0, 0, 0], ThresholdVerdict::Held).sustained);
    assert_eq!(
        of([50, 1, 0, 0], ThresholdVerdict::Crossed).limited_by,
        Limit::EventLatency
    );
    assert!(of([50, 0, 5, 0], ThresholdVerdict::Undecided).undecided);
    assert!(of([50, 0, 0, 1], ThresholdVerdict::Held).undecided);
}

#[test]
fn nothing_is_said_of_events_that_nobody_saw() {
    assert_eq!(
        judged_after(&[], [0, 0, 0, 9], SLO, ThresholdVerdict::Undecided),
        None
    );
}

#[test]
fn events_in_time_behind_an_interface_that_gave_way_say_nothing() {
    let probe = ProbeRecord {
        events: vec![events([500, 0, 0, 0])],
        http: made_up::overloaded(Limit::Carried, "less", ""),
        ..made_up::probe(1, 2_000.0)
    };
    let objectives = [objective(SLO, ThresholdVerdict::Held)];
    let weighed = Scales::default().weigh(&Reading::default());
    let criteria = made_up::criteria();
    let evidence = ProbeEvidence {
        probe: &probe,
        objectives: &objectives,
        weighed: &weighed,
        fell: false,
        unloaded: None,
        criteria: &criteria,
        dead_letters: &[],
        events_before: &[],
    };
    assert_eq!(judge_events(&evidence, &probe.http), None);
}

#[test]
fn a_run_is_read_with_those_on_their_way_at_their_age() {
    let mut order = EventLatency {
        domain: "Ordering",
        name: "OrderCreated",
        counts: FollowedCounts {
            followed: 14,
            found: 12,
            not_found: 2,
            ..FollowedCounts::default()
        },
        ..EventLatency::default()
    };
    for _ in 0..9 {
        order.done.add_over(500_000);
    }
    order.done.add_over(2_500_000);
    order.done.add_waiting(3_000_000);
    order.done.add_waiting(1_000_000);
    let other = EventLatency {
        domain: "Identity",
        name: "CustomerRegistered",
        ..EventLatency::default()
    };
    let account = FollowedAccount {
        sample: EventSample::default(),
        replies: 14,
        no_room: 0,
        sources: Vec::new(),
        shop_ahead_us: None,
        latencies: Arc::new(EventLatencies {
            events: vec![other, order],
        }),
    };
    let run = crate::record::made_up::record();
    let probe = event_probe(&Threshold::parse(SLO).unwrap(), &run, Some(&account)).unwrap();
    assert_eq!(
        (
            probe.followed,
            probe.known,
            probe.waiting,
            probe.beyond,
            probe.young,
            probe.unseen
        ),
        (14, 12, 2, 2, 1, 2)
    );
    assert_eq!(probe.slowest, "Ordering.OrderCreated");
    let value = probe.value.expect("a value");
    assert!(value.at_least && value.value >= 2_990_000.0, "{value:?}");
    let latency = Threshold::parse("response: p(99) < 2s").unwrap();
    assert_eq!(event_probe(&latency, &run, Some(&account)), None);
    let unseen = event_probe(&Threshold::parse(SLO).unwrap(), &run, None).unwrap();
    assert_eq!((unseen.followed, unseen.value), (0, None));
}
