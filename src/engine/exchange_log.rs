//! The exchange log of one errand: every request about a contended thing and what was answered, kept until
//! the errand is judged.
//!
//! Its memory is a user's own and is used again for the next errand: what was settled and clean
//! leaves nothing behind.

mod marks;
mod witness;

pub use marks::Marks;
pub(super) use witness::{MarkedLog, Shown};

use super::allocations::make_room;
use super::{Id, Step};
use crate::stats::{Outcome, Part};
use std::ops::Range;

/// Room for the texts of an errand; a longer one grows it once.
const TEXT_BYTES: usize = 12 << 10;
/// Room that a request finds.
const USUAL_REQUEST_BYTES: usize = 2 << 10;
/// Room for the exchanges of an errand.
const ENTRIES: usize = 32;
/// From here on only racers are kept.
const MOST_TEXT_BYTES: usize = 1 << 20;

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
    /// Where the request holds values of the user, among the marks beside the log.
    marks: Range<usize>,
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
            marks: 0..0,
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
        make_room(&mut self.text, TEXT_BYTES);
        make_room(&mut self.entries, ENTRIES);
    }

    /// Ends: what was kept is forgotten.
    pub fn forget(&mut self) {
        self.is_kept = false;
        self.text.clear();
        self.entries.clear();
    }

    /// Whether there is room for an exchange that is no racer: a journey may be as long as it likes.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.text.len() < MOST_TEXT_BYTES
    }

    /// A new race begins: all that was asked until now came before it.
    pub fn begin_race(&mut self) {
        for entry in &mut self.entries {
            entry.part = Part::Before;
        }
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
        make_room(&mut self.text, USUAL_REQUEST_BYTES);
        make_room(&mut self.entries, 1);
        let start = self.text.len();
        write(&mut self.text);
        let request = start..self.text.len();
        self.entries.push(LoggedExchange {
            request: request.clone(),
            ..entry
        });
        request
    }

    /// Notes where the request that was added last holds values of the user: a range of the marks beside
    /// the log, whose places are counted from the beginning of [`ExchangeLog::text`].
    pub fn mark(&mut self, marks: Range<usize>) {
        if let Some(entry) = self.entries.last_mut() {
            entry.marks = marks;
        }
    }

    /// Where the request at `index` stands in [`ExchangeLog::text`].
    pub(super) fn request_range(&self, index: usize) -> Range<usize> {
        self.entries[index].request.clone()
    }

    /// Notes the body of the reply to the exchange at `index`.
    pub fn answer(&mut self, index: usize, body: &[u8]) {
        make_room(&mut self.text, body.len());
        let start = self.text.len();
        self.text.extend_from_slice(body);
        self.entries[index].reply = start..self.text.len();
    }

    /// Adds an exchange of another log, with its texts.
    pub fn adopt(&mut self, other: &Self, index: usize) {
        let entry = LoggedExchange {
            marks: 0..0,
            ..other.entries[index].clone()
        };
        let request = &other.text[entry.request.clone()];
        self.ask(entry, |text| text.extend_from_slice(request));
        self.answer(self.entries.len() - 1, other.reply(index));
    }

    /// Head of the request at `index`.
    #[must_use]
    pub fn request_head(&self, index: usize) -> &[u8] {
        let request = &self.text[self.entries[index].request.clone()];
        let end = memchr::memmem::find(request, b"\r\n\r\n");
        end.map_or(request, |end| &request[..end + 2])
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
}

#[cfg(test)]
mod tests;
