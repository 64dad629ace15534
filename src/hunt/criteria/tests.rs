//! Tests of the judgement of a probe.

use super::*;
use crate::hunt::made_up;
use crate::hunt::reading::{Reading, Scales};
use crate::stats::{Amount, Flow, Trend};
use std::sync::LazyLock;

static CRITERIA: LazyLock<Criteria> = LazyLock::new(made_up::criteria);
static CALM: LazyLock<Weighed> = LazyLock::new(|| weighed(&Reading::default(), 0.0));

/// What `reading` comes to; a flow of none is one of users.
fn weighed(reading: &Reading, failure_limit: f64) -> Weighed {
    let scales = Scales {
        failure_limit,
        ..Scales::default()
    };
    scales.weigh(reading)
}

/// A window of 10 s with so many offered, of which in flight grew evenly by `growth`.
fn flow(offered: u64, growth: f64) -> Weighed {
    let in_flight: Vec<f64> = (0..=10).map(|at| growth * f64::from(at) / 10.0).collect();
    let reading = Reading {
        flow: Some(Flow::of(offered, &in_flight, &[0.1; 10])),
        per_second: vec![offered as f64 / 10.0; 10],
        ..Reading::default()
    };
    weighed(&reading, 0.0)
}

fn judged<'a>(
    probe: &'a ProbeRecord,
    change: impl FnOnce(&mut ProbeEvidence<'a>),
) -> (Judgement, Option<Judgement>) {
    let mut evidence = ProbeEvidence {
        probe,
        objectives: &[],
        weighed: &CALM,
        fell: false,
        unloaded: None,
        criteria: &CRITERIA,
        dead_letters: &[],
        events_before: &[],
    };
    change(&mut evidence);
    (
        judge_http(&evidence),
        judge_pipeline(&evidence, &probe.http),
    )
}

fn objective(text: &str, verdict: ThresholdVerdict) -> Objective {
    Objective {
        threshold: Threshold::parse(text).unwrap(),
        verdict,
        value: "81.0ms".to_owned(),
        why: String::new(),
    }
}

#[test]
fn a_calm_probe_is_sustained_on_both_sides() {
    let (http, pipeline) = judged(&made_up::probe(1, 100.0), |_| ());
    assert_eq!(http, Judgement::sustained());
    assert_eq!(pipeline, Some(Judgement::sustained()));
}

#[test]
fn carrying_less_than_99_of_100_is_too_little() {
    let probe = made_up::probe(1, 1_000.0);
    let enough = flow(10_000, 90.0);
    assert!(
        judged(&probe, |evidence| evidence.weighed = &enough)
            .0
            .sustained
    );
    let less = flow(10_000, 110.0);
    let http = judged(&probe, |evidence| evidence.weighed = &less).0;
    assert_eq!(http.limited_by, Limit::Carried);
    assert_eq!(http.first_to_give_way, "POST /customers");
    assert_eq!(
        http.why,
        ["9,890 of 10,000 journeys that were offered were carried (chance makes 3)"]
    );
}

#[test]
fn a_window_that_cannot_tell_is_undecided_and_says_by_what() {
    let probe = made_up::probe(1, 10.0);
    let walk = Flow::of(
        100,
        &[0.0, 4.0, 2.0, 5.0, 3.0, 7.0, 4.0, 6.0, 9.0, 5.0, 7.0],
        &[],
    );
    let reading = Reading {
        flow: Some(walk),
        ..Reading::default()
    };
    let doubtful = weighed(&reading, 0.0);
    let http = judged(&probe, |evidence| evidence.weighed = &doubtful).0;
    assert!(http.undecided && !http.sustained, "{http:?}");
    assert_eq!(http.limited_by, Limit::Undecided);
    assert!(http.why[0].starts_with("93 of 100 journeys"), "{http:?}");
    // What is sure is told alone.
    let fell = judged(&probe, |evidence| {
        evidence.weighed = &doubtful;
        evidence.fell = true;
    });
    assert!(!fell.0.undecided && fell.0.why.len() == 1, "{:?}", fell.0);
}

#[test]
fn windows_together_are_told_so() {
    let probe = made_up::probe(1, 10.0);
    let mut less = flow(200, 60.0);
    less.windows = 3;
    let http = judged(&probe, |evidence| evidence.weighed = &less).0;
    assert!(http.why[0].ends_with("(3 windows together)"), "{http:?}");
}

