//! The live line of a run: redrawn each second on a terminal, a plain line every two elsewhere.

use super::bar_line::BarLine;
use crate::pieces::{duration_text, rate_text, tell};
use crate::record::Live;
use crate::stats::Outcome;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Seconds between plain lines.
const PLAIN_EVERY_S: f64 = 2.0;
/// A second may end this much early and still count as its time.
const TOLERANCE_S: f64 = 0.1;
/// Most pictures of the bar a second.
const BARS_PER_S: u8 = 10;

/// Shows a run while it goes on, on standard error.
pub struct LiveFace {
    mode: LiveMode,
}

enum LiveMode {
    Quiet,
    Bar(ProgressBar),
    Plain { due_s: f64 },
}

impl LiveFace {
    /// A bar when standard error is a terminal, plain lines when not, nothing when `quiet`.
    #[must_use]
    pub fn new(quiet: bool, run_time_s: f64) -> Self {
        let mode = if quiet {
            LiveMode::Quiet
        } else if std::io::stderr().is_terminal() {
            LiveMode::Bar(bar(run_time_s))
        } else {
            LiveMode::Plain {
                due_s: PLAIN_EVERY_S,
            }
        };
        Self { mode }
    }

    /// Shows the latest second.
    pub fn show(&mut self, live: &Live) {
        let elapsed_s = live.now.end_s();
        match &mut self.mode {
            LiveMode::Quiet => {}
            LiveMode::Bar(bar) => {
                bar.set_position(milliseconds(elapsed_s));
                bar.set_message(live_line(live));
            }
            LiveMode::Plain { due_s } => {
                if elapsed_s + TOLERANCE_S >= *due_s {
                    *due_s = elapsed_s + PLAIN_EVERY_S;
                    tell(live_line(live));
                }
            }
        }
    }

    /// Takes the bar off the screen, to make room for the summary.
    pub fn finish(&mut self) {
        if let LiveMode::Bar(bar) = &self.mode {
            bar.finish_and_clear();
        }
    }
}

fn bar(run_time_s: f64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:20} {wide_msg}").expect("a constant template is valid");
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(BarLine::default()), BARS_PER_S);
    ProgressBar::with_draw_target(Some(milliseconds(run_time_s)), target).with_style(style)
}

fn milliseconds(s: f64) -> u64 {
    (s * 1e3) as u64
}

/// One line about the run so far; the rate is that of the latest second.
#[must_use]
pub fn live_line(live: &Live) -> String {
    let run = live.shown();
    let all = &run.totals;
    let run_time = live.run_time_s().map(|s| format!("/{s}s"));
    let mut line = format!(
        "{:6.1}s{}  users {}  req {}  {}/s  p50 {} p99 {}  failed {}  unknown {}",
        live.now.end_s(),
        run_time.unwrap_or_default(),
        live.now.users,
        all.requests,
        rate_text(live.all.requests_per_s),
        duration_text(all.response_us.p50),
        duration_text(all.response_us.p99),
        all.failed,
        all.unknown,
    );
    let counts = [
        (Outcome::Refused.word(), all.refused),
        (Outcome::Conflict.word(), all.conflict),
        ("shed", run.shed),
    ];
    for (word, count) in counts {
        if count > 0 {
            line.push_str(&format!("  {word} {count}"));
        }
    }
    if live.events_per_s > 0.0 {
        line.push_str(&format!("  events {}/s", rate_text(live.events_per_s)));
    }
    if let Some(backlog) = live.now.backlog {
        line.push_str(&format!("  backlog {backlog}"));
    }
    if run.generator.is_at_its_limit() {
        line.push_str("  GENERATOR AT ITS LIMIT");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ObservedMetric;
    use crate::record::made_up;
    use crate::stats::{Amount, GeneratorState, ObservedSample, RunContext};

    /// After two seconds of the run of `context`.
    fn live(context: RunContext) -> Live {
        let seconds = &made_up::seconds()[..2];
        made_up::lives(context, seconds).pop().expect("seconds")
    }

    #[test]
    fn a_line_says_how_far_and_how_well() {
        assert_eq!(
            live_line(&live(made_up::context())),
            "   2.0s/3s  users 3  req 900  600.0/s  p50 896µs p99 1.25ms  failed 0  unknown 0  refused 20  events 386.0/s"
        );
    }

    #[test]
    fn the_backlog_of_all_domains_is_on_it() {
        let context = made_up::context();
        let backlog = |domain: &str, value, at_least| ObservedSample {
            second: 1,
            source: "redis".into(),
            domain: domain.into(),
            metric: ObservedMetric::Backlog,
            amount: Amount { value, at_least },
        };
        context.observed.put([
            backlog("identity", 100.0, true),
            backlog("ordering", 7.0, false),
        ]);
        assert!(live_line(&live(context)).ends_with("events 386.0/s  backlog ≥ 107"));
    }

    #[test]
    fn saturation_and_shed_arrivals_are_on_it() {
        let mut live = live(made_up::context());
        live.record.generator.state = GeneratorState::AtItsLimit;
        live.record.shed = 3;
        assert!(live_line(&live).ends_with("shed 3  events 386.0/s  GENERATOR AT ITS LIMIT"));
    }
}
