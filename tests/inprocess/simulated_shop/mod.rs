//! A shop in virtual time that takes everything that journeys send, and what it was sent.

use shopblast::engine::{
    Described, PreparedHeads, Recorder, Script, SessionStart, SimulatedAnswer, Simulation,
};
use shopblast::plan::{
    ClassShare, Load, Pacing, Plan, RaceRules, RunId, Stage, Target, UniqueNumbers, fnv1a,
    user_seed,
};
use shopblast::shop::{JOURNEYS, JourneyKind, ShopScript, ShopSettings, UserClass, user_class};
use shopblast::stats::CoreInterval;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

pub const MS: u64 = 1_000_000;
pub const SECOND: u64 = 1_000 * MS;

/// The classes that shopblast had before today's suite: those of the suite of five, and the audit of races.
pub const OF_FIVE: [&str; 13] = [
    "IdentityUser",
    "CatalogueUser",
    "OrderingUser",
    "InventoryUser",
    "PaymentsUser",
    "MixedWorkloadUser",
    "CrossDomainUser",
    "RaceConditionUser",
    "RaceAuditUser",
    "FlashSaleUser",
    "EventFloodUser",
    "SpikeUser",
    "CrossDomainFloodUser",
];

/// Those classes.
pub fn classes_of_five() -> Vec<&'static UserClass> {
    let classes = OF_FIVE.iter().map(|name| user_class(name).unwrap());
    classes.collect()
}

/// Their journeys in the suite of five, in the order of the files.
pub fn journeys_of_five() -> Vec<JourneyKind> {
    let classes = classes_of_five();
    let is_made = |journey: &JourneyKind| {
        let made = classes.iter().flat_map(|class| class.journeys);
        made.into_iter().any(|entry| entry.journey == *journey)
    };
    JOURNEYS.iter().copied().filter(is_made).collect()
}

/// A plan of one core with the user classes `classes`, weight 1 each.
pub fn plan(classes: &[&str], pacing: Pacing) -> Plan {
    let share = |class: &&str| ClassShare {
        class: (*class).to_owned(),
        weight: 1,
    };
    let load = Load::Closed {
        stages: vec![Stage {
            users: 1,
            spawn_rate_per_s: 1.0,
            duration_us: 1,
        }],
    };
    Plan {
        classes: classes.iter().map(share).collect(),
        pacing,
        // As the Locust suite does it: one request after the other, nothing asked beside.
        races: ShopSettings::default().races(RaceRules {
            sequential: true,
            ..RaceRules::default()
        }),
        seed: 42,
        run_id: RunId::new(1_800_000_000_000, 1, 1),
        ..Plan::of_load(load, Duration::from_secs(60))
    }
}

/// A request taken apart.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut line = head.split(' ');
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self {
            method: line.next().unwrap().to_owned(),
            path: line.next().unwrap().to_owned(),
            headers: head.lines().skip(1).map(header).collect(),
            body: body.to_owned(),
        }
    }

    /// Method and path with `{id}` in place of the id.
    pub fn name(&self) -> String {
        let mut path: Vec<_> = self.path.split('/').collect();
        if let Some(id) = path.get_mut(2) {
            *id = "{id}";
        }
        format!("{} {}", self.method, path.join("/"))
    }

    /// The unique number at the end of the customer's external id, from the body of a registration
    /// or the path of what follows.
    pub fn customer_number(&self) -> &str {
        let text = self.path.split('/').nth(2).unwrap_or_else(|| {
            let (_, value) = self.body.split_once("\"external_id\":\"").unwrap();
            value.split('"').next().unwrap()
        });
        &text[text.len() - 12..]
    }
}

/// What creates something that gets an id: the path, and the field of the reply.
const CREATES: [(&str, &str); 9] = [
    ("/customers", "customer_id"),
    ("/products", "product_id"),
    ("/categories", "category_id"),
    ("/carts", "cart_id"),
    ("/orders", "order_id"),
    ("/warehouses", "warehouse_id"),
    ("/inventory", "inventory_item_id"),
    ("/payments", "payment_id"),
    ("/invoices", "invoice_id"),
];

