//! `shopblast doctor`: what to look at.

use super::machine::WorkerNeeds;
use super::request_options::RequestFlags;
use super::shop_options::ShopFlags;
use super::{CliError, Machine, profile_source, values};
use crate::doctor::{DoctorRequest, PlannedNeeds};
use crate::engine::OwnTarget;
use crate::pieces::counted;
use crate::plan::{AddressPolicy, CoreChoice, Driver, RunSize, Target, is_loopback_host};
use crate::shop::Profile;
use clap::Args;
use std::sync::Arc;

const DEFAULT_HOST: &str = "http://localhost:8000";
/// Where the Observatory is, on the shop's host.
const OBSERVATORY_PORT: u16 = 9_000;

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct DoctorFlags {
    /// Address of the shop [default: http://localhost:8000]
    #[arg(short = 'H', long, value_name = "URL", value_parser = Target::parse, conflicts_with = "sandbox")]
    host: Option<Target>,

    /// Look at a shop in this process, as runs with --sandbox load it
    #[arg(long)]
    sandbox: bool,

    /// Address of the Observatory [default: port 9000 of the shop's host]
    #[arg(long, value_name = "URL", value_parser = Target::parse)]
    observatory: Option<Target>,

    /// Profile that this machine has to be enough for [default: the largest that is built in]
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,

    /// Users that this machine has to be enough for [default: those of the profile]
    #[arg(short, long, value_name = "N", value_parser = values::parse_count)]
    users: Option<u32>,

    /// Cores that the run is to take: how many, all, or which CPUs, like 0,2 or 3-3
    #[arg(long, value_name = "N|all|LIST", value_parser = CoreChoice::parse, allow_hyphen_values = true)]
    cores: Option<CoreChoice>,

    /// Kernel interface of the run: uring, plain-uring or epoll
    #[arg(
        long, value_name = "NAME", default_value = "uring", hide_possible_values = true,
        value_parser = values::driver()
    )]
    driver: Driver,

    /// Allow to look at this host although its address is public; may be repeated
    #[arg(long, value_name = "HOST", value_parser = values::parse_host, value_delimiter = ',')]
    allow_host: Vec<String>,

    #[command(flatten)]
    requests: RequestFlags,
}

pub(super) fn resolve(flags: DoctorFlags, machine: &Machine) -> Result<DoctorRequest, CliError> {
    let target = match (flags.sandbox, &flags.host) {
        (true, _) => None,
        (false, Some(target)) => Some(target.clone()),
        (false, None) => Some(Target::parse(DEFAULT_HOST)?),
    };
    let carrying = |target| flags.requests.applied_to(target);
    let target = target.map(carrying).transpose()?;
    let observatory = match (&flags.observatory, &target) {
        (Some(observatory), _) => Some(observatory.clone()),
        (None, Some(target)) => Some(beside(target)?),
        (None, None) => None,
    };
    let addresses = AddressPolicy::new(&flags.allow_host);
    for looked_at in [&target, &observatory].into_iter().flatten() {
        addresses.check_literal(looked_at.place().0)?;
    }
    let own = match flags.sandbox {
        true => Some(own_shop()?),
        false => None,
    };
    let is_here = target
        .as_ref()
        .is_none_or(|target| is_loopback_host(target.place().0));
    Ok(DoctorRequest {
        needs: needs(&flags, machine, is_here)?,
        target,
        own,
        observatory,
        addresses,
    })
}

/// What a run that these flags tell of takes of the machine.
fn needs(
    flags: &DoctorFlags,
    machine: &Machine,
    shop_is_here: bool,
) -> Result<PlannedNeeds, CliError> {
    let profile = flags
        .profile
        .as_deref()
        .map(profile_source::find)
        .transpose()?;
    let largest = || {
        Profile::built_in()
            .map(|profile| profile.most_users())
            .max()
    };
    let users = match (flags.users, &profile) {
        (Some(users), _) => users,
        (None, Some(profile)) => profile.most_users(),
        (None, None) => largest().unwrap_or(1),
    };
    let what = match (flags.users, &profile) {
        (Some(users), _) => format!("a run with {}", counted(u64::from(users), "user")),
        (None, Some(profile)) => format!("the profile {}", profile.name),
        (None, None) => "the largest profile".to_owned(),
    };
    let shared = profile.as_ref().and_then(|profile| profile.connections);
    let connections = shared.map(|shared| shared.min(users));
    let (workers, placement) = machine.worker_cores(&WorkerNeeds {
        choice: flags.cores.as_ref(),
        oversubscribe: false,
        shop_is_here,
        max_users: users,
        connections,
    })?;
    let size = RunSize {
        workers: workers.len() as u64,
        users: u64::from(users),
        connections: u64::from(connections.unwrap_or(users)),
        names: 1,
        is_target_here: flags.sandbox,
        ..RunSize::default()
    };
    Ok(PlannedNeeds {
        what,
        size,
        workers,
        placement,
        driver: flags.driver,
    })
}

/// The shop of runs with `--sandbox` and no other flags, with its Observatory.
fn own_shop() -> Result<Arc<dyn OwnTarget>, CliError> {
    let mut flags = ShopFlags::default();
    flags.pipeline.offer_observatory();
    Ok(Arc::new(flags.config(1)?))
}

fn beside(target: &Target) -> Result<Target, CliError> {
    let host = if target.host.contains(':') {
        format!("[{}]", target.host)
    } else {
        target.host.clone()
    };
    Ok(Target::parse(&format!("http://{host}:{OBSERVATORY_PORT}"))?)
}
