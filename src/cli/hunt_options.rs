//! `shopblast hunt`: what is searched for, within which bounds, and what a hunt that is resumed had.

use super::load_options::{ArrivalFlags, LoadFlags};
use super::machine_options::MachineFlags;
use super::observe_options::ObserveFlags;
use super::options::{RunOptions, SingleRunFlags};
use super::output_options::{OutputFlags, RunOutputFlags};
use super::race_options::RaceFlags;
use super::shop_options::ShopFlags;
use super::subcommand_names::{FLEET, HUNT};
use super::surroundings::Surroundings;
use super::target_options::TargetFlags;
use super::threshold_options::ThresholdFlags;
use super::web_options::WebFlags;
use super::workload_options::WorkloadFlags;
use super::{CliError, passwords, plan_builder, values};
use crate::hunt::{Criteria, HUNT_JSON, HuntRecord, HuntRequest, LoadUnit};
use crate::plan::{Pacing, Threshold};
use crate::record::{MOST_DOCUMENT_BYTES, read_text_bounded};
use clap::{ArgMatches, Args};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Users that a template has room for when nobody says how many.
const DEFAULT_ROOM: u32 = 2_000;
/// The first load: journeys a second, and users.
const DEFAULT_FROM: (f64, f64) = (100.0, 10.0);
/// The largest load: journeys a second, and users.
const DEFAULT_MOST: (f64, f64) = (1e6, 5_000.0);
/// Time before a window when nobody says how long: without waits, and with those of a class, whose
/// journeys must have begun to end.
const WARM_UP: Duration = Duration::from_secs(3);
const PACED_WARM_UP: Duration = Duration::from_secs(30);
/// Flags of a run that a hunt has not, and what takes their place.
const INSTEAD: [(&str, &str); 32] = [
    ("users", "--in users, --from and --to"),
    ("spawn-rate", "--warm-up: users start in half of it"),
    ("run-time", "--window and --warm-up"),
    ("rate", "--from and --to"),
    ("threshold", "--slo"),
    (
        "no-thresholds",
        "--slo: a profile's thresholds are those of its own load",
    ),
    ("csv", "the records of its probes"),
    ("csv-full-history", "the records of its probes"),
    ("html", "hunt.html"),
    ("json-file", "shopblast report of a probe's record"),
    ("summary-export", "shopblast report of a probe's record"),
    ("junit", "the records of its probes"),
    ("drain-wait", "--rest-limit"),
    ("exit-code-on-error", "--failure-limit"),
    ("only-summary", "--quiet"),
    ("no-preflight", "its own looks at /health"),
    ("run-id", "a new id for each probe"),
    ("shard", "hunts of a whole fleet"),
    ("set-up-file", "hunts of a whole fleet"),
    ("list", "shopblast list"),
    ("web", "hunt.html"),
    ("web-host", "hunt.html"),
    ("web-port", "hunt.html"),
    ("web-token", "hunt.html"),
    ("web-cert", "hunt.html"),
    ("web-key", "hunt.html"),
    ("web-name", "hunt.html"),
    ("web-base", "hunt.html"),
    ("autostart", "hunt.html"),
    ("headless", "hunt.html"),
    ("prometheus", "the records of its probes"),
    ("otlp", "the records of its probes"),
];

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct HuntFlags {
    /// What must hold of the window of a sustained load, like 'response: p(99) < 500ms'; may be
    /// repeated
    ///
    /// The grammar is that of --threshold. It is judged over the window of a probe, without its
    /// warm-up.
    #[arg(long, value_name = "EXPR", help_heading = "Hunt", value_parser = Threshold::parse)]
    slo: Vec<Threshold>,

    /// What the load is counted in: arrivals (journeys a second, whether or not replies came) or users
    #[arg(
        long = "in", value_name = "UNIT", default_value = "arrivals", help_heading = "Hunt",
        value_parser = values::one_of(&[("arrivals", LoadUnit::ArrivalsPerS), ("users", LoadUnit::Users)])
    )]
    unit: LoadUnit,

    /// First load; it is doubled until it is not sustained [default: 100 arrivals a second, 10 users]
    #[arg(
        long, value_name = "N", help_heading = "Hunt",
        value_parser = values::parse_journey_rate, allow_hyphen_values = true
    )]
    from: Option<f64>,

    /// Largest load to try [default: 1000000 arrivals a second, 5000 users]
    #[arg(
        long, value_name = "N", help_heading = "Hunt",
        value_parser = values::parse_journey_rate, allow_hyphen_values = true
    )]
    to: Option<f64>,

    /// How far apart the ends of the interval may be that the knee is found in
    #[arg(
        long, value_name = "PERCENT", default_value = "2%", help_heading = "Hunt",
        value_parser = parse_precision, allow_hyphen_values = true
    )]
    precision: f64,

    /// Length of a probe's window; longer where its counts cannot tell, or --slo needs more requests
    #[arg(
        long, value_name = "TIME", default_value = "10s", help_heading = "Hunt",
        value_parser = parse_whole_seconds, allow_hyphen_values = true
    )]
    window: Duration,

    /// Longest window: what cannot be told by then is undecided, and tried again
    #[arg(
        long, value_name = "TIME", default_value = "60s", help_heading = "Hunt",
        value_parser = parse_whole_seconds, allow_hyphen_values = true
    )]
    longest_window: Duration,

    /// Time before the window [default: 3s; 30s with class pacing, where journeys take that long]
    #[arg(
        long, value_name = "TIME", help_heading = "Hunt",
        value_parser = parse_whole_seconds, allow_hyphen_values = true
    )]
    warm_up: Option<Duration>,

    /// Longest rest after a probe: until the backlog is what it was before, and /health answers
    /// quickly
    #[arg(
        long, value_name = "TIME", default_value = "60s", help_heading = "Hunt",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    rest_limit: Duration,

    /// Longest wait for a target that fell over
    #[arg(
        long, value_name = "TIME", default_value = "2m", help_heading = "Hunt",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    recovery_limit: Duration,

    /// Share of requests that may fail at a sustained load
    #[arg(
        long, value_name = "PERCENT", default_value = "0%", help_heading = "Hunt",
        value_parser = values::parse_percent, allow_hyphen_values = true
    )]
    failure_limit: f64,

    /// What --fail-on-saturation=false was called
    #[arg(long, hide = true)]
    keep_spoiled: bool,

    /// Most probes
    #[arg(
        long, value_name = "N", default_value_t = 60, help_heading = "Hunt",
        value_parser = clap::value_parser!(u32).range(1..=10_000), allow_hyphen_values = true
    )]
    probes: u32,

    /// Go on with a hunt that was interrupted or cut short, with its flags; those given here win
    #[arg(long, value_name = "DIR", help_heading = "Hunt")]
    resume: Option<PathBuf>,

    /// Print lines while the hunt goes on, and leave the screen alone
    #[arg(long, help_heading = "Output")]
    no_tui: bool,

    /// How journeys arrive.
    #[command(flatten)]
    arrivals: ArrivalFlags,
    /// What users do.
    #[command(flatten)]
    workload: WorkloadFlags,
    /// Where the load goes.
    #[command(flatten)]
    target: TargetFlags,
    /// What is written and printed.
    #[command(flatten)]
    output: OutputFlags,
    /// How races are carried out.
    #[command(flatten)]
    races: RaceFlags,
    /// What is observed of the shop's back end.
    #[command(flatten)]
    pub observe: ObserveFlags,
    /// What carries the load.
    #[command(flatten)]
    machine: MachineFlags,
    /// How the embedded shop behaves.
    #[command(flatten)]
    shop: ShopFlags,
}

