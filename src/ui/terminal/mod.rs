//! The terminal view: a live run on the whole screen, and keys that steer it.
//!
//! Drawn on the control thread, once a second and after keys; workers know nothing of it.

mod charts;
mod draw;
mod findings;
mod health;
mod keys;
mod screen;
mod tables;
mod text;
mod theme;
mod typed;
mod view;

pub use keys::{Action, action_of};
pub use typed::Typed;

use crate::record::Live;
use crate::run::{Face, LiveRun, RunControl};
use keys::obey;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use screen::Screen;
use std::io::IsTerminal;
use std::sync::Arc;
use theme::Theme;
use view::View;

/// Columns and rows that the view needs.
const LEAST_SIZE: (u16, u16) = (80, 24);

/// How often the keyboard is read in one look: who holds a key down, or pastes a book, does not hold
/// the view up.
const MOST_READS: u32 = 16;

/// Whether there is a terminal that the view can be drawn on and keys can come from.
#[must_use]
pub fn is_possible() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let size = ratatui::crossterm::terminal::size().unwrap_or_default();
    is_terminal && !is_dumb && size.0 >= LEAST_SIZE.0 && size.1 >= LEAST_SIZE.1
}

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
            open.has_terminal() && {
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
            .is_none_or(|open| open.has_terminal() && (!open.heed_keys() || open.draw()));
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
    /// Whether the terminal is still there.
    fn has_terminal(&self) -> bool {
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        !keyboard().intersects(gone)
    }

    /// Does what keys ask for. Returns whether anything happened.
    fn heed_keys(&mut self) -> bool {
        let mut happened = self.screen.has_other_size();
        let mut bytes = [0; 256];
        for _ in 0..MOST_READS {
            let typed = match keyboard().contains(PollFlags::IN) {
                true => rustix::io::read(std::io::stdin(), &mut bytes).unwrap_or(0),
                false => 0,
            };
            let keys = match typed {
                0 => self.typed.pause().into_iter().collect(),
                _ => self.typed.take(&bytes[..typed]),
            };
            happened |= !keys.is_empty();
            for action in keys.into_iter().filter_map(action_of) {
                obey(action, &self.control, &mut self.view);
            }
            if typed == 0 {
                break;
            }
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

/// How it stands with the keyboard, without waiting for it.
fn keyboard() -> PollFlags {
    let keys = std::io::stdin();
    let mut keys = [PollFd::new(&keys, PollFlags::IN)];
    match poll(&mut keys, Some(&Timespec::default())) {
        Ok(_) => keys[0].revents(),
        // Interrupted by a signal: the next look tells.
        Err(_) => PollFlags::empty(),
    }
}

#[cfg(test)]
mod tests;
