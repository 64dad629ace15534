//! The embedded shop in virtual time, with API workers that race, and a network that loses replies, sends
//! requests twice and delivers some of them when nobody waits any more: what rules made of it.

use crate::simulated_shop::{MS, SECOND};
use shopblast::engine::{
    Broken, Described, PreparedHeads, Recorder, SessionStart, SimulatedAnswer, Simulation,
};
use shopblast::plan::{
    ClassShare, Load, Pacing, Plan, RaceRules, RunId, Stage, Target, UniqueNumbers, WaitTime,
    user_seed,
};
use shopblast::sandbox::{Arrival, Bugs, InProcessReply, InProcessShop};
use shopblast::shop::Generation;
use shopblast::stats::{CoreInterval, Outcome, Part, RuleCounts, Violation};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Users of a world.
const USERS: u32 = 4;
/// Things of each kind that its shop remembers: more than are contended for at a time.
const RETAIN: usize = 4_096;
/// A request that is late is so by fewer others than this.
const LATEST: u32 = 24;

/// What goes wrong on the way, each in a thousand requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network {
    /// The reply is lost. A third of these requests never come to the shop, a third is served in time, and
    /// a third when others have been answered that were sent later.
    pub lost: u32,
    /// A racer comes to the shop twice, and either reply comes back.
    pub twice: u32,
}

/// A world.
#[derive(Clone, Copy, Debug)]
pub struct World {
    pub seed: u64,
    /// API workers of the shop.
    pub workers: usize,
    /// What a request takes a worker at most, in nanoseconds; the least is a tenth of it.
    pub service_ns: u64,
    pub network: Network,
    pub bugs: Bugs,
    pub generation: Generation,
    /// How long it goes on, in virtual time.
    pub length_ns: u64,
}

impl World {
    /// A world in which nothing goes wrong.
    pub fn sound(seed: u64, workers: usize) -> Self {
        Self {
            seed,
            workers,
            service_ns: 10 * MS,
            network: Network::default(),
            bugs: Bugs::default(),
            generation: Generation::Today,
            length_ns: 10 * SECOND,
        }
    }
}

/// What came of worlds.
#[derive(Default)]
pub struct Tally {
    pub races: u64,
    pub requests: u64,
    /// Requests that nobody knows the outcome of.
    pub unknown: u64,
    pub conflicts: u64,
    /// By the names of rules, with whether the shop promises it.
    pub rules: BTreeMap<&'static str, (bool, RuleCounts)>,
    pub violations: Vec<Violation>,
}

impl Tally {
    pub fn of(&self, rule: &str) -> RuleCounts {
        let found = self.rules.get(rule);
        found.map_or_else(RuleCounts::default, |(_, counts)| counts.clone())
    }

    /// Names of the rules that were broken.
    pub fn broken(&self) -> Vec<&'static str> {
        let broken = self.rules.iter().filter(|(_, it)| it.1.broken > 0);
        broken.map(|(name, _)| *name).collect()
    }

    /// Those of them that the shop promises.
    pub fn accused(&self) -> Vec<&'static str> {
        let mut broken = self.broken();
        broken.retain(|rule| self.rules[rule].0);
        broken
    }

    /// Adds what came of other worlds.
    pub fn absorb(&mut self, other: Self) {
        self.races += other.races;
        self.requests += other.requests;
        self.unknown += other.unknown;
        self.conflicts += other.conflicts;
        for (rule, (promised, counts)) in other.rules {
            self.count(rule, promised, &counts);
        }
        self.violations.extend(other.violations);
        // Of those that the shop does not promise a few are enough.
        self.violations.truncate(100);
    }

    fn count(&mut self, rule: &'static str, promised: bool, counts: &RuleCounts) {
        let (_, all) = self
            .rules
            .entry(rule)
            .or_insert((promised, RuleCounts::default()));
        all.held += counts.held;
        all.broken += counts.broken;
        all.undecided += counts.undecided;
        all.cut += counts.cut;
    }
}

/// A plan whose users are of these classes.
pub fn plan(classes: &[&str], rules: RaceRules) -> Plan {
    let length = Duration::from_secs(60);
    let stage = Stage {
        users: 1,
        spawn_rate_per_s: 1.0,
        duration_us: 1,
    };
    let share = |class: &&str| ClassShare {
        class: (*class).to_owned(),
        weight: 1,
    };
    let mut plan = Plan {
        classes: classes.iter().map(share).collect(),
        pacing: Pacing::Max,
        run_id: RunId::new(1_800_000_000_000, 1, 1),
        ..Plan::of_load(Load::closed(vec![stage], length).unwrap(), length)
    };
    plan.races.rules = rules;
    plan
}

/// The shop and its network.
struct SoundTarget {
    shop: InProcessShop,
    luck: fastrand::Rng,
    world: World,
    /// Requests that are delivered when so many more have been answered.
    late: Vec<(u32, Vec<u8>)>,
}

/// What becomes of a request on its way.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Fine,
    Twice,
    Never,
    ReplyLost,
    Late,
}

impl SoundTarget {
    fn way(&mut self) -> Way {
        let Network { lost, twice } = self.world.network;
        match self.luck.u32(..1_000) {
            luck if luck < lost => [Way::Never, Way::ReplyLost, Way::Late][self.luck.usize(..3)],
            luck if luck < lost + twice => Way::Twice,
            _ => Way::Fine,
        }
    }

    fn service_ns(&mut self) -> u64 {
        let most = self.world.service_ns;
        self.luck.u64(most / 10..most)
    }

