//! How far something is that takes long and is no run: a line that is drawn over itself on a terminal, a
//! line now and then elsewhere.

use super::bar_line::BarLine;
use crate::pieces::{in_lines, tell, terminal_width};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Columns of a terminal that does not tell.
const USUAL_WIDTH: u16 = 80;
/// Most pictures of the line a second.
const PICTURES_PER_S: u8 = 10;
/// What takes less is not told.
const WORTH_TELLING: Duration = Duration::from_secs(1);
/// Time between two looks at what is to be told on a terminal, and between lines elsewhere.
const LOOK: Duration = Duration::from_millis(500);
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A line on standard error that is drawn over itself; nothing where that is no terminal.
pub struct ProgressLine {
    bar: Option<ProgressBar>,
}

impl ProgressLine {
    /// Without a text yet; for ever so when `quiet`.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let is_drawn = !quiet && std::io::stderr().is_terminal();
        Self {
            bar: is_drawn.then(bar),
        }
    }

    /// Whether it is drawn at all.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        self.bar.is_some()
    }

    /// Shows `text` in place of what was shown before.
    pub fn show(&self, text: &str) {
        if let Some(bar) = &self.bar {
            let width = terminal_width().unwrap_or(USUAL_WIDTH);
            bar.set_message(words_that_fit(text, width.saturating_sub(1)));
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The first words of `text` that fit so many columns, with a mark when there are more.
fn words_that_fit(text: &str, columns: u16) -> String {
    let lines = in_lines(text, 0, 0, Some(columns.saturating_sub(2)));
    match lines.split_once('\n') {
        None => lines,
        Some((first, _)) => format!("{first} …"),
    }
}

fn bar() -> ProgressBar {
    let target =
        ProgressDrawTarget::term_like_with_hz(Box::new(BarLine::default()), PICTURES_PER_S);
    let style = ProgressStyle::with_template("{wide_msg}").expect("a constant template is valid");
    ProgressBar::with_draw_target(None, target).with_style(style)
}

/// Tells from a thread of its own how far something is, from its first second on until this is dropped.
pub struct Ticking {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticking {
    /// Shows what `text` makes of the time so far; nothing when `quiet`.
    #[must_use]
    pub fn start(quiet: bool, text: impl Fn(Duration) -> String + Send + 'static) -> Self {
        if quiet {
            return Self {
                end: None,
                thread: None,
            };
        }
        let (end, ends) = channel::<()>();
        let began = Instant::now();
        let thread = std::thread::Builder::new().name("progress".to_owned());
        let thread = thread.spawn(move || {
            let is_over = |wait| ends.recv_timeout(wait) != Err(RecvTimeoutError::Timeout);
            if is_over(WORTH_TELLING) {
                return;
            }
            let line = ProgressLine::new(false);
            loop {
                let told = text(began.elapsed());
                let wait = match line.is_drawn() {
                    true => {
                        line.show(&told);
                        LOOK
                    }
                    false => {
                        tell(told);
                        LINE_EVERY
                    }
                };
                if is_over(wait) {
                    return;
                }
            }
        });
        // Without a thread nothing is told.
        Self {
            end: Some(end),
            thread: thread.ok(),
        }
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, mpsc};

    #[test]
    fn what_is_quiet_tells_nothing_and_what_ends_at_once_neither() {
        let told = Arc::new(AtomicBool::new(false));
        for quiet in [true, false] {
            let tells = Arc::clone(&told);
            drop(Ticking::start(quiet, move |_| {
                tells.store(true, Ordering::Relaxed);
                String::new()
            }));
        }
        assert!(!told.load(Ordering::Relaxed));
    }

    #[test]
    fn a_line_ends_with_a_whole_word() {
        let text = "draining: backlog 251, about 4 s left (identity 251)";
        assert_eq!(words_that_fit(text, 60), text);
        assert_eq!(words_that_fit(text, 30), "draining: backlog 251, about …");
    }

    #[test]
    fn what_takes_long_tells_for_how_long_it_has() {
        let (tells, told) = mpsc::channel();
        let ticking = Ticking::start(false, move |so_far| {
            let _ = tells.send(so_far);
            String::new()
        });
        let so_far = told.recv().expect("it tells");
        drop(ticking);
        assert!(so_far >= WORTH_TELLING);
    }
}
