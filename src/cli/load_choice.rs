//! The load of a run: the profile's, changed by the flags, in one of the two models.

use super::CliError;
use super::options::RunOptions;
use crate::plan::{Arrivals, Load, Stage};
use crate::shop::{Profile, ProfileLoad};
use std::time::Duration;

/// Run time when neither flag nor profile says one: load is bounded, always.
const DEFAULT_RUN_TIME: Duration = Duration::from_secs(60);
/// Users when nobody says how many.
const DEFAULT_USERS: u32 = 1;
/// Spawn rate when nobody says one.
const DEFAULT_SPAWN_RATE_PER_S: f64 = 1.0;

/// The load and its run time.
pub(super) fn choose(
    options: &RunOptions,
    profile: Option<&Profile>,
) -> Result<(Load, Duration), CliError> {
    let run_time = options
        .load
        .run_time
        .or_else(|| profile.and_then(Profile::length))
        .unwrap_or(DEFAULT_RUN_TIME);
    let load = match wanted(options, profile)? {
        ProfileLoad::Level {
            users,
            spawn_rate_per_s,
        } => {
            let stage = Stage {
                users: users.unwrap_or(DEFAULT_USERS),
                spawn_rate_per_s: spawn_rate_per_s.unwrap_or_else(|| usual_rate(options, users)),
                // A length of time that can be written fits.
                duration_us: run_time.as_micros() as u64,
            };
            Load::closed(vec![stage], run_time)?
        }
        ProfileLoad::Stages(stages) => Load::closed(stages, run_time)?,
        ProfileLoad::Arrivals {
            rate_per_s,
            arrivals,
            max_users,
        } => Load::open(
            rate_per_s,
            arrivals.unwrap_or(Arrivals::Constant),
            max_users.unwrap_or_else(|| Load::default_max_users(rate_per_s)),
        )?,
    };
    if matches!(load, Load::Closed { .. }) {
        reject_open_flags(options)?;
    }
    Ok((load, run_time))
}

/// The spawn rate when nobody says one. Who reads a URL as wrk does expects all users to be there at
/// once, and who tests a workload expects Locust's default.
fn usual_rate(options: &RunOptions, users: Option<u32>) -> f64 {
    match options.workload.url {
        None => DEFAULT_SPAWN_RATE_PER_S,
        Some(_) => f64::from(users.unwrap_or(DEFAULT_USERS)),
    }
}

/// What the flags make of the profile's load. `--rate` switches to the open model and `--users` to
/// one level of the closed one; `--spawn-rate` alone changes the rate of what is there.
fn wanted(options: &RunOptions, profile: Option<&Profile>) -> Result<ProfileLoad, CliError> {
    let profiles = profile.map_or(
        ProfileLoad::Level {
            users: None,
            spawn_rate_per_s: None,
        },
        |profile| profile.load.clone(),
    );
    let load = match (options.load.rate, options.load.users, profiles) {
        (Some(rate_per_s), _, profiles) => {
            let (arrivals, max_users) = match profiles {
                ProfileLoad::Arrivals {
                    arrivals,
                    max_users,
                    ..
                } => (arrivals, max_users),
                ProfileLoad::Level { .. } | ProfileLoad::Stages(_) => (None, None),
            };
            with_open_flags(options, rate_per_s, arrivals, max_users)
        }
        (None, Some(_), ProfileLoad::Stages(_) | ProfileLoad::Arrivals { .. }) => {
            ProfileLoad::Level {
                users: options.load.users,
                spawn_rate_per_s: options.load.spawn_rate,
            }
        }
        (
            None,
            _,
            ProfileLoad::Level {
                users,
                spawn_rate_per_s,
            },
        ) => ProfileLoad::Level {
            users: options.load.users.or(users),
            spawn_rate_per_s: options.load.spawn_rate.or(spawn_rate_per_s),
        },
        (None, None, ProfileLoad::Stages(stages)) => {
            ProfileLoad::Stages(with_spawn_rate(stages, options.load.spawn_rate))
        }
        (
            None,
            None,
            ProfileLoad::Arrivals {
                rate_per_s,
                arrivals,
                max_users,
            },
        ) => {
            if options.load.spawn_rate.is_some() {
                let profile = profile
                    .map(|profile| profile.name.clone())
                    .unwrap_or_default();
                return Err(CliError::SpawnRateNeedsUsers { profile });
            }
            with_open_flags(options, rate_per_s, arrivals, max_users)
        }
    };
    Ok(load)
}

fn with_open_flags(
    options: &RunOptions,
    rate_per_s: f64,
    arrivals: Option<Arrivals>,
    max_users: Option<u32>,
) -> ProfileLoad {
    ProfileLoad::Arrivals {
        rate_per_s,
        arrivals: options.arrivals.arrivals.or(arrivals),
        max_users: options.arrivals.max_users.or(max_users),
    }
}

fn with_spawn_rate(mut stages: Vec<Stage>, spawn_rate_per_s: Option<f64>) -> Vec<Stage> {
    if let Some(rate) = spawn_rate_per_s {
        for stage in &mut stages {
            stage.spawn_rate_per_s = rate;
        }
    }
    stages
}

fn reject_open_flags(options: &RunOptions) -> Result<(), CliError> {
    if options.arrivals.arrivals.is_some() {
        return Err(CliError::NeedsRate { flag: "--arrivals" });
    }
    if options.arrivals.max_users.is_some() {
        return Err(CliError::NeedsRate {
            flag: "--max-users",
        });
    }
    Ok(())
}
