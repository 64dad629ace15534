//! The course of a live run, shared by those who steer it and those who follow.
//!
//! Workers look at a number a few times a second; the lock is taken only when that has changed.

use crate::plan::{Course, SteeringError};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was asked of a live run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish {
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
pub struct LiveCourse {
    state: Mutex<State>,
    /// Changes of the course so far.
    turns: AtomicU32,
    /// How often the figures shown were reset.
    resets: AtomicU32,
}

#[derive(Debug)]
struct State {
    course: Course,
    /// With their moments, in microseconds from the start of the run.
    wishes: Vec<(u64, Wish)>,
}

impl LiveCourse {
    /// Starts with `course`.
    #[must_use]
    pub fn new(course: Course) -> Self {
        Self {
            state: Mutex::new(State {
                course,
                wishes: Vec::new(),
            }),
            turns: AtomicU32::new(0),
            resets: AtomicU32::new(0),
        }
    }

    /// See [`Course::steer`].
    ///
    /// # Errors
    /// See [`Course::steer`].
    pub fn steer(
        &self,
        at_us: u64,
        users: u32,
        spawn_rate_per_s: f64,
    ) -> Result<(), SteeringError> {
        let mut state = self.lock();
        state.course.steer(at_us, users, spawn_rate_per_s)?;
        let wish = Wish::Users {
            users,
            spawn_rate_per_s,
        };
        state.wishes.push((at_us, wish));
        self.turns.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// How often the course was changed: whoever knows the number knows the course.
    #[must_use]
    pub fn turns(&self) -> u32 {
        self.turns.load(Ordering::Acquire)
    }

    /// The course as it is now.
    #[must_use]
    pub fn course(&self) -> Course {
        self.lock().course.clone()
    }

    /// Users that are asked for at `at_us`, and at which rate; `None` in the open model.
    #[must_use]
    pub fn target_at(&self, at_us: u64) -> Option<(u32, f64)> {
        self.lock().course.target_at(at_us)
    }

    /// See [`Course::is_growing`].
    #[must_use]
    pub fn is_growing(&self, start_us: u64, end_us: u64) -> bool {
        self.lock().course.is_growing(start_us, end_us)
    }

    /// Most users that may be asked for.
    #[must_use]
    pub fn room(&self) -> u32 {
        self.lock().course.room()
    }

    /// From the second after `at_us` on, what is shown counts from there. The record keeps
    /// everything.
    pub fn reset(&self, at_us: u64) {
        self.lock().wishes.push((at_us, Wish::Reset));
        self.resets.fetch_add(1, Ordering::Relaxed);
    }

    /// How often [`LiveCourse::reset`] was called.
    #[must_use]
    pub fn resets(&self) -> u32 {
        self.resets.load(Ordering::Relaxed)
    }

    /// Notes that the run was asked to stop at `at_us`.
    pub fn note_stop(&self, at_us: u64) {
        self.lock().wishes.push((at_us, Wish::Stop));
    }

    /// What was asked for so far, with the moments in microseconds from the start of the run.
    #[must_use]
    pub fn wishes(&self) -> Vec<(u64, Wish)> {
        self.lock().wishes.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
