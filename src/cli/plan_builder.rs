//! Flags over profile over defaults: the validated plan of one run.

use super::machine::WorkerNeeds;
use super::options::RunOptions;
use super::{
    CliError, Entropy, Machine, class_choice, load_choice, profile_source, threshold_options,
};
use crate::plan::{AddressPolicy, JourneyOptions, Pacing, Plan, Profile, Target, is_loopback_host};
use crate::run::{Output, RunRequest};
use std::time::Duration;

/// Where the shop is when nobody says so.
const DEFAULT_HOST: &str = "http://localhost:8000";
/// Stands for the sandbox until it listens.
const SANDBOX_PLACEHOLDER: &str = "http://127.0.0.1:0";
/// Name of a plan without a profile.
const NO_PROFILE: &str = "custom";
/// Request timeout when nobody says one.
const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Wait for requests in flight at the end when nobody says how long.
const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The run that `options` ask for.
pub(super) fn build(
    options: RunOptions,
    machine: &Machine,
    entropy: Entropy,
) -> Result<RunRequest, CliError> {
    let sandbox = if options.sandbox {
        Some(options.shop.config(1)?)
    } else {
        options.shop.refuse()?;
        None
    };
    let generation = options.shop.generation;
    let profile = options
        .profile
        .as_deref()
        .map(profile_source::find)
        .transpose()?;
    let profile = profile.as_ref();
    let classes = class_choice::choose(&options.classes, profile)?;
    let (load, run_time) = load_choice::choose(&options, profile)?;
    let addresses = AddressPolicy::new(&options.allow_host);
    let target = target(&options)?;
    addresses.check_literal(&target.host)?;
    let shop = (!options.sandbox).then_some(&target);
    let no_observatory = options.shop.pipeline.no_observatory;
    let observers = options.observe.config(shop, no_observatory, &addresses)?;
    let connections = connections(&options, profile, load.max_users())?;
    let cores = machine.worker_cores(&WorkerNeeds {
        choice: options.cores.as_ref(),
        shop_is_here: options.sandbox || is_loopback_host(&target.host),
        max_users: load.max_users(),
        connections,
    })?;
    let plan = Plan {
        profile: profile
            .map_or(NO_PROFILE, |profile| &profile.name)
            .to_owned(),
        classes,
        target,
        load,
        pacing: options
            .pacing
            .or_else(|| profile?.pacing)
            .unwrap_or(Pacing::Class),
        options: journey_options(&options, profile),
        races: options.races.rules(profile),
        failures: options
            .failures
            .or_else(|| profile?.failures)
            .unwrap_or_default(),
        thresholds: options.thresholds.chosen(profile),
        warm_up: Duration::ZERO,
        run_time,
        stop_timeout: options
            .stop_timeout
            .or_else(|| profile?.stop_timeout)
            .unwrap_or(DEFAULT_STOP_TIMEOUT),
        request_timeout: options
            .timeout
            .or_else(|| profile?.timeout)
            .unwrap_or(DEFAULT_REQUEST_TIMEOUT),
        connections,
        max_body_bytes: options.max_body,
        driver: options.driver,
        cores,
        seed: options.seed.unwrap_or(entropy.seed),
        run_id: options.run_id.unwrap_or(entropy.run_id),
    };
    threshold_options::check(&plan)?;
    Ok(RunRequest {
        plan,
        room: None,
        sandbox,
        output: Output {
            csv_prefix: options.csv,
            csv_full_history: options.csv_full_history,
            results: options.results,
            html: options.html,
            exports: options.exports.reports(),
            github: options.exports.github(),
            metrics: options.exports.metrics(),
            no_tui: options.no_tui,
            only_summary: options.only_summary,
            quiet: options.quiet,
            silent: false,
        },
        exit_code_on_error: options.exit_code_on_error,
        fail_on_saturation: options.fail_on_saturation.unwrap_or(false),
        preflight: !options.no_preflight,
        generation,
        allow_drift: options.allow_drift,
        recognised: None,
        addresses,
        observers,
    })
}

fn target(options: &RunOptions) -> Result<Target, CliError> {
    if options.sandbox {
        return Ok(Target::parse(SANDBOX_PLACEHOLDER)?);
    }
    match &options.host {
        Some(target) => Ok(target.clone()),
        None => Ok(Target::parse(DEFAULT_HOST)?),
    }
}

/// The profile's options and those that were typed.
fn journey_options(options: &RunOptions, profile: Option<&Profile>) -> JourneyOptions {
    let of_profile = profile.map(|profile| profile.options).unwrap_or_default();
    let typed = options.with.iter().copied();
    of_profile.iter().chain(typed).collect()
}

/// The shared connections, if there are any: no more than users, who use one each at a time.
fn connections(
    options: &RunOptions,
    profile: Option<&Profile>,
    users: u32,
) -> Result<Option<u32>, CliError> {
    match options.connections.or_else(|| profile?.connections) {
        Some(connections) if connections > users => {
            Err(CliError::TooManyConnections { connections, users })
        }
        connections => Ok(connections),
    }
}
