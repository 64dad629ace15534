//! `shopblast fleet`: one run on several machines.

use super::fleet_transfer;
use super::fleet_up::{self, FleetUpFlags};
use super::hunt_options::{self, HuntFlags};
use super::observe_options::ObserveFlags;
use super::observer_tls_options::ObserverTlsFlags;
use super::options::RunOptions;
use super::secret::Secret;
use super::surroundings::Surroundings;
use super::{CliCommand, CliError, observe_options, plan_builder, values};
use crate::fleet::bus::wished_number;
use crate::fleet::{
    FleetHuntRequest, FleetJoinRequest, FleetRunRequest, FleetSecret, Leading, Meeting,
    MembersRecords, OnLost, PlanParser, RunName,
};
use crate::plan::{AddressPolicy, AllowedTarget, AllowedTargets, MOST_SHARDS, Placement, Plan};
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The subcommand's name.
pub(super) const FLEET: &str = "fleet";
/// Streams by which the Redis of a ShopStream is known.
const SHOPS_KEYS: [&str; 3] = [
    "identity::customer",
    "ordering::order",
    "catalogue::product",
];

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
    redis: Option<Secret>,

    /// Where the secret is that signs what leader and joins say: a file, or a variable
    ///
    /// [default: the variable SHOPBLAST_FLEET_SECRET]
    #[arg(long, value_name = "FILE|ENV", help_heading = "Fleet")]
    fleet_secret_from: Option<String>,

    /// Meet in the shop's own Redis: not advised, since it is part of what is measured
    #[arg(long, help_heading = "Fleet", hide_short_help = true)]
    redis_shared: bool,
}

/// How a fleet is led.
#[derive(Debug, Args)]
pub(super) struct LeadFlags {
    /// Machines that carry the load: as many joins are waited for
    #[arg(
        long, value_name = "N", help_heading = "Fleet",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_SHARDS)), allow_hyphen_values = true
    )]
    shards: Option<u32>,

    /// Name of the run, which joins are given, too [default: its profile and id]
    #[arg(long, value_name = "NAME", help_heading = "Fleet", value_parser = RunName::parse)]
    run: Option<RunName>,

    #[command(flatten)]
    meeting: MeetingFlags,

    /// What becomes of the run when a shard is lost: continue or stop
    #[arg(
        long, value_name = "WHAT", help_heading = "Fleet", default_value = "continue",
        value_parser = values::one_of(&[("continue", OnLost::Continue), ("stop", OnLost::Stop)])
    )]
    on_lost: OnLost,

    /// How long shards go on without a leader, at most [default: to the plan's end]
    ///
    /// 15s where the plan has no end.
    #[arg(
        long, value_name = "TIME", help_heading = "Fleet", value_parser = values::parse_time,
        allow_hyphen_values = true
    )]
    leaderless: Option<Duration>,

    /// How long joins are waited for
    #[arg(
        long, value_name = "TIME", help_heading = "Fleet", default_value = "5m",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    join_wait: Duration,

    /// Leave the shards' records where they are; `shopblast merge` makes one of them
    #[arg(long, help_heading = "Fleet")]
    keep_records: bool,
}

/// The flags of a leader.
#[derive(Debug, Args)]
#[command(mut_arg("redis", |arg| arg.long("shop-redis")))]
pub(super) struct FleetRunFlags {
    #[command(flatten)]
    lead: LeadFlags,

    #[command(flatten)]
    pub options: RunOptions,
}

/// The flags of a hunt with a fleet.
#[derive(Debug, Args)]
#[command(mut_arg("redis", |arg| arg.long("shop-redis")))]
pub(super) struct FleetHuntFlags {
    #[command(flatten)]
    lead: LeadFlags,

    #[command(flatten)]
    pub hunt: HuntFlags,
}

/// The flags of a member.
#[derive(Debug, Args)]
pub(super) struct FleetJoinFlags {
    #[command(flatten)]
    meeting: MeetingFlags,

    /// Name of the run that is joined
    #[arg(long, value_name = "NAME", help_heading = "Fleet", value_parser = RunName::parse)]
    run: Option<RunName>,

