//! Tables of text that fit a terminal: no cell is ever broken over lines. Where there is too little room
//! long words lose their middle, then the least important columns go, and the table says which.

use super::console_style::SummaryStyle;
use super::fitting::{columns_of, cut_apart, in_lines};
use crate::plan::shown;
use anstyle::Style;

/// Columns between columns.
const GAP: usize = 2;
/// Fewest columns that cells which may be cut keep, when nobody says.
const LEAST_CUT: usize = 22;

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn {
    title: &'static str,
    is_number: bool,
    /// Columns that its cells keep when they are cut; `None` when they are shown whole.
    least: Option<usize>,
    rank: u8,
}

impl TextColumn {
    /// Numbers, aligned to the right. Of those that do not fit the one with the highest `rank` goes
    /// first; 0 never does.
    #[must_use]
    pub const fn number(title: &'static str, rank: u8) -> Self {
        Self {
            title,
            is_number: true,
            least: None,
            rank,
        }
    }

    /// A few words that are shown whole.
    #[must_use]
    pub const fn word(title: &'static str, rank: u8) -> Self {
        Self {
            is_number: false,
            ..Self::number(title, rank)
        }
    }

    /// Names or sentences, which lose their middle where there is too little room for them.
    #[must_use]
    pub const fn text(title: &'static str, rank: u8) -> Self {
        Self::word(title, rank).of_at_least(LEAST_CUT)
    }

    /// What stands above it.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// The same whose cells are cut to no fewer columns than these.
    #[must_use]
    pub const fn of_at_least(self, columns: usize) -> Self {
        Self {
            least: Some(columns),
            ..self
        }
    }
}

/// A cell.
#[derive(Clone, Debug, Default)]
pub struct TextCell {
    text: String,
    style: Style,
}

impl TextCell {
    /// In colour or bold type, where that may be.
    #[must_use]
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl<T: Into<String>> From<T> for TextCell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

/// A table that is being filled.
#[derive(Clone, Debug)]
pub struct TextTable {
    columns: Vec<TextColumn>,
    titles: Vec<String>,
    rows: Vec<Vec<TextCell>>,
    has_rule: bool,
}

impl TextTable {
    /// Without rows.
    #[must_use]
    pub fn new(columns: &[TextColumn]) -> Self {
        Self {
            columns: columns.to_vec(),
            titles: columns.iter().map(|column| column.title.into()).collect(),
            rows: Vec::new(),
            has_rule: true,
        }
    }

    /// Without the line between titles and rows.
    #[must_use]
    pub fn without_rule(mut self) -> Self {
        self.has_rule = false;
        self
    }

    /// With other titles than the columns' own, one for each.
    #[must_use]
    pub fn titled(mut self, titles: Vec<String>) -> Self {
        self.titles = titles;
        self
    }

    /// Adds a row: a cell for each column.
    pub fn row<C: Into<TextCell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let cells = cells.into_iter().map(|cell| {
            let cell = cell.into();
            TextCell {
                text: shown(&cell.text).into_owned(),
                ..cell
            }
        });
        self.rows.push(cells.collect());
    }

    /// Lines before the first row.
    #[must_use]
    pub fn head_lines(&self) -> usize {
        1 + usize::from(self.has_rule)
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines of the table, each `indent` columns in; the last has no line end. A column without
    /// anything in it is not there.
    #[must_use]
    pub fn text(&self, indent: usize, style: SummaryStyle) -> String {
        let filled = |index: &usize| {
            self.rows.iter().any(|row| !row[*index].text.is_empty())
                || self.columns[*index].rank == 0
        };
        let mut shown: Vec<usize> = (0..self.columns.len()).filter(filled).collect();
        let room = style
            .width
            .map(|width| usize::from(width).saturating_sub(indent));
        let mut left_out = Vec::new();
        let widths = loop {
            let widths = self.widths(&shown, room);
            let least = shown.iter().max_by_key(|index| self.columns[**index].rank);
            match (widths, least) {
                (Some(widths), _) => break widths,
                (None, Some(&least)) if self.columns[least].rank > 0 => {
                    shown.retain(|index| *index != least);
                    left_out.push(least);
                }
                // The last resort of a terminal that is narrower than any.
                _ => break self.widths(&shown, None).unwrap_or_default(),
            }
        };
        let mut lines = self.lines(&shown, &widths, indent, style);
        left_out.sort_unstable();
        if let Some(width) = style.width.filter(|_| !left_out.is_empty()) {
            let titles: Vec<&str> = left_out.iter().map(|index| &*self.titles[*index]).collect();
            let told = format!("({width} columns have no room for: {})", titles.join(", "));
            let told = in_lines(&told, indent, indent + 1, style.width);
            lines.push(format!("{:indent$}{told}", ""));
        }
        lines.join("\n")
    }

    fn cells_of(&self, index: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| &*row[index].text)
    }

