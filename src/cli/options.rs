//! Every flag of the command line, defined once: parsing, help and variables come from here.

use super::compare_options::CompareFlags;
use super::completions::CompletionFlags;
use super::doctor_options::DoctorFlags;
use super::export_options::ExportFlags;
use super::hunt_options::HuntFlags;
use super::list::ListFlags;
use super::manual::ManualFlags;
use super::observe_options::ObserveFlags;
use super::race_options::RaceFlags;
use super::replay_options::ReplayFlags;
use super::report_options::ReportFlags;
use super::sandbox_options::SandboxFlags;
use super::shop_options::ShopFlags;
use super::threshold_options::ThresholdFlags;
use super::web_options::WebFlags;
use super::{values, version};
use crate::plan::{
    Arrivals, ClassShare, CoreChoice, Driver, FailureRule, JourneyOption, Pacing, RunId, Target,
    parse_duration,
};
use clap::{Args, Parser};
use std::path::PathBuf;
use std::time::Duration;

/// The first thing that one sees.
pub(super) const EXAMPLES: &str = "\
Examples:
  shopblast --profile spike --sandbox
  shopblast --profile smoke --host http://localhost:8000
  shopblast SpikeUser -u 50 -r 10 -t 1m
  shopblast --web --sandbox
  shopblast IdentityUser=3 SpikeUser --rate 200 --arrivals poisson -t 2m";

/// What holds of all flags.
pub(super) const NOTES: &str = "\
Every long flag can be set by a variable: SHOPBLAST_RUN_TIME or LOCUST_RUN_TIME for --run-time, and
so on (flags without a value: 1 or 0). Flags win over SHOPBLAST_*, SHOPBLAST_* over LOCUST_*, these
over the profile, the profile over the defaults.

Exit codes: 0 all expected, 1 some requests failed, 95 the generator was at its limit,
96 an invariant was violated, 99 a threshold was crossed, 104 the command, profile or plan is wrong,
105 interrupted, 107 the target cannot be reached.";

/// An honest, thread-per-core load generator for ShopStream.
#[derive(Debug, Parser)]
#[command(
    name = "shopblast",
    bin_name = "shopblast",
    version = version::SHORT,
    long_version = version::LONG,
    after_help = NOTES,
    args_override_self = true,
    args_conflicts_with_subcommands = true
)]
pub(super) struct Arguments {
    /// The flags of a run.
    #[command(flatten)]
    pub run: RunOptions,
    /// What to do instead of a run.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,
}

/// What to do instead of a run.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Subcommand {
    /// Serve the embedded ShopStream.
    Sandbox(SandboxFlags),
    /// Compare runs: is one configuration better than another, or is it chance?
    ///
    /// shopblast compare A… -- B… compares records that are there; shopblast compare A B one run a
    /// side. shopblast compare --run 'one=./hook.sh' --run 'three=./hook.sh 3' -- --profile spike
    /// makes the runs itself, in turns. The unit is the run: one run a side shows differences without
    /// a verdict, from 4 runs a side on there is one.
    Compare(Box<CompareFlags>),
    /// Find the breaking point: the highest load that the shop sustains, and what gives way first.
    ///
    /// shopblast hunt --profile stress --slo 'response: p(99) < 500ms' doubles the load until it is not
    /// sustained, then halves the gap. Sustained means: every --slo holds, carried = offered within
    /// 1 %, no more failures than --failure-limit, response times and backlogs that do not grow, no
    /// dead letters. Two knees are reported: of the HTTP interface, and of the pipeline behind it where
    /// that is observed. Ctrl-C saves; --resume DIR goes on.
    #[command(args_override_self = true)]
    Hunt(Box<HuntFlags>),
    /// Look at a target, and at this machine, before a run.
    ///
    /// Is it reachable, is it ShopStream, does it still have every operation and field that the
    /// journeys use, does it answer one request at a time or several, is the Observatory there, are
    /// descriptors and ports enough? Exits with 0 when nothing would make journeys fail, 1 when
    /// something would, 107 when it cannot be reached.
    Doctor(DoctorFlags),
    /// Fire the witness of a violation again.
    ///
    /// What made the contended thing is sent in sequence, the racers together, and what was asked
    /// after them; with fresh ids and unique values. Exits with 96 when the answers are those of the
    /// witness, 0 when they are not, 107 when the shop cannot be reached.
    Replay(ReplayFlags),
    /// Make a report from the record of a run, even of one that was cut off.
    Report(ReportFlags),
    /// Show the user classes, profiles, journeys and options there are, or one of them at length.
    List(ListFlags),
    /// Print the script that completes commands and flags in a shell
    ///
    /// For bash: source <(shopblast completions bash), in ~/.bashrc. For zsh: the script is a file
    /// _shopblast of a directory in $fpath. For fish: ~/.config/fish/completions/shopblast.fish.
    /// `make install` puts all three where the shells look.
    Completions(CompletionFlags),
    /// Print a manual page, or write all of them into a directory.
    Man(ManualFlags),
    /// Print version, commit and how the program was built, as --version does.
    Version,
}

