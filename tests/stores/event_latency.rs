//! Event latencies against the truth that the sandbox's pipeline tells, read from a real PostgreSQL and a
//! real Redis: no figure may be further off than a reply's own way and the source's resolution.

use crate::invocation::{Ended, Invocation, run, run_long};
use crate::observer_cost::{CostWatch, ObserverCost};
use crate::servers::{Postgres, Redis};
use crate::truthful_engines::{Carried, GROUPS, Telling, TruthfulEngines};
use serde_json::Value;
use shopblast::plan::Driver;
use shopblast::sandbox::{
    DOMAINS, DrainRate, EventTruth, PipelineConfig, Sandbox, SandboxConfig, SandboxMode,
    ShopConfig, Truths,
};
use shopblast::shop::Generation;
use std::ops::Range;
use std::time::Duration;

const OUTBOX: &str = "CREATE TABLE outbox (
    id serial PRIMARY KEY, status varchar(20) NOT NULL, stream_name varchar, type varchar,
    message_id varchar NOT NULL, created_at timestamp, published_at timestamp);";

/// What is played.
struct Play {
    engines: u32,
    drain_per_s: f64,
    arrivals_per_s: u32,
    seconds: u32,
    rest: Option<Range<Duration>>,
    telling: Telling,
    /// Machines of a fleet that carry the load; 0 for this one alone.
    shards: u32,
    flags: &'static str,
}

/// What came of it, and the truth.
struct Played {
    ended: Ended,
    cost: ObserverCost,
    record: Value,
    truths: Vec<EventTruth>,
    rows_after_us: Vec<i64>,
    confirmed_late_us: i64,
}

/// A sandbox, and engines that do to real stores what it says.
struct Scene {
    postgres: Postgres,
    redis: Redis,
    engines: TruthfulEngines,
    sandbox: Sandbox,
}

fn set(play: &Play) -> Scene {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    postgres.database("identity_local", OUTBOX);
    let (told, truths) = crossbeam_channel::unbounded();
    let engines = TruthfulEngines::start(&postgres, "identity_local", &redis, truths, play.telling);
    let sandbox = Sandbox::start(&SandboxConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        mode: SandboxMode::Shop(ShopConfig {
            generation: Generation::Today,
            pipeline: PipelineConfig {
                engines: [play.engines; DOMAINS],
                drain_rate: DrainRate::per_s(play.drain_per_s).unwrap(),
            },
            truths: Truths {
                rest: play.rest.clone(),
                told: Some(told),
            },
            ..ShopConfig::default()
        }),
        cores: Vec::new(),
        driver: Driver::Uring,
        ..SandboxConfig::default()
    })
    .unwrap();
    Scene {
        postgres,
        redis,
        engines,
        sandbox,
    }
}

fn play(play: &Play) -> Played {
    let Scene {
        postgres,
        redis,
        engines,
        sandbox,
    } = set(play);
    let cost = CostWatch::start(&postgres);
    let line = format!(
        "SpikeUser --rate {} -t {}s -H http://{} --seed 1 --details --drain-wait 60s \
         --event-sample 100% --outbox identity={} {}={} {}",
        play.arrivals_per_s,
        play.seconds,
        sandbox.address(),
        postgres.url("identity_local"),
        if play.shards > 0 {
            "--shop-redis"
        } else {
            "--redis"
        },
        redis.url(),
        play.flags,
    );
    let ended = match play.shards {
        0 => run(&line),
        shards => led(shards, &line),
    };
    drop(sandbox);
    let cost = cost.end();
    let record = ended.record();
    let Carried {
        truths,
        mut rows_after_us,
        confirmed_late_us,
    } = engines.end();
    rows_after_us.sort_unstable();
    Played {
        record,
        ended,
        cost,
        truths,
        rows_after_us,
        confirmed_late_us,
    }
}

/// The same by so many machines, which meet at a Redis of their own.
fn led(shards: u32, line: &str) -> Ended {
    let meeting = Redis::start();
    let begin = |words: &str| {
        let secret = (
            "SHOPBLAST_FLEET_SECRET",
            "a secret of tests alone".to_owned(),
        );
        let words = format!("fleet {words} --redis {} --run followed", meeting.url());
        Invocation::begin_with(&words, &[secret])
    };
    let members: Vec<Invocation> = (0..shards).map(|_| begin("join --cores 1")).collect();
    let ended = begin(&format!("run --shards {shards} {line}")).end();
    for member in members {
        let ended = member.end();
        assert_eq!(ended.code, 0, "{}", ended.told());
    }
    ended
}

impl Played {
    fn row(&self) -> &Value {
        let rows = self.record["observed"]["event_latency"]["events"].as_array();
        let rows = rows.unwrap_or_else(|| panic!("no event latencies: {}", self.ended.told()));
        let mut rows = rows.iter();
        rows.find(|row| row["event"] == "CustomerRegistered")
            .expect("registrations")
    }

