//! Events that are followed: from the reply that names one to the row and the stream entry that it is,
//! and to the groups that have handled it. No clock and no store is asked here.
//!
//! All times are in microseconds of our own clock. The message id of an event is
//! `<category>-<id of its aggregate>-<number>`, so that the id in a reply tells which one it is.

use super::followed_event::{
    ChosenReply, EntryId, Followed, Found, GroupStanding, HandledEvent, KeptEvent, Kind, Look,
    Passing, count_published, parts_of, settle, time_of,
};
use super::visible::VisibleThings;
use crate::stats::{Event, EventLatency};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// Events that are followed at once.
pub(super) const MOST_FOLLOWED: usize = 100_000;
/// Groups of a stream that are told apart.
const MOST_GROUPS: usize = 64;
/// Entries and words of groups that are kept of an aggregate.
const MOST_KEPT: usize = 256;
/// Looks at the groups of a category that are kept: rows and entries may be read later.
const MOST_LOOKS: usize = 64;
/// An event's row was written between these moments before the request was sent and after its reply.
const NEAR_US: i64 = 2_000_000;
/// The same where several rows could be meant.
const VERY_NEAR_US: i64 = 20_000;

/// What is known of an aggregate that events are followed of.
#[derive(Default)]
struct Aggregate {
    /// The events that are followed.
    keys: Vec<u64>,
    /// Its events that stand in a stream, and where: the row may be read later.
    entries: Vec<(Box<str>, EntryId)>,
    /// What groups told that have handled one whose row was not read yet.
    handled: Vec<HandledEvent>,
}

/// See the module's documentation.
pub(super) struct FollowedEvents {
    kinds: Vec<Kind>,
    /// Domains whose outbox tells when events are published; of others the streams do.
    outboxes: Vec<String>,
    sees_streams: bool,
    open: BTreeMap<u64, Followed>,
    next: u64,
    by_aggregate: HashMap<Box<str>, Aggregate>,
    by_message: HashMap<Box<str>, u64>,
    /// Groups of each category, in the order in which they came first.
    groups: HashMap<Arc<str>, Vec<Arc<str>>>,
    /// Where they stood at the last looks.
    looks: HashMap<Arc<str>, VecDeque<Look>>,
    /// Until when it was read what groups told; `None` while nobody reads it.
    pub words_us: Option<i64>,
    /// What the time of a group that did not tell it may be wrong by, at most.
    pub within_us: i64,
    /// Published ones of which it was not seen in the end whether groups had passed them.
    pub unseen: u64,
    /// Of [`FollowedEvents::asked_of`].
    pub round: u64,
    /// What is asked for until it can be read.
    pub visible: VisibleThings,
    /// Replies for which there was no room.
    pub no_room: u64,
    /// Our times of replies against the shop's of rows: it is at least and at most so far ahead.
    pub shop_ahead_us: Option<(i64, i64)>,
}

impl FollowedEvents {
    /// Those of these kinds.
    pub fn new(
        kinds: &[Event],
        outboxes: Vec<String>,
        sees_streams: bool,
        reads_per_s: u32,
    ) -> Self {
        let kinds = kinds.iter().map(|event| Kind {
            domain: event.domain.to_lowercase(),
            type_start: format!("{}.{}.", event.domain, event.name),
            latency: EventLatency {
                domain: event.domain,
                name: event.name,
                ..EventLatency::default()
            },
        });
        Self {
            kinds: kinds.collect(),
            outboxes,
            sees_streams,
            open: BTreeMap::new(),
            next: 0,
            by_aggregate: HashMap::new(),
            by_message: HashMap::new(),
            groups: HashMap::new(),
            looks: HashMap::new(),
            words_us: None,
            within_us: 0,
            unseen: 0,
            round: 0,
            visible: VisibleThings::new(reads_per_s),
            no_room: 0,
            shop_ahead_us: None,
        }
    }

    /// Follows the event of this kind that `reply` names.
    pub fn add(&mut self, kind: usize, reply: ChosenReply) {
        let is_seen = self.sees_streams || self.outboxes.contains(&self.kinds[kind].domain);
        if !is_seen {
            return;
        }
        self.kinds[kind].latency.counts.followed += 1;
        if self.open.len() >= MOST_FOLLOWED {
            self.kinds[kind].latency.counts.not_found += 1;
            self.no_room += 1;
            return;
        }
        let key = self.next;
        self.next += 1;
        for id in reply.ids.iter().flatten() {
            let id = id.as_str().into();
            self.by_aggregate.entry(id).or_default().keys.push(key);
        }
        let followed = Followed {
            kind,
            reply,
            found: None,
            ambiguous: false,
            asked: 0,
            looked_us: i64::MIN,
        };
        self.open.insert(key, followed);
    }

