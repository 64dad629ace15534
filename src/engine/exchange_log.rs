//! The exchange log of one errand: every request about a contended thing and what was answered, kept until
//! the errand is judged.
//!
//! Its memory is a user's own and is used again for the next errand: what was settled and clean
//! leaves nothing behind.

use super::trace::{TRACEPARENT, traceparent_of};
use super::{Id, Step};
use crate::stats::{Outcome, Part, Reason, Rule, Violation, WitnessExchange};
use std::ops::Range;

/// Room for the texts of an errand; a longer one grows it once.
const TEXT_BYTES: usize = 12 << 10;
/// Room for the exchanges of an errand.
const ENTRIES: usize = 32;

/// One exchange of a log. Times are in nanoseconds on the monotonic clock.
#[derive(Clone, Debug)]
pub struct LoggedExchange {
    /// What was called.
    pub step: &'static Step,
    /// Its part in the errand.
    pub part: Part,
    /// Side of a racer; 0 for all others.
    pub side: u8,
    /// When it was due.
    pub due_ns: u64,
    /// When it was sent; `None` when it certainly was not.
    pub sent_ns: Option<u64>,
    /// When it was answered or given up.
    pub done_ns: u64,
    /// HTTP status, 0 when there was none.
    pub status: u16,
    /// What became of it.
    pub outcome: Outcome,
    /// The process that is believed to have served it, from 1; 0 when nothing is believed.
    pub process: u8,
    request: Range<usize>,
    reply: Range<usize>,
}

impl LoggedExchange {
    /// A request of `step` that was not answered yet.
    #[must_use]
    pub fn asked(step: &'static Step, part: Part, side: u8, due_ns: u64) -> Self {
        Self {
            step,
            part,
            side,
            due_ns,
            sent_ns: None,
            done_ns: due_ns,
            status: 0,
            outcome: Outcome::Unknown,
            process: 0,
            request: 0..0,
            reply: 0..0,
        }
    }
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct ExchangeLog {
    text: Vec<u8>,
    entries: Vec<LoggedExchange>,
    is_kept: bool,
}

impl ExchangeLog {
    /// Begins anew: from now on exchanges are kept.
    pub fn begin(&mut self) {
        self.forget();
        self.is_kept = true;
        if self.text.capacity() == 0 {
            self.text.reserve(TEXT_BYTES);
            self.entries.reserve(ENTRIES);
        }
    }

    /// Ends: what was kept is forgotten.
    pub fn forget(&mut self) {
        self.is_kept = false;
        self.text.clear();
        self.entries.clear();
    }

    /// Whether exchanges are kept.
    #[inline]
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// The exchanges, in the order of being written.
    #[must_use]
    pub fn entries(&self) -> &[LoggedExchange] {
        &self.entries
    }

    /// The exchange at `index`, to note what became of it.
    pub fn entry_mut(&mut self, index: usize) -> &mut LoggedExchange {
        &mut self.entries[index]
    }

    /// All texts; requests are ranges of it.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Adds a request that `write` writes; returns where it stands in [`ExchangeLog::text`].
    pub fn ask(&mut self, entry: LoggedExchange, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.text.len();
        write(&mut self.text);
        let request = start..self.text.len();
        self.entries.push(LoggedExchange {
            request: request.clone(),
            ..entry
        });
        request
    }

    /// Notes the body of the reply to the exchange at `index`.
    pub fn answer(&mut self, index: usize, body: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(body);
        self.entries[index].reply = start..self.text.len();
    }

    /// Adds an exchange of another log, with its texts.
    pub fn adopt(&mut self, other: &Self, index: usize) {
        let entry = other.entries[index].clone();
        let request = &other.text[entry.request.clone()];
        self.ask(entry, |text| text.extend_from_slice(request));
        self.answer(self.entries.len() - 1, other.reply(index));
    }

    /// Body of the request at `index`.
    #[must_use]
    pub fn request_body(&self, index: usize) -> &[u8] {
        let request = &self.text[self.entries[index].request.clone()];
        let end = memchr::memmem::find(request, b"\r\n\r\n");
        end.map_or(&[], |end| &request[end + 4..])
    }

    /// Body of the reply at `index`; empty when there was none.
    #[must_use]
    pub fn reply(&self, index: usize) -> &[u8] {
        &self.text[self.entries[index].reply.clone()]
    }

    /// The id that the reply at `index` gave.
    #[must_use]
    pub fn id(&self, index: usize) -> Option<Id> {
        let entry = &self.entries[index];
        if entry.outcome != Outcome::Success {
            return None;
        }
        Id::read(self.reply(index), entry.step.operation.id_field?)
    }

    /// The record of a violation of `rule` that the exchanges at `shown_by` show. Times are counted
    /// from `start_ns`.
    #[must_use]
    pub fn violation(
        &self,
        (rule, race): (&Rule, Option<&str>),
        why: &Reason,
        shown_by: &[usize],
        (start_ns, now_ns): (u64, u64),
    ) -> Violation {
        let from_start = |ns: u64| (ns as i64 - start_ns as i64) / 1_000;
        let exchange = |index| self.witness(index, shown_by.contains(&index), &from_start);
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|&index| self.entries[index].sent_ns.unwrap_or(u64::MAX));
        Violation {
            rule: rule.name.to_owned(),
            race: race.map(str::to_owned),
            at_us: from_start(now_ns),
            why: why.as_str().to_owned(),
            exchanges: order.into_iter().map(exchange).collect(),
        }
    }

    fn witness(
        &self,
        index: usize,
        shows: bool,
        from_start: &impl Fn(u64) -> i64,
    ) -> WitnessExchange {
        let entry = &self.entries[index];
        let operation = entry.step.operation;
        let request = String::from_utf8_lossy(&self.text[entry.request.clone()]);
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let trace = traceparent_of(&request).map(|value| (TRACEPARENT, value));
        let gave = operation.id_field.zip(self.id(index));
        WitnessExchange {
            part: entry.part,
            shows,
            name: entry.step.name.to_owned(),
            method: operation.method.word().to_owned(),
            path,
            headers: operation
                .headers
                .iter()
                .copied()
                .chain(trace)
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: String::from_utf8_lossy(self.request_body(index)).into_owned(),
            due_us: from_start(entry.due_ns),
            sent_us: entry.sent_ns.map(from_start),
            done_us: from_start(entry.done_ns),
            status: (entry.status > 0).then_some(entry.status),
            outcome: entry.outcome,
            reply: String::from_utf8_lossy(self.reply(index)).into_owned(),
            gave: gave.map(|(field, id)| (field.to_owned(), id.as_str().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
