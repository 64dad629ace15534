//! Text that has to fit a number of columns: measured as terminals do, cut in the middle, or laid out in
//! lines.

use ratatui::text::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Stands for what was cut.
const CUT: char = '…';

/// Columns that `text` takes on a terminal.
#[must_use]
pub fn columns_of(text: &str) -> usize {
    match text.is_ascii() {
        true => text.len(),
        false => Span::raw(text).width(),
    }
}

/// `text` in at most so many columns: what is too long loses its middle, since names differ at their
/// ends.
#[must_use]
pub fn cut_in_middle(text: &str, columns: usize) -> String {
    cut_after(text, columns, columns / 2)
}

/// The same with so many columns before the cut.
fn cut_after(text: &str, columns: usize, head: usize) -> String {
    if columns_of(text) <= columns {
        return text.to_owned();
    }
    if columns <= 1 {
        return CUT.to_string().repeat(columns);
    }
    let head = head.min(columns - 1);
    let first = that_fit(text.chars(), head);
    let last = that_fit(text.chars().rev(), columns - 1 - head);
    first
        .chars()
        .chain([CUT])
        .chain(last.chars().rev())
        .collect()
}

/// The first of `letters` that fit so many columns.
fn that_fit(letters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    letters
        .take_while(|letter| {
            used += columns_of(letter.encode_utf8(&mut [0; 4]));
            used <= columns
        })
        .collect()
}

/// `names`, each in at most so many columns, so that different names stay different: the cut is where
/// that is so, and where it is nowhere, those that look alike are numbered.
#[must_use]
pub fn cut_apart(names: &[String], columns: usize) -> Vec<String> {
    let different: BTreeSet<&String> = names.iter().collect();
    let cut = |head: usize| -> Vec<String> {
        let names = names.iter();
        names.map(|name| cut_after(name, columns, head)).collect()
    };
    let told_apart = |cut: &[String]| cut.iter().collect::<BTreeSet<_>>().len();
    let middle = columns / 2;
    let heads = (0..columns).map(|by| match by % 2 {
        0 => middle.saturating_sub(by / 2),
        _ => (middle + by.div_ceil(2)).min(columns.saturating_sub(1)),
    });
    let mut best = cut(middle);
    for head in heads {
        if told_apart(&best) == different.len() {
            return best;
        }
        let other = cut(head);
        if told_apart(&other) > told_apart(&best) {
            best = other;
        }
    }
    numbered(names, best, columns)
}

/// `cut` names with a number where different `names` look alike.
fn numbered(names: &[String], cut: Vec<String>, columns: usize) -> Vec<String> {
    let mut owners: BTreeMap<String, &String> = BTreeMap::new();
    let mut numbers: BTreeMap<&String, usize> = BTreeMap::new();
    let pairs = names.iter().zip(cut);
    pairs
        .map(|(name, cut)| {
            if *owners.entry(cut.clone()).or_insert(name) == name {
                return cut;
            }
            // Counted over all of them: shortened for the number, others may look alike, too.
            let next = numbers.len() + 2;
            let number = format!("{CUT}{}", numbers.entry(name).or_insert(next));
            let room = columns.saturating_sub(columns_of(&number));
            that_fit(cut.chars(), room) + &number
        })
        .collect()
}

/// `text` in lines of at most `width` columns, broken between words. Of the first line so many columns are
/// `taken` by what somebody else begins it with; the others begin with `hang` blanks. Without a width it is
/// one line. A word that is too long for any line is left whole: it may be a path that somebody copies.
#[must_use]
pub fn in_lines(text: &str, taken: usize, hang: usize, width: Option<u16>) -> String {
    let width = width.map_or(usize::MAX, usize::from);
    let mut lines = String::new();
    let mut used = taken;
    for word in text.split_whitespace() {
        let columns = columns_of(word);
        if lines.is_empty() {
            used += columns;
        } else if used + 1 + columns > width {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', hang));
            used = hang + columns;
        } else {
            lines.push(' ');
            used += 1 + columns;
        }
        lines.push_str(word);
    }
    lines
}

