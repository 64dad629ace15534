//! Text as the terminal may show it.

use crate::plan::shown;

/// Whole seconds as `01:05` or `1:00:05`.
#[must_use]
pub fn clock_text(s: f64) -> String {
    let s = s.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (s / 3_600, s / 60 % 60, s % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// `text` without anything that a terminal would take for a command: the target may have written
/// it.
#[must_use]
pub fn plain(text: &str) -> String {
    shown(text).into_owned()
}
