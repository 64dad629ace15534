//! The one line of a live bar, on standard error, which holds nobody up when its reader pauses.

use crate::pieces::{Pictures, mark_drawn_line, terminal_width};
use indicatif::TermLike;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Columns of a terminal that does not tell.
const USUAL_WIDTH: u16 = 80;

/// A line that is drawn over itself.
#[derive(Debug)]
pub struct BarLine {
    pictures: Mutex<Pictures>,
}

impl Default for BarLine {
    fn default() -> Self {
        Self {
            pictures: Mutex::new(Pictures::on_errors()),
        }
    }
}

impl BarLine {
    fn write(&self, text: &str) -> io::Result<()> {
        let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        pictures.write_all(text.as_bytes())
    }

    /// Moves the cursor `n` times in the direction of this letter.
    fn step(&self, n: usize, letter: char) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.write(&format!("\x1b[{n}{letter}")),
        }
    }
}

impl TermLike for BarLine {
    fn width(&self) -> u16 {
        // Of standard error: standard output may be a file.
        terminal_width().unwrap_or(USUAL_WIDTH)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.step(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.step(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.step(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.step(n, 'D')
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.write(&format!("{line}\r\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if !text.is_empty() {
            mark_drawn_line(true);
        }
        self.write(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        mark_drawn_line(false);
        self.write("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        match pictures.are_shown() {
            true => pictures.flush(),
            // Of a line that is drawn over itself the newest is enough.
            false => {
                pictures.forget();
                Ok(())
            }
        }
    }
}
