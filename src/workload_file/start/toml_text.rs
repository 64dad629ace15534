//! Texts of a file that is being written: TOML keys and strings, and templates of what is meant literally.

use std::fmt::Write;

/// Longest comment, in characters.
const LONGEST_COMMENT: usize = 90;

/// `text` as a TOML string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing into memory does not fail.
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04X}", control as u32);
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// `name` as a TOML key.
#[must_use]
pub fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// `text`, which is meant as it stands, as a template.
#[must_use]
pub fn literal(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// `text` as what may follow `# `: one line, not too long, without what a terminal would obey.
#[must_use]
pub fn comment(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words
        .join(" ")
        .chars()
        .filter(|it| !it.is_control())
        .collect();
    match line.chars().count() > LONGEST_COMMENT {
        true => line.chars().take(LONGEST_COMMENT).chain(['…']).collect(),
        false => line,
    }
}

/// `text` as a part of a path: what may not stand there is percent-encoded.
#[must_use]
pub fn of_path(text: &str, keeps: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keeps.contains(&byte) {
            true => out.push(char::from(byte)),
            // Writing into memory does not fail.
            false => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_means_what_was_meant() {
        for text in [
            "a \"b\" \\c",
            "line\nbreak\ttab\r",
            "\u{7f}\u{0}",
            "ümläut {x}",
        ] {
            let read: toml::Table =
                toml::from_str(&format!("{} = {}", key(text), quoted(text))).unwrap();
            assert_eq!(read.get(text).and_then(toml::Value::as_str), Some(text));
        }
        assert_eq!(literal("a {b}"), "a {{b}}");
        assert_eq!(comment(" a\n b\u{1b}[1m "), "a b[1m");
        assert_eq!(of_path("a b/ü", b"/"), "a%20b/%C3%BC");
    }
}
