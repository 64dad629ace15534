//! Texts as Python writes them: the real shop's messages hold `repr` of strings and floats.

/// `repr` of a string, for example `'it'` or `"it's"`.
///
/// Characters that Python calls unprintable are escaped up to U+00A0; rarer ones (unassigned,
/// exotic separators) stand as they are.
pub fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for character in text.chars() {
        match character {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if character == quote => {
                shown.push('\\');
                shown.push(character);
            }
            '\0'..='\x1f' | '\x7f'..='\u{a0}' | '\u{ad}' => {
                shown.push_str(&format!("\\x{:02x}", u32::from(character)));
            }
            _ => shown.push(character),
        }
    }
    shown.push(quote);
    shown
}

/// `repr` of a finite float: the shortest digits that read back the same; an exponent from 1e16
/// upwards and below 1e-4, with at least two digits and its sign.
pub fn float_repr(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    // `{:?}` writes the same digits without an exponent in this range, with at least one decimal.
    let plain = format!("{value}");
    if plain.contains('.') {
        plain
    } else {
        format!("{plain}.0")
    }
}

/// What Python's `float()` makes of a text: blanks around it are dropped, single underscores may
/// stand between digits, `nan`, `inf` and `infinity` are numbers in any case.
pub fn float(text: &str) -> Option<f64> {
    let trimmed = text.trim();
    let bytes = trimmed.as_bytes();
    for (at, _) in trimmed.match_indices('_') {
        let digit = |place: Option<usize>| {
            place
                .and_then(|place| bytes.get(place))
                .is_some_and(u8::is_ascii_digit)
        };
        if !digit(at.checked_sub(1)) || !digit(Some(at + 1)) {
            return None;
        }
    }
    trimmed.replace('_', "").parse().ok()
}

/// The message of a `UnicodeDecodeError`.
pub fn undecodable(byte: u8, at: usize, reason: &str) -> String {
    format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_python_does() {
        for (text, shown) in [
            ("silver", "'silver'"),
            ("it's", "\"it's\""),
            ("a\\\"'b", "'a\\\\\"\\'b'"),
            ("<b>\\\n\u{e9}", "'<b>\\\\\\n\u{e9}'"),
            ("\0\x7f", "'\\x00\\x7f'"),
        ] {
            assert_eq!(repr(text), shown);
        }
    }

    #[test]
    fn floats_are_written_as_python_does() {
        for (value, shown) in [
            (1.0, "1.0"),
            (2.5, "2.5"),
            (-0.0, "-0.0"),
            (1e22, "1e+22"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1e-7, "1e-07"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1.25e-300, "1.25e-300"),
            (123_456_789.0, "123456789.0"),
        ] {
            assert_eq!(float_repr(value), shown);
        }
    }

    #[test]
    fn floats_are_read_as_python_does() {
        for text in ["1", " 1e1 ", "1_0", "nan", "-Infinity", "+1.5", ".5", "5."] {
            assert!(float(text).is_some(), "{text}");
        }
        for text in ["", "x", "1__0", "_1", "1_", "1_.5", "0x10", "1,5", "1 2"] {
            assert!(float(text).is_none(), "{text}");
        }
        assert_eq!(float("1_0"), Some(10.0));
    }
}
