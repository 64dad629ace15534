//! How the console's text may look.

use anstyle::{AnsiColor, Style};
use std::os::fd::AsFd;

const BOLD: Style = Style::new().bold();

/// How the summary may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryStyle {
    /// Columns of the terminal; `None` for a pipe or a file, where everything has room.
    pub width: Option<u16>,
    /// Whether colours and bold type may be used.
    pub colour: bool,
}

impl SummaryStyle {
    /// For a file.
    pub const PLAIN: Self = Self {
        width: None,
        colour: false,
    };

    /// What standard output can show; `NO_COLOR`, `CLICOLOR` and pipes are respected.
    #[must_use]
    pub fn of_stdout() -> Self {
        let choice = anstream::AutoStream::choice(&std::io::stdout());
        Self {
            width: width_of(std::io::stdout()),
            colour: choice != anstream::ColorChoice::Never,
        }
    }

    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// Columns of the terminal that standard error is; `None` when it is none.
pub fn terminal_width() -> Option<u16> {
    width_of(std::io::stderr())
}

fn width_of(stream: impl AsFd) -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(size.ws_col).filter(|&columns| columns > 0)
}

/// `text` in bold type, where that may be.
pub fn bold(style: SummaryStyle, text: &str) -> String {
    style.paint(BOLD, text)
}

/// `text` in a colour, where that may be.
pub(crate) fn painted(style: SummaryStyle, colour: AnsiColor, text: &str) -> String {
    style.paint(colour.on_default(), text)
}
