//! The thread that speaks for a member: it owns the bus, sends what the run has to say, and does what the
//! leader orders. Whoever waits for an order looks at the board.

use super::bus::{ClockOffset, MemberBus, MemberEvent, Order, PlaceNews, PlaceState, Report};
use super::words::Clear;
use super::words::{CLEAR, CUT, LEADERLESS_FLAG, SET_UP, STEER, Said, SetUp, Steering};
use crate::pieces::tell;
use crate::run::RunControl;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Longest wait for something to hear: what is to be said waits so long at most.
const WAIT: Duration = Duration::from_millis(20);
/// How long a farewell is tried.
const FAREWELL: Duration = Duration::from_secs(3);

/// What the courier is asked to do.
enum Errand {
    Say(Report),
    Record(u32, Box<dyn Read + Send>),
    Clock(Sender<Option<ClockOffset>>),
    Leave(String),
}

/// What the leader ordered, and how the way to it is.
#[derive(Default)]
pub struct Board {
    /// When the run starts, on the server's clock: the round and the moment.
    pub start: Option<(u32, u64)>,
    /// What the first shard set up for all.
    pub set_up: Option<SetUp>,
    /// That nobody needs any more what was set up.
    pub clear: Option<Clear>,
    /// What is to be done next: the round and the assignment.
    pub next: Option<(u32, Vec<u8>)>,
    /// The round whose record is wanted.
    pub wanted: Option<u32>,
    /// Whether the record was sent, or why not.
    pub sent: Option<Result<(), String>>,
    /// Why all is over.
    pub ended: Option<String>,
    /// The run that goes on, and how long it may without a leader.
    pub run: Option<CarriedRun>,
    /// Since when nobody leads.
    pub leaderless_since: Option<Instant>,
    /// Whether that is since Redis is away.
    pub is_redis_away: bool,
    /// Whether everything that was said has left.
    pub has_said_all: bool,
    /// Whether the courier is gone.
    pub is_gone: bool,
}

/// A run that goes on.
#[derive(Clone)]
pub struct CarriedRun {
    /// Which of the runs.
    pub round: u32,
    /// How it is steered.
    pub control: RunControl,
    /// How long it goes on without a leader; `None` to its end.
    pub leaderless: Option<Duration>,
}

/// Board and those who wait at it.
#[derive(Default)]
struct Hall {
    board: Mutex<Board>,
    changed: Condvar,
}

/// See the module's documentation.
#[derive(Clone)]
pub struct Courier {
    errands: Sender<Errand>,
    hall: Arc<Hall>,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Courier")
    }
}

impl Courier {
    /// Has `bus` spoken for by a thread of its own, until it leaves.
    pub fn start(bus: MemberBus, is_quiet: bool) -> (Self, JoinHandle<()>) {
        let (errands, asked) = unbounded();
        let hall = Arc::new(Hall::default());
        let round = Round {
            bus,
            errands: asked,
            hall: Arc::clone(&hall),
            is_quiet,
            is_told: false,
        };
        let thread = thread::spawn(move || round.run());
        (Self { errands, hall }, thread)
    }

    /// Says something, as soon as it can be said.
    pub fn say(&self, report: Report) {
        // A courier that is gone has nobody to say it to.
        let _ = self.errands.send(Errand::Say(report));
    }

    /// Sends the record of a run.
    pub fn send_record(&self, round: u32, source: Box<dyn Read + Send>) {
        self.board(|board| board.sent = None);
        let _ = self.errands.send(Errand::Record(round, source));
    }

    /// How this machine's clock is to the server's; `None` where that cannot be asked.
    #[must_use]
    pub fn clock(&self) -> Option<ClockOffset> {
        let (told, clock) = bounded(1);
        self.errands.send(Errand::Clock(told)).ok()?;
        clock.recv().ok().flatten()
    }

    /// Says why this member goes, and goes.
    pub fn leave(&self, why: &str) {
        let _ = self.errands.send(Errand::Leave(why.to_owned()));
    }

