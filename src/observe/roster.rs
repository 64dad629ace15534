//! Which figures are followed: those that came first, as many as there is room for. A source that
//! has other names every second is not followed for ever.

use super::source::{ObservedFigure, Readout};
use crate::plan::ObservedMetric;
use std::collections::HashSet;
use std::sync::Arc;

/// Figures that are followed over a run, of all sources.
const MOST_FIGURES: usize = 10_000;
/// Domains; a shop has eight.
const MOST_DOMAINS: usize = 100;

/// Source, metric, domain and detail.
type FollowedFigure = (Arc<str>, ObservedMetric, Arc<str>, Arc<str>);

/// The figures and domains that are followed.
#[derive(Debug, Default)]
pub(super) struct Roster {
    figures: HashSet<FollowedFigure>,
    domains: HashSet<Arc<str>>,
}

impl Roster {
    /// Leaves out of `readout` what there is no room for, and says so there.
    pub fn sift(&mut self, source: &Arc<str>, readout: &mut Readout) {
        let before = readout.figures.len();
        readout
            .figures
            .retain(|figure| self.follows(source, figure));
        if readout.figures.len() < before {
            readout.caveat(format!(
                "figures have ever new names: no more than {MOST_FIGURES} of {MOST_DOMAINS} domains are followed"
            ));
        }
    }

    fn follows(&mut self, source: &Arc<str>, figure: &ObservedFigure) -> bool {
        let domain = &figure.domain;
        if !self.domains.contains(domain) {
            if self.domains.len() == MOST_DOMAINS {
                return false;
            }
            self.domains.insert(Arc::clone(domain));
        }
        let key = (
            Arc::clone(source),
            figure.metric,
            Arc::clone(domain),
            Arc::clone(&figure.detail),
        );
        if self.figures.len() < MOST_FIGURES {
            self.figures.insert(key);
            return true;
        }
        self.figures.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Amount;

    #[test]
    fn what_came_first_is_followed_and_ever_new_names_are_not() {
        let mut roster = Roster::default();
        let source: Arc<str> = "redis".into();
        let mut kept = 0;
        let mut last = Readout::default();
        for reading in 0..30 {
            last = Readout::default();
            for number in 0..1_000 {
                let domain = format!("{}", reading % 2 * 60 + number % 60);
                let part = format!("{reading} {number}");
                let one = Amount::exact(1.0);
                let figure =
                    ObservedFigure::of_part(ObservedMetric::StreamLag, &domain, &part, one);
                last.add(figure);
            }
            roster.sift(&source, &mut last);
            kept += last.figures.len();
        }
        assert_eq!((kept, last.figures.len()), (MOST_FIGURES, 0));
        assert_eq!(roster.domains.len(), MOST_DOMAINS);
        assert!(last.caveats[0].contains("ever new names"), "{last:?}");
        let mut again = Readout::default();
        let one = Amount::exact(1.0);
        again.add(ObservedFigure::of_part(
            ObservedMetric::StreamLag,
            "7",
            "0 7",
            one,
        ));
        roster.sift(&source, &mut again);
        assert_eq!(again.figures.len(), 1);
    }
}
