//! The command line as a whole: the flags of a run, or what to do instead of one.

use super::check_options::CheckFlags;
use super::compare_options::CompareFlags;
use super::completions::CompletionFlags;
use super::doctor_options::DoctorFlags;
use super::fleet_options::FleetFlags;
use super::hunt_options::HuntFlags;
use super::list::ListFlags;
use super::manual::ManualFlags;
use super::merge_options::MergeFlags;
use super::options::RunOptions;
use super::replay_options::ReplayFlags;
use super::report_options::ReportFlags;
use super::sandbox_options::SandboxFlags;
use super::version;
use super::workload_command::WorkloadCommandFlags;
use clap::Parser;

/// The first thing that one sees.
pub(super) const EXAMPLES: &str = "\
Examples:
  shopblast --sandbox
  shopblast --profile spike --sandbox
  shopblast --profile smoke --host http://localhost:8000
  shopblast SpikeUser -u 50 -r 10 -t 1m
  shopblast --web --sandbox
  shopblast IdentityUser=3 SpikeUser --rate 200 --arrivals poisson -t 2m";

/// The end of the short help.
const SHORT_NOTES: &str = "\
Each long flag can be set by a variable, like SHOPBLAST_RUN_TIME or LOCUST_RUN_TIME for --run-time.
Exit codes: 0 fine, 1 requests failed, 95 generator at its limit, 96 invariant violated, 99
threshold crossed, 102 nothing measured, 104 wrong command or plan, 105 interrupted, 106 record not
whole, 107 target not reached.";

/// What holds of all flags.
pub(super) const NOTES: &str = "\
Every long flag can be set by a variable: SHOPBLAST_RUN_TIME or LOCUST_RUN_TIME for --run-time, and
so on (flags without a value: 1 or 0). Flags win over SHOPBLAST_*, SHOPBLAST_* over LOCUST_*, these
over the profile, the profile over the defaults.

Exit codes: 0 all expected, 1 some requests failed, 95 the generator was at its limit,
96 an invariant was violated, 99 a threshold was crossed, 102 nothing was measured, 104 the command,
profile or plan is wrong, 105 interrupted, 106 the record or an output is lost, or a part of it,
107 the target cannot be reached.";

/// An honest, thread-per-core load generator for ShopStream.
#[derive(Debug, Parser)]
#[command(
    name = "shopblast",
    bin_name = "shopblast",
    version = version::SHORT,
    long_version = version::LONG,
    after_help = SHORT_NOTES,
    after_long_help = NOTES,
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
    Sandbox(Box<SandboxFlags>),
    /// Compare runs: is one configuration better than another, or is it chance?
    ///
    /// shopblast compare A… -- B… compares records that are there; shopblast compare A B one run a
    /// side. shopblast compare --run 'one=./hook.sh' --run 'three=./hook.sh 3' -- --profile spike
    /// makes the runs itself, in turns. The unit is the run: one run a side shows differences without
    /// a verdict, from 4 runs a side on there is one.
    Compare(Box<CompareFlags>),
    /// Find the breaking point: the highest load that the shop sustains
    ///
    /// And tell what gives way first.
    ///
    /// shopblast hunt --profile stress --slo 'response: p(99) < 500ms' doubles the load until it is not
    /// sustained, then halves the gap. Sustained means: every --slo holds, carried = offered within
    /// 1 %, no more failures than --failure-limit, response times and backlogs that do not grow, no
    /// dead letters. Two knees are reported: of the HTTP interface, and of the pipeline behind it where
    /// that is observed. Ctrl-C saves; --resume DIR goes on.
    #[command(args_override_self = true)]
    Hunt(Box<HuntFlags>),
    /// Carry one run out on several machines
    ///
    /// See docs/fleet.md.
    Fleet(Box<FleetFlags>),
    /// Look at a target, and at this machine, before a run.
    ///
    /// Is it reachable, is it ShopStream, does it still have every operation and field that the
    /// journeys use, does it answer one request at a time or several, is the Observatory there? Are
    /// descriptors, memory, locked memory, ports, cores and the time on them enough for a plan? The machine
    /// is looked at without a shop, too. With --workload or --url it is the target of that: does it answer
    /// as it should, does its description have what is called? Exits with 0 when nothing would make journeys fail, 1 when
    /// something would, 107 when the shop cannot be reached.
    Doctor(Box<DoctorFlags>),
    /// Fire the witness of a violation again.
    ///
    /// What made the contended thing is sent in sequence, the racers together, and what was asked
    /// after them; with fresh ids and unique values. Exits with 96 when the answers are those of the
    /// witness, 0 when they are not, 107 when the shop cannot be reached.
    Replay(Box<ReplayFlags>),
    /// Check a workload file, and show what its journeys would send.
    ///
    /// Everything that is wrong is told with its line, its column and what would be right; nothing is
    /// sent. Exits with 104 when something is wrong.
    Check(Box<CheckFlags>),
    /// Make a workload file, or show one that comes with the program.
    ///
    /// shopblast workload init --from-openapi http://localhost:8000 --out mine.toml makes one of the
    /// target's own description, --from-har FILE of a browser's recording; without either it is a small
    /// one to begin with. shopblast workload show lists what comes with the program, show NAME prints one.
    Workload(Box<WorkloadCommandFlags>),
    /// Make one record of those of a run's shards.
    ///
    /// shopblast merge results/one results/two --out results/run: histograms are added without a loss, seconds
    /// put together, rules and thresholds judged on all of it. A shard that is missing makes the record partial:
    /// it says so first, and the exit code is 95.
    Merge(MergeFlags),
    /// Make a report from the record of a run, even of one that was cut off.
    Report(ReportFlags),
    /// Show the user classes, profiles, journeys and options there are, or one at length
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
