//! What a rule is judged by: requests that were let go together, one that asked afterwards, and what all of
//! them told.

use crate::stats::Outcome;
use crate::stats::decimal::Decimal;
use std::borrow::Cow;
use std::ops::Range;

/// Whether something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The target said so.
    Happened,
    /// Nobody knows.
    MayHave,
    /// It did not.
    DidNot,
}

impl Fate {
    /// What `outcome` tells of a request that was answered with `status`, or with nothing, which is 0. Only
    /// what was refused, what lost a race, what never left and what was answered with 4xx did certainly
    /// nothing: a failure may be one of the target's words, or of the file.
    #[must_use]
    pub fn of(outcome: Outcome, status: u16, was_sent: bool) -> Self {
        match outcome {
            Outcome::Success => Self::Happened,
            Outcome::Refused | Outcome::Conflict => Self::DidNot,
            Outcome::Failed if !was_sent || (400..500).contains(&status) => Self::DidNot,
            Outcome::Failed | Outcome::Unknown => Self::MayHave,
        }
    }
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    /// Whether it happened.
    pub fate: Fate,
    /// Its side of the race.
    pub side: u8,
    /// When it left; `None` when it did not.
    pub sent_ns: Option<u64>,
    /// When it was answered or given up.
    pub done_ns: u64,
}

/// What is read of requests and replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldPlace {
    /// The field that is added up.
    Sum,
    /// The key.
    Key,
    /// The id.
    Id,
    /// What the one that asked afterwards was told.
    Value,
    /// What that has to name.
    Names,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    /// Its text, without quotes and escapes.
    pub text: Cow<'a, [u8]>,
    /// Whether it is a text, rather than a number or a boolean.
    pub is_text: bool,
}

impl Told<'_> {
    /// As a number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<Decimal> {
        Decimal::parse(&self.text)
    }

    /// Whether it certainly is something else than `other`.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            (Some(one), Some(other)) => one != other,
            // Numbers can be written in ways that are not read here.
            _ if !self.is_text && !other.is_text && self.is_number() && other.is_number() => false,
            _ => self.text != other.text,
        }
    }

    fn is_number(&self) -> bool {
        matches!(self.text.first(), Some(b'-' | b'0'..=b'9'))
    }
}

/// See the module's documentation.
pub trait Contest {
    /// The requests that were let go together.
    fn racers(&self) -> Range<usize>;

    /// Whether nobody knows the outcome of something that was asked before the race, so that it may happen
    /// during it, or after.
    fn is_anything_open_before(&self) -> bool;

    /// The one that asked afterwards; `None` when there was none, or nobody knows what it was told.
    fn probe(&self) -> Option<usize>;

    /// What became of the request at `at`.
    fn contender(&self, at: usize) -> Contender;

    /// What the request at `at`, or its reply, has at `place`; `None` when that is nothing. What only a
    /// reply tells is nothing for one without.
    fn told(&self, at: usize, place: ToldPlace) -> Option<Told<'_>>;

    /// Whether what stands at `place` stands in the request.
    fn is_asked(&self, place: ToldPlace) -> bool;

    /// The lower bound; `None` when it is nothing.
    fn low(&self) -> Option<Told<'_>>;

    /// The upper bound.
    fn high(&self) -> Option<Told<'_>>;
}