/// The reply of a shop where all goes well. A customer's id is made of its external id, every other
/// of the request, so that it does not depend on who else is there.
pub fn well(request: &[u8], after_ns: u64) -> SimulatedAnswer {
    let parsed = Request::parse(request);
    let is_post = parsed.method == "POST";
    let last = parsed.path.rsplit('/').next().unwrap();
    let created = CREATES
        .iter()
        .find(|(path, _)| is_post && *path == parsed.path);
    if let Some((_, field)) = created {
        let number = match *field {
            "customer_id" => parsed.customer_number().to_owned(),
            _ => format!("{:012x}", fnv1a(request) >> 16),
        };
        let body = format!(r#"{{"{field}":"00000000-0000-4000-8000-{number}"}}"#);
        return SimulatedAnswer::reply(after_ns, 201, body);
    }
    let ok = *b"{\"status\":\"ok\"}";
    match (is_post, last) {
        (true, "refund") => {
            let number = fnv1a(request) >> 16;
            let body = format!(r#"{{"refund_id":"00000000-0000-4000-9000-{number:012x}"}}"#);
            SimulatedAnswer::reply(after_ns, 200, body)
        }
        (true, "checkout") => SimulatedAnswer::reply(after_ns, 201, *b"{\"order_id\":\"o-1\"}"),
        (true, "items" | "retry" | "webhook") => SimulatedAnswer::reply(after_ns, 200, ok),
        (true, _) => SimulatedAnswer::reply(after_ns, 201, ok),
        (false, "release") => refusal(after_ns, "reservation_id", "Reservation not found"),
        (false, _) => SimulatedAnswer::reply(after_ns, 200, ok),
    }
}

/// A business rule's no.
pub fn refusal(after_ns: u64, field: &str, message: &str) -> SimulatedAnswer {
    let body = format!(r#"{{"error":{{"{field}":["{message}"]}}}}"#);
    SimulatedAnswer::reply(after_ns, 400, body)
}

/// A shop where all goes well, but for items of orders that are confirmed: they come too late.
pub fn orderly(after_ns: u64) -> impl FnMut(&[u8]) -> SimulatedAnswer {
    let mut confirmed = HashSet::new();
    move |request| {
        let Request { method, path, .. } = Request::parse(request);
        if let Some(order) = path.strip_suffix("/confirm") {
            confirmed.insert(order.to_owned());
        }
        let of_order = path.strip_suffix("/items").filter(|_| method == "POST");
        if of_order.is_some_and(|order| confirmed.contains(order)) {
            return refusal(
                after_ns,
                "status",
                "Cannot transition from Confirmed to Confirmed",
            );
        }
        well(request, after_ns)
    }
}

/// A world in which the classes of `script` act on `shop`.
pub fn simulation(
    script: &ShopScript,
    shop: impl FnMut(&[u8], u64) -> SimulatedAnswer + 'static,
) -> Simulation {
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows()).with_races(script.race_rows());
    let target = Target::parse("http://localhost:8000").unwrap();
    let heads = PreparedHeads::new(script.steps(), &target).unwrap();
    Simulation::new(0, recorder, heads, shop)
}

/// How user `user_index` of class 0 starts.
pub fn start(script: &ShopScript, user_index: u32, due_ns: u64) -> SessionStart {
    SessionStart {
        class: 0,
        wait: script.wait_of(0),
        seed: user_seed(42, user_index),
        unique: UniqueNumbers::of_user(user_index),
        due_ns,
    }
}

/// Requests by user, as the bytes that were sent.
pub type Streams = BTreeMap<u32, Vec<Vec<u8>>>;

/// Users of class 0 with these indices, for `run_ns`, in a shop that takes `latency_ns(now)`.
pub fn streams(
    script: &ShopScript,
    users: impl IntoIterator<Item = u32>,
    run_ns: u64,
    latency_ns: impl Fn(u64) -> u64 + 'static,
) -> Streams {
    let sent = Rc::new(RefCell::new(Streams::new()));
    let log = Rc::clone(&sent);
    let mut simulation = simulation(script, move |request, now_ns| {
        let user = user_of(&Request::parse(request));
        log.borrow_mut()
            .entry(user)
            .or_default()
            .push(request.to_vec());
        well(request, latency_ns(now_ns))
    });
    let script = Arc::new(script.clone());
    for user in users {
        simulation.spawn_user(&script, start(&script, user, 0), run_ns);
    }
    simulation.run();
    sent.take()
}

/// A user's span of unique numbers begins with the user's index: 25 bits, 5 characters.
fn user_of(request: &Request) -> u32 {
    const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";
    request.customer_number()[..5]
        .chars()
        .fold(0, |number, character| {
            number * 32 + ALPHABET.find(character).unwrap() as u32
        })
}
