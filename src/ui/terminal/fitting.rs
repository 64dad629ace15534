//! Lines that fit the screen: parts that matter least go first, and no word is cut.

use crate::pieces::columns_of;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Stands for what found no room.
const MORE: &str = " …";

/// A part of a line: text that is shown whole or not at all. The one with the highest rank goes first, 0
/// never.
pub type Part = (u8, Span<'static>);

/// A part in plain style.
#[must_use]
pub fn part(rank: u8, text: impl Into<String>) -> Part {
    styled_part(rank, text, Style::new())
}

/// A part in this style.
#[must_use]
pub fn styled_part(rank: u8, text: impl Into<String>, style: Style) -> Part {
    (rank, Span::styled(text.into(), style))
}

/// `parts` one after the other, as many as find room in `width`; a mark at the end tells of the others.
#[must_use]
pub fn parts_that_fit(parts: Vec<Part>, width: u16) -> Line<'static> {
    let mut left = parts;
    let mut room = usize::from(width);
    loop {
        let all: usize = left.iter().map(|(_, span)| span.width()).sum();
        if all <= room {
            break;
        }
        let places = left.iter().enumerate();
        let Some((place, (1.., _))) = places.max_by_key(|(_, (rank, _))| *rank) else {
            break;
        };
        left.remove(place);
        room = usize::from(width).saturating_sub(MORE.len());
    }
    let is_less = room < usize::from(width);
    let mut spans: Vec<Span<'static>> = left.into_iter().map(|(_, span)| span).collect();
    spans.extend(is_less.then(|| Span::raw(MORE)));
    whole_words(Line::from(spans), width)
}

/// `line` up to the last word that is whole within `width`, and a mark when there was more.
#[must_use]
pub fn whole_words(line: Line<'static>, width: u16) -> Line<'static> {
    let width = usize::from(width);
    if line.width() <= width {
        return line;
    }
    let mut room = width.saturating_sub(columns_of(MORE));
    let mut spans = Vec::new();
    for span in line.spans {
        let columns = span.width();
        if columns <= room {
            room -= columns;
            spans.push(span);
            continue;
        }
        let mut used = 0;
        let mut end = 0;
        for (place, letter) in span.content.char_indices() {
            if letter == ' ' {
                end = place;
            }
            used += columns_of(letter.encode_utf8(&mut [0; 4]));
            if used > room {
                break;
            }
        }
        spans.push(Span::styled(
            span.content[..end].trim_end().to_owned(),
            span.style,
        ));
        break;
    }
    spans.push(Span::raw(MORE));
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_cut() {
        let line = |text: &str| Line::raw(text.to_owned());
        let fitted = |text: &str, width| whole_words(line(text), width).to_string();
        assert_eq!(
            fitted(" generator at its limit", 40),
            " generator at its limit"
        );
        assert_eq!(fitted(" generator at its limit", 21), " generator at its …");
        assert_eq!(fitted(" generator at its limit", 16), " generator at …");
        assert_eq!(fitted("日本 語日本", 8), "日本 …");
    }

    #[test]
    fn the_parts_that_matter_least_go_and_it_shows() {
        let parts = || {
            vec![
                part(0, " failed 14"),
                part(2, "  refused 3"),
                part(1, "  ok 9"),
            ]
        };
        let fitted = |width| parts_that_fit(parts(), width).to_string();
        assert_eq!(fitted(40), " failed 14  refused 3  ok 9");
        assert_eq!(fitted(20), " failed 14  ok 9 …");
        assert_eq!(fitted(14), " failed 14 …");
    }
}