    /// How long no reply was under way: what was raised is told of at most so much later.
    fn reply_us(&self) -> f64 {
        self.record["totals"]["service_us"]["max"]
            .as_f64()
            .expect("a time")
    }

    fn resolution_us(&self, source: &str) -> f64 {
        let sources = self.record["observed"]["event_latency"]["sources"].as_array();
        let mut sources = sources.expect("sources").iter();
        let found = sources.find(|it| it["name"] == source);
        let found = found.unwrap_or_else(|| panic!("no source {source}"));
        found["resolution_ms"].as_f64().expect("a time") * 1e3
    }

    /// Holds the figures of a part against the true ones.
    #[track_caller]
    fn holds(&self, figures: &Value, true_us: impl Fn(&EventTruth) -> i64, resolution_us: f64) {
        let mut truths: Vec<i64> = self.truths.iter().map(true_us).collect();
        truths.sort_unstable();
        assert_eq!(
            figures["over"].as_u64(),
            Some(truths.len() as u64),
            "{figures}\n{}",
            self.ended.told()
        );
        assert_eq!(figures["waiting"], 0);
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
            let rank = (truths.len() as f64 * quantile).ceil() as usize;
            let truth = truths[rank.max(1) - 1] as f64;
            let told = figures[name]["value"].as_f64().expect("a value");
            let off = (told - truth).abs();
            let allowed = truth * 0.02 + resolution_us + self.reply_us() + 1_000.0;
            println!("{name}: true {truth} µs, told {told} µs");
            assert!(off <= allowed, "{name}: {told} µs instead of {truth} µs");
            assert_eq!(figures[name]["at_least"], false);
        }
    }

    fn holds_all(&self, resolution_us: f64) {
        let row = self.row();
        assert_eq!(row["followed"], row["found"], "{row}");
        let since = |end: Option<i64>, truth: &EventTruth| end.expect("an end") - truth.raised_us;
        self.holds(&row["published"], |it| since(it.published_us, it), 0.0);
        self.holds(&row["done"], |it| since(it.processed_us, it), resolution_us);
        let groups = row["handled"].as_array().expect("groups");
        assert_eq!(groups.len(), GROUPS.len());
        let handled = |name: &str| {
            let mut groups = groups.iter();
            let found = groups.find(|it| it["group"] == name);
            &found.expect("a group")["took"]
        };
        let span = |it: &EventTruth| it.processed_us.unwrap() - it.published_us.unwrap();
        self.holds(handled(GROUPS[0]), |it| span(it) / 2, resolution_us);
        self.holds(handled(GROUPS[1]), span, resolution_us);
    }
}

#[test]
fn figures_are_those_of_the_sandbox_with_one_engine_and_a_backlog() {
    let played = play(&Play {
        engines: 1,
        drain_per_s: 15.0,
        arrivals_per_s: 20,
        seconds: 6,
        rest: None,
        telling: Telling::Traces,
        shards: 0,
        flags: "--threshold event(CustomerRegistered).done:p(99)<60s \
                --threshold event(CustomerRegistered).published:p(50)<1ms",
    });
    played.holds_all(0.0);
    assert_eq!(played.ended.code, 99, "{}", played.ended.told());
    let thresholds = played.record["thresholds"].as_array().expect("thresholds");
    let verdicts: Vec<&str> = thresholds
        .iter()
        .filter_map(|it| it["verdict"].as_str())
        .collect();
    assert_eq!(verdicts, ["held", "crossed"]);
    let told = played.ended.told();
    assert!(told.contains("Event latencies"), "{told}");
    let csv = played.ended.record_file("event_latency.csv");
    assert!(csv.contains("Identity,CustomerRegistered,done,"), "{csv}");
}

#[test]
fn a_fleet_tells_what_one_machine_does_as_far_as_its_clocks_are_known() {
    let played = play(&Play {
        engines: 1,
        drain_per_s: 15.0,
        arrivals_per_s: 20,
        seconds: 6,
        rest: None,
        telling: Telling::Traces,
        shards: 2,
        flags: "--threshold event(CustomerRegistered).done:p(99)<60s",
    });
    let clocks_us = played.resolution_us("shards");
    assert!(clocks_us > 0.0, "{clocks_us}");
    played.holds_all(clocks_us);
    assert_eq!(played.ended.code, 0, "{}", played.ended.told());
    let followed = &played.record["observed"]["event_latency"];
    assert_eq!(followed["no_room"].as_u64().unwrap_or(0), 0, "{followed}");
    let replies = followed["replies"].as_u64();
    let registered = played.row()["followed"].as_u64();
    assert!(replies >= registered, "{followed}");
}

#[test]
fn engines_that_stood_still_show_their_whole_wait() {
    let seconds = Duration::from_secs;
    let played = play(&Play {
        engines: 3,
        drain_per_s: 100.0,
        arrivals_per_s: 30,
        seconds: 8,
        rest: Some(seconds(3)..seconds(14)),
        telling: Telling::Traces,
        shards: 0,
        flags: "",
    });
    played.holds_all(0.0);
    let longest_us = played.row()["done"]["max"]["value"].as_f64().unwrap();
    assert!(
        longest_us > 5e6,
        "it waited for longer than the load: {longest_us}"
    );
}

