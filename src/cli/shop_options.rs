//! The flags that say how the embedded shop behaves: of `shopblast sandbox`, and of runs with
//! `--sandbox`.

use super::CliError;
use super::pipeline_options::PipelineFlags;
use super::values::{self, ValueError};
use crate::engine::OwnTarget;
use crate::sandbox::{
    Bug, Bugs, Chaos, Conflicts, FallsOver, Mishap, ServiceTime, ShopConfig, Truths, UnknownBug,
    UnknownMishap,
};
use crate::shop::Generation;
use clap::{Args, FromArgMatches};
use std::sync::Arc;
use std::time::Duration;

/// How the embedded shop behaves. What is `None` is as in the measured shop.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ShopFlags {
    /// Generation of ShopStream: five (76 operations) or today (124)
    ///
    /// five has five contexts, today eight.
    ///
    /// The embedded shop serves it [default: today]. Of another target it says what the target is
    /// compared with [default: the nearest one], and what it is taken for when it does not describe
    /// itself, or with --no-preflight [default: today].
    #[arg(
        long, value_name = "NAME", help_heading = "Target", hide_possible_values = true,
        value_parser = values::generation()
    )]
    pub generation: Option<Generation>,

    /// API workers of the embedded shop: with 2 or more, commands on one thing really race
    ///
    /// Each worker answers one request at a time. With several, a command may be overtaken between
    /// loading a thing and saving it, and then loses: see --conflicts. [default: 1, or one a core]
    #[arg(
        long, value_name = "N", help_heading = "Embedded shop",
        value_parser = values::parse_workers, allow_hyphen_values = true
    )]
    pub api_workers: Option<usize>,

    /// Time that a request takes in the embedded shop: 5ms, constant:5ms or exponential:5ms
    ///
    /// Without it a request takes as long as the computer needs for it, some microseconds; with
    /// several API workers on a core 0.1 ms, so that they have time to overtake each other.
    #[arg(
        long, value_name = "DIST", help_heading = "Embedded shop",
        value_parser = parse_service_time, allow_hyphen_values = true
    )]
    pub service_time: Option<ServiceTime>,

    /// Requests that the embedded shop serves at once, first come first served [default: one an
    /// API worker]
    #[arg(
        long, value_name = "C", help_heading = "Embedded shop",
        value_parser = values::parse_workers, allow_hyphen_values = true
    )]
    pub servers: Option<usize>,

    /// Capacity of the embedded shop in requests a second: short for --servers 1 with a constant
    /// service time of 1/N s
    #[arg(
        long, value_name = "N", help_heading = "Embedded shop",
        conflicts_with_all = ["service_time", "servers"],
        value_parser = parse_capacity, allow_hyphen_values = true
    )]
    pub capacity: Option<f64>,

    /// What the embedded shop tells the loser of a version race: 500 and the end of the connection,
    /// as today's shop does; 500-written, where what it wrote stays all the same; or 409 as it is
    /// documented [default: 500]
    #[arg(long, value_name = "STATUS", help_heading = "Embedded shop", value_parser = values::conflicts())]
    pub conflicts: Option<Conflicts>,

    /// How many of the newest things of each kind the embedded shop keeps, before the oldest are
    /// forgotten [default: 1000000]
    #[arg(
        long, value_name = "N", help_heading = "Embedded shop",
        value_parser = values::parse_retained, allow_hyphen_values = true
    )]
    pub retain: Option<usize>,

    /// Give the embedded shop a fault that strikes with a probability, like oversell=0.01; may be
    /// repeated
    ///
    /// oversell, undersell, lost-update, double-refund, double-checkout, duplicate-customer,
    /// cancelled-and-paid, resurrect: each breaks one rule, which a run then has to find. And of
    /// workloads/shopstream/todays_races.toml: double-picker, double-picking, double-label,
    /// double-handoff, cancelled-and-shipped, cancelled-twice, picked-after-cancel, double-exception,
    /// double-delivery, tracked-after-delivery; duplicate-review, double-vote, double-reply,
    /// double-verdict, double-removal, edited-after-approval, replied-after-removal;
    /// double-unsubscribe, double-resubscribe, lost-channels, lost-quiet-hours, double-cancel,
    /// retried-after-cancel; double-deactivation, over-write-off.
    #[arg(
        long, value_name = "NAME=P", help_heading = "Embedded shop", value_parser = parse_bug
    )]
    pub bug: Vec<(Bug, f64)>,

    /// Lose or delay replies of the embedded shop with a probability: reset=0.01, stall=0.01 or
    /// slow=0.01; may be repeated
    #[arg(
        long, value_name = "NAME=P", help_heading = "Embedded shop", value_parser = parse_mishap
    )]
    pub chaos: Vec<(Mishap, f64)>,

    /// The embedded shop dies when more than N requests arrive within one second: connections are
    /// closed, what was in service is lost, and new connections are refused
    #[arg(
        long, value_name = "N", help_heading = "Embedded shop",
        value_parser = values::parse_retained, allow_hyphen_values = true
    )]
    pub falls_over_at: Option<usize>,

    /// The embedded shop listens again this long after it fell over, with its data [default: never]
    #[arg(
        long, value_name = "TIME", help_heading = "Embedded shop",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    pub back_after: Option<Duration>,

    /// The embedded shop ends a connection after N requests, as a proxy with a limit does: the last
    /// reply announces it, over HTTP/2 a GOAWAY does [default: never]
    #[arg(
        long, value_name = "N", help_heading = "Embedded shop",
        value_parser = values::parse_requests, allow_hyphen_values = true
    )]
    pub keepalive_requests: Option<u32>,

    /// What happens to the events that the shop raises.
    #[command(flatten)]
    pub pipeline: PipelineFlags,
}