/// Why a hunt has no `flag`, when it is one of runs: a long name without dashes.
pub(super) fn refused(flag: &str) -> Option<CliError> {
    let (_, instead) = INSTEAD.iter().find(|(known, _)| *known == flag)?;
    Some(CliError::NotOfAHunt {
        flag: format!("--{flag}"),
        instead: (*instead).to_owned(),
    })
}

/// The arguments of a hunt that is resumed: those that it had, then those that were typed. `None`
/// when nothing is resumed.
pub(super) fn resumed_arguments(
    matches: &ArgMatches,
    typed: &[OsString],
) -> Result<Option<Vec<OsString>>, CliError> {
    let (hunt, head) = match matches.subcommand() {
        Some((HUNT, hunt)) => (hunt, 2),
        Some((FLEET, fleet)) => match fleet.subcommand() {
            Some((HUNT, hunt)) => (hunt, 3),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let Some(directory) = hunt.get_one::<PathBuf>("resume") else {
        return Ok(None);
    };
    let record = read_record(directory)?;
    let (head, rest) = typed.split_at(typed.len().min(head));
    let kept = passwords::without_hidden(&record.arguments);
    let is_typed = |flag: &String| {
        rest.iter().any(|word| {
            let word = word.to_string_lossy();
            word == *flag || word.starts_with(&format!("{flag}="))
        })
    };
    if let Some(flag) = kept.hidden.iter().find(|flag| !is_typed(flag)) {
        return Err(CliError::HiddenPassword { flag: flag.clone() });
    }
    let stored = kept.words.into_iter().map(OsString::from);
    Ok(Some(
        head.iter()
            .cloned()
            .chain(stored)
            .chain(rest.iter().cloned())
            .collect(),
    ))
}

fn read_record(directory: &Path) -> Result<HuntRecord, CliError> {
    let path = directory.join(HUNT_JSON);
    let unreadable = |why: String| CliError::NoHunt {
        path: path.display().to_string(),
        why,
    };
    let text = read_text_bounded(&path, MOST_DOCUMENT_BYTES)
        .map_err(|error| unreadable(error.to_string()))?;
    HuntRecord::read(&text).map_err(|error| unreadable(error.to_string()))
}

/// The hunt that the flags ask for.
pub(super) fn resolve(
    flags: HuntFlags,
    around: &Surroundings<'_>,
) -> Result<HuntRequest, CliError> {
    let unit = flags.unit;
    let mut criteria = criteria(&flags)?;
    let has_warm_up = flags.warm_up.is_some();
    let is_of_fleet = around.typed.get(1).is_some_and(|word| word == FLEET);
    let words = match is_of_fleet {
        true => format!("{FLEET} {HUNT}"),
        false => HUNT.to_owned(),
    };
    let arguments = arguments(around.typed, 1 + words.split(' ').count());
    let resume = flags.resume.clone();
    let (results, max_users) = (flags.output.results.clone(), flags.arrivals.max_users);
    let mut template = plan_builder::build(run_options(flags), around.machine, around.entropy)?;
    let observers = &template.observers;
    let plan = &mut template.plan;
    let is_of_events = |slo: &&Threshold| slo.quantity.is_of_events();
    if !observers.follow_events()
        && let Some(unseen) = plan.thresholds.iter().find(is_of_events)
    {
        return Err(CliError::EventsUnseen(unseen.text().to_owned()));
    }
    plan.thresholds = plan
        .thresholds
        .drain(..)
        .map(Threshold::in_steady_state)
        .collect();
    if !has_warm_up && plan.pacing == Pacing::Class {
        criteria.warm_up_s = PACED_WARM_UP.as_secs_f64();
    }
    let resumed = resume
        .as_deref()
        .map(|directory| compatible(directory, &plan.hash(), unit, &criteria))
        .transpose()?;
    if let Some(resumed) = &resumed {
        plan.seed = resumed.seed;
    }
    let directory = resume.unwrap_or_else(|| {
        super::compare_options::directory_of(&results, "hunt", &plan.profile, around.entropy)
    });
    Ok(HuntRequest {
        directory,
        unit,
        criteria,
        max_users,
        resumed: resumed.map(Box::new),
        command: format!("shopblast {words} {}", arguments.join(" ")),
        arguments,
        template,
    })
}

fn criteria(flags: &HuntFlags) -> Result<Criteria, CliError> {
    let of_unit = |(arrivals, users): (f64, f64)| match flags.unit {
        LoadUnit::ArrivalsPerS => arrivals,
        LoadUnit::Users => users,
    };
    let most = flags.to.unwrap_or(of_unit(DEFAULT_MOST));
    let from = flags.from.unwrap_or(of_unit(DEFAULT_FROM).min(most));
    let is_whole = |load: f64| load.fract() == 0.0 && load >= 1.0;
    if flags.unit == LoadUnit::Users && !(is_whole(from) && is_whole(most)) {
        return Err(CliError::WholeUsers);
    }
    if from > most {
        return Err(CliError::FromAboveTo { from, to: most });
    }
    Ok(Criteria {
        slo: flags.slo.iter().map(|slo| slo.text().to_owned()).collect(),
        failure_limit: flags.failure_limit,
        from,
        most,
        precision: flags.precision,
        warm_up_s: flags.warm_up.unwrap_or(WARM_UP).as_secs_f64(),
        window_s: flags.window.as_secs_f64(),
        longest_window_s: flags.longest_window.max(flags.window).as_secs_f64(),
        rest_limit_s: flags.rest_limit.as_secs_f64(),
        recovery_limit_s: flags.recovery_limit.as_secs_f64(),
        most_probes: flags.probes,
        keep_spoiled: flags.keep_spoiled || flags.output.fail_on_saturation == Some(false),
    })
}

/// The flags of a run like the probes: its load and length are the same for every hunt, so that the
/// plan's hash tells what is done and not how much of it.
fn run_options(flags: HuntFlags) -> RunOptions {
    let HuntFlags {
        mut arrivals,
        mut shop,
        ..
    } = flags;
    let mut load = LoadFlags {
        run_time: Some(Duration::from_secs(1)),
        ..LoadFlags::default()
    };
    match flags.unit {
        LoadUnit::ArrivalsPerS => {
            load.rate = Some(1.0);
            arrivals.max_users.get_or_insert(DEFAULT_ROOM);
        }
        LoadUnit::Users => {
            load.users = Some(DEFAULT_ROOM);
            load.spawn_rate = Some(1.0);
        }
    }
    if flags.target.sandbox {
        shop.pipeline.offer_observatory();
    }
    RunOptions {
        load,
        arrivals,
        workload: flags.workload,
        target: flags.target,
        output: flags.output,
        run_output: RunOutputFlags {
            no_tui: flags.no_tui,
            ..RunOutputFlags::default()
        },
        thresholds: ThresholdFlags {
            threshold: flags.slo,
            no_thresholds: true,
        },
        races: flags.races,
        observe: flags.observe,
        machine: flags.machine,
        single: SingleRunFlags::default(),
        page: WebFlags::default(),
        shop,
    }
}

/// The record of the hunt in `directory`, if it asked for the same.
fn compatible(
    directory: &Path,
    plan_hash: &str,
    unit: LoadUnit,
    criteria: &Criteria,
) -> Result<HuntRecord, CliError> {
    let record = read_record(directory)?;
    let differs = [
        (record.plan_hash != plan_hash, "what the probes do"),
        (record.unit != unit, "--in"),
        (record.criteria.slo != criteria.slo, "--slo"),
        (
            record
                .criteria
                .failure_limit
                .total_cmp(&criteria.failure_limit)
                .is_ne(),
            "--failure-limit",
        ),
    ];
    match differs.into_iter().find(|(differs, _)| *differs) {
        Some((_, what)) => Err(CliError::OtherHunt {
            path: directory.display().to_string(),
            what: what.to_owned(),
        }),
        None => Ok(record),
    }
}

/// What was typed after `hunt`, without passwords, and without what only resumes.
fn arguments(typed: &[OsString], skipped: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = typed
        .iter()
        .skip(skipped)
        .map(|word| word.to_string_lossy());
    while let Some(word) = rest.next() {
        if word == "--resume" {
            rest.next();
        } else if !word.starts_with("--resume=") {
            words.push(super::without_passwords([word.into_owned()]));
        }
    }
    words
}

fn parse_precision(text: &str) -> Result<f64, String> {
    values::parse_percent(text)
        .ok()
        .filter(|share| (0.001..=0.5).contains(share))
        .ok_or_else(|| format!("`{text}` is no precision from 0.1 to 50 %; write it like 2%"))
}

/// Windows are made of whole seconds, as figures are.
fn parse_whole_seconds(text: &str) -> Result<Duration, String> {
    let time = values::parse_time(text).map_err(|error| error.to_string())?;
    match time.subsec_nanos() {
        0 => Ok(time),
        _ => Err(format!("`{text}` is no whole number of seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Arguments;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    /// A flag of a run that is neither would be refused without a word.
    #[test]
    fn what_a_run_has_a_hunt_has_too_or_names_what_takes_its_place() {
        let command = Arguments::command();
        let longs = |command: &clap::Command| -> BTreeSet<String> {
            let flags = command.get_arguments();
            flags
                .filter_map(|flag| flag.get_long().map(str::to_owned))
                .collect()
        };
        let of_hunts = longs(command.find_subcommand(HUNT).unwrap());
        let instead: BTreeSet<&str> = INSTEAD.iter().map(|(flag, _)| *flag).collect();
        for flag in longs(&command) {
            let is_either = of_hunts.contains(&flag) != instead.contains(flag.as_str());
            assert!(is_either, "--{flag}");
        }
    }
}
