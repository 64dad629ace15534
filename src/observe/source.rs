//! What every source of figures is and gives.

use super::{Account, Problem};
use crate::plan::{ObservedMetric, shown_start};
use crate::stats::Amount;
use std::sync::Arc;

/// Figures of one reading; a Redis with many streams has a thousand.
const MOST_FIGURES: usize = 5_000;
/// Caveats of one reading.
const MOST_CAVEATS: usize = 20;
/// Characters of a name that are kept.
const MOST_CHARACTERS: usize = 200;
/// Where counts end that are told exactly.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// Whether a figure can be so: all of them count or measure something.
pub(super) fn is_possible(value: f64) -> bool {
    (0.0..=LARGEST).contains(&value)
}

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
            domain: name(domain),
            detail: "".into(),
            amount,
        }
    }

    /// A figure of a part of a domain.
    #[must_use]
    pub fn of_part(metric: ObservedMetric, domain: &str, part: &str, amount: Amount) -> Self {
        Self {
            detail: name(part),
            ..Self::of(metric, domain, amount)
        }
    }
}

/// A name as the back end has it, fit to be shown.
fn name(text: &str) -> Arc<str> {
    shown_start(text, MOST_CHARACTERS).into()
}

impl Readout {
    /// Adds a figure to that of its metric, domain and detail, or as a new one. What cannot be, and
    /// what is too much, is told and left out.
    pub(super) fn add(&mut self, figure: ObservedFigure) {
        if !is_possible(figure.amount.value) {
            let parts = [figure.metric.name(), &figure.domain, &figure.detail];
            let place: Vec<&str> = parts.into_iter().filter(|it| !it.is_empty()).collect();
            self.refuse(&place.join(" of "), figure.amount.value);
            return;
        }
        let same = |known: &&mut ObservedFigure| {
            known.metric == figure.metric
                && known.domain == figure.domain
                && known.detail == figure.detail
        };
        let is_full = self.figures.len() >= MOST_FIGURES;
        match self.figures.iter_mut().find(same) {
            Some(known) => known.amount = known.amount.plus(figure.amount),
            None if is_full => self.caveat(format!(
                "there are more than the {MOST_FIGURES} figures that are read at once: the others are left out"
            )),
            None => self.figures.push(figure),
        }
    }

    /// Tells that `place` has a value that cannot be.
    pub(super) fn refuse(&mut self, place: &str, value: f64) {
        self.caveat(format!(
            "{place} is said to be {value:?}, which cannot be: it is left out"
        ));
    }

    /// Notes what the figures do not show, once.
    pub(super) fn caveat(&mut self, says: String) {
        if self.caveats.len() < MOST_CAVEATS && !self.caveats.contains(&says) {
            self.caveats.push(says);
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

#[cfg(test)]
mod tests {
    use super::*;

    const METRIC: ObservedMetric = ObservedMetric::StreamLag;

    #[test]
    fn a_figure_that_cannot_be_is_left_out_and_named() {
        for value in [
            -1.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            1e308,
            -0.5,
        ] {
            let mut readout = Readout::default();
            readout.add(ObservedFigure::of_part(
                METRIC,
                "ordering",
                "a::b",
                Amount::exact(value),
            ));
            assert_eq!(readout.figures, [], "{value}");
            let says = format!(
                "stream_lag of ordering of a::b is said to be {value:?}, which cannot be: it is left out"
            );
            assert_eq!(readout.caveats, [says]);
        }
        let mut readout = Readout::default();
        for value in [0.0, 1.0, LARGEST] {
            readout.add(ObservedFigure::of(METRIC, "ordering", Amount::exact(value)));
        }
        assert_eq!((readout.figures.len(), readout.caveats.len()), (1, 0));
    }

    #[test]
    fn figures_and_what_is_said_of_them_are_bounded() {
        let mut readout = Readout::default();
        for number in 0..MOST_FIGURES + 100 {
            let part = format!("{number}{}", "x".repeat(500));
            readout.add(ObservedFigure::of_part(
                METRIC,
                "d",
                &part,
                Amount::exact(1.0),
            ));
            readout.add(ObservedFigure::of_part(
                METRIC,
                "d",
                &part,
                Amount::exact(-1.0),
            ));
        }
        assert_eq!(readout.figures.len(), MOST_FIGURES);
        assert_eq!(readout.caveats.len(), MOST_CAVEATS);
        assert!(readout.figures[9].detail.chars().count() <= MOST_CHARACTERS + 1);
    }

    #[test]
    fn names_are_fit_to_be_shown() {
        let figure = ObservedFigure::of_part(METRIC, "a\u{202e}", "\u{1b}[2J", Amount::exact(1.0));
        assert_eq!((&*figure.domain, &*figure.detail), ("a·", "·[2J"));
    }
}
