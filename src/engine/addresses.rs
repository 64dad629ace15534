//! The target's addresses: which of them each connection goes to, which of them refuse, and what
//! went to each.
//!
//! A list for all workers, which is replaced when the target's name was looked up again; and a
//! book of each core, which nobody else touches.

use crate::plan::{AddressChoice, AddressOrder, MOST_ADDRESSES, PeerAddress, Route};
use crate::stats::{AddressCounts, AddressTable};
use crossbeam_channel::Sender;
use std::cell::{Cell, RefCell};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An address that refused is left alone for so long; twice as long each time that it does it again.
const SHORTEST_REST_NS: u64 = 1_000_000_000;
const LONGEST_REST_NS: u64 = 60_000_000_000;
/// An address that does not answer is waited for no longer than this while there is another one.
const PATIENCE_NS: u64 = 3_000_000_000;
/// Stands for no address in particular.
const NONE: u16 = u16::MAX;

/// The target's addresses, as all workers know them.
pub struct TargetAddresses {
    choice: AddressChoice,
    known: Mutex<Known>,
    /// How often `known` was replaced.
    changes: AtomicUsize,
    /// Where, when all connections go to one address, that is.
    first: AtomicUsize,
    /// Has the name looked up again.
    wish: Option<Sender<()>>,
}

struct Known {
    list: Arc<[Route]>,
    /// Those that refused before there were workers.
    refused: Vec<PeerAddress>,
}

impl TargetAddresses {
    /// These addresses, the first [`MOST_ADDRESSES`] of them, for good.
    #[must_use]
    pub fn new(addresses: &[Route], choice: AddressChoice) -> Self {
        let list = &addresses[..addresses.len().min(MOST_ADDRESSES)];
        Self {
            choice,
            known: Mutex::new(Known {
                list: list.into(),
                refused: Vec::new(),
            }),
            changes: AtomicUsize::new(0),
            first: AtomicUsize::new(0),
            wish: None,
        }
    }

    /// The same, until others are [`TargetAddresses::publish`]ed by whoever hears `wish`.
    #[must_use]
    pub fn looked_up_on(self, wish: Sender<()>) -> Self {
        Self {
            wish: Some(wish),
            ..self
        }
    }

    /// Those that connections go to, as far as they accept.
    #[must_use]
    pub fn in_use(&self) -> Arc<[Route]> {
        let list = Arc::clone(&self.lock().list);
        match self.choice {
            AddressChoice::All => list,
            AddressChoice::First => {
                let first = self.first.load(Ordering::Relaxed) % list.len().max(1);
                list.iter().cloned().skip(first).take(1).collect()
            }
        }
    }

    /// All that the name has.
    #[must_use]
    pub fn known(&self) -> Arc<[Route]> {
        Arc::clone(&self.lock().list)
    }

