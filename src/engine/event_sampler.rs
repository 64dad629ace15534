//! Which replies name events that are followed to their end.
//!
//! A core decides by the id that a reply gives (or that its request went to), so that the choice has
//! nothing to do with how long anything took; where there are too many, its share goes down from second
//! to second. What is chosen goes through a channel with room for seconds of it, whose other end looks
//! in once a second: nobody is woken, and what finds no room is only counted.

use super::operation::{HeadPart, KeptFrom, Operation, Step};
use super::{Id, Values};
use crate::plan::EventSample;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const SECOND_NS: u64 = 1_000_000_000;
/// Seconds of the most that is sampled which wait to be taken.
const ROOM_S: u32 = 8;
/// Stands for a value that a step does not have.
const NONE: u16 = u16::MAX;

/// A reply that names an event which is followed. Times are in nanoseconds on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct SampledReply {
    /// [`Step::index`] of what was called.
    pub step: u16,
    /// When it was sent.
    pub sent_ns: u64,
    /// When the reply had come.
    pub done_ns: u64,
    /// The id that the reply gave.
    pub given: Option<Id>,
    /// The id that the request went to.
    pub on: Option<Id>,
    /// What both times may be wrong by, in microseconds: 0 on this machine.
    pub within_us: u32,
}

/// What all cores' samplers are made of.
#[derive(Clone, Debug)]
pub struct EventSampling {
    replies: Sender<SampledReply>,
    tally: Arc<SampleTally>,
    sample: EventSample,
    cores: u32,
}

/// What was not chosen, all cores together.
#[derive(Debug, Default)]
pub struct SampleTally {
    /// Replies that name events and were looked at.
    pub seen: AtomicU64,
    /// Those of them that were chosen and found no room.
    pub no_room: AtomicU64,
}

impl EventSampling {
    /// That of `cores` cores, and where the chosen replies come out.
    #[must_use]
    pub fn new(sample: EventSample, cores: usize) -> (Self, Receiver<SampledReply>) {
        let room = sample.most_per_s().saturating_mul(ROOM_S).max(1);
        let (replies, receiver) = bounded(room as usize);
        let sampling = Self {
            replies,
            tally: Arc::default(),
            sample,
            cores: u32::try_from(cores).unwrap_or(u32::MAX).max(1),
        };
        (sampling, receiver)
    }

    /// What was not chosen.
    #[must_use]
    pub fn tally(&self) -> &Arc<SampleTally> {
        &self.tally
    }

    /// How many are followed.
    #[must_use]
    pub fn sample(&self) -> EventSample {
        self.sample
    }

