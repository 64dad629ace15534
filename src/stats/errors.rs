//! The error table of a run: rows merged over cores and time, and bounded in number.

use super::{ErrorCounts, ErrorKey, Outcome};
use std::collections::HashMap;

/// Rows kept; requests with further kinds of errors are counted in [`ErrorTable::cut`].
pub const MAX_ERROR_ROWS: usize = 1_000;

/// A row of the error table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorRow {
    /// Index of the statistic name in the plan's names.
    pub name: usize,
    /// Never [`Outcome::Success`].
    pub outcome: Outcome,
    /// HTTP status; `None` when there was none.
    pub status: Option<u16>,
    /// Why, with ids and numbers folded.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// When it happened first, in microseconds from the start of the run.
    pub first_us: u64,
    /// When it happened last.
    pub last_us: u64,
}

/// Key of a row: name, outcome, status and reason.
type ErrorRowKey = (u16, Outcome, u16, String);

/// What went wrong in a run, and how often.
#[derive(Default)]
pub struct ErrorTable {
    rows: Vec<ErrorRow>,
    position: HashMap<ErrorRowKey, usize>,
    cut: u64,
}

impl ErrorTable {
    /// Adds the rows of an interval, and the requests that found no row there.
    pub fn absorb(&mut self, rows: &[ErrorCounts], cut: u64) {
        self.cut += cut;
        rows.iter().for_each(|row| self.absorb_row(row));
    }

    fn absorb_row(&mut self, counts: &ErrorCounts) {
        let ErrorKey {
            name,
            outcome,
            status,
            reason,
        } = counts.key;
        let key = (name, outcome, status, reason.as_str().to_owned());
        if let Some(&position) = self.position.get(&key) {
            let row = &mut self.rows[position];
            row.count += counts.count;
            row.first_us = row.first_us.min(counts.first_us);
            row.last_us = row.last_us.max(counts.last_us);
        } else if self.rows.len() < MAX_ERROR_ROWS {
            self.rows.push(ErrorRow {
                name: usize::from(name),
                outcome,
                status: (status != 0).then_some(status),
                reason: key.3.clone(),
                count: counts.count,
                first_us: counts.first_us,
                last_us: counts.last_us,
            });
            self.position.insert(key, self.rows.len() - 1);
        } else {
            self.cut += counts.count;
        }
    }

    /// The rows, most frequent first.
    #[must_use]
    pub fn sorted(&self) -> Vec<ErrorRow> {
        let mut rows = self.rows.clone();
        rows.sort_by(|a, b| {
            b.count
                .cmp(&a.count)
                .then_with(|| (a.name, a.outcome, a.status).cmp(&(b.name, b.outcome, b.status)))
                .then_with(|| a.reason.cmp(&b.reason))
        });
        rows
    }

    /// Requests that went wrong in a way that found no row.
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Reason;

    fn counts(reason: &str, count: u64, first_us: u64, last_us: u64) -> ErrorCounts {
        ErrorCounts {
            key: ErrorKey {
                name: 1,
                outcome: Outcome::Failed,
                status: 500,
                reason: Reason::new(reason),
            },
            count,
            first_us,
            last_us,
        }
    }

    #[test]
    fn rows_of_one_kind_become_one() {
        let mut table = ErrorTable::default();
        table.absorb(&[counts("boom", 2, 50, 70), counts("bang", 9, 1, 2)], 0);
        table.absorb(&[counts("boom", 3, 10, 60)], 4);
        let rows = table.sorted();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].reason.as_str(), rows[0].count), ("bang", 9));
        assert_eq!(
            (rows[1].count, rows[1].first_us, rows[1].last_us),
            (5, 10, 70)
        );
        assert_eq!((rows[1].status, table.cut()), (Some(500), 4));
    }

    #[test]
    fn a_status_of_zero_is_none() {
        let mut table = ErrorTable::default();
        let mut row = counts("connection refused", 1, 0, 0);
        row.key.status = 0;
        table.absorb(&[row], 0);
        assert_eq!(table.sorted()[0].status, None);
    }

    #[test]
    fn kinds_beyond_the_bound_are_counted() {
        let mut table = ErrorTable::default();
        for kind in 0..MAX_ERROR_ROWS + 5 {
            table.absorb(&[counts(&format!("kind {kind}"), 2, 0, 0)], 0);
        }
        assert_eq!(table.sorted().len(), MAX_ERROR_ROWS);
        assert_eq!(table.cut(), 10);
        table.absorb(&[counts("kind 0", 1, 0, 0)], 0);
        assert_eq!(table.sorted()[0].count, 3);
    }
}
