//! What was observed over a run, as it is kept for the report.

use super::backlog::Backlog;
use super::source::{ObservedFigure, Readout};
use super::{FollowedAccount, Problem, SourceAccount, aliases};
use crate::plan::{ObservedMetric, shown_start};
use crate::stats::Amount;
use std::sync::Arc;

/// Characters of a caveat that are kept.
const MOST_CHARACTERS: usize = 500;
/// Kinds of problems that are kept of a source.
const MOST_PROBLEMS: usize = 20;

/// Everything that observers saw of a run.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The sources, in the order of their choice.
    pub sources: Vec<SourceHistory>,
    /// The figures, in the order in which they came first.
    pub figures: Vec<FigureHistory>,
    /// The domains, in the order in which they came first.
    pub domains: Vec<DomainHistory>,
    /// The Observatory's own lines, the last ones that were read.
    pub lines: Vec<String>,
    /// What stores hold of the run as a whole, of the sources that keep an account.
    pub accounts: Vec<SourceAccount>,
    /// What came of the events that were followed; `None` when none was.
    pub followed: Option<FollowedAccount>,
    /// When the load ended, in seconds since the start of the run.
    pub load_end_s: f64,
    /// When observing ended.
    pub end_s: f64,
    /// CPU time of all observing threads, in seconds.
    pub cpu_s: f64,
    /// Why samples could not be written down.
    pub sink_failure: Option<String>,
}

/// How reading a source went.
#[derive(Clone, Debug)]
pub struct SourceHistory {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is, without passwords.
    pub address: String,
    /// Readings that brought figures.
    pub readings: u64,
    /// Readings that did not.
    pub failed_readings: u64,
    /// Length of all readings, in nanoseconds.
    pub total_ns: u64,
    /// Length of the longest one.
    pub slowest_ns: u64,
    /// Why readings failed.
    pub problems: Vec<Troubled>,
    /// What its figures do not show.
    pub caveats: Vec<String>,
}

/// A problem, and how often it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Troubled {
    /// What happened.
    pub text: String,
    /// How often.
    pub count: u64,
    /// When it happened first, in seconds since the start of the run.
    pub first_s: f64,
    /// When it happened last.
    pub last_s: f64,
}

/// One figure over the run.
#[derive(Clone, Debug)]
pub struct FigureHistory {
    /// The source that told it.
    pub source: Arc<str>,
    /// The figure, as it was first.
    pub first: ObservedFigure,
    /// Its last value.
    pub last: Amount,
    /// Its largest value.
    pub largest: Amount,
}

/// A domain over the run.
#[derive(Clone, Debug)]
pub struct DomainHistory {
    /// Its name, in lower case.
    pub domain: Arc<str>,
    /// Its backlogs, in the order of time.
    pub backlog: Vec<BacklogPoint>,
    /// Outbox rows of every status by the moment of reading, of the source that counts exactly;
    /// empty when none does.
    pub rows: Vec<(f64, f64)>,
    /// Those of them that were published.
    pub published: Vec<(f64, f64)>,
    /// The source of these counts.
    pub rows_source: Option<Arc<str>>,
    /// Whether it stopped counting at times, so that the counts are not of the whole run.
    pub rows_cut: bool,
}

/// A backlog at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct BacklogPoint {
    /// When it was read, in seconds since the start of the run; negative before it.
    pub at_s: f64,
    /// The backlog.
    pub amount: Amount,
    /// Whether the source of a part stopped counting.
    pub is_cut: bool,
    /// Its sources.
    pub source: Arc<str>,
    /// The part that no source shows.
    pub not_seen: &'static str,
}

impl Observation {
    /// Takes what a reading brought.
    pub(super) fn figures_of(&mut self, source: &Arc<str>, readout: &Readout) {
        for figure in &readout.figures {
            let known = self.figures.iter_mut().find(|known| {
                known.source == *source
                    && known.first.metric == figure.metric
                    && known.first.domain == figure.domain
                    && known.first.detail == figure.detail
            });
            match known {
                Some(known) => {
                    known.last = figure.amount;
                    if figure.amount.value > known.largest.value {
                        known.largest = figure.amount;
                    }
                }
                None => self.figures.push(FigureHistory {
                    source: Arc::clone(source),
                    first: figure.clone(),
                    last: figure.amount,
                    largest: figure.amount,
                }),
            }
        }
        if !readout.lines.is_empty() {
            self.lines.clone_from(&readout.lines);
        }
    }

