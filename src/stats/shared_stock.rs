//! What users took of one thing that all of them share, and of which there is so much: counted where it is
//! taken, judged on the sum of all, on whatever core and machine they are. Nobody sees alone that more was
//! given than there was.

use super::{Forget, WitnessExchange};
use serde::{Deserialize, Serialize};

/// Things that are told apart: more than a sale by the clock has rounds.
pub(super) const MOST_THINGS: usize = 1_024;
/// Things whose granted requests are kept for as long as something may come of them.
const LATEST_THINGS: usize = 16;
/// Exchanges that a core keeps of one thing in a second.
const MOST_TAKES: usize = 16;
/// Exchanges that are kept of one thing in all.
pub(super) const MOST_KEPT: usize = 1_024;

/// Somebody took some of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharedTake {
    /// How much.
    pub amount: u64,
    /// The request, and what was answered.
    pub exchange: WitnessExchange,
}

/// One thing, and what was taken of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SharedStock {
    /// Which thing: its id.
    pub thing: String,
    /// The rule that it is about.
    pub rule: String,
    /// How much there is.
    pub stock: u64,
    /// How much the target granted.
    pub granted: u64,
    /// How much it may have granted: nobody knows what became of the request.
    pub unknown: u64,
    /// Requests that were granted, the first of them.
    pub takes: Vec<SharedTake>,
}

/// All things that users share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedStocks(Vec<SharedStock>);

impl SharedStocks {
    /// One entry a thing.
    #[must_use]
    pub fn things(&self) -> &[SharedStock] {
        &self.0
    }

    /// Adds a thing that is not there yet.
    pub(super) fn put_back(&mut self, thing: SharedStock) {
        self.0.push(thing);
    }

    /// The entry of `thing`, made when it is new. `None` when there are too many things.
    pub fn of(&mut self, (thing, rule): (&str, &str), stock: u64) -> Option<&mut SharedStock> {
        let known = self.0.iter().position(|known| known.thing == thing);
        let index = match known {
            Some(index) => index,
            None if self.0.len() < MOST_THINGS => {
                self.0.push(SharedStock {
                    thing: thing.to_owned(),
                    rule: rule.to_owned(),
                    stock,
                    ..SharedStock::default()
                });
                self.0.len() - 1
            }
            None => return None,
        };
        self.0.get_mut(index)
    }

    /// Forgets the requests that were granted, but those of the things that came last: of the others hardly
    /// any is to come, and what they come to stays counted.
    pub(super) fn forget_old_takes(&mut self) {
        let before = self.0.len().saturating_sub(LATEST_THINGS);
        let old = &mut self.0[..before];
        old.iter_mut().for_each(|thing| thing.takes = Vec::new());
    }

    /// Adds everything of `other`.
    pub fn absorb(&mut self, other: &Self) {
        for more in &other.0 {
            let names = (more.thing.as_str(), more.rule.as_str());
            if let Some(sum) = self.of(names, more.stock) {
                sum.granted += more.granted;
                sum.unknown += more.unknown;
                let room = MOST_KEPT.saturating_sub(sum.takes.len());
                sum.takes.extend(more.takes.iter().take(room).cloned());
            }
        }
    }
}

impl SharedStock {
    /// Whether a core still keeps an exchange in this second.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.takes.len() < MOST_TAKES
    }

    /// The fewest of the kept exchanges whose sum is more than there is; all of them when it is not.
    #[must_use]
    pub fn shown(&self) -> Vec<WitnessExchange> {
        let mut takes: Vec<&SharedTake> = self.takes.iter().collect();
        takes.sort_by_key(|take| std::cmp::Reverse(take.amount));
        let mut sum = 0;
        let enough = takes.into_iter().take_while(|take| {
            let is_wanted = sum <= self.stock;
            sum += take.amount;
            is_wanted
        });
        let mut shown: Vec<WitnessExchange> = enough.map(|take| take.exchange.clone()).collect();
        shown.sort_by_key(|exchange| exchange.due_us);
        shown
    }
}

impl Forget for SharedStocks {
    fn forget(&mut self) {
        self.0.clear();
    }
}
