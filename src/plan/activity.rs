//! Who is active when: the arithmetic of closed-model ramps.
//!
//! The level of the load is a line: it moves from where the last stage left it towards the stage's
//! users, at the spawn rate. Upwards, user `i` starts the moment the level reaches `i`, so that
//! the first user of a ramp starts at once and the k-th one k / rate later; downwards, user `i`
//! stops the moment the level falls to `i + 1`. A ramp that its stage cuts short goes on from the
//! level it had reached.

use super::{Activity, Load, Stage};

/// One stage, with the moment and the level it begins at.
#[derive(Clone, Debug)]
pub(super) struct Ramp {
    pub start_us: u64,
    pub end_us: u64,
    pub from_level: f64,
    pub to_users: u32,
    pub rate_per_s: f64,
}

impl Ramp {
    pub fn is_up(&self) -> bool {
        f64::from(self.to_users) >= self.from_level
    }

    /// When the level has moved by `users`, cut at the end of the stage.
    fn moved_us(&self, users: f64) -> u64 {
        // `as` saturates, and an infinite rate gives 0.
        let offset_us = (users.max(0.0) * 1e6 / self.rate_per_s).round() as u64;
        self.start_us.saturating_add(offset_us).min(self.end_us)
    }

    /// The span within the stage in which user `user` is active; empty when its ends are equal.
    pub fn span_of(&self, user: u32) -> Activity {
        let index = f64::from(user);
        let (start_us, end_us) = match (self.is_up(), user < self.to_users) {
            (true, true) => (self.moved_us(index - self.from_level), self.end_us),
            (true, false) => (self.start_us, self.start_us),
            (false, true) => (self.start_us, self.end_us),
            (false, false) => (
                self.start_us,
                self.moved_us(self.from_level - (index + 1.0)),
            ),
        };
        Activity { start_us, end_us }
    }

    /// Users active at `at_us`, a moment of the stage.
    pub fn users_at(&self, at_us: u64) -> u32 {
        let is_active = |user: u32| {
            let span = self.span_of(user);
            span.start_us <= at_us && at_us < span.end_us
        };
        // Active users are always the first so many, so the count is where that ends.
        let (mut active, mut inactive) = (0, self.to_users.max(self.from_level as u32 + 1));
        while active < inactive {
            let middle = active + (inactive - active) / 2;
            if is_active(middle) {
                active = middle + 1;
            } else {
                inactive = middle;
            }
        }
        active
    }

    /// When the last user of the ramp starts, or the last one beyond its users stops; cut at the end
    /// of the stage.
    pub fn reached_us(&self) -> u64 {
        match (self.is_up(), self.to_users.checked_sub(1)) {
            (true, Some(last)) => self.span_of(last).start_us,
            (true, None) => self.start_us,
            (false, _) => self.span_of(self.to_users).end_us,
        }
    }

    pub fn end_level(&self) -> f64 {
        let target = f64::from(self.to_users);
        let most = self.rate_per_s * (self.end_us - self.start_us) as f64 / 1e6;
        if self.is_up() {
            (self.from_level + most).min(target)
        } else {
            (self.from_level - most).max(target)
        }
    }
}

pub(super) fn ramps(stages: &[Stage]) -> impl Iterator<Item = Ramp> {
    stages
        .iter()
        .scan((0_u64, 0.0), |(start_us, level), stage| {
            let ramp = Ramp {
                start_us: *start_us,
                end_us: start_us.saturating_add(stage.duration_us),
                from_level: *level,
                to_users: stage.users,
                rate_per_s: stage.spawn_rate_per_s,
            };
            *start_us = ramp.end_us;
            *level = ramp.end_level();
            Some(ramp)
        })
}

/// The spans of `user` over ramps that follow each other, in order, none touching the next.
pub(super) fn activity_over(ramps: impl Iterator<Item = Ramp>, user: u32) -> Vec<Activity> {
    let mut spans: Vec<Activity> = Vec::new();
    for span in ramps.map(|ramp| ramp.span_of(user)) {
        match spans.last_mut() {
            _ if span.start_us >= span.end_us => {}
            Some(last) if last.end_us == span.start_us => last.end_us = span.end_us,
            _ => spans.push(span),
        }
    }
    spans
}

impl Load {
    /// The spans in which global user `user` is active, in order, none touching the next. Active
    /// users are at every moment the first so many. The last span ends no later than the stages;
    /// the run may end earlier.
    ///
    /// In the open model every user that there is waits for arrivals all the time.
    #[must_use]
    pub fn activity(&self, user: u32) -> Vec<Activity> {
        match self {
            Self::Closed { stages } => activity_over(ramps(stages), user),
            Self::Open { max_users, .. } if user < *max_users => vec![Activity {
                start_us: 0,
                end_us: u64::MAX,
            }],
            Self::Open { .. } => Vec::new(),
        }
    }

    /// Users active `at_us` after the start: the number of users whose [`Load::activity`] holds
    /// that moment.
    #[must_use]
    pub fn users_at(&self, at_us: u64) -> u32 {
        match self {
            Self::Closed { stages } => ramps(stages)
                .find(|ramp| at_us < ramp.end_us)
                .map_or(0, |ramp| ramp.users_at(at_us)),
            Self::Open { max_users, .. } => *max_users,
        }
    }

    /// When the first ramp is over, in microseconds from the start: its last user has started, or
    /// its stage ends first. Until then the run is starting up. 0 for the open model.
    #[must_use]
    pub fn spawned_us(&self) -> u64 {
        match self {
            Self::Closed { stages } => ramps(stages)
                .find(|ramp| ramp.to_users > 0)
                .map_or(0, |ramp| ramp.span_of(ramp.to_users - 1).start_us),
            Self::Open { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests;