    /// Takes the rows of the outboxes that a reading counted, if it counted all of them.
    pub(super) fn rows_of(&mut self, source: &Arc<str>, readout: &Readout, at_s: f64) {
        let domains: Vec<Arc<str>> = readout
            .figures
            .iter()
            .filter(|figure| figure.metric == ObservedMetric::OutboxPublished)
            .map(|figure| Arc::clone(&figure.domain))
            .collect();
        for domain in domains {
            let counts: Vec<Amount> = aliases::OUTBOX_STATUSES
                .into_iter()
                .filter_map(|metric| readout.amount(metric, &domain))
                .collect();
            let published = readout.amount(ObservedMetric::OutboxPublished, &domain);
            let history = self.domain(&domain);
            let ours = history
                .rows_source
                .get_or_insert_with(|| Arc::clone(source));
            // A database takes the Observatory's place; what the other one counted is forgotten.
            if ours != source && source.starts_with("outbox:") {
                *ours = Arc::clone(source);
                history.rows.clear();
                history.published.clear();
                history.rows_cut = false;
            }
            let is_ours = history.rows_source.as_ref() == Some(source);
            let is_exact = counts.iter().all(|count| !count.at_least);
            if is_ours && !is_exact {
                history.rows_cut = true;
            }
            if let (true, true, Some(published)) = (is_ours, is_exact, published) {
                let rows = counts.iter().map(|count| count.value).sum();
                history.rows.push((at_s, rows));
                history.published.push((at_s, published.value));
            }
        }
    }

    /// Takes a backlog.
    pub(super) fn backlog_of(&mut self, domain: &str, backlog: &Backlog) {
        let points = &mut self.domain(domain).backlog;
        let known = points.last().map(|point| Arc::clone(&point.source));
        let source = known
            .filter(|known| **known == *backlog.source)
            .unwrap_or_else(|| backlog.source.as_str().into());
        points.push(BacklogPoint {
            at_s: backlog.at_s,
            amount: backlog.amount,
            is_cut: backlog.is_cut,
            source,
            not_seen: backlog.not_seen,
        });
    }

    pub(super) fn domain(&mut self, domain: &str) -> &mut DomainHistory {
        let known = self
            .domains
            .iter()
            .position(|known| &*known.domain == domain);
        let place = known.unwrap_or_else(|| {
            self.domains.push(DomainHistory {
                domain: domain.into(),
                backlog: Vec::new(),
                rows: Vec::new(),
                published: Vec::new(),
                rows_source: None,
                rows_cut: false,
            });
            self.domains.len() - 1
        });
        &mut self.domains[place]
    }
}

impl DomainHistory {
    /// The backlog before the load.
    #[must_use]
    pub fn before(&self) -> Option<&BacklogPoint> {
        self.backlog.iter().rev().find(|point| point.at_s <= 0.0)
    }

    /// When the backlog was first no larger than before the load, of the moments from `load_end_s`
    /// on; `None` when that was not seen.
    #[must_use]
    pub fn drained_at_s(&self, load_end_s: f64) -> Option<f64> {
        let baseline = self.before().map_or(0.0, |point| point.amount.value);
        let mut after = self.backlog.iter().filter(|point| point.at_s >= load_end_s);
        let drained = after.find(|point| !point.is_cut && point.amount.value <= baseline);
        drained.map(|point| point.at_s)
    }
}

impl SourceHistory {
    pub(super) fn new(name: Arc<str>, address: String) -> Self {
        Self {
            name,
            address,
            readings: 0,
            failed_readings: 0,
            total_ns: 0,
            slowest_ns: 0,
            problems: Vec::new(),
            caveats: Vec::new(),
        }
    }

    pub(super) fn took(&mut self, took_ns: u64) {
        self.total_ns += took_ns;
        self.slowest_ns = self.slowest_ns.max(took_ns);
    }

    pub(super) fn caveats_of(&mut self, readout: &Readout) {
        for caveat in &readout.caveats {
            let caveat = &*shown_start(caveat, MOST_CHARACTERS);
            if !self.caveats.iter().any(|known| known == caveat)
                && self.caveats.len() < MOST_PROBLEMS
            {
                self.caveats.push(caveat.to_owned());
            }
        }
    }

    pub(super) fn trouble(&mut self, problem: &Problem, at_s: f64) {
        let mut known = self.problems.iter_mut();
        if let Some(known) = known.find(|known| known.text == problem.text()) {
            known.count += 1;
            known.last_s = at_s;
        } else if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Troubled {
                text: problem.text().to_owned(),
                count: 1,
                first_s: at_s,
                last_s: at_s,
            });
        }
    }
}
