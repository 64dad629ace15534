//! Runs that are steered while they go: users come and go, nothing is lost, the record says so.

use crate::alone;
use crate::sandbox_request::request;
use shopblast::plan::{LONGEST_DURATION, Pacing, SteeringError, Threshold};
use shopblast::record::{Live, RunRecord, SteeringWish};
use shopblast::run::{self, Face, Finished, LiveRun, RunControl, RunError, RunRequest, RunState};
use shopblast::stats::Phase;
use std::sync::Arc;
use std::time::Duration;

/// Does something after each second.
struct Script<F> {
    control: Option<RunControl>,
    act: F,
}

impl<F: FnMut(&RunControl, &Live)> Face for Script<F> {
    fn begin(&mut self, run: &LiveRun<'_>) {
        assert_eq!(run.control.state(), RunState::Preparing);
        let early = run.control.set_users(5, 1.0);
        assert_eq!(early, Err(SteeringError::NotStarted));
        assert!(run.directory.is_dir());
        self.control = Some(run.control.clone());
    }

    fn show(&mut self, live: &Arc<Live>) {
        let control = self.control.as_ref().expect("begun first");
        (self.act)(control, live);
    }
}

fn steered(
    request: &RunRequest,
    act: impl FnMut(&RunControl, &Live) + 'static,
) -> Result<Finished, RunError> {
    let control = RunControl::new(request);
    let face: Box<dyn Face> = Box::new(Script { control: None, act });
    let finished = run::carry_out(request, "test".to_owned(), &control, &mut [face]);
    assert_eq!(control.state(), RunState::Over);
    assert_eq!(control.set_users(1, 1.0), Err(SteeringError::Over));
    finished
}

/// Users at the end of each second, from the history file.
fn users_by_second(finished: &Finished) -> Vec<u32> {
    let path = finished.directory.join("stats_stats_history.csv");
    let mut rows = csv::Reader::from_path(path).expect("a history");
    let rows = rows.records().map(|row| row.expect("a row"));
    rows.map(|row| row[1].parse().expect("a number")).collect()
}

#[test]
fn users_come_and_go_and_every_request_is_accounted_for() {
    let _alone = alone();
    let results = tempfile::tempdir().expect("a directory");
    let request = request(results.path(), 4, LONGEST_DURATION, "SpikeUser");
    let mut phases = Vec::new();
    let (seen, seconds) = std::sync::mpsc::channel();
    let finished = steered(&request, move |control, live| {
        phases.push(live.now.phase);
        assert_eq!(live.run_time_s(), None, "open-ended");
        match phases.len() {
            2 => {
                control.set_users(40, 20.0).expect("there is room");
                assert_eq!(control.target(), Some((40, 20.0)));
            }
            6 => {
                control.set_users(3, f64::INFINITY).expect("fewer");
                let room = control.room();
                let refused = control.set_users(room + 1, 1.0);
                let users = room + 1;
                assert_eq!(refused, Err(SteeringError::NoRoom { users, room }));
            }
            9 => {
                control.stop();
                assert_eq!(control.state(), RunState::Stopping);
                let _ = seen.send(phases.clone());
            }
            _ => {}
        }
    });
    let finished = finished.expect("a run");
    let record = &finished.record;
    assert_eq!(finished.exit_code.value(), 0, "{}", record.verdict);
    let phases = seconds.recv().expect("nine seconds");

    let users = users_by_second(&finished);
    assert_eq!(users[1], 4, "{users:?}");
    assert!(users.contains(&40), "{users:?}");
    assert!(users[6..].contains(&3), "{users:?}");
    assert_eq!(record.peak_users, 40);
    assert_eq!(phases[0], Phase::Steady, "all at once at the start");
    assert!(phases[2..5].contains(&Phase::Spawning), "{phases:?}");
    assert_eq!(phases[8], Phase::Steady, "{phases:?}");

    // Every user registers a customer with its own e-mail; two equal ones would be refused.
    assert!(record.totals.requests > 200, "{}", record.totals.requests);
    assert_eq!(record.totals.success, record.totals.requests);
    let by_name: u64 = record.names.iter().map(|row| row.figures.requests).sum();
    let by_phase: u64 = record.phases.iter().map(|row| row.figures.requests).sum();
    assert_eq!(
        (by_name, by_phase),
        (record.totals.requests, record.totals.requests)
    );
    assert_eq!(
        record.connections.opened, 40,
        "each user its own, reserves none"
    );
    let started: u64 = record.journeys.iter().map(|row| row.started).sum();
    let ended: u64 = record
        .journeys
        .iter()
        .map(|row| row.completed + row.aborted + row.unfinished)
        .sum();
    assert_eq!(started, ended);

    let wishes: Vec<SteeringWish> = record.steering.iter().map(|row| row.wish).collect();
    let asked = |users, spawn_rate_per_s| SteeringWish::Users {
        users,
        spawn_rate_per_s,
    };
    assert_eq!(
        wishes,
        [asked(40, Some(20.0)), asked(3, None), SteeringWish::Stop]
    );
    assert!(record.steering.is_sorted_by_key(|row| row.at_s));
    assert!(record.verdict.contains("topped by the user after "));
    assert!(!record.interrupted);
}

