//! How faces steer a live run: a handle that may be cloned and used from any thread.

use super::signals;
use crate::engine::{Interruption, now_ns};
use crate::plan::{LoadSchedule, Plan, SteeringError};
use crate::stats::{LiveSchedule, SteeringCommand};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// From a change to when it takes effect where this process carries the load: longer than any worker
/// needs to notice, so that users of all cores come and go as the ramp says.
const LEAD: Duration = Duration::from_millis(50);
/// Stands for a clock that has not started.
const NOT_STARTED: u64 = 0;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Workers are being prepared; the clock has not started.
    Preparing,
    /// Requests become due.
    Running,
    /// Somebody asked for the end: replies are waited for.
    Stopping,
    /// It is over.
    Over,
}

/// The handle of one run. To be made before the run, for its request.
#[derive(Clone, Debug)]
pub struct RunControl {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    interruption: Arc<Interruption>,
    load_schedule: Arc<LiveSchedule>,
    is_steerable: bool,
    /// From a change to when it takes effect.
    lead: Duration,
    start_ns: AtomicU64,
    /// When the run was stopped, in microseconds from its start; 0 while it was not.
    ended_us: Arc<AtomicU64>,
    is_over: AtomicBool,
    /// Whether a face has the screen: messages would spoil it.
    has_screen: AtomicBool,
}

impl RunControl {
    /// The handle of a run of `plan`, with room for so many users if it is steered. What is asked of its
    /// users is done `lead` later; `None` where it is near.
    #[must_use]
    pub(super) fn of_plan(plan: &Plan, steered_room: Option<u32>, lead: Option<Duration>) -> Self {
        let room = steered_room.unwrap_or(0).max(plan.max_users());
        Self {
            shared: Arc::new(Shared {
                interruption: Arc::default(),
                load_schedule: Arc::new(LiveSchedule::new(LoadSchedule::new(&plan.load, room))),
                is_steerable: steered_room.is_some(),
                lead: lead.unwrap_or(LEAD),
                start_ns: AtomicU64::new(NOT_STARTED),
                ended_us: Arc::default(),
                is_over: AtomicBool::new(false),
                has_screen: AtomicBool::new(false),
            }),
        }
    }

    /// Goes to `users`, starting or stopping `spawn_rate_per_s` of them a second (infinite: at
    /// once). Users that stop finish the step they are at.
    ///
    /// # Errors
    /// When the run cannot be steered, is not going, or has no room for so many; the message is for
    /// the user. Nothing changes then.
    pub fn set_users(&self, users: u32, spawn_rate_per_s: f64) -> Result<(), SteeringError> {
        if !self.shared.is_steerable {
            return Err(SteeringError::Fixed);
        }
        match self.state() {
            RunState::Preparing => return Err(SteeringError::NotStarted),
            RunState::Stopping | RunState::Over => return Err(SteeringError::Over),
            RunState::Running => {}
        }
        self.steer_at(self.next_change_us(), users, spawn_rate_per_s)
    }

    /// The same, from `at_us` on, in microseconds from the start of the run: as the leader of several
    /// machines wants it of all of them.
    ///
    /// # Errors
    /// As [`RunControl::set_users`].
    pub fn steer_at(
        &self,
        at_us: u64,
        users: u32,
        spawn_rate_per_s: f64,
    ) -> Result<(), SteeringError> {
        self.shared
            .load_schedule
            .steer(at_us, users, spawn_rate_per_s)
    }

    fn next_change_us(&self) -> u64 {
        self.elapsed_us() + self.shared.lead.as_micros() as u64
    }

    /// Users that the run goes to now, and how many are started or stopped a second; `None` when
    /// arrivals come at a rate.
    #[must_use]
    pub fn target(&self) -> Option<(u32, f64)> {
        self.shared.load_schedule.target_at(self.next_change_us())
    }

    /// Most users that may be asked for.
    #[must_use]
    pub fn room(&self) -> u32 {
        self.shared.load_schedule.room()
    }

    /// Ends the run gently, as its run time would: replies are waited for up to the stop timeout.
    /// A normal end: the run is judged by what it measured, and is not interrupted. Before the
    /// clock starts the run is called off.
    pub fn stop(&self) {
        if !self.shared.interruption.ends_run() {
            self.shared.load_schedule.note_stop(self.elapsed_us());
            let ended_us = self.elapsed_us().max(1);
            self.shared.ended_us.store(ended_us, Ordering::Relaxed);
        }
        self.shared.interruption.stop();
    }

    /// From the next second on what is shown counts from there, as after Locust's reset. The record
    /// keeps everything.
    pub fn reset(&self) {
        self.shared.load_schedule.reset(self.elapsed_us());
    }

    /// What Ctrl-C does: the first time stops gently, the second cuts off what is in flight, the
    /// third ends the process without a report. The run counts as interrupted.
    pub fn interrupt(&self) {
        let times = self.shared.interruption.interrupt();
        let quiet = self.shared.has_screen.load(Ordering::Relaxed);
        let is_started = self.shared.start_ns.load(Ordering::Relaxed) != NOT_STARTED;
        signals::answer(times, is_started, quiet);
    }

    /// Cuts off what is in flight, as the second Ctrl-C does, and says nothing.
    pub fn cut_off(&self) {
        while self.shared.interruption.times() < 2 {
            self.shared.interruption.interrupt();
        }
    }

    /// How often somebody asked for the end by Ctrl-C.
    #[must_use]
    pub fn interruptions(&self) -> u8 {
        self.shared.interruption.times()
    }

    /// What was asked of the run so far, with the moments in microseconds from its start.
    #[must_use]
    pub fn commands(&self) -> Vec<(u64, SteeringCommand)> {
        self.shared.load_schedule.commands()
    }

    /// How far the run is.
    #[must_use]
    pub fn state(&self) -> RunState {
        let shared = &self.shared;
        if shared.is_over.load(Ordering::Relaxed) {
            RunState::Over
        } else if shared.interruption.ends_run() {
            RunState::Stopping
        } else if shared.start_ns.load(Ordering::Relaxed) == NOT_STARTED {
            RunState::Preparing
        } else {
            RunState::Running
        }
    }

    /// A face has the screen, or gives it back: what others would print there is not printed
    /// meanwhile.
    pub fn take_screen(&self, is_taken: bool) {
        self.shared.has_screen.store(is_taken, Ordering::Relaxed);
    }

    pub(super) fn interruption(&self) -> &Arc<Interruption> {
        &self.shared.interruption
    }

    /// When the run was stopped; see [`crate::stats::LiveContext`].
    pub(super) fn ended_us(&self) -> &Arc<AtomicU64> {
        &self.shared.ended_us
    }

    /// What workers and collector follow; `None` when nothing will change.
    pub(super) fn load_schedule(&self) -> Option<&Arc<LiveSchedule>> {
        self.shared
            .is_steerable
            .then_some(&self.shared.load_schedule)
    }

    /// The clock starts at `start_ns`.
    pub(crate) fn begin(&self, start_ns: u64) {
        self.shared.start_ns.store(start_ns, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
    }

    fn elapsed_us(&self) -> u64 {
        match self.shared.start_ns.load(Ordering::Relaxed) {
            NOT_STARTED => 0,
            start_ns => now_ns().saturating_sub(start_ns) / 1_000,
        }
    }
}
