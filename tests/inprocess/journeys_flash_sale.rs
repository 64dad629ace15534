//! The flash sale's set-up: once a run, before the users start, tried again, or the run is off.

use crate::simulated_shop::{MS, Request, SECOND, plan, refusal, simulation, start, well};
use shopblast::engine::{Described, Script, SetUpFailure, SimulatedAnswer};
use shopblast::plan::Pacing;
use shopblast::shop::{Generation, ShopScript};
use shopblast::stats::Outcome;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

const LATENCY_NS: u64 = 10 * MS;

/// What a set-up sent, when, and how it ended.
struct SetUp {
    sent: Vec<(Request, u64)>,
    ended: Result<(), SetUpFailure>,
    script: ShopScript,
}

/// Sets `class` up in a shop that answers the request at a position with `instead`, or well.
fn set_up(
    class: &str,
    instead: impl Fn(usize, &Request) -> Option<SimulatedAnswer> + 'static,
) -> SetUp {
    let script = ShopScript::new(&plan(&[class], Pacing::Max), Generation::Five).unwrap();
    let sent = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&sent);
    let mut world = simulation(&script, move |bytes, now_ns| {
        let request = Request::parse(bytes);
        let answer = instead(log.borrow().len(), &request);
        log.borrow_mut().push((request, now_ns));
        answer.unwrap_or_else(|| well(bytes, LATENCY_NS))
    });
    let mut user = world.session(start(&script, 0, 0), 60 * SECOND);
    let ended = Rc::new(RefCell::new(Ok(())));
    let result = Rc::clone(&ended);
    let acting = script.clone();
    world.spawn(async move {
        *result.borrow_mut() = acting.set_up(&mut user).await;
    });
    world.run();
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    let journeys = &recorder.interval().journeys;
    assert!(
        journeys.iter().all(|counts| counts.started == 0),
        "a set-up is no journey"
    );
    SetUp {
        sent: sent.take(),
        ended: ended.replace(Ok(())),
        script,
    }
}

fn paths(set_up: &SetUp) -> Vec<&str> {
    set_up
        .sent
        .iter()
        .map(|(request, _)| request.path.as_str())
        .collect()
}

#[test]
fn one_item_of_ten_pieces_is_put_up() {
    for class in ["FlashSaleUser", "RaceConditionUser"] {
        let set_up = set_up(class, |_, _| None);
        assert_eq!(set_up.ended, Ok(()));
        assert_eq!(paths(&set_up), ["/warehouses", "/inventory"]);
        let stock = &set_up.sent[1].0.body;
        assert!(stock.contains("\"initial_quantity\":10,"), "{stock}");
        assert!(
            stock.contains("\"warehouse_id\":\"00000000-0000-4000-8000-"),
            "{stock}"
        );
        let item = set_up.script.supplies().flash_item().unwrap();
        assert!(item.as_str().starts_with("00000000-0000-4000-8000-"));
    }
}

#[test]
fn runs_without_the_flash_sale_set_nothing_up() {
    let set_up = set_up("MixedWorkloadUser", |_, _| None);
    assert_eq!((set_up.ended, set_up.sent.len()), (Ok(()), 0));
}

#[test]
fn all_users_reserve_the_same_item_until_it_is_sold_out() {
    let set_up = set_up("FlashSaleUser", |_, _| None);
    let script = Arc::new(set_up.script);
    let path = format!(
        "/inventory/{}/reserve",
        script.supplies().flash_item().unwrap().as_str()
    );
    let mut left = 10;
    let mut world = simulation(&script, move |bytes, _| {
        let request = Request::parse(bytes);
        assert_eq!(request.path, path);
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        let wanted = body["quantity"].as_i64().unwrap();
        if wanted > left {
            return refusal(
                LATENCY_NS,
                "quantity",
                "Insufficient stock: 0 available, 1 requested",
            );
        }
        left -= wanted;
        well(bytes, LATENCY_NS)
    });
    for user in 0..50 {
        world.spawn_user(&script, start(&script, user, 0), 2 * SECOND);
    }
    world.run();
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    let names = script.names();
    let reserve = names
        .iter()
        .position(|name| name.name.ends_with("(RACE)"))
        .unwrap();
    let outcomes = recorder.interval().names[reserve].outcomes;
    let (won, refused) = (outcomes[Outcome::Success], outcomes[Outcome::Refused]);
    assert!((4..=10).contains(&won), "{won}");
    assert!(refused > 5_000, "{refused}");
    assert_eq!(won + refused, outcomes.requests());
}

#[test]
fn a_set_up_is_tried_again_with_growing_pauses() {
    let set_up = set_up("FlashSaleUser", |at, _| {
        (at < 4).then(|| SimulatedAnswer::reply(LATENCY_NS, 503, *b"{\"error\":\"not yet\"}"))
    });
    assert_eq!(set_up.ended, Ok(()));
    assert_eq!(
        paths(&set_up),
        [vec!["/warehouses"; 5], vec!["/inventory"]].concat()
    );
    let sent = set_up.sent.iter().map(|(_, sent_ns)| *sent_ns);
    let sent: Vec<u64> = sent.take(5).collect();
    let pauses: Vec<u64> = sent
        .windows(2)
        .map(|pair| (pair[1] - pair[0] - LATENCY_NS) / MS)
        .collect();
    assert_eq!(pauses, [100, 200, 400, 800]);
}

#[test]
fn without_a_warehouse_the_item_lies_in_a_made_up_one() {
    let set_up = set_up("FlashSaleUser", |_, request| {
        (request.path == "/warehouses").then(|| refusal(LATENCY_NS, "name", "No more warehouses"))
    });
    assert_eq!(set_up.ended, Ok(()));
    assert_eq!(set_up.sent.len(), 6);
    assert!(set_up.sent[5].0.body.contains("\"warehouse_id\":\"wh-"));
}

#[test]
fn without_an_item_there_is_no_run() {
    let set_up = set_up("FlashSaleUser", |_, request| {
        (request.path == "/inventory").then(|| refusal(LATENCY_NS, "sku", "Not on sale"))
    });
    assert_eq!(set_up.sent.len(), 6);
    let message = set_up.ended.unwrap_err().to_string();
    assert_eq!(
        message,
        "the flash sale's item could not be set up: 5 attempts, the last answered 400: sku: Not on sale; \
         see whether the shop is well, for example with `shopblast --profile smoke`"
    );
    assert!(set_up.script.supplies().flash_item().is_none());
}

/// A pass that sends nothing must not spin.
#[test]
fn users_without_an_item_sit_the_run_out() {
    let script = ShopScript::new(&plan(&["FlashSaleUser"], Pacing::Max), Generation::Five).unwrap();
    let mut world = simulation(&script, |_, _| panic!("nothing is sent"));
    world.spawn_user(&Arc::new(script.clone()), start(&script, 0, 0), 5 * SECOND);
    world.run();
    assert_eq!(world.now_ns(), 5 * SECOND);
}
