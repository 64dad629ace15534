//! Tests of what is concluded from the probes.

use super::*;
use crate::hunt::made_up;
use crate::hunt::trials::{is_cut_by_generator, next_load, range_of};

#[test]
fn both_knees_are_told_in_their_own_unit() {
    let record = made_up::hunt();
    let http = record.http_knee.clone().unwrap();
    assert_eq!((http.low, http.high), (Some(990.0), Some(1_010.0)));
    assert_eq!(http.unit, KneeUnit::Requests);
    assert_eq!(http.limited_by, Limit::Carried);
    assert_eq!(http.first_to_give_way, "POST /customers");
    let pipeline = record.pipeline_knee.clone().unwrap();
    assert_eq!((pipeline.low, pipeline.high), (Some(495.0), Some(505.0)));
    assert_eq!(pipeline.unit, KneeUnit::Events);
    assert_eq!(pipeline.limited_by, Limit::Backlog);
    assert_eq!(
        record.verdict,
        [
            "HTTP knee: 1,000 requests/s; 990.0 (990 journeys/s) were sustained, 1,010 (1,010 journeys/s) were not: 1,000 of 1,010 journeys/s that were offered were carried; the first to give way was POST /customers.",
            "Pipeline knee: 500.0 identity events/s; 495.0 (495 journeys/s) were sustained, 505.0 (505 journeys/s) were not: the backlog of identity grew; the first to give way was identity."
        ]
    );
}

#[test]
fn what_events_take_has_a_knee_of_its_own() {
    let mut record = made_up::hunt();
    made_up::with_events(&mut record, 300.0);
    // The search goes on where events begin to take too long, below the pipeline's knee.
    assert_eq!(next_load(&record, &range_of(&record)), Some(282.8));
    let knee = record.event_knee.clone().unwrap();
    assert_eq!((knee.low, knee.high), (Some(200.0), Some(400.0)));
    assert_eq!((knee.load_low, knee.load_high), (Some(200.0), Some(400.0)));
    assert_eq!(knee.unit, KneeUnit::TimedEvents);
    assert_eq!(knee.limited_by, Limit::EventLatency);
    assert_eq!(
        record.verdict[2],
        "Event knee: 282.8 events/s; 200.0 (200 journeys/s) were sustained, 400.0 (400 journeys/s) were not: 30 of 500 beyond; the first to give way was Identity.CustomerRegistered."
    );
    for probe in &mut record.probes {
        probe.event_latency = None;
    }
    conclude(&mut record);
    assert_eq!(record.event_knee, None);
    assert!(
        record.verdict[2].contains("no event"),
        "{:?}",
        record.verdict
    );
}

#[test]
fn events_that_never_took_too_long_are_bounded_by_http() {
    let mut record = made_up::hunt();
    made_up::with_events(&mut record, 1_000.0);
    let knee = record.event_knee.clone().unwrap();
    assert_eq!((knee.low, knee.limited_by), (Some(990.0), Limit::Http));
}

#[test]
fn an_interval_of_journeys_becomes_one_of_requests() {
    let mut record = made_up::hunt();
    for probe in &mut record.probes {
        probe.requests_per_s *= 4.0;
    }
    conclude(&mut record);
    let http = record.http_knee.unwrap();
    assert_eq!((http.low, http.high), (Some(3_960.0), Some(4_040.0)));
    assert_eq!(
        (http.load_low, http.load_high),
        (Some(990.0), Some(1_010.0))
    );
}

#[test]
fn a_pipeline_that_never_gave_way_is_bounded_by_http() {
    let mut record = made_up::hunt();
    record
        .probes
        .retain(|probe| probe.load < 500.0 || probe.load > 1_000.0);
    record
        .probes
        .iter_mut()
        .filter(|probe| probe.load > 500.0)
        .for_each(|probe| {
            probe.pipeline = None;
        });
    conclude(&mut record);
    let pipeline = record.pipeline_knee.clone().unwrap();
    assert_eq!((pipeline.low, pipeline.high), (Some(495.0), None));
    assert_eq!(pipeline.limited_by, Limit::Http);
    assert!(
        record.verdict[1].contains("above 495.0 events/s"),
        "{:?}",
        record.verdict
    );
}

#[test]
fn nothing_observed_is_said_so() {
    let mut record = made_up::hunt();
    for probe in &mut record.probes {
        probe.domains.clear();
        probe.pipeline = None;
    }
    conclude(&mut record);
    assert_eq!(record.pipeline_knee, None);
    assert!(record.verdict[1].starts_with("Pipeline: nothing of it was observed"));
}

#[test]
fn the_generators_limit_ends_the_search_once_it_is_sure() {
    let mut record = made_up::hunt();
    record.probes.retain(|probe| probe.load <= 400.0);
    let spoiled = |record: &HuntRecord| {
        let mut probe = made_up::probe(9, 800.0);
        probe.number = record.probes.len() as u32 + 1;
        probe.generator_limited = true;
        probe
    };
    let range = range_of(&record);
    for times in 0..3 {
        assert_eq!(next_load(&record, &range), Some(800.0), "{times}");
        let probe = spoiled(&record);
        record.probes.push(probe);
    }
    assert_eq!(next_load(&record, &range), None);
    assert!(is_cut_by_generator(&record));
    assert!(
        !is_cut_by_generator(&made_up::hunt()),
        "it was found before"
    );
    conclude(&mut record);
    let knee = record.http_knee.unwrap();
    assert_eq!(knee.limited_by, Limit::Generator);
    assert_eq!((knee.low, knee.high), (Some(400.0), None));
}

#[test]
fn the_pipelines_knee_is_looked_for_first() {
    let mut record = made_up::hunt();
    record.probes.truncate(4);
    record.probes[3].http = made_up::overloaded(Limit::Carried, "less", "");
    let range = range_of(&record);
    let next = next_load(&record, &range).unwrap();
    assert!((400.0..800.0).contains(&next), "{next}");
    // An interface that fails there says nothing of the pipeline: HTTP's own search goes on.
    let mut probe = made_up::probe(5, next);
    probe.http = made_up::overloaded(Limit::Carried, "less", "");
    probe.pipeline = None;
    record.probes.push(probe);
    let after = next_load(&record, &range).unwrap();
    assert!(after != next, "{after}");
}

#[test]
fn falls_are_told_with_their_recovery() {
    let mut record = made_up::hunt();
    record.falls = vec![
        Fall {
            probe: 7,
            load: 1_600.0,
            after_s: Some(4.0),
            recovered_after_s: Some(5.5),
            waited_s: 5.5,
        },
        Fall {
            probe: 8,
            load: 990.0,
            after_s: None,
            recovered_after_s: None,
            waited_s: 120.0,
        },
    ];
    conclude(&mut record);
    assert_eq!(
        record.verdict[2..],
        [
            "The target fell over at 1,600 journeys/s, 4.00 s after the start of probe 7; it answered again after 5.50 s.",
            "The target was down when 990 journeys/s were to be tried, and did not answer again within 120 seconds of waiting."
        ]
    );
}
