//! What every source of figures is and gives.

use super::{Account, Problem};
use crate::plan::ObservedMetric;
use crate::stats::Amount;
use std::sync::Arc;

/// A place that figures are read from.
pub trait FigureSource: Send {
    /// Its name in figures and reports, like `redis` or `outbox:identity`.
    fn name(&self) -> Arc<str>;

    /// Where it is, without passwords.
    fn address(&self) -> String;

    /// Reads it once. May take as long as its own limits allow.
    ///
    /// # Errors
    /// When it gives no figures. It is asked again later.
    fn read(&mut self) -> Result<Readout, Problem>;

    /// Remembers where it is: its account of the run begins here. Called once, before the load.
    fn mark(&mut self) {}

    /// What it holds of the time since the mark; called once, after the last reading. `None` from a
    /// source that keeps no account.
    fn account(&mut self) -> Option<Result<Account, Problem>> {
        None
    }
}

/// What one reading brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readout {
    /// The figures. What is not among them was not seen.
    pub figures: Vec<ObservedFigure>,
    /// What the figures do not show, a sentence each.
    pub caveats: Vec<String>,
    /// Lines of the source's own that are kept for the report: of the Observatory only.
    pub lines: Vec<String>,
}

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedFigure {
    /// What it is.
    pub metric: ObservedMetric,
    /// The domain, in lower case; empty for the broker's own figures.
    pub domain: Arc<str>,
    /// The stream, consumer group or category; empty for a whole domain.
    pub detail: Arc<str>,
    /// The figure.
    pub amount: Amount,
}

impl ObservedFigure {
    /// A figure of a whole domain.
    #[must_use]
    pub fn of(metric: ObservedMetric, domain: &str, amount: Amount) -> Self {
        Self {
            metric,
            domain: domain.into(),
            detail: "".into(),
            amount,
        }
    }

    /// A figure of a part of a domain.
    #[must_use]
    pub fn of_part(metric: ObservedMetric, domain: &str, part: &str, amount: Amount) -> Self {
        Self {
            detail: part.into(),
            ..Self::of(metric, domain, amount)
        }
    }
}

impl Readout {
    /// Adds a figure to that of its metric, domain and detail, or as a new one.
    pub(super) fn add(&mut self, figure: ObservedFigure) {
        let mut known = self.figures.iter_mut();
        let same = known.find(|known| {
            known.metric == figure.metric
                && known.domain == figure.domain
                && known.detail == figure.detail
        });
        match same {
            Some(known) => known.amount = known.amount.plus(figure.amount),
            None => self.figures.push(figure),
        }
    }

    /// The figure of a whole domain.
    #[must_use]
    pub fn amount(&self, metric: ObservedMetric, domain: &str) -> Option<Amount> {
        let mut figures = self.figures.iter();
        let found = figures.find(|figure| {
            figure.metric == metric && &*figure.domain == domain && figure.detail.is_empty()
        });
        found.map(|figure| figure.amount)
    }
}