#[test]
fn the_most_telling_criterion_comes_first_and_all_are_told() {
    let probe = made_up::probe(1, 1_000.0);
    let mut reading = Reading {
        flow: Some(Flow::of(10_000, &[0.0, 4_000.0, 9_000.0], &[])),
        per_second: vec![500.0; 2],
        failures: 500.0,
        ..Reading::default()
    };
    let objectives = [objective("response: avg < 50ms", ThresholdVerdict::Crossed)];
    let all = weighed(&reading, 0.0);
    let http = judged(&probe, |evidence| {
        evidence.objectives = &objectives;
        evidence.weighed = &all;
    });
    let http = http.0;
    assert_eq!(http.limited_by, Limit::Threshold);
    assert_eq!(http.why.len(), 3);
    assert_eq!(http.why[0], "`response: avg < 50ms`: 81.0ms");
    let http = judged(&probe, |evidence| evidence.fell = true).0;
    assert_eq!(http.limited_by, Limit::FellOver);
    reading.failures = 0.0;
    assert_eq!(weighed(&reading, 0.0).failures, WindowAnswer::Yes);
}

#[test]
fn a_percentile_is_judged_by_its_interval_and_not_by_its_value() {
    use crate::stats::{Tail, TailSecond};
    let probe = made_up::probe(1, 10.0);
    let objectives = [objective("response: p(95) < 1s", ThresholdVerdict::Crossed)];
    let http_of = |beyond: [u64; 10]| {
        let seconds = beyond.map(|beyond| TailSecond {
            requests: 6,
            beyond,
            beyond_half: beyond,
        });
        let scales = Scales {
            allowed: vec![0.05],
            ..Scales::default()
        };
        let weighed = scales.weigh(&Reading {
            tails: vec![Tail::of(&seconds, 1e5, 1e6, 0.95)],
            ..Reading::default()
        });
        let judgement = judged(&probe, |evidence| {
            evidence.objectives = &objectives;
            evidence.weighed = &weighed;
        });
        judgement.0
    };
    let clump = http_of([0, 0, 0, 6, 6, 0, 0, 0, 0, 0]);
    assert!(clump.undecided, "{clump:?}");
    assert!(clump.why[0].contains("5 % may be"), "{clump:?}");
    assert_eq!(http_of([3; 10]).limited_by, Limit::Threshold);
    assert!(http_of([0; 10]).undecided, "60 requests are too few");
}

#[test]
fn a_threshold_that_nobody_can_judge_does_not_fail_a_probe() {
    let objectives = [objective(
        "response: avg < 50ms",
        ThresholdVerdict::Undecided,
    )];
    let probe = made_up::probe(1, 100.0);
    assert!(
        judged(&probe, |evidence| evidence.objectives = &objectives)
            .0
            .sustained
    );
}

#[test]
fn observed_thresholds_are_the_pipelines() {
    let text = "observed(backlog{domain=\"ordering\"}) < 100";
    let objectives = [objective(text, ThresholdVerdict::Crossed)];
    let probe = made_up::probe(1, 100.0);
    let (http, pipeline) = judged(&probe, |evidence| evidence.objectives = &objectives);
    assert!(http.sustained);
    let pipeline = pipeline.unwrap();
    assert_eq!(pipeline.limited_by, Limit::Threshold);
    assert_eq!(pipeline.first_to_give_way, "ordering");
}

#[test]
fn failures_up_to_the_limit_are_allowed() {
    let mut probe = made_up::probe(1, 100.0);
    probe.failure_share = 0.000_5;
    let reading = Reading {
        per_second: vec![1_000.0; 10],
        failures: 5.0,
        ..Reading::default()
    };
    let strict = weighed(&reading, 0.0);
    let http = judged(&probe, |evidence| evidence.weighed = &strict).0;
    assert_eq!(http.limited_by, Limit::Failures);
    assert_eq!(http.why, ["0.050 % of the requests failed (limit 0 %)"]);
    let lenient = weighed(&reading, 0.001);
    assert!(
        judged(&probe, |evidence| evidence.weighed = &lenient)
            .0
            .sustained
    );
}

#[test]
fn response_times_that_grow_evenly_are_told_before_the_counts() {
    let probe = made_up::probe(1, 83.0);
    let delays: Vec<f64> = (0..10).map(|at| 0.125 + 0.0375 * f64::from(at)).collect();
    let mut in_flight = vec![1.0; 5];
    in_flight.extend([2.0; 6]);
    let reading = Reading {
        flow: Some(Flow::of(83, &in_flight, &delays)),
        ..Reading::default()
    };
    let growing = weighed(&reading, 0.0);
    let http = judged(&probe, |evidence| evidence.weighed = &growing).0;
    assert_eq!(http.limited_by, Limit::Latency);
    assert_eq!(http.why, ["response times grew by 40 ms a second"]);
}

