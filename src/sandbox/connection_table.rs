//! What all connections of one server thread share: the date, a coarse clock, and the list of who
//! is connected and since when they have been idle.
//!
//! One task keeps the time for all connections; a request costs a store, not a timer.

use super::arrivals::{ArrivedRequest, MOST_ARRIVALS};
use crate::engine::{Pacer, now_ns, reset_on_close, shut_down, stop_receiving};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use std::cell::{Cell, RefCell};
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often the clock ticks; a stop is noticed within a tick.
const TICK_NS: u64 = 100_000_000;
/// uvicorn closes a connection that has been idle for 5.0 s. A connection's last tick began up to
/// a tick before it became idle, so that one more has to pass.
const MAX_IDLE_TICKS: u32 = 51;
/// A TLS handshake may take so long: 10 s.
const MAX_HANDSHAKE_TICKS: u32 = 101;
/// How often, and how many times, one looks whether all connections have ended.
const FAREWELL_NS: u64 = 2_000_000;
const MAX_FAREWELLS: u32 = 500;
/// After so many of these looks, those that have something to say before they go are ended as they are.
const LAST_WORDS: u32 = 50;

/// A date as HTTP writes it, for example `Sun, 22 Nov 2026 07:26:06 GMT`.
pub type Date = [u8; 29];

/// See the module's documentation.
pub struct ConnectionTable {
    date: Cell<Date>,
    tick: Cell<u32>,
    entries: RefCell<Vec<ConnectionEntry>>,
    free: RefCell<Vec<usize>>,
    /// The requests that have arrived, when somebody wants to know.
    arrivals: Option<RefCell<Vec<ArrivedRequest>>>,
}

#[derive(Clone, Copy)]
struct ConnectionEntry {
    descriptor: RawFd,
    since: Since,
    /// It has something to say before it goes: it hears that nothing comes any more, and ends itself.
    has_last_words: bool,
}

#[derive(Clone, Copy)]
enum Since {
    Free,
    /// A request is being received or answered, or none has come yet: uvicorn's timer starts
    /// with the first reply.
    Busy,
    Idle(u32),
    /// A handshake is under way.
    Greeting(u32),
    /// It was told to go.
    Ended,
}

impl ConnectionTable {
    /// An empty table that knows the date.
    pub fn new() -> Self {
        Self {
            date: Cell::new(date_of(Timestamp::now())),
            tick: Cell::new(0),
            entries: RefCell::new(Vec::new()),
            free: RefCell::new(Vec::new()),
            arrivals: None,
        }
    }

    /// The same, with an eye on when requests arrive.
    pub fn noting_arrivals(self, wanted: bool) -> Self {
        let arrivals = wanted.then(RefCell::default);
        Self { arrivals, ..self }
    }

    /// Whether arrivals are noted.
    pub fn notes_arrivals(&self) -> bool {
        self.arrivals.is_some()
    }

    /// Notes a request that arrived at `at_ns`.
    #[cold]
    pub fn note_arrival(&self, at_ns: u64, method: &str, target: &str) {
        let Some(arrivals) = &self.arrivals else {
            return;
        };
        let mut arrivals = arrivals.borrow_mut();
        if arrivals.len() < MOST_ARRIVALS {
            let request = format!("{method},{target}").into();
            arrivals.push(ArrivedRequest { at_ns, request });
        }
    }

    /// What was noted.
    pub fn take_arrivals(&self) -> Vec<ArrivedRequest> {
        self.arrivals
            .as_ref()
            .map(RefCell::take)
            .unwrap_or_default()
    }

    /// The date, right to a tick.
    pub fn date(&self) -> Date {
        self.date.get()
    }

    /// Makes an entry for the connection that owns `descriptor`; the guard must be dropped before
    /// the descriptor is closed.
    pub fn register(self: &Rc<Self>, descriptor: RawFd) -> ConnectionGuard {
        let mut entries = self.entries.borrow_mut();
        let entry = ConnectionEntry {
            descriptor,
            since: Since::Busy,
            has_last_words: false,
        };
        let index = match self.free.borrow_mut().pop() {
            Some(index) => {
                entries[index] = entry;
                index
            }
            None => {
                entries.push(entry);
                entries.len() - 1
            }
        };
        ConnectionGuard {
            connection_table: Rc::clone(self),
            index,
        }
    }

