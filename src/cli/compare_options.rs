//! `shopblast compare`: which runs are compared, or made and compared, and how they are judged.

use super::surroundings::Surroundings;
use super::{CliCommand, CliError, Entropy, values};
use crate::compare::{
    CompareRequest, ComparisonQuestion, ComparisonSetup, ComparisonSource, Configuration, Hook,
};
use crate::plan::differing_fields;
use clap::Args;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Names of the sides when nobody names them.
const NAMES: [&str; 2] = ["A", "B"];

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct CompareFlags {
    /// Runs of the first side, the baseline: directories of records, directories that hold such
    /// directories, or Locust's PREFIX_stats.csv (exactly two without `--`: one side each)
    #[arg(value_name = "RUN")]
    left: Vec<PathBuf>,

    /// After `--`: the runs of the other side; with --run, the flags of every run
    #[arg(value_name = "RUN or FLAG", last = true)]
    right: Vec<OsString>,

    /// Make runs of this configuration; twice or more, the first is the baseline
    ///
    /// The hook is a command for the shell. It is called with the argument up before the first of
    /// the configuration's runs in a row, reset before every run, and down after the last, also on
    /// failure and Ctrl-C. Environment: COMPARE_NAME, COMPARE_ROUND, COMPARE_DIRECTORY and
    /// COMPARE_RECORDS. Empty (NAME=) when there is nothing to do.
    #[arg(long, value_name = "NAME=HOOK", value_parser = parse_named, help_heading = "Make the runs")]
    run: Vec<(String, String)>,

    /// Flags for the runs of one configuration only, like 'fast=--sandbox --service-time 1ms'
    #[arg(
        long, value_name = "NAME=FLAGS", value_parser = parse_named, allow_hyphen_values = true,
        help_heading = "Make the runs"
    )]
    flags: Vec<(String, String)>,

    /// Have a fleet make the runs, led with these flags of fleet run, like '--shards 2 --redis URL --run NAME'
    ///
    /// The machines are joined once, with `shopblast fleet join --stay`, and stay joined between runs.
    #[arg(
        long,
        value_name = "FLAGS",
        help_heading = "Make the runs",
        requires = "run",
        allow_hyphen_values = true
    )]
    fleet: Option<String>,

    /// Runs of each configuration [default: 10]
    #[arg(
        long, value_name = "N", help_heading = "Make the runs", requires = "run",
        value_parser = clap::value_parser!(u16).range(1..=1000), allow_hyphen_values = true
    )]
    repetitions: Option<u16>,

    /// Rounds before them that do not count [default: 0]
    #[arg(
        long, value_name = "N", help_heading = "Make the runs", requires = "run",
        value_parser = clap::value_parser!(u16).range(0..=100), allow_hyphen_values = true
    )]
    warm_up: Option<u16>,

    /// Make a run again, so many times at most, when the generator was at its limit [default: 2]
    #[arg(
        long, value_name = "N", help_heading = "Make the runs", requires = "run",
        value_parser = clap::value_parser!(u16).range(0..=20), allow_hyphen_values = true
    )]
    retries: Option<u16>,

    /// Longest time that a hook may take [default: 5m]
    #[arg(
        long, value_name = "TIME", help_heading = "Make the runs", requires = "run",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    hook_timeout: Option<Duration>,

    /// Print all tables, not only the outcome and the main figures
    #[arg(long)]
    details: bool,

    /// Directory for compare.json, compare.html and compare.txt (and the records, with --run)
    /// [default: none; with --run a new one in results]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Names of the two sides [default: A,B]
    #[arg(long, value_name = "A,B", value_parser = parse_names)]
    names: Option<(String, String)>,

    /// Runs of one configuration that show how much runs differ by themselves: smaller differences
    /// are not claimed; may be repeated
    #[arg(long, value_name = "RUN", help_heading = "Judge")]
    noise: Vec<PathBuf>,

    /// Relative difference that matters: smaller ones count as none
    #[arg(
        long, value_name = "PERCENT", default_value = "2%", help_heading = "Judge",
        value_parser = values::parse_percent, allow_hyphen_values = true
    )]
    margin: f64,

    /// Difference of shares (of failed requests, for example) that matters, in percentage points
    #[arg(
        long, value_name = "POINTS", default_value = "0.1%", help_heading = "Judge",
        value_parser = values::parse_percent, allow_hyphen_values = true
    )]
    share_margin: f64,

    /// Chance that equal sides are not said to differ, and that all intervals of a table hold
    #[arg(
        long, value_name = "PERCENT", default_value = "95%", help_heading = "Judge",
        value_parser = parse_confidence, allow_hyphen_values = true
    )]
    confidence: f64,

    /// Compare the n-th runs of both sides with each other: they were made in turns (with --run
    /// that is so from 6 rounds on)
    #[arg(long, help_heading = "Judge", conflicts_with = "run")]
    paired: bool,

    /// Compare runs of different plans, or of unknown ones, nevertheless
    #[arg(long, help_heading = "Judge")]
    different_plans: bool,

    /// Exit with 99 when a side is worse than the baseline
    #[arg(long, help_heading = "Judge")]
    fail_on_worse: bool,

    /// Exit with 95 when a run was left out because the generator was at its limit
    #[arg(
        long, value_name = "true|false", default_value_t = true, num_args = 0..=1,
        default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set, help_heading = "Judge",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    fail_on_saturation: bool,

    /// Seed of random permutations, and of the runs that are made
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        allow_hyphen_values = true
    )]
    seed: u64,
}

