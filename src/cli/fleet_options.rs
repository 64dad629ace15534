//! The flags of `shopblast fleet`: one run on several machines.

use super::fleet_up::FleetUpFlags;
use super::hunt_options::HuntFlags;
use super::observe_options::ObserveFlags;
use super::observer_tls_options::ObserverTlsFlags;
use super::options::RunOptions;
use super::secret::Secret;
use super::values;
use crate::fleet::{OnLost, RunName};
use crate::plan::{AllowedTarget, MOST_SHARDS};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// What is done with a fleet.
#[derive(Debug, Args)]
pub(super) struct FleetFlags {
    #[command(subcommand)]
    pub command: FleetCommand,
}

impl FleetFlags {
    /// The flags of the run that is led, if one is.
    pub(super) fn run_options(&mut self) -> Option<&mut RunOptions> {
        match &mut self.command {
            FleetCommand::Run(flags) => Some(&mut flags.options),
            FleetCommand::Up(_) | FleetCommand::Hunt(_) | FleetCommand::Join(_) => None,
        }
    }

    /// What is observed of the shop that the fleet loads.
    pub(super) fn observe(&mut self) -> Option<&mut ObserveFlags> {
        match &mut self.command {
            FleetCommand::Run(flags) => Some(&mut flags.options.observe),
            FleetCommand::Hunt(flags) => Some(&mut flags.hunt.observe),
            FleetCommand::Up(_) | FleetCommand::Join(_) => None,
        }
    }
}

/// What is done with a fleet.
#[derive(Debug, Subcommand)]
pub(super) enum FleetCommand {
    /// Launch a fleet on Kubernetes, Docker Swarm, Slurm or by ssh, and follow it to its end
    ///
    /// The machines, the leader and a Redis for them are launched by the engine's own program (kubectl,
    /// docker, sbatch or ssh). What the leader says is said here, its record comes here, its exit code is this
    /// command's, and everything is taken away at the end; Ctrl-C stops the run, twice takes everything
    /// away at once. --print shows what would be applied. See docs/fleet.md.
    Up(Box<FleetUpFlags>),
    /// Lead a run that several machines carry out, and make one record of it
    ///
    /// With every flag of a run. The load is dealt to --shards machines, on each of which
    /// `shopblast fleet join` is started with the same --redis, --run and secret; the leader itself sends
    /// none. --redis is where they meet; the shop's own Redis is observed with --shop-redis.
    #[command(args_override_self = true)]
    Run(Box<FleetRunFlags>),
    /// Search for the breaking point with a fleet, which stays joined between probes
    ///
    /// With every flag of a hunt; --redis is where the fleet meets, as of fleet run.
    #[command(args_override_self = true)]
    Hunt(Box<FleetHuntFlags>),
    /// Carry out a part of a run that another machine leads
    ///
    /// What is done comes from the leader; what this machine may do is said here. Start it before the
    /// leader or after, on as many machines as the leader has --shards.
    #[command(args_override_self = true)]
    Join(Box<FleetJoinFlags>),
}

/// Where leader and joins meet.
#[derive(Debug, Args)]
pub(super) struct MeetingFlags {
    /// Redis where leader and joins meet, like redis://:password@meet:6379
    ///
    /// rediss:// is for TLS. Everything lies under shopblast:{NAME}: and goes away by itself.
    #[arg(
        id = "meeting_redis",
        long = "redis",
        value_name = "URL",
        help_heading = "Fleet"
    )]
    pub redis: Option<Secret>,

    /// Where the secret is that signs what leader and joins say: a file, or a variable
    ///
    /// [default: the variable SHOPBLAST_FLEET_SECRET]
    #[arg(long, value_name = "FILE|ENV", help_heading = "Fleet")]
    pub fleet_secret_from: Option<String>,

    /// Meet in the shop's own Redis: not advised, since it is part of what is measured
    #[arg(long, help_heading = "Fleet", hide_short_help = true)]
    pub redis_shared: bool,
}