/// The flags of a run. What is `None` is left to the profile and the defaults.
#[derive(Clone, Debug, Args)]
pub(super) struct RunOptions {
    /// User classes to run, with a weight if you like; they take the place of the profile's
    #[arg(value_name = "USER_CLASS[=WEIGHT]", value_parser = ClassShare::parse)]
    pub classes: Vec<ClassShare>,

    /// Show the user classes and profiles there are, and exit (more with `shopblast list`)
    #[arg(short, long)]
    pub list: bool,

    /// Address of the shop [default: http://localhost:8000]
    #[arg(
        short = 'H', long, value_name = "URL", help_heading = "Target",
        value_parser = Target::parse, conflicts_with = "sandbox"
    )]
    pub host: Option<Target>,

    /// Start the embedded shop in this process, and send the load there
    #[arg(long, help_heading = "Target")]
    pub sandbox: bool,

    #[command(flatten)]
    pub shop: ShopFlags,

    /// What is observed of the shop's back end.
    #[command(flatten)]
    pub observe: ObserveFlags,

    /// Allow load on this host although its address is public; may be repeated
    #[arg(
        long, value_name = "HOST", help_heading = "Target",
        value_parser = values::parse_host, value_delimiter = ','
    )]
    pub allow_host: Vec<String>,

    /// Do not look what the target is before the clock starts, and send the load to whatever is there
    ///
    /// It is taken for a ShopStream of today then, or for one of --generation.
    #[arg(long, help_heading = "Target")]
    pub no_preflight: bool,

    /// Try journeys, too, that the target cannot carry out, by its own description
    #[arg(long, help_heading = "Target")]
    pub allow_drift: bool,

    /// Profile to run: the name of one that is built in (see `shopblast list`), or the path of a TOML file
    ///
    /// A value with a `/` or the ending `.toml` is a path. A file does not take the place of a
    /// built-in profile just because it has its name: give its path, like ./profiles/spike.toml.
    #[arg(long, value_name = "NAME|FILE", help_heading = "Load")]
    pub profile: Option<String>,

    /// Users at the same time [default: the profile's, or 1]
    #[arg(
        short, long, value_name = "N", help_heading = "Load",
        value_parser = values::parse_count, allow_hyphen_values = true
    )]
    pub users: Option<u32>,

    /// Users started a second [default: the profile's, or 1]
    #[arg(
        short = 'r', long, value_name = "N", help_heading = "Load",
        value_parser = values::parse_spawn_rate, allow_hyphen_values = true
    )]
    pub spawn_rate: Option<f64>,

    /// Length of the run, like 20 (seconds), 20s, 3m or 1h20m [default: the profile's, or 60s]
    #[arg(
        short = 't', long, value_name = "TIME", help_heading = "Load",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    pub run_time: Option<Duration>,

    /// Let N journeys a second arrive, whether or not replies came (open model)
    #[arg(
        long, value_name = "N", help_heading = "Load", conflicts_with_all = ["users", "spawn_rate"],
        value_parser = values::parse_journey_rate, allow_hyphen_values = true
    )]
    pub rate: Option<f64>,

    /// How arrivals are spread, with --rate [default: constant]
    #[arg(long, value_name = "HOW", help_heading = "Load", value_parser = values::arrivals())]
    pub arrivals: Option<Arrivals>,

    /// Users that carry out arrivals, with --rate [default: one second's arrivals, 50 to 2000]
    #[arg(
        long, value_name = "N", help_heading = "Load",
        value_parser = values::parse_count, allow_hyphen_values = true
    )]
    pub max_users: Option<u32>,

    /// Whether users wait as their class says, or not at all [default: the profile's, or class]
    #[arg(long, value_name = "HOW", help_heading = "Load", value_parser = values::pacing())]
    pub pacing: Option<Pacing>,

    /// How races are carried out.
    #[command(flatten)]
    pub races: RaceFlags,

    /// Change what journeys do: strict, release-probe, matching-count, repeated-key, tolerant-saga
    /// or by-request (see `shopblast list`); may be repeated, and adds to the profile's
    #[arg(
        long, value_name = "OPTION", help_heading = "Load",
        value_parser = JourneyOption::parse, value_delimiter = ','
    )]
    pub with: Vec<JourneyOption>,

    /// Share N connections among the users [default: one for each user]
    #[arg(
        long, value_name = "N", help_heading = "Load",
        value_parser = values::parse_count, allow_hyphen_values = true
    )]
    pub connections: Option<u32>,

    /// Give a request up after this long without a full reply [default: the profile's, or 30s]
    #[arg(
        long, value_name = "TIME", help_heading = "Load",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    pub timeout: Option<Duration>,

    /// Wait this long for requests in flight at the end [default: the profile's, or 5s]
    #[arg(
        short, long, value_name = "TIME", help_heading = "Load",
        value_parser = parse_duration, allow_hyphen_values = true
    )]
    pub stop_timeout: Option<Duration>,

    /// Largest reply body that is accepted, in bytes, or like 64k or 1m
    #[arg(
        long, value_name = "BYTES", help_heading = "Load", default_value = "1m",
        value_parser = values::parse_bytes, allow_hyphen_values = true
    )]
    pub max_body: usize,

    /// Cores to run on: how many, or which CPUs, like 2-5 or 0,2 (only CPU 3: 3-3)
    ///
    /// By default all CPUs that this process may use; half of them when the shop is on this machine.
    /// There are never more workers than users.
    #[arg(
        long, value_name = "N|LIST", help_heading = "Machine",
        value_parser = CoreChoice::parse, allow_hyphen_values = true
    )]
    pub cores: Option<CoreChoice>,

    /// Kernel interface that carries the requests
    #[arg(
        long, value_name = "NAME", help_heading = "Machine", default_value = "uring",
        value_parser = values::driver()
    )]
    pub driver: Driver,

    /// Seed of the users' behaviour [default: a new one each run]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Machine",
        allow_hyphen_values = true
    )]
    pub seed: Option<u64>,

    /// Run id, for a repetition that is equal to the byte [default: a new one each run]
    #[arg(long, value_name = "ID", help_heading = "Machine", value_parser = values::parse_run_id)]
    pub run_id: Option<RunId>,

    /// Directory that the run's record is written into
    #[arg(
        long,
        value_name = "DIR",
        help_heading = "Output",
        default_value = "results"
    )]
    pub results: PathBuf,

    /// Write Locust's CSV files to PREFIX_stats.csv and so on [default: into the record]
    #[arg(long, value_name = "PREFIX", help_heading = "Output")]
    pub csv: Option<PathBuf>,

    /// Give each statistic name a row a second in the CSV history, not only their sum
    #[arg(long, help_heading = "Output")]
    pub csv_full_history: bool,

    /// Write the report to this file, too; it is always in the record as report.html
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub html: Option<PathBuf>,

    /// Other reports, and live figures for other programs.
    #[command(flatten)]
    pub exports: ExportFlags,

    /// Print lines while the run goes, and leave the screen alone
    ///
    /// By default a terminal of 80 × 24 characters or more shows the run on the whole screen, with
    /// keys that steer it.
    #[arg(long, help_heading = "Output")]
    pub no_tui: bool,

    /// Print no live figures, only the summary
    #[arg(long, help_heading = "Output")]
    pub only_summary: bool,

    /// Print the verdict and errors only
    #[arg(long, help_heading = "Output")]
    pub quiet: bool,

    /// What counts as a failure [default: the profile's, or default]
    ///
    /// default: failed and unknown requests. strict: refused ones and conflicts, too. locust: as the
    /// Locust suite's race steps judge, where 400, 409 and 422 are fine and a 500 is a failure. All
    /// outcomes are shown in any case.
    #[arg(long, value_name = "RULE", help_heading = "Output", value_parser = values::failures())]
    pub failures: Option<FailureRule>,

    /// What must hold of the run.
    #[command(flatten)]
    pub thresholds: ThresholdFlags,

    /// Exit code when some requests failed; 0 does not tell
    #[arg(
        long,
        value_name = "CODE",
        help_heading = "Output",
        default_value_t = 1,
        allow_hyphen_values = true
    )]
    pub exit_code_on_error: u8,

    /// Exit with 95 when the generator was at its limit [default: false; true for a hunt]
    ///
    /// For a hunt: such a probe says nothing, is made again, and after three in a row the search
    /// ends with 95. With =false it counts like any other.
    #[arg(
        long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true",
        require_equals = true, action = clap::ArgAction::Set, help_heading = "Output",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    pub fail_on_saturation: Option<bool>,

    /// The web page.
    #[command(flatten)]
    pub page: WebFlags,
}