    /// Whether nothing is followed at the moment.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Aggregates of `domain` whose rows are to be looked at, at most so many, those first that were not
    /// for longest; and when the first reply about them was sent.
    pub fn asked_of(&mut self, domain: &str, most: usize) -> Option<(Vec<String>, i64)> {
        self.round += 1;
        let kinds = &self.kinds;
        let wanted = self.open.iter().filter(|(_, it)| {
            kinds[it.kind].domain == domain
                && it
                    .found
                    .as_ref()
                    .is_none_or(|found| found.published_us.is_none())
        });
        let mut wanted: Vec<(u64, u64)> = wanted.map(|(key, it)| (it.asked, *key)).collect();
        wanted.sort_unstable();
        let mut ids: Vec<String> = Vec::new();
        let mut since_us = i64::MAX;
        for (_, key) in wanted {
            let Some(followed) = self.open.get_mut(&key) else {
                continue;
            };
            let its = followed.reply.ids.iter().flatten();
            let its: Vec<String> = match &followed.found {
                Some(found) => parts_of(&found.message_id)
                    .map(|(_, id)| id.to_owned())
                    .into_iter()
                    .collect(),
                None => its.map(|id| id.as_str().to_owned()).collect(),
            };
            if ids.len() + its.len() > most {
                break;
            }
            followed.asked = self.round;
            since_us = since_us.min(followed.reply.sent_us - NEAR_US);
            ids.extend(its);
        }
        ids.sort_unstable();
        ids.dedup();
        (!ids.is_empty()).then_some((ids, since_us))
    }

    /// Followed events of `domain` that are not known to be published.
    pub fn open_of(&self, domain: &str) -> usize {
        let open = self.open.values().filter(|it| {
            self.kinds[it.kind].domain == domain
                && it
                    .found
                    .as_ref()
                    .is_none_or(|found| found.published_us.is_none())
        });
        open.count()
    }

    /// What a store has of aggregates that were asked for: all that it has of them.
    pub fn kept(&mut self, events: &[KeptEvent]) {
        let mut by_aggregate: HashMap<&str, Vec<&KeptEvent>> = HashMap::new();
        for event in events {
            if let Some((_, id)) = parts_of(&event.message_id) {
                by_aggregate.entry(id).or_default().push(event);
            }
            if let Some(key) = self.by_message.get(&*event.message_id)
                && let Some(found) = self.open.get_mut(key).and_then(|it| it.found.as_mut())
            {
                found.published_us = found.published_us.or(event.published_us);
            }
        }
        for (id, kept) in by_aggregate {
            for key in self.keys_of(id) {
                self.find(key, &kept);
            }
        }
    }

    /// What was asked for in this round was answered, by a look that began then.
    pub fn looked(&mut self, round: u64, began_us: i64) {
        for followed in self.open.values_mut().filter(|it| it.asked == round) {
            followed.looked_us = began_us;
        }
    }

    fn keys_of(&self, id: &str) -> Vec<u64> {
        let aggregate = self.by_aggregate.get(id);
        aggregate.map(|it| it.keys.clone()).unwrap_or_default()
    }

