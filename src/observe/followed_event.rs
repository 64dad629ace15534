//! An event that is followed: what is known of it, and what of that is told.

use crate::engine::Id;
use crate::stats::{EventLatency, StretchLatency};
use std::sync::Arc;

/// A group was seen to have passed an event; what it told itself stands within so long.
pub(super) const OWN_WORD_US: i64 = 3_000_000;

/// A look for a row that begins so long after the reply is the last.
const GIVEN_UP_US: i64 = 10_000_000;

/// A reply that was chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChosenReply {
    pub sent_us: i64,
    pub done_us: i64,
    pub ids: [Option<Id>; 2],
    /// What both times may be wrong by.
    pub within_us: i64,
    /// When it was heard of here: later than it came where another machine hands it over.
    pub heard_us: i64,
}

/// An event as a store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEvent {
    /// `<category>-<id>-<number>`.
    pub message_id: String,
    /// `<Domain>.<Name>.v1`.
    pub kind: String,
    /// When it was raised.
    pub raised_us: i64,
    /// When it was published.
    pub published_us: Option<i64>,
}

/// Place of an entry in a stream of Redis.
pub type EntryId = (u64, u64);

/// Where a group of a stream stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupStanding {
    pub group: String,
    /// The last entry that it has fetched.
    pub fetched: EntryId,
    /// The first that it has fetched and not confirmed.
    pub unconfirmed: Option<EntryId>,
}

impl GroupStanding {
    /// Whether it has confirmed the event at `entry`. `None` when it cannot be told: it has fetched it,
    /// and what it has not confirmed begins before it.
    pub fn has_passed(&self, entry: EntryId) -> Option<bool> {
        if self.fetched < entry {
            return Some(false);
        }
        match self.unconfirmed {
            Some(first) if first < entry => None,
            Some(first) => Some(first > entry),
            None => Some(true),
        }
    }
}

/// A look at where the groups of a category stand.
pub(super) struct Look {
    /// What a group had not passed, it had not passed when the look began.
    pub began_us: i64,
    /// What it had passed, it had passed when the look was over.
    pub ended_us: i64,
    /// Where groups stood, by their place among those of the category.
    pub standings: Vec<(usize, GroupStanding)>,
}

/// What a group told of an event that it has handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandledEvent {
    /// The event.
    pub message_id: String,
    /// Who has handled it: the last part of the group's name.
    pub handler: String,
    /// When.
    pub at_us: i64,
}

/// The category and the aggregate of a message id.
pub(super) fn parts_of(message_id: &str) -> Option<(&str, &str)> {
    let (category, rest) = message_id.split_once('-')?;
    let (id, number) = rest.rsplit_once('-')?;
    (!id.is_empty() && !number.is_empty()).then_some((category, id))
}

/// A kind of event.
pub(super) struct Kind {
    pub domain: String,
    pub type_start: String,
    pub latency: EventLatency,
}

/// How far a group is with an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passing {
    /// By its own word.
    pub told_us: Option<i64>,
    /// By where it stands: it was seen to have passed then.
    pub seen_us: Option<i64>,
    /// The last time that it was seen not to have.
    pub before_us: Option<i64>,
    /// Whether the last look could not tell.
    pub unsure: bool,
    /// Whether it is in the figures.
    pub counted: bool,
}

/// An event whose place in a store is known.
pub(super) struct Found {
    pub message_id: Box<str>,
    pub category: Arc<str>,
    pub published_us: Option<i64>,
    pub entry: Option<EntryId>,
    pub groups: Vec<Passing>,
}

impl Found {
    /// Takes what one look tells of it.
    pub fn see(&mut self, look: &Look) {
        let Some(entry) = self.entry else { return };
        for (place, standing) in &look.standings {
            let Some(passing) = self.groups.get_mut(*place) else {
                continue;
            };
            if passing.seen_us.is_some() {
                continue;
            }
            let has_passed = standing.has_passed(entry);
            passing.unsure = has_passed.is_none();
            match has_passed {
                Some(true) => passing.seen_us = Some(look.ended_us),
                Some(false) => passing.before_us = Some(look.began_us),
                None => {}
            }
        }
    }
}

