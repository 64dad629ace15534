//! A race in a user's log, as rules look at it.

use crate::engine::codec::field;
use crate::engine::{ExchangeLog, RacerRange, Values};
use crate::stats::{Contender, Contest, Fate, Outcome, Told, ToldPlace};
use crate::workload_file::model::json_pointer::{Found, JsonPointer, unescaped};
use crate::workload_file::model::race_model::{Bound, RulePlace, RulePlaces};
use fastrand::Rng;
use std::borrow::Cow;
use std::ops::Range;

/// See the module's documentation.
#[derive(Clone, Copy)]
pub struct LoggedContest<'a> {
    /// What was asked and answered.
    pub log: &'a ExchangeLog,
    /// The user's values.
    pub values: &'a Values,
    /// Where the racers stand in the log.
    pub racers: &'a RacerRange,
    /// Where the probe stands in the log, if it was answered.
    pub probe: Option<usize>,
    /// Where what the rule compares stands.
    pub places: &'a RulePlaces,
}

impl LoggedContest<'_> {
    fn bound<'a>(&'a self, bound: Option<&'a Bound>) -> Option<Told<'a>> {
        match bound? {
            Bound::Constant { text, is_text } => Some(Told {
                text: Cow::Borrowed(text.as_bytes()),
                is_text: *is_text,
            }),
            Bound::Value(position) => {
                let text = self.values.raw(*position);
                (!text.is_empty()).then(|| Told {
                    text: Cow::Borrowed(text),
                    is_text: !self.values.is_bare(*position),
                })
            }
        }
    }
}

impl Contest for LoggedContest<'_> {
    fn racers(&self) -> Range<usize> {
        self.racers.clone()
    }

    fn is_anything_open_before(&self) -> bool {
        let mut before = 0..self.racers.start;
        before.any(|at| self.contender(at).fate == Fate::MayHave)
    }

    fn probe(&self) -> Option<usize> {
        self.probe
    }

    fn contender(&self, at: usize) -> Contender {
        let entry = &self.log.entries()[at];
        Contender {
            fate: Fate::of(entry.outcome, entry.status, entry.sent_ns.is_some()),
            side: entry.side,
            sent_ns: entry.sent_ns,
            done_ns: entry.done_ns,
        }
    }

    fn told(&self, at: usize, place: ToldPlace) -> Option<Told<'_>> {
        match self.places.of(place)? {
            RulePlace::Request(pointer) => in_json(pointer, self.log.request_body(at)),
            RulePlace::RequestHeader(name) => field(self.log.request_head(at), name).map(|text| {
                let text = Cow::Borrowed(text.trim_ascii());
                Told {
                    text,
                    is_text: true,
                }
            }),
            RulePlace::Reply(pointer) => {
                let is_told = self.log.entries()[at].outcome == Outcome::Success;
                is_told.then(|| in_json(pointer, self.log.reply(at)))?
            }
        }
    }

    fn is_asked(&self, place: ToldPlace) -> bool {
        !matches!(self.places.of(place), Some(RulePlace::Reply(_)) | None)
    }

    fn low(&self) -> Option<Told<'_>> {
        self.bound(self.places.low.as_ref())
    }

    fn high(&self) -> Option<Told<'_>> {
        self.bound(self.places.high.as_ref())
    }
}

fn in_json<'a>(pointer: &JsonPointer, json: &'a [u8]) -> Option<Told<'a>> {
    // Rules have no places where there is a choice.
    match pointer.find(json, &mut Rng::with_seed(0))? {
        Found::Text(text) => Some(Told {
            text: match memchr::memchr(b'\\', text) {
                None => Cow::Borrowed(text),
                Some(_) => Cow::Owned(unescaped(text)?.into_bytes()),
            },
            is_text: true,
        }),
        Found::Bare(b"null") | Found::Nested(_) => None,
        Found::Bare(text) => Some(Told {
            text: Cow::Borrowed(text),
            is_text: false,
        }),
    }
}