    /// Changes something on the board.
    pub fn board<T>(&self, change: impl FnOnce(&mut Board) -> T) -> T {
        let result = change(&mut lock(&self.hall));
        self.hall.changed.notify_all();
        result
    }

    /// Waits until `look` finds what it looks for, at most `limit`.
    pub fn wait_for<T>(
        &self,
        limit: Duration,
        look: impl Fn(&mut Board) -> Option<T>,
    ) -> Option<T> {
        let give_up = Instant::now() + limit;
        let mut board = lock(&self.hall);
        loop {
            if let Some(found) = look(&mut board) {
                return Some(found);
            }
            let left = give_up.checked_duration_since(Instant::now())?;
            let waited = self.hall.changed.wait_timeout(board, left);
            board = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn lock(hall: &Hall) -> MutexGuard<'_, Board> {
    hall.board.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The courier's own side.
struct Round {
    bus: MemberBus,
    errands: Receiver<Errand>,
    hall: Arc<Hall>,
    is_quiet: bool,
    /// Whether it was told that a run ends since nobody leads.
    is_told: bool,
}

impl Round {
    fn run(mut self) {
        let mut farewell = None;
        loop {
            loop {
                match self.errands.try_recv() {
                    Ok(Errand::Leave(why)) => {
                        farewell = Some(Instant::now() + FAREWELL);
                        self.say(Report::Leaving { why });
                    }
                    Ok(errand) => self.run_errand(errand),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        farewell.get_or_insert_with(|| Instant::now() + FAREWELL);
                        break;
                    }
                }
            }
            for event in self.bus.turn(WAIT) {
                self.heed(event);
            }
            self.look_after_leader();
            let has_said_all = self.bus.has_said_all();
            let mut board = lock(&self.hall);
            board.has_said_all = has_said_all;
            let is_over = farewell.is_some_and(|end| has_said_all || Instant::now() >= end);
            board.is_gone = is_over;
            drop(board);
            self.hall.changed.notify_all();
            if is_over {
                return;
            }
        }
    }

    fn say(&mut self, report: Report) {
        if let Err(error) = self.bus.say(report) {
            tell(format!("warning: not told to the leader: {error}"));
        }
    }

    fn run_errand(&mut self, errand: Errand) {
        match errand {
            Errand::Say(report) => self.say(report),
            Errand::Record(round, source) => self.bus.send_record(round, source),
            Errand::Clock(told) => {
                // Who asked may not wait any more.
                let _ = told.send(self.bus.clock().ok());
            }
            Errand::Leave(_) => {}
        }
    }

    fn heed(&mut self, event: MemberEvent) {
        match event {
            MemberEvent::Ordered(order) => self.obey(order),
            MemberEvent::Leaderless {
                silent_for,
                is_redis_away,
            } => {
                let since = Instant::now().checked_sub(silent_for);
                let mut board = lock(&self.hall);
                board.leaderless_since = Some(since.unwrap_or_else(Instant::now));
                board.is_redis_away = is_redis_away;
                let goes_on = board.run.as_ref().map(|run| run.leaderless);
                drop(board);
                let who = match is_redis_away {
                    true => "Redis cannot be reached",
                    false => "nothing is heard of the leader",
                };
                let then = match goes_on {
                    None => "",
                    Some(None) => "; the load goes on to the plan's end",
                    Some(Some(_)) => "; the load goes on for a while",
                };
                self.tell(&format!("{who} for {} s{then}", silent_for.as_secs()));
            }
            MemberEvent::LeaderBack => {
                self.is_told = false;
                lock(&self.hall).leaderless_since = None;
                self.tell("the leader is heard again");
            }
            MemberEvent::RecordSent { .. } => lock(&self.hall).sent = Some(Ok(())),
            MemberEvent::RecordNotSent { why, .. } => lock(&self.hall).sent = Some(Err(why)),
            MemberEvent::Dropped(dropped) => tell(format!("warning: {dropped}")),
            MemberEvent::Place(news) => self.tell_of_place(&news),
            MemberEvent::LeftOut { intervals } => self.tell(&format!(
                "{intervals} seconds are in this machine's record alone, and not told to the leader"
            )),
            MemberEvent::Unheard { .. } | MemberEvent::CaughtUp => {}
        }
        self.hall.changed.notify_all();
    }

    fn tell_of_place(&self, news: &PlaceNews) {
        match news {
            PlaceNews::Away { why } => self.tell(&format!(
                "Redis is away: {why}; the load goes on, and it is tried again"
            )),
            PlaceNews::Back { after } => {
                self.tell(&format!("Redis is back after {:.1} s", after.as_secs_f64()));
            }
            PlaceNews::Full { why } => self.tell(&format!("Redis has no room: {why}")),
            PlaceNews::Room { .. } => self.tell("Redis has room again"),
            PlaceNews::Refused { why } => self.tell(&format!("Redis refuses: {why}")),
        }
    }

    fn tell(&self, text: &str) {
        if !self.is_quiet {
            tell(text);
        }
    }

    fn obey(&mut self, order: Order) {
        let mut board = lock(&self.hall);
        let of_run = |round: u32, board: &Board| {
            let run = board.run.as_ref().filter(|run| run.round == round);
            run.map(|run| run.control.clone())
        };
        match order {
            Order::Start { round, at_us } => board.start = Some((round, at_us)),
            Order::Next { round, body } => board.next = Some((round, body)),
            Order::SendRecord { round, shard } if shard == self.bus.shard() => {
                board.wanted = Some(round);
            }
            Order::End { why } => {
                if let Some(run) = &board.run {
                    run.control.stop();
                }
                board.ended = Some(why);
            }
            Order::Stop { round, why } => {
                if let Some(control) = of_run(round, &board) {
                    control.stop();
                    drop(board);
                    self.tell(&format!("stopping: {why}"));
                }
            }
            Order::Other { topic, body } if topic == SET_UP => {
                if let Some(set_up) = SetUp::read(&body) {
                    board.set_up = Some(set_up);
                }
            }
            Order::Other { topic, body } if topic == CLEAR => {
                board.clear = Clear::read(&body);
            }
            Order::Other { topic, body } => {
                let said = Steering::read(&body);
                let control = said.and_then(|said| Some((of_run(said.round, &board)?, said)));
                match (topic.as_str(), control) {
                    (STEER, Some((control, said))) => {
                        let rate = said.spawn_rate_per_s.unwrap_or(f64::INFINITY);
                        let steered = control.steer_at(said.at_us, said.users, rate);
                        if let Err(error) = steered {
                            drop(board);
                            tell(format!("warning: users were not changed here: {error}"));
                        }
                    }
                    (CUT, Some((control, _))) => control.cut_off(),
                    _ => {}
                }
            }
            Order::Welcome { .. }
            | Order::Unwelcome { .. }
            | Order::Steer { .. }
            | Order::GoOn { .. }
            | Order::SendRecord { .. } => {}
        }
    }

    /// Ends a run that nobody leads, after as long as it may go on so.
    fn look_after_leader(&mut self) {
        let mut board = lock(&self.hall);
        board.is_redis_away = self.bus.place_state() == PlaceState::Away;
        let (Some(since), Some(run)) = (board.leaderless_since, &board.run) else {
            return;
        };
        let Some(limit) = run.leaderless.filter(|limit| since.elapsed() >= *limit) else {
            return;
        };
        run.control.stop();
        drop(board);
        if !std::mem::replace(&mut self.is_told, true) {
            let limit_s = limit.as_secs();
            self.tell(&format!(
                "stopping: nobody leads for {limit_s} s, and load without a leader ends then ({LEADERLESS_FLAG})"
            ));
        }
    }
}