#[test]
fn runs_follow_each_other_in_one_process_and_values_stay_unique() {
    let _alone = alone();
    let results = tempfile::tempdir().expect("a directory");
    let mut calm = request(results.path(), 6, Duration::from_secs(3), "IdentityUser");
    calm.plan.pacing = Pacing::Max;
    let run_id = calm.plan.run_id;
    let mut grown = request(results.path(), 2, Duration::from_secs(3), "IdentityUser");
    grown.plan.pacing = Pacing::Max;
    grown.plan.run_id = run_id;
    let finished = steered(&grown, |control, live| {
        if live.now.end_s() < 1.5 {
            control.set_users(6, f64::INFINITY).expect("there is room");
        }
    });
    let grown = finished.expect("a run");
    // The same run id again, on a fresh shop.
    let calm = steered(&calm, |_, _| {}).expect("a run");
    for finished in [&grown, &calm] {
        let totals = &finished.record.totals;
        // What is read before it is shown is refused, and no value is taken twice.
        assert_eq!(
            (totals.success + totals.refused, totals.conflict),
            (totals.requests, 0),
            "{}",
            finished.record.verdict
        );
        assert_eq!(finished.record.connections.opened, 6);
    }
    assert!(grown.record.steering.len() == 1 && calm.record.steering.is_empty());
}

#[test]
fn a_reset_changes_what_is_shown_and_not_the_record() {
    let _alone = alone();
    let results = tempfile::tempdir().expect("a directory");
    let mut request = request(results.path(), 4, Duration::from_secs(4), "SpikeUser");
    let threshold = Threshold::parse("requests: count > 0").expect("a threshold");
    request.plan.thresholds = vec![threshold];
    let (seen, shown) = std::sync::mpsc::channel();
    let mut is_reset = false;
    let finished = steered(&request, move |control, live| {
        let judged = live.record.thresholds[0].observed;
        let judged = judged.map(|requests| requests as u64);
        let _ = seen.send((live.since_s, live.shown().totals.requests, judged));
        if !std::mem::replace(&mut is_reset, true) {
            control.reset();
        }
    });
    let record = finished.expect("a run").record;
    let shown: Vec<(f64, u64, Option<u64>)> = shown.iter().collect();
    assert_eq!(shown[0].0, 0.0);
    let (since_s, requests, judged) = *shown.last().expect("seconds");
    assert!(
        judged > Some(requests),
        "the whole run is judged: {shown:?}"
    );
    assert!(since_s >= 1.0, "{shown:?}");
    assert!(
        0 < requests && requests < record.totals.requests,
        "{shown:?}"
    );
    assert_eq!(record.steering.len(), 1);
    assert_eq!(record.steering[0].wish, SteeringWish::Reset);
}

#[test]
fn after_the_last_second_what_is_shown_is_the_record_figure_by_figure() {
    let _alone = alone();
    let results = tempfile::tempdir().expect("a directory");
    let mut request = request(results.path(), 4, Duration::from_secs(3), "CrossDomainUser");
    let threshold = Threshold::parse("requests: count > 0").expect("a threshold");
    request.plan.thresholds = vec![threshold];
    let (seen, shown) = std::sync::mpsc::channel();
    let finished = steered(&request, move |_, live| {
        let _ = seen.send((live.shown().clone(), live.history.points().count()));
    });
    let record = finished.expect("a run").record;
    let (last, seconds) = shown.iter().last().expect("seconds");
    assert!(last.totals.requests > 0 && seconds >= 3, "{seconds} s");
    let not_judged = RunRecord {
        finished: false,
        observed: None,
        verdict: String::new(),
        exit_code: None,
        ..record
    };
    assert_eq!(last, not_judged);
}

#[test]
fn a_run_can_be_called_off_and_a_fixed_one_cannot_be_steered() {
    let _alone = alone();
    let results = tempfile::tempdir().expect("a directory");
    let mut request = request(results.path(), 2, Duration::from_secs(2), "FlashSaleUser");
    request.room = None;
    let control = RunControl::new(&request);
    assert_eq!(control.set_users(3, 1.0), Err(SteeringError::Fixed));
    control.stop();
    let error = run::carry_out(&request, "test".to_owned(), &control, &mut []);
    let error = error.expect_err("called off while the sale's item is set up");
    assert_eq!(error.exit_code().value(), 105, "{error}");
}
