//! What members measure, put together second by second, and handed to those who record and show the run:
//! the same as for a run of one machine.

use super::words::Parts;
use crate::run::PreparedMember;
use crate::stats::{
    Garbled, IntervalSink, Merged, Merging as Run, RunContext, ShardJoin, ToldInterval,
};

/// Seconds that the others may be ahead of a member before theirs are shown without it: what it sends
/// then counts in a later second.
const MOST_AHEAD: u64 = 3;

/// See the module's documentation.
pub struct Merging {
    join: ShardJoin,
    run: Run,
    parts: Vec<Parts>,
    second: ToldInterval,
}

impl Merging {
    /// Nothing yet, of these members.
    #[must_use]
    pub fn new(
        members: &[PreparedMember],
        context: RunContext,
        sinks: Vec<Box<dyn IntervalSink>>,
    ) -> Self {
        let shape = context.shape();
        let workers: Vec<usize> = members.iter().map(|member| member.cpus.len()).collect();
        Self {
            join: ShardJoin::new(shape, &workers, MOST_AHEAD),
            run: Run::new(context, sinks),
            parts: members.iter().map(|_| Parts::default()).collect(),
            second: ToldInterval::empty(shape),
        }
    }

    /// Adds what the member that has `shard` said of a second; tells where that ends once it is whole.
    ///
    /// # Errors
    /// When it is no second of this plan.
    pub fn add(&mut self, shard: u32, part: &[u8]) -> Result<Option<u64>, Garbled> {
        let index = shard as usize;
        let whole = self.parts.get_mut(index).and_then(|parts| parts.add(part));
        let Some(message) = whole else {
            return Ok(None);
        };
        self.second.decode_told(&message)?;
        self.join.push(index, &self.second);
        Ok(Some(self.second.end_us))
    }

    /// Nobody waits for the member any more.
    pub fn lose(&mut self, shard: u32) {
        self.join.lose(shard as usize);
    }

    /// The member has told everything.
    pub fn finish(&mut self, shard: u32) {
        self.join.done(shard as usize);
    }

    /// Hands on the seconds that are whole.
    pub fn hand_on(&mut self) {
        while let Some(mut second) = self.join.next_complete() {
            self.run.second(&mut second);
            self.join.recycle(second);
        }
    }

    /// Hands on all that is there.
    pub fn hand_on_rest(&mut self) {
        self.hand_on();
        while let Some(mut second) = self.join.next_left() {
            self.run.second(&mut second);
            self.join.recycle(second);
        }
    }

    /// Requests that the member told of, and the end of the last second that it did, in microseconds.
    #[must_use]
    pub fn told(&self, shard: u32) -> (u64, u64) {
        let known = self.join.shards().get(shard as usize);
        known.map_or((0, 0), |known| (known.requests, known.reported_us))
    }

    /// The whole run.
    #[must_use]
    pub fn into_merged(self) -> Merged {
        self.run.finish(Vec::new())
    }
}
