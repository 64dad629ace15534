//! Tests of the judgement of a probe.

use super::*;
use crate::hunt::made_up;
use crate::stats::{Amount, Trend};
use std::sync::LazyLock;

const CALM: ((u64, u64), (u64, u64)) = ((1_000, 500), (1_100, 500));

static CRITERIA: LazyLock<Criteria> = LazyLock::new(made_up::criteria);

fn judged<'a>(
    probe: &'a ProbeRecord,
    change: impl FnOnce(&mut Evidence<'a>),
) -> (Judgement, Option<Judgement>) {
    let mut evidence = Evidence {
        probe,
        objectives: &[],
        early: CALM.0,
        late: CALM.1,
        fell: false,
        unloaded: None,
        criteria: &CRITERIA,
        dead_letters: &[],
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
    let mut probe = made_up::probe(1, 1_000.0);
    probe.carried_per_s = 991.0;
    assert!(judged(&probe, |_| ()).0.sustained);
    probe.carried_per_s = 989.0;
    let http = judged(&probe, |_| ()).0;
    assert_eq!(http.limited_by, Limit::Carried);
    assert_eq!(http.first_to_give_way, "POST /customers");
    assert_eq!(
        http.why,
        ["989.0 of 1000 journeys/s that were offered were carried"]
    );
}

#[test]
fn the_most_telling_criterion_comes_first_and_all_are_told() {
    let mut probe = made_up::probe(1, 1_000.0);
    probe.carried_per_s = 100.0;
    probe.failure_share = 0.5;
    let objectives = [objective(
        "response: p(99) < 50ms",
        ThresholdVerdict::Crossed,
    )];
    let http = judged(&probe, |evidence| evidence.objectives = &objectives).0;
    assert_eq!(http.limited_by, Limit::Threshold);
    assert_eq!(http.why.len(), 3);
    assert_eq!(http.why[0], "`response: p(99) < 50ms`: 81.0ms");
    let http = judged(&probe, |evidence| evidence.fell = true).0;
    assert_eq!(http.limited_by, Limit::FellOver);
}

#[test]
fn a_threshold_that_nobody_can_judge_does_not_fail_a_probe() {
    let objectives = [objective(
        "response: p(99) < 50ms",
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
    let http = judged(&probe, |_| ()).0;
    assert_eq!(http.limited_by, Limit::Failures);
    assert_eq!(http.why, ["0.050 % of the requests failed (limit 0 %)"]);
    let lenient = Criteria {
        failure_limit: 0.001,
        ..made_up::criteria()
    };
    assert!(
        judged(&probe, |evidence| evidence.criteria = &lenient)
            .0
            .sustained
    );
}

#[test]
fn response_times_that_double_and_more_are_growing() {
    let probe = made_up::probe(1, 100.0);
    let grows = |early, late| {
        let http = judged(&probe, |evidence| {
            (evidence.early, evidence.late) = (early, late);
        });
        http.0.limited_by == Limit::Latency
    };
    assert!(grows((100_000, 500), (250_000, 500)));
    assert!(!grows((100_000, 500), (190_000, 500)), "not doubled");
    assert!(!grows((1_000, 500), (90_000, 500)), "still short");
    assert!(!grows((100_000, 5), (900_000, 500)), "too few to tell");
}

#[test]
fn a_user_that_gets_less_than_half_is_held_up() {
    let users = |load: f64, per_s: f64| {
        let mut probe = made_up::probe(1, load);
        (probe.offered_per_s, probe.requests_per_s) = (None, per_s);
        probe
    };
    let alone = users(1.0, 100.0);
    let (enough, too_little) = (users(10.0, 510.0), users(10.0, 490.0));
    let pace = |probe| {
        let http = judged(probe, |evidence| evidence.unloaded = Some(&alone)).0;
        http.limited_by
    };
    assert_eq!(pace(&enough), Limit::Nothing);
    assert_eq!(pace(&too_little), Limit::Pace);
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
    probe.carried_per_s = 1.0;
    let first = |probe| {
        let http = judged(probe, |evidence| evidence.unloaded = Some(&unloaded)).0;
        http.first_to_give_way
    };
    assert_eq!(first(&probe), "POST /quick");
    let mut failing = probe.clone();
    failing.names[0].failures = 3;
    failing.failure_share = 0.1;
    assert_eq!(first(&failing), "GET /slow", "it failed");
}
