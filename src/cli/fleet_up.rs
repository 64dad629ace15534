//! `shopblast fleet up`: which engine launches a fleet, and what of.

use super::secret::Secret;
use super::surroundings::Surroundings;
use super::{CliCommand, CliError, values};
use crate::fleet::RunName;
use crate::fleet::bus::SECRET_VARIABLE;
use crate::fleet::engines::{
    CarriedFile, Engine, Kubernetes, Launch, Slurm, Ssh, Swarm, UpRequest, engines_run_name,
    printed, random_word,
};
use crate::plan::MOST_SHARDS;
use crate::record::read_text_bounded;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// Most bytes of all files that go to where the leader runs: what an engine takes as configuration.
const MOST_CARRIED_BYTES: usize = 900 << 10;
/// The profile of seccomp that means the one of the node's runtime.
const RUNTIME_DEFAULT: &str = "runtime-default";

/// What launches the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EngineName {
    /// Kubernetes, by kubectl
    Kubernetes,
    /// Docker Swarm, by docker
    Swarm,
    /// Slurm, by sbatch
    Slurm,
    /// Hosts, by ssh
    Ssh,
}

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct FleetUpFlags {
    /// What launches the fleet
    #[arg(long, value_name = "NAME", value_enum, help_heading = "Launch")]
    engine: EngineName,

    /// Machines that carry the load
    #[arg(
        long, value_name = "N", help_heading = "Launch",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_SHARDS)), allow_hyphen_values = true
    )]
    shards: u32,

    /// Print what would be applied, and launch nothing
    #[arg(long, help_heading = "Launch")]
    print: bool,

    /// Name of the run, and of all that is launched [default: made up]
    #[arg(long, value_name = "NAME", help_heading = "Launch", value_parser = engines_run_name)]
    run: Option<RunName>,

    /// Redis where the fleet meets [default: one is started; ssh needs one that all hosts reach]
    #[arg(
        id = "meeting_redis",
        long = "redis",
        value_name = "URL",
        help_heading = "Launch"
    )]
    redis: Option<Secret>,

    /// Whole cores of each machine
    #[arg(
        long, value_name = "N", help_heading = "Launch", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=1024), allow_hyphen_values = true
    )]
    cores: u32,

    /// Memory of each machine, as the engine counts it [default: 2Gi or 2G]
    #[arg(long, value_name = "SIZE", help_heading = "Launch")]
    memory: Option<String>,

    /// Host that may be loaded, and no other; may be repeated [default: private addresses]
    #[arg(
        long, value_name = "HOST", help_heading = "Launch", value_parser = values::parse_host,
        value_delimiter = ','
    )]
    allow_target: Vec<String>,

    /// Further flags of each machine's `shopblast fleet join`, like '--driver epoll'
    #[arg(
        long,
        value_name = "FLAGS",
        help_heading = "Launch",
        allow_hyphen_values = true
    )]
    join_flags: Option<String>,

    /// Machines may share a node
    #[arg(long, help_heading = "Launch")]
    same_node: bool,

    /// The image (kubernetes, swarm): the program and Redis, see deploy/README.md
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Launch",
        default_value = "shopblast"
    )]
    image: String,

    /// Hosts, as ssh knows them (ssh)
    #[arg(
        long,
        value_name = "HOST,…",
        help_heading = "Launch",
        value_delimiter = ','
    )]
    on: Vec<String>,

    /// The program, as hosts and nodes find it (ssh, slurm)
    #[arg(
        long,
        value_name = "PATH",
        help_heading = "Launch",
        default_value = "shopblast"
    )]
    program: String,

    /// Namespace (kubernetes) [default: kubectl's]
    #[arg(long, value_name = "NAME", help_heading = "Launch")]
    namespace: Option<String>,

    /// Profile of seccomp below the kubelet's directory, or runtime-default (kubernetes)
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Launch",
        default_value = "profiles/shopblast.json"
    )]
    seccomp: String,

    /// Network of the swarm that the shop is found in (swarm)
    #[arg(long, value_name = "NAME", help_heading = "Launch")]
    network: Option<String>,

    /// Node that the leader goes to: the one that docker speaks to (swarm) [default: a manager]
    #[arg(long, value_name = "NAME", help_heading = "Launch")]
    leader_node: Option<String>,

    /// Leave the limits of open files and locked memory as the engine has them (swarm)
    #[arg(long, help_heading = "Launch")]
    keep_limits: bool,

    /// A flag for kubectl, docker, sbatch or ssh, as it is; may be repeated
    #[arg(
        long,
        value_name = "FLAG",
        help_heading = "Launch",
        allow_hyphen_values = true
    )]
    engine_flag: Vec<String>,

    /// How long the leader may take to begin
    #[arg(
        long, value_name = "TIME", help_heading = "Launch", default_value = "5m",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    start_limit: Duration,

    /// How long any of it may live: engines end it then, whatever becomes of this command
    #[arg(
        long, value_name = "TIME", help_heading = "Launch", default_value = "2h",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    longest: Duration,

    /// Directory that the record comes to
    #[arg(
        long,
        value_name = "DIR",
        help_heading = "Output",
        default_value = "results"
    )]
    results: String,

    /// After `--`: the flags of the run, as of `shopblast fleet run`
    #[arg(value_name = "FLAG", last = true)]
    flags: Vec<OsString>,
}

