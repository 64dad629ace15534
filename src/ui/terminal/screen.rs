//! The terminal while the view is on it, and its return to order, whatever happens.

use crate::pieces::{Pictures, fall_silent_soon};
use crate::run::before_exit;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};
use std::io;
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_TAKEN: AtomicBool = AtomicBool::new(false);
static HOOKED: Once = Once::new();

/// The alternate screen, in raw mode. There is one a process.
pub struct Screen {
    /// Never dropped: at its end it would show the cursor, which [`give_back`] does, and panic where
    /// the terminal has gone.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Pictures>>>,
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
        let terminal = Terminal::new(CrosstermBackend::new(Pictures::on_output()))?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        let mut screen = Self {
            terminal: ManuallyDrop::new(terminal),
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

    /// Draws the whole view.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        // A terminal that is paused shows the next one.
        match Pictures::on_output().are_shown() {
            true => self.terminal.draw(draw).map(|_| ()),
            false => Ok(()),
        }
    }
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
