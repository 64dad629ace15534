//! A shop in virtual time that knows the identity operations, and what it was sent.

use shopblast::engine::{Answer, PreparedHeads, Recorder, Script, SessionStart, Simulation};
use shopblast::plan::{
    ClassShare, Driver, JourneyOptions, Load, Pacing, Plan, RunId, Stage, Target, UniqueNumbers,
    user_seed,
};
use shopblast::shop::ShopScript;
use shopblast::stats::CoreInterval;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

pub const MS: u64 = 1_000_000;
pub const SECOND: u64 = 1_000 * MS;

/// A plan of one core with the user classes `classes`, weight 1 each.
pub fn plan(classes: &[&str], pacing: Pacing) -> Plan {
    let share = |class: &&str| ClassShare {
        class: (*class).to_owned(),
        weight: 1,
    };
    Plan {
        profile: "custom".to_owned(),
        classes: classes.iter().map(share).collect(),
        target: Target::parse("http://localhost:8000").unwrap(),
        load: Load::Closed {
            stages: vec![Stage {
                users: 1,
                spawn_rate_per_s: 1.0,
                duration_us: 1,
            }],
        },
        pacing,
        options: JourneyOptions::default(),
        run_time: Duration::from_secs(60),
        stop_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(30),
        connections: None,
        max_body_bytes: 1 << 20,
        driver: Driver::Uring,
        cores: vec![0],
        seed: 42,
        run_id: RunId::new(1_800_000_000_000, 1, 1),
    }
}

/// A request taken apart.
pub struct Request {
    pub method: String,
    pub path: String,
    pub body: String,
}

impl Request {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut line = head.split(' ');
        Self {
            method: line.next().unwrap().to_owned(),
            path: line.next().unwrap().to_owned(),
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

/// The reply of a shop where all goes well. A customer's id is made of its external id, so that
/// it does not depend on who else is there.
pub fn well(request: &[u8], after_ns: u64) -> Answer {
    if request.starts_with(b"POST /customers HTTP") {
        let request = Request::parse(request);
        let number = request.customer_number();
        let body = format!(r#"{{"customer_id":"00000000-0000-4000-8000-{number}"}}"#);
        return Answer::reply(after_ns, 201, body);
    }
    let status = if request.starts_with(b"POST") {
        201
    } else {
        200
    };
    Answer::reply(after_ns, status, *b"{\"status\":\"ok\"}")
}

/// A world in which the classes of `script` act on `shop`.
pub fn simulation(
    script: &ShopScript,
    shop: impl FnMut(&[u8], u64) -> Answer + 'static,
) -> Simulation {
    let interval = Box::new(CoreInterval::new(0, script.shape()));
    let recorder = Recorder::new(interval, script.rows());
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
