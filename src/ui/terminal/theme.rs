//! Colours of the terminal view: the terminal's own sixteen, or none with `NO_COLOR`.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;

/// How things are told apart.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    has_colour: bool,
}

impl Theme {
    /// With colours, or with attributes such as bold alone.
    #[must_use]
    pub fn new(has_colour: bool) -> Self {
        Self { has_colour }
    }

    /// As the variable `NO_COLOR` says (<https://no-color.org>): set and not empty, there are none.
    #[must_use]
    pub fn of_environment() -> Self {
        let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self::new(!forbidden)
    }

    fn coloured(self, colour: Color) -> Style {
        match self.has_colour {
            true => Style::new().fg(colour),
            false => Style::new(),
        }
    }

    /// What is as it should be.
    #[must_use]
    pub fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    /// What went wrong.
    #[must_use]
    pub fn bad(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What deserves a look.
    #[must_use]
    pub fn notable(self) -> Style {
        self.coloured(Color::Yellow)
    }

    /// What matters less.
    #[must_use]
    pub fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Names of things and columns.
    #[must_use]
    pub fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is chosen.
    #[must_use]
    pub fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What a line of a chart is drawn with: without colours each has a mark of its own.
    #[must_use]
    pub fn marker(self, number: usize) -> Marker {
        match (self.has_colour, number) {
            (true, _) | (false, 0) => Marker::Braille,
            (false, 1 | 3) => Marker::Dot,
            (false, _) => Marker::Block,
        }
    }

    /// The mark that the name of such a line has in front; empty where colours tell.
    #[must_use]
    pub fn mark(self, number: usize) -> &'static str {
        match (self.has_colour, number) {
            (true, _) => "",
            (false, 0) => "⠒",
            (false, 1 | 3) => "•",
            (false, _) => "█",
        }
    }

    /// The lines of a chart: throughput or median, 95th and 99th percentile, failures.
    #[must_use]
    pub fn line(self, number: usize) -> Style {
        let colours = [Color::Cyan, Color::Yellow, Color::Magenta, Color::Red];
        self.coloured(colours[number % colours.len()])
    }
}
