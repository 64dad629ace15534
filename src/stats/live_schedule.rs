//! The schedule of a live run, shared by those who steer it and those who follow.
//!
//! Workers look at a number a few times a second; the lock is taken only when that has changed.

use crate::plan::{LoadSchedule, SteeringError};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was asked of a live run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SteeringCommand {
    /// Another number of users.
    Users {
        /// How many.
        users: u32,
        /// Users started, or stopped, a second on the way there.
        spawn_rate_per_s: f64,
    },
    /// The figures shown were to count from then on.
    Reset,
    /// The run was to end.
    Stop,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct LiveSchedule {
    state: Mutex<LiveScheduleState>,
    /// Changes of the schedule so far.
    changes: AtomicU32,
    /// How often the figures shown were reset.
    resets: AtomicU32,
}

#[derive(Debug)]
struct LiveScheduleState {
    load_schedule: LoadSchedule,
    /// With their moments, in microseconds from the start of the run.
    commands: Vec<(u64, SteeringCommand)>,
}

impl LiveSchedule {
    /// Starts with `schedule`.
    #[must_use]
    pub fn new(load_schedule: LoadSchedule) -> Self {
        Self {
            state: Mutex::new(LiveScheduleState {
                load_schedule,
                commands: Vec::new(),
            }),
            changes: AtomicU32::new(0),
            resets: AtomicU32::new(0),
        }
    }

    /// See [`LoadSchedule::steer`].
    ///
    /// # Errors
    /// See [`LoadSchedule::steer`].
    pub fn steer(
        &self,
        at_us: u64,
        users: u32,
        spawn_rate_per_s: f64,
    ) -> Result<(), SteeringError> {
        let mut state = self.lock();
        state.load_schedule.steer(at_us, users, spawn_rate_per_s)?;
        let command = SteeringCommand::Users {
            users,
            spawn_rate_per_s,
        };
        state.commands.push((at_us, command));
        self.changes.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// How often the schedule was changed: whoever knows the number knows the schedule.
    #[must_use]
    pub fn changes(&self) -> u32 {
        self.changes.load(Ordering::Acquire)
    }

    /// The schedule as it is now.
    #[must_use]
    pub fn load_schedule(&self) -> LoadSchedule {
        self.lock().load_schedule.clone()
    }

    /// Users that are asked for at `at_us`, and at which rate; `None` in the open model.
    #[must_use]
    pub fn target_at(&self, at_us: u64) -> Option<(u32, f64)> {
        self.lock().load_schedule.target_at(at_us)
    }

    /// See [`LoadSchedule::is_growing`].
    #[must_use]
    pub fn is_growing(&self, start_us: u64, end_us: u64) -> bool {
        self.lock().load_schedule.is_growing(start_us, end_us)
    }

    /// Most users that may be asked for.
    #[must_use]
    pub fn room(&self) -> u32 {
        self.lock().load_schedule.room()
    }

    /// From the second after `at_us` on, what is shown counts from there. The record keeps
    /// everything.
    pub fn reset(&self, at_us: u64) {
        self.lock().commands.push((at_us, SteeringCommand::Reset));
        self.resets.fetch_add(1, Ordering::Relaxed);
    }

    /// How often [`LiveSchedule::reset`] was called.
    #[must_use]
    pub fn resets(&self) -> u32 {
        self.resets.load(Ordering::Relaxed)
    }

    /// Notes that the run was asked to stop at `at_us`.
    pub fn note_stop(&self, at_us: u64) {
        self.lock().commands.push((at_us, SteeringCommand::Stop));
    }

    /// What was asked for so far, with the moments in microseconds from the start of the run.
    #[must_use]
    pub fn commands(&self) -> Vec<(u64, SteeringCommand)> {
        self.lock().commands.clone()
    }

    fn lock(&self) -> MutexGuard<'_, LiveScheduleState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
