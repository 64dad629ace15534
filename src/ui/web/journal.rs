//! The log lines that the page and `/logs` show: the newest of them, in Locust's layout.

use jiff::Zoned;
use std::collections::VecDeque;

/// Lines kept.
const MOST_LINES: usize = 1_000;

/// How bad a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For information.
    Info,
    /// Something that the user should know.
    Warning,
    /// Something that did not work.
    Error,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// The newest lines.
#[derive(Debug, Default)]
pub struct Journal {
    lines: VecDeque<String>,
    dropped: u64,
}

impl Journal {
    /// Adds a line that was written at `now`.
    pub fn add(&mut self, now: &Zoned, level: Level, text: &str) {
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
            self.dropped += 1;
        }
        let time = now.strftime("%Y-%m-%d %H:%M:%S,%3f");
        // One line each: text of the target must not look like a line of ours.
        let text = text.replace(['\n', '\r'], " ");
        self.lines
            .push_back(format!("[{time}] {}/shopblast: {text}", level.word()));
    }

    /// All lines that are kept.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// The lines after the first `seen` that were ever written, and how many there are now.
    pub fn after(&self, seen: u64) -> (Vec<&str>, u64) {
        let skipped = seen.saturating_sub(self.dropped) as usize;
        let lines = self.lines.iter().skip(skipped).map(String::as_str);
        (lines.collect(), self.dropped + self.lines.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(lines: usize) -> Journal {
        let mut journal = Journal::default();
        for number in 0..lines {
            journal.add(&Zoned::default(), Level::Info, &format!("line {number}"));
        }
        journal
    }

    #[test]
    fn lines_have_locusts_layout_and_stay_one() {
        let mut journal = Journal::default();
        journal.add(&Zoned::default(), Level::Warning, "boom\r\n[forged] line");
        let lines: Vec<&str> = journal.lines().collect();
        assert_eq!(
            lines,
            ["[1970-01-01 00:00:00,000] WARNING/shopblast: boom  [forged] line"]
        );
    }

    #[test]
    fn the_newest_lines_are_kept_and_told_once() {
        let journal = journal(MOST_LINES + 5);
        assert_eq!(journal.lines().count(), MOST_LINES);
        let (all, seen) = journal.after(0);
        assert_eq!((all.len(), seen), (MOST_LINES, MOST_LINES as u64 + 5));
        let (newest, _) = journal.after(seen - 2);
        assert_eq!(newest.len(), 2);
        assert!(newest[1].ends_with(&format!("line {}", MOST_LINES + 4)));
        assert!(journal.after(seen).0.is_empty());
    }
}
