//! Attributes of variants and categories: a text that has to be JSON.

use crate::sandbox::json_text::{self, JsonFault};
use crate::sandbox::refusal::Refusal;

/// Checks that a text that is not empty is JSON.
///
/// # Errors
/// When it is not, with the words of Python's `json`.
pub fn check_attributes(text: Option<&str>) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    match json_text::read(text) {
        Ok(_) => Ok(()),
        Err(JsonFault::TooDeep) => Err(Refusal::Crash),
        Err(JsonFault::Syntax { message, at }) => {
            let before: String = text.chars().take(at).collect();
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
            Err(Refusal::Value(format!(
                "{message}: line {line} column {column} (char {at})"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_json_or_nothing() {
        for text in [None, Some(r#"{"size": "M"}"#), Some("[1]"), Some("null")] {
            assert_eq!(check_attributes(text), Ok(()));
        }
        for (text, says) in [
            ("red", "Expecting value: line 1 column 1 (char 0)"),
            (
                "{\"a\":1,\n\"b\" 2}",
                "Expecting ':' delimiter: line 2 column 5 (char 12)",
            ),
        ] {
            assert_eq!(
                check_attributes(Some(text)),
                Err(Refusal::Value(says.into())),
                "{text}"
            );
        }
    }
}
