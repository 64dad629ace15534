//! A workload of one's own over real sockets, through the public interface alone: it is run, recorded,
//! reported and hunted, and nothing of ShopStream shows.

use crate::alone;
use crate::coupon_workload::CouponShop;
use shopblast::engine::Subject;
use shopblast::hunt::{self, Criteria, HUNT_JSON, HuntRecord, HuntRequest, LoadUnit};
use shopblast::plan::{ClassShare, ExitCode, Load, Plan, RunId, Stage, Target};
use shopblast::record::RunRecord;
use shopblast::run::{self, Finished, Output, RunControl, RunError, RunRequest};
use shopblast::stats::RuleVerdict;
use shopblast::workload_file::{self, FileWorkload};
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A small shop that knows carts and coupons. Its threads end with the test's process.
struct Server {
    address: SocketAddr,
}

/// What the threads of a shop share.
struct Till {
    carts: AtomicU64,
    /// Carts that have had their coupon.
    redeemed: Mutex<HashSet<String>>,
    /// Whether it takes any number of coupons for a cart.
    is_careless: bool,
}

impl Server {
    /// Listens on a free port of 127.0.0.1.
    fn start(is_careless: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let till = Arc::new(Till {
            carts: AtomicU64::new(0),
            redeemed: Mutex::default(),
            is_careless,
        });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let till = Arc::clone(&till);
                thread::spawn(move || till.serve(stream));
            }
        });
        Self { address }
    }
}

impl Till {
    /// Answers requests until the client closes.
    fn serve(&self, mut stream: TcpStream) {
        let (mut came, mut piece) = (Vec::new(), [0; 4_096]);
        loop {
            let Ok(read @ 1..) = stream.read(&mut piece) else {
                return;
            };
            came.extend_from_slice(&piece[..read]);
            while let Some((line, length)) = complete(&came) {
                let (status, body) = self.answer(&line);
                came.drain(..length);
                let length = body.len();
                let reply =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
                if stream.write_all(reply.as_bytes()).is_err() {
                    return;
                }
            }
        }
    }

    fn answer(&self, line: &str) -> (u16, String) {
        let path = line.split(' ').nth(1).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts.as_slice() {
            ["ready"] => (200, "coupon shop, open".to_owned()),
            ["carts"] => {
                let number = self.carts.fetch_add(1, Ordering::Relaxed);
                (201, format!("{{\"cart_id\":\"cart-{number}\"}}"))
            }
            ["carts", cart, "coupons"] => {
                let is_first = self
                    .redeemed
                    .lock()
                    .expect("a lock")
                    .insert((*cart).to_owned());
                match is_first || self.is_careless {
                    true => (200, "{}".to_owned()),
                    false => (400, "used up".to_owned()),
                }
            }
            ["carts", _, "items"] => (200, "{}".to_owned()),
            ["carts", _, "checkout"] => (201, "{}".to_owned()),
            _ => (404, "no such page".to_owned()),
        }
    }
}

/// The first line of a request that is there in full, and its length in bytes.
fn complete(came: &[u8]) -> Option<(String, usize)> {
    let text = std::str::from_utf8(came).ok()?;
    let head = text.find("\r\n\r\n")? + 4;
    let lower = text[..head].to_ascii_lowercase();
    let mut lengths = lower
        .lines()
        .filter_map(|line| line.strip_prefix("content-length:"));
    let body: usize = lengths
        .next()
        .map_or(Some(0), |text| text.trim().parse().ok())?;
    let whole = head + body;
    (came.len() >= whole).then(|| (text.lines().next().unwrap_or_default().to_owned(), whole))
}

