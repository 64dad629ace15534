//! Thresholds over made-up seconds.

use super::*;
use crate::plan::{FailureRule, ObservedMetric};
use crate::stats::{
    JourneyCounts, LatencyCounts, Measured, ObservedSample, ObservedTable, Outcome,
    PROCESSES_COUNTED, Phase, Race, StatName,
};

const SECOND_US: u64 = 1_000_000;

static RACE: Race = Race {
    index: 0,
    name: "last-pieces",
    sides: &["reserve"],
};

/// A run of 5 s, the first of them spawning.
fn context(texts: &[&str]) -> RunContext {
    let name = |method, name| StatName { method, name };
    RunContext {
        names: vec![
            name("POST", "POST /customers"),
            name("PUT", "PUT /orders/{id}/confirm"),
        ],
        raises: vec![Vec::new(), Vec::new()],
        tags: vec![&["shop", "write"], &["shop"]],
        journeys: vec!["NewCustomerJourney"],
        races: vec![&RACE],
        rules: &[],
        cpus: vec![0],
        spawned_us: SECOND_US,
        run_time_us: 5 * SECOND_US,
        excursion: None,
        failures: FailureRule::Default,
        paced: true,
        user_shares: Vec::new(),
        thresholds: texts
            .iter()
            .map(|text| Threshold::parse(text).unwrap_or_else(|error| panic!("{error}")))
            .collect(),
        observed: ObservedTable::default(),
        live: crate::stats::LiveContext::default(),
    }
}

/// A second in which so many requests of each name took so long.
fn second(ordinal: u64, requests: &[(usize, u64, u64)]) -> MergedInterval {
    let mut interval = MergedInterval::new(context(&[]).shape());
    interval.start_us = ordinal * SECOND_US;
    interval.end_us = interval.start_us + SECOND_US;
    interval.phase = if ordinal == 0 {
        Phase::Spawning
    } else {
        Phase::Steady
    };
    for &(row, count, us) in requests {
        for _ in 0..count {
            count_request(&mut interval.names[row], us);
            count_request(&mut interval.all, us);
        }
    }
    interval
}

fn count_request(row: &mut Measured<LatencyCounts>, us: u64) {
    row.response.record_us(us);
    row.service.record_us(us / 2);
    row.lag.record_us(10);
    row.outcomes[Outcome::Success] += 1;
}

/// The states after all `seconds`.
fn judged(texts: &[&str], seconds: &[MergedInterval]) -> Vec<ThresholdStanding> {
    let context = context(texts);
    let mut thresholds = Thresholds::new(&context);
    for interval in seconds {
        thresholds.second(interval, &context);
    }
    thresholds.states()
}

fn value(state: &ThresholdStanding) -> Option<f64> {
    state.value.map(|amount| amount.value)
}

fn verdicts(states: &[ThresholdStanding]) -> Vec<ThresholdVerdict> {
    states.iter().map(|state| state.verdict).collect()
}

use ThresholdVerdict::{Crossed, Held, Undecided};

#[test]
fn windows_merge_histograms_and_never_average_percentiles() {
    // 99 fast requests and a slow one in each second but one, where all are slow: the mean of the
    // medians of the window would be 400 µs, its median is that of 100 and 500 together.
    let seconds = [
        second(0, &[(0, 300, 100)]),
        second(1, &[(0, 100, 1_000)]),
        second(2, &[(0, 300, 100)]),
        second(3, &[(0, 300, 100)]),
    ];
    let states = judged(
        &[
            "response: p(50) < 150us over 2s",
            "response: p(90) < 150us over 2s",
            "response: p(90) < 1100us over 3s",
            "response: max < 2ms over 1s",
        ],
        &seconds,
    );
    assert_eq!(verdicts(&states), [Held, Crossed, Held, Held]);
    let crossed = &states[1];
    assert_eq!(crossed.worst, Some(Amount::exact(1_000.0)));
    assert_eq!(crossed.crossed_at_s, Some(2.0), "the first full window");
    assert_eq!(crossed.worst_at_s, Some(2.0));
    assert_eq!(value(crossed), Some(100.0), "the whole run: 900 of 1000");
    assert_eq!(states[0].worst, Some(Amount::exact(100.0)));
    assert_eq!(states[0].decisive(), Some(Amount::exact(100.0)));
}

