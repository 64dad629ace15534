//! Requests for runs against the embedded shop, for tests that carry them out in their own process.

use shopblast::engine::Subject;
use shopblast::plan::{ClassShare, Load, Plan, RunId, Stage, Target};
use shopblast::run::{self, Output, RunRequest, room_for};
use shopblast::sandbox::ShopConfig;
use shopblast::shop::ShopStream;
use std::path::Path;
use std::sync::Arc;
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
    let load = Load::closed(vec![stage], run_time).expect("a valid load");
    let plan = Plan {
        profile: "steered".to_owned(),
        classes: vec![ClassShare {
            class: class.to_owned(),
            weight: 1,
        }],
        target: Target::of_this_process(),
        request_timeout: Duration::from_secs(10),
        cores: cpus.into_iter().take(2).collect(),
        seed: 7,
        run_id: RunId::new(NEXT_RUN.fetch_add(1, Ordering::Relaxed), 2, 3),
        ..Plan::of_load(load, run_time)
    };
    let request = RunRequest {
        sandbox: Some(Arc::new(ShopConfig::default())),
        output: Output {
            results: results.to_owned(),
            no_tui: true,
            only_summary: true,
            quiet: true,
            ..Output::default()
        },
        ..RunRequest::of_plan(plan, Subject::new(ShopStream::default()))
    };
    RunRequest {
        room: Some(room_for(&request, 0)),
        ..request
    }
}
