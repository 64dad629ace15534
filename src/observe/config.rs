//! What is to be observed.

use super::event_trail::{EventTrail, Followable, OWN_HEARD_WITHIN};
use super::source::FigureSource;
use super::visible_source::VisibleSource;
use super::{
    MessageStore, ObservatorySource, OutboxSource, PostgresAddress, RedisAddress, RedisStreams,
};
use crate::plan::{AddressPolicy, EventSample, Target, TlsSettings};
use std::sync::Arc;
use std::time::Duration;

/// Which Observatory is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ObservatoryChoice {
    /// None.
    #[default]
    None,
    /// This one; when it does not answer, that is told.
    Asked(Target),
    /// This one, if it is there.
    Tried(Target),
}

/// The sources of a run, and how long the back end is watched after the load.
#[derive(Clone, Debug, Default)]
pub struct ObserverConfig {
    /// The Observatory.
    pub observatory: ObservatoryChoice,
    /// Redis.
    pub redis: Option<RedisAddress>,
    /// The databases with the outboxes of domains, each named once.
    pub outboxes: Vec<(String, PostgresAddress)>,
    /// How stores in TLS are trusted, where their addresses do not say; the Observatory's is its own.
    pub tls: TlsSettings,
    /// The message store.
    pub message_store: Option<PostgresAddress>,
    /// Longest wait, after the load, until the backlog is no larger than before it.
    pub drain_wait: Duration,
    /// How many events are followed from their replies on.
    pub event_sample: EventSample,
    /// Things a second that are asked for until they can be read.
    pub event_poll: Option<u32>,
    /// Where they are asked for; known when the target is.
    pub reads: Option<Target>,
}

/// A source, and whether it may be missing without a word.
pub(super) struct Chosen {
    pub source: Box<dyn FigureSource>,
    pub may_be_missing: bool,
}

impl ObserverConfig {
    /// Whether anything is to be observed.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.observatory != ObservatoryChoice::None
            || self.redis.is_some()
            || self.message_store.is_some()
            || !self.outboxes.is_empty()
            || self.event_poll.is_some()
    }

    /// Whether single events are followed: in outboxes, in Redis, or in both.
    #[must_use]
    pub fn follow_events(&self) -> bool {
        let are_stores_seen = self.redis.is_some() || !self.outboxes.is_empty();
        are_stores_seen && self.event_sample != EventSample::Off
    }

    /// Descriptors that it may take to observe: a connection of each source, the one that takes its
    /// place, and of a target in this process the other end.
    #[must_use]
    pub fn descriptors(&self) -> u64 {
        let stores = self.outboxes.len()
            + usize::from(self.redis.is_some())
            + usize::from(self.message_store.is_some());
        4 * (1 + stores as u64)
    }

    /// What of events can be followed.
    #[must_use]
    pub fn followable(&self) -> Followable {
        let outboxes = self.outboxes.iter().map(|(domain, _)| domain.clone());
        Followable {
            sample: self.event_sample,
            outboxes: outboxes.collect(),
            sees_streams: self.redis.is_some(),
            reads_per_s: self
                .event_poll
                .filter(|_| self.reads.is_some())
                .unwrap_or(0),
            heard_within: OWN_HEARD_WITHIN,
        }
    }

    /// The sources, those with the coarsest figures last.
    pub(super) fn sources(
        &self,
        policy: &AddressPolicy,
        trail: Option<&Arc<EventTrail>>,
    ) -> Vec<Chosen> {
        let mut sources: Vec<Box<dyn FigureSource>> = Vec::new();
        for (domain, address) in &self.outboxes {
            let outbox =
                OutboxSource::new(domain, address.clone(), policy.clone(), self.tls.clone());
            sources.push(Box::new(outbox.following(trail)));
        }
        if let Some(address) = &self.redis {
            let streams = RedisStreams::new(address.clone(), policy.clone(), self.tls.clone());
            sources.push(Box::new(streams.following(trail)));
        }
        if let Some(address) = &self.message_store {
            sources.push(Box::new(MessageStore::new(
                address.clone(),
                policy.clone(),
                self.tls.clone(),
            )));
        }
        if let (Some(target), Some(trail), Some(_)) = (&self.reads, trail, self.event_poll) {
            let source = VisibleSource::new(target.clone(), Arc::clone(trail), policy.clone());
            sources.push(Box::new(source));
        }
        let mut chosen: Vec<Chosen> = sources
            .into_iter()
            .map(|source| Chosen {
                source,
                may_be_missing: false,
            })
            .collect();
        let observatory = match &self.observatory {
            ObservatoryChoice::None => None,
            ObservatoryChoice::Asked(target) => Some((target, false)),
            ObservatoryChoice::Tried(target) => Some((target, true)),
        };
        chosen.extend(observatory.map(|(target, may_be_missing)| Chosen {
            source: Box::new(ObservatorySource::new(target.clone(), policy.clone())),
            may_be_missing,
        }));
        chosen
    }
}
