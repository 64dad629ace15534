//! A journey of one's own, written against the public interface alone: operations, steps, bodies, the
//! journey and the script, carried out in virtual time.
//!
//! A cart gets an item and a coupon, and is checked out.

use shopblast::engine::{
    Answer, Arena, ArenaBuilder, Journey, Link, Method, Operation, PreparedHeads, Recorder, Script,
    Session, SessionStart, Simulation, Step,
};
use shopblast::plan::{Target, UniqueNumbers, WaitTime};
use shopblast::shop::{events, judge_ordinary};
use shopblast::stats::{CoreInterval, Outcome, SetShape};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;

/// What is called: method, path, expected status, the id that the reply gives.
static CREATE_CART: Operation = operation("/carts", 201, Some("cart_id"));
static ADD_ITEM: Operation = operation("/carts/{cart_id}/items", 200, None);
static APPLY_COUPON: Operation = operation("/carts/{cart_id}/coupons", 200, None);
static CHECK_OUT: Operation = operation("/carts/{cart_id}/checkout", 201, None);

const fn operation(path: &'static str, success: u16, id_field: Option<&'static str>) -> Operation {
    Operation {
        method: Method::Post,
        path,
        success,
        id_field,
        headers: &[],
        judge: judge_ordinary,
    }
}

/// Under which name each is counted, and what a success raises.
static STEPS: [Step; 4] = [
    Step {
        index: 0,
        operation: &CREATE_CART,
        name: "[COUPON] POST /carts",
        raises: &[],
        stays: 0,
    },
    Step {
        index: 1,
        operation: &ADD_ITEM,
        name: "[COUPON] POST /carts/{id}/items",
        raises: &[events::CART_ITEM_ADDED],
        stays: 0,
    },
    Step {
        index: 2,
        operation: &APPLY_COUPON,
        name: "[COUPON] POST /carts/{id}/coupons",
        raises: &[events::CART_COUPON_APPLIED],
        stays: 0,
    },
    Step {
        index: 3,
        operation: &CHECK_OUT,
        name: "[COUPON] POST /carts/{id}/checkout",
        raises: &[events::ORDER_CREATED, events::CART_CONVERTED],
        stays: 1,
    },
];

/// Ready-made bodies, generated before the clock starts.
struct Bodies {
    carts: Arena,
    items: Arena,
    coupons: Arena,
    checkouts: Arena,
}

impl Bodies {
    fn new() -> Self {
        let mut quantity = 0;
        Self {
            carts: ArenaBuilder::build(1, |body| {
                body.object(|body| body.member("customer_id", "cust-1"));
            }),
            items: ArenaBuilder::build(3, |body| {
                quantity += 1;
                body.object(|body| {
                    body.member("product_id", "prod-1");
                    body.member("variant_id", "var-1");
                    body.member("quantity", quantity);
                });
            }),
            // No two coupons are alike: each holds a number that nobody else has.
            coupons: ArenaBuilder::build(1, |body| {
                body.object(|body| body.unique_member("coupon_code", "SPRING-", ""));
            }),
            checkouts: ArenaBuilder::build(1, |body| {
                body.object(|body| body.member("payment_method", "wallet"));
            }),
        }
    }
}

/// The journey: one line an exchange.
async fn coupon_checkout<L: Link>(user: &mut Session<L>, bodies: &Bodies) -> Journey {
    let [create, add, apply, check_out] = &STEPS;
    let cart = user.call(create).body(&bodies.carts).id().await?;
    user.call(add)
        .on(&cart)
        .body(&bodies.items)
        .or_abort()
        .await?;
    user.call(apply)
        .on(&cart)
        .body(&bodies.coupons)
        .or_continue()
        .await?;
    user.call(check_out)
        .on(&cart)
        .body(&bodies.checkouts)
        .or_abort()
        .await
}

/// What users do: here one journey, again and again.
struct CouponScript {
    bodies: Bodies,
}

impl Script for CouponScript {
    fn steps(&self) -> &'static [Step] {
        &STEPS
    }

    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        user.begin_journey(0);
        coupon_checkout(user, &self.bodies).await
    }
}

/// A shop that takes everything but every third coupon.
fn shop() -> impl FnMut(&[u8], u64) -> Answer {
    let mut coupons = 0;
    move |request, _| {
        let line = request.split(|byte| *byte == b'\r').next().unwrap();
        match line {
            b"POST /carts HTTP/1.1" => Answer::reply(2_000_000, 201, *b"{\"cart_id\":\"c-1\"}"),
            b"POST /carts/c-1/coupons HTTP/1.1" => {
                coupons += 1;
                let refused = *b"{\"error\":{\"coupon_code\":[\"Unknown\"]}}";
                let taken = *b"{\"status\":\"ok\"}";
                if coupons % 3 == 0 {
                    Answer::reply(2_000_000, 400, refused)
                } else {
                    Answer::reply(2_000_000, 200, taken)
                }
            }
            b"POST /carts/c-1/checkout HTTP/1.1" => {
                Answer::reply(2_000_000, 201, *b"{\"order_id\":\"o-1\"}")
            }
            _ => Answer::reply(2_000_000, 200, *b"{\"status\":\"ok\"}"),
        }
    }
}

#[test]
fn a_journey_of_one_s_own_runs() {
    let shape = SetShape {
        names: STEPS.len(),
        journeys: 1,
        races: 0,
        rules: 0,
    };
    let rows = Box::new([0, 1, 2, 3]);
    let recorder = Recorder::new(Box::new(CoreInterval::new(0, shape)), rows);
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
    let script = Arc::new(CouponScript {
        bodies: Bodies::new(),
    });
    let start = SessionStart {
        class: 0,
        wait: WaitTime::between(500_000, 500_000).unwrap(),
        seed: 1,
        unique: UniqueNumbers::of_user(0),
        due_ns: 0,
    };
    world.spawn_user(&script, start, 60 * SECOND);
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
