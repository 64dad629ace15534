//! The identity journeys, their user classes and the spike, carried out in virtual time.

use crate::carried_journey::kind;
use crate::simulated_shop::{MS, Request, SECOND, plan, simulation, start, streams, well};
use shopblast::engine::{Abort, Described, Journey, Script, SimulatedAnswer};
use shopblast::plan::{Pacing, WaitTime};
use shopblast::shop::{
    Generation, JourneyKind, JourneyOptions, NoScript, ShopScript, Suite, UnknownClass,
};
use shopblast::stats::Outcome;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

fn script(classes: &[&str]) -> ShopScript {
    ShopScript::new(&plan(classes, Pacing::Class), Generation::Five).unwrap()
}

/// The journeys of the classes that are tested here.
fn journeys() -> [JourneyKind; 4] {
    [
        kind("NewCustomerJourney"),
        kind("AccountLifecycleJourney"),
        kind("TierProgressionJourney"),
        kind("SpikeUser.rapid_registration"),
    ]
}

/// What became of a journey.
struct Carried {
    requests: Vec<Request>,
    ended: Journey,
    /// Statistic names that something was counted under.
    counted: BTreeSet<&'static str>,
}

/// Carries `journey` out once.
fn once(journey: JourneyKind, mut shop: impl FnMut(&[u8]) -> SimulatedAnswer + 'static) -> Carried {
    let script = script(&["IdentityUser", "SpikeUser"]);
    let sent = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&sent);
    let mut simulation = simulation(&script, move |request, _| {
        log.borrow_mut().push(Request::parse(request));
        shop(request)
    });
    let mut user = simulation.session(start(&script, 0, 0), 3_600 * SECOND);
    let ended = Rc::new(RefCell::new(Err(Abort)));
    let result = Rc::clone(&ended);
    let carried = script.clone();
    simulation.spawn(async move {
        *result.borrow_mut() = carried.carry_out(journey, &mut user).await;
    });
    simulation.run();
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    let rows = script.names().into_iter().zip(&recorder.interval().names);
    let counted = rows.filter(|(_, row)| row.requests() > 0);
    Carried {
        requests: sent.take(),
        ended: *ended.borrow(),
        counted: counted.map(|(name, _)| name.name).collect(),
    }
}

fn names(requests: &[Request]) -> Vec<String> {
    requests.iter().map(Request::name).collect()
}