    /// Looks which of `kept` is the event followed under `key`.
    fn find(&mut self, key: u64, kept: &[&KeptEvent]) {
        let Some(followed) = self.open.get_mut(&key) else {
            return;
        };
        if followed.found.is_some() {
            return;
        }
        let kind = &mut self.kinds[followed.kind];
        let within_us = followed.reply.within_us;
        let near = |event: &KeptEvent, tolerance_us: i64| {
            let tolerance_us = tolerance_us + within_us;
            let span =
                followed.reply.sent_us - tolerance_us..=followed.reply.done_us + tolerance_us;
            span.contains(&event.raised_us)
        };
        let of_kind = kept.iter().copied().filter(|event| {
            event.kind.starts_with(&kind.type_start)
                && !self.by_message.contains_key(&*event.message_id)
        });
        let mut candidates: Vec<&KeptEvent> =
            of_kind.filter(|event| near(event, NEAR_US)).collect();
        if candidates.len() > 1 {
            candidates.retain(|event| near(event, VERY_NEAR_US));
        }
        followed.ambiguous = candidates.len() > 1;
        let [event] = candidates[..] else { return };
        let Some((category, id)) = parts_of(&event.message_id) else {
            return;
        };
        let aggregate = self.by_aggregate.get_mut(id);
        let entries = aggregate.as_ref().map_or(&[][..], |it| &it.entries);
        let entry = entries
            .iter()
            .find(|(known, _)| **known == *event.message_id);
        let entry = entry.map(|(_, entry)| *entry);
        let is_its = |handled: &HandledEvent| handled.message_id == event.message_id;
        let early: Vec<HandledEvent> = match aggregate {
            Some(aggregate) => aggregate
                .handled
                .iter()
                .filter(|it| is_its(it))
                .cloned()
                .collect(),
            None => Vec::new(),
        };
        let reply = followed.reply;
        let (low, high) = (
            event.raised_us - reply.done_us - reply.within_us,
            event.raised_us - reply.sent_us + reply.within_us,
        );
        let known = self.shop_ahead_us.get_or_insert((low, high));
        *known = (known.0.max(low), known.1.min(high));
        kind.latency.counts.found += 1;
        followed.found = Some(Found {
            message_id: event.message_id.as_str().into(),
            category: category.into(),
            published_us: event.published_us,
            entry,
            groups: Vec::new(),
        });
        self.by_message
            .insert(event.message_id.as_str().into(), key);
        for handled in &early {
            self.handled(handled);
        }
        self.look_back(key);
    }

    /// What earlier looks tell of an event whose row and entry are known now.
    fn look_back(&mut self, key: u64) {
        let Some(found) = self.open.get_mut(&key).and_then(|it| it.found.as_mut()) else {
            return;
        };
        let groups = self.groups.get(&found.category).map_or(0, Vec::len);
        found.groups.resize(groups, Passing::default());
        for look in self.looks.get(&found.category).into_iter().flatten() {
            found.see(look);
        }
    }

    /// Whether an aggregate of this id is followed.
    pub fn is_about(&self, id: &str) -> bool {
        self.by_aggregate.contains_key(id)
    }

    /// An event stands in its stream at this place, since about `at_us`.
    pub fn entered(&mut self, event: &KeptEvent, entry: EntryId, at_us: i64) {
        let domain =
            parts_of(&event.message_id).and_then(|(category, _)| category.split_once("::"));
        let is_told_by_outbox =
            domain.is_some_and(|(domain, _)| self.outboxes.iter().any(|it| it == domain));
        if !is_told_by_outbox {
            self.kept(std::slice::from_ref(event));
        }
        let Some((_, id)) = parts_of(&event.message_id) else {
            return;
        };
        let Some(aggregate) = self.by_aggregate.get_mut(id) else {
            return;
        };
        if aggregate.entries.len() < MOST_KEPT {
            aggregate
                .entries
                .push((event.message_id.as_str().into(), entry));
        }
        for key in self.keys_of(id) {
            let Some(followed) = self.open.get_mut(&key) else {
                continue;
            };
            let mut is_new = false;
            if let Some(found) = &mut followed.found
                && *found.message_id == *event.message_id
            {
                is_new = found.entry.is_none();
                found.entry = found.entry.or(Some(entry));
                if !is_told_by_outbox {
                    found.published_us = found.published_us.or(Some(at_us));
                }
            }
            if is_new {
                self.look_back(key);
            }
        }
    }

    /// The groups of a category, and where they stood between two moments.
    pub fn standing(
        &mut self,
        category: &str,
        standings: &[GroupStanding],
        (began_us, ended_us): (i64, i64),
    ) {
        let category: Arc<str> = category.into();
        let groups = self.groups.entry(Arc::clone(&category)).or_default();
        for standing in standings.iter().take(MOST_GROUPS) {
            if groups.len() < MOST_GROUPS && !groups.iter().any(|it| **it == standing.group) {
                groups.push(standing.group.as_str().into());
            }
        }
        let places = standings.iter().filter_map(|standing| {
            let place = groups.iter().position(|it| **it == standing.group)?;
            Some((place, standing.clone()))
        });
        let look = Look {
            began_us,
            ended_us,
            standings: places.collect(),
        };
        for followed in self.open.values_mut() {
            let Some(found) = &mut followed.found else {
                continue;
            };
            if found.category != category {
                continue;
            }
            found.groups.resize(groups.len(), Passing::default());
            found.see(&look);
        }
        let looks = self.looks.entry(category).or_default();
        if looks.len() == MOST_LOOKS {
            looks.pop_front();
        }
        looks.push_back(look);
    }