    /// Takes a reply that was chosen on another machine.
    pub fn take_in(&self, reply: SampledReply) {
        if self.replies.try_send(reply).is_err() {
            self.tally.no_room.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts what was not handed over of another machine.
    pub fn count(&self, seen: u64, no_room: u64) {
        self.tally.seen.fetch_add(seen, Ordering::Relaxed);
        self.tally.no_room.fetch_add(no_room, Ordering::Relaxed);
    }

    /// The sampler of one core that carries out these `steps`.
    #[must_use]
    pub fn sampler(&self, steps: &[Step]) -> EventSampler {
        let share = self.sample.largest_share();
        EventSampler {
            replies: self.replies.clone(),
            tally: Arc::clone(&self.tally),
            places: steps.iter().map(|step| places_of(step.operation)).collect(),
            most_a_second: self.sample.most_per_s().div_ceil(self.cores),
            largest_share: share,
            limit: limit_of(share),
            second: 0,
            seen: 0,
            chosen: 0,
        }
    }
}

/// One core's choice.
pub struct EventSampler {
    replies: Sender<SampledReply>,
    tally: Arc<SampleTally>,
    /// By step: positions of the values that hold the id given and the id asked.
    places: Box<[[u16; 2]]>,
    most_a_second: u32,
    largest_share: f64,
    /// Ids whose hash is no larger are chosen.
    limit: u64,
    second: u64,
    seen: u32,
    chosen: u32,
}

impl EventSampler {
    /// Looks at a successful reply to `reply.step`, whose ids are in `values` where it has none itself.
    #[inline]
    pub fn look(&mut self, mut reply: SampledReply, values: &Values) {
        let [given, on] = self.places[usize::from(reply.step)];
        reply.given = reply.given.or_else(|| value_at(given, values));
        reply.on = reply.on.or_else(|| value_at(on, values));
        let Some(id) = reply.given.or(reply.on) else {
            return;
        };
        let second = reply.done_ns / SECOND_NS;
        if second != self.second {
            self.begin(second);
        }
        self.seen += 1;
        if hash(&id, reply.step) > self.limit || self.chosen >= self.most_a_second {
            return;
        }
        self.chosen += 1;
        if self.replies.try_send(reply).is_err() {
            self.tally.no_room.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The share that would have been right for the last second is taken for the next.
    fn begin(&mut self, second: u64) {
        self.tally
            .seen
            .fetch_add(u64::from(self.seen), Ordering::Relaxed);
        let fits = f64::from(self.most_a_second) / f64::from(self.seen.max(1));
        self.limit = limit_of(fits.min(self.largest_share));
        (self.second, self.seen, self.chosen) = (second, 0, 0);
    }
}

impl Drop for EventSampler {
    fn drop(&mut self) {
        let seen = u64::from(self.seen);
        self.tally.seen.fetch_add(seen, Ordering::Relaxed);
    }
}

fn limit_of(share: f64) -> u64 {
    // As far as it goes where the share is 1.
    (share * u64::MAX as f64) as u64
}

/// The end of the id is mixed: of a UUID that is random, of a counted number it is what differs.
fn hash(id: &Id, step: u16) -> u64 {
    let bytes = id.as_bytes();
    let mut end = [0; 16];
    let taken = bytes.len().min(end.len());
    end[..taken].copy_from_slice(&bytes[bytes.len() - taken..]);
    let number = u128::from_le_bytes(end);
    let mut mixed = (number as u64) ^ ((number >> 64) as u64).rotate_left(32) ^ u64::from(step);
    // The finaliser of MurmurHash3.
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53_u64] {
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(factor);
    }
    mixed ^ (mixed >> 33)
}

fn value_at(place: u16, values: &Values) -> Option<Id> {
    (usize::from(place) < values.len())
        .then(|| values.raw(place))
        .and_then(Id::new)
}

/// Where the ids of an operation stand among the user's values: the first that is kept of a reply under a
/// name that ends like an id's, and the first in the path.
fn places_of(operation: &Operation) -> [u16; 2] {
    let mut given = NONE;
    if let Some(reading) = operation.reading {
        reading.each_kept(&mut |value, _, from| {
            if let KeptFrom::Json(pointer) = from
                && given == NONE
                && pointer.ends_with("id")
                && pointer.matches('/').count() <= 1
            {
                given = value;
            }
        });
    }
    let parts = operation.template.map_or(&[][..], |it| it.path);
    let on = parts.iter().find_map(|part| match part {
        HeadPart::Value(value) => Some(*value),
        HeadPart::Text(_) => None,
    });
    [given, on.unwrap_or(NONE)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::HeadTemplate;

    static PLAIN: Operation = Operation::PLAIN;
    static ASKED: Operation = Operation {
        template: Some(&HeadTemplate {
            path: &[
                HeadPart::Text("/orders/"),
                HeadPart::Value(1),
                HeadPart::Text("/items/"),
                HeadPart::Value(0),
            ],
            headers: &[],
        }),
        ..Operation::PLAIN
    };

    fn step(operation: &'static Operation) -> Step {
        Step {
            index: 0,
            operation,
            name: "POST /",
            raises: &[],
            stays: 0,
        }
    }

    fn reply(number: u32, second: u64) -> SampledReply {
        SampledReply {
            step: 0,
            sent_ns: 0,
            done_ns: second * SECOND_NS + u64::from(number),
            given: Id::new(format!("{number:08x}-0000-4000-8000-{number:012x}").as_bytes()),
            on: None,
            within_us: 0,
        }
    }

    #[test]
    fn a_share_is_chosen_by_id_whoever_looks() {
        let chosen = || {
            let (sampling, replies) = EventSampling::new(EventSample::Share(0.25), 1);
            let mut sampler = sampling.sampler(&[step(&PLAIN)]);
            for number in 0..4_000 {
                sampler.look(reply(number, u64::from(number) / 1_000), &Values::new(0));
            }
            drop(sampler);
            assert_eq!(sampling.tally().seen.load(Ordering::Relaxed), 4_000);
            let ids: Vec<String> = replies
                .try_iter()
                .filter_map(|it| Some(it.given?.as_str().to_owned()))
                .collect();
            ids
        };
        let ids = chosen();
        assert!((900..1_100).contains(&ids.len()), "{}", ids.len());
        assert_eq!(ids, chosen());
    }

    #[test]
    fn too_many_make_the_share_of_the_next_second_smaller() {
        let (sampling, replies) = EventSampling::new(EventSample::PerSecond(100), 2);
        let mut sampler = sampling.sampler(&[step(&PLAIN)]);
        let mut in_second = |second: u64| {
            for number in 0..5_000 {
                sampler.look(
                    reply(number + second as u32 * 5_000, second),
                    &Values::new(0),
                );
            }
            replies
                .try_iter()
                .map(|it| it.done_ns % SECOND_NS)
                .collect::<Vec<u64>>()
        };
        let first = in_second(1);
        assert_eq!(first.len(), 50, "what fits, and no more");
        let second = in_second(2);
        assert!((25..=50).contains(&second.len()), "{}", second.len());
        assert!(
            second.iter().any(|at| *at > 2 * 5_000 + 2_500),
            "evenly: {second:?}"
        );
    }

    #[test]
    fn ids_stand_in_the_reply_the_path_or_the_users_values() {
        assert_eq!(places_of(&PLAIN), [NONE, NONE]);
        assert_eq!(places_of(&ASKED), [NONE, 1]);
        let (sampling, replies) = EventSampling::new(EventSample::Share(1.0), 1);
        let mut sampler = sampling.sampler(&[step(&ASKED)]);
        let mut values = Values::new(2);
        values.set(1, b"order-1", false);
        let nameless = SampledReply {
            given: None,
            ..reply(1, 1)
        };
        sampler.look(nameless, &values);
        sampler.look(nameless, &Values::new(2));
        let found: Vec<SampledReply> = replies.try_iter().collect();
        assert_eq!(found.len(), 1, "without an id nothing can be followed");
        assert_eq!(found[0].on.unwrap().as_str(), "order-1");
    }
}