#[test]
fn groups_that_tell_nothing_are_timed_by_where_they_stand() {
    let played = play(&Play {
        engines: 1,
        drain_per_s: 15.0,
        arrivals_per_s: 20,
        seconds: 5,
        rest: None,
        telling: Telling::Nothing,
        shards: 0,
        flags: "",
    });
    let resolution_us = played.resolution_us("redis groups");
    assert!(resolution_us >= 900_000.0, "{resolution_us}");
    // No time is further off than the figure itself says, from the moment at which the group did confirm.
    played.holds_all(resolution_us + played.confirmed_late_us as f64);
    println!("confirmed late by {} µs at most", played.confirmed_late_us);
    let told = played.ended.told();
    let lines: Vec<&str> = told
        .lines()
        .filter(|it| it.contains("redis groups"))
        .collect();
    assert!(lines.iter().any(|it| it.contains("times to")), "{told}");
}

/// For tables: the rate, the engines and the rest are given by variables.
#[test]
#[ignore = "measures, and takes as long as it is told"]
fn event_latency_truth() {
    let number = |name: &str, default: u32| {
        let set = std::env::var(name).ok();
        set.map_or(default, |text| text.parse().expect("a number"))
    };
    let seconds = number("SECONDS", 20);
    let rest = number("REST", 0);
    let (rate, engines) = (number("RATE", 100), number("ENGINES", 1));
    let half = u64::from(seconds / 2);
    let played = play(&Play {
        engines,
        // All engines together do a tenth more than comes.
        drain_per_s: f64::from(rate) * 1.1 / f64::from(engines),
        arrivals_per_s: rate,
        seconds,
        rest: (rest > 0)
            .then(|| Duration::from_secs(half)..Duration::from_secs(half + u64::from(rest))),
        telling: Telling::Traces,
        shards: 0,
        flags: "",
    });
    println!("{}", played.row());
    println!("{}", played.record["observed"]["sources"]);
    println!(
        "CPU of all observing threads: {} s; of PostgreSQL's backends that serve them: {} s, {} statements",
        played.record["observed"]["cpu_s"], played.cost.cpu_s, played.cost.statements
    );
    let late = &played.rows_after_us;
    println!(
        "rows were written after: median {} µs, longest {} µs, {} of {} after 10 s",
        late[late.len() / 2],
        late[late.len() - 1],
        late.iter()
            .filter(|after_us| **after_us > 10_000_000)
            .count(),
        late.len()
    );
    played.holds_all(0.0);
}

/// Engines that do 30 events a second: how many registrations a second are done within a second.
#[test]
#[ignore = "measures, and takes some minutes"]
fn a_hunt_finds_how_many_events_are_done_in_time() {
    let scene = set(&Play {
        shards: 0,
        engines: 1,
        drain_per_s: 30.0,
        arrivals_per_s: 0,
        seconds: 0,
        rest: None,
        telling: Telling::Traces,
        flags: "",
    });
    let ended = run_long(&format!(
        "hunt SpikeUser --from 15 --to 80 --warm-up 1s --window 8s --longest-window 8s --precision 20% \
         --rest-limit 30s --keep-spoiled --details --seed 1 --event-sample 100% \
         --slo event(CustomerRegistered).done:p(90)<1s -H http://{} --outbox identity={} --redis {}",
        scene.sandbox.address(),
        scene.postgres.url("identity_local"),
        scene.redis.url(),
    ));
    println!("{}", ended.told());
    drop(scene.sandbox);
    drop(scene.engines.end());
    let entries = std::fs::read_dir(ended.directory().join("results")).expect("results");
    let hunts = entries.map(|entry| entry.expect("an entry").path().join("hunt.json"));
    let mut hunts = hunts.filter(|path| path.is_file());
    let hunt = hunts.next().expect("a hunt");
    let hunt = std::fs::read_to_string(hunt).expect("hunt.json");
    let hunt: Value = serde_json::from_str(&hunt).expect("JSON");
    let knee = &hunt["event_knee"];
    assert_eq!(knee["limited_by"], "event_latency", "{knee}");
    assert_eq!(knee["first_to_give_way"], "Identity.CustomerRegistered");
    // A second's worth of waiting is there after some seconds of a little more than the engines do.
    let ends = [&knee["low"], &knee["high"]].map(|end| end.as_f64().expect("an end"));
    assert!(ends[0] < 36.0 && ends[1] > 25.0, "{knee}");
    for probe in hunt["probes"].as_array().expect("probes") {
        let events = &probe["events"][0];
        assert_eq!(events["unseen"], 0, "{events}");
        assert!(events["known"].as_u64() > Some(0), "{events}");
    }
}
