//! Probes ask, and change nothing: by the matrix of an order's states in each generation, and in
//! races whose replies are lost, so that nobody knows what state there is.

use crate::simulated_shop::{MS, OF_FIVE, Request, SECOND, plan};
use shopblast::engine::{
    Broken, Described, PreparedHeads, Recorder, SessionStart, SimulatedAnswer, Simulation,
};
use shopblast::plan::{Pacing, RaceRules, RunId, Target, UniqueNumbers, WaitTime, user_seed};
use shopblast::sandbox::InProcessShop;
use shopblast::shop::{Generation, JOURNEYS, ShopScript, ShopSettings, Supplies};
use shopblast::stats::CoreInterval;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// Where a request leads from a state: `state: request → state`. What is not here is refused, and
/// what leads nowhere is accepted without doing anything.
type Matrix = BTreeMap<(&'static str, &'static str), &'static str>;

/// The measured matrix of `five`: state, then requests and where they lead.
const FIVE: &[(&str, &[(&str, &str)])] = &[
    (
        "Created",
        &[
            ("confirm", "Confirmed"),
            ("payment/failure", "Confirmed"),
            ("cancel", "Cancelled"),
            ("items", "Created"),
            ("coupon", "Created"),
        ],
    ),
    (
        "Confirmed",
        &[
            ("payment/pending", "Payment_Pending"),
            ("cancel", "Cancelled"),
        ],
    ),
    (
        "Payment_Pending",
        &[
            ("confirm", "Confirmed"),
            ("payment/success", "Paid"),
            ("payment/failure", "Confirmed"),
            ("cancel", "Cancelled"),
            ("items", "Payment_Pending"),
        ],
    ),
    (
        "Paid",
        &[
            ("processing", "Processing"),
            ("ship", "Shipped"),
            ("cancel", "Cancelled"),
        ],
    ),
    (
        "Processing",
        &[("ship", "Shipped"), ("ship/partial", "Partially_Shipped")],
    ),
    ("Partially_Shipped", &[("ship", "Shipped")]),
    ("Shipped", &[("deliver", "Delivered")]),
    (
        "Delivered",
        &[
            ("complete", "Completed"),
            ("return/request", "Return_Requested"),
        ],
    ),
    ("Return_Requested", &[("return/approve", "Return_Approved")]),
    ("Return_Approved", &[("return/record", "Returned")]),
    ("Returned", &[("refund", "Refunded")]),
    ("Cancelled", &[("refund", "Refunded")]),
    ("Completed", &[]),
    ("Refunded", &[]),
];

/// What `today` accepts without doing anything.
const IDLE_TODAY: &[(&str, &str)] = &[
    ("Payment_Pending", "payment/pending"),
    ("Paid", "payment/success"),
    ("Cancelled", "payment/pending"),
    ("Cancelled", "payment/success"),
    ("Cancelled", "payment/failure"),
    ("Refunded", "payment/pending"),
    ("Refunded", "payment/success"),
    ("Refunded", "payment/failure"),
    ("Refunded", "refund"),
];

fn matrix(generation: Generation) -> Matrix {
    let cells = FIVE
        .iter()
        .flat_map(|(state, cells)| cells.iter().map(|&(request, to)| ((*state, request), to)));
    let mut matrix: Matrix = cells.collect();
    if generation == Generation::Today {
        assert!(matrix.remove(&("Payment_Pending", "items")).is_some());
        for &(state, request) in IDLE_TODAY {
            assert!(matrix.insert((state, request), state).is_none());
        }
    }
    matrix
}

/// Every state that `requests`, in any order and each any number of times, can lead to.
fn reachable(matrix: &Matrix, requests: &[&str]) -> BTreeSet<&'static str> {
    let mut states = BTreeSet::from(["Created"]);
    loop {
        let cells = matrix.iter();
        let further: Vec<&'static str> = cells
            .filter(|((state, request), _)| states.contains(state) && requests.contains(request))
            .map(|(_, to)| *to)
            .collect();
        let known = states.len();
        states.extend(further);
        if states.len() == known {
            return states;
        }
    }
}

/// What the races over orders send, and what the shop's own engines do to such an order.
const RACES: &[&str] = &[
    "confirm",
    "payment/pending",
    "payment/success",
    "payment/failure",
    "cancel",
    "items",
];

#[test]
fn no_race_gets_an_order_to_where_its_probe_would_change_it() {
    for generation in Generation::ALL {
        let matrix = matrix(generation);
        let states = reachable(&matrix, RACES);
        assert!(states.contains("Cancelled") && states.contains("Paid"));
        for state in states {
            let cell = matrix.get(&(state, "return/record"));
            assert_eq!(cell, None, "{generation:?}: return/record in {state}");
        }
        // Asked only of an order that the probe before named Cancelled: from there no race leads on.
        assert_eq!(matrix.get(&("Cancelled", "processing")), None);
        for request in RACES {
            let to = matrix.get(&("Cancelled", *request));
            assert!(
                to.is_none_or(|to| *to == "Cancelled"),
                "{generation:?}: {request}"
            );
        }
    }
}