/// A run of 3 users of each of these classes.
fn request(server: SocketAddr, results: &Path, classes: &[&str], seconds: u64) -> RunRequest {
    static NEXT_RUN: AtomicU64 = AtomicU64::new(1);
    let run_time = Duration::from_secs(seconds);
    let stage = Stage {
        users: 3 * classes.len() as u32,
        spawn_rate_per_s: f64::INFINITY,
        duration_us: run_time.as_micros() as u64,
    };
    let classes = classes.iter().map(|&class| ClassShare {
        class: class.to_owned(),
        weight: 1,
    });
    let plan = Plan {
        profile: "coupons".to_owned(),
        classes: classes.collect(),
        target: Target::parse(&format!("http://{server}")).expect("a target"),
        cores: run::allowed_cpus().into_iter().take(1).collect(),
        run_id: RunId::new(NEXT_RUN.fetch_add(1, Ordering::Relaxed), 7, 7),
        ..Plan::of_load(
            Load::closed(vec![stage], run_time).expect("a load"),
            run_time,
        )
    };
    RunRequest {
        output: Output {
            results: results.to_owned(),
            quiet: true,
            ..Output::default()
        },
        ..RunRequest::of_plan(plan, Subject::new(CouponShop))
    }
}

/// The same shop as a file.
const FILE: &str = include_str!("../coupon_workload/coupons.toml");

/// The journey that the documentation shows is one that runs.
#[test]
fn the_journey_of_the_documentation_is_run_from_its_file() {
    let _alone = alone();
    let documentation = include_str!("../../docs/journeys.md");
    let (_, journey) = FILE.split_once("[journeys").expect("a journey");
    assert!(documentation.contains(&format!("```toml\n[journeys{journey}```\n")));
    assert_eq!(journey.lines().count(), 8);
    let model = workload_file::read(FILE, "coupons.toml").expect("a workload");
    let server = Server::start(false);
    let results = tempfile::tempdir().expect("a directory");
    let coupons = request(server.address, results.path(), &["User"], 1);
    let request = RunRequest {
        subject: Subject::new(FileWorkload::new(&model)),
        ..coupons
    };
    let finished = carried_out(&request).expect("a run");
    assert_eq!(
        finished.exit_code,
        ExitCode::Ok,
        "{}",
        finished.record.verdict
    );
    let [journey] = finished.record.journeys.as_slice() else {
        panic!("{:?}", finished.record.journeys);
    };
    assert_eq!(journey.name, "CouponCheckout");
    assert!(journey.completed > 0 && journey.aborted == 0);
    let mut events = finished.record.events.iter();
    let redeemed = events.find(|event| event.name == "CouponRedeemed");
    let redeemed = redeemed.expect("the event");
    assert_eq!(redeemed.domain, "Coupons");
    assert_eq!(redeemed.count, finished.record.names[2].figures.success);
}

fn carried_out(request: &RunRequest) -> Result<Finished, RunError> {
    let control = RunControl::new(request);
    run::carry_out(request, "test".to_owned(), &control, &mut [])
}

fn text(directory: &Path, file: &str) -> String {
    let path = directory.join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn it_is_run_recorded_and_reported_under_its_own_names() {
    let _alone = alone();
    let server = Server::start(false);
    let results = tempfile::tempdir().expect("a directory");
    let request = request(server.address, results.path(), &["Shopper", "Cheat"], 2);
    let finished = carried_out(&request).expect("a run");
    assert_eq!(
        finished.exit_code,
        ExitCode::Ok,
        "{}",
        finished.record.verdict
    );

    let record = serde_json::from_str::<RunRecord>(&text(&finished.directory, "run.json"))
        .expect("a record");
    assert_eq!(record, finished.record);
    let target = record.target.as_ref().expect("a target");
    assert_eq!(target.says, "coupon shop, open");
    let names: Vec<&str> = record.names.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "[COUPON] POST /carts",
            "[COUPON] POST /carts/{id}/items",
            "[COUPON] POST /carts/{id}/coupons",
            "[COUPON] POST /carts/{id}/checkout",
            "[TWICE] POST /carts/{id}/coupons",
        ]
    );
    let journeys: Vec<(&str, bool)> = record
        .journeys
        .iter()
        .map(|journey| (journey.name.as_str(), journey.completed > 0))
        .collect();
    assert_eq!(journeys, [("CouponCheckout", true), ("CouponTwice", true)]);
    // Every journey has its coupon, and of two at once one is taken.
    let redeemed = record
        .events
        .iter()
        .find(|event| event.name == "CouponRedeemed");
    let redeemed = redeemed.expect("the event");
    let bought = &record.names[2].figures;
    let raced = &record.names[4].figures;
    assert_eq!(redeemed.domain, "Coupons");
    assert_eq!(redeemed.count, bought.success + raced.success);
    assert_eq!((raced.success, raced.failed), (raced.refused, 0));
    let [race] = record.races.as_slice() else {
        panic!("{:?}", record.races);
    };
    assert_eq!(race.name, "coupon-twice");
    assert!(race.count > 0);
    let [rule] = record.invariants.as_slice() else {
        panic!("{:?}", record.invariants);
    };
    assert_eq!(
        (rule.name.as_str(), rule.verdict),
        ("coupon-counts-once", RuleVerdict::Held)
    );
    assert!(rule.checked > 0);

    let report = text(&finished.directory, "report.html");
    for word in [
        "[COUPON] POST /carts/{id}/items",
        "CouponCheckout",
        "50.0 %",
        "coupon-twice",
        "coupon-counts-once",
        "CouponRedeemed",
        "coupon shop, open",
    ] {
        assert!(report.contains(word), "{word}");
    }
    assert!(text(&finished.directory, "stats_stats.csv").contains("[COUPON] POST /carts,"));
    assert!(text(&finished.directory, "events.csv").contains("Coupons"));
}

