//! A race that was fired again, as the rule looks at it that was broken then.

use super::replay_client::ReplayReply;
use super::replay_values::{Renewed, RenewedValues};
use crate::stats::{
    CheckKind, Contender, Contest, Fate, Outcome, Part, RuleCheck, RuleFinding, Told, ToldPlace,
    WitnessExchange,
};
use serde_json::Value;
use std::ops::Range;

/// What was sent and answered, in the order of `exchanges`.
pub(super) struct FiredContest<'a> {
    pub(super) check: &'a RuleCheck,
    pub(super) exchanges: &'a [&'a WitnessExchange],
    pub(super) sent: &'a [Renewed],
    pub(super) answers: &'a [ReplayReply],
    pub(super) values: &'a RenewedValues,
}

impl FiredContest<'_> {
    /// Whether the rule is broken again; `None` where that cannot be seen by what was fired.
    pub(super) fn is_broken(&self) -> Option<bool> {
        let is_whole =
            self.answers.len() == self.exchanges.len() && self.sent.len() == self.exchanges.len();
        // Of racers that leave together none is sent after another was answered.
        let is_seen = self.check.kind != CheckKind::Excludes || self.probe().is_some();
        let found = (is_whole && is_seen).then(|| self.check.judge(self))?;
        Some(matches!(found, RuleFinding::Broken { .. }))
    }

    /// What an answer means, by what the same status meant then.
    fn outcome(&self, at: usize) -> Outcome {
        let (then, now) = (self.exchanges[at], &self.answers[at]);
        let alike = self
            .exchanges
            .iter()
            .find(|other| other.name == then.name && other.status == now.status);
        match (alike, now.status) {
            _ if then.status == now.status => then.outcome,
            (Some(alike), _) => alike.outcome,
            (None, Some(200..300)) => Outcome::Success,
            (None, Some(400..500)) => Outcome::Refused,
            (None, _) => Outcome::Unknown,
        }
    }

    fn bound<'a>(&'a self, bound: Option<&'a String>) -> Option<Told<'a>> {
        let bound = bound?;
        let name = bound
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let (text, is_text) = match name {
            Some(name) => self.values.value(name)?,
            None => (bound.as_bytes(), true),
        };
        let text = text.into();
        Some(Told { text, is_text })
    }
}

impl Contest for FiredContest<'_> {
    fn racers(&self) -> Range<usize> {
        let is_racer = |exchange: &&WitnessExchange| exchange.part == Part::Racer;
        let first = self.exchanges.iter().position(is_racer).unwrap_or(0);
        let count = self.exchanges.iter().filter(|it| is_racer(it)).count();
        first..first + count
    }

    fn is_anything_open_before(&self) -> bool {
        let mut before = 0..self.racers().start;
        before.any(|at| self.contender(at).fate == Fate::MayHave)
    }

    fn probe(&self) -> Option<usize> {
        let is_probe = |exchange: &&WitnessExchange| exchange.part == Part::Probe;
        let found = self.exchanges.iter().rposition(is_probe)?;
        self.answers[found].status.is_some().then_some(found)
    }

    fn contender(&self, at: usize) -> Contender {
        let (outcome, status) = (self.outcome(at), self.answers[at].status.unwrap_or(0));
        let is_racer = self.exchanges[at].part == Part::Racer;
        Contender {
            fate: Fate::of(outcome, status, true),
            side: self.exchanges[at].side.unwrap_or(0),
            // Racers are let go together, and what asks afterwards waits for all of them.
            sent_ns: Some(if is_racer { 0 } else { 1 }),
            done_ns: 1,
        }
    }

    fn told(&self, at: usize, place: ToldPlace) -> Option<Told<'_>> {
        let written = self.check.place(place)?;
        let (from, rest) = written.split_once(' ').unwrap_or(("reply", written));
        let header = rest.strip_prefix("header ").map(str::trim);
        let json = match (from, header) {
            ("request", Some(name)) => {
                let mut headers = self.sent[at].headers.iter();
                let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
                let text = value.as_bytes().into();
                return Some(Told {
                    text,
                    is_text: true,
                });
            }
            ("request", None) => &self.sent[at].body,
            _ if self.outcome(at) == Outcome::Success => &self.answers[at].text,
            _ => return None,
        };
        let json = serde_json::from_str::<Value>(json).ok()?;
        let (text, is_text) = match json.pointer(rest)? {
            Value::String(text) => (text.clone(), true),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            other => (other.to_string(), false),
        };
        let text = text.into_bytes().into();
        Some(Told { text, is_text })
    }

    fn is_asked(&self, place: ToldPlace) -> bool {
        let written = self.check.place(place);
        written.is_some_and(|written| written.starts_with("request "))
    }

    fn low(&self) -> Option<Told<'_>> {
        self.bound(self.check.low.as_ref())
    }

    fn high(&self) -> Option<Told<'_>> {
        self.bound(self.check.high.as_ref())
    }
}