    /// Number of the shard, from 0 [default: the launcher's, or one that is free]
    ///
    /// JOB_COMPLETION_INDEX and SLURM_PROCID count as given.
    #[arg(
        long,
        value_name = "N",
        help_heading = "Fleet",
        allow_hyphen_values = true
    )]
    shard_index: Option<u32>,

    /// Host or network that may get load, and no other; may be repeated [default: private ones]
    #[arg(
        long,
        value_name = "HOST|CIDR",
        help_heading = "Fleet",
        value_delimiter = ','
    )]
    allow_target: Vec<AllowedTarget>,

    /// How long a leader is waited for
    #[arg(
        long, value_name = "TIME", help_heading = "Fleet", default_value = "5m",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    wait: Duration,

    /// Stay for the next run of this name: for comparisons, whose runs are led one by one
    ///
    /// It ends when nobody leads one for --wait.
    #[arg(long, help_heading = "Fleet")]
    stay: bool,

    /// Directory that this machine's record is written into
    #[arg(
        long,
        value_name = "DIR",
        help_heading = "Output",
        default_value = "results"
    )]
    results: PathBuf,

    /// Print errors only
    #[arg(long, help_heading = "Output")]
    quiet: bool,

    /// Cores of this machine, as of a run
    #[arg(
        long,
        value_name = "N|all|LIST",
        help_heading = "Machine",
        allow_hyphen_values = true
    )]
    cores: Option<String>,

    /// Allow more workers than CPUs; no figure is to be trusted then
    #[arg(
        long,
        help_heading = "Machine",
        requires = "cores",
        hide_short_help = true
    )]
    oversubscribe: bool,

    /// Kernel interface: uring, plain-uring or epoll
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Machine",
        hide_short_help = true
    )]
    driver: Option<String>,

    /// Have connections to the target come from this interface or address of this machine
    #[arg(
        long,
        value_name = "NAME|ADDRESS",
        help_heading = "Machine",
        hide_short_help = true
    )]
    interface: Vec<String>,

    #[command(flatten)]
    tls: ObserverTlsFlags,
}

/// What is asked of a fleet.
pub(super) fn resolve(
    flags: FleetFlags,
    around: &Surroundings<'_>,
) -> Result<CliCommand, CliError> {
    match flags.command {
        FleetCommand::Up(flags) => fleet_up::resolve(*flags, around),
        FleetCommand::Run(flags) => {
            let request = lead(*flags, around)?;
            Ok(CliCommand::FleetRun(Box::new(request)))
        }
        FleetCommand::Hunt(flags) => {
            let request = hunt(*flags, around)?;
            Ok(CliCommand::FleetHunt(Box::new(request)))
        }
        FleetCommand::Join(flags) => {
            let request = join(*flags, around)?;
            Ok(CliCommand::FleetJoin(Box::new(request)))
        }
    }
}