/// What the flags ask for.
pub(super) fn resolve(
    flags: FleetUpFlags,
    around: &Surroundings<'_>,
) -> Result<CliCommand, CliError> {
    let is_printed = flags.print;
    let request = request(flags, around)?;
    if is_printed {
        let text = printed(&request).map_err(|error| CliError::Arguments(error.to_string()))?;
        return Ok(CliCommand::Print(text));
    }
    Ok(CliCommand::FleetUp(Box::new(request)))
}

fn request(flags: FleetUpFlags, around: &Surroundings<'_>) -> Result<UpRequest, CliError> {
    let run = match flags.run {
        Some(run) => run,
        None => made_up_name(around)?,
    };
    let words = words_of(&flags.flags)?;
    let has_container = matches!(flags.engine, EngineName::Kubernetes | EngineName::Swarm);
    let files = match has_container {
        true => carried(&words)?,
        false => Vec::new(),
    };
    let redis = flags.redis.map(|Secret(url)| url);
    if flags.engine == EngineName::Ssh && redis.is_none() {
        return Err(wrong(
            "--engine ssh needs --redis: the address of a Redis that all hosts reach",
        ));
    }
    let leads_here = flags.engine == EngineName::Ssh;
    let mut of_run = words;
    if !has_container {
        of_run.insert(0, format!("--results={}", flags.results));
    }
    let launch = Launch {
        run,
        shards: flags.shards,
        cores: flags.cores,
        flags: of_run,
        files,
        join_flags: split(flags.join_flags.as_deref())?,
        allowed_targets: flags.allow_target,
        redis,
        secret: secret(around)?,
        redis_password: chance()?,
        longest: flags.longest,
        start_limit: flags.start_limit,
        engine_flags: flags.engine_flag,
        results: flags.results,
    };
    check(&launch, around)?;
    if leads_here && flags.on.is_empty() {
        return Err(wrong(
            "--engine ssh needs --on HOST,…: the hosts that carry the load",
        ));
    }
    let memory = |unit: &str| flags.memory.clone().unwrap_or_else(|| format!("2{unit}"));
    let engine = match flags.engine {
        EngineName::Kubernetes => Engine::Kubernetes(Kubernetes {
            image: flags.image,
            namespace: flags.namespace,
            seccomp: (flags.seccomp != RUNTIME_DEFAULT).then_some(flags.seccomp),
            same_node: flags.same_node,
            memory: memory("Gi"),
        }),
        EngineName::Swarm => Engine::Swarm(Swarm {
            image: flags.image,
            network: flags.network,
            leader_node: flags.leader_node,
            keep_limits: flags.keep_limits,
            same_node: flags.same_node,
            memory: memory("G"),
        }),
        EngineName::Slurm => Engine::Slurm(Slurm {
            program: flags.program,
            same_node: flags.same_node,
        }),
        EngineName::Ssh => Engine::Ssh(Ssh {
            hosts: flags.on,
            program: flags.program,
            leader: own_program(around),
        }),
    };
    Ok(UpRequest { engine, launch })
}

fn wrong(text: &str) -> CliError {
    CliError::Arguments(text.to_owned())
}

