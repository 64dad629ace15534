//! What the page knows of its load test: written by the run once a second, read by every request.

use super::journal::{Journal, Level};
use super::marks::{Mark, MarkKind, Marks, Ramp};
use super::members::{self, MemberRow};
use super::state::State;
use crate::plan::ClassShare;
use crate::record::{Live, RunRecord, ThresholdRecord};
use crate::report::LocustStats;
use crate::stats::{Phase, RuleVerdict, ThresholdVerdict};
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
    /// `class` or `max`.
    pub pacing: &'static str,
    /// Options of its journeys, among the words of its plan.
    pub options: Vec<&'static str>,
    /// Where its stages after the first begin.
    pub ramps: Vec<Ramp>,
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
    /// Which load test is shown, counted from 1 as they were begun.
    pub number: u64,
    /// How many were begun.
    begun: u64,
    /// The load test; `None` before the first.
    pub card: Option<Card>,
    /// Its latest second; `None` before its first.
    pub latest: Option<Arc<Live>>,
    /// The finished record.
    pub settled: Option<Arc<RunRecord>>,
    /// What stands out in its charts.
    pub marks: Marks,
    /// What was written.
    pub journal: Journal,
    /// The machines that carry the load; `None` where this one does it alone.
    pub members: Option<Vec<MemberRow>>,
    /// What is shown again when the one that is being prepared never starts.
    before: Option<Before>,
}

/// The load test before.
struct Before {
    number: u64,
    card: Card,
    latest: Option<Arc<Live>>,
    settled: Option<Arc<RunRecord>>,
    marks: Marks,
}

impl Board {
    /// A load test is being prepared.
    pub fn begin(&self) {
        self.change(|inside| {
            let card = inside.card.take();
            inside.before = card.map(|card| Before {
                number: inside.number,
                card,
                latest: inside.latest.take(),
                settled: inside.settled.take(),
                marks: std::mem::take(&mut inside.marks),
            });
            inside.state = State::Spawning;
            inside.begun += 1;
            inside.number = inside.begun;
            inside.latest = None;
            inside.settled = None;
            inside.marks = Marks::default();
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
            inside.before = None;
            inside.marks.expect(&card.ramps);
            inside.card = Some(card);
            inside.journal.add(&Zoned::now(), Level::Info, &target);
        });
    }

    /// Another second of it.
    pub fn second(&self, live: &Arc<Live>) {
        self.change(|inside| {
            let now = Zoned::now();
            let at_s = live.now.end_s();
            if live.resets != inside.resets() {
                let text = "Figures were reset";
                inside.journal.add(&now, Level::Info, text);
                inside.marks.add(Mark::new(MarkKind::Reset, at_s, text));
            }
            if inside.state == State::Spawning && live.now.phase == Phase::Steady {
                inside.state = State::Running;
                let all = format!("All users spawned ({} users)", live.now.users);
                inside.journal.add(&now, Level::Info, &all);
                inside.marks.add(Mark::new(MarkKind::Ramp, at_s, &all));
            }
            let news = news(inside.latest.as_deref(), live);
            for News { level, text, mark } in news {
                inside.journal.add(&now, level, &text);
                if let Some(kind) = mark {
                    inside.marks.add(Mark::new(kind, at_s, &text));
                }
            }
            inside.marks.pass(at_s);
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
            if let Some(before) = inside.before.take() {
                inside.number = before.number;
                inside.card = Some(before.card);
                inside.latest = before.latest;
                inside.settled = before.settled;
                inside.marks = before.marks;
            }
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
            let at_s = inside.latest.as_ref().map_or(0.0, |live| live.now.end_s());
            inside.marks.add(Mark::new(MarkKind::Edit, at_s, &text));
            if let Some(card) = &mut inside.card {
                card.users = users;
                card.spawn_rate = spawn_rate.or(card.spawn_rate);
            }
        });
    }

