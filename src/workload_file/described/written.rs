//! A description as it is written: JSON or YAML, told apart by what it begins with, whatever it is called.

use super::ordered::Json;
use super::yaml;

/// Reads `text`. What begins with a brace or a bracket is JSON, all else YAML.
///
/// # Errors
/// When it is neither, or holds too much: a sentence.
pub fn read(text: &str) -> Result<Json, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.trim_start().starts_with(['{', '[']) {
        true => Json::parse(text),
        false => yaml::parse(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_told_apart_by_what_they_begin_with() {
        let meant = Json::Object(vec![("a".to_owned(), Json::Switch(true))]);
        for text in [
            "{\"a\":true}",
            " \n{\"a\":true}",
            "a: true",
            "\u{feff}# of it\na: true\n",
        ] {
            assert_eq!(read(text), Ok(meant.clone()), "{text}");
        }
        assert!(read("{a: true}").unwrap_err().contains("no JSON"));
        assert!(read("a: [").unwrap_err().contains("no YAML"));
    }
}
