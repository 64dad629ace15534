//! What the page knows of its load test: written by the run once a second, read by every request.

use super::journal::{Journal, Level};
use super::state::State;
use crate::plan::ClassShare;
use crate::record::{Live, RunRecord};
use crate::report::LocustStats;
use crate::stats::Phase;
use jiff::Zoned;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The load test that is on its way, or was the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Where its load goes, as a URL.
    pub host: String,
    /// Name of the profile.
    pub profile: String,
    /// The user classes and their weights.
    pub classes: Vec<ClassShare>,
    /// Most users asked for so far.
    pub users: u32,
    /// Users started a second; `None` for the open model.
    pub spawn_rate: Option<f64>,
    /// How long it may run; `None` until it is stopped.
    pub run_time_s: Option<f64>,
    /// Directory of its record.
    pub directory: PathBuf,
    /// Its CSV history, if that has a row a name and second.
    pub full_history: Option<PathBuf>,
}

impl Card {
    /// Name of the record's directory.
    #[must_use]
    pub fn run(&self) -> &str {
        let name = self.directory.file_name();
        name.and_then(|name| name.to_str()).unwrap_or_default()
    }
}

/// Everything at one moment.
#[derive(Default)]
pub struct Board {
    inside: Mutex<Inside>,
    changes: watch::Sender<u64>,
}

/// See [`Board`].
#[derive(Default)]
pub struct Inside {
    /// Where the load test is.
    pub state: State,
    /// How many load tests were begun.
    pub number: u64,
    /// The load test; `None` before the first.
    pub card: Option<Card>,
    /// Its latest second; `None` before its first.
    pub latest: Option<Arc<Live>>,
    /// The finished record.
    pub settled: Option<Arc<RunRecord>>,
    /// What was written.
    pub journal: Journal,
}

impl Board {
    /// A load test is being prepared.
    pub fn begin(&self) {
        self.change(|inside| {
            inside.state = State::Spawning;
            inside.number += 1;
            inside.card = None;
            inside.latest = None;
            inside.settled = None;
        });
    }

    /// Its clock starts.
    pub fn started(&self, card: Card) {
        let length = match card.run_time_s {
            Some(length_s) => format!("for {length_s} s"),
            None => "until it is stopped".to_owned(),
        };
        let target = format!(
            "Starting {} against {}: {} users, {length}",
            card.profile, card.host, card.users
        );
        self.change(|inside| {
            inside.card = Some(card);
            inside.journal.add(&Zoned::now(), Level::Info, &target);
        });
    }

    /// Another second of it.
    pub fn second(&self, live: &Arc<Live>) {
        self.change(|inside| {
            let now = Zoned::now();
            if live.resets != inside.resets() {
                inside.journal.add(&now, Level::Info, "Figures were reset");
            }
            if inside.state == State::Spawning && live.now.phase == Phase::Steady {
                inside.state = State::Running;
                let all = format!("All users spawned ({} users)", live.now.users);
                inside.journal.add(&now, Level::Info, &all);
            }
            for (level, text) in news(inside.record(), live.shown()) {
                inside.journal.add(&now, level, &text);
            }
            inside.latest = Some(Arc::clone(live));
        });
    }

    /// It is over, and `record` is complete.
    pub fn settled(&self, record: RunRecord) {
        self.change(|inside| {
            let code = record.exit_code.unwrap_or_default();
            let text = format!("{} (exit code {code})", record.verdict);
            let level = match code {
                0 => Level::Info,
                _ => Level::Warning,
            };
            inside.journal.add(&Zoned::now(), level, &text);
            inside.state = State::Stopped;
            inside.settled = Some(Arc::new(record));
        });
    }

    /// It never started, or ended without a record.
    pub fn failed(&self, why: &str) {
        self.change(|inside| {
            inside.journal.add(&Zoned::now(), Level::Error, why);
            inside.state = match inside.card {
                Some(_) => State::Stopped,
                None => State::Ready,
            };
        });
    }

    /// It was told to stop.
    pub fn stopping(&self) {
        self.change(|inside| {
            if inside.state.is_busy() && inside.state != State::Stopping {
                inside.state = State::Stopping;
                let text = "Stopping: waiting for requests in flight";
                inside.journal.add(&Zoned::now(), Level::Info, text);
            }
        });
    }

    /// It was told to have other users.
    pub fn retargeted(&self, users: u32, spawn_rate: Option<f64>) {
        self.change(|inside| {
            let text = format!("Users are changed to {users}");
            inside.journal.add(&Zoned::now(), Level::Info, &text);
            if let Some(card) = &mut inside.card {
                card.users = users;
                card.spawn_rate = spawn_rate.or(card.spawn_rate);
            }
        });
    }