    /// Replaces the list. The same addresses in another order are none the newer.
    pub fn publish(&self, addresses: &[Route]) {
        let addresses = &addresses[..addresses.len().min(MOST_ADDRESSES)];
        let mut known = self.lock();
        let is_same = addresses.len() == known.list.len()
            && addresses.iter().all(|address| known.list.contains(address));
        if addresses.is_empty() || is_same {
            return;
        }
        known.list = addresses.into();
        self.first.store(0, Ordering::Relaxed);
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// Has the workers that are still to come know that these have refused.
    pub fn note_refused(&self, addresses: &[PeerAddress]) {
        self.lock().refused.extend_from_slice(addresses);
    }

    /// Has the name looked up again, by and by. Never waits.
    fn wish_for_news(&self) {
        if let Some(wish) = &self.wish {
            // One wish is as good as several.
            let _ = wish.try_send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the connections of a core are among all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionPositions {
    /// The position of the core's first connection.
    pub first: usize,
    /// Its connections that are not for races.
    pub connections: usize,
    /// The position of its first connection for races.
    pub first_for_races: usize,
}

impl ConnectionPositions {
    fn of(self, slot: usize) -> usize {
        match slot.checked_sub(self.connections) {
            None => self.first + slot,
            Some(for_races) => self.first_for_races + for_races,
        }
    }
}

/// One core's book of the target's addresses.
pub struct CoreAddresses {
    shared: Arc<TargetAddresses>,
    positions: ConnectionPositions,
    book: RefCell<Book>,
    /// Requests sent since the last tally, by row; those of addresses without a row come last.
    requests: [Cell<u64>; MOST_ADDRESSES + 1],
}

struct Book {
    list: Arc<[Route]>,
    changes: usize,
    rows: Vec<Row>,
}

struct Row {
    counts: AddressCounts,
    rest_ns: u64,
    rests_until_ns: u64,
}

/// Where a connection is, and where it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionPlace {
    row: u16,
    home: u16,
}

impl Default for ConnectionPlace {
    /// Nowhere, and wherever its turn says.
    fn default() -> Self {
        Self {
            row: NONE,
            home: NONE,
        }
    }
}

impl ConnectionPlace {
    /// Has the connection opened next where `other` is, if that accepts.
    pub fn settle_at(&mut self, other: Self) {
        if other.row != NONE {
            self.home = other.row;
        }
    }

    /// Whether both are somewhere, and not at one address.
    #[must_use]
    pub fn is_elsewhere_than(self, other: Self) -> bool {
        self.row != NONE && other.row != NONE && self.row != other.row
    }
}

/// One opening of a connection: the addresses that it tries.
pub struct AddressTrial {
    list: Arc<[Route]>,
    order: AddressOrder,
    /// Which of the interfaces connections of this position come from.
    turn: usize,
    /// Index of the address that is tried.
    index: usize,
    /// Whether there is another one that does not rest.
    has_more: bool,
}

impl AddressTrial {
    /// The address that is tried.
    #[must_use]
    pub fn address(&self) -> PeerAddress {
        self.route().to
    }

    /// The way there, and which of its interfaces is used.
    #[must_use]
    pub fn route_and_turn(&self) -> (&Route, usize) {
        (self.route(), self.turn)
    }

    fn route(&self) -> &Route {
        &self.list[self.index]
    }

    /// How long it is waited for, when a request may take `timeout_ns`.
    #[must_use]
    pub fn patience_ns(&self, timeout_ns: u64) -> u64 {
        match self.has_more {
            true => timeout_ns.min(PATIENCE_NS),
            false => timeout_ns,
        }
    }
}

impl CoreAddresses {
    /// The book of a core whose connections are at these positions, at `now_ns`.
    #[must_use]
    pub fn new(shared: Arc<TargetAddresses>, positions: ConnectionPositions, now_ns: u64) -> Self {
        let (list, refused) = {
            let mut known = shared.lock();
            // Counted once, and not by each core.
            let refused = std::mem::take(&mut known.refused);
            (Arc::clone(&known.list), refused)
        };
        let book = Book {
            list,
            changes: shared.changes.load(Ordering::Acquire),
            rows: Vec::with_capacity(MOST_ADDRESSES),
        };
        let core = Self {
            shared,
            positions,
            book: RefCell::new(book),
            requests: [const { Cell::new(0) }; MOST_ADDRESSES + 1],
        };
        let mut book = core.book.borrow_mut();
        refused
            .into_iter()
            .for_each(|address| book.note_refused(address, now_ns));
        drop(book);
        core
    }

    /// The first address that the connection with this `slot` tries at `now_ns`; `None` when there is
    /// none at all. With `replaces` it is opened in place of another one: whoever has to be replaced
    /// may have moved.
    pub fn begin(
        &self,
        slot: usize,
        place: ConnectionPlace,
        replaces: bool,
        now_ns: u64,
    ) -> Option<AddressTrial> {
        if replaces {
            self.shared.wish_for_news();
        }
        let mut book = self.book.borrow_mut();
        book.catch_up(&self.shared);
        let list = Arc::clone(&book.list);
        let position = match self.shared.choice {
            AddressChoice::All => self.positions.of(slot),
            AddressChoice::First => self.shared.first.load(Ordering::Relaxed),
        };
        let mut order = AddressOrder::new(position, list.len());
        let home = book
            .rows
            .get(usize::from(place.home))
            .map(|row| row.counts.address);
        let home = home.and_then(|home| list.iter().position(|route| route.to == home));
        let rests = |index: usize| book.rests(list[index].to, now_ns);
        let index = match home {
            Some(home) if order.prefer(home, rests) => home,
            _ => order.next(rests)?,
        };
        let has_more = order.has_more(rests);
        Some(AddressTrial {
            turn: self.positions.of(slot) / list.len().max(1),
            list,
            order,
            index,
            has_more,
        })
    }

    /// The connection is open at the address of `trial`.
    pub fn note_opened(&self, trial: &AddressTrial, place: &mut ConnectionPlace) {
        if self.shared.choice == AddressChoice::First {
            self.shared.first.store(trial.index, Ordering::Relaxed);
        }
        place.row = self.book.borrow_mut().note_opened(trial.address());
    }

    /// A connection was opened at `address` by others, which it is to return to.
    pub fn note_adopted(&self, address: PeerAddress, place: &mut ConnectionPlace) {
        place.row = self.book.borrow_mut().note_opened(address);
        place.home = place.row;
    }

    /// The address of `trial` met with `error`. Returns whether there is another one to try.
    pub fn note_failed(&self, trial: &mut AddressTrial, error: &io::Error, now_ns: u64) -> bool {
        let mut book = self.book.borrow_mut();
        if is_its_own(error) {
            book.note_refused(trial.address(), now_ns);
        }
        let AddressTrial { list, order, .. } = trial;
        let rests = |index: usize| book.rests(list[index].to, now_ns);
        let next = order.next(rests);
        let has_more = order.has_more(rests);
        match next {
            Some(next) => (trial.index, trial.has_more) = (next, has_more),
            None => self.shared.wish_for_news(),
        }
        next.is_some()
    }

    /// A request is sent on the connection at `place`.
    #[inline]
    pub fn note_request(&self, place: ConnectionPlace) {
        let requests = &self.requests[usize::from(place.row).min(MOST_ADDRESSES)];
        requests.set(requests.get() + 1);
    }

    /// What was counted and is not tallied yet, but for requests.
    #[must_use]
    pub fn untallied(&self) -> AddressTable {
        let mut table = AddressTable::default();
        let book = self.book.borrow();
        book.rows.iter().for_each(|row| table.add(&row.counts));
        table
    }

    /// Moves what was counted since the last time into `table`. Allocates nothing.
    pub fn tally(&self, table: &mut AddressTable) {
        let mut book = self.book.borrow_mut();
        for (row, requests) in book.rows.iter_mut().zip(&self.requests) {
            let empty = AddressCounts::new(row.counts.address);
            let counts = AddressCounts {
                requests: requests.take(),
                ..std::mem::replace(&mut row.counts, empty)
            };
            if !counts.is_nothing() {
                table.add(&counts);
            }
        }
    }
}

impl Book {
    /// Takes the list that was published last.
    fn catch_up(&mut self, shared: &TargetAddresses) {
        let changes = shared.changes.load(Ordering::Acquire);
        if std::mem::replace(&mut self.changes, changes) != changes {
            self.list = shared.known();
        }
    }

    fn rests(&self, address: PeerAddress, now_ns: u64) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|row| row.counts.address == address && now_ns < row.rests_until_ns)
    }

    fn note_opened(&mut self, address: PeerAddress) -> u16 {
        let at = self.row_of(address);
        if let Some(row) = self.rows.get_mut(usize::from(at)) {
            row.counts.opened += 1;
            (row.rest_ns, row.rests_until_ns) = (0, 0);
        }
        at
    }

    fn note_refused(&mut self, address: PeerAddress, now_ns: u64) {
        let at = self.row_of(address);
        if let Some(row) = self.rows.get_mut(usize::from(at)) {
            row.counts.refused += 1;
            // Connections that were on their way together are one refusal.
            if now_ns >= row.rests_until_ns {
                row.rest_ns = (2 * row.rest_ns).clamp(SHORTEST_REST_NS, LONGEST_REST_NS);
                row.rests_until_ns = now_ns + row.rest_ns;
            }
        }
    }

    /// The row of `address`; [`NONE`] when there were too many.
    fn row_of(&mut self, address: PeerAddress) -> u16 {
        let mut rows = self.rows.iter();
        let known = rows.position(|row| row.counts.address == address);
        let at = known.unwrap_or_else(|| {
            if self.rows.len() == MOST_ADDRESSES {
                return usize::from(NONE);
            }
            self.rows.push(Row {
                counts: AddressCounts::new(address),
                rest_ns: 0,
                rests_until_ns: 0,
            });
            self.rows.len() - 1
        });
        u16::try_from(at).unwrap_or(NONE)
    }
}

/// Whether what a connection met is the address's doing, and not this machine's: where there is no
/// descriptor left, no address would do. (Local ports may run out for one address alone.)
fn is_its_own(error: &io::Error) -> bool {
    !matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
    )
}

#[cfg(test)]
mod tests;
