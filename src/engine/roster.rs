//! The users of one core: made before the start while they are few, and each just before it becomes
//! active where they are many.
//!
//! A user is its task, its session and its buffers, some kilobytes. Ten thousand are made within the
//! time that a start takes anyway, and then nothing is allocated on the way of a request; of sixty
//! thousand that a ramp brings in by and by, those of its end would wait for minutes in memory that
//! nobody has touched.

use super::clock::now_ns;
use super::crowd::Crowd;
use super::http2_race::Http2Races;
use super::pacer::Pacer;
use super::race_pool::RacePool;
use super::recorder::Recorder;
use super::request::PreparedHeads;
use super::runtime::spawn;
use super::session::{Script, Session, SessionStart};
use super::socket_link::{SocketLink, UserConnection};
use super::transport::Transport;
use super::user::{Activities, ArrivalQueue, UserConfig, live_by_activity, live_by_arrivals};
use crate::plan::LoadSchedule;
use crate::stats::LiveSchedule;
use std::cell::{Cell, RefCell};
use std::iter::Peekable;
use std::rc::Rc;
use std::sync::Arc;
use std::vec;

/// A core that has no more users makes all of them before the start.
pub const MADE_BEFORE_START: usize = 10_000;
/// Where there are more, a user is made so long before it becomes active.
const MADE_AHEAD_NS: u64 = 100_000_000;

/// The session of a real user. What is cold in it is boxed, so that a core's cache holds many:
/// whatever makes it larger makes every user larger.
pub type RealSession = Session<SocketLink>;

const _: () = assert!(size_of::<RealSession>() <= 680);
const _: () = assert!(size_of::<UserConfig>() <= 80);
const _: () = assert!(size_of::<Activities>() <= 64);

/// So many of `users` are made between the order to start and the start.
#[must_use]
pub fn made_at_start(users: &[UserConfig]) -> usize {
    if users.len() <= MADE_BEFORE_START {
        return users.len();
    }
    let is_first = |user: &&UserConfig| {
        let first = user.activity.first();
        first.is_some_and(|span| span.start_us <= MADE_AHEAD_NS / 1_000)
    };
    users.iter().filter(is_first).count()
}

/// When users are active, by their global indices; kept only where that may change.
pub type ActivitiesByUser = Rc<RefCell<Vec<(u32, Rc<Activities>)>>>;

/// How many users there are.
#[derive(Default)]
pub struct UserCounts {
    /// Those that are active.
    pub(super) active: Crowd,
    /// Those that are not done, made or not.
    pub living: Cell<usize>,
    /// Those that were made.
    pub made: Cell<usize>,
}

/// What the users of a core are made of.
pub struct Roster<S> {
    /// What they do.
    pub script: Arc<S>,
    /// Request heads by step.
    pub heads: Arc<PreparedHeads>,
    /// Where they are recorded.
    pub recorder: Rc<RefCell<Recorder>>,
    /// What their connections share.
    pub transport: Rc<Transport>,
    /// Wakes them.
    pub pacer: Pacer,
    /// Where they race, if they do.
    pub race_pool: Option<Rc<RacePool>>,
    /// Where they race when they speak HTTP/2.
    pub http2_races: Option<Rc<Http2Races>>,
    /// When the run ends.
    pub run_end_ns: Rc<Cell<u64>>,
    /// When it starts.
    pub start_ns: u64,
    /// Largest reply body.
    pub max_body_bytes: usize,
    /// How their schedule is changed while they live; `None` when it is not.
    pub load_schedule: Option<Arc<LiveSchedule>>,
    /// What they carry out in the open model.
    pub arrivals: Option<Rc<ArrivalQueue>>,
    /// How many there are.
    pub counts: Rc<UserCounts>,
    /// When they are active.
    pub activities: ActivitiesByUser,
    /// Connections of users that are done: open until everything is measured, so that closing them is
    /// no part of it.
    pub retired: Rc<RefCell<Vec<UserConnection>>>,
}

/// Users that are not made yet, in the order in which they become active, and their connections.
struct Unmade<C> {
    users: Peekable<vec::IntoIter<UserConfig>>,
    connections: C,
}

impl<S: Script> Roster<S> {
    /// Makes `users`, each with one of `connections`: all of them at once when there are no more than
    /// `most_at_once`.
    pub fn start<C>(self, users: Vec<UserConfig>, connections: C, most_at_once: usize)
    where
        C: Iterator<Item = UserConnection> + 'static,
    {
        self.counts.living.set(users.len());
        let is_few = users.len() <= most_at_once;
        let mut unmade = Unmade {
            users: users.into_iter().peekable(),
            connections,
        };
        if is_few {
            while self.make_next(&mut unmade) {}
            return;
        }
        if self.arrivals.is_none() {
            self.make_due(&mut unmade, &mut Following::default(), self.start_ns);
        }
        spawn(async move {
            match self.arrivals.clone() {
                Some(arrivals) => self.bring_in_by_arrivals(&mut unmade, &arrivals).await,
                None => self.bring_in_by_activity(&mut unmade).await,
            }
            // Whoever was never needed is done as well.
            let left = unmade.users.by_ref().count();
            for connection in unmade.connections.by_ref().take(left) {
                retire(&self.retired, connection);
            }
            self.counts.living.set(self.counts.living.get() - left);
        });
    }

