//! Values as texts of other languages: what one of them reads is the value, whatever the value holds.

use std::fmt::Write;

/// `value` as one word for a POSIX shell.
#[must_use]
pub fn shell_word(value: &str) -> String {
    let is_plain = |letter: char| {
        letter.is_ascii_alphanumeric()
            || matches!(
                letter,
                '-' | '_' | '.' | '/' | ':' | ',' | '=' | '@' | '+' | '%'
            )
    };
    // A word with = in front of a command is an assignment, one that begins with ~ a home.
    if !value.is_empty() && value.chars().all(is_plain) && !value.contains('=') {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// `words` as a line for a POSIX shell.
#[must_use]
pub fn shell_line<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(shell_word).collect();
    words.join(" ")
}

/// `value` as a text of YAML: in double quotes, whatever it holds, so that none is taken for a number or a
/// truth.
#[must_use]
pub fn yaml_text(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for letter in value.chars() {
        let code = u32::from(letter);
        // Writing into a text cannot fail.
        let _ = match letter {
            '"' | '\\' => write!(text, "\\{letter}"),
            ' '..='~' => write!(text, "{letter}"),
            _ if is_shown(letter) => write!(text, "{letter}"),
            _ if code <= 0xff => write!(text, "\\x{code:02x}"),
            _ if code <= 0xffff => write!(text, "\\u{code:04x}"),
            _ => write!(text, "\\U{code:08x}"),
        };
    }
    text.push('"');
    text
}

/// Letters beyond ASCII that need no escape: neither controls, nor what some readers take for the end of a
/// line, for a mark of order, or for no letter at all.
fn is_shown(letter: char) -> bool {
    !letter.is_control()
        && letter.is_alphanumeric()
        && !matches!(
            letter,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
        && u32::from(letter) > 0xa0
        && u32::from(letter) < 0xd800
}

/// An argument of a container as Kubernetes takes it, which puts variables in where it reads `$(NAME)`.
#[must_use]
pub fn kubernetes_argument(value: &str) -> String {
    yaml_text(&value.replace('$', "$$"))
}

/// A text of a stack file, in which Docker puts variables where it reads `$NAME` or `${NAME}`.
#[must_use]
pub fn compose_text(value: &str) -> String {
    yaml_text(&value.replace('$', "$$"))
}