/// `parts` side by side, as many as fit `width` columns: of those that do not the one with the highest
/// rank goes first, and a mark at the end tells of it. Those of rank 0 never go.
#[must_use]
pub fn joined_to_fit(parts: &[(u8, String)], width: Option<u16>) -> String {
    const GAP: &str = "  ";
    let mut left: Vec<&(u8, String)> = parts.iter().filter(|(_, text)| !text.is_empty()).collect();
    let joined = |left: &[&(u8, String)]| {
        let texts: Vec<&str> = left.iter().map(|(_, text)| text.as_str()).collect();
        let mark = if left.len() < parts.iter().filter(|(_, text)| !text.is_empty()).count() {
            " …"
        } else {
            ""
        };
        texts.join(GAP) + mark
    };
    let fits = |text: &str| width.is_none_or(|width| columns_of(text) <= usize::from(width));
    loop {
        let text = joined(&left);
        let least = left.iter().enumerate().max_by_key(|(_, (rank, _))| *rank);
        match least {
            Some((place, (1.., _))) if !fits(&text) => left.remove(place),
            _ => return text,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_too_long_loses_its_middle() {
        let name = "PUT /customers/{id}/addresses/{address}/default";
        assert_eq!(cut_in_middle(name, 60), name);
        assert_eq!(cut_in_middle(name, 20), "PUT /custo…}/default");
        assert_eq!(cut_in_middle("日本語日本語", 7), "日…語");
        assert_eq!(cut_in_middle("abc", 1), "…");
        assert_eq!(cut_in_middle("abc", 0), "");
    }

    #[test]
    fn different_names_stay_different() {
        let names = [
            "POST /orders/{id}/shipments/first/confirm",
            "POST /orders/{id}/shipments/second/confirm",
            "POST /orders/{id}/confirm",
        ]
        .map(str::to_owned);
        let cut = cut_apart(&names, 24);
        assert_eq!(
            cut,
            [
                "POST /orders…rst/confirm",
                "POST /orders…ond/confirm",
                "POST /orders…id}/confirm"
            ]
        );
        let alike = ["aaaaaaaaaaXaaaaaaaaaa", "aaaaaaaaaaYaaaaaaaaaa"].map(str::to_owned);
        assert_eq!(cut_apart(&alike, 8), ["aaaa…aaa", "aaaa…a…2"]);
    }

    #[test]
    fn sentences_are_broken_between_words_and_hang() {
        let text = "4 of 1,500 requests failed, none unknown";
        assert_eq!(
            in_lines(text, 11, 11, Some(31)),
            "4 of 1,500 requests\n           failed, none unknown"
        );
        assert_eq!(in_lines(text, 0, 11, None), text);
        let path = "results/20260102T030405Z-hunt-custom-abcdef/hunt.json";
        assert_eq!(in_lines(path, 2, 2, Some(20)), path);
    }

    #[test]
    fn of_parts_side_by_side_the_least_go_and_it_shows() {
        let parts = [
            (0, "12 s"),
            (2, "users 3"),
            (1, "p50 2 ms"),
            (0, "failed 0"),
            (3, ""),
        ];
        let parts = parts.map(|(rank, text)| (rank, text.to_owned()));
        assert_eq!(
            joined_to_fit(&parts, None),
            "12 s  users 3  p50 2 ms  failed 0"
        );
        assert_eq!(
            joined_to_fit(&parts, Some(26)),
            "12 s  p50 2 ms  failed 0 …"
        );
        assert_eq!(joined_to_fit(&parts, Some(5)), "12 s  failed 0 …");
    }

    proptest! {
        #[test]
        fn cut_names_fit_and_are_told_apart(
            names in prop::collection::btree_set("[a-c/é日]{1,40}", 1..12),
            columns in 8_usize..40,
        ) {
            let names: Vec<String> = names.into_iter().collect();
            let cut = cut_apart(&names, columns);
            for name in &cut {
                prop_assert!(columns_of(name) <= columns, "{name}");
            }
            let apart: BTreeSet<&String> = cut.iter().collect();
            prop_assert_eq!(apart.len(), names.len(), "{:?}", cut);
        }

        #[test]
        fn lines_keep_every_word(words in "[a-zé ]{0,200}", hang in 0_usize..10, width in 10_u16..60) {
            let lines = in_lines(&words, 0, hang, Some(width));
            let kept: Vec<&str> = lines.split_whitespace().collect();
            let wanted: Vec<&str> = words.split_whitespace().collect();
            prop_assert_eq!(kept, wanted);
        }
    }
}
