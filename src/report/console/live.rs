//! The live line of a run: redrawn each second on a terminal, a plain line every two elsewhere.

use super::bar_line::BarLine;
use crate::pieces::{
    amount_text, counted, duration_text, grouped, joined_to_fit, number_text, rate_text, tell,
    terminal_width,
};
use crate::record::Live;
use crate::stats::Outcome;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Seconds between plain lines.
const PLAIN_EVERY_S: f64 = 2.0;
/// A second may end this much early and still count as its time.
const TOLERANCE_S: f64 = 0.1;
/// Columns of the bar itself.
const BAR_COLUMNS: u16 = 10;
/// Columns of a terminal that does not tell.
const USUAL_WIDTH: u16 = 80;
/// Most pictures of the bar a second.
const BARS_PER_S: u8 = 10;

/// Shows a run while it goes on, on standard error.
pub struct LiveFace {
    mode: LiveMode,
    /// What the run is a step of, and how far that is, in parts with their ranks; empty when it is none.
    step: Vec<(u8, String)>,
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
        Self {
            mode,
            step: Vec::new(),
        }
    }

    /// The same for a run that is a step of something larger, with what is to be told of that in front: of
    /// the parts that find no room the one with the highest number goes first.
    #[must_use]
    pub fn of_step(quiet: bool, run_time_s: f64, step: Vec<(u8, String)>) -> Self {
        Self {
            step,
            ..Self::new(quiet, run_time_s)
        }
    }

    /// Shows the latest second.
    pub fn show(&mut self, live: &Live) {
        let elapsed_s = live.now.end_s();
        match &mut self.mode {
            LiveMode::Quiet => {}
            LiveMode::Bar(bar) => {
                let width = terminal_width().unwrap_or(USUAL_WIDTH);
                bar.set_position(milliseconds(elapsed_s));
                let room = Some(width.saturating_sub(BAR_COLUMNS + 1));
                bar.set_message(live_line(live, &self.step, room));
            }
            LiveMode::Plain { due_s } => {
                if elapsed_s + TOLERANCE_S >= *due_s {
                    *due_s = elapsed_s + PLAIN_EVERY_S;
                    tell(live_line(live, &self.step, None));
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
    let style = ProgressStyle::with_template(&format!("{{bar:{BAR_COLUMNS}}} {{wide_msg}}"));
    let style = style.expect("a constant template is valid");
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(BarLine::default()), BARS_PER_S);
    ProgressBar::with_draw_target(Some(milliseconds(run_time_s)), target).with_style(style)
}

fn milliseconds(s: f64) -> u64 {
    (s * 1e3) as u64
}

/// One line about the run so far, of at most `width` columns: what matters least goes first where there
/// is too little room. The rate is that of the latest second; `step` is what the run is a step of.
#[must_use]
pub fn live_line(live: &Live, step: &[(u8, String)], width: Option<u16>) -> String {
    let run = live.shown();
    let all = &run.totals;
    let run_time = live
        .run_time_s()
        .map(|s| format!(" of {} s", number_text(s)));
    let elapsed = number_text(format_args!("{:.1}", live.now.end_s()));
    let time = format!("{elapsed} s{}", run_time.unwrap_or_default());
    let limit = match run.generator.is_at_its_limit() {
        true => "GENERATOR AT ITS LIMIT",
        false => "",
    };
    // What went wrong outranks what did not.
    let rank_of = |count: u64, rank: u8| if count > 0 { 0 } else { rank };
    let rate = rate_text(live.all.requests_per_s);
    // What the run is a step of matters more than how far the run is.
    let of_run = if step.is_empty() { 0 } else { 1 };
    let mut parts = step.to_vec();
    parts.extend([
        (of_run, time),
        (0, limit.to_owned()),
        (4, format!("users {}", grouped(u64::from(live.now.users)))),
        (5, counted(all.requests, "request")),
        (1 + of_run, format!("{rate}/s")),
        (
            2 + of_run,
            format!("p50 {}", duration_text(all.response_us.p50)),
        ),
        (
            of_run,
            format!("p99 {}", duration_text(all.response_us.p99)),
        ),
        (
            rank_of(all.failed, of_run),
            format!("failed {}", grouped(all.failed)),
        ),
        (
            rank_of(all.unknown, 6),
            format!("unknown {}", grouped(all.unknown)),
        ),
    ]);
    let counts = [
        (Outcome::Refused.word(), all.refused),
        (Outcome::Conflict.word(), all.conflict),
        ("shed", run.shed),
    ];
    for (word, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        parts.push((7, format!("{word} {}", grouped(count))));
    }
    if live.events_per_s > 0.0 {
        parts.push((8, format!("events {}/s", rate_text(live.events_per_s))));
    }
    if let Some(backlog) = live.now.backlog {
        parts.push((3, format!("backlog {}", amount_text(backlog))));
    }
    joined_to_fit(&parts, width)
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
            live_line(&live(made_up::context()), &[], None),
            "2.0 s of 3 s  users 3  900 requests  600.0/s  p50 896 µs  p99 1.25 ms  failed 0  unknown 0  refused 20  events 386.0/s"
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
        assert!(live_line(&live(context), &[], None).ends_with("events 386.0/s  backlog ≥ 107"));
    }

    #[test]
    fn saturation_and_shed_arrivals_are_on_it() {
        let mut live = live(made_up::context());
        live.record.generator.state = GeneratorState::AtItsLimit;
        live.record.shed = 3;
        let line = live_line(&live, &[], None);
        assert!(
            line.starts_with("2.0 s of 3 s  GENERATOR AT ITS LIMIT  "),
            "{line}"
        );
        assert!(line.ends_with("shed 3  events 386.0/s"), "{line}");
        let step = [(0, "probe 2".to_owned())];
        assert_eq!(
            live_line(&live, &step, Some(70)),
            "probe 2  2.0 s of 3 s  GENERATOR AT ITS LIMIT  p99 1.25 ms  failed 0 …"
        );
        assert_eq!(
            live_line(&live, &step, Some(40)),
            "probe 2  GENERATOR AT ITS LIMIT …"
        );
    }
}
