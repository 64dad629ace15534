//! Requests in flight on one core, and their deadlines.
//!
//! A deadline costs two stores a request: one sweep every few milliseconds looks at all of them,
//! and shuts the connection of a late one down, which ends its pending receive. No timer a request.

use super::net::shut_down;
use std::cell::Cell;
use std::os::fd::RawFd;
use std::rc::Rc;

/// Why a request was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Its own deadline passed.
    TimedOut,
    /// The run ended and the stop timeout passed.
    RunEnded,
}

/// The requests in flight on one core; clones are handles to the same ones.
#[derive(Clone)]
pub struct InFlight {
    slots: Rc<[InFlightSlot]>,
}

struct InFlightSlot {
    /// `u64::MAX` while nothing is in flight.
    deadline_ns: Cell<u64>,
    descriptor: Cell<RawFd>,
    cut: Cell<Option<Cut>>,
}

impl InFlight {
    /// Room for one request in flight on each of `connections` connections.
    #[must_use]
    pub fn new(connections: usize) -> Self {
        let slot = || InFlightSlot {
            deadline_ns: Cell::new(u64::MAX),
            descriptor: Cell::new(-1),
            cut: Cell::new(None),
        };
        Self {
            slots: (0..connections).map(|_| slot()).collect(),
        }
    }

    /// A request is sent on connection `slot`.
    #[inline]
    pub fn add(&self, slot: usize, descriptor: RawFd, deadline_ns: u64) {
        let slot = &self.slots[slot];
        slot.cut.set(None);
        slot.descriptor.set(descriptor);
        slot.deadline_ns.set(deadline_ns);
    }

    /// It is done: whether it was cut off.
    #[inline]
    pub fn remove(&self, slot: usize) -> Option<Cut> {
        let slot = &self.slots[slot];
        slot.deadline_ns.set(u64::MAX);
        slot.cut.get()
    }

    /// Whether any request is in flight.
    #[must_use]
    pub fn has_any(&self) -> bool {
        let mut slots = self.slots.iter();
        slots.any(|slot| slot.deadline_ns.get() != u64::MAX)
    }

    /// Cuts off every request whose deadline is not after `now_ns`.
    pub fn cut_late(&self, now_ns: u64) {
        self.cut_late_by(now_ns, shut_down);
    }

    /// The same, with `end` to end a connection by its descriptor.
    pub fn cut_late_by(&self, now_ns: u64, end: impl FnMut(RawFd)) {
        self.cut_until(now_ns, Cut::TimedOut, end);
    }

    /// Cuts off every request in flight: the run is over.
    pub fn cut_all(&self) {
        self.cut_until(u64::MAX - 1, Cut::RunEnded, shut_down);
    }

    fn cut_until(&self, deadline_ns: u64, why: Cut, mut end: impl FnMut(RawFd)) {
        for slot in &*self.slots {
            if slot.deadline_ns.get() <= deadline_ns && slot.cut.get().is_none() {
                slot.cut.set(Some(why));
                // The descriptor is open: its owner awaits a send or receive on it until `remove`.
                end(slot.descriptor.get());
            }
        }
    }
}
