//! Flags over profile over defaults: the validated plan of one run.

use super::machine::WorkerNeeds;
use super::options::RunOptions;
use super::tested::Tested;
use super::{
    CliError, Entropy, Machine, class_choice, load_choice, shard_options, threshold_options,
};
use crate::engine::OwnTarget;
use crate::plan::{AddressPolicy, HttpChoice, Pacing, Plan, is_loopback_host};
use crate::run::{Carriers, Output, Resolver, RunRequest, SetUpFile, SharedSetUp};
use crate::shop::{Profile, ShopSettings};
use std::sync::Arc;
use std::time::Duration;

/// Request timeout when nobody says one.
const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Wait for requests in flight at the end when nobody says how long.
const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The run that `options` ask for.
pub(super) fn build(
    mut options: RunOptions,
    machine: &Machine,
    entropy: Entropy,
) -> Result<RunRequest, CliError> {
    let tested = Tested::of(&mut options)?;
    let sandbox = if options.target.sandbox {
        let own: Arc<dyn OwnTarget> = Arc::new(options.shop.config(1)?);
        Some(own)
    } else {
        options.shop.refuse()?;
        None
    };
    let subject = tested.subject();
    let profile = options
        .workload
        .profile
        .as_deref()
        .map(|name| tested.profile(name))
        .transpose()?;
    let profile = profile.as_ref();
    let classes = class_choice::choose(&options.workload.classes, profile, &tested)?;
    let (load, run_time) = load_choice::choose(&options, profile)?;
    let addresses = AddressPolicy::new(&options.target.allow_host);
    let target = options.target.target()?;
    addresses.check_literal(target.place().0)?;
    if options.races.race_over.is_some() && target.http_choice() == HttpChoice::Http1 {
        let why = "is missing: --race-over says what racers share where it is spoken";
        return Err(CliError::Http2 { why });
    }
    let shop = (!options.target.sandbox).then_some(&target);
    // What is beside ShopStream is not beside anything else.
    let is_shop = tested.model().is_none();
    let no_observatory = options.shop.pipeline.no_observatory || !is_shop;
    let mut observers = options.observe.config(shop, no_observatory, &addresses)?;
    let exports = &options.run_output.exports;
    let metrics = exports.metrics(&addresses, options.page.identity()?, &observers.tls)?;
    observers.drain_wait = options.single.drain_wait.unwrap_or_default();
    let connections = connections(&options, profile, load.max_users())?;
    let shard = options.single.shard.unwrap_or_default();
    shard_options::check(shard, options.target.sandbox, connections)?;
    let (cores, placement) = machine.worker_cores(&WorkerNeeds {
        choice: options.machine.cores.as_ref(),
        oversubscribe: options.machine.oversubscribe,
        shop_is_here: options.target.sandbox || is_loopback_host(target.place().0),
        max_users: shard.part_of(load.max_users()).max(1),
        connections: connections.map(|connections| shard.part_of(connections)),
    })?;
    let typed = &options.workload.with;
    let journeys = tested.journey_options(profile, typed)?;
    let settings = ShopSettings {
        suite: options.workload.suite,
        ..options.races.settings(journeys, profile)
    };
    let plan = Plan {
        profile: profile
            .map_or_else(|| tested.name(), |profile| &profile.name)
            .to_owned(),
        classes,
        target,
        addresses: options.target.addresses,
        load,
        pacing: options
            .workload
            .pacing
            .or_else(|| profile?.pacing)
            .unwrap_or(Pacing::Class),
        options: match tested.plan_words(typed)? {
            Some(words) => words,
            None => settings.plan_words(),
        },
        races: settings.races(options.races.rules()),
        failures: options
            .output
            .failures
            .or_else(|| profile?.failures)
            .unwrap_or_default(),
        thresholds: options.thresholds.chosen(
            tested.model().map_or(&[][..], |model| &model.thresholds),
            profile,
        ),
        warm_up: Duration::ZERO,
        run_time,
        stop_timeout: options
            .workload
            .stop_timeout
            .or_else(|| profile?.stop_timeout)
            .unwrap_or(DEFAULT_STOP_TIMEOUT),
        request_timeout: options
            .workload
            .timeout
            .or_else(|| profile?.timeout)
            .unwrap_or(DEFAULT_REQUEST_TIMEOUT),
        connections,
        max_body_bytes: options.workload.max_body,
        driver: options.machine.driver,
        cores,
        placement,
        seed: options.machine.seed.unwrap_or(entropy.seed),
        run_id: options.single.run_id.unwrap_or(entropy.run_id),
        shard,
        shares_set_up: options.single.set_up_file.is_some(),
    };
    threshold_options::check(&plan, &subject)?;
    let shared = options.single.set_up_file.map(|path| {
        let file = SetUpFile {
            path,
            run_id: plan.run_id,
            shard,
        };
        let shared: Arc<dyn SharedSetUp> = Arc::new(file);
        shared
    });
    Ok(RunRequest {
        plan,
        room: None,
        subject,
        met: None,
        sandbox,
        brought: None,
        output: Output {
            csv_prefix: options.run_output.csv,
            csv_full_history: options.run_output.csv_full_history,
            results: options.output.results,
            html: options.run_output.html,
            exports: options.run_output.exports.reports(),
            github: options.run_output.exports.github(),
            metrics,
            no_tui: options.run_output.no_tui,
            only_summary: options.run_output.only_summary,
            quiet: options.output.quiet,
            details: options.output.details,
            remark: None,
            silent: false,
        },
        exit_code_on_error: options.run_output.exit_code_on_error.unwrap_or(1),
        fail_on_saturation: options.output.fail_on_saturation.unwrap_or(false),
        preflight: !options.single.no_preflight,
        allow_drift: options.target.allow_drift,
        addresses,
        resolver: Resolver::default(),
        observers,
        shared,
        clock: None,
        keeps_seconds: options.single.shard.is_some(),
        carriers: Carriers::Own,
    })
}

/// The shared connections, if there are any: no more than users, who use one each at a time.
fn connections(
    options: &RunOptions,
    profile: Option<&Profile>,
    users: u32,
) -> Result<Option<u32>, CliError> {
    match options
        .workload
        .connections
        .or_else(|| profile?.connections)
    {
        Some(connections) if connections > users => {
            Err(CliError::TooManyConnections { connections, users })
        }
        connections => Ok(connections),
    }
}
