//! Passes and what is counted of them, bodies that are chosen, ids that users make up, set-ups.

use super::tests::{created, simulation, start};
use super::*;
use crate::engine::session::tests::{MS, SECOND, STEP};
use crate::engine::{ArenaBuilder, SimulatedAnswer};
use crate::stats::JourneyCounts;
use std::collections::HashSet;

/// A script of one kind of journey: three calls, of which the first is depended on.
struct ThreeCalls;

impl Script for ThreeCalls {
    fn steps(&self) -> &'static [Step] {
        &[]
    }

    async fn set_up<L: Link>(&self, user: &mut Session<L>) -> Result<(), SetUpFailure> {
        for attempt in 0..3 {
            if attempt > 0 {
                user.pause(50 * MS);
            }
            if user.call(STEP).id().await.is_ok() {
                return Ok(());
            }
        }
        let trouble = user.trouble().expect("a call did not succeed");
        Err(SetUpFailure {
            what: "the thing",
            why: format!("{}: {}", trouble.status, trouble.reason.as_str()),
        })
    }

    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        user.begin_journey(0);
        user.call(STEP).id().await?;
        user.call(STEP).at_once().or_continue().await?;
        user.call(STEP).or_continue().await?;
        Ok(())
    }
}

fn counts(simulation: &crate::engine::Simulation) -> (JourneyCounts, u64) {
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    (interval.journeys[0], interval.counters.followers)
}

#[test]
fn a_journey_is_started_and_then_completed_aborted_or_cut_short() {
    // Every fourth request is refused: passes of three calls meet it at each place in turn, and an
    // aborted pass takes one call.
    let mut request = 0;
    let (mut simulation, sent) = simulation(move |_| {
        request += 1;
        match request % 4 {
            0 => SimulatedAnswer::reply(100 * MS, 400, *b"{}"),
            _ => created(100 * MS),
        }
    });
    let mut user = simulation.session(start(WaitTime::None), 950 * MS);
    simulation.spawn(async move {
        while !user.is_stopped() {
            let _ = user.pass(&ThreeCalls).await;
        }
    });
    simulation.run();
    // Calls 1–3 complete, 4 aborts, 5–7 complete, 8 aborts, 9 and 10 are cut by the end.
    assert_eq!(sent.borrow().len(), 10);
    let (journeys, followers) = counts(&simulation);
    let expected = JourneyCounts {
        started: 5,
        completed: 2,
        aborted: 2,
    };
    assert_eq!((journeys, followers), (expected, 3));
}

#[test]
fn a_pass_without_a_call_is_no_journey() {
    struct Nothing;
    impl Script for Nothing {
        fn steps(&self) -> &'static [Step] {
            &[]
        }
        async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
            user.begin_journey(0);
            Err(Abort)
        }
    }
    let (mut simulation, _) = simulation(|_| created(MS));
    let mut user = simulation.session(start(WaitTime::None), SECOND);
    simulation.spawn(async move {
        assert_eq!(user.pass(&Nothing).await, Err(Abort));
        assert_eq!(user.set_up(&Nothing).await, Ok(()));
    });
    simulation.run();
    assert_eq!(counts(&simulation).0, JourneyCounts::default());
}

#[test]
fn a_set_up_is_tried_again_and_belongs_to_no_journey() {
    let mut request = 0;
    let (mut simulation, sent) = simulation(move |_| {
        request += 1;
        match request {
            1 => SimulatedAnswer::reply(MS, 503, *b"busy"),
            _ => created(MS),
        }
    });
    let mut user = simulation.session(start(WaitTime::None), SECOND);
    simulation.spawn(async move {
        assert_eq!(user.set_up(&ThreeCalls).await, Ok(()));
    });
    simulation.run();
    let moments: Vec<u64> = sent.borrow().iter().map(|(at_ns, _)| *at_ns).collect();
    assert_eq!(moments, [0, 51 * MS]);
    assert_eq!(counts(&simulation).0, JourneyCounts::default());
}

#[test]
fn a_set_up_that_fails_says_why() {
    let (mut simulation, _) = simulation(|_| SimulatedAnswer::reply(MS, 503, *b"busy"));
    let mut user = simulation.session(start(WaitTime::None), SECOND);
    simulation.spawn(async move {
        let failure = user.set_up(&ThreeCalls).await.unwrap_err();
        assert_eq!(
            failure.to_string(),
            "the thing could not be set up: 503: no"
        );
    });
    simulation.run();
}

#[test]
fn bodies_can_be_chosen() {
    let arena = ArenaBuilder::build(3, |body| {
        body.object(|body| body.member("n", body_number()))
    });
    let (mut simulation, sent) = simulation(|_| created(MS));
    let mut user = simulation.session(start(WaitTime::None), SECOND);
    simulation.spawn(async move {
        for index in [2, 0, 1] {
            user.call(STEP).body_at(&arena, index).id().await.unwrap();
        }
    });
    simulation.run();
    let bodies: Vec<String> = sent
        .borrow()
        .iter()
        .map(|(_, bytes)| String::from_utf8_lossy(&bytes[bytes.len() - 7..]).into_owned())
        .collect();
    assert_eq!(bodies, [r#"{"n":2}"#, r#"{"n":0}"#, r#"{"n":1}"#]);
}

/// 0, 1, 2 and so on, one a call.
fn body_number() -> u32 {
    thread_local!(static NEXT: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
    NEXT.with(|next| next.replace(next.get() + 1))
}

#[test]
fn made_up_ids_keep_their_prefix_and_never_repeat() {
    let (simulation, _) = simulation(|_| created(MS));
    let mut user = simulation.session(start(WaitTime::None), SECOND);
    let prefix = Id::new(b"pay-0123456789abcdef").unwrap();
    let ids: HashSet<String> = (0..1_000)
        .map(|_| user.local_id(&prefix).as_str().to_owned())
        .collect();
    assert_eq!(ids.len(), 1_000);
    assert!(
        ids.iter()
            .all(|id| id.starts_with("pay-0123456789abcdef") && id.len() == 32)
    );
    assert!(prefix.followed_by(b"a b").is_none());
    assert!(prefix.followed_by(&[b'x'; 64]).is_none());
}