impl ShopFlags {
    /// The shop that they ask for, on `cores` cores.
    ///
    /// # Errors
    /// When there are servers, but no time that they take; when it comes back, but never falls.
    pub fn config(&self, cores: usize) -> Result<ShopConfig, CliError> {
        if self.servers.is_some() && self.service_time.is_none() {
            return Err(CliError::ServersNeedTime);
        }
        if self.back_after.is_some() && self.falls_over_at.is_none() {
            return Err(CliError::BackNeedsFall);
        }
        let default = ShopConfig::default();
        let generation = self.generation.unwrap_or(default.generation);
        let service = match self.capacity {
            Some(per_s) => ServiceTime::Constant((1e9 / per_s).round() as u64),
            None => self.service_time.unwrap_or_default(),
        };
        Ok(ShopConfig {
            generation,
            retain: self.retain.unwrap_or(default.retain),
            api_workers: self.api_workers.unwrap_or(cores.max(1)),
            servers: self.capacity.map_or(self.servers, |_| Some(1)),
            service,
            conflicts: self.conflicts.unwrap_or_default(),
            bugs: self
                .bug
                .iter()
                .fold(Bugs::default(), |bugs, &(bug, share)| bugs.with(bug, share)),
            chaos: self
                .chaos
                .iter()
                .fold(Chaos::default(), |chaos, &(mishap, share)| {
                    chaos.with(mishap, share)
                }),
            falls_over: self.falls_over_at.map(|above| FallsOver {
                above,
                back_after: self.back_after,
            }),
            keepalive_requests: self.keepalive_requests,
            pipeline: self.pipeline.pipeline(generation)?,
            truths: Truths::default(),
            observatory: self.pipeline.observatory_beside_run(generation),
        })
    }

    /// Nothing but what is there without `--sandbox`.
    ///
    /// # Errors
    /// When one of the flags is given.
    pub fn refuse(&self) -> Result<(), CliError> {
        let given = [
            (self.api_workers.is_some(), "--api-workers"),
            (self.service_time.is_some(), "--service-time"),
            (self.servers.is_some(), "--servers"),
            (self.capacity.is_some(), "--capacity"),
            (self.conflicts.is_some(), "--conflicts"),
            (self.retain.is_some(), "--retain"),
            (!self.bug.is_empty(), "--bug"),
            (!self.chaos.is_empty(), "--chaos"),
            (self.falls_over_at.is_some(), "--falls-over-at"),
            (self.back_after.is_some(), "--back-after"),
            (self.keepalive_requests.is_some(), "--keepalive-requests"),
            (self.pipeline.engines.is_some(), "--engines"),
            (self.pipeline.drain_rate.is_some(), "--drain-rate"),
            (
                self.pipeline.observatory_port.is_some(),
                "--observatory-port",
            ),
            (
                self.pipeline.observatory_names.is_some(),
                "--observatory-names",
            ),
        ];
        match given.into_iter().find(|(given, _)| *given) {
            Some((_, flag)) => Err(CliError::NeedsSandbox { flag }),
            None => Ok(()),
        }
    }
}

