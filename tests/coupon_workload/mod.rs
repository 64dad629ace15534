//! A workload of one's own, written against the public interface alone: what a shop that knows coupons is
//! asked. Operations, steps, events, a race, a rule, bodies, journeys, the script, what it is called, and
//! how its target is met. Nothing of it is ShopStream's.

use serde_json::{Map, Value};
use shopblast::engine::inquiry::{Inquiry, NotRecognised, Recognition};
use shopblast::engine::{
    Arena, ArenaBuilder, Described, Journey, Link, Method, Operation, Racer, Script, Session, Step,
    TargetFacts, Unprepared, Workload,
};
use shopblast::plan::{Plan, WaitTime};
use shopblast::stats::{Event, Outcome, Race, Reason, Rule, RuleFinding};

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
        judge: unexpected,
        ..Operation::PLAIN
    }
}

/// Judges requests that nobody else contends for: every other answer is a failure.
fn unexpected(_: u16, body: &[u8]) -> (Outcome, Reason) {
    (Outcome::Failed, Reason::new(&String::from_utf8_lossy(body)))
}

/// Judges requests of a race: a refusal is the fate of who loses it.
fn contended(status: u16, body: &[u8]) -> (Outcome, Reason) {
    match status {
        400 => (Outcome::Refused, Reason::new("the coupon is used up")),
        _ => unexpected(status, body),
    }
}

/// What the shop raises behind the scenes.
const CART_FILLED: Event = event("CartFilled");
const COUPON_REDEEMED: Event = event("CouponRedeemed");
const CART_SOLD: Event = event("CartSold");

const fn event(name: &'static str) -> Event {
    Event {
        domain: "Coupons",
        name,
        outbox: false,
    }
}

/// Under which name each is counted, and what a success raises.
pub static STEPS: [Step; 5] = [
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
        raises: &[CART_FILLED],
        stays: 0,
    },
    Step {
        index: 2,
        operation: &APPLY_COUPON,
        name: "[COUPON] POST /carts/{id}/coupons",
        raises: &[COUPON_REDEEMED],
        stays: 0,
    },
    Step {
        index: 3,
        operation: &CHECK_OUT,
        name: "[COUPON] POST /carts/{id}/checkout",
        raises: &[CART_SOLD],
        stays: 0,
    },
    Step {
        index: 4,
        operation: &APPLY_COUPON,
        name: "[TWICE] POST /carts/{id}/coupons",
        raises: &[COUPON_REDEEMED],
        stays: 0,
    },
];

/// What is let go at once.
static RACES: [Race; 1] = [Race {
    index: 0,
    name: "coupon-twice",
    sides: &["redeem"],
}];

/// What must hold.
static RULES: [Rule; 1] = [Rule {
    index: 0,
    name: "coupon-counts-once",
    text: "a coupon is redeemed once",
    enforced: true,
}];

/// Ready-made bodies, generated before the clock starts.
pub struct Bodies {
    carts: Arena,
    items: Arena,
    coupons: Arena,
    checkouts: Arena,
}

impl Bodies {
    pub fn new() -> Self {
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
    let [create, add, apply, check_out, _] = &STEPS;
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

/// A race and its rule: two coupons for one cart at once, of which one may be taken.
async fn coupon_twice<L: Link>(user: &mut Session<L>, bodies: &Bodies) -> Journey {
    let [create, .., apply] = &STEPS;
    user.begin_log();
    let cart = user.call(create).body(&bodies.carts).id().await?;
    let redeem = Racer::of(apply)
        .on(&cart)
        .body(&bodies.coupons)
        .judged_by(contended)
        .times(2);
    let racers = user.race(&RACES[0], &[redeem]).await?;
    let entries = user.log().entries();
    let ended = |outcome| {
        racers
            .clone()
            .filter(move |&at| entries[at].outcome == outcome)
    };
    let taken = ended(Outcome::Success).count();
    let found = match (taken, ended(Outcome::Unknown).count()) {
        (0 | 1, 0) => RuleFinding::Held,
        (0 | 1, _) => RuleFinding::Undecided("a reply was lost"),
        _ => RuleFinding::broken(
            format_args!("{taken} coupons were taken for one cart"),
            ended(Outcome::Success),
        ),
    };
    user.settle(&RULES[0], found);
    Ok(())
}

/// What users of a class do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// They buy.
    Shop,
    /// They try their luck.
    Cheat,
}

impl Errand {
    const ALL: [Self; 2] = [Self::Shop, Self::Cheat];