    /// Keeps the time, and ends idle connections, until `stop` is set.
    pub async fn keep_time(&self, pacer: &Pacer, stop: &AtomicBool) {
        let mut due_ns = now_ns();
        while !stop.load(Ordering::Relaxed) {
            due_ns = (due_ns + TICK_NS).max(now_ns());
            pacer.until(due_ns).await;
            self.tick.set(self.tick.get().wrapping_add(1));
            self.date.set(date_of(Timestamp::now()));
            self.end_connections(|since| match since {
                Since::Idle(tick) => self.tick.get().wrapping_sub(tick) >= MAX_IDLE_TICKS,
                Since::Greeting(tick) => self.tick.get().wrapping_sub(tick) >= MAX_HANDSHAKE_TICKS,
                Since::Busy | Since::Free | Since::Ended => false,
            });
        }
    }

    /// Ends all connections and waits for them to go, for a second at most.
    pub async fn end(&self, pacer: &Pacer) {
        self.end_connections(|since| !matches!(since, Since::Free | Since::Ended));
        for look in 0..MAX_FAREWELLS {
            if look == LAST_WORDS {
                self.end_for_good();
            }
            // The wait comes first: it also lets the runtime carry out the closing of descriptors.
            pacer.until(now_ns() + FAREWELL_NS).await;
            if self.entries.borrow().len() == self.free.borrow().len() {
                return;
            }
        }
    }

    /// Resets all connections at once, whatever they are at.
    pub fn reset(&self) {
        for entry in &*self.entries.borrow() {
            if !matches!(entry.since, Since::Free) {
                reset_on_close(entry.descriptor);
                shut_down(entry.descriptor);
            }
        }
    }

    fn end_connections(&self, chosen: impl Fn(Since) -> bool) {
        for entry in &mut *self.entries.borrow_mut() {
            if chosen(entry.since) {
                // Its pending receive ends, and with it the connection's task. Once is enough.
                entry.since = Since::Ended;
                match entry.has_last_words {
                    true => stop_receiving(entry.descriptor),
                    false => shut_down(entry.descriptor),
                }
            }
        }
    }

    /// Ends those that are still there, whatever they have to say.
    fn end_for_good(&self) {
        for entry in &*self.entries.borrow() {
            if !matches!(entry.since, Since::Free) {
                shut_down(entry.descriptor);
            }
        }
    }
}

/// A connection's entry, given back when dropped.
pub struct ConnectionGuard {
    connection_table: Rc<ConnectionTable>,
    index: usize,
}

impl ConnectionGuard {
    /// A handshake begins: it has to be over in time.
    pub fn is_greeting(&self) {
        let since = Since::Greeting(self.connection_table.tick.get());
        self.set(since);
    }

    /// The connection says something before it goes.
    pub fn has_last_words(&self) {
        self.connection_table.entries.borrow_mut()[self.index].has_last_words = true;
    }

    /// Whether it was told to go, or has been idle for too long.
    pub fn was_ended(&self) -> bool {
        let entries = self.connection_table.entries.borrow();
        matches!(entries[self.index].since, Since::Ended)
    }

    /// Resets the connection at once.
    pub fn reset(&self) {
        let entries = self.connection_table.entries.borrow();
        reset_on_close(entries[self.index].descriptor);
        shut_down(entries[self.index].descriptor);
    }

    /// A request has begun to arrive.
    pub fn is_busy(&self) {
        self.set(Since::Busy);
    }

    /// All requests are answered.
    pub fn is_idle(&self) {
        let since = Since::Idle(self.connection_table.tick.get());
        self.set(since);
    }

    /// What was told to go stays so.
    fn set(&self, since: Since) {
        let entry = &mut self.connection_table.entries.borrow_mut()[self.index];
        if !matches!(entry.since, Since::Ended) {
            entry.since = since;
        }
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.connection_table.entries.borrow_mut()[self.index].since = Since::Free;
        self.connection_table.free.borrow_mut().push(self.index);
    }
}

/// The date of `now`, as HTTP writes it.
pub fn date_of(now: Timestamp) -> Date {
    // Years 0 to 9999 are written in exactly 29 characters; the clock of a machine set to another
    // one gets the epoch.
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .ok()
        .and_then(|text| text.into_bytes().try_into().ok())
        .unwrap_or(*b"Thu, 01 Jan 1970 00:00:00 GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_does() {
        let moment = Timestamp::from_second(1_795_332_366).unwrap();
        assert_eq!(&date_of(moment), b"Sun, 22 Nov 2026 07:26:06 GMT");
        let short_day = Timestamp::from_second(1_793_491_200).unwrap();
        assert_eq!(&date_of(short_day), b"Sun, 01 Nov 2026 00:00:00 GMT");
    }
}
