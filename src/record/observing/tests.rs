//! Rates, slopes and backlogs of a made-up observation, worked out by hand.

use super::made_up::observation;
use super::*;
use crate::record::made_up;

fn backlog(observation: &Observation, domain: &str) -> BacklogRecord {
    let record = observed_record(observation, &made_up::record(), &[]);
    let mut backlogs = record.backlogs.into_iter();
    backlogs.find(|backlog| backlog.domain == domain).unwrap()
}

#[test]
fn rates_are_those_of_the_counts() {
    let identity = backlog(&observation(), "identity");
    assert_eq!(identity.before, Some(Amount::exact(0.0)));
    assert_eq!(identity.at_load_end, Some(Amount::exact(90.0)));
    assert_eq!(identity.peak, Amount::exact(90.0));
    assert_eq!(identity.last, Amount::exact(50.0));
    assert_eq!(identity.intake_per_s, Some(50.0));
    assert_eq!(identity.intake_source, "outbox:identity");
    assert_eq!(identity.drain_per_s, Some(20.0));
    assert_eq!(identity.drained_after_s, None);
    assert_eq!(identity.drain_estimate_s, Some(4.5));
    assert_eq!(identity.oldest_pending_s, Some(2.5));
    // Of the steady state, 1 to 3 s; what drains after it does not bend it.
    let slope = identity.slope_per_s.unwrap();
    assert_eq!((slope.slope, slope.points), (30.0, 5));
}

#[test]
fn what_stopped_counting_has_no_rate_and_no_slope() {
    let mut record = made_up::record();
    record.domains[0].domain = "Ordering".to_owned();
    record.domains[0].outbox_events_per_s = 80.0;
    let record = observed_record(&observation(), &record, &[]);
    let ordering = &record.backlogs[1];
    assert_eq!(ordering.last.to_string(), "≥ 100");
    assert_eq!(ordering.not_seen, "streams");
    assert_eq!(ordering.slope_per_s, None);
    assert_eq!(ordering.drain_per_s, None);
    assert_eq!(ordering.drain_estimate_s, None);
    assert_eq!(
        (ordering.intake_per_s, ordering.intake_source.as_str()),
        (Some(80.0), ACCEPTED)
    );
}

#[test]
fn without_counted_rows_the_growth_tells_the_drain() {
    let mut observation = observation();
    observation.domains[0].rows.clear();
    let mut record = made_up::record();
    record.domains[0].outbox_events_per_s = 50.0;
    let record = observed_record(&observation, &record, &[]);
    assert_eq!(record.backlogs[0].intake_source, ACCEPTED);
    assert_eq!(record.backlogs[0].drain_per_s, Some(20.0));
}

#[test]
fn deleted_rows_make_no_negative_rate() {
    let mut observation = observation();
    observation.domains[0].published = vec![(0.0, 700.0), (3.0, 10.0)];
    assert_eq!(backlog(&observation, "identity").intake_source, ACCEPTED);
}

#[test]
fn a_backlog_that_is_gone_says_since_when() {
    let mut observation = observation();
    observation.domains[0].backlog.push(BacklogPoint {
        at_s: 7.5,
        amount: Amount::exact(0.0),
        is_cut: false,
        source: "outbox:identity + redis".into(),
        not_seen: "",
    });
    assert_eq!(backlog(&observation, "identity").drained_after_s, Some(4.5));
}
