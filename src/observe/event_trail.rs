//! The trail of events: what all observing threads share that look where sampled events are.

use super::clock_offset::{ClockOffset, OwnClock};
use super::followed::FollowedEvents;
use super::followed_event::{ChosenReply, EntryId, GroupStanding, HandledEvent, KeptEvent};
use super::visible::{Answer, VisibleRead};
use super::{EventSource, FollowedAccount};
use crate::engine::{EventSampling, SampleTally, SampledReply, Step};
use crate::plan::{EventSample, EventStretch};
use crate::stats::{Event, EventLatencies, EventNow, LiveEvents, StretchLatency};
use crossbeam_channel::Receiver;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The source that tells where groups stand.
pub(super) const POSITIONS: &str = "redis groups";

/// Kinds that are shown while a run goes on, and how often their figures are made anew.
const MOST_SHOWN: usize = 50;
const SHOWN_EVERY_US: i64 = 900_000;

/// The source that tells when things can be read.
pub(super) const READS: &str = "reads";

/// See the module's documentation. Its lock is taken by observing threads alone, some times a second.
pub struct EventTrail {
    state: Mutex<TrailState>,
    own: OwnClock,
    sample: EventSample,
    tally: Arc<SampleTally>,
    heard_within: Duration,
}

/// What can be followed.
#[derive(Clone, Debug)]
pub struct Followable {
    /// How many events.
    pub sample: EventSample,
    /// Domains whose outboxes are read.
    pub outboxes: Vec<String>,
    /// Whether Redis is.
    pub sees_streams: bool,
    /// Things a second that are asked for until they can be read.
    pub reads_per_s: u32,
    /// A reply is heard of so much later at most: what stores write is read after that.
    pub heard_within: Duration,
}

/// When a reply to this process is heard of, at the latest.
pub const OWN_HEARD_WITHIN: Duration = Duration::from_secs(1);
/// The same of a reply to another machine of a fleet, which hands it over twice a second.
pub const OTHERS_HEARD_WITHIN: Duration = Duration::from_secs(3);
/// The source of replies of other machines: what their clocks are translated by.
const OTHERS: &str = "shards";

/// What an outbox is asked for at once.
pub(super) struct Asked {
    /// Aggregates.
    pub ids: Vec<String>,
    /// When the first reply about them was sent.
    pub since_us: i64,
    round: u64,
    began_us: i64,
}

struct TrailState {
    replies: Receiver<SampledReply>,
    /// By step: the kinds of events that it raises.
    raised: Vec<Vec<usize>>,
    /// By step: the path of the read that tells when what it made can be read.
    visible: Vec<Option<&'static str>>,
    followed: FollowedEvents,
    sources: Vec<EventSource>,
    /// When nothing more was waited for.
    ended_us: Option<i64>,
    /// What is shown, and when it was made.
    shown: Arc<[EventNow]>,
    shown_us: i64,
}

impl EventTrail {
    /// The trail of what `steps` raise, on `cores` cores, and how these choose; `None` when nobody
    /// could tell where an event is.
    #[must_use]
    pub fn of(
        steps: &[Step],
        cores: usize,
        what: &Followable,
    ) -> Option<(Arc<Self>, EventSampling)> {
        let visible: Vec<Option<&'static str>> =
            steps.iter().map(|step| step.operation.visible).collect();
        let reads_any = what.reads_per_s > 0 && visible.iter().any(Option::is_some);
        let sees_any = what.sees_streams || !what.outboxes.is_empty() || reads_any;
        let raises_any = steps.iter().any(|step| !step.raises.is_empty());
        if what.sample == EventSample::Off || !sees_any || !raises_any {
            return None;
        }
        let mut kinds: Vec<Event> = Vec::new();
        let mut place = |event: &Event| {
            let known = kinds
                .iter()
                .position(|it| (it.domain, it.name) == (event.domain, event.name));
            known.unwrap_or_else(|| {
                kinds.push(*event);
                kinds.len() - 1
            })
        };
        let raised = steps
            .iter()
            .map(|step| step.raises.iter().map(&mut place).collect());
        let raised = raised.collect();
        let (sampling, replies) = EventSampling::new(what.sample, cores);
        let outboxes = what.outboxes.clone();
        let followed = FollowedEvents::new(&kinds, outboxes, what.sees_streams, what.reads_per_s);
        let trail = Self {
            state: Mutex::new(TrailState {
                replies,
                raised,
                visible,
                followed,
                sources: Vec::new(),
                ended_us: None,
                shown: Arc::default(),
                shown_us: 0,
            }),
            own: OwnClock::start(),
            sample: what.sample,
            tally: Arc::clone(sampling.tally()),
            heard_within: what.heard_within,
        };
        Some((Arc::new(trail), sampling))
    }