/// The shop that these words make, as [`ShopConfig::words`] told them.
///
/// # Errors
/// When they are no flags of a shop.
pub(super) fn made_again(words: &[String]) -> Result<Arc<dyn OwnTarget>, String> {
    Ok(Arc::new(of_words(words)?))
}

fn of_words(words: &[String]) -> Result<ShopConfig, String> {
    let command = clap::Command::new("sandbox").no_binary_name(true);
    let command = ShopFlags::augment_args(command);
    let matches = command.try_get_matches_from(words);
    let matches = matches.map_err(|error| CliError::arguments(&error).to_string())?;
    let flags = ShopFlags::from_arg_matches(&matches).map_err(|error| error.to_string())?;
    flags.config(1).map_err(|error| error.to_string())
}

/// Names of the flags, without the dashes, but for those of the pipeline.
pub(super) const SHOP_FLAGS: &[&str] = &[
    "api-workers",
    "service-time",
    "servers",
    "capacity",
    "conflicts",
    "retain",
    "bug",
    "chaos",
    "falls-over-at",
    "back-after",
    "keepalive-requests",
];

/// A fault and how likely it is.
fn parse_bug(text: &str) -> Result<(Bug, f64), FaultError> {
    let (word, share) = name_and_share(text)?;
    Ok((Bug::parse(word)?, share))
}

/// A mishap and how likely it is.
fn parse_mishap(text: &str) -> Result<(Mishap, f64), FaultError> {
    let (word, share) = name_and_share(text)?;
    Ok((Mishap::parse(word)?, share))
}

fn name_and_share(text: &str) -> Result<(&str, f64), FaultError> {
    let (word, share) = text.split_once('=').ok_or(FaultError::Shape)?;
    let share: f64 = share.parse().map_err(|_| FaultError::Shape)?;
    match (0.0..=1.0).contains(&share) {
        true => Ok((word, share)),
        false => Err(FaultError::Shape),
    }
}

