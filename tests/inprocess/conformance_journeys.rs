//! Every journey against the sandbox's rules, in virtual time, over many seeds: each step gets its
//! expected status, and the shop raises exactly what the journeys are said to raise.

use crate::simulated_shop::{MS, OF_FIVE, SECOND, journeys_of_five, plan};
use proptest::prelude::*;
use shopblast::engine::{
    Described, PreparedHeads, Recorder, Script, SessionStart, SimulatedAnswer, Simulation,
};
use shopblast::plan::{Pacing, Plan, RunId, Target, UniqueNumbers, WaitTime, user_seed};
use shopblast::sandbox::InProcessShop;
use shopblast::shop::{Generation, ShopScript};
use shopblast::stats::{CoreInterval, Outcome};
use std::sync::Arc;

/// Steps whose requests may come too late, and are then refused.
const MAY_BE_REFUSED: [&str; 13] = [
    "[FLASH] POST /inventory/{id}/reserve (RACE)",
    "[RACE-MOD] POST /orders/{id}/items (RACE-2)",
    "[RACE-STOCK] POST /inventory/{id}/reserve (RACE)",
    "[RACE-PAID] PUT /orders/{id}/payment/success (RACE)",
    "[RACE-WEBHOOK] POST /payments/webhook (RACE)",
    "[RACE-CONTRADICT] POST /payments/webhook (failure, RACE)",
    "[RACE-REFUND] POST /payments/refund/webhook",
    "[RACE-REFUND-TWICE] POST /payments/refund/webhook (RACE)",
    "[RACE-REFUND] POST /payments/{id}/refund (RACE)",
    "[RACE-ID] POST /customers (RACE)",
    "[RACE-CHECKOUT] POST /carts/{id}/checkout (RACE)",
    "[RACE-ADDRESS] POST /customers/{id}/addresses (RACE)",
    "[RACE-SUSPEND] PUT /customers/{id}/suspend (RACE)",
];

/// Users that walk each journey in a case.
const WALKS: usize = 30;

/// A script of all classes, and a simulation in which it meets the sandbox.
fn world(seed: u64) -> (ShopScript, Simulation) {
    let plan = Plan {
        seed,
        run_id: RunId::new(1_800_000_000_000, 1, seed as u16),
        ..plan(&OF_FIVE, Pacing::Max)
    };
    let script = ShopScript::new(&plan, Generation::Five).unwrap();
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows()).with_races(script.race_rows());
    let target = Target::parse("http://localhost:8000").unwrap();
    let heads = PreparedHeads::new(script.steps(), &target).unwrap();
    let mut shop = InProcessShop::new(Generation::Five, 10_000);
    let simulation = Simulation::new(0, recorder, heads, move |request, _| {
        let reply = shop.answer(request).expect("a whole request");
        SimulatedAnswer::reply(MS, reply.status, reply.body)
    });
    (script, simulation)
}

fn start(seed: u64, user: u32) -> SessionStart {
    SessionStart {
        class: 0,
        wait: WaitTime::None,
        seed: user_seed(seed, user),
        unique: UniqueNumbers::of_user(user),
        due_ns: 0,
    }
}

fn check(script: &ShopScript, simulation: &Simulation) {
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    let names = script.names();
    for error in &interval.errors {
        let name = names[usize::from(error.key.name)].name;
        assert!(
            error.key.outcome == Outcome::Refused && MAY_BE_REFUSED.contains(&name),
            "{name}: {} {} {}",
            error.key.outcome.word(),
            error.key.status,
            error.key.reason.as_str()
        );
    }
    assert_eq!(interval.errors_cut, 0);
}

proptest! {
    // A case makes all payloads anew, which takes most of its time; each journey is walked by users
    // with seeds of their own.
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_step_gets_its_expected_status(seed: u64) {
        let (script, mut simulation) = world(seed);
        let mut user = simulation.session(start(seed, 0), 3_600 * SECOND);
        let set_up = script.clone();
        simulation.spawn(async move { user.set_up(&set_up).await.unwrap() });
        simulation.run();
        let walks = journeys_of_five();
        let walks = walks.into_iter().flat_map(|journey| [journey; WALKS]);
        for (index, journey) in (1..).zip(walks) {
            let mut user = simulation.session(start(seed, index), 3_600 * SECOND);
            let script = script.clone();
            simulation.spawn(async move {
                // The flash sale's passes are below.
                if journey.name() != "FlashSaleStampede" {
                    script.carry_out(journey, &mut user).await.unwrap();
                }
            });
        }
        simulation.run();
        check(&script, &simulation);
    }
}

/// Whole classes, as runs have them: passes drawn by weight, the flash sale's item set up.
#[test]
fn every_class_works_through_its_journeys() {
    let (script, mut simulation) = world(7);
    let mut user = simulation.session(start(7, 0), 600 * SECOND);
    let set_up = script.clone();
    simulation.spawn(async move { user.set_up(&set_up).await.unwrap() });
    simulation.run();
    let script = Arc::new(script);
    for (class, index) in (0..OF_FIVE.len()).zip(1..) {
        let start = SessionStart {
            class,
            due_ns: simulation.now_ns(),
            ..start(7, index)
        };
        simulation.spawn_user(&script, start, 5 * SECOND);
    }
    simulation.run();
    check(&script, &simulation);
    let recorder = simulation.recorder();
    let mut recorder = recorder.borrow_mut();
    for (name, counts) in script.journeys().iter().zip(&recorder.interval().journeys) {
        assert!(counts.completed > 20, "{name}: {counts:?}");
        assert_eq!(counts.aborted, 0, "{name}");
    }
}
