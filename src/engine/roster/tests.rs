//! Who is made when.

use super::*;
use crate::engine::addresses::{ConnectionPositions, CoreAddresses, TargetAddresses};
use crate::engine::connection::Connection;
use crate::engine::{Journey, Link, Runtime, Step};
use crate::plan::{
    Activity, AddressChoice, ArrivalSchedule, Arrivals, Driver, Target, UniqueNumbers, WaitTime,
};
use crate::stats::{CoreInterval, SetShape};
use std::time::Duration;

const SECOND_US: u64 = 1_000_000;
const HOUR_US: u64 = 3_600 * SECOND_US;
const SHAPE: SetShape = SetShape {
    names: 0,
    journeys: 1,
    races: 0,
    rules: 0,
};

/// Users that write down how many were made when they became active, and then do nothing.
struct Idle {
    seen: Rc<RefCell<Vec<usize>>>,
    counts: Rc<UserCounts>,
}

impl Script for Idle {
    fn steps(&self) -> &'static [Step] {
        &[]
    }

    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        self.seen.borrow_mut().push(self.counts.made.get());
        user.sit_out().await
    }
}

/// A user that is active for an hour from each of these moments on.
fn user(index: u32, starts_us: &[u64]) -> UserConfig {
    let span = |&start_us: &u64| Activity {
        start_us,
        end_us: start_us + HOUR_US,
    };
    UserConfig {
        index,
        class: 0,
        wait: WaitTime::None,
        seed: 1,
        unique: UniqueNumbers::of_user(index),
        activity: starts_us.iter().map(span).collect(),
    }
}

/// Starts these users, of whom two are few, and ends the run once `seen` have become active. Gives
/// how many users were made at each of those moments, and in all, and how many connections came back.
#[expect(
    clippy::arc_with_non_send_sync,
    reason = "the roster asks for an `Arc`; here all stays on one thread"
)]
fn made_until(
    seen: usize,
    users: Vec<UserConfig>,
    arrivals: Option<ArrivalSchedule>,
) -> (Vec<usize>, usize, usize) {
    Runtime::new(Driver::Uring, 16).unwrap().block_on(async {
        let pacer = Pacer::start(8).unwrap();
        let interval = Box::new(CoreInterval::new(0, SHAPE));
        let recorder = Rc::new(RefCell::new(Recorder::new(interval, Box::default())));
        let nowhere = Arc::new(TargetAddresses::new(&[], AddressChoice::All));
        let transport = Rc::new(Transport::new(
            CoreAddresses::new(nowhere, ConnectionPositions::default(), now_ns()),
            Duration::from_secs(1),
            (8, 8),
            pacer.clone(),
            Rc::clone(&recorder),
            None,
        ));
        let run_end_ns = Rc::new(Cell::new(u64::MAX));
        let counts = Rc::new(UserCounts::default());
        let retired = Rc::default();
        let active = Rc::new(RefCell::new(Vec::new()));
        let script = Idle {
            seen: Rc::clone(&active),
            counts: Rc::clone(&counts),
        };
        let target = Target::parse("http://localhost:8000").unwrap();
        let start_ns = now_ns();
        let longest_wait = Duration::from_secs(1);
        let queue = |schedule| Rc::new(ArrivalQueue::new(schedule, 1, start_ns, longest_wait));
        let roster = Roster {
            script: Arc::new(script),
            heads: Arc::new(PreparedHeads::new(&[], &target).unwrap()),
            recorder,
            transport: Rc::clone(&transport),
            pacer: pacer.clone(),
            race_pool: None,
            http2_races: None,
            run_end_ns: Rc::clone(&run_end_ns),
            start_ns,
            max_body_bytes: 1,
            load_schedule: None,
            arrivals: arrivals.map(queue),
            counts: Rc::clone(&counts),
            activities: Rc::default(),
            retired: Rc::clone(&retired),
        };
        let connections = (0..)
            .map(move |slot| UserConnection::Own(Connection::new(Rc::clone(&transport), slot)));
        roster.start(users, connections, 2);
        while active.borrow().len() < seen {
            pacer.until(now_ns() + 1_000_000).await;
        }
        run_end_ns.set(now_ns());
        while counts.living.get() > 0 {
            pacer.wake_all();
            pacer.until(now_ns() + 1_000_000).await;
        }
        pacer.stop().await;
        let back: &RefCell<Vec<UserConnection>> = &retired;
        let back = back.borrow().len();
        (active.take(), counts.made.get(), back)
    })
}

#[test]
fn few_users_are_all_made_before_the_start() {
    let users = vec![user(0, &[0]), user(1, &[HOUR_US])];
    assert_eq!(made_until(1, users, None), (vec![2], 2, 2));
}

#[test]
fn of_many_each_is_made_when_it_becomes_active() {
    let soon_us = 2 * MADE_AHEAD_NS / 1_000;
    let starts = [0, soon_us, HOUR_US, HOUR_US];
    let users = || -> Vec<UserConfig> {
        let users = starts.iter().enumerate();
        users
            .map(|(at, &start_us)| user(at as u32, &[start_us]))
            .collect()
    };
    assert_eq!(made_until(1, users(), None), (vec![1], 1, 4));
    assert_eq!(made_until(2, users(), None), (vec![1, 2], 2, 4));
    // Whoever is never active is nobody's wait.
    let mut some = users();
    some[1].activity.clear();
    some[3].activity = vec![Activity {
        start_us: soon_us,
        end_us: HOUR_US,
    }];
    some.swap(2, 3);
    assert_eq!(made_until(2, some, None), (vec![2, 3], 3, 4));
}

#[test]
fn of_many_that_take_arrivals_there_are_as_many_as_are_needed() {
    let users: Vec<UserConfig> = (0..4).map(|index| user(index, &[0])).collect();
    let every = |seconds: f64| ArrivalSchedule::new(1, 1.0 / seconds, Arrivals::Constant, 0, 1);
    // The first of them sits out from its arrival on, and the next one takes the next arrival.
    let (_, made, back) = made_until(2, users, Some(every(0.3)));
    assert_eq!((made, back), (2, 4));
}