fn tiers(requests: &[Request]) -> Vec<&str> {
    requests
        .iter()
        .filter_map(|request| {
            request
                .body
                .strip_prefix(r#"{"new_tier":""#)?
                .strip_suffix("\"}")
        })
        .collect()
}

#[test]
fn a_new_customer_makes_five_requests() {
    let Carried {
        requests, ended, ..
    } = once(kind("NewCustomerJourney"), |request| well(request, MS));
    assert_eq!(ended, Ok(()));
    assert_eq!(
        names(&requests),
        [
            "POST /customers",
            "PUT /customers/{id}/profile",
            "POST /customers/{id}/addresses",
            "POST /customers/{id}/addresses",
            "PUT /customers/{id}/tier",
        ]
    );
    assert_eq!(tiers(&requests), ["Silver"]);
    assert!(requests[0].body.contains("date_of_birth"));
    assert!(requests[1].body.contains("date_of_birth"));
    assert_ne!(requests[2].body, requests[3].body);
    let customers: HashSet<_> = requests.iter().map(Request::customer_number).collect();
    assert_eq!(
        customers.len(),
        1,
        "all about the customer that was registered"
    );
}

#[test]
fn an_account_is_suspended_reactivated_and_closed() {
    let Carried {
        requests, ended, ..
    } = once(kind("AccountLifecycleJourney"), |request| well(request, MS));
    assert_eq!(ended, Ok(()));
    assert_eq!(
        names(&requests),
        [
            "POST /customers",
            "PUT /customers/{id}/suspend",
            "PUT /customers/{id}/reactivate",
            "PUT /customers/{id}/close",
        ]
    );
    assert!(!requests[0].body.contains("date_of_birth"));
    assert_eq!(requests[1].body, r#"{"reason":"Load test suspension"}"#);
    assert_eq!(
        (requests[2].body.as_str(), requests[3].body.as_str()),
        ("", "")
    );
}

#[test]
fn a_customer_rises_tier_by_tier() {
    let Carried {
        requests, ended, ..
    } = once(kind("TierProgressionJourney"), |request| well(request, MS));
    assert_eq!(ended, Ok(()));
    assert_eq!(names(&requests)[0], "POST /customers");
    assert!(!requests[0].body.contains("date_of_birth"));
    assert_eq!(tiers(&requests), ["Silver", "Gold", "Platinum"]);
    assert_eq!(requests.len(), 4);
}

#[test]
fn a_spike_is_one_registration() {
    let Carried {
        requests, ended, ..
    } = once(kind("SpikeUser.rapid_registration"), |request| {
        well(request, MS)
    });
    assert_eq!(
        (names(&requests), ended),
        (vec!["POST /customers".to_owned()], Ok(()))
    );
    assert!(!requests[0].body.contains("date_of_birth"));
}

#[test]
fn a_refused_registration_ends_every_journey() {
    for journey in journeys() {
        let Carried {
            requests, ended, ..
        } = once(journey, |_| {
            SimulatedAnswer::reply(MS, 400, *b"{\"error\":{}}")
        });
        assert_eq!(
            (requests.len(), ended),
            (1, Err(Abort)),
            "{}",
            journey.name()
        );
    }
}

#[test]
fn later_refusals_are_recorded_and_the_journey_goes_on() {
    for journey in journeys() {
        let all = once(journey, |request| well(request, MS)).requests;
        let Carried {
            requests, ended, ..
        } = once(journey, |request| {
            if request.starts_with(b"POST /customers HTTP") {
                return well(request, MS);
            }
            SimulatedAnswer::reply(MS, 500, *b"Internal Server Error")
        });
        assert_eq!(
            (requests.len(), ended),
            (all.len(), Ok(())),
            "{}",
            journey.name()
        );
    }
}

/// Only declared steps have rows: an undeclared one would have nowhere to be counted.
#[test]
fn journeys_take_exactly_the_steps_that_they_declare() {
    for journey in journeys() {
        let counted = once(journey, |request| well(request, MS)).counted;
        let options = JourneyOptions::default().in_suite(Suite::Five);
        let declared = journey.steps_with(options).map(|taken| taken.step.name);
        assert_eq!(counted, declared.collect(), "{}", journey.name());
    }
}

#[test]
fn only_what_the_plan_can_produce_has_a_row() {
    let spike = script(&["SpikeUser"]);
    let names: Vec<_> = spike.names().iter().map(|name| name.name).collect();
    assert_eq!(names, ["[SPIKE] POST /customers"]);
    let rows = spike.rows();
    assert_eq!(rows.len(), spike.steps().len());
    assert_eq!(rows.iter().filter(|row| **row == 0).count(), 1);
    assert_eq!(
        rows.iter().filter(|row| **row == u16::MAX).count(),
        rows.len() - 1
    );

    let both = script(&["SpikeUser", "IdentityUser"]);
    assert_eq!(both.names().len(), 8);
    let rows = both.rows();
    let produced = || rows.iter().copied().filter(|row| *row != u16::MAX);
    for (step, &row) in both.steps().iter().zip(&rows) {
        if row != u16::MAX {
            assert_eq!(both.names()[usize::from(row)], step.stat_name());
        }
    }
    assert!(
        produced().is_sorted() && produced().count() == 8,
        "rows stand in the order of the table"
    );
    assert_eq!(script(&["IdentityUser"]).names().len(), 7);
}

#[test]
fn waits_are_the_class_s_own_unless_the_pacing_is_max() {
    let paced = script(&["SpikeUser", "IdentityUser"]);
    assert_eq!(
        paced.wait_of(0),
        WaitTime::ConstantPacing {
            interval_us: 50_000
        }
    );
    assert_eq!(
        paced.wait_of(1),
        WaitTime::Between {
            min_us: 500_000,
            max_us: 2_000_000
        }
    );
    let max = ShopScript::new(
        &plan(&["SpikeUser", "IdentityUser"], Pacing::Max),
        Generation::Five,
    )
    .unwrap();
    assert_eq!(
        (max.wait_of(0), max.wait_of(1)),
        (WaitTime::None, WaitTime::None)
    );
}

#[test]
fn unknown_classes_are_named() {
    let error = ShopScript::new(
        &plan(&["SpikeUser", "SpickUser"], Pacing::Class),
        Generation::Five,
    )
    .unwrap_err();
    assert_eq!(
        error,
        NoScript::Class(UnknownClass {
            name: "SpickUser".to_owned()
        })
    );
    assert!(error.to_string().contains("`SpickUser`"));
}

#[test]
fn identity_users_draw_their_journeys_by_weight() {
    let script = script(&["IdentityUser"]);
    let mut passes = [0_u32; 3];
    for requests in streams(&script, 0..400, 300 * SECOND, |_| MS).values() {
        let count = |sign: &str| {
            let has_sign = |bytes: &&Vec<u8>| std::str::from_utf8(bytes).unwrap().contains(sign);
            requests.iter().filter(has_sign).count() as u32
        };
        passes[0] += count("/profile ");
        passes[1] += count("/suspend ");
        passes[2] += count("\"Gold\"");
    }
    let total: u32 = passes.iter().sum();
    assert!(total > 15_000, "{total}");
    for (share, expected) in passes.iter().zip([0.5, 0.3, 0.2]) {
        let share = f64::from(*share) / f64::from(total);
        assert!(
            (share - expected).abs() < 0.015,
            "{share} instead of {expected}"
        );
    }
}

#[test]
fn spike_users_register_twenty_times_a_second() {
    let script = script(&["SpikeUser"]);
    let sent = streams(&script, 0..3, 10 * SECOND, |_| 20 * MS);
    assert_eq!(
        sent.values().map(Vec::len).collect::<Vec<_>>(),
        [200, 200, 200]
    );
    let slow = streams(&script, 0..1, 10 * SECOND, |_| 100 * MS);
    assert_eq!(slow[&0].len(), 100, "one request at a time");
}

#[test]
fn a_user_s_requests_do_not_depend_on_others_or_on_latencies() {
    let uneven = |now_ns: u64| 1 + now_ns.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (900 * MS);
    for class in ["IdentityUser", "SpikeUser"] {
        let script = script(&[class]);
        let quick = streams(&script, 0..40, 60 * SECOND, |_| MS);
        for user in [0, 7, 39] {
            let alone = streams(&script, [user], 60 * SECOND, |_| MS);
            assert_eq!(alone[&user], quick[&user], "{class} {user} alone");
            let slow = streams(&script, 0..100, 60 * SECOND, uneven);
            let common = slow[&user].len();
            assert!(common > 20 && common <= quick[&user].len(), "{common}");
            assert_eq!(
                slow[&user][..],
                quick[&user][..common],
                "{class} {user} in a slow shop"
            );
        }
        assert_ne!(quick[&0], quick[&7]);
    }
}

#[test]
fn another_seed_or_run_gives_other_requests() {
    let stream = |change: fn(&mut shopblast::plan::Plan)| {
        let mut plan = plan(&["IdentityUser"], Pacing::Class);
        change(&mut plan);
        let script = ShopScript::new(&plan, Generation::Five).unwrap();
        streams(&script, [3], 30 * SECOND, |_| MS)
            .remove(&3)
            .unwrap()
    };
    let first = stream(|_| {});
    assert_eq!(first, stream(|_| {}));
    assert_ne!(first, stream(|plan| plan.seed = 43));
    assert_ne!(
        first,
        stream(|plan| plan.run_id = shopblast::plan::RunId::new(1, 1, 1))
    );
}

#[test]
fn a_hundred_thousand_users_become_customers() {
    const USERS: u32 = 100_000;
    const LATENCY_NS: u64 = 20 * MS;
    let script = script(&["IdentityUser"]);
    let mut simulation = simulation(&script, |request, _| well(request, LATENCY_NS));
    let completed = Rc::new(RefCell::new(0_u32));
    for user_index in 0..USERS {
        // 1,000 users a second.
        let start = start(&script, user_index, u64::from(user_index) * MS);
        let mut user = simulation.session(start, 3_600 * SECOND);
        let (script, counter) = (script.clone(), Rc::clone(&completed));
        simulation.spawn(async move {
            let journey = kind("NewCustomerJourney");
            if script.carry_out(journey, &mut user).await.is_ok() {
                *counter.borrow_mut() += 1;
            }
        });
    }
    simulation.run();
    assert_eq!(*completed.borrow(), USERS);
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    let users = u64::from(USERS);
    let requests_by_name: Vec<_> = script
        .names()
        .iter()
        .zip(&interval.names)
        .map(|(name, counts)| (name.name, counts.requests()))
        .filter(|(_, requests)| *requests > 0)
        .collect();
    assert_eq!(
        requests_by_name,
        [
            ("POST /customers", users),
            ("PUT /customers/{id}/profile", users),
            ("POST /customers/{id}/addresses", 2 * users),
            ("PUT /customers/{id}/tier", users),
        ]
    );
    for counts in interval.names.iter().filter(|counts| counts.requests() > 0) {
        assert_eq!(counts.outcomes[Outcome::Success], counts.requests());
        let latency_us = LATENCY_NS / 1_000;
        assert_eq!(counts.response.min_us(), Some(latency_us));
        assert_eq!(counts.response.max_us(), latency_us);
        assert_eq!(counts.service.max_us(), latency_us);
        assert!(counts.lag.max_us() <= 1, "virtual users are never late");
    }
    assert!(interval.errors.is_empty());
    // The last user begins at 99.999 s and thinks four times, for 0.5 to 2 s each.
    let last_s = simulation.now_ns() / SECOND;
    assert!((102..=109).contains(&last_s), "{last_s}");
}
