//! The flash sale in rounds, as all users of a run share it: who makes the next item, who goes for
//! it, and what came of it.
//!
//! A round begins with one user, the host, that makes its item. All others wait for it, gather,
//! and are let go together. Each leaves a copy of its exchange; who comes last judges the round.
//! The lock is taken a few times a user and round, never between due and done.

use crate::engine::{Barrier, ExchangeLog, Id};
use std::num::NonZeroU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the module's documentation.
#[derive(Debug)]
pub struct FlashSale {
    barrier: Barrier,
    /// Rounds of the sale; `None` is no limit.
    rounds: Option<u64>,
    state: Mutex<SaleState>,
}

#[derive(Debug, Default)]
struct SaleState {
    phase: SalePhase,
    /// Rounds that were judged.
    judged: u64,
    /// Where rounds put their items.
    warehouse: Option<Id>,
    /// The making of the item, and what was deposited since.
    log: ExchangeLog,
    last_left_ns: u64,
}

#[derive(Clone, Copy, Debug, Default)]
enum SalePhase {
    /// Somebody has to make an item.
    #[default]
    NoHost,
    /// Somebody does.
    Hosted,
    /// The item is there, and this start is gathered for.
    Open(Ticket),
    /// All have deposited; the round is being judged.
    Judged,
}

/// What a user finds at the sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaleRole {
    /// It is to make the item, in this warehouse if there is one, and then [`FlashSale::open`].
    Host(Option<Id>),
    /// It may go for the item.
    Contender(Ticket),
    /// There are no more rounds.
    Over,
}

/// The right to go for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The item.
    pub item: Id,
    /// The start of the barrier at which it is gone for.
    pub start: u64,
}

/// A round that everybody has deposited for. Whoever has it judges it and calls
/// [`FlashSale::end_round`].
#[derive(Debug)]
pub struct ClosedRound {
    /// Number of the round, from 1.
    pub number: u64,
    /// The making of the item, then every request for it.
    pub log: ExchangeLog,
    /// When the last request had left.
    pub last_left_ns: u64,
}

impl FlashSale {
    /// A sale of so many rounds; `None` goes on until the run ends.
    #[must_use]
    pub fn new(rounds: Option<NonZeroU64>) -> Self {
        Self {
            barrier: Barrier::default(),
            rounds: rounds.map(u64::from),
            state: Mutex::default(),
        }
    }

    /// Where its users gather.
    #[must_use]
    pub fn barrier(&self) -> &Barrier {
        &self.barrier
    }

    /// From now on items are made in `warehouse`.
    pub fn use_warehouse(&self, warehouse: Id) {
        self.lock().warehouse = Some(warehouse);
    }

    /// What there is to do; `None`: nothing yet, another user is at it.
    #[must_use]
    pub fn enter(&self) -> Option<SaleRole> {
        let mut state = self.lock();
        if self.rounds.is_some_and(|rounds| state.judged >= rounds) {
            return Some(SaleRole::Over);
        }
        match state.phase {
            SalePhase::NoHost => {
                state.phase = SalePhase::Hosted;
                Some(SaleRole::Host(state.warehouse))
            }
            // Who comes when the start is set waits for the next item.
            SalePhase::Open(ticket) => {
                let is_open = self.barrier.next_start() == ticket.start;
                is_open.then_some(SaleRole::Contender(ticket))
            }
            SalePhase::Hosted | SalePhase::Judged => None,
        }
    }

    /// The host made `item`; the exchange is the last one of its `log`.
    pub fn open(&self, item: Id, log: &ExchangeLog) {
        let mut state = self.lock();
        state.log.begin();
        state.log.adopt(log, log.entries().len() - 1);
        state.last_left_ns = 0;
        let start = self.barrier.next_start();
        state.phase = SalePhase::Open(Ticket { item, start });
    }

    /// The host could not make an item: somebody else may.
    pub fn give_up_hosting(&self) {
        self.lock().phase = SalePhase::NoHost;
    }

    /// Takes down a user's exchange, the one at `index` of its `log`, which had left at
    /// `left_ns`. Gives the round to the last one of the crowd.
    #[must_use]
    pub fn deposit(
        &self,
        log: &ExchangeLog,
        index: usize,
        (left_ns, crowd): (u64, u64),
    ) -> Option<ClosedRound> {
        let mut state = self.lock();
        state.log.adopt(log, index);
        state.last_left_ns = state.last_left_ns.max(left_ns);
        if (state.log.entries().len() as u64) <= crowd {
            return None;
        }
        state.phase = SalePhase::Judged;
        Some(ClosedRound {
            number: state.judged + 1,
            log: std::mem::take(&mut state.log),
            last_left_ns: state.last_left_ns,
        })
    }

    /// The round was judged: on to the next one. Its memory is used again.
    pub fn end_round(&self, round: ClosedRound) {
        let mut state = self.lock();
        state.judged += 1;
        state.log = round.log;
        state.log.forget();
        state.phase = SalePhase::NoHost;
    }

    fn lock(&self) -> MutexGuard<'_, SaleState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
