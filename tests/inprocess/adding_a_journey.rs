//! A workload of one's own in virtual time: a cart gets an item and a coupon, and is checked out. The
//! workload itself is in `tests/coupon_workload`; over sockets it goes in `tests/own_process`.

use crate::coupon_workload::{CouponShop, STEPS};
use shopblast::engine::{
    Described, PreparedHeads, Recorder, SessionStart, SimulatedAnswer, Simulation, Workload,
};
use shopblast::plan::{ClassShare, Load, Plan, Stage, Target, UniqueNumbers, WaitTime};
use shopblast::stats::{CoreInterval, Outcome};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// A shop that takes everything but every third coupon.
fn shop() -> impl FnMut(&[u8], u64) -> SimulatedAnswer {
    let mut coupons = 0;
    move |request, _| {
        let line = request.split(|byte| *byte == b'\r').next().unwrap();
        match line {
            b"POST /carts HTTP/1.1" => {
                SimulatedAnswer::reply(2_000_000, 201, *b"{\"cart_id\":\"c-1\"}")
            }
            b"POST /carts/c-1/coupons HTTP/1.1" => {
                coupons += 1;
                let refused = *b"{\"error\":{\"coupon_code\":[\"Unknown\"]}}";
                let taken = *b"{\"status\":\"ok\"}";
                if coupons % 3 == 0 {
                    SimulatedAnswer::reply(2_000_000, 400, refused)
                } else {
                    SimulatedAnswer::reply(2_000_000, 200, taken)
                }
            }
            b"POST /carts/c-1/checkout HTTP/1.1" => {
                SimulatedAnswer::reply(2_000_000, 201, *b"{\"order_id\":\"o-1\"}")
            }
            _ => SimulatedAnswer::reply(2_000_000, 200, *b"{\"status\":\"ok\"}"),
        }
    }
}

#[test]
fn a_journey_of_one_s_own_runs() {
    let alone = Stage {
        users: 1,
        spawn_rate_per_s: 1.0,
        duration_us: MINUTE.as_micros() as u64,
    };
    let plan = Plan {
        classes: vec![ClassShare {
            class: "Shopper".to_owned(),
            weight: 1,
        }],
        ..Plan::of_load(Load::closed(vec![alone], MINUTE).unwrap(), MINUTE)
    };
    let script = CouponShop.script(&plan, &CouponShop.presumed()).unwrap();
    let script = Arc::new(script);
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows());
    let target = Target::parse("http://localhost:8000").unwrap();
    let heads = PreparedHeads::new(&STEPS, &target).unwrap();
    let sent = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&sent);
    let mut shop = shop();
    let mut world = Simulation::new(0, recorder, heads, move |request, now_ns| {
        log.borrow_mut()
            .push(String::from_utf8_lossy(request).into_owned());
        shop(request, now_ns)
    });
    let start = SessionStart {
        class: 0,
        wait: WaitTime::between(500_000, 500_000).unwrap(),
        seed: 1,
        unique: UniqueNumbers::of_user(0),
        due_ns: 0,
    };
    world.spawn_user(&script, start, MINUTE.as_nanos() as u64);
    world.run();

    let sent = sent.take();
    assert!(sent[0].starts_with("POST /carts HTTP/1.1\r\nhost: localhost:8000\r\n"));
    assert!(sent[2].ends_with(r#"{"coupon_code":"SPRING-000000000000"}"#));
    assert!(sent[6].ends_with(r#"{"coupon_code":"SPRING-000000000001"}"#));
    let recorder = world.recorder();
    let mut recorder = recorder.borrow_mut();
    let interval = recorder.interval();
    let outcomes = |row: usize, outcome: Outcome| interval.names[row].outcomes[outcome];
    // A step and its wait take 502 ms: 120 steps in a minute, 30 journeys, every third coupon in vain.
    let carts = outcomes(0, Outcome::Success);
    assert_eq!(carts, 30);
    assert_eq!(outcomes(2, Outcome::Failed), 10);
    assert_eq!(
        outcomes(3, Outcome::Success),
        interval.journeys[0].completed
    );
    assert_eq!(
        interval.journeys[0].aborted, 0,
        "a coupon is not worth a journey"
    );
}