    fn deliver_late(&mut self) {
        for (left, request) in std::mem::take(&mut self.late) {
            match left.checked_sub(1) {
                Some(left) => self.late.push((left, request)),
                None => drop(self.shop.answer(&request).expect("a whole request")),
            }
        }
    }

    /// It is delivered when up to so many others have been answered.
    fn delay(&mut self, request: &[u8]) {
        let left = self.luck.u32(..LATEST);
        self.late.push((left, request.to_vec()));
    }

    fn answered(reply: InProcessReply, after_ns: u64) -> SimulatedAnswer {
        SimulatedAnswer::reply(after_ns, reply.status, reply.body)
    }

    /// Nobody waits longer than this.
    fn lost() -> SimulatedAnswer {
        SimulatedAnswer::broken(100 * MS, Broken::Lost, "lost")
    }

    /// One request that nobody else is there with.
    fn answer(&mut self, request: &[u8]) -> SimulatedAnswer {
        let way = self.way();
        let after_ns = self.service_ns();
        let answer = match way {
            Way::Never | Way::Late => None,
            _ => Some(self.shop.answer(request).expect("a whole request")),
        };
        self.shop.run_engines();
        self.deliver_late();
        match (way, answer) {
            (Way::Fine | Way::Twice, Some(reply)) => Self::answered(reply, after_ns),
            (Way::Late, _) => {
                self.delay(request);
                Self::lost()
            }
            _ => Self::lost(),
        }
    }

    /// The racers of one race.
    fn contest(&mut self, requests: &[(&[u8], u64)]) -> Vec<SimulatedAnswer> {
        self.deliver_late();
        let ways: Vec<Way> = requests.iter().map(|_| self.way()).collect();
        let mut arrivals: Vec<Arrival<'_>> = Vec::new();
        let mut of = Vec::new();
        for (number, (&(request, at_ns), way)) in requests.iter().zip(&ways).enumerate() {
            let copies = match way {
                Way::Never | Way::Late => 0,
                Way::Twice => 2,
                Way::Fine | Way::ReplyLost => 1,
            };
            for _ in 0..copies {
                arrivals.push(Arrival {
                    request,
                    at_ns,
                    worker: self.luck.usize(..self.world.workers),
                    service_ns: self.service_ns(),
                });
                of.push(number);
            }
        }
        let replies = self.shop.answer_together(&arrivals);
        self.shop.run_engines();
        let mut answers: Vec<Option<SimulatedAnswer>> = requests.iter().map(|_| None).collect();
        for ((reply, done_ns), number) in replies.into_iter().zip(of) {
            let reply = reply.expect("a whole request");
            let sent_ns = requests[number].1;
            if answers[number].is_none() || self.luck.bool() {
                answers[number] = Some(Self::answered(reply, done_ns - sent_ns));
            }
        }
        let all = requests.iter().zip(ways).zip(answers);
        all.map(|((&(request, _), way), answer)| {
            if way == Way::Late {
                self.delay(request);
            }
            match way {
                Way::Fine | Way::Twice => answer.unwrap_or_else(Self::lost),
                _ => Self::lost(),
            }
        })
        .collect()
    }
}

/// Lets users of `script` live in `world`, and adds what came of it to `tally`.
pub fn live<S: Described>(script: &Arc<S>, world: World, tally: &mut Tally) {
    // Faults strike by the thread's own luck.
    fastrand::seed(world.seed);
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows()).with_races(script.race_rows());
    let target = Target::parse("http://localhost:8000").unwrap();
    let heads = PreparedHeads::new(script.steps(), &target).unwrap();
    let shop = match world.generation {
        Generation::Today => {
            InProcessShop::with_swift_engines(world.generation, RETAIN, world.bugs)
        }
        Generation::Five => InProcessShop::with_bugs(world.generation, RETAIN, world.bugs),
    };
    let target = Rc::new(RefCell::new(SoundTarget {
        shop,
        luck: fastrand::Rng::with_seed(world.seed),
        world,
        late: Vec::new(),
    }));
    let alone = Rc::clone(&target);
    let mut simulation = Simulation::new(0, recorder, heads, move |request, _| {
        alone.borrow_mut().answer(request)
    })
    .with_contest(move |requests| target.borrow_mut().contest(requests));
    for user in 0..USERS {
        let start = SessionStart {
            class: 0,
            wait: WaitTime::None,
            seed: user_seed(world.seed, user),
            unique: UniqueNumbers::of_user(user),
            due_ns: 0,
        };
        simulation.spawn_user(script, start, world.length_ns);
    }
    simulation.run();
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    for name in &interval.names {
        for outcome in Outcome::ALL {
            tally.requests += name.outcomes[outcome];
        }
        tally.unknown += name.outcomes[Outcome::Unknown];
        tally.conflicts += name.outcomes[Outcome::Conflict];
    }
    let contests = &interval.contests;
    tally.races += contests
        .races
        .iter()
        .map(|race| race.counts.count)
        .sum::<u64>();
    for (rule, counts) in script.rules().iter().zip(&contests.ledger.rules) {
        tally.count(rule.name, rule.enforced, counts);
    }
    tally
        .violations
        .extend(contests.ledger.violations.iter().cloned());
}

/// The requests that show a violation: what was let go together, and what asked afterwards.
pub fn shown(violation: &Violation) -> Vec<&str> {
    let shown = violation.exchanges.iter().filter(|it| it.shows);
    let shown = shown.filter(|it| it.part != Part::Before && it.outcome == Outcome::Success);
    shown.map(|it| it.name.as_str()).collect()
}
