//! One attempt of a replay: what makes the thing, the racers and what comes after, with ids of its own.

use super::replay_client::{ReplayPlace, ReplayReply, Starter, send_together};
use super::replay_http2;
use super::replay_text::request_text;
use super::replay_values::{Renewed, RenewedValues};
use crate::engine::Id;
use crate::pieces::duration_text;
use crate::plan::{RaceOver, RunId, Target, is_harmful};
use crate::report::part_word;
use crate::stats::{Part, WitnessExchange};
use std::fmt::Write;
use std::io;

/// A text that is longer is not renewed any more.
const MOST_TEXT_BYTES: usize = 1 << 20;

/// How requests travel.
pub enum Way<'a> {
    /// On connections of their own, those of racers at different processes.
    Http1(Box<Starter<'a>>),
    /// On streams, and what racers share.
    Http2(RaceOver),
}

impl Way<'_> {
    fn send(&self, place: ReplayPlace<'_>, request: &[u8]) -> io::Result<ReplayReply> {
        match self {
            Self::Http1(_) => place.send(request),
            Self::Http2(_) => replay_http2::send(place, request),
        }
    }

    fn send_together(
        &mut self,
        place: ReplayPlace<'_>,
        requests: &[Vec<u8>],
        attempt: u32,
    ) -> io::Result<Vec<ReplayReply>> {
        match self {
            Self::Http1(starter) => send_together(starter, requests, attempt),
            Self::Http2(over) => replay_http2::send_together(place, *over, requests, attempt),
        }
    }
}

/// What came of an attempt.
pub(super) struct Attempted {
    /// What there is to tell.
    pub(super) told: String,
    /// What an earlier reply had to give for the next request, and did not: the rest was not sent, since
    /// its answers would tell nothing of the rule.
    pub(super) lack: Option<String>,
}

/// One attempt.
pub(super) struct Firing<'a> {
    target: &'a Target,
    place: ReplayPlace<'a>,
    /// Texts of the witness and what stands for them now: ids, and the run id.
    replaced: Vec<(String, String)>,
    /// What came of what was sent so far.
    pub(super) answers: Vec<ReplayReply>,
    /// What was sent so far.
    pub(super) sent: Vec<Renewed>,
    /// What was read of replies.
    pub(super) values: RenewedValues,
    /// Number of the attempt, from 1.
    attempt: u32,
}

impl<'a> Firing<'a> {
    /// The attempt of this number, at what made the witness in the run `old_run_id`.
    pub(super) fn new(
        target: &'a Target,
        place: ReplayPlace<'a>,
        old_run_id: &str,
        run_id: RunId,
        attempt: u32,
    ) -> Self {
        let unix_ms = run_id.unix_ms() + u64::from(attempt);
        let fresh = RunId::new(unix_ms, std::process::id(), fastrand::u16(..));
        Self {
            target,
            place,
            replaced: vec![(old_run_id.to_owned(), fresh.to_string())],
            answers: Vec::new(),
            sent: Vec::new(),
            values: RenewedValues::of(&[]),
            attempt,
        }
    }

    /// The same, which hands on what these exchanges read.
    pub(super) fn reading(self, exchanges: &[&WitnessExchange]) -> Self {
        Self {
            values: RenewedValues::of(exchanges),
            ..self
        }
    }

    /// Sends everything, unless something is lacking that an earlier reply had to give.
    pub(super) fn carry_out(
        &mut self,
        exchanges: &[&WitnessExchange],
        way: &mut Way<'_>,
    ) -> io::Result<Attempted> {
        let of = |parts: &[Part]| -> Vec<&WitnessExchange> {
            let all = exchanges.iter().copied();
            all.filter(|exchange| parts.contains(&exchange.part))
                .collect()
        };
        let (before, racers) = (of(&[Part::Before]), of(&[Part::Racer]));
        let after = of(&[Part::After, Part::Probe]);
        let mut told = String::new();
        for exchange in before {
            if let Some(name) = self.values.lack(exchange) {
                return Ok(self.broken_off(name, told));
            }
            let request = self.request(exchange);
            let answer = way.send(self.place, &request)?;
            self.take(exchange, answer, &mut told);
        }
        if let Some(name) = racers.iter().find_map(|racer| self.values.lack(racer)) {
            return Ok(self.broken_off(name, told));
        }
        let requests: Vec<Vec<u8>> = racers.iter().map(|racer| self.request(racer)).collect();
        if !requests.is_empty() {
            let answers = way.send_together(self.place, &requests, self.attempt)?;
            for (exchange, answer) in racers.into_iter().zip(answers) {
                self.take(exchange, answer, &mut told);
            }
        }
        for exchange in after {
            if let Some(name) = self.values.lack(exchange) {
                return Ok(self.broken_off(name, told));
            }
            let request = self.request(exchange);
            let answer = way.send(self.place, &request)?;
            self.take(exchange, answer, &mut told);
        }
        let lack = None;
        Ok(Attempted { told, lack })
    }

    #[cold]
    fn broken_off(&self, name: &str, told: String) -> Attempted {
        let lack = Some(format!(
            "no reply gave `{name}`, which the next request holds: nothing more was sent"
        ));
        Attempted { told, lack }
    }

    fn request(&mut self, exchange: &WitnessExchange) -> Vec<u8> {
        let sent = self.values.request(exchange, |text| self.renewed(text));
        let text = request_text(exchange, &sent, self.target);
        self.sent.push(sent);
        text
    }

    fn renewed(&self, text: &str) -> String {
        let replaced = self.replaced.iter().filter(|(old, _)| !old.is_empty());
        replaced.fold(text.to_owned(), |text, (old, new)| {
            // One that grows so is full of something that is no id.
            match text.len() > MOST_TEXT_BYTES {
                true => text,
                false => text.replace(old, new),
            }
        })
    }

    fn take(&mut self, exchange: &WitnessExchange, answer: ReplayReply, told: &mut String) {
        if let Some((field, old)) = &exchange.gave
            && let Some(new) = Id::read(answer.text.as_bytes(), field)
        {
            self.replaced.push((old.clone(), new.as_str().to_owned()));
        }
        self.values.note(exchange, &answer);
        let status = answer
            .status
            .map_or_else(|| "no reply".to_owned(), |status| status.to_string());
        let plain: String = answer.text.chars().filter(|c| !is_harmful(*c)).collect();
        // Answers are taken in the order in which requests were made: what was sent is what is told.
        let path = match self.sent.get(self.answers.len()) {
            Some(sent) => sent.path.clone(),
            None => self.renewed(&exchange.path),
        };
        let _ = writeln!(
            told,
            "  {:6}  {} {}  →  {status} {plain}  ({})",
            part_word(exchange.part),
            exchange.method,
            path,
            duration_text(answer.took.as_micros() as u64),
        );
        self.answers.push(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_everywhere_do_not_grow_a_text_without_end() {
        let target = Target::parse("http://localhost:8000").unwrap();
        let run_id = RunId::new(1, 2, 3);
        let nowhere = ReplayPlace {
            addresses: &[],
            tls: None,
        };
        let mut firing = Firing::new(&target, nowhere, "", run_id, 1);
        assert_eq!(firing.renewed("/a"), "/a");
        let is_everywhere = || ("a".to_owned(), "a".repeat(40));
        firing.replaced.extend((0..100).map(|_| is_everywhere()));
        assert!(firing.renewed("/a").len() <= 40 * MOST_TEXT_BYTES);
    }
}
