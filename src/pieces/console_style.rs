//! How the console's text may look.

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

const BOLD: Style = Style::new().bold();

const TABLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// How the summary may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryStyle {
    /// Columns of the terminal; `None` for a pipe, where nothing is wrapped.
    pub width: Option<u16>,
    /// Whether colours and bold type may be used.
    pub colour: bool,
}

impl SummaryStyle {
    /// What standard output can show; `NO_COLOR`, `CLICOLOR` and pipes are respected.
    #[must_use]
    pub fn of_stdout() -> Self {
        let choice = anstream::AutoStream::choice(&std::io::stdout());
        Self {
            width: Table::new().width(),
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
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok()?;
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

/// Aligns all columns but the first to the right.
pub fn numbers_right(table: &mut Table) {
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// An empty table in the house's style.
pub fn plain_table(style: SummaryStyle) -> Table {
    let mut table = Table::new();
    table.load_style(TABLE).force_no_tty();
    if style.colour {
        table.enforce_styling();
    }
    match style.width {
        Some(width) => table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}