/// This program, as it was called.
fn own_program(around: &Surroundings<'_>) -> String {
    let called = around.typed.first().map(|word| word.to_string_lossy());
    let own = std::env::current_exe().ok();
    let own = own.and_then(|path| path.into_os_string().into_string().ok());
    own.or_else(|| called.map(Into::into))
        .unwrap_or_else(|| "shopblast".to_owned())
}

fn made_up_name(around: &Surroundings<'_>) -> Result<RunName, CliError> {
    let id = around.entropy.run_id.as_str();
    let end = id[id.len().saturating_sub(6)..].to_ascii_lowercase();
    let name = engines_run_name(&format!("run-{end}"));
    name.map_err(|error| CliError::Arguments(error.to_string()))
}

fn secret(around: &Surroundings<'_>) -> Result<String, CliError> {
    let mut set = around.environment.iter();
    match set.find(|(name, value)| name == SECRET_VARIABLE && !value.is_empty()) {
        Some((_, value)) => text_of(value),
        None => chance(),
    }
}

fn chance() -> Result<String, CliError> {
    random_word().map_err(|error| CliError::Arguments(error.to_string()))
}

fn text_of(word: &OsString) -> Result<String, CliError> {
    let text = word.to_str().map(str::to_owned);
    text.ok_or_else(|| {
        CliError::Arguments(format!(
            "`{}` is no text in UTF-8, which engines take alone",
            word.to_string_lossy()
        ))
    })
}

fn words_of(flags: &[OsString]) -> Result<Vec<String>, CliError> {
    flags.iter().map(text_of).collect()
}

fn split(flags: Option<&str>) -> Result<Vec<String>, CliError> {
    let words = shlex::split(flags.unwrap_or_default());
    words.ok_or_else(|| wrong("--join-flags: a quote is not closed"))
}

/// Has the words read as the leader will read them: nothing is launched that it would refuse. What a machine
/// takes is seen there.
fn check(launch: &Launch, around: &Surroundings<'_>) -> Result<(), CliError> {
    let whole = |words: Vec<String>| -> Vec<OsString> {
        let program = std::iter::once("shopblast".to_owned());
        program.chain(words).map(OsString::from).collect()
    };
    let variables = launch.variables();
    let own = around.environment.iter();
    let own = own.filter(|(name, _)| variables.iter().all(|(given, _)| name != given));
    let given = variables.iter();
    let given = given.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let environment: Vec<(OsString, OsString)> = own.cloned().chain(given).collect();
    let there = Surroundings {
        environment: &environment,
        ..*around
    };
    (around.parse)(whole(launch.leading()), &there).map(drop)
}

/// The files here that the run's flags name, each a word or what follows the = of one.
fn carried(words: &[String]) -> Result<Vec<CarriedFile>, CliError> {
    let mut files: Vec<CarriedFile> = Vec::new();
    let mut bytes = 0;
    for word in words {
        let value = match word
            .strip_prefix("--")
            .and_then(|word| word.split_once('='))
        {
            Some((_, value)) => value,
            None => word,
        };
        let path = Path::new(value);
        let is_known = files.iter().any(|file| file.path == value);
        if is_known || !(value.contains('/') || value.contains('.')) || !path.is_file() {
            continue;
        }
        let leads_elsewhere = path
            .components()
            .any(|part| matches!(part, std::path::Component::ParentDir));
        if leads_elsewhere {
            return Err(CliError::Arguments(format!(
                "{value} goes to where the leader runs, by the same path, which must not have .. in it; name it \
                 from its directory, or by its whole path"
            )));
        }
        let text = read_text_bounded(path, MOST_CARRIED_BYTES as u64);
        let text = text.map_err(|error| {
            CliError::Arguments(format!(
                "{value} cannot go to where the leader runs: {error}; put it into the image"
            ))
        })?;
        bytes += text.len();
        files.push(CarriedFile {
            path: value.to_owned(),
            text,
        });
    }
    if bytes > MOST_CARRIED_BYTES {
        return Err(CliError::Arguments(format!(
            "the files that the run's flags name have {bytes} bytes, and engines take {MOST_CARRIED_BYTES}; put them \
             into the image"
        )));
    }
    Ok(files)
}