#[test]
fn its_rule_is_broken_by_a_shop_that_breaks_it_and_the_witness_tells() {
    let _alone = alone();
    let server = Server::start(true);
    let results = tempfile::tempdir().expect("a directory");
    let finished = carried_out(&request(server.address, results.path(), &["Cheat"], 1));
    let finished = finished.expect("a run");
    assert_eq!(finished.exit_code, ExitCode::InvariantViolated);
    let witness = &finished.record.witnesses[0].violation;
    assert_eq!(witness.rule, "coupon-counts-once");
    assert_eq!(witness.why, "2 coupons were taken for one cart");
}

#[test]
fn what_it_does_not_know_gets_no_load() {
    let _alone = alone();
    let server = Server::start(false);
    let results = tempfile::tempdir().expect("a directory");
    let mut wrong = request(server.address, results.path(), &["Shopper"], 1);
    wrong.plan.target.base_path = "/elsewhere".to_owned();
    let error = carried_out(&wrong).expect_err("another shop");
    let url = wrong.plan.target.url();
    assert_eq!(error.to_string(), format!("{url} knows no coupons"));
    let nobody = request(server.address, results.path(), &["SpikeUser"], 1);
    let error = carried_out(&nobody).expect_err("no such class");
    assert_eq!(error.to_string(), "nobody is called SpikeUser");
}

#[test]
fn it_is_hunted() {
    let _alone = alone();
    let server = Server::start(false);
    let results = tempfile::tempdir().expect("a directory");
    let hunt = HuntRequest {
        template: request(server.address, results.path(), &["Shopper"], 1),
        unit: LoadUnit::ArrivalsPerS,
        criteria: Criteria {
            slo: Vec::new(),
            failure_limit: 0.01,
            from: 10.0,
            most: 20.0,
            precision: 0.1,
            warm_up_s: 1.0,
            window_s: 2.0,
            longest_window_s: 4.0,
            rest_limit_s: 2.0,
            recovery_limit_s: 2.0,
            most_probes: 3,
            keep_spoiled: true,
        },
        max_users: None,
        directory: results.path().join("hunt"),
        resumed: None,
        command: "test".to_owned(),
        arguments: Vec::new(),
    };
    hunt::carry_out(&hunt).expect("a hunt");
    let record = HuntRecord::read(&text(&hunt.directory, HUNT_JSON)).expect("a record");
    assert!(!record.probes.is_empty());
    for probe in &record.probes {
        let names: Vec<&str> = probe.names.iter().map(|name| name.name.as_str()).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        assert!(
            names
                .iter()
                .all(|name| name.starts_with("[COUPON] POST /carts"))
        );
        assert!(
            hunt.directory
                .join(&probe.directory)
                .join("report.html")
                .is_file()
        );
    }
    assert!(text(&hunt.directory, "hunt.html").contains("coupons"));
}