/// The comparison that the flags ask for.
///
/// # Errors
/// When the sides are not clear, or the flags of the runs are wrong.
pub(super) fn resolve(
    flags: CompareFlags,
    around: &Surroundings<'_>,
) -> Result<CompareRequest, CliError> {
    // A value may hold several words, and addresses with passwords among them.
    let typed = around.typed.iter().flat_map(|word| {
        let text = word.to_string_lossy().into_owned();
        text.split(' ').map(str::to_owned).collect::<Vec<String>>()
    });
    let question = ComparisonQuestion {
        command: super::without_passwords(typed),
        confidence: flags.confidence,
        margin: flags.margin,
        share_margin: flags.share_margin,
        seed: flags.seed,
        paired: flags.paired,
        different_plans: flags.different_plans,
        fail_on_worse: flags.fail_on_worse,
        fail_on_saturation: flags.fail_on_saturation,
    };
    let (subject, output) = if flags.run.is_empty() {
        (recorded(&flags)?, flags.output)
    } else {
        let setup = setup(&flags, around)?;
        let directory = setup.directory.clone();
        (ComparisonSource::Driven(setup), Some(directory))
    };
    Ok(CompareRequest {
        subject,
        noise: flags.noise,
        question,
        output,
        details: flags.details,
    })
}

fn recorded(flags: &CompareFlags) -> Result<ComparisonSource, CliError> {
    if let Some((name, _)) = flags.flags.first() {
        return Err(CliError::NoSuchConfiguration { name: name.clone() });
    }
    let right: Vec<PathBuf> = flags.right.iter().map(PathBuf::from).collect();
    let (left, right) = match (&flags.left[..], right.is_empty()) {
        ([left, right], true) => (vec![left.clone()], vec![right.clone()]),
        (left, false) if !left.is_empty() => (left.to_vec(), right),
        _ => return Err(CliError::SidesToCompare),
    };
    let (first, second) = flags
        .names
        .clone()
        .unwrap_or_else(|| (NAMES[0].to_owned(), NAMES[1].to_owned()));
    Ok(ComparisonSource::Recorded(vec![
        (first, left),
        (second, right),
    ]))
}

fn setup(flags: &CompareFlags, around: &Surroundings<'_>) -> Result<ComparisonSetup, CliError> {
    if flags.run.len() < 2 || !flags.left.is_empty() {
        return Err(CliError::SidesToCompare);
    }
    let mut configurations = Vec::new();
    for (name, hook) in &flags.run {
        if configurations
            .iter()
            .any(|known: &Configuration| known.name == *name)
        {
            return Err(CliError::ConfigurationTwice { name: name.clone() });
        }
        configurations.push(Configuration {
            name: name.clone(),
            hook: (!hook.trim().is_empty()).then(|| Hook {
                command: hook.clone(),
                limit: flags.hook_timeout.unwrap_or(Duration::from_secs(300)),
            }),
            flags: Vec::new(),
        });
    }
    for (name, words) in &flags.flags {
        let configuration = configurations.iter_mut().find(|known| known.name == *name);
        let configuration =
            configuration.ok_or_else(|| CliError::NoSuchConfiguration { name: name.clone() })?;
        let words = shlex::split(words).ok_or_else(|| CliError::Quotes {
            text: words.clone(),
        })?;
        configuration
            .flags
            .extend(words.into_iter().map(OsString::from));
    }
    let before = before(flags)?;
    let run_time = check_plans(flags, (&before, &configurations), around)?;
    let names: Vec<&str> = flags.run.iter().map(|(name, _)| name.as_str()).collect();
    Ok(ComparisonSetup {
        repetitions: usize::from(flags.repetitions.unwrap_or(10)),
        warm_up: usize::from(flags.warm_up.unwrap_or(0)),
        retries: usize::from(flags.retries.unwrap_or(2)),
        directory: flags
            .output
            .clone()
            .unwrap_or_else(|| default_directory(&names, around.entropy)),
        seed: flags.seed,
        run_time,
        flags: flags.right.clone(),
        before,
        configurations,
    })
}