    /// A group has handled an event.
    pub fn handled(&mut self, event: &HandledEvent) {
        let found = self.by_message.get(&*event.message_id);
        let followed = found.and_then(|key| self.open.get_mut(key));
        let Some(found) = followed.and_then(|it| it.found.as_mut()) else {
            self.keep_word(event);
            return;
        };
        let Some(groups) = self.groups.get(&found.category) else {
            return;
        };
        let is_meant = |group: &Arc<str>| {
            let last = group.rsplit_once('.').map_or(&**group, |(_, last)| last);
            last == event.handler
        };
        found.groups.resize(groups.len(), Passing::default());
        if let Some(place) = groups.iter().position(is_meant) {
            let told_us = &mut found.groups[place].told_us;
            *told_us = (*told_us).max(Some(event.at_us));
        }
    }

    /// Its row was not read yet.
    fn keep_word(&mut self, event: &HandledEvent) {
        let id = parts_of(&event.message_id).map(|(_, id)| id);
        let aggregate = id.and_then(|id| self.by_aggregate.get_mut(id));
        if let Some(aggregate) = aggregate.filter(|it| it.handled.len() < MOST_KEPT) {
            aggregate.handled.push(event.clone());
        }
    }

    /// Puts what is over into the figures, and forgets what is over altogether. With `at_last` nothing
    /// more is waited for.
    pub fn conclude(&mut self, now_us: i64, at_last: bool) {
        let words_us = self
            .words_us
            .map_or(now_us, |words_us| words_us.min(now_us));
        let mut over = Vec::new();
        for (key, followed) in &mut self.open {
            let Some(found) = &mut followed.found else {
                // A row is there when the reply is; the stream has an event when it is published, however late.
                let is_written = self.outboxes.contains(&self.kinds[followed.kind].domain);
                if at_last || (is_written && followed.is_missing()) {
                    let latency = &mut self.kinds[followed.kind].latency;
                    match followed.ambiguous {
                        true => latency.counts.ambiguous += 1,
                        false => latency.counts.not_found += 1,
                    }
                    over.push(*key);
                }
                continue;
            };
            let Some(published_us) = found.published_us else {
                continue;
            };
            let latency = &mut self.kinds[followed.kind].latency;
            let groups = self.groups.get(&found.category);
            let until = (words_us, at_last);
            let (is_done, within_us) = settle(latency, groups, found, published_us, until);
            self.within_us = self.within_us.max(within_us);
            let last = found.groups.iter().filter_map(time_of).max();
            let is_unsure =
                found.entry.is_none() || found.groups.iter().any(|it| !it.counted && it.unsure);
            let is_unseen = at_last && self.sees_streams && !is_done && is_unsure;
            self.unseen += u64::from(is_unseen);
            let is_over = is_done || !self.sees_streams || is_unseen;
            if is_over {
                count_published(latency, published_us, followed.reply.done_us);
                over.push(*key);
            }
            if is_done {
                let last_us = last.unwrap_or(published_us).max(published_us);
                let took_us = last_us - followed.reply.done_us;
                latency.done.add_over(took_us.max(0) as u64);
            }
        }
        for key in over {
            self.forget(key);
        }
    }

    /// Whether groups were seen to have passed an event that they have not told of.
    pub fn awaits_words(&self) -> bool {
        let mut found = self.open.values().filter_map(|it| it.found.as_ref());
        found.any(|found| {
            let mut groups = found.groups.iter();
            groups.any(|it| it.seen_us.is_some() && it.told_us.is_none())
        })
    }

    /// Whether an event is known to be on its way: not published yet, not handled by some group, or not to
    /// be read.
    pub fn are_under_way(&self) -> bool {
        let mut found = self.open.values().filter_map(|it| it.found.as_ref());
        let is_found = found.any(|found| {
            let groups = self.groups.get(&found.category).map_or(0, Vec::len);
            let passed = found.groups.iter().filter(|it| time_of(it).is_some());
            found.published_us.is_none() || (self.sees_streams && passed.count() < groups)
        });
        is_found || self.visible.are_under_way()
    }

    fn forget(&mut self, key: u64) {
        let Some(followed) = self.open.remove(&key) else {
            return;
        };
        if let Some(found) = followed.found {
            self.by_message.remove(&found.message_id);
        }
        for id in followed.reply.ids.iter().flatten() {
            if let Some(aggregate) = self.by_aggregate.get_mut(id.as_str()) {
                aggregate.keys.retain(|known| *known != key);
                if aggregate.keys.is_empty() {
                    self.by_aggregate.remove(id.as_str());
                }
            }
        }
    }
}

mod told;

#[cfg(test)]
mod tests;
