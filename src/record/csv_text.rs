//! Text in cells of CSV files: what a target wrote must not be run by the spreadsheet that opens the
//! file. <https://owasp.org/www-community/attacks/CSV_Injection>

use crate::plan::shown;
use std::borrow::Cow;

/// What spreadsheets take for the beginning of something that they are to calculate.
const BEGINS_FORMULA: &[char] = &['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// `text` as text: fit to be shown, and with an apostrophe before what would be calculated.
#[must_use]
pub fn text_cell(text: &str) -> Cow<'_, str> {
    let text = shown(text);
    match text.trim_start().starts_with(BEGINS_FORMULA) {
        true => format!("'{text}").into(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_calculated_gets_through() {
        for (text, expected) in [
            ("identity", "identity"),
            ("a=b", "a=b"),
            ("/orders/{id}", "/orders/{id}"),
            ("", ""),
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1", "'+1"),
            ("-2+3", "'-2+3"),
            ("@SUM(1)", "'@SUM(1)"),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("\t=1", "·=1"),
            ("\u{1b}[2J", "·[2J"),
        ] {
            assert_eq!(text_cell(text), expected, "{}", text.escape_debug());
        }
    }
}