pub(super) struct Followed {
    pub kind: usize,
    pub reply: ChosenReply,
    pub found: Option<Found>,
    pub ambiguous: bool,
    /// When it was last asked for, in rounds.
    pub asked: u64,
    /// When the last look for its row began that was answered; before all time without one.
    pub looked_us: i64,
}

impl Followed {
    /// Whether its row is looked for no more. Committed rows are there when the reply is: one that a look
    /// so much later did not see will not come. What was not looked for then is not missing, however
    /// long ago its reply came.
    pub fn is_missing(&self) -> bool {
        let since_us = self.reply.done_us.max(self.reply.heard_us);
        self.looked_us.saturating_sub(since_us) > GIVEN_UP_US
    }
}

/// Counts the groups that have passed; whether all have, and what the time of one that did not tell it
/// may be wrong by. What groups told was read until `words_us`.
pub(super) fn settle(
    latency: &mut EventLatency,
    groups: Option<&Vec<Arc<str>>>,
    found: &mut Found,
    published_us: i64,
    (words_us, at_last): (i64, bool),
) -> (bool, i64) {
    let Some(groups) = groups else {
        return (false, 0);
    };
    let mut within_us = 0;
    found.groups.resize(groups.len(), Passing::default());
    for (name, passing) in groups.iter().zip(&mut found.groups) {
        let is_known = passing.told_us.is_some()
            || passing
                .seen_us
                .is_some_and(|seen_us| at_last || words_us - seen_us > OWN_WORD_US);
        if passing.counted || !is_known {
            continue;
        }
        passing.counted = true;
        if let (None, Some(seen_us)) = (passing.told_us, passing.seen_us) {
            // It was published between two looks, or not passed at the one before.
            let since_us = passing.before_us.unwrap_or(published_us).max(published_us);
            within_us = within_us.max(seen_us - since_us);
        }
        let took_us = time_of(passing).unwrap_or(published_us) - published_us;
        stretch_of(latency, name).add_over(took_us.max(0) as u64);
    }
    let is_done = found.groups.iter().all(|passing| passing.counted);
    (is_done, within_us)
}

/// When a group passed, by its own word where there is one.
pub(super) fn time_of(passing: &Passing) -> Option<i64> {
    passing.told_us.or(passing.seen_us)
}

/// Counts a published event.
pub(super) fn count_published(latency: &mut EventLatency, published_us: i64, done_us: i64) {
    let took_us = published_us - done_us;
    latency.counts.before_reply += u64::from(took_us < 0);
    latency.published.add_over(took_us.max(0) as u64);
}

/// The figures of a group.
pub(super) fn stretch_of<'a>(
    latency: &'a mut EventLatency,
    group: &Arc<str>,
) -> &'a mut StretchLatency {
    let known = latency.handled.iter().position(|(name, _)| name == group);
    let place = known.unwrap_or_else(|| {
        latency
            .handled
            .push((Arc::clone(group), StretchLatency::default()));
        latency.handled.len() - 1
    });
    &mut latency.handled[place].1
}

/// The figures as they are.
pub(super) fn copy_of(latency: &EventLatency) -> EventLatency {
    let copy = |stretch: &StretchLatency| {
        let mut copy = StretchLatency::default();
        copy.absorb(stretch);
        copy
    };
    EventLatency {
        domain: latency.domain,
        name: latency.name,
        counts: latency.counts,
        published: copy(&latency.published),
        handled: latency
            .handled
            .iter()
            .map(|(name, stretch)| (Arc::clone(name), copy(stretch)))
            .collect(),
        done: copy(&latency.done),
        visible: copy(&latency.visible),
    }
}
