//! Runs that never were, for screens that are always the same.

use super::load;
use crate::plan::{ClassShare, Plan};
use crate::record::{Live, made_up};
use crate::run::{Output, RunRequest, RunState, made_up as made_up_run};
use crate::stats::{
    Absorb, CoreHealth, ErrorCounts, ErrorKey, JourneyCounts, MergedInterval, Outcome, Phase,
    Reason, RunContext, StatName, WorkerHealth,
};
use crate::ui::terminal::theme::Theme;
use crate::ui::terminal::view::{Page, View};
use std::sync::Arc;
use std::time::Duration;

const SECOND_US: u64 = 1_000_000;

/// A run of two minutes with more names than a small screen has rows for.
fn context(base: RunContext) -> RunContext {
    const PATHS: [&str; 12] = [
        "POST /customers",
        "PUT /customers/{id}/profile",
        "POST /customers/{id}/addresses",
        "POST /carts",
        "POST /carts/{id}/items",
        "POST /carts/{id}/checkout",
        "PUT /orders/{id}/confirm",
        "PUT /orders/{id}/processing",
        "POST /orders/{id}/shipment",
        "POST /payments",
        "POST /inventory",
        "PUT /inventory/{id}/reserve",
    ];
    let names = PATHS.map(|name| StatName {
        method: "POST",
        name,
    });
    RunContext {
        raises: vec![Vec::new(); names.len()],
        names: names.to_vec(),
        journeys: vec!["NewCustomerJourney", "OrderLifecycleJourney"],
        cpus: vec![0, 1],
        spawned_us: 10 * SECOND_US,
        run_time_us: 120 * SECOND_US,
        user_shares: Vec::new(),
        ..base
    }
}

/// Second number `ordinal`: a ramp of ten seconds, then waves.
fn second(context: &RunContext, ordinal: u64) -> MergedInterval {
    let mut interval = MergedInterval::new(context.shape());
    interval.start_us = ordinal * SECOND_US;
    interval.end_us = interval.start_us + SECOND_US;
    interval.users = (ordinal as u32 + 1).min(10) * 5;
    interval.phase = match ordinal {
        0..10 => Phase::Spawning,
        _ => Phase::Steady,
    };
    let requests = u64::from(interval.users) * 4 + (ordinal % 12) * 6;
    for number in 0..requests {
        let name = (number * number + number / 5) as usize % context.names.len();
        let outcome = match number {
            0 if ordinal % 7 == 3 => Outcome::Failed,
            1 if ordinal % 20 == 9 => Outcome::Unknown,
            _ => Outcome::Success,
        };
        let lag_us = 20 + number % 60;
        let service_us = 700 + 13 * (number % 90) + (ordinal % 12) * 150 + number % 97 / 95 * 9_000;
        for counts in [&mut interval.names[name], &mut interval.all] {
            counts.response.record_us(lag_us + service_us);
            counts.service.record_us(service_us);
            counts.lag.record_us(lag_us);
            counts.outcomes[outcome] += 1;
        }
        interval.timings.tardiness.record_us(lag_us);
        interval.timings.undelayed.record_us(service_us);
        if outcome != Outcome::Success {
            interval
                .errors
                .push(error(name as u16, outcome, interval.start_us));
        }
    }
    for (journey, every) in interval.journeys.iter_mut().zip([5, 25]) {
        *journey = JourneyCounts {
            started: requests / every,
            completed: (requests / every).saturating_sub(1),
            aborted: u64::from(ordinal % 7 == 3),
        };
    }
    for core in 0..2 {
        interval.cores.push(CoreHealth {
            core,
            start_us: interval.start_us,
            end_us: interval.end_us,
            tardiness_p99_us: 79,
            health: WorkerHealth {
                cpu_user_ns: requests * 300_000,
                cpu_system_ns: requests * 600_000,
                run_queue_ns: 4_000_000,
                ..WorkerHealth::default()
            },
        });
    }
    interval
}

fn error(name: u16, outcome: Outcome, at_us: u64) -> ErrorCounts {
    let (status, reason) = match outcome {
        Outcome::Failed => (500, "Internal Server Error"),
        _ => (0, "no reply within <n> s"),
    };
    ErrorCounts {
        key: ErrorKey {
            name,
            outcome,
            status,
            reason: Reason::new(reason),
        },
        count: 1,
        first_us: at_us,
        last_us: at_us,
    }
}

fn run(context: RunContext, seconds: u64, last: impl FnOnce(&mut MergedInterval)) -> Live {
    let mut seconds: Vec<MergedInterval> = (0..seconds)
        .map(|ordinal| second(&context, ordinal))
        .collect();
    last(seconds.last_mut().expect("a second"));
    let lives = made_up::lives(context, &seconds);
    lives.into_iter().next_back().expect("a second")
}

/// After so many seconds of a run without races.
pub fn plain_run(seconds: u64) -> Live {
    run(context(made_up::context()), seconds, |_| {})
}

/// After half a minute of a run with races, one of whose rules was violated.
pub fn contested() -> Live {
    let context = context(made_up::contested_context());
    run(context, 30, |interval| {
        interval
            .contests
            .absorb(&made_up::contested_second().contests);
    })
}

/// The view of `live`, without colours.
pub fn view(live: Live) -> View {
    let mut view = View {
        theme: Theme::new(false),
        profile: "load".to_owned(),
        target_url: "http://127.0.0.1:8000".to_owned(),
        directory: "results/20261122T093507Z-load-abcdef".to_owned(),
        live: None,
        state: RunState::Running,
        target: Some((60, 5.0)),
        page: Page::Overview,
        scroll: 0,
        shows_help: false,
        message: None,
    };
    view.show(&Arc::new(live));
    view
}

/// What asks for a run of 3 users with room for 50.
pub fn request() -> RunRequest {
    let plan = Plan {
        profile: "load".to_owned(),
        classes: vec![ClassShare {
            class: "SpikeUser".to_owned(),
            weight: 1,
        }],
        ..Plan::of_load(load(), Duration::from_secs(60))
    };
    RunRequest {
        room: Some(50),
        output: Output {
            results: "results".into(),
            ..Output::default()
        },
        ..RunRequest::of_plan(plan, made_up_run::subject())
    }
}