/// No fault, and no mishap.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum FaultError {
    #[error("write a name, `=`, and a probability from 0 to 1, like oversell=0.01")]
    Shape,
    #[error(transparent)]
    Bug(#[from] UnknownBug),
    #[error(transparent)]
    Mishap(#[from] UnknownMishap),
}

/// A length of time, with its distribution in front if you like.
fn parse_service_time(text: &str) -> Result<ServiceTime, ValueError> {
    let (name, time) = text.split_once(':').unwrap_or(("constant", text));
    let distribution: fn(u64) -> ServiceTime = match name {
        "constant" => ServiceTime::Constant,
        "exponential" | "exp" => ServiceTime::Exponential,
        _ => return Err(ValueError::ServiceTime),
    };
    let time: Duration = values::parse_time(time)?;
    Ok(distribution(time.as_nanos() as u64))
}

fn parse_capacity(text: &str) -> Result<f64, ValueError> {
    text.parse()
        .ok()
        .filter(|per_s| (0.001..=1e6).contains(per_s))
        .ok_or(ValueError::Capacity)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn service_times_have_a_distribution() {
        for (text, time) in [
            ("5ms", ServiceTime::Constant(5 * MS)),
            ("0.5ms", ServiceTime::Constant(MS / 2)),
            ("constant:1s", ServiceTime::Constant(1_000 * MS)),
            ("exponential:20ms", ServiceTime::Exponential(20 * MS)),
            ("exp:20ms", ServiceTime::Exponential(20 * MS)),
        ] {
            assert_eq!(parse_service_time(text), Ok(time), "{text}");
        }
        for text in ["", "0", "normal:5ms", "exp", "exp:", "-1s", "exp:0"] {
            assert!(parse_service_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn faults_and_mishaps_have_a_probability() {
        assert_eq!(parse_bug("oversell=0.01"), Ok((Bug::Oversell, 0.01)));
        assert_eq!(parse_mishap("stall=1"), Ok((Mishap::Stall, 1.0)));
        for text in [
            "oversell",
            "oversell=",
            "oversell=2",
            "oversell=-1",
            "oversell=NaN",
            "x=0",
        ] {
            assert!(parse_bug(text).is_err(), "{text}");
        }
        assert!(parse_mishap("oversell=0.5").is_err());
        let flags = ShopFlags {
            bug: vec![(Bug::Resurrect, 1.0)],
            ..ShopFlags::default()
        };
        assert!(flags.refuse().is_err());
        let bugs = flags.config(1).unwrap().bugs;
        assert_eq!(bugs, Bugs::default().with(Bug::Resurrect, 1.0));
    }

    #[test]
    fn a_capacity_is_one_server_with_a_constant_time() {
        let flags = ShopFlags {
            capacity: Some(500.0),
            ..ShopFlags::default()
        };
        let config = flags.config(1).unwrap();
        assert_eq!(config.servers, Some(1));
        assert_eq!(config.service, ServiceTime::Constant(2 * MS));
        assert!(parse_capacity("0").is_err() && parse_capacity("1e9").is_err());
    }

    #[test]
    fn a_shop_comes_back_only_when_it_falls_over() {
        let falls = ShopFlags {
            falls_over_at: Some(500),
            ..ShopFlags::default()
        };
        let back = ShopFlags {
            back_after: Some(Duration::from_secs(2)),
            ..ShopFlags::default()
        };
        let both = ShopFlags {
            falls_over_at: Some(500),
            ..back.clone()
        };
        let when = |flags: &ShopFlags| flags.config(1).map(|shop| shop.falls_over);
        let falls_over = |back_after| FallsOver {
            above: 500,
            back_after,
        };
        assert_eq!(when(&ShopFlags::default()).unwrap(), None);
        assert_eq!(when(&falls).unwrap(), Some(falls_over(None)));
        assert_eq!(when(&both).unwrap(), Some(falls_over(both.back_after)));
        assert!(matches!(when(&back), Err(CliError::BackNeedsFall)));
        assert!(falls.refuse().is_err() && back.refuse().is_err());
    }

    /// A flag of the shop is kept by a line here; that none is forgotten is told by the test below.
    const KEPT: &[&str] = &[
        "",
        "--generation five",
        "--api-workers 4",
        "--api-workers 3 --service-time 5ms",
        "--service-time exponential:20ms --servers 7",
        "--service-time 1us",
        "--capacity 300",
        "--capacity 0.7",
        "--conflicts 409",
        "--conflicts 500-written",
        "--retain 50",
        "--bug oversell=0.01 --bug resurrect=1",
        "--chaos reset=0.25 --chaos slow=0.001",
        "--falls-over-at 500",
        "--falls-over-at 500 --back-after 1.5s",
        "--keepalive-requests 100",
        "--engines 3",
        "--engines identity=3,payments=0",
        "--engines 0 --generation five",
        "--drain-rate 0.25",
        "--drain-rate unlimited",
        "--drain-rate 0",
        "--observatory-port 0",
        "--observatory-port 0 --observatory-names newer --generation five",
        "--no-observatory",
    ];

    fn flags(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_words_of_a_shop_make_the_same_shop() {
        for line in KEPT {
            let shop = of_words(&flags(line)).unwrap();
            let words = shop.words();
            let again = of_words(&words).unwrap_or_else(|why| panic!("{line}: {words:?}: {why}"));
            // Engines of domains that the generation has not mean nothing.
            let says = |shop: &ShopConfig| format!("{:?}", shop.words());
            assert_eq!(says(&again), says(&shop), "{line}");
            if shop.generation == Generation::default() {
                assert_eq!(again, shop, "{line}: {words:?}");
            }
        }
    }

    #[test]
    fn every_flag_of_the_shop_is_kept() {
        let command = ShopFlags::augment_args(clap::Command::new("sandbox"));
        for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
            let name = format!("--{flag}");
            let is_kept = |line: &&&str| line.split_whitespace().any(|word| word == name);
            assert!(KEPT.iter().any(|line| is_kept(&line)), "{name}");
        }
    }

    #[test]
    fn words_that_make_no_shop_are_told() {
        for words in ["--bug=oversel=1", "--frobnicate", "word", "--engines=many"] {
            assert!(of_words(&flags(words)).is_err(), "{words}");
        }
    }

    #[test]
    fn a_worker_for_each_core_unless_told() {
        let default = ShopFlags::default();
        assert_eq!(default.config(0).unwrap().api_workers, 1);
        assert_eq!(default.config(2).unwrap().api_workers, 2);
        assert!(default.refuse().is_ok());
    }
}