    pub(super) fn own(&self) -> OwnClock {
        self.own
    }

    /// See [`Followable::heard_within`].
    pub(super) fn heard_within(&self) -> Duration {
        self.heard_within
    }

    fn locked(&self) -> MutexGuard<'_, TrailState> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.take_replies(self.own);
        state
    }

    /// See [`FollowedEvents::asked_of`].
    pub(super) fn asked_of(&self, domain: &str, most: usize) -> Option<Asked> {
        let mut state = self.locked();
        let (ids, since_us) = state.followed.asked_of(domain, most)?;
        Some(Asked {
            ids,
            since_us,
            round: state.followed.round,
            began_us: self.own.now_us(),
        })
    }

    /// See [`FollowedEvents::open_of`].
    pub(super) fn open_of(&self, domain: &str) -> usize {
        self.locked().followed.open_of(domain)
    }

    /// See [`FollowedEvents::kept`]: all that a store has of what was asked for.
    pub(super) fn kept(&self, asked: &Asked, events: &[KeptEvent]) {
        let mut state = self.locked();
        state.followed.kept(events);
        state.followed.looked(asked.round, asked.began_us);
        state.conclude(self.own.now_us(), false);
    }

    /// Whether nothing is followed at the moment.
    pub(super) fn is_idle(&self) -> bool {
        self.locked().followed.is_empty()
    }

    /// See [`FollowedEvents::are_under_way`].
    pub(super) fn are_under_way(&self) -> bool {
        self.locked().followed.are_under_way()
    }

    /// Entries that were read of streams.
    pub(super) fn entered(&self, entries: &[(KeptEvent, EntryId)]) {
        let mut state = self.locked();
        for (event, entry) in entries {
            state.followed.entered(event, *entry, event.raised_us);
        }
    }

    /// Of these ids of aggregates, those that are followed.
    pub(super) fn is_about(&self) -> impl Fn(&str) -> bool + '_ {
        let state = self.locked();
        move |id| state.followed.is_about(id)
    }

    /// Where groups stand, by category.
    pub(super) fn standing(
        &self,
        categories: &[(String, Vec<GroupStanding>)],
        between_us: (i64, i64),
    ) {
        let mut state = self.locked();
        for (category, standings) in categories {
            state.followed.standing(category, standings, between_us);
        }
    }

    /// Whether groups were seen to have passed an event that they have not told of.
    pub(super) fn awaits_words(&self) -> bool {
        self.locked().followed.awaits_words()
    }

    /// What groups told that they have handled; all that they told until `read_us` was read.
    pub(super) fn handled(&self, events: &[HandledEvent], read_us: i64) {
        let mut state = self.locked();
        state.followed.words_us = Some(read_us);
        for event in events {
            state.followed.handled(event);
        }
        state.conclude(self.own.now_us(), false);
    }

    /// A source of the figures: its clock, what its times are told apart by, and what it left out.
    pub(super) fn tell_source(
        &self,
        name: &str,
        clock: ClockOffset,
        resolution_us: u64,
        left_out: u64,
    ) {
        let mut state = self.locked();
        let known = state.sources.iter().position(|it| it.name == name);
        let place = known.unwrap_or_else(|| {
            state.sources.push(EventSource {
                name: name.to_owned(),
                clock,
                resolution_us,
                left_out: 0,
            });
            state.sources.len() - 1
        });
        let source = &mut state.sources[place];
        source.clock = clock;
        source.resolution_us = source.resolution_us.max(resolution_us);
        source.left_out += left_out;
    }

    /// The read that is due; otherwise how long to wait, at most `most_us`.
    pub(super) fn read_due(&self, most_us: i64) -> Result<VisibleRead, i64> {
        let now_us = self.own.now_us();
        let mut state = self.locked();
        match state.ended_us {
            Some(_) => Err(most_us),
            None => state.followed.visible.due(now_us, most_us),
        }
    }

    /// What was answered to it, and between which moments.
    pub(super) fn read_answered(&self, key: u64, between_us: (i64, i64), answer: Answer) {
        let same = ClockOffset {
            ahead_us: 0,
            within_us: 0,
        };
        let within_us = {
            let mut state = self.locked();
            if state.ended_us.is_some() {
                return;
            }
            state.followed.visible.answered(key, between_us, answer);
            state.refresh(between_us.1, false);
            state.followed.visible.within_us
        };
        self.tell_source(READS, same, within_us.max(0) as u64, 0);
    }

    /// Reads that told nothing.
    pub(super) fn reads_untold(&self) -> u64 {
        self.locked().followed.visible.untold
    }

    /// What came of it. Nothing more is waited for.
    pub(super) fn end(&self) -> FollowedAccount {
        let now_us = self.own.now_us();
        let mut state = self.locked();
        let ended_us = *state.ended_us.get_or_insert(now_us);
        state.conclude(ended_us, true);
        state.tell_what_groups_lack();
        FollowedAccount {
            sample: self.sample,
            replies: self.tally.seen.load(Ordering::Relaxed),
            no_room: self.tally.no_room.load(Ordering::Relaxed) + state.followed.no_room,
            sources: state.sources.clone(),
            shop_ahead_us: state.followed.shop_ahead_us,
            latencies: Arc::new(EventLatencies {
                events: state.followed.latencies(ended_us, &|_, _| true),
            }),
        }
    }
}

