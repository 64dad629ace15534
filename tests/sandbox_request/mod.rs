//! Requests for runs against the embedded shop, for tests that carry them out in their own process.

use shopblast::plan::{
    AddressPolicy, ClassShare, Driver, FailureRule, JourneyOptions, Load, Pacing, Plan, RaceRules,
    RunId, Stage, Target,
};
use shopblast::run::{self, Output, RunRequest, room_for};
use shopblast::sandbox::ShopConfig;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static NEXT_RUN: AtomicU64 = AtomicU64::new(1);

/// A run of so many users of `class`, all at once, that can be steered.
pub fn request(results: &Path, users: u32, run_time: Duration, class: &str) -> RunRequest {
    let stage = Stage {
        users,
        spawn_rate_per_s: f64::INFINITY,
        duration_us: run_time.as_micros() as u64,
    };
    let cpus = run::allowed_cpus();
    let plan = Plan {
        profile: "steered".to_owned(),
        classes: vec![ClassShare {
            class: class.to_owned(),
            weight: 1,
        }],
        target: Target::parse("http://127.0.0.1:0").expect("a target"),
        load: Load::closed(vec![stage], run_time).expect("a valid load"),
        pacing: Pacing::Class,
        options: JourneyOptions::default(),
        races: RaceRules::default(),
        failures: FailureRule::Default,
        thresholds: Vec::new(),
        warm_up: Duration::ZERO,
        run_time,
        stop_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(10),
        connections: None,
        max_body_bytes: 1 << 20,
        driver: Driver::Uring,
        cores: cpus.into_iter().take(2).collect(),
        seed: 7,
        run_id: RunId::new(NEXT_RUN.fetch_add(1, Ordering::Relaxed), 2, 3),
    };
    RunRequest {
        room: Some(room_for(&plan)),
        plan,
        sandbox: Some(ShopConfig::default()),
        output: Output {
            results: results.to_owned(),
            html: None,
            exports: Vec::new(),
            github: None,
            metrics: shopblast::run::MetricsTargets::default(),
            no_tui: true,
            only_summary: true,
            quiet: true,
            ..Output::default()
        },
        exit_code_on_error: 1,
        fail_on_saturation: false,
        observers: shopblast::observe::ObserverConfig::default(),
        generation: None,
        allow_drift: false,
        recognised: None,
        preflight: true,
        addresses: AddressPolicy::new(&[]),
    }
}
