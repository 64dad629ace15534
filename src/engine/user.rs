//! The life of one virtual user: one task that lasts for the whole run.

use super::crowd::Crowd;
use super::link::Link;
use super::recorder::Recorder;
use super::session::{Script, Session};
use super::socket_link::SocketLink;
use crate::plan::{Activity, Arrival, ArrivalSchedule, UniqueNumbers, WaitTime, arrival_seed};
use std::cell::{Cell, RefCell};
use std::iter::Peekable;
use std::rc::Rc;
use std::time::Duration;

/// What one user is told before the start.
pub struct UserConfig {
    /// Index of its class in the plan.
    pub class: usize,
    /// Wait after each step.
    pub wait: WaitTime,
    /// Seed of its random stream.
    pub seed: u64,
    /// Its span of unique numbers.
    pub unique: UniqueNumbers,
    /// Its global index.
    pub index: u32,
    /// When it is active, in the closed model. Nothing at first for a user in reserve.
    pub activity: Vec<Activity>,
}

/// When a user is active, as far as is known now: its schedule may be changed while it lives.
pub struct Activities {
    spans: RefCell<Vec<Activity>>,
    start_ns: u64,
    /// Microseconds from the start of the run; spans that end before are over.
    reached_us: Cell<u64>,
    is_active: Cell<bool>,
    /// End of the span that the user is in; what its link heeds.
    end_ns: Rc<Cell<u64>>,
    /// Whether spans may come when there are no more.
    may_change: bool,
}

impl Activities {
    /// Active in `spans`, counted from `start_ns`. With `may_change` the user stays when they are
    /// over.
    #[must_use]
    pub fn new(
        spans: Vec<Activity>,
        start_ns: u64,
        end_ns: Rc<Cell<u64>>,
        may_change: bool,
    ) -> Self {
        Self {
            spans: RefCell::new(spans),
            start_ns,
            reached_us: Cell::new(0),
            is_active: Cell::new(false),
            end_ns,
            may_change,
        }
    }

    /// From `now_ns` on other `spans` count. Whoever waits is to be told with
    /// [`super::Pacer::recall`].
    pub fn change(&self, spans: Vec<Activity>, now_ns: u64) {
        if self.is_active.get() {
            let now_us = now_ns.saturating_sub(self.start_ns) / 1_000;
            let holds_now = |span: &&Activity| span.start_us <= now_us && now_us < span.end_us;
            let end_us = spans.iter().find(holds_now).map(|span| span.end_us);
            self.end_ns.set(self.moment_ns(end_us.unwrap_or(now_us)));
        }
        self.spans.replace(spans);
    }

    fn moment_ns(&self, at_us: u64) -> u64 {
        self.start_ns.saturating_add(at_us.saturating_mul(1_000))
    }

    /// What is left of the first span that is not over.
    fn next(&self) -> Option<Activity> {
        let reached_us = self.reached_us.get();
        let spans = self.spans.borrow();
        let next = spans.iter().find(|span| span.end_us > reached_us)?;
        Some(Activity {
            start_us: next.start_us.max(reached_us),
            end_us: next.end_us,
        })
    }

    fn begin(&self, span: Activity) {
        self.reached_us.set(span.start_us);
        self.end_ns.set(self.moment_ns(span.end_us));
        self.is_active.set(true);
    }

    fn end(&self) {
        let end_us = self.end_ns.replace(u64::MAX).saturating_sub(self.start_ns) / 1_000;
        self.reached_us.set(self.reached_us.get().max(end_us));
        self.is_active.set(false);
    }
}

/// The arrivals of one core, taken in order by whichever of its users is free. A user that takes
/// one early waits for it to be due; when none is free the next arrival is taken late, and its
/// response time, counted from due, shows it.
pub struct ArrivalQueue {
    schedule: RefCell<Peekable<ArrivalSchedule>>,
    seed: u64,
    start_ns: u64,
    longest_wait_ns: u64,
}

impl ArrivalQueue {
    /// The arrivals of `schedule`, counted from `start_ns`.
    #[must_use]
    pub fn new(
        schedule: ArrivalSchedule,
        seed: u64,
        start_ns: u64,
        longest_wait: Duration,
    ) -> Self {
        Self {
            schedule: RefCell::new(schedule.peekable()),
            seed,
            start_ns,
            longest_wait_ns: longest_wait.as_nanos() as u64,
        }
    }

    /// The next arrival that did not wait too long: (index, due). Those that did are shed by `taker`,
    /// who has become free now.
    fn take<L: Link>(&self, now_ns: u64, taker: &Session<L>) -> Option<(u64, u64)> {
        let mut schedule = self.schedule.borrow_mut();
        loop {
            let arrival = schedule.next()?;
            let due_ns = self.start_ns + arrival.due_ns;
            if now_ns.saturating_sub(due_ns) <= self.longest_wait_ns {
                return Some((arrival.index, due_ns));
            }
            let by_lateness = taker.gives_up_late(due_ns, now_ns, self.longest_wait_ns);
            let mut recorder = taker.recorder().borrow_mut();
            recorder.interval().counters.shed += 1;
            recorder.interval().counters.shed_by_lateness += u64::from(by_lateness);
        }
    }

    /// When the next arrival is due that nobody has taken; `None` when there are no more.
    #[must_use]
    pub fn next_due_ns(&self) -> Option<u64> {
        let mut schedule = self.schedule.borrow_mut();
        schedule
            .peek()
            .map(|arrival| self.start_ns + arrival.due_ns)
    }

    /// Sheds the arrivals that were due before `end_ns` and that no user took.
    pub fn shed_rest(&self, end_ns: u64, recorder: &RefCell<Recorder>) {
        let due_ns = |arrival: &Arrival| self.start_ns + arrival.due_ns;
        let mut schedule = self.schedule.borrow_mut();
        let left = schedule
            .by_ref()
            .take_while(|arrival| due_ns(arrival) < end_ns)
            .count();
        recorder.borrow_mut().interval().counters.shed += left as u64;
    }
}

/// A closed-model user: active in its spans, one journey after another.
pub async fn live_by_activity<S: Script>(
    session: &mut Session<SocketLink>,
    script: &S,
    activities: &Activities,
    active: &Crowd,
) {
    loop {
        let next = activities.next();
        let begins_ns = match next {
            Some(span) => activities.moment_ns(span.start_us),
            None if activities.may_change => u64::MAX,
            None => return,
        };
        if !session.link().pause(begins_ns).await {
            return;
        }
        let Some(span) = next.filter(|_| session.link().now_ns() >= begins_ns) else {
            continue;
        };
        if activities.next() != next {
            continue;
        }
        activities.begin(span);
        session.begin_activity(begins_ns);
        active.join();
        while !session.is_stopped() {
            let _ = session.pass(script).await;
        }
        active.leave();
        activities.end();
    }
}

/// An open-model user: takes arrivals until the run is over.
pub async fn live_by_arrivals<S: Script>(
    session: &mut Session<SocketLink>,
    script: &S,
    arrivals: &ArrivalQueue,
    active: &Crowd,
) {
    while !session.is_stopped() {
        let rested_ns = session.rested_ns();
        if session.link().until(rested_ns).await.is_err() {
            return;
        }
        let now_ns = session.link().now_ns();
        let Some((index, due_ns)) = arrivals.take(now_ns, session) else {
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
        active.join();
        let _ = session.pass(script).await;
        active.leave();
    }
}
