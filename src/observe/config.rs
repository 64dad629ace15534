//! What is to be observed.

use super::event_trail::{EventTrail, Followable, OWN_HEARD_WITHIN};
use super::source::FigureSource;
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
