//! What came of the events that were followed, as it is kept for the record.

use super::clock_offset::ClockOffset;
use crate::plan::EventSample;
use crate::stats::EventLatencies;
use std::fmt;
use std::sync::Arc;

/// Where times of events were read.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSource {
    /// `outbox:identity`, `redis` for where groups stand, `redis traces` for what they tell.
    pub name: String,
    /// Its clock against ours.
    pub clock: ClockOffset,
    /// What two of its times are told apart by, in microseconds; of groups that are looked at the
    /// longest time between two looks.
    pub resolution_us: u64,
    /// Things that were not read, since there were too many; of where groups stand, events of which it was
    /// not seen in the end whether these had passed them.
    pub left_out: u64,
}

/// See the module's documentation.
#[derive(Clone)]
pub struct FollowedAccount {
    /// How many were to be followed.
    pub sample: EventSample,
    /// Replies that name events.
    pub replies: u64,
    /// Chosen ones that found no room.
    pub no_room: u64,
    /// Where times were read.
    pub sources: Vec<EventSource>,
    /// By the requests themselves, the shop's clock is at least and at most so far ahead of ours, in
    /// microseconds.
    pub shop_ahead_us: Option<(i64, i64)>,
    /// The figures.
    pub latencies: Arc<EventLatencies>,
}

impl fmt::Debug for FollowedAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FollowedAccount")
            .field("replies", &self.replies)
            .field("kinds", &self.latencies.events.len())
            .finish_non_exhaustive()
    }
}