#[test]
fn without_a_window_the_end_decides() {
    let seconds = [
        second(0, &[(0, 10, 5_000)]),
        second(1, &[(0, 5, 100)]),
        second(2, &[(0, 200, 100)]),
        second(3, &[(0, 1, 9_000)]),
    ];
    let texts = [
        "response: med < 1ms",
        "response: max < 6ms",
        "response: avg < 400us",
    ];
    let states = judged(&texts, &seconds);
    assert_eq!(verdicts(&states), [Held, Crossed, Held]);
    assert_eq!(states[0].crossed_at_s, None, "it came back");
    assert_eq!(states[1].crossed_at_s, Some(4.0));
    assert_eq!(value(&states[1]), Some(9_000.0));
    let mean = (10.0 * 5_000.0 + 205.0 * 100.0 + 9_000.0) / 216.0;
    assert!((value(&states[2]).unwrap() - mean).abs() < 1e-9);
    let early = judged(&texts, &seconds[..2]);
    assert_eq!(verdicts(&early), [Crossed, Held, Crossed]);
    assert_eq!(early[0].crossed_at_s, Some(1.0));
}

#[test]
fn selectors_choose_rows_and_phases() {
    let seconds = [
        second(0, &[(0, 10, 9_000)]),
        second(1, &[(0, 10, 100), (1, 5, 2_000)]),
        second(2, &[(0, 10, 100), (1, 5, 3_000)]),
    ];
    let states = judged(
        &[
            "response{name=\"PUT /orders/{id}/confirm\"}: max < 10ms",
            "response{method=\"POST\", phase=\"steady\"}: max < 10ms",
            "service{name=~\"P.*\"}: max < 10ms",
            "requests{phase=\"spawning\"}: rate == 10",
            "requests{phase=\"steady\"}: rate == 15",
            "requests{method!=\"POST\"}: count == 10",
            "lag: p99 == 10us",
            "requests{phase=\"steady\"}: rate > 10 over 2s",
            "requests{phase=\"spawning\"}: rate > 10 over 2s",
        ],
        &seconds,
    );
    let values: Vec<_> = states.iter().map(value).collect();
    let expected = [3_000.0, 100.0, 4_500.0, 10.0, 15.0, 10.0, 10.0, 15.0, 10.0];
    assert_eq!(values, expected.map(Some));
    assert_eq!(verdicts(&states)[3..7], [Held; 4]);
    assert_eq!(states[7].worst, Some(Amount::exact(15.0)));
    assert_eq!(verdicts(&states)[8], Undecided);
    let why = states[8].why.as_deref().unwrap();
    assert!(why.contains("no 2 s in a row"), "{why}");
}

#[test]
fn every_outcome_is_a_metric_under_its_own_word() {
    for outcome in Outcome::ALL {
        let mut interval = second(0, &[(0, 10, 100)]);
        interval.all.outcomes[outcome] += 7;
        let expected = interval.all.outcomes[outcome];
        let text = format!("{}: count == {expected}", outcome.word());
        assert_eq!(verdicts(&judged(&[&text], &[interval])), [Held], "{text}");
    }
}

#[test]
fn outcomes_are_shares_and_counts() {
    let mut interval = second(0, &[(0, 90, 100)]);
    for row in [0, 1] {
        interval.names[row].outcomes[Outcome::Conflict] += 5;
        interval.all.outcomes[Outcome::Conflict] += 5;
    }
    interval.all.outcomes[Outcome::Unknown] += 25;
    let states = judged(
        &[
            "conflict: rate < 8%",
            "conflict: rate <= 0.08",
            "conflict{name=\"PUT /orders/{id}/confirm\"}: rate < 5%",
            "failures: count < 25",
            "unknown: count <= 25",
            "success: rate > 70%",
            "refused: count == 0",
            "failed{name=\"PUT /orders/{id}/confirm\"}: count < 1",
        ],
        &[interval],
    );
    assert_eq!(
        verdicts(&states),
        [Crossed, Held, Crossed, Crossed, Held, Held, Held, Held]
    );
    assert_eq!(value(&states[2]), Some(1.0));
}