    async fn bring_in_by_activity<C>(&self, unmade: &mut Unmade<C>)
    where
        C: Iterator<Item = UserConnection>,
    {
        let mut following = Following::default();
        while now_ns() < self.run_end_ns.get() {
            let Some(next_ns) = self.make_due(unmade, &mut following, now_ns()) else {
                return;
            };
            let wake_ns = next_ns.saturating_sub(MADE_AHEAD_NS);
            let wake_ns = wake_ns.min(self.run_end_ns.get());
            self.pacer.until_or_recalled(wake_ns).await;
        }
    }

    /// Makes those that become active soon after `now_ns`. When the next one does; `None` when there
    /// will be no more.
    fn make_due<C>(
        &self,
        unmade: &mut Unmade<C>,
        following: &mut Following,
        now_ns: u64,
    ) -> Option<u64>
    where
        C: Iterator<Item = UserConnection>,
    {
        following.look(self.load_schedule.as_deref());
        let now_us = now_ns.saturating_sub(self.start_ns) / 1_000;
        loop {
            let user = unmade.users.peek_mut()?;
            following.tell(user);
            let Some(span) = user.activity.iter().find(|span| span.end_us > now_us) else {
                if self.load_schedule.is_some() {
                    return Some(u64::MAX);
                }
                // It will never be active: the task of one that is made ends at once.
                self.make_next(unmade).then_some(())?;
                continue;
            };
            let begins_ns = self
                .start_ns
                .saturating_add(span.start_us.saturating_mul(1_000));
            if begins_ns > now_ns.saturating_add(MADE_AHEAD_NS) {
                return Some(begins_ns);
            }
            self.make_next(unmade).then_some(())?;
        }
    }

    /// An arrival that nobody has taken when it is nearly due needs one more user.
    async fn bring_in_by_arrivals<C>(&self, unmade: &mut Unmade<C>, arrivals: &ArrivalQueue)
    where
        C: Iterator<Item = UserConnection>,
    {
        while now_ns() < self.run_end_ns.get() {
            let Some(due_ns) = arrivals.next_due_ns() else {
                return;
            };
            let wake_ns = due_ns.saturating_sub(MADE_AHEAD_NS);
            if now_ns() < wake_ns {
                let wake_ns = wake_ns.min(self.run_end_ns.get());
                self.pacer.until_or_recalled(wake_ns).await;
            } else if self.make_next(unmade) {
                // Tasks run in turn: when this one has, the user has looked at the arrivals.
                spawn(async {}).join().await;
            } else {
                return;
            }
        }
    }

    /// Makes the next user. Returns whether there was one.
    fn make_next<C>(&self, unmade: &mut Unmade<C>) -> bool
    where
        C: Iterator<Item = UserConnection>,
    {
        let next = unmade.users.next().zip(unmade.connections.next());
        let is_there = next.is_some();
        if let Some((user, connection)) = next {
            self.make(user, connection);
        }
        is_there
    }

    fn make(&self, user: UserConfig, connection: UserConnection) {
        let link = SocketLink::new(
            connection,
            Rc::clone(&self.transport),
            Rc::clone(&self.run_end_ns),
            self.max_body_bytes,
        )
        .with_race_pool(self.race_pool.clone())
        .with_http2_races(self.http2_races.clone());
        let mut session = Session::new(
            link,
            Rc::clone(&self.recorder),
            Arc::clone(&self.heads),
            SessionStart {
                class: user.class,
                wait: user.wait,
                seed: user.seed,
                unique: user.unique,
                due_ns: self.start_ns,
            },
        );
        let activities = Rc::new(Activities::new(
            user.activity,
            self.start_ns,
            session.link().activity_end(),
            self.load_schedule.is_some(),
        ));
        if self.load_schedule.is_some() {
            let mut kept = self.activities.borrow_mut();
            kept.push((user.index, Rc::clone(&activities)));
        }
        self.counts.made.set(self.counts.made.get() + 1);
        let script = Arc::clone(&self.script);
        let counts = Rc::clone(&self.counts);
        let arrivals = self.arrivals.clone();
        let retired = Rc::clone(&self.retired);
        let life = async move {
            let user = &mut session;
            let active = &counts.active;
            match arrivals {
                Some(arrivals) => live_by_arrivals(user, &*script, &arrivals, active).await,
                None => live_by_activity(user, &*script, &activities, active).await,
            }
            retire(&retired, session.into_link().into_user_connection());
            counts.living.set(counts.living.get() - 1);
        };
        if let Some(ring) = &self.transport.ring {
            ring.expect_readers_of(size_of_val(&life));
        }
        spawn(life);
    }
}

/// Keeps the connection of a user that is done; of those that share theirs, one for all.
fn retire(retired: &RefCell<Vec<UserConnection>>, connection: UserConnection) {
    let mut retired = retired.borrow_mut();
    if retired.is_empty() || matches!(connection, UserConnection::Own(_)) {
        retired.push(connection);
    }
}

/// The schedule of users that are not made yet, where it may change.
#[derive(Default)]
struct Following {
    changes: u32,
    load_schedule: Option<LoadSchedule>,
}

impl Following {
    fn look(&mut self, live: Option<&LiveSchedule>) {
        let Some(live) = live else { return };
        let changes = live.changes();
        if std::mem::replace(&mut self.changes, changes) != changes {
            self.load_schedule = Some(live.load_schedule());
        }
    }

    /// Tells `user` when it is active by now.
    fn tell(&self, user: &mut UserConfig) {
        if let Some(load_schedule) = &self.load_schedule {
            user.activity = load_schedule.activity(user.index);
        }
    }
}

#[cfg(test)]
mod tests;