    const fn class(self) -> &'static str {
        match self {
            Self::Shop => "Shopper",
            Self::Cheat => "Cheat",
        }
    }

    const fn journey(self) -> &'static str {
        match self {
            Self::Shop => "CouponCheckout",
            Self::Cheat => "CouponTwice",
        }
    }

    fn of_class(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|errand| errand.class() == name)
    }
}

/// What users do: those of each class of the plan one journey, again and again.
pub struct CouponScript {
    pub bodies: Bodies,
    /// By the index of the class in the plan.
    pub classes: Vec<Errand>,
}

impl Script for CouponScript {
    fn steps(&self) -> &'static [Step] {
        &STEPS
    }

    fn race_connections(&self, users: usize) -> usize {
        match self.classes.contains(&Errand::Cheat) {
            true => 2 * users,
            false => 0,
        }
    }

    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        let class = user.class();
        user.begin_journey(class as u16);
        match self.classes[class] {
            Errand::Shop => coupon_checkout(user, &self.bodies).await,
            Errand::Cheat => coupon_twice(user, &self.bodies).await,
        }
    }
}

impl Described for CouponScript {
    fn journeys(&self) -> Vec<&'static str> {
        self.classes.iter().map(|errand| errand.journey()).collect()
    }

    fn race_table(&self) -> &'static [Race] {
        &RACES
    }

    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn wait_of(&self, class: usize) -> WaitTime {
        match self.classes[class] {
            Errand::Shop => WaitTime::between(1_000, 2_000).expect("a wait"),
            Errand::Cheat => WaitTime::None,
        }
    }
}

/// The shop that is tested.
#[derive(Debug)]
pub struct CouponShop;

impl Workload for CouponShop {
    type Script = CouponScript;
    type Target = String;

    fn health_path(&self) -> &'static str {
        "/ready"
    }

    fn recognise(&self, inquiry: &dyn Inquiry) -> Result<Recognition<String>, NotRecognised> {
        let path = self.health_path();
        let answer = inquiry.ask(inquiry.target(), path, 1_024);
        let answer = answer.map_err(|why| NotRecognised::NoAnswer { path, why })?;
        let says = String::from_utf8_lossy(&answer.body).into_owned();
        match says.starts_with("coupon shop") {
            true => Ok(Recognition {
                target: says,
                caveat: None,
            }),
            false => {
                let url = inquiry.target().url();
                Err(NotRecognised::Other(format!("{url} knows no coupons")))
            }
        }
    }

    fn presumed(&self) -> String {
        "coupon shop, not looked at".to_owned()
    }

    fn script(&self, plan: &Plan, _: &String) -> Result<CouponScript, Unprepared> {
        let classes = plan.classes.iter().map(|share| {
            let unknown = || Unprepared(format!("nobody is called {}", share.class));
            Errand::of_class(&share.class).ok_or_else(unknown)
        });
        Ok(CouponScript {
            bodies: Bodies::new(),
            classes: classes.collect::<Result<_, _>>()?,
        })
    }

    fn facts(&self, _: &CouponScript, target: &String) -> TargetFacts {
        TargetFacts {
            says: target.clone(),
            ..TargetFacts::default()
        }
    }

    fn planned_shares(&self, plan: &Map<String, Value>, _: &str) -> Vec<(&'static str, f64)> {
        let classes = plan["classes"].as_array().into_iter().flatten();
        let weights: Vec<(Errand, f64)> = classes
            .filter_map(|share| {
                let errand = Errand::of_class(share["class"].as_str()?)?;
                Some((errand, share["weight"].as_f64()?))
            })
            .collect();
        let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let shares = weights.into_iter();
        shares
            .map(|(errand, weight)| (errand.journey(), weight / all))
            .collect()
    }
}
