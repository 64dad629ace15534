//! Messages that wait for their day.

use crate::sandbox::shop::ring_store::ThingKey;
use std::collections::VecDeque;

/// All wait equally long, so that whoever came first is due first. Of very many the newest.
pub struct ScheduledNotifications {
    waiting: VecDeque<(u64, ThingKey)>,
    most: usize,
}

impl ScheduledNotifications {
    /// Room for the `most` newest.
    pub fn new(most: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            most: most.max(1),
        }
    }

    /// A message that is due at this time, in nanoseconds after the pipeline's start.
    pub fn add(&mut self, due_ns: u64, key: ThingKey) {
        self.waiting.push_back((due_ns, key));
        if self.waiting.len() > self.most {
            self.waiting.pop_front();
        }
    }

    /// Takes out those whose time `is_due`.
    pub fn take(&mut self, is_due: impl Fn(u64) -> bool) -> Vec<ThingKey> {
        let mut due = Vec::new();
        while let Some(&(due_ns, key)) = self.waiting.front()
            && is_due(due_ns)
        {
            self.waiting.pop_front();
            due.push(key);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn those_are_taken_whose_time_has_come() {
        let key = |id: u128| ThingKey::of(Uuid::from_u128(id));
        let mut scheduled = ScheduledNotifications::new(3);
        for id in 1..=4 {
            scheduled.add(id, key(id.into()));
        }
        assert_eq!(scheduled.take(|due| due <= 3), [key(2), key(3)]);
        assert_eq!(scheduled.take(|due| due <= 3), []);
        assert_eq!(scheduled.take(|_| true), [key(4)]);
    }
}