impl TrailState {
    fn take_replies(&mut self, own: OwnClock) {
        if self.ended_us.is_some() {
            return;
        }
        let (mut most_within_us, heard_us) = (0, own.now_us());
        for reply in self.replies.try_iter() {
            most_within_us = most_within_us.max(reply.within_us);
            let chosen = ChosenReply {
                within_us: reply.within_us.into(),
                heard_us,
                sent_us: own.at(reply.sent_ns),
                done_us: own.at(reply.done_ns),
                ids: [reply.given, reply.on],
            };
            let step = usize::from(reply.step);
            let kinds = self.raised.get(step).map_or(&[][..], Vec::as_slice);
            for &kind in kinds {
                self.followed.add(kind, chosen);
            }
            let path = self.visible.get(step).copied().flatten();
            let id = reply.given.as_ref().or(reply.on.as_ref());
            if let (Some(path), Some(id), Some(&kind)) = (path, id, kinds.first()) {
                let things = &mut self.followed.visible;
                things.add(kind, path, id.as_str(), chosen.done_us);
            }
        }
        if most_within_us > 0 {
            self.tell_translation(most_within_us);
        }
    }

    /// Moments of other machines are known no better than this.
    fn tell_translation(&mut self, within_us: u32) {
        let clock = ClockOffset {
            ahead_us: 0,
            within_us: within_us.into(),
        };
        match self.sources.iter_mut().find(|it| it.name == OTHERS) {
            Some(known) => {
                known.clock.within_us = known.clock.within_us.max(within_us.into());
                known.resolution_us = known.resolution_us.max(within_us.into());
            }
            None => self.sources.push(EventSource {
                name: OTHERS.to_owned(),
                clock,
                resolution_us: within_us.into(),
                left_out: 0,
            }),
        }
    }

    /// What was told by where groups stand is known no better than this.
    fn tell_what_groups_lack(&mut self) {
        let within_us = self.followed.within_us.max(0) as u64;
        let unseen = self.followed.unseen;
        for source in &mut self.sources {
            if source.name == POSITIONS {
                source.resolution_us = source.resolution_us.max(within_us);
                source.left_out = source.left_out.max(unseen);
            }
        }
    }

    fn conclude(&mut self, now_us: i64, at_last: bool) {
        self.followed.conclude(now_us, at_last);
        self.refresh(now_us, at_last);
    }

    /// Makes what is shown anew, once in a while.
    fn refresh(&mut self, now_us: i64, at_last: bool) {
        if at_last || now_us - self.shown_us >= SHOWN_EVERY_US {
            self.shown_us = now_us;
            self.shown = self.followed.now(now_us, MOST_SHOWN).into();
        }
    }
}

impl LiveEvents for EventTrail {
    fn together(
        &self,
        stretch: EventStretch,
        admits: &dyn Fn(&str, &str) -> bool,
    ) -> StretchLatency {
        let now_us = self.own.now_us();
        let state = self.locked();
        let at_us = state.ended_us.unwrap_or(now_us);
        let latencies = EventLatencies {
            events: state.followed.latencies(at_us, admits),
        };
        latencies.together(stretch, |_| true)
    }

    fn now(&self) -> Arc<[EventNow]> {
        Arc::clone(&self.locked().shown)
    }
}