#[test]
fn what_never_happened_is_undecided_and_says_so() {
    let states = judged(
        &[
            "response{name=\"PUT /orders/{id}/confirm\"}: p99 < 1s",
            "failed{name=\"PUT /orders/{id}/confirm\"}: rate < 1%",
            "journeys: aborted < 1%",
            "races: overlapped > 50%",
            "race_spread: p99 < 1ms",
            "response: p99 < 1s over 3s",
            "response{phase=\"steady\"}: p99 < 1s",
            "observed(backlog) < 10",
        ],
        &[second(0, &[(0, 1, 100)])],
    );
    assert_eq!(verdicts(&states), [Undecided; 8]);
    for (state, why) in states.iter().zip([
        "no such request",
        "no such request",
        "no such journey",
        "no such race",
        "no such race",
        "no 3 s in a row",
        "no such phase",
        "nothing told",
    ]) {
        let told = state.why.as_deref().unwrap();
        assert!(
            told.starts_with("no data: ") && told.contains(why),
            "{told}"
        );
    }
    let never = judged(&["requests: count < 5"], &[]);
    assert_eq!(verdicts(&never), [Undecided]);
}

#[test]
fn replies_after_the_run_time_count_but_not_as_rates() {
    let mut seconds: Vec<MergedInterval> = (0..5)
        .map(|ordinal| second(ordinal, &[(0, 10, 100)]))
        .collect();
    let mut tail = second(5, &[(0, 3, 700_000)]);
    tail.end_us = tail.start_us + SECOND_US / 4;
    seconds.push(tail);
    let states = judged(
        &[
            "requests: rate >= 10 over 2s",
            "response: max < 500ms over 2s",
            "requests: rate == 10.6",
        ],
        &seconds,
    );
    assert_eq!(verdicts(&states), [Held, Crossed, Held]);
    assert_eq!(states[1].crossed_at_s, Some(5.25));
}

#[test]
fn replies_after_the_run_time_belong_to_the_phase_that_it_ended_in() {
    let mut context = context(&["response{phase=\"steady\"}: max < 1ms"]);
    context.run_time_us = SECOND_US;
    let mut thresholds = Thresholds::new(&context);
    // By its start, the second second is steady.
    for interval in [second(0, &[]), second(1, &[(0, 1, 9_000)])] {
        thresholds.second(&interval, &context);
    }
    assert_eq!(verdicts(&thresholds.states()), [Undecided]);
}

#[test]
fn a_gap_between_seconds_begins_windows_anew() {
    let slow = |ordinal| second(ordinal, &[(0, 10, 9_000)]);
    let states = judged(&["response: max < 1ms over 2s"], &[slow(0), slow(2)]);
    assert_eq!(verdicts(&states), [Undecided]);
    let states = judged(&["response: max < 1ms over 2s"], &[slow(1), slow(2)]);
    assert_eq!(verdicts(&states), [Crossed]);
}

#[test]
fn the_end_is_asked_for_after_the_delay_and_within_the_run_time() {
    let context = context(&[
        "response: max < 1ms abort after 3s",
        "response: max < 1s abort",
    ]);
    let mut thresholds = Thresholds::new(&context);
    for (ordinal, asks) in [(0, false), (1, false), (2, true), (3, true)] {
        thresholds.second(&second(ordinal, &[(0, 10, 9_000)]), &context);
        assert_eq!(thresholds.ask_for_the_end(), asks, "second {ordinal}");
    }
    let aborted: Vec<bool> = thresholds
        .states()
        .iter()
        .map(|state| state.aborted)
        .collect();
    assert_eq!(aborted, [true, false]);
    let mut late = Thresholds::new(&context);
    late.second(&second(4, &[(0, 10, 9_000)]), &context);
    assert!(!late.ask_for_the_end(), "the run is over anyway");
}

