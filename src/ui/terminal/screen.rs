//! The terminal while the view is on it, and its return to order, whatever happens.

use crate::pieces::{Pictures, fall_silent_soon};
use crate::run::before_exit;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    self, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use std::io::{self, IsTerminal};
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is drawn of a terminal at most: its cells are kept in memory, and some terminals, and what
/// poses as one, say 65,535.
const MOST_COLUMNS: u16 = 1_000;
const MOST_ROWS: u16 = 400;

static IS_TAKEN: AtomicBool = AtomicBool::new(false);
static HOOKED: Once = Once::new();

/// Columns and rows that the view needs.
pub const LEAST_SIZE: (u16, u16) = (60, 20);

/// Whether there is a terminal that the view can be drawn on and keys can come from.
#[must_use]
pub fn is_possible() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let size = terminal::size().unwrap_or_default();
    is_terminal && !is_dumb && size.0 >= LEAST_SIZE.0 && size.1 >= LEAST_SIZE.1
}

/// The alternate screen, in raw mode. There is one a process.
pub struct Screen {
    /// Never dropped: at its end it would show the cursor, which [`give_back`] does, and panic where
    /// the terminal has gone.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Pictures>>>,
    /// What is drawn on.
    area: Rect,
}

impl Screen {
    /// Takes the terminal. It is given back when this is dropped, when any thread panics, and
    /// before the process ends at the third signal.
    ///
    /// # Errors
    /// When standard output is no terminal that can be set up.
    pub fn take() -> io::Result<Self> {
        HOOKED.call_once(|| {
            before_exit(give_back);
            let report = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                report(panic);
            }));
        });
        let area = drawn_area(terminal::size()?);
        let options = TerminalOptions {
            viewport: Viewport::Fixed(area),
        };
        let backend = CrosstermBackend::new(Pictures::on_output());
        let terminal = Terminal::with_options(backend, options)?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        let mut screen = Self {
            terminal: ManuallyDrop::new(terminal),
            area,
        };
        enable_raw_mode()?;
        // Named: the macro takes the expression twice.
        let mut output = Pictures::on_output();
        execute!(output, EnterAlternateScreen)?;
        screen.terminal.hide_cursor()?;
        Ok(screen)
    }

    /// Whether the terminal is still ours.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        IS_TAKEN.load(Ordering::SeqCst)
    }

    /// Whether the terminal has another size than when it was drawn on.
    #[must_use]
    pub fn has_other_size(&self) -> bool {
        terminal::size().is_ok_and(|size| drawn_area(size) != self.area)
    }

    /// Draws the whole view.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        // A terminal that is paused shows the next one.
        if !Pictures::on_output().are_shown() {
            return Ok(());
        }
        let area = drawn_area(terminal::size()?);
        if std::mem::replace(&mut self.area, area) != area {
            self.terminal.resize(area)?;
        }
        self.terminal.draw(draw).map(|_| ())
    }
}

/// The part of a terminal that is drawn on: all of it, unless it says that it is larger than any.
fn drawn_area((columns, rows): (u16, u16)) -> Rect {
    Rect::new(0, 0, columns.min(MOST_COLUMNS), rows.min(MOST_ROWS))
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Leaves the terminal as it was found. Does nothing when it is not ours.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        // Nothing can be done about a terminal that is gone.
        let mut output = Pictures::on_output();
        let _ = execute!(output, LeaveAlternateScreen, Show);
        fall_silent_soon();
        let _ = disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_says_it_is_larger_than_any_is_drawn_on_in_part() {
        assert_eq!(drawn_area((120, 40)), Rect::new(0, 0, 120, 40));
        for size in [(65_535, 65_535), (65_535, 24), (80, 65_535)] {
            let drawn = drawn_area(size);
            assert!(drawn.width <= MOST_COLUMNS && drawn.height <= MOST_ROWS);
            assert!(drawn.width >= 80 && drawn.height >= 24, "{drawn:?}");
        }
    }
}
