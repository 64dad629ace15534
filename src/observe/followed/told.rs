//! What is told of followed events: while a run goes on, and of all of it.

use super::FollowedEvents;
use crate::observe::followed_event::{copy_of, count_published, stretch_of};
use crate::stats::{EventLatency, EventNow, StretchLatency, StretchNow};
use std::cmp::Reverse;

impl FollowedEvents {
    /// At most so many kinds as they are shown, those that were followed most, in the order of the plan.
    pub fn now(&self, now_us: i64, most: usize) -> Vec<EventNow> {
        let mut shown: Vec<usize> = (0..self.kinds.len()).collect();
        let followed = |kind: usize| self.kinds[kind].latency.counts.followed;
        shown.retain(|&kind| followed(kind) > 0 || self.visible.taken(kind) > 0);
        shown.sort_by_key(|&kind| Reverse(followed(kind)));
        shown.truncate(most);
        shown.sort_unstable();
        // Groups are not shown: their figures are not copied.
        let mut stretches: Vec<(StretchLatency, StretchLatency)> = shown
            .iter()
            .map(|&kind| {
                let latency = &self.kinds[kind].latency;
                let (mut published, mut done) = <(StretchLatency, StretchLatency)>::default();
                published.absorb(&latency.published);
                done.absorb(&latency.done);
                (published, done)
            })
            .collect();
        for followed in self.open.values() {
            let place = shown.binary_search(&followed.kind);
            let (Ok(place), Some(found)) = (place, &followed.found) else {
                continue;
            };
            let (published, done) = &mut stretches[place];
            let done_us = followed.reply.done_us;
            let age_us = (now_us - done_us).max(0) as u64;
            if self.sees_streams {
                done.add_waiting(age_us);
            }
            match found.published_us {
                Some(published_us) => published.add_over((published_us - done_us).max(0) as u64),
                None => published.add_waiting(age_us),
            }
        }
        let kinds = shown.iter().zip(&stretches);
        kinds
            .map(|(&kind, (published, done))| {
                let latency = &self.kinds[kind].latency;
                EventNow {
                    domain: latency.domain.to_owned(),
                    name: latency.name.to_owned(),
                    followed: latency.counts.followed,
                    published: StretchNow::of(published),
                    done: StretchNow::of(done),
                    visible: StretchNow::of(&self.visible.stretch(kind, now_us)),
                }
            })
            .collect()
    }

    /// The figures so far, of what goes on its age at `now_us`; of kinds that `admits` says yes to.
    pub fn latencies(&self, now_us: i64, admits: &dyn Fn(&str, &str) -> bool) -> Vec<EventLatency> {
        let mut shown: Vec<Option<EventLatency>> = Vec::new();
        for kind in &self.kinds {
            let latency = &kind.latency;
            let is_any = latency.counts.followed > 0 || self.visible.taken(shown.len()) > 0;
            let is_shown = is_any && admits(latency.domain, latency.name);
            let place = shown.len();
            shown.push(is_shown.then(|| {
                let mut copy = copy_of(latency);
                copy.visible = self.visible.stretch(place, now_us);
                self.visible.count(place, &mut copy.counts);
                copy
            }));
        }
        for followed in self.open.values() {
            let Some(latency) = &mut shown[followed.kind] else {
                continue;
            };
            let Some(found) = &followed.found else {
                continue;
            };
            let since_us = followed.reply.done_us;
            let age_us = |since_us: i64| (now_us - since_us).max(0) as u64;
            if self.sees_streams {
                latency.done.add_waiting(age_us(since_us));
            }
            let Some(published_us) = found.published_us else {
                latency.published.add_waiting(age_us(since_us));
                continue;
            };
            count_published(latency, published_us, since_us);
            let names = self.groups.get(&found.category);
            for (place, name) in names.into_iter().flatten().enumerate() {
                if found.groups.get(place).is_none_or(|it| !it.counted) {
                    stretch_of(latency, name).add_waiting(age_us(published_us));
                }
            }
        }
        shown.into_iter().flatten().collect()
    }
}
