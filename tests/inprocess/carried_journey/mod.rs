//! One pass through a journey in virtual time, with everything that was sent.

use crate::simulated_shop::{MS, OF_FIVE, Request, SECOND, orderly, plan, simulation};
use serde_json::Value;
use shopblast::engine::{
    Abort, Described, Id, Journey, Recorder, SessionStart, SimulatedAnswer, Simulation,
};
use shopblast::plan::{Pacing, UniqueNumbers, WaitTime};
use shopblast::shop::{
    Generation, JOURNEYS, JourneyKind, JourneyOption, JourneyOptions, ShopScript,
};
use shopblast::stats::Outcome;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Time that the shop takes.
pub const LATENCY_NS: u64 = 20 * MS;
/// Wait after each step.
pub const WAIT_NS: u64 = SECOND;
/// The flash sale's item.
pub const FLASH_ITEM: &str = "00000000-0000-4000-8000-0000000f1a54";

/// One request as the shop saw it.
pub struct Seen {
    pub request: Request,
    /// Statistic name that it was counted under.
    pub name: &'static str,
    pub sent_ns: u64,
    /// The id that the reply gave.
    pub id: Option<String>,
    pub status: u16,
}

/// What became of a journey.
pub struct Carried {
    pub seen: Vec<Seen>,
    pub ended: Journey,
    /// Events by domain, and those of the outbox.
    pub events: BTreeMap<&'static str, u64>,
    pub outbox: u64,
    pub failed: u64,
}

/// All classes, in a run with `options`, with the flash sale's item put up.
pub fn script_with(options: JourneyOptions) -> &'static ShopScript {
    let mut plan = plan(&OF_FIVE, Pacing::Class);
    plan.options = options.words();
    let script = ShopScript::new(&plan, Generation::Five).unwrap();
    let item = Id::new(FLASH_ITEM.as_bytes()).unwrap();
    script.supplies().put_up_flash_item(item);
    Box::leak(Box::new(script))
}

/// The reply of a shop that is down.
pub fn down() -> SimulatedAnswer {
    SimulatedAnswer::reply(LATENCY_NS, 503, *b"{\"error\":\"down for repair\"}")
}

/// The journey called `name`.
pub fn kind(name: &str) -> JourneyKind {
    let mut all = JOURNEYS.iter().copied();
    all.find(|journey| journey.name() == name)
        .unwrap_or_else(|| panic!("there is no {name}"))
}

/// Requests that ended, by row.
fn counts(recorder: &RefCell<Recorder>) -> Vec<u64> {
    let mut recorder = recorder.borrow_mut();
    let names = &recorder.interval().names;
    names.iter().map(|name| name.requests()).collect()
}

/// The row that was counted between two counts.
fn counted(before: &[u64], after: &[u64]) -> usize {
    let changed: Vec<usize> = (0..after.len())
        .filter(|&row| before[row] != after[row])
        .collect();
    assert_eq!(changed.len(), 1);
    changed[0]
}

/// Carries `journey` out once, by the user with `seed`. The shop answers well, but where `instead`
/// has another answer to the request at a position.
pub fn carry(
    script: &'static ShopScript,
    journey: JourneyKind,
    seed: u64,
    instead: impl Fn(usize, &Request) -> Option<SimulatedAnswer> + 'static,
) -> Carried {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    let recorder: Rc<RefCell<Option<Rc<RefCell<Recorder>>>>> = Rc::default();
    let watched = Rc::clone(&recorder);
    let mut shop = orderly(LATENCY_NS);
    let mut world = simulation(script, move |bytes, sent_ns| {
        let mut log = log.borrow_mut();
        let request = Request::parse(bytes);
        // The shop sees every request, whoever answers it.
        let usual = shop(bytes);
        let answer = instead(log.len(), &request).unwrap_or(usual);
        let before = counts(watched.borrow().as_ref().unwrap());
        log.push((
            Request::parse(bytes),
            sent_ns,
            before,
            answer_parts(&answer),
        ));
        answer
    });
    *recorder.borrow_mut() = Some(world.recorder());
    let ended = carry_in(&mut world, script, journey, seed);
    let interval = world.recorder();
    let last = counts(&interval);
    let log = seen.take();
    let names = script.names();
    let rows: Vec<usize> = (0..log.len())
        .map(|at| counted(&log[at].2, log.get(at + 1).map_or(&last, |next| &next.2)))
        .collect();
    let seen = log
        .into_iter()
        .zip(rows)
        .map(|((request, sent_ns, _, parts), row)| Seen {
            request,
            name: names[row].name,
            sent_ns,
            id: parts.1,
            status: parts.0,
        });
    let mut carried = Carried {
        seen: seen.collect(),
        ended,
        events: BTreeMap::new(),
        outbox: 0,
        failed: 0,
    };
    let mut interval = interval.borrow_mut();
    for (raises, row) in script.raises().into_iter().zip(&interval.interval().names) {
        let successes = row.outcomes[Outcome::Success];
        carried.failed += row.outcomes[Outcome::Failed];
        for event in raises.iter().filter(|_| successes > 0) {
            *carried.events.entry(event.domain).or_default() += successes;
            carried.outbox += if event.outbox { successes } else { 0 };
        }
    }
    carried
}

/// Status and id of a reply.
fn answer_parts(answer: &SimulatedAnswer) -> (u16, Option<String>) {
    let (status, body) = answer.result.as_ref().unwrap();
    let body: Value = serde_json::from_slice(body).unwrap();
    let fields = body.as_object().unwrap();
    let id = fields.iter().find(|(name, _)| name.ends_with("_id"));
    (
        *status,
        id.and_then(|(_, id)| id.as_str()).map(str::to_owned),
    )
}

fn carry_in(
    world: &mut Simulation,
    script: &'static ShopScript,
    journey: JourneyKind,
    seed: u64,
) -> Journey {
    let start = SessionStart {
        class: 0,
        wait: WaitTime::between(WAIT_NS / 1_000, WAIT_NS / 1_000).unwrap(),
        seed,
        unique: UniqueNumbers::of_user(7),
        due_ns: 0,
    };
    let mut user = world.session(start, 3_600 * SECOND);
    user.set_race_rules(script.supplies().races);
    user.set_strict(
        script
            .supplies()
            .settings
            .options
            .has(JourneyOption::Strict),
    );
    let ended = Rc::new(RefCell::new(Err(Abort)));
    let result = Rc::clone(&ended);
    world.spawn(async move {
        *result.borrow_mut() = script.carry_out(journey, &mut user).await;
    });
    world.run();
    *ended.borrow()
}