    /// The widths of the columns that are `shown`; `None` when they have no room, even with long cells
    /// cut.
    fn widths(&self, shown: &[usize], room: Option<usize>) -> Option<Vec<usize>> {
        let natural = |index: usize| {
            let cells = self.cells_of(index).map(columns_of);
            cells
                .max()
                .unwrap_or(0)
                .max(columns_of(&self.titles[index]))
        };
        let mut widths: Vec<usize> = shown.iter().map(|index| natural(*index)).collect();
        let Some(room) = room else {
            return Some(widths);
        };
        loop {
            let all = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
            let over = all.saturating_sub(room);
            if over == 0 {
                return Some(widths);
            }
            // The widest first, so that several share what is missing.
            let cuttable = (0..shown.len()).filter(|place| {
                let least = self.columns[shown[*place]].least;
                least.is_some_and(|least| widths[*place] > least)
            });
            let widest = cuttable.max_by_key(|place| widths[*place])?;
            widths[widest] -= 1;
        }
    }

    fn lines(
        &self,
        shown: &[usize],
        widths: &[usize],
        indent: usize,
        style: SummaryStyle,
    ) -> Vec<String> {
        let line = |cells: Vec<(String, Style)>| {
            let mut line = " ".repeat(indent);
            for (place, (text, cell_style)) in cells.into_iter().enumerate() {
                if place > 0 {
                    line.push_str(&" ".repeat(GAP));
                }
                let blanks = " ".repeat(widths[place].saturating_sub(columns_of(&text)));
                let painted = match text.is_empty() || cell_style.is_plain() {
                    true => text,
                    false => style.paint(cell_style, &text),
                };
                match self.columns[shown[place]].is_number {
                    true => line.extend([blanks, painted]),
                    false => line.extend([painted, blanks]),
                }
            }
            line.truncate(line.trim_end().len());
            line
        };
        let titles = shown
            .iter()
            .map(|&index| (self.titles[index].clone(), Style::new()));
        let mut lines = vec![line(titles.collect())];
        if self.has_rule {
            let width = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
            lines.push(format!("{:indent$}{}", "", "─".repeat(width)));
        }
        let cut: Vec<Vec<String>> = shown
            .iter()
            .zip(widths)
            .map(|(&index, &width)| {
                let cells: Vec<String> = self.cells_of(index).map(str::to_owned).collect();
                cut_apart(&cells, width)
            })
            .collect();
        for (number, row) in self.rows.iter().enumerate() {
            let cells = shown.iter().zip(&cut);
            let cells = cells.map(|(&index, column)| (column[number].clone(), row[index].style));
            lines.push(line(cells.collect()));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: [TextColumn; 5] = [
        TextColumn::text("Name", 0),
        TextColumn::number("Requests", 2),
        TextColumn::number("p99", 0),
        TextColumn::number("max", 3),
        TextColumn::word("Other", 4),
    ];

    fn table() -> TextTable {
        let mut table = TextTable::new(&COLUMNS);
        table.row([
            "POST /customers",
            "1,001",
            "1.25 ms",
            "2.25 s",
            "refused 14",
        ]);
        table.row([
            "PUT /customers/{id}/addresses/{address}",
            "499",
            "1.25 ms",
            "1.27 ms",
            "",
        ]);
        table
    }

    fn at(width: Option<u16>) -> String {
        table().text(
            2,
            SummaryStyle {
                width,
                colour: false,
            },
        )
    }

    #[test]
    fn a_table_with_room_shows_everything_and_no_blanks_at_its_end() {
        assert_eq!(
            at(None),
            "  Name                                     Requests      p99      max  Other
  ───────────────────────────────────────────────────────────────────────────────
  POST /customers                             1,001  1.25 ms   2.25 s  refused 14
  PUT /customers/{id}/addresses/{address}       499  1.25 ms  1.27 ms"
        );
    }

    #[test]
    fn without_room_names_are_cut_then_columns_go_and_it_says_so() {
        assert_eq!(
            at(Some(50)),
            "  Name                           Requests      p99
  ────────────────────────────────────────────────
  POST /customers                   1,001  1.25 ms
  PUT /customers…sses/{address}       499  1.25 ms
  (50 columns have no room for: max, Other)"
        );
        let narrow = at(Some(10));
        assert!(narrow.contains("PUT /"), "{narrow}");
    }

    #[test]
    fn what_others_wrote_commands_nothing_and_breaks_no_line() {
        let mut table = TextTable::new(&COLUMNS[..2]);
        table.row(["a\u{1b}[2J\nb", "1"]);
        let text = table.text(
            0,
            SummaryStyle {
                width: None,
                colour: true,
            },
        );
        assert!(
            !text.contains('\u{1b}') && text.lines().count() == 3,
            "{text:?}"
        );
    }

    proptest! {
        #[test]
        fn lines_fit_whenever_the_columns_that_stay_do(
            names in prop::collection::vec("[a-z/日]{0,60}", 1..6),
            width in 50_u16..200,
        ) {
            let mut table = TextTable::new(&COLUMNS);
            for name in &names {
                table.row([name.as_str(), "1,000,000", "1.25 ms", "2.25 s", "refused 14, failed 3"]);
            }
            let style = SummaryStyle { width: Some(width), colour: false };
            for line in table.text(2, style).lines() {
                prop_assert!(columns_of(line) <= usize::from(width), "{line}");
                prop_assert_eq!(line.trim_end(), line);
            }
        }
    }
}
