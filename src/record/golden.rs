//! Comparing with files under `tests/golden`; `BLESS_GOLDEN=1` writes them anew.

use crate::pieces::SummaryStyle;
use std::path::Path;

/// Columns that texts for the console are looked at with.
const WIDTHS: [u16; 4] = [60, 80, 100, 200];

/// Fails when `actual` is not what `tests/golden/<name>` holds, byte by byte.
pub(crate) fn assert_golden(name: &str, actual: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::write(&path, actual).expect("the golden file can be written");
    }
    let expected = std::fs::read(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs; check it and run `BLESS_GOLDEN=1 cargo test --lib`. It is now:\n{}",
        String::from_utf8_lossy(actual)
    );
}

/// What `text` makes for terminals of several widths, one below the other. None of it may be wider than
/// its terminal, but for a word that cannot be broken, and no line may end in blanks.
pub(crate) fn at_widths(colour: bool, text: impl Fn(SummaryStyle) -> String) -> String {
    let mut all = String::new();
    for width in WIDTHS {
        let told = text(SummaryStyle {
            width: Some(width),
            colour,
        });
        for line in anstream::adapter::strip_str(&told).to_string().lines() {
            let longest_word = line.split(' ').map(crate::pieces::columns_of).max();
            let room = usize::from(width).max(longest_word.unwrap_or(0) + 14);
            // Commands are for a shell, in one piece.
            let is_command = line.starts_with("curl ") || line.starts_with("# or: ");
            let fits = crate::pieces::columns_of(line) <= room || is_command;
            assert!(fits, "{width} columns: {line}");
            assert_eq!(line, line.trim_end(), "{width} columns");
        }
        all += &format!("=== {width} columns\n{told}");
    }
    all
}