#[test]
fn a_user_that_gets_less_than_half_is_held_up() {
    let users = |load: f64, per_s: f64| {
        let mut probe = made_up::probe(1, load);
        (probe.offered_per_s, probe.requests_per_s) = (None, per_s);
        probe
    };
    let alone = users(1.0, 100.0);
    let pace = |probe: &ProbeRecord| {
        let scales = Scales {
            least_pace: Some((500.0, 1e6)),
            ..Scales::default()
        };
        let weighed = scales.weigh(&Reading {
            per_second: vec![probe.requests_per_s; 10],
            ..Reading::default()
        });
        let mut evidence = ProbeEvidence {
            probe,
            objectives: &[],
            weighed: &weighed,
            fell: false,
            unloaded: Some(&alone),
            criteria: &CRITERIA,
            dead_letters: &[],
            events_before: &[],
        };
        let held_up = judge_http(&evidence).limited_by;
        evidence.unloaded = None;
        assert_eq!(judge_http(&evidence), Judgement::sustained());
        held_up
    };
    assert_eq!(pace(&users(10.0, 510.0)), Limit::Nothing);
    assert_eq!(pace(&users(10.0, 490.0)), Limit::Pace);
}

#[test]
fn a_backlog_grows_when_it_is_certain_and_matters() {
    let verdict = |slope, low| {
        let mut probe = made_up::probe(1, 100.0);
        probe.domains = vec![made_up::domain("identity", 100.0, 0.0)];
        probe.domains[0].slope_per_s = Some(Trend {
            slope,
            low: Some(low),
            high: None,
            points: 10,
        });
        judged(&probe, |_| ()).1.unwrap()
    };
    let growing = verdict(10.0, 8.0);
    assert_eq!(growing.limited_by, Limit::Backlog);
    assert_eq!(growing.first_to_give_way, "identity");
    assert!(verdict(10.0, -1.0).sustained, "it may be chance");
    let mut probe = made_up::probe(1, 100.0);
    probe.domains[0].slope_per_s = Some(Trend {
        slope: 60.0,
        low: None,
        high: None,
        points: 5,
    });
    let few = judged(&probe, |_| ()).1.unwrap();
    assert!(few.undecided && !few.sustained, "{few:?}");
    assert!(verdict(0.3, 0.2).sustained, "three events in ten seconds");
}

#[test]
fn a_source_that_stops_counting_shows_growth_nevertheless() {
    let mut probe = made_up::probe(1, 100.0);
    let cut = Amount {
        value: 100.0,
        at_least: true,
    };
    probe.domains[0].slope_per_s = None;
    probe.domains[0].at_load_end = Some(cut);
    let pipeline = judged(&probe, |_| ()).1.unwrap();
    assert_eq!(
        pipeline.why,
        ["the backlog of identity grew from 0 to ≥ 100, where its source stops counting"]
    );
    probe.domains[0].at_load_end = Some(Amount::exact(3.0));
    assert_eq!(judged(&probe, |_| ()).1, None, "nothing can be said");
}

#[test]
fn the_worst_domain_gives_way_first() {
    let mut probe = made_up::probe(1, 100.0);
    probe.domains = vec![
        made_up::domain("identity", 1_000.0, 20.0),
        made_up::domain("payments", 10.0, 5.0),
    ];
    let pipeline = judged(&probe, |_| ()).1.unwrap();
    assert_eq!(pipeline.first_to_give_way, "payments");
}

#[test]
fn dead_letters_are_not_sustainable() {
    let probe = made_up::probe(1, 100.0);
    let dead = [("ordering".to_owned(), 2.0)];
    let pipeline = judged(&probe, |evidence| evidence.dead_letters = &dead).1;
    assert_eq!(
        pipeline.unwrap().why,
        ["2 dead letters of ordering put aside"]
    );
}

#[test]
fn what_http_did_not_carry_tells_nothing_of_a_pipeline_that_kept_pace() {
    let mut probe = made_up::probe(1, 2_000.0);
    probe.http = made_up::overloaded(Limit::Carried, "less", "");
    assert_eq!(judged(&probe, |_| ()).1, None);
    probe.domains = Vec::new();
    assert_eq!(judged(&probe, |_| ()).1, None, "nothing observed");
}

#[test]
fn the_operation_that_slowed_down_most_gave_way() {
    let name = |name: &str, service_p99_us| NameProbe {
        name: name.to_owned(),
        requests: 1_000,
        failures: 0,
        service_p99_us,
    };
    let mut unloaded = made_up::probe(1, 10.0);
    unloaded.names = vec![name("GET /slow", 50_000), name("POST /quick", 1_000)];
    let mut probe = made_up::probe(2, 100.0);
    probe.names = vec![name("GET /slow", 60_000), name("POST /quick", 20_000)];
    let less = flow(1_000, 500.0);
    let first = |probe| {
        let http = judged(probe, |evidence| {
            evidence.unloaded = Some(&unloaded);
            evidence.weighed = &less;
        })
        .0;
        http.first_to_give_way
    };
    assert_eq!(first(&probe), "POST /quick");
    let mut failing = probe.clone();
    failing.names[0].failures = 3;
    failing.failure_share = 0.1;
    let mut failed = less.clone();
    failed.failures = WindowAnswer::No;
    let http = judged(&failing, |evidence| evidence.weighed = &failed).0;
    assert_eq!(http.first_to_give_way, "GET /slow", "it failed");
}
