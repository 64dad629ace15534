//! The flags of a run, in groups, each defined once: parsing, help, variables, completions and manual
//! pages come from there.

use super::load_options::{ArrivalFlags, LoadFlags};
use super::machine_options::MachineFlags;
use super::observe_options::ObserveFlags;
use super::output_options::{OutputFlags, RunOutputFlags};
use super::race_options::RaceFlags;
use super::shop_options::ShopFlags;
use super::target_options::TargetFlags;
use super::threshold_options::ThresholdFlags;
use super::web_options::WebFlags;
use super::workload_options::WorkloadFlags;
use crate::plan::{RunId, Shard, parse_duration};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// The flags of a run, in groups. What is `None` is left to the profile and the defaults.
#[derive(Clone, Debug, Args)]
pub(super) struct RunOptions {
    /// How much load there is.
    #[command(flatten)]
    pub load: LoadFlags,
    /// How journeys arrive.
    #[command(flatten)]
    pub arrivals: ArrivalFlags,
    /// What users do.
    #[command(flatten)]
    pub workload: WorkloadFlags,
    /// Where the load goes.
    #[command(flatten)]
    pub target: TargetFlags,
    /// What is written and printed of everything.
    #[command(flatten)]
    pub output: OutputFlags,
    /// What is written and printed of a run.
    #[command(flatten)]
    pub run_output: RunOutputFlags,
    /// What must hold of the run.
    #[command(flatten)]
    pub thresholds: ThresholdFlags,
    /// How races are carried out.
    #[command(flatten)]
    pub races: RaceFlags,
    /// What is observed of the shop's back end.
    #[command(flatten)]
    pub observe: ObserveFlags,
    /// What carries the load.
    #[command(flatten)]
    pub machine: MachineFlags,
    /// The web page.
    #[command(flatten)]
    pub page: WebFlags,
    /// What only a run has.
    #[command(flatten)]
    pub single: SingleRunFlags,
    /// How the embedded shop behaves.
    #[command(flatten)]
    pub shop: ShopFlags,
}

/// What one run has, and what consists of several decides itself.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct SingleRunFlags {
    /// Do not look what the target is before the clock starts
    ///
    /// The load is sent to whatever is there. It is taken for a ShopStream of today then, or for one
    /// of --generation.
    #[arg(long, help_heading = "Target")]
    pub no_preflight: bool,

    /// Watch the backlog after the load, at most this long [default: not]
    ///
    /// It ends once the backlog is no larger than before the load.
    #[arg(
        long, value_name = "TIME", help_heading = "Back end", hide_short_help = true,
        value_parser = parse_duration, allow_hyphen_values = true
    )]
    pub drain_wait: Option<Duration>,

    /// Run id, for a repetition equal to the byte [default: a new one each run]
    #[arg(
        long, value_name = "ID", help_heading = "Machine", hide_short_help = true,
        value_parser = super::values::parse_run_id
    )]
    pub run_id: Option<RunId>,

    /// Carry out one part of the run, the I-th of N
    ///
    /// Users and arrivals are dealt to N machines by their numbers: I = 1 to N. All of them are started with the same
    /// flags, --run-id and --seed, and together send what one machine would; `shopblast merge` makes one record of
    /// theirs. Thresholds are judged there.
    #[arg(
        long, value_name = "I/N", help_heading = "Machine", hide_short_help = true,
        value_parser = Shard::parse, allow_hyphen_values = true, requires_all = ["run_id", "seed"]
    )]
    pub shard: Option<Shard>,

    /// File for what shards set up once, for all of them
    ///
    /// The first shard writes it, the others wait for it: the flash sale's item, or what `[setup]` of a workload
    /// file reads. All of them name the same file. Without it each shard sets up its own.
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Machine",
        hide_short_help = true,
        requires = "shard"
    )]
    pub set_up_file: Option<PathBuf>,

    /// Show the user classes and profiles there are (more with `shopblast list`)
    #[arg(short, long, help_heading = "Help")]
    pub list: bool,
}