/// What comes before the flags of every run: nothing, or how a fleet is led that makes them.
fn before(flags: &CompareFlags) -> Result<Vec<OsString>, CliError> {
    let Some(text) = &flags.fleet else {
        return Ok(Vec::new());
    };
    let words = shlex::split(text).ok_or_else(|| CliError::Quotes { text: text.clone() })?;
    let names_run = |word: &String| word == "--run" || word.starts_with("--run=");
    if !words.iter().any(names_run) {
        return Err(CliError::Arguments(
            "--fleet: name the run that the machines join, like --fleet '--shards 2 --redis URL --run nightly'"
                .to_owned(),
        ));
    }
    let lead = ["fleet", "run"].map(str::to_owned);
    Ok(lead.into_iter().chain(words).map(OsString::from).collect())
}

/// `results/<time>-compare-<names>-<id>`.
fn default_directory(names: &[&str], entropy: Entropy) -> PathBuf {
    directory_of(Path::new("results"), "compare", &names.join("-"), entropy)
}

/// `<results>/<time>-<what>-<name>-<id>`.
pub(super) fn directory_of(results: &Path, what: &str, name: &str, entropy: Entropy) -> PathBuf {
    let unix_ms = i64::try_from(entropy.run_id.unix_ms()).unwrap_or_default();
    let time = jiff::Timestamp::from_millisecond(unix_ms).unwrap_or_default();
    let time = time.strftime("%Y%m%dT%H%M%SZ");
    let id = &entropy.run_id.as_str()[10..];
    results.join(format!("{time}-{what}-{name}-{id}"))
}

/// Reads every configuration's flags as its runs will, before anything is brought up, and makes sure
/// that they ask for the same load. Tells how long the longest of them is to take.
fn check_plans(
    flags: &CompareFlags,
    (before, configurations): (&[OsString], &[Configuration]),
    around: &Surroundings<'_>,
) -> Result<Duration, CliError> {
    let mut run_time = Duration::ZERO;
    let mut plans = Vec::new();
    for configuration in configurations {
        let program = [OsString::from("shopblast")];
        let words = program
            .iter()
            .chain(before)
            .chain(&flags.right)
            .chain(&configuration.flags);
        match (around.parse)(words.cloned().collect(), around)? {
            CliCommand::Run(request) => {
                run_time = run_time.max(request.plan.run_time);
                plans.push((&configuration.name, request.plan));
            }
            CliCommand::FleetRun(request) => {
                run_time = run_time.max(request.run.plan.run_time);
                plans.push((&configuration.name, request.run.plan));
            }
            _ => return Err(CliError::NoRunToCompare),
        }
    }
    let hashes: Vec<String> = plans.iter().map(|(_, plan)| plan.hash()).collect();
    if hashes.iter().any(|hash| *hash != hashes[0]) && !flags.different_plans {
        let plans: Vec<_> = plans
            .iter()
            .map(|(name, plan)| (name.as_str(), plan.fields()))
            .collect();
        let plans: Vec<_> = plans.iter().map(|(name, plan)| (*name, plan)).collect();
        let differences = differing_fields(&plans);
        return Err(CliError::PlansDiffer { differences });
    }
    Ok(run_time)
}

/// A name, `=`, and anything; the name becomes part of paths.
fn parse_named(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("write a name and `=` in front, like scaled={text}"))?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._+-".contains(letter);
    if name.is_empty() || name.starts_with(['-', '.']) || !name.chars().all(is_plain) {
        return Err(format!(
            "`{name}` is no name: use letters, digits, and . _ + - inside"
        ));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Two names, with a comma between them.
fn parse_names(text: &str) -> Result<(String, String), String> {
    match text.split_once(',') {
        Some((first, second)) if !first.is_empty() && !second.is_empty() && first != second => {
            Ok((first.to_owned(), second.to_owned()))
        }
        _ => Err("write two different names with a comma between them, like old,new".to_owned()),
    }
}

fn parse_confidence(text: &str) -> Result<f64, String> {
    values::parse_percent(text)
        .ok()
        .filter(|share| (0.5..=0.999).contains(share))
        .ok_or_else(|| format!("`{text}` is no confidence from 50 to 99.9 %; write it like 95%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_shares() {
        for (text, share) in [("2%", 0.02), ("2", 0.02), ("0.5 %", 0.005), ("0", 0.0)] {
            assert_eq!(values::parse_percent(text), Ok(share), "{text}");
        }
        for text in ["", "%", "-1%", "101%", "x", "NaN"] {
            assert!(values::parse_percent(text).is_err(), "{text}");
        }
        assert_eq!(parse_confidence("99%"), Ok(0.99));
        assert!(parse_confidence("100%").is_err() && parse_confidence("10%").is_err());
    }

    #[test]
    fn names_can_be_part_of_a_path() {
        assert_eq!(parse_named("a+1=x y=z"), Ok(("a+1".into(), "x y=z".into())));
        for text in ["x", "=x", "../a=x", "a/b=x", "-a=x", "a b=x"] {
            assert!(parse_named(text).is_err(), "{text}");
        }
    }
}
