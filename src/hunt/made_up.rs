//! A made-up hunt, for tests of what is made of its record.

use super::conclusion::conclude;
use super::hunt_record::{
    Criteria, DomainProbe, EventProbe, HuntRecord, HuntState, Judgement, Limit, LoadUnit,
    NameProbe, ProbeRecord,
};
use crate::record::Record;
use crate::stats::{Amount, Trend};

/// What a sound hunt asks for.
pub fn criteria() -> Criteria {
    Criteria {
        slo: vec!["response: p(99) < 50ms".to_owned()],
        failure_limit: 0.0,
        from: 100.0,
        most: 1e6,
        precision: 0.02,
        warm_up_s: 3.0,
        window_s: 10.0,
        longest_window_s: 60.0,
        rest_limit_s: 60.0,
        recovery_limit_s: 120.0,
        most_probes: 60,
        keep_spoiled: false,
    }
}

/// A probe of `load` journeys a second, of one request each, that a server of 1,000 requests a second
/// answers; sustained.
pub fn probe(number: u32, load: f64) -> ProbeRecord {
    let carried = load.min(1_000.0);
    let share = (load / 1_000.0).min(0.999);
    let p50_us = (1_000.0 / (1.0 - share)) as u64;
    ProbeRecord {
        number,
        load,
        directory: format!("probes/{number}"),
        window_s: 10.0,
        offered_per_s: Some(load),
        carried_per_s: carried,
        requests_per_s: carried,
        failure_share: 0.0,
        response_p50_us: p50_us,
        response_p99_us: p50_us * 5,
        concurrency: share / (1.0 - share),
        shed: 0,
        names: vec![NameProbe {
            name: "POST /customers".to_owned(),
            requests: (carried * 10.0) as u64,
            failures: 0,
            service_p99_us: p50_us * 5,
        }],
        domains: vec![domain("identity", load, 0.0)],
        flow: None,
        tails: Vec::new(),
        events: Vec::new(),
        violated_rules: Vec::new(),
        http: Judgement::sustained(),
        pipeline: Some(Judgement::sustained()),
        event_latency: None,
        generator_limited: false,
        rest_s: 0.4,
    }
}

/// A domain whose backlog grows by `slope` events a second, with certainty.
pub fn domain(name: &str, intake_per_s: f64, slope: f64) -> DomainProbe {
    DomainProbe {
        domain: name.to_owned(),
        intake_per_s: Some(intake_per_s),
        slope_per_s: Some(Trend {
            slope,
            low: Some(slope),
            high: Some(slope),
            points: 10,
        }),
        before: Some(Amount::exact(0.0)),
        at_load_end: Some(Amount::exact(slope * 10.0)),
        drained_after_s: Some(1.0),
    }
}

/// A judgement that says no.
pub fn overloaded(limited_by: Limit, why: &str, first: &str) -> Judgement {
    Judgement {
        sustained: false,
        undecided: limited_by == Limit::Undecided,
        limited_by,
        why: vec![why.to_owned()],
        first_to_give_way: first.to_owned(),
    }
}

/// Gives each probe events of a registration each, which take too long from `knee` on; an interface that
/// did not carry its load told nothing of them.
pub fn with_events(record: &mut HuntRecord, knee: f64) {
    record
        .criteria
        .slo
        .push("event(CustomerRegistered).done: p(99) < 2s".to_owned());
    for probe in &mut record.probes {
        let is_late = probe.load > knee;
        probe.events = vec![EventProbe {
            slo: record.criteria.slo[1].clone(),
            value: Some(Amount {
                value: if is_late { 9.5e6 } else { 0.4e6 },
                at_least: is_late,
            }),
            raised_per_s: probe.carried_per_s,
            followed: 500,
            known: 500,
            waiting: if is_late { 30 } else { 0 },
            beyond: if is_late { 30 } else { 0 },
            slowest: "Identity.CustomerRegistered".to_owned(),
            ..EventProbe::default()
        }];
        probe.event_latency = match (is_late, probe.http.sustained) {
            (true, true) => Some(overloaded(
                Limit::EventLatency,
                "30 of 500 beyond",
                "Identity.CustomerRegistered",
            )),
            (false, true) => Some(Judgement::sustained()),
            (_, false) => None,
        };
    }
    conclude(record);
}

/// A hunt that found an HTTP knee of 1,000 requests a second and a pipeline that drains 500 events a
/// second.
pub fn hunt() -> HuntRecord {
    let loads = [
        100.0, 200.0, 400.0, 800.0, 505.0, 495.0, 1_600.0, 990.0, 1_010.0,
    ];
    let probes = loads.into_iter().zip(1..).map(|(load, number)| {
        let mut probe = probe(number, load);
        if load > 1_000.0 {
            let why = "1,000 of 1,010 journeys/s that were offered were carried";
            probe.http = overloaded(Limit::Carried, why, "POST /customers");
        }
        if load > 500.0 {
            probe.domains = vec![domain("identity", probe.carried_per_s, load - 500.0)];
            let why = "the backlog of identity grew";
            probe.pipeline = Some(overloaded(Limit::Backlog, why, "identity"));
        }
        probe
    });
    let mut record = HuntRecord {
        schema_version: HuntRecord::VERSION,
        shopblast: "0.1.0".to_owned(),
        state: HuntState::Finished,
        started: "2026-01-02T03:04:05Z".to_owned(),
        command: "shopblast hunt SpikeUser".to_owned(),
        arguments: vec!["SpikeUser".to_owned()],
        profile: "custom".to_owned(),
        plan_hash: "0123456789abcdef".to_owned(),
        seed: 7,
        unit: LoadUnit::ArrivalsPerS,
        criteria: criteria(),
        http_knee: None,
        pipeline_knee: None,
        event_knee: None,
        falls: Vec::new(),
        scalability: None,
        probes: probes.collect(),
        notes: Vec::new(),
        verdict: Vec::new(),
        exit_code: Some(0),
    };
    conclude(&mut record);
    record
}