/// How a fleet is led.
#[derive(Debug, Args)]
pub(super) struct LeadFlags {
    /// Machines that carry the load: as many joins are waited for
    #[arg(
        long, value_name = "N", help_heading = "Fleet",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_SHARDS)), allow_hyphen_values = true
    )]
    pub shards: Option<u32>,

    /// Name of the run, which joins are given, too [default: its profile and id]
    #[arg(long, value_name = "NAME", help_heading = "Fleet", value_parser = RunName::parse)]
    pub run: Option<RunName>,

    #[command(flatten)]
    pub meeting: MeetingFlags,

    /// What becomes of the run when a shard is lost: continue or stop
    #[arg(
        long, value_name = "WHAT", help_heading = "Fleet", default_value = "continue",
        value_parser = values::one_of(&[("continue", OnLost::Continue), ("stop", OnLost::Stop)])
    )]
    pub on_lost: OnLost,

    /// How long shards go on without a leader, at most [default: to the plan's end]
    ///
    /// 15s where the plan has no end.
    #[arg(
        long, value_name = "TIME", help_heading = "Fleet", value_parser = values::parse_time,
        allow_hyphen_values = true
    )]
    pub leaderless: Option<Duration>,

    /// How long joins are waited for
    #[arg(
        long, value_name = "TIME", help_heading = "Fleet", default_value = "5m",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    pub join_wait: Duration,

    /// Leave the shards' records where they are; `shopblast merge` makes one of them
    #[arg(long, help_heading = "Fleet")]
    pub keep_records: bool,
}

/// The flags of a leader.
#[derive(Debug, Args)]
#[command(mut_arg("redis", |arg| arg.long("shop-redis")))]
pub(super) struct FleetRunFlags {
    #[command(flatten)]
    pub lead: LeadFlags,

    #[command(flatten)]
    pub options: RunOptions,
}

/// The flags of a hunt with a fleet.
#[derive(Debug, Args)]
#[command(mut_arg("redis", |arg| arg.long("shop-redis")))]
pub(super) struct FleetHuntFlags {
    #[command(flatten)]
    pub lead: LeadFlags,

    #[command(flatten)]
    pub hunt: HuntFlags,
}

/// The flags of a member.
#[derive(Debug, Args)]
pub(super) struct FleetJoinFlags {
    #[command(flatten)]
    pub meeting: MeetingFlags,

    /// Name of the run that is joined
    #[arg(long, value_name = "NAME", help_heading = "Fleet", value_parser = RunName::parse)]
    pub run: Option<RunName>,

    /// Number of the shard, from 0 [default: the launcher's, or one that is free]
    ///
    /// JOB_COMPLETION_INDEX and SLURM_PROCID count as given.
    #[arg(
        long,
        value_name = "N",
        help_heading = "Fleet",
        allow_hyphen_values = true
    )]
    pub shard_index: Option<u32>,

    /// Host or network that may get load, and no other; may be repeated [default: private ones]
    #[arg(
        long,
        value_name = "HOST|CIDR",
        help_heading = "Fleet",
        value_delimiter = ','
    )]
    pub allow_target: Vec<AllowedTarget>,

    /// How long a leader is waited for
    #[arg(
        long, value_name = "TIME", help_heading = "Fleet", default_value = "5m",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    pub wait: Duration,

    /// Stay for the next run of this name: for comparisons, whose runs are led one by one
    ///
    /// It ends when nobody leads one for --wait.
    #[arg(long, help_heading = "Fleet")]
    pub stay: bool,

    /// Directory that this machine's record is written into
    #[arg(
        long,
        value_name = "DIR",
        help_heading = "Output",
        default_value = "results"
    )]
    pub results: PathBuf,

    /// Print errors only
    #[arg(long, help_heading = "Output")]
    pub quiet: bool,

    /// Cores of this machine, as of a run
    #[arg(
        long,
        value_name = "N|all|LIST",
        help_heading = "Machine",
        allow_hyphen_values = true
    )]
    pub cores: Option<String>,

    /// Allow more workers than CPUs; no figure is to be trusted then
    #[arg(
        long,
        help_heading = "Machine",
        requires = "cores",
        hide_short_help = true
    )]
    pub oversubscribe: bool,

    /// Kernel interface: uring, plain-uring or epoll
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Machine",
        hide_short_help = true
    )]
    pub driver: Option<String>,

    /// Have connections to the target come from this interface or address of this machine
    #[arg(
        long,
        value_name = "NAME|ADDRESS",
        help_heading = "Machine",
        hide_short_help = true
    )]
    pub interface: Vec<String>,

    #[command(flatten)]
    pub tls: ObserverTlsFlags,
}