#[test]
fn journeys_arrivals_and_races_are_judged() {
    use crate::stats::{Ending, RaceSeen};
    let mut interval = second(1, &[]);
    interval.journeys[0] = JourneyCounts {
        started: 12,
        completed: 8,
        aborted: 2,
    };
    interval.counters.shed = 3;
    for number in 0..10 {
        let mut ending = Ending::default();
        ending.add(0, Outcome::Success);
        interval.contests.races[0].observe(&RaceSeen {
            ending,
            racers: 2,
            complete: true,
            spread_us: Some(20 + number),
            together: number < 9,
            overlapped: number < 4,
            first_side: Some(0),
            offset_bin: None,
            on: [0; PROCESSES_COUNTED],
        });
    }
    let states = judged(
        &[
            "journeys{name=\"NewCustomerJourney\"}: rate == 8",
            "journeys: count == 8",
            "journeys: aborted == 20%",
            "shed: count == 3",
            "shed: rate == 3/s",
            "races{name=\"last-pieces\"}: overlapped == 40%",
            "races: together == 90%",
            "races: count == 10",
            "race_spread{name=\"last-pieces\"}: max == 29us",
        ],
        &[interval],
    );
    assert_eq!(verdicts(&states), [Held; 9]);
}

fn observe(context: &RunContext, second: u64, value: f64, at_least: bool) {
    context.observed.put([ObservedSample {
        second,
        source: "observatory".into(),
        domain: "ordering".into(),
        metric: ObservedMetric::OutboxPending,
        amount: Amount { value, at_least },
    }]);
}

#[test]
fn every_sample_of_an_observed_figure_has_to_hold() {
    let texts = [
        "observed(outbox_pending{domain=\"ordering\"}) < 1000",
        "observed(outbox_pending): last < 1000",
        "observed(outbox_pending): avg < 1000",
        "observed(outbox_pending): min >= 100",
        "observed(outbox_pending{domain=\"identity\"}) < 1000",
        "observed(outbox_pending) > 150",
        "observed(outbox_pending): max < 1000 over 2s",
    ];
    let context = context(&texts);
    let mut thresholds = Thresholds::new(&context);
    for (ordinal, value) in [(1, 100.0), (2, 1_500.0), (3, 200.0)] {
        observe(&context, ordinal, value, false);
        thresholds.second(&second(ordinal, &[]), &context);
    }
    let states = thresholds.states();
    assert_eq!(
        verdicts(&states),
        [Crossed, Held, Held, Held, Undecided, Crossed, Crossed]
    );
    assert_eq!(states[0].crossed_at_s, Some(3.0));
    assert_eq!(value(&states[5]), Some(100.0));
    assert_eq!(value(&states[2]), Some(600.0));
}

#[test]
fn a_lower_bound_can_cross_but_not_hold() {
    let texts = [
        "observed(outbox_pending) < 1000",
        "observed(outbox_pending) < 50",
        "observed(outbox_pending) >= 100",
        "observed(outbox_pending) > 100",
    ];
    let context = context(&texts);
    let mut thresholds = Thresholds::new(&context);
    observe(&context, 1, 100.0, true);
    thresholds.second(&second(1, &[]), &context);
    let states = thresholds.states();
    assert_eq!(verdicts(&states), [Undecided, Crossed, Held, Undecided]);
    let why = states[0].why.as_deref().unwrap();
    assert!(why.contains("there may be more"), "{why}");
}

#[test]
fn a_tag_adds_the_latencies_of_its_names_up() {
    let seconds = [
        second(1, &[(0, 10, 1_000), (1, 1, 100_000)]),
        second(2, &[(0, 9, 1_000)]),
    ];
    let texts = [
        "response{tag=\"shop\"}: max < 1s",
        "response{tag=\"shop\"}: p(95) < 1s",
        "response{tag=\"write\"}: max < 1s",
        "requests{tag!=\"write\"}: count > 0",
        "http_req_duration{tag:shop,method:PUT}: max < 1s",
        "success{tag=~\"sh.*\"}: rate > 0.5",
    ];
    let values: Vec<f64> = judged(&texts, &seconds)
        .iter()
        .map(|standing| standing.value.unwrap().value)
        .collect();
    let near = |value: f64, us: f64| (value / us - 1.0).abs() < 0.01;
    assert!(near(values[0], 100_000.0), "{values:?}");
    // 19 of 20 took a millisecond: a mean of the two names' percentiles would be 50.
    assert!(near(values[1], 1_000.0), "{values:?}");
    assert!(near(values[2], 1_000.0), "{values:?}");
    assert_eq!(values[3], 1.0);
    assert!(near(values[4], 50_000.0), "{values:?}");
    assert_eq!(values[5], 1.0);
}
