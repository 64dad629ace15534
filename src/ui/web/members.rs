//! The machines of a fleet, as the page tells of them.

use super::journal::Level;
use serde::Serialize;

/// How far a machine is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberState {
    /// Nobody has this shard yet.
    #[default]
    Awaited,
    /// It prepares its part.
    Preparing,
    /// It waits for the start.
    Prepared,
    /// It carries its part out.
    Running,
    /// Its part is over, and all of it was told.
    Over,
    /// It was stopped there before the run was over.
    Stopped,
    /// Nothing is heard of it, or it cannot go on.
    Lost,
}

impl MemberState {
    /// Whether somebody has this shard, and can be counted on.
    #[must_use]
    pub fn is_there(self) -> bool {
        !matches!(self, Self::Awaited | Self::Lost)
    }
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MemberRow {
    /// Number of its shard, from 1.
    pub number: u32,
    /// Its name and process; empty while there is none.
    pub who: String,
    /// How far it is.
    pub state: MemberState,
    /// Its workers.
    pub cores: usize,
    /// Requests that it told of.
    pub requests: u64,
    /// Of its latest second that has told.
    pub requests_per_s: f64,
    /// End of the last second that it told of, in seconds from the start.
    pub told_s: f64,
    /// How much later it started than the first, in milliseconds; `None` before it has said so.
    pub started_after_ms: Option<f64>,
    /// What is missing of it; empty while nothing is.
    pub note: String,
}

/// What happened to machines between two looks, a line each.
pub(super) fn news(before: &[MemberRow], now: &[MemberRow]) -> Vec<(Level, String)> {
    let of = now.len();
    let state_before = |number: u32| {
        let mut rows = before.iter();
        let row = rows.find(|row| row.number == number);
        row.map_or(MemberState::Awaited, |row| row.state)
    };
    let told = now.iter().filter_map(|row| {
        let (was, is) = (state_before(row.number), row.state);
        let named = format!("Shard {} of {of} on {}", row.number, row.who);
        match (was, is) {
            (was, is) if was == is => None,
            (_, MemberState::Lost) => Some((Level::Error, format!("{named} {}", row.note))),
            (_, MemberState::Stopped) => Some((Level::Warning, format!("{named} {}", row.note))),
            (MemberState::Lost, MemberState::Awaited) => None,
            (MemberState::Lost, _) => Some((Level::Info, format!("{named} is heard again"))),
            (MemberState::Awaited, _) => Some((Level::Info, format!("{named} joined"))),
            _ => None,
        }
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u32, state: MemberState, note: &str) -> MemberRow {
        MemberRow {
            number,
            who: format!("host-{number} (7)"),
            state,
            note: note.to_owned(),
            ..MemberRow::default()
        }
    }

    #[test]
    fn who_comes_goes_and_comes_back_is_told_once() {
        use MemberState::{Awaited, Lost, Over, Prepared, Running};
        let both = |first, second, note| [row(1, first, ""), row(2, second, note)];
        let said = |before: &[MemberRow], now: &[MemberRow]| -> Vec<String> {
            let news = news(before, now).into_iter();
            news.map(|(_, text)| text).collect()
        };
        let joined = said(&[], &both(Awaited, Prepared, ""));
        assert_eq!(joined, ["Shard 2 of 2 on host-2 (7) joined"]);
        let running = both(Running, Running, "");
        assert!(said(&running, &running).is_empty());
        let why = "is lost from second 4 on: silent for 5 s";
        let lost = both(Running, Lost, why);
        assert_eq!(
            said(&running, &lost),
            [format!("Shard 2 of 2 on host-2 (7) {why}")]
        );
        assert_eq!(
            said(&lost, &running),
            ["Shard 2 of 2 on host-2 (7) is heard again"]
        );
        assert!(said(&running, &both(Over, Over, "")).is_empty());
    }
}
