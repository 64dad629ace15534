//! The flash sale by the clock: round k is due k times a fixed time after the start of the run. Nobody
//! has to tell anybody, so that its crowd may be on several machines: all of them go for the same item
//! at the same moment, each by its own clock.
//!
//! The items of all rounds are made before the start. Whoever is free in time before a round is in its
//! crowd. Each leaves a copy of its exchange here; who is last writes down what came of the round on this
//! machine. What all machines were granted is judged on their sum.

use crate::engine::{ExchangeLog, Id};
use crate::plan::{LONGEST_DURATION, Plan};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Time between two rounds of a crowd on several machines, where nothing else is said: more than a shop
/// under load takes to answer a crowd.
const EVERY: Duration = Duration::from_secs(1);
/// How long before a round its crowd is closed to those who are busy: the first part of a request
/// travels meanwhile.
const GATHER_NS: u64 = 50_000_000;

/// The rounds that a plan has by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundClock {
    /// Time from the start to the first round, and from each to the next, in nanoseconds.
    pub every_ns: u64,
    /// Rounds that there are.
    pub rounds: u64,
    /// The number of this machine's shard where the crowd is on several; else 0.
    pub shard: u32,
}

/// A round that a user takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Number of the round, from 1.
    pub round: u64,
    /// When it is due, in nanoseconds from the start of the run.
    pub due_ns: u64,
    /// What is gone for.
    pub item: Id,
}

/// A round that everybody of this machine has deposited for. Whoever has it writes it down and calls
/// [`TimedSale::end_round`].
#[derive(Debug, Default)]
pub struct TimedRound {
    /// Number of the round, from 1.
    pub number: u64,
    /// Every request for its item.
    pub log: ExchangeLog,
    /// When the last one had left.
    pub last_left_ns: u64,
    /// Users that are in the crowd.
    crowd: u64,
}

/// See the module's documentation. The lock is taken twice a user and round, never between due and done.
#[derive(Debug)]
pub struct TimedSale {
    clock: RoundClock,
    items: OnceLock<Vec<Id>>,
    state: Mutex<Rounds>,
}

#[derive(Debug, Default)]
struct Rounds {
    /// Those that somebody is in.
    open: Vec<TimedRound>,
    /// Memory of those that ended.
    spare: Vec<ExchangeLog>,
}

impl RoundClock {
    /// Most rounds by the clock: their items are made before the start.
    pub const MOST_ROUNDS: u64 = 1_000;
    /// Shortest time between two.
    pub const LEAST: Duration = Duration::from_millis(200);
    /// Longest.
    pub const MOST: Duration = Duration::from_secs(3_600);

    /// Those of `plan`, with a round `every` so often where that was said; without, a crowd on one machine
    /// goes by no clock. `most` is how many there are at most.
    #[must_use]
    pub fn of(plan: &Plan, every: Option<Duration>, most: Option<u64>) -> Option<Self> {
        let is_on_several = !plan.shard.is_whole() && plan.shares_set_up;
        let every = match every {
            Some(every) => every,
            None if is_on_several => default_every(plan.run_time),
            None => return None,
        };
        let every_ns = every.clamp(Self::LEAST, Self::MOST).as_nanos() as u64;
        let run_ns = u64::try_from(plan.run_time.as_nanos()).unwrap_or(u64::MAX);
        let in_time = run_ns.saturating_sub(1) / every_ns;
        Some(Self {
            every_ns,
            rounds: in_time.min(most.unwrap_or(u64::MAX)).min(Self::MOST_ROUNDS),
            shard: if is_on_several {
                plan.shard.number()
            } else {
                0
            },
        })
    }
}

/// So that a long run has rounds to its end; one without an end has them for its first minutes.
fn default_every(run_time: Duration) -> Duration {
    match run_time >= LONGEST_DURATION {
        true => EVERY,
        false => EVERY.max(run_time / RoundClock::MOST_ROUNDS as u32),
    }
}