/// Why the probe that names a state is one that has a state of its own where it would succeed.
#[test]
fn no_request_that_names_the_state_is_refused_in_all_of_them() {
    for generation in Generation::ALL {
        let matrix = matrix(generation);
        let naming = [
            "confirm",
            "payment/pending",
            "payment/success",
            "payment/failure",
            "processing",
            "deliver",
            "complete",
            "return/request",
            "return/approve",
            "return/record",
        ];
        for request in naming {
            assert!(
                matrix.keys().any(|(_, known)| *known == request),
                "{request} is refused in every state of {generation:?}: ask that"
            );
        }
    }
}

/// Requests that only probes send: what they are recognised by.
fn is_probe(request: &Request) -> bool {
    let path = &request.path;
    path.ends_with("/return/record")
        || path.ends_with("/processing")
        || path.ends_with("/quantity")
        || path.ends_with("/timeline")
        || request.body.contains("\"quantity\":1000000000")
}

/// Requests of probes that succeeded, and how many were sent.
#[derive(Default)]
struct Probed {
    sent: usize,
    succeeded: Vec<String>,
    /// Refusals by what they say, up to the first digit.
    kinds: BTreeSet<String>,
}

/// All races, each walked by some users, where one request in six is lost on its way to the shop, and
/// one in six on its way back.
fn race(seed: u64, generation: Generation) -> Probed {
    let script = ShopScript::new(&plan(&OF_FIVE, Pacing::Max), generation).unwrap();
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows()).with_races(script.race_rows());
    let target = Target::parse("http://localhost:8000").unwrap();
    let heads = PreparedHeads::new(shopblast::engine::Script::steps(&script), &target).unwrap();
    let mut shop = InProcessShop::new(generation, 10_000);
    let probed: Rc<RefCell<Probed>> = Rc::default();
    let watched = Rc::clone(&probed);
    let mut luck = fastrand::Rng::with_seed(seed);
    let mut simulation = Simulation::new(0, recorder, heads, move |bytes, _| {
        let fate = luck.u32(..6);
        if fate == 0 {
            return SimulatedAnswer::broken(MS, Broken::Lost, "lost on the way there");
        }
        let reply = shop.answer(bytes).expect("a whole request");
        let request = Request::parse(bytes);
        if is_probe(&request) {
            let mut probed = watched.borrow_mut();
            probed.sent += 1;
            let said = String::from_utf8_lossy(&reply.body).into_owned();
            match reply.status {
                // To read is no change.
                200..300 if request.method == "GET" => {}
                200..300 => probed
                    .succeeded
                    .push(format!("{} {}: {said}", request.method, request.path)),
                _ => {
                    let end = said.find(|letter: char| letter.is_ascii_digit());
                    probed
                        .kinds
                        .insert(said[..end.unwrap_or(said.len())].to_owned());
                }
            }
        }
        match fate {
            1 => SimulatedAnswer::broken(MS, Broken::Lost, "lost on the way back"),
            _ => SimulatedAnswer::reply(MS, reply.status, reply.body),
        }
    });
    let run_id = RunId::new(1_800_000_000_000, 1, seed as u16);
    let (settings, rules) = (ShopSettings::default(), RaceRules::default());
    let supplies = Supplies::new(seed, &run_id, settings, rules, generation);
    let supplies = Arc::new(supplies);
    let races = JOURNEYS
        .iter()
        .filter(|journey| journey.widest_race() > 0)
        .filter_map(|journey| journey.written_in_rust())
        .flat_map(|journey| [journey; 100]);
    for (index, journey) in (1..).zip(races) {
        let start = SessionStart {
            class: 0,
            wait: WaitTime::None,
            seed: user_seed(seed, index),
            unique: UniqueNumbers::of_user(index),
            due_ns: 0,
        };
        let mut user = simulation.session(start, 3_600 * SECOND);
        let supplies = Arc::clone(&supplies);
        simulation.spawn(async move {
            // A step whose reply is lost may end it.
            let _ = journey.carry_out(&mut user, &supplies).await;
        });
    }
    simulation.run();
    probed.take()
}

#[test]
fn a_probe_never_succeeds_however_many_requests_and_replies_are_lost() {
    let mut kinds = BTreeSet::new();
    let shops = Generation::ALL.map(|generation| [1, 2, 3].map(|seed| (seed, generation)));
    for (seed, generation) in shops.into_iter().flatten() {
        let probed = race(seed, generation);
        assert!(probed.sent > 100, "{} probes", probed.sent);
        assert!(probed.succeeded.is_empty(), "{:?}", probed.succeeded);
        kinds.extend(probed.kinds);
    }
    // Among them orders whose confirmation never came: those would have taken an item.
    for said in [
        "Item not found",
        "updated in Created state",
        "Insufficient stock",
        "from Payment_Pending to Returned",
        "from Paid to Returned",
        "from Cancelled to Returned",
    ] {
        let is_said = kinds.iter().any(|kind: &String| kind.contains(said));
        assert!(is_said, "{said} is not among {kinds:?}");
    }
}
