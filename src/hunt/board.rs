//! A hunt on the whole screen: its knees so far, the probe that goes on, and those before it.

use super::console::probes_table;
use super::hunt_record::HuntRecord;
use super::progress::HuntProgress;
use crate::record::Live;
use crate::run::{Face, LiveRun};
use crate::ui::{Board, BoardScreen};
use nix::sys::signal::{Signal, raise};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// What the keys do.
const KEYS: &str = "q stop: what was found is kept, and the hunt can be resumed";

/// The board, for the hunt and the faces of its probes.
#[derive(Clone, Default)]
pub struct HuntBoard {
    screen: Rc<RefCell<Option<BoardScreen>>>,
    title: String,
}

impl HuntBoard {
    /// On the screen, if `is_wanted` and there is one.
    #[must_use]
    pub fn open(is_wanted: bool, title: String, record: &HuntRecord) -> Self {
        let first = board(&title, record);
        let screen = is_wanted.then(|| BoardScreen::take(first)).flatten();
        Self {
            screen: Rc::new(RefCell::new(screen)),
            title,
        }
    }

    /// Whether it is there: others print nothing then.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        let screen = self.screen.borrow();
        screen.as_ref().is_some_and(BoardScreen::is_shown)
    }

    /// Shows that a probe begins.
    pub fn begin_probe(&self, record: &HuntRecord, progress: &HuntProgress) {
        self.with_screen(|screen| {
            let mut lines = vec![format!("probe {} at {}", progress.probe, progress.load)];
            lines.push(match progress.brackets.is_empty() {
                true => "no knee known yet".to_owned(),
                false => progress.brackets.join(", "),
            });
            screen.show(Board {
                left: progress.left_text(),
                lines,
                waiting: "preparing".to_owned(),
                ..board(&self.title, record)
            });
        });
    }

    /// Shows what is waited for between probes.
    pub fn wait(&self, record: &HuntRecord, what: String) {
        self.with_screen(|screen| {
            screen.show(Board {
                waiting: what,
                ..board(&self.title, record)
            });
        });
    }

    /// Looks at the keyboard: who wants it to end is heard as Ctrl-C is anywhere else.
    pub fn pulse(&self) {
        self.with_screen(|screen| {
            if screen.pulse() {
                // Only its number can be wrong.
                let _ = raise(Signal::SIGINT);
            }
        });
    }

    /// Gives the screen back.
    pub fn close(&self) {
        self.screen.borrow_mut().take();
    }

    fn with_screen(&self, work: impl FnOnce(&mut BoardScreen)) {
        let mut screen = self.screen.borrow_mut();
        if screen.as_ref().is_some_and(|screen| !screen.is_shown()) {
            *screen = None;
        }
        if let Some(screen) = screen.as_mut() {
            work(screen);
        }
    }
}

fn board(title: &str, record: &HuntRecord) -> Board {
    Board {
        title: title.to_owned(),
        left: String::new(),
        lines: record.verdict.clone(),
        waiting: "looking at the target".to_owned(),
        table: probes_table(&record.probes.iter().collect::<Vec<_>>(), record.unit),
        keys: KEYS.to_owned(),
    }
}

impl Face for HuntBoard {
    fn begin(&mut self, run: &LiveRun<'_>) {
        run.control.take_screen(self.is_shown());
    }

    fn show(&mut self, live: &Arc<Live>) {
        self.with_screen(|screen| screen.show_live(live));
    }

    fn has_pulse(&self) -> bool {
        true
    }

    fn pulse(&mut self) {
        HuntBoard::pulse(self);
    }
}