impl TimedSale {
    /// A sale that goes by this clock.
    #[must_use]
    pub fn new(clock: RoundClock) -> Self {
        Self {
            clock,
            items: OnceLock::new(),
            state: Mutex::default(),
        }
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> RoundClock {
        self.clock
    }

    /// The items of its rounds; `None` before they are put up.
    #[must_use]
    pub fn items(&self) -> Option<&[Id]> {
        self.items.get().map(Vec::as_slice)
    }

    /// Puts up the items of all rounds. Further ones are left out: a run has one sale. False when there are
    /// not as many as rounds.
    pub fn put_up(&self, items: Vec<Id>) -> bool {
        let is_whole = items.len() as u64 == self.clock.rounds;
        if is_whole {
            let _ = self.items.set(items);
        }
        is_whole
    }

    /// The round that a user takes part in who is free `elapsed_ns` after the start, and is in its crowd
    /// from now on; `None` when there are no more.
    #[must_use]
    pub fn enter(&self, elapsed_ns: u64) -> Option<Turn> {
        let round = elapsed_ns.saturating_add(GATHER_NS) / self.clock.every_ns + 1;
        let place = usize::try_from(round - 1).ok()?;
        let item = *self.items()?.get(place)?;
        let mut state = self.lock();
        match state.open.iter_mut().find(|open| open.number == round) {
            Some(open) => open.crowd += 1,
            None => {
                let log = state.spare.pop().unwrap_or_default();
                let mut opened = TimedRound {
                    number: round,
                    crowd: 1,
                    log,
                    last_left_ns: 0,
                };
                opened.log.begin();
                state.open.push(opened);
            }
        }
        Some(Turn {
            round,
            due_ns: round * self.clock.every_ns,
            item,
        })
    }

    /// From when on a user waits with its request written, in nanoseconds before the round is due.
    #[must_use]
    pub fn gathers_before_ns(&self) -> u64 {
        GATHER_NS / 2
    }

    /// Takes down a user's exchange, the one at `index` of its `log`, which had left at `left_ns`. Gives the
    /// round to the last one of the crowd.
    #[must_use]
    pub fn deposit(
        &self,
        round: u64,
        (log, index): (&ExchangeLog, usize),
        left_ns: u64,
    ) -> Option<TimedRound> {
        let mut state = self.lock();
        let open = state.open.iter_mut().find(|open| open.number == round)?;
        open.log.adopt(log, index);
        open.last_left_ns = open.last_left_ns.max(left_ns);
        state.closed(round)
    }

    /// A user will not go after all. Gives the round to whoever is the last one so.
    #[must_use]
    pub fn withdraw(&self, round: u64) -> Option<TimedRound> {
        let mut state = self.lock();
        let open = state.open.iter_mut().find(|open| open.number == round)?;
        open.crowd = open.crowd.saturating_sub(1);
        state.closed(round)
    }

    /// The round was written down. Its memory is used again.
    pub fn end_round(&self, mut round: TimedRound) {
        round.log.forget();
        self.lock().spare.push(round.log);
    }

    fn lock(&self) -> MutexGuard<'_, Rounds> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rounds {
    /// The round of this number, when nobody of its crowd is to come any more and somebody came.
    fn closed(&mut self, round: u64) -> Option<TimedRound> {
        let place = self.open.iter().position(|open| open.number == round)?;
        let open = &self.open[place];
        let came = open.log.entries().len() as u64;
        if came < open.crowd {
            return None;
        }
        let closed = self.open.swap_remove(place);
        match came {
            0 => {
                self.spare.push(closed.log);
                None
            }
            _ => Some(closed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Load, Shard, Stage};

    const MS: u64 = 1_000_000;

    fn plan(run_s: u64, shard: Shard) -> Plan {
        let stage = Stage {
            users: 4,
            spawn_rate_per_s: 4.0,
            duration_us: run_s * 1_000_000,
        };
        let run_time = Duration::from_secs(run_s);
        let load = Load::Closed {
            stages: vec![stage],
        };
        Plan {
            shard,
            shares_set_up: true,
            ..Plan::of_load(load, run_time)
        }
    }

    fn second_of_two() -> Shard {
        Shard::new(1, 2).unwrap()
    }

    fn sale(rounds: u64) -> TimedSale {
        let sale = TimedSale::new(RoundClock {
            every_ns: 1_000 * MS,
            rounds,
            shard: 0,
        });
        let item = Id::new(b"0000").unwrap();
        assert!(sale.put_up(vec![item; rounds as usize]));
        sale
    }

    #[test]
    fn several_machines_go_by_a_clock_and_one_only_when_asked() {
        assert_eq!(RoundClock::of(&plan(10, Shard::WHOLE), None, None), None);
        let by_hand = Plan {
            shares_set_up: false,
            ..plan(10, second_of_two())
        };
        assert_eq!(RoundClock::of(&by_hand, None, None), None);
        let clock = RoundClock::of(&plan(10, second_of_two()), None, None).unwrap();
        assert_eq!(
            (clock.every_ns, clock.rounds, clock.shard),
            (1_000 * MS, 9, 2)
        );
        let asked = Some(Duration::from_millis(500));
        let alone = RoundClock::of(&plan(10, Shard::WHOLE), asked, Some(7)).unwrap();
        assert_eq!(
            (alone.every_ns, alone.rounds, alone.shard),
            (500 * MS, 7, 0)
        );
        let long = RoundClock::of(&plan(36_000, second_of_two()), None, None).unwrap();
        assert_eq!((long.every_ns, long.rounds), (36_000 * MS, 999));
    }

    #[test]
    fn who_is_free_in_time_is_in_the_next_round_and_nobody_in_one_twice() {
        let sale = sale(3);
        let round = |elapsed_ns| sale.enter(elapsed_ns).map(|turn| (turn.round, turn.due_ns));
        assert_eq!(round(0), Some((1, 1_000 * MS)));
        assert_eq!(round(949 * MS), Some((1, 1_000 * MS)));
        assert_eq!(round(950 * MS), Some((2, 2_000 * MS)));
        assert_eq!(round(1_001 * MS), Some((2, 2_000 * MS)));
        assert_eq!(round(2_500 * MS), Some((3, 3_000 * MS)));
        assert_eq!(round(2_960 * MS), None);
    }

    #[test]
    fn the_last_one_writes_the_round_down_whether_it_went_or_not() {
        let sale = sale(2);
        assert!((0..3).all(|_| sale.enter(0).is_some()));
        assert!(sale.withdraw(1).is_none(), "two are to come");
        assert!(sale.withdraw(1).is_none());
        assert!(
            sale.withdraw(1).is_none(),
            "nobody came: there was no round"
        );
        assert!(sale.enter(0).is_some());
        assert!(sale.withdraw(9).is_none());
        assert_eq!(sale.lock().open.len(), 1);
    }

    #[test]
    fn a_sale_of_other_rounds_is_none_of_this_plan() {
        let sale = TimedSale::new(RoundClock {
            every_ns: MS,
            rounds: 2,
            shard: 1,
        });
        assert!(!sale.put_up(vec![Id::new(b"1").unwrap()]));
        assert_eq!(sale.items(), None);
        assert_eq!(sale.enter(0), None);
    }
}
