//! Judges what users of a run took together of things that all of them share: on the sum of all cores and
//! machines.

use super::{MergedInterval, RunContext, SharedStocks, Violation};

/// Judges what all took together, second by second.
#[derive(Debug, Default)]
pub(super) struct SharedJudge {
    sum: SharedStocks,
    /// Whether each thing was found to be given beyond what there was.
    found: Vec<bool>,
}

impl SharedJudge {
    /// Adds a second; writes into it what all seconds up to it show to be broken.
    pub(super) fn second(&mut self, interval: &mut MergedInterval, context: &RunContext) {
        self.sum.absorb(&interval.contests.ledger.shared);
        self.found.resize(self.sum.things().len(), false);
        for (thing, found) in self.sum.things().iter().zip(&mut self.found) {
            if *found || thing.granted <= thing.stock {
                continue;
            }
            *found = true;
            let ledger = &mut interval.contests.ledger;
            let rule = context
                .rules
                .iter()
                .position(|rule| rule.name == thing.rule);
            let Some(counts) = rule.and_then(|index| ledger.rules.get_mut(index)) else {
                continue;
            };
            counts.broken += 1;
            ledger.violations.push(Violation {
                rule: thing.rule.clone(),
                race: None,
                at_us: i64::try_from(interval.end_us).unwrap_or(i64::MAX),
                why: format!(
                    "{} were granted of {} that there were, all users together",
                    thing.granted, thing.stock
                ),
                exchanges: thing.shown(),
                check: None,
            });
        }
        self.sum.forget_old_takes();
    }

    /// What held, once all is over: the rules, by name, with whether that is known.
    pub(super) fn held(&self) -> impl Iterator<Item = (&str, bool)> {
        let things = self.sum.things().iter().zip(&self.found);
        let unbroken = things.filter(|(_, found)| !**found);
        unbroken.map(|(thing, _)| {
            let is_known = thing.granted + thing.unknown <= thing.stock;
            (thing.rule.as_str(), is_known)
        })
    }
}