    /// Looks at everything at once. Quick: the run waits meanwhile.
    pub fn look<T>(&self, at: impl FnOnce(&Inside) -> T) -> T {
        at(&self.lock())
    }

    /// Changes from now on.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut Inside)) {
        change(&mut self.lock());
        self.changes.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Every change is complete in itself: what a panic left behind can be shown.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// The figures in Locust's shape; empty ones before the first second.
    #[must_use]
    pub fn locust(&self) -> LocustStats<'_> {
        let latest = self.latest.as_deref();
        latest.map_or_else(LocustStats::nothing, LocustStats::of)
    }

    /// How often the figures of the load test were reset.
    #[must_use]
    pub fn resets(&self) -> u32 {
        self.latest.as_ref().map_or(0, |latest| latest.resets)
    }

    /// Users active.
    #[must_use]
    pub fn users(&self) -> u32 {
        match self.state.is_busy() {
            true => self.latest.as_ref().map_or(0, |latest| latest.now.users),
            false => 0,
        }
    }

    /// Name of the record's directory; empty before the first load test.
    #[must_use]
    pub fn run(&self) -> &str {
        self.card.as_ref().map_or("", Card::run)
    }

    /// The run as far as it is shown: since the last reset.
    #[must_use]
    pub fn record(&self) -> Option<&RunRecord> {
        self.latest.as_ref().map(|latest| latest.shown())
    }
}

/// What happened for the first time in `now`.
fn news(was: Option<&RunRecord>, now: &RunRecord) -> Vec<(Level, String)> {
    let mut news = Vec::new();
    let known_errors = was.map_or(0, |was| was.errors.len());
    if known_errors < now.errors.len() {
        let is_new = |method: &str, name: &str, reason: &str| {
            !was.is_some_and(|was| {
                let mut errors = was.errors.iter();
                errors.any(|row| row.method == method && row.name == name && row.reason == reason)
            })
        };
        for row in &now.errors {
            if is_new(&row.method, &row.name, &row.reason) {
                let status = row
                    .status
                    .map_or_else(String::new, |status| format!("{status} "));
                let text = format!(
                    "First {} of {}: {status}{}",
                    row.outcome.word(),
                    row.name,
                    row.reason
                );
                news.push((Level::Warning, text));
            }
        }
    }
    for invariant in &now.invariants {
        let broken_before = was.is_some_and(|was| {
            let mut invariants = was.invariants.iter();
            invariants.any(|known| known.name == invariant.name && known.violated > 0)
        });
        if invariant.violated > 0 && !broken_before {
            let why = invariant.why.as_deref().unwrap_or("");
            let text = format!("Invariant {} was violated: {why}", invariant.name);
            news.push((Level::Error, text));
        }
    }
    let generator = &now.generator;
    if generator.is_at_its_limit() && !was.is_some_and(|was| was.generator.is_at_its_limit()) {
        let why = generator.reasons.join("; ");
        let text = format!("The generator is at its limit: {why}");
        news.push((Level::Error, text));
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;

    fn lines(board: &Board) -> Vec<String> {
        // Without their time.
        let text = |line: &str| line.split_once("] ").map(|(_, text)| text.to_owned());
        board.look(|inside| inside.journal.lines().filter_map(text).collect())
    }

    #[test]
    fn what_happens_for_the_first_time_is_told_once() {
        let board = Board::default();
        board.begin();
        let lives = made_up::lives(made_up::context(), &made_up::seconds());
        let mut lives = lives.into_iter().map(Arc::new);
        board.second(&lives.next().unwrap());
        assert_eq!(board.look(|inside| inside.state), State::Spawning);
        assert!(lines(&board).is_empty());
        let latest = lives.last().unwrap();
        board.second(&latest);
        let told = [
            "INFO/shopblast: All users spawned (0 users)",
            "WARNING/shopblast: First refused of POST /customers: 422 e-mail is taken",
        ];
        assert_eq!(lines(&board)[..2], told);
        let before = lines(&board).len();
        let mut reset = Arc::unwrap_or_clone(latest);
        reset.resets += 1;
        let reset = Arc::new(reset);
        board.second(&reset);
        board.second(&reset);
        let after = lines(&board);
        assert_eq!(after[before..], ["INFO/shopblast: Figures were reset"]);
        assert_eq!(board.look(Inside::resets), 1);
    }
}
