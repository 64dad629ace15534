//! The terminal view: a live run on the whole screen, and keys that steer it.
//!
//! Drawn on the control thread, once a second and after keys; workers know nothing of it.

mod board;
mod charts;
mod draw;
mod findings;
mod fitting;
mod health;
mod keyboard;
mod keys;
mod screen;
mod tables;
mod text;
mod theme;
mod typed;
mod view;

pub use board::{Board, BoardScreen};
pub use keys::{Action, action_of};
pub use screen::is_possible;
pub use typed::Typed;

use crate::record::Live;
use crate::run::{Face, LiveRun, RunControl};
use keyboard::{is_there, keys_typed};
use keys::obey;
use screen::Screen;
use std::sync::Arc;
use theme::Theme;
use view::View;

/// The face. It takes the screen when the clock starts, and gives it back at the end.
#[derive(Default)]
pub struct TerminalView {
    open: Option<OpenView>,
}

struct OpenView {
    screen: Screen,
    control: RunControl,
    view: View,
    typed: Typed,
}

impl Face for TerminalView {
    fn begin(&mut self, run: &LiveRun<'_>) {
        // Without a screen the run goes on unseen; the summary tells.
        let Ok(screen) = Screen::take() else { return };
        run.control.take_screen(true);
        let mut open = OpenView {
            screen,
            control: run.control.clone(),
            view: View::of(run, Theme::of_environment()),
            typed: Typed::default(),
        };
        if open.draw() {
            self.open = Some(open);
        }
    }

    fn show(&mut self, live: &Arc<Live>) {
        let shown = self.open.as_mut().is_none_or(|open| {
            open.view.show(live);
            is_there() && {
                open.heed_keys();
                open.draw()
            }
        });
        if !shown {
            self.finish();
        }
    }

    fn has_pulse(&self) -> bool {
        true
    }

    fn pulse(&mut self) {
        let shown = self
            .open
            .as_mut()
            .is_none_or(|open| is_there() && (!open.heed_keys() || open.draw()));
        if !shown {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if let Some(open) = self.open.take() {
            open.control.take_screen(false);
        }
    }
}

impl OpenView {
    /// Does what keys ask for. Returns whether anything happened.
    fn heed_keys(&mut self) -> bool {
        let keys = keys_typed(&mut self.typed);
        let happened = self.screen.has_other_size() || !keys.is_empty();
        for action in keys.into_iter().filter_map(action_of) {
            obey(action, &self.control, &mut self.view);
        }
        happened
    }

    /// Draws. Returns whether there is still a screen to draw on.
    fn draw(&mut self) -> bool {
        self.view.look_at(&self.control);
        let view = &self.view;
        self.screen.is_taken() && self.screen.draw(|frame| draw::draw(frame, view)).is_ok()
    }
}

#[cfg(test)]
mod tests;
