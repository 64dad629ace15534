//! The live line of a run: redrawn each second on a terminal, a plain line every two elsewhere.

use crate::pieces::{duration_text, rate_text};
use crate::stats::{Amount, GeneratorState, Outcome, Snapshot};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};

/// Seconds between plain lines.
const PLAIN_EVERY_S: f64 = 2.0;
/// A second may end this much early and still count as its time.
const TOLERANCE_S: f64 = 0.1;

/// Shows a run while it goes on, on standard error.
pub struct LiveFace {
    mode: Mode,
}

enum Mode {
    Quiet,
    Bar(ProgressBar),
    Plain { due_s: f64 },
}

impl LiveFace {
    /// A bar when standard error is a terminal, plain lines when not, nothing when `quiet`.
    #[must_use]
    pub fn new(quiet: bool, run_time_s: f64) -> Self {
        let mode = if quiet {
            Mode::Quiet
        } else if std::io::stderr().is_terminal() {
            Mode::Bar(bar(run_time_s))
        } else {
            Mode::Plain {
                due_s: PLAIN_EVERY_S,
            }
        };
        Self { mode }
    }

    /// Shows the latest second.
    pub fn show(&mut self, snapshot: &Snapshot) {
        match &mut self.mode {
            Mode::Quiet => {}
            Mode::Bar(bar) => {
                bar.set_position(milliseconds(snapshot.elapsed_s));
                bar.set_message(live_line(snapshot));
            }
            Mode::Plain { due_s } => {
                if snapshot.elapsed_s + TOLERANCE_S >= *due_s {
                    *due_s = snapshot.elapsed_s + PLAIN_EVERY_S;
                    // Nobody reads a closed pipe: not a reason to end the run.
                    let _ = writeln!(anstream::stderr(), "{}", live_line(snapshot));
                }
            }
        }
    }

    /// Takes the bar off the screen, to make room for the summary.
    pub fn finish(&mut self) {
        if let Mode::Bar(bar) = &self.mode {
            bar.finish_and_clear();
        }
    }
}

fn bar(run_time_s: f64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:20} {wide_msg}").expect("a constant template is valid");
    ProgressBar::with_draw_target(Some(milliseconds(run_time_s)), ProgressDrawTarget::stderr())
        .with_style(style)
}

fn milliseconds(s: f64) -> u64 {
    (s * 1e3) as u64
}

/// One line about the run so far; the rate is that of the latest second.
#[must_use]
pub fn live_line(snapshot: &Snapshot) -> String {
    let all = &snapshot.all.measured;
    let run_time = snapshot.run_time_s.map(|s| format!("/{s}s"));
    let mut line = format!(
        "{:6.1}s{}  users {}  req {}  {}/s  p50 {} p99 {}  failed {}  unknown {}",
        snapshot.elapsed_s,
        run_time.unwrap_or_default(),
        snapshot.users,
        all.requests(),
        rate_text(snapshot.all.current_requests_per_s),
        duration_text(all.response.p50),
        duration_text(all.response.p99),
        all.outcomes[Outcome::Failed],
        all.outcomes[Outcome::Unknown],
    );
    let business = [Outcome::Refused, Outcome::Conflict];
    let counts = business.map(|outcome| (outcome.word(), all.outcomes[outcome]));
    for (word, count) in counts.into_iter().chain([("shed", snapshot.counters.shed)]) {
        if count > 0 {
            line.push_str(&format!("  {word} {count}"));
        }
    }
    if snapshot.events_per_s > 0.0 {
        line.push_str(&format!("  events {}/s", rate_text(snapshot.events_per_s)));
    }
    if let Some(backlog) = backlog_of(snapshot) {
        line.push_str(&format!("  backlog {backlog}"));
    }
    if snapshot.fitness.state == GeneratorState::AtItsLimit {
        line.push_str("  GENERATOR AT ITS LIMIT");
    }
    line
}

/// All domains together.
fn backlog_of(snapshot: &Snapshot) -> Option<Amount> {
    let backlogs = snapshot.backlogs.iter().map(|backlog| backlog.amount);
    backlogs.reduce(Amount::plus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;
    use crate::stats::{DomainBacklog, Totals};
    use std::sync::Arc;

    fn snapshot() -> Snapshot {
        let mut totals = Totals::new(Arc::new(made_up::context()));
        let seconds = made_up::seconds();
        seconds[..2].iter().for_each(|second| totals.absorb(second));
        Snapshot::after(&seconds[1], &totals, None)
    }

    #[test]
    fn a_line_says_how_far_and_how_well() {
        assert_eq!(
            live_line(&snapshot()),
            "   2.0s/3s  users 3  req 900  600.0/s  p50 896µs p99 1.25ms  failed 0  unknown 0  refused 20  events 386.0/s"
        );
    }

    #[test]
    fn the_backlog_of_all_domains_is_on_it() {
        let mut snapshot = snapshot();
        let backlog = |domain: &str, value, at_least| DomainBacklog {
            domain: domain.into(),
            amount: Amount { value, at_least },
            outbox_pending: None,
            stream_lag: None,
        };
        snapshot.backlogs = vec![
            backlog("identity", 100.0, true),
            backlog("ordering", 7.0, false),
        ];
        assert!(live_line(&snapshot).ends_with("events 386.0/s  backlog ≥ 107"));
    }

    #[test]
    fn saturation_and_shed_arrivals_are_on_it() {
        let mut snapshot = snapshot();
        (snapshot.fitness.state, snapshot.counters.shed) = (GeneratorState::AtItsLimit, 3);
        assert!(live_line(&snapshot).ends_with("shed 3  events 386.0/s  GENERATOR AT ITS LIMIT"));
    }
}