    /// The machines that carry the load are such.
    pub fn members(&self, rows: Vec<MemberRow>) {
        if self.look(|inside| inside.members.as_ref() == Some(&rows)) {
            return;
        }
        self.change(|inside| {
            let now = Zoned::now();
            let at_s = inside.latest.as_ref().map_or(0.0, |live| live.now.end_s());
            let before = inside.members.as_deref().unwrap_or_default();
            for (level, text) in members::news(before, &rows) {
                inside.journal.add(&now, level, &text);
                if level == Level::Error && inside.state.is_busy() {
                    inside.marks.add(Mark::new(MarkKind::Lost, at_s, &text));
                }
            }
            inside.members = Some(rows);
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

    /// Other machines that are there to carry the load.
    #[must_use]
    pub fn machines(&self) -> usize {
        let rows = self.members.iter().flatten();
        rows.filter(|row| row.state.is_there()).count()
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

/// Something that happened for the first time.
struct News {
    level: Level,
    text: String,
    /// How charts show it, if they do.
    mark: Option<MarkKind>,
}

/// What happened for the first time in `live`.
fn news(before: Option<&Live>, live: &Live) -> Vec<News> {
    let (was, now) = (before.map(Live::shown), live.shown());
    let mut news = first_errors(was, now);
    for invariant in &now.invariants {
        let broken_before = was.is_some_and(|was| {
            let mut invariants = was.invariants.iter();
            invariants.any(|known| known.name == invariant.name && known.violated > 0)
        });
        if invariant.violated > 0 && !broken_before {
            let why = invariant.why.as_deref().unwrap_or("");
            news.push(News {
                level: Level::Error,
                text: format!("Invariant {} was violated: {why}", invariant.name),
                mark: (invariant.verdict == RuleVerdict::Violated).then_some(MarkKind::Broken),
            });
        }
    }
    for threshold in &live.record.thresholds {
        let is_crossed = |one: &ThresholdRecord| one.verdict == ThresholdVerdict::Crossed;
        let was_crossed = before.is_some_and(|before| {
            let mut thresholds = before.record.thresholds.iter();
            thresholds.any(|known| known.expression == threshold.expression && is_crossed(known))
        });
        if is_crossed(threshold) && !was_crossed {
            news.push(News {
                level: Level::Error,
                text: format!("Threshold crossed: {}", threshold.expression),
                mark: Some(MarkKind::Broken),
            });
        }
    }
    let generator = &now.generator;
    if generator.is_at_its_limit() && !was.is_some_and(|was| was.generator.is_at_its_limit()) {
        let why = generator.reasons.join("; ");
        news.push(News {
            level: Level::Error,
            text: format!("The generator is at its limit: {why}"),
            mark: Some(MarkKind::Limit),
        });
    }
    news
}

/// Errors of kinds that there were none of.
fn first_errors(was: Option<&RunRecord>, now: &RunRecord) -> Vec<News> {
    if was.map_or(0, |was| was.errors.len()) >= now.errors.len() {
        return Vec::new();
    }
    let is_new = |method: &str, name: &str, reason: &str| {
        !was.is_some_and(|was| {
            let mut errors = was.errors.iter();
            errors.any(|row| row.method == method && row.name == name && row.reason == reason)
        })
    };
    let rows = now.errors.iter();
    let rows = rows.filter(|row| is_new(&row.method, &row.name, &row.reason));
    rows.map(|row| {
        let status = row
            .status
            .map_or_else(String::new, |status| format!("{status} "));
        let text = format!(
            "First {} of {}: {status}{}",
            row.outcome.word(),
            row.name,
            row.reason
        );
        News {
            level: Level::Warning,
            text,
            mark: None,
        }
    })
    .collect()
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

    fn card() -> Card {
        Card {
            host: "http://127.0.0.1:1".to_owned(),
            profile: "load".to_owned(),
            classes: Vec::new(),
            users: 3,
            spawn_rate: Some(1.0),
            run_time_s: None,
            pacing: "class",
            options: Vec::new(),
            ramps: vec![
                Ramp {
                    at_s: 1.5,
                    users: 9,
                },
                Ramp {
                    at_s: 60.0,
                    users: 1,
                },
            ],
            directory: PathBuf::from("results/one"),
            full_history: None,
        }
    }

    #[test]
    fn a_test_that_never_starts_leaves_the_last_one_on_the_board() {
        let board = Board::default();
        board.begin();
        board.failed("nobody is there");
        assert_eq!(board.look(|inside| inside.state), State::Ready);
        board.begin();
        board.started(card());
        board.second(&Arc::new(made_up::live()));
        board.failed("cut off");
        let shown = |inside: &Inside| (inside.number, inside.run().to_owned(), inside.marks.all());
        let before = board.look(shown);
        assert_eq!((before.0, before.1.as_str()), (2, "one"));
        board.begin();
        assert_eq!(
            board.look(|inside| (inside.number, inside.run().to_owned())),
            (3, String::new())
        );
        board.failed("the host is mistyped");
        assert_eq!(board.look(|inside| inside.state), State::Stopped);
        assert_eq!(board.look(shown), before);
        assert!(board.look(|inside| inside.latest.is_some()));
        board.begin();
        assert_eq!(
            board.look(|inside| inside.number),
            4,
            "no number stands for two"
        );
    }

    #[test]
    fn what_charts_show_is_marked_when_it_happened() {
        let board = Board::default();
        board.begin();
        board.started(card());
        board.retargeted(5, None);
        for live in made_up::lives(made_up::context(), &made_up::seconds()) {
            board.second(&Arc::new(live));
        }
        let told: Vec<String> = board.look(|inside| {
            let marks = inside.marks.all();
            marks
                .iter()
                .map(|mark| format!("{:?} {} {}", mark.kind, mark.at_s, mark.text))
                .collect()
        });
        let has = |text: &str| told.iter().any(|told| told.starts_with(text));
        assert!(has("Edit 0 Users are changed to 5"), "{told:?}");
        assert!(has("Ramp 1.5 Stage 2: to 9 users"), "{told:?}");
        assert!(!has("Ramp 60"), "it has not come yet: {told:?}");
    }
}
