//! The life of one virtual user: one task that lasts for the whole run.

use super::link::Link;
use super::net::ByteStream;
use super::recorder::Recorder;
use super::session::{Script, Session};
use super::socket_link::SocketLink;
use crate::plan::{Activity, Arrival, ArrivalSchedule, UniqueNumbers, WaitTime, arrival_seed};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// What one user is told before the start.
pub struct UserOrders {
    /// Index of its class in the plan.
    pub class: usize,
    /// Wait after each step.
    pub wait: WaitTime,
    /// Seed of its random stream.
    pub seed: u64,
    /// Its span of unique numbers.
    pub unique: UniqueNumbers,
    /// When it is active, in the closed model.
    pub activity: Vec<Activity>,
}

/// The arrivals of one core, taken in order by whichever of its users is free. A user that takes
/// one early waits for it to be due; when none is free the next arrival is taken late, and its
/// response time, counted from due, shows it.
pub struct Arrivals {
    schedule: RefCell<ArrivalSchedule>,
    seed: u64,
    start_ns: u64,
    longest_wait_ns: u64,
}

impl Arrivals {
    /// The arrivals of `schedule`, counted from `start_ns`.
    #[must_use]
    pub fn new(
        schedule: ArrivalSchedule,
        seed: u64,
        start_ns: u64,
        longest_wait: Duration,
    ) -> Self {
        Self {
            schedule: RefCell::new(schedule),
            seed,
            start_ns,
            longest_wait_ns: longest_wait.as_nanos() as u64,
        }
    }

    /// The next arrival that did not wait too long: (index, due). Those that did are shed.
    fn take(&self, now_ns: u64, recorder: &RefCell<Recorder>) -> Option<(u64, u64)> {
        let mut schedule = self.schedule.borrow_mut();
        loop {
            let arrival = schedule.next()?;
            let due_ns = self.start_ns + arrival.due_ns;
            if now_ns.saturating_sub(due_ns) <= self.longest_wait_ns {
                return Some((arrival.index, due_ns));
            }
            recorder.borrow_mut().interval().shed += 1;
        }
    }

    /// Sheds the arrivals that were due before `end_ns` and that no user took.
    pub fn shed_rest(&self, end_ns: u64, recorder: &RefCell<Recorder>) {
        let due_ns = |arrival: &Arrival| self.start_ns + arrival.due_ns;
        let mut schedule = self.schedule.borrow_mut();
        let left = schedule
            .by_ref()
            .take_while(|arrival| due_ns(arrival) < end_ns)
            .count();
        recorder.borrow_mut().interval().shed += left as u64;
    }
}

/// A closed-model user: active in its spans, one journey after another.
pub async fn live_by_activity<B: ByteStream, S: Script>(
    session: &mut Session<SocketLink<B>>,
    script: &S,
    activity: &[Activity],
    start_ns: u64,
    active: &Cell<u32>,
) {
    for span in activity {
        let begins_ns = start_ns + span.start_us * 1_000;
        session.link().set_activity_end(u64::MAX);
        if session.link().until(begins_ns).await.is_err() {
            return;
        }
        session
            .link()
            .set_activity_end(start_ns + span.end_us * 1_000);
        session.begin_activity(begins_ns);
        active.set(active.get() + 1);
        while !session.is_stopped() {
            let _ = session.pass(script).await;
        }
        active.set(active.get() - 1);
    }
}

/// An open-model user: takes arrivals until the run is over.
pub async fn live_by_arrivals<B: ByteStream, S: Script>(
    session: &mut Session<SocketLink<B>>,
    script: &S,
    arrivals: &Arrivals,
    active: &Cell<u32>,
) {
    while !session.is_stopped() {
        let rested_ns = session.rested_ns();
        if session.link().until(rested_ns).await.is_err() {
            return;
        }
        let now_ns = session.link().now_ns();
        let Some((index, due_ns)) = arrivals.take(now_ns, session.recorder()) else {
            return;
        };
        session.begin_arrival(
            due_ns,
            arrival_seed(arrivals.seed, index),
            UniqueNumbers::of_arrival(index),
        );
        if session.link().until(due_ns).await.is_err() {
            return;
        }
        active.set(active.get() + 1);
        let _ = session.pass(script).await;
        active.set(active.get() - 1);
    }
}
