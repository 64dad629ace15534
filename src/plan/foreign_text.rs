//! Text that strangers wrote, and people look at: a target's errors, names of a back end's streams,
//! records that came from elsewhere. What would steer a terminal, or show as something else than it
//! is, is taken out in this one place.

use std::borrow::Cow;

/// What stands for what was taken out.
pub const TAKEN_OUT: char = '·';

/// Whether a character must not reach anybody's screen: those that command terminals (ESC and the
/// like) or end lines, those that turn the direction of writing, and those that are not seen.
#[must_use]
pub fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            // Directions: marks, embeddings, overrides, isolates.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Ends of lines and paragraphs.
            | '\u{2028}' | '\u{2029}'
            // Invisible: widths of nothing, fillers, deprecated format characters, tags.
            | '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// `text` in one line, with [`TAKEN_OUT`] for everything that is harmful.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    without(text, is_harmful)
}

/// The same for a text of several lines.
#[must_use]
pub fn shown_lines(text: &str) -> Cow<'_, str> {
    without(text, |letter| letter != '\n' && is_harmful(letter))
}

/// The same as [`shown`], of at most so many characters.
#[must_use]
pub fn shown_start(text: &str, most_characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most_characters) {
        None => shown(text),
        Some((end, _)) => format!("{}…", shown(&text[..end])).into(),
    }
}

fn without(text: &str, is_out: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_out) {
        return Cow::Borrowed(text);
    }
    let replaced = |letter| if is_out(letter) { TAKEN_OUT } else { letter };
    Cow::Owned(text.chars().map(replaced).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_steers_a_screen_is_taken_out_and_text_stays() {
        for (text, expected) in [
            ("", ""),
            (
                "plain, ünïcode, 注文, 🛒, שלום",
                "plain, ünïcode, 注文, 🛒, שלום",
            ),
            ("\u{1b}[2Jgone", "·[2Jgone"),
            ("\u{1b}]0;title\u{7}", "·]0;title·"),
            ("c1 \u{9b}2J", "c1 ·2J"),
            ("a\r\nb\tc\0\u{7f}", "a··b·c··"),
            ("user \u{202e}gpj.exe", "user ·gpj.exe"),
            ("\u{2066}a\u{2069}\u{200f}", "·a··"),
            ("zero\u{200b}width\u{feff}", "zero·width·"),
            ("line\u{2028}end", "line·end"),
            ("tag\u{e0041}", "tag·"),
        ] {
            assert_eq!(shown(text), expected, "{}", text.escape_debug());
        }
        assert_eq!(shown_lines("a\nb\u{1b}\rc"), "a\nb··c");
        assert_eq!(shown_start("abc\u{1b}def", 4), "abc·…");
        assert_eq!(shown_start("abc\u{1b}", 4), "abc·");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            prop_assert!(!shown(&text).contains(is_harmful));
            prop_assert_eq!(shown(&text).chars().count(), text.chars().count());
        }
    }
}