fn variable(around: &Surroundings<'_>, name: &str) -> Option<String> {
    let mut set = around.environment.iter();
    let (_, value) = set.find(|(known, value)| known == name && !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

impl MeetingFlags {
    fn meeting(
        &self,
        run: RunName,
        tls: &ObserverTlsFlags,
        around: &Surroundings<'_>,
    ) -> Result<Meeting, CliError> {
        let text = self.redis.as_ref().ok_or_else(|| missing("--redis"))?;
        let redis = observe_options::redis_address("--redis", text)?;
        // Everything that is said there is signed: a public address is the user's own choice.
        let policy = AddressPolicy::new(&[host_of(&text.0).to_owned()]);
        let secret = FleetSecret::read(self.fleet_secret_from.as_deref(), |name| {
            variable(around, name)
        });
        Ok(Meeting {
            redis,
            tls: tls.settings(None)?,
            secret: secret.map_err(|error| CliError::Arguments(error.to_string()))?,
            run,
            observed: None,
            policy,
            shops_keys: SHOPS_KEYS.map(str::to_owned).to_vec(),
            insists: self.redis_shared,
        })
    }
}

/// The host of an address of Redis.
fn host_of(url: &str) -> &str {
    let place = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let place = place.split(['/', '?', '#']).next().unwrap_or_default();
    match place.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    }
}

fn missing(flag: &str) -> CliError {
    CliError::Arguments(format!("{flag} is missing"))
}

/// Each member would have a target of its own.
fn refuse_sandbox(is_asked: bool) -> Result<(), CliError> {
    let says = "--sandbox is a shop of one process, and the members of a fleet have one target: start `shopblast \
                sandbox` once, and name it with --host";
    match is_asked {
        true => Err(CliError::Arguments(says.to_owned())),
        false => Ok(()),
    }
}

impl LeadFlags {
    /// How `plan` is led.
    fn leading(
        self,
        plan: &mut Plan,
        tls: &ObserverTlsFlags,
        around: &Surroundings<'_>,
    ) -> Result<Leading, CliError> {
        let shards = self.shards.ok_or_else(|| missing("--shards"))?;
        if let Some(connections) = plan.connections.filter(|connections| *connections < shards) {
            return Err(CliError::Arguments(format!(
                "{connections} connections are too few for {shards} shards, which share none; give more \
                 --connections or fewer --shards"
            )));
        }
        // No worker of this process wants a CPU.
        plan.placement = Placement::default();
        let (profile, run_id) = (&plan.profile, plan.run_id.as_str());
        let name = self.run.map_or_else(|| name_of(profile, run_id), Ok)?;
        Ok(Leading {
            meeting: self.meeting.meeting(name, tls, around)?,
            shards,
            plan: fleet_transfer::plan_text(around.with_variables)?,
            on_lost: self.on_lost,
            leaderless: self.leaderless,
            join_wait: self.join_wait,
            records: match self.keep_records {
                true => MembersRecords::Kept,
                false => MembersRecords::Gathered,
            },
        })
    }
}

fn lead(flags: FleetRunFlags, around: &Surroundings<'_>) -> Result<FleetRunRequest, CliError> {
    refuse_sandbox(flags.options.target.sandbox)?;
    if flags.options.page.is_wanted() {
        let says = "--web: the page's runs are those of one machine; a fleet's run is shown by lines, by the terminal \
                    view, by --prometheus and --otlp";
        return Err(CliError::Arguments(says.to_owned()));
    }
    let tls = flags.options.observe.tls.clone();
    let mut run = plan_builder::build(flags.options, around.machine, around.entropy)?;
    let mut leading = flags.lead.leading(&mut run.plan, &tls, around)?;
    leading.meeting.observed.clone_from(&run.observers.redis);
    Ok(FleetRunRequest { run, leading })
}

fn hunt(flags: FleetHuntFlags, around: &Surroundings<'_>) -> Result<FleetHuntRequest, CliError> {
    let tls = flags.hunt.observe.tls.clone();
    let mut hunt = hunt_options::resolve(flags.hunt, around)?;
    refuse_sandbox(hunt.template.sandbox.is_some())?;
    let mut leading = flags.lead.leading(&mut hunt.template.plan, &tls, around)?;
    let observed = &hunt.template.observers.redis;
    leading.meeting.observed.clone_from(observed);
    // The records of probes are small, and nobody looks at those of their shards.
    leading.records = MembersRecords::Left;
    Ok(FleetHuntRequest { hunt, leading })
}

/// The name of a run that was given none.
fn name_of(profile: &str, run_id: &str) -> Result<RunName, CliError> {
    let profile: String = profile
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .take(40)
        .collect();
    let text = format!("{profile}-{}", &run_id[run_id.len().saturating_sub(6)..]);
    RunName::parse(&text).map_err(|error| CliError::Arguments(error.to_string()))
}

fn join(flags: FleetJoinFlags, around: &Surroundings<'_>) -> Result<FleetJoinRequest, CliError> {
    let run = flags.run.ok_or_else(|| missing("--run"))?;
    let meeting = flags.meeting.meeting(run, &flags.tls, around)?;
    let mut own_words = vec![
        word("--results=", &flags.results.display().to_string()),
        OsString::from("--only-summary"),
    ];
    let named = [("--cores=", &flags.cores), ("--driver=", &flags.driver)];
    for (flag, value) in named {
        own_words.extend(value.as_ref().map(|value| word(flag, value)));
    }
    own_words.extend(
        flags
            .oversubscribe
            .then(|| OsString::from("--oversubscribe")),
    );
    own_words.extend(
        flags
            .interface
            .iter()
            .map(|name| word("--interface=", name)),
    );
    let targets = AllowedTargets::new(flags.allow_target);
    let (machine, entropy) = (around.machine.clone(), around.entropy);
    // What is wrong with the flags of this machine is told before anything is waited for.
    let program = std::iter::once(OsString::from("shopblast"));
    let alone = program
        .chain(own_words.iter().cloned())
        .chain([OsString::from("--url=http://127.0.0.1/")]);
    super::parse(alone, [], &machine, entropy)?;
    let parser = PlanParser(Arc::new(move |words| {
        let program = std::iter::once(OsString::from("shopblast"));
        match super::parse(program.chain(words), [], &machine, entropy) {
            Ok(CliCommand::Run(request)) => Ok(*request),
            Ok(_) => Err("it is not a run".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }));
    Ok(FleetJoinRequest {
        meeting,
        shard: wished_number(flags.shard_index, |name| variable(around, name)),
        policy: AddressPolicy::of_join(targets.clone()),
        targets,
        parser,
        own_words,
        results: flags.results,
        wait: flags.wait,
        stays: flags.stay,
        quiet: flags.quiet,
    })
}

fn word(flag: &str, value: &str) -> OsString {
    OsString::from(format!("{flag}{value}"))
}
