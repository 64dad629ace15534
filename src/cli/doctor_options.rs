//! `shopblast doctor`: what to look at.

use super::observer_tls_options::ObserverTlsFlags;
use super::request_options::RequestFlags;
use super::shop_options::ShopFlags;
use super::surroundings::Surroundings;
use super::tested::Written;
use super::{CliCommand, CliError, values};
use crate::doctor::{DoctorRequest, PlannedNeeds};
use crate::engine::OwnTarget;
use crate::pieces::counted;
use crate::plan::{AddressPolicy, Target};
use crate::shop::Profile;
use crate::workload_file::{Model, SingleUrl, Statuses};
use clap::Args;
use std::ffi::OsString;
use std::sync::Arc;

const DEFAULT_HOST: &str = "http://localhost:8000";
/// The profile whose journeys so many users walk, when only they are named.
const OF_USERS: &str = "smoke";
/// Where the Observatory is, on the shop's host.
const OBSERVATORY_PORT: u16 = 9_000;

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct DoctorFlags {
    /// Address of the shop, or unix:/path [default: http://localhost:8000]
    #[arg(short = 'H', long, value_name = "URL", value_parser = Target::parse, conflicts_with = "sandbox")]
    host: Option<Target>,

    /// Look at a shop in this process, as runs with --sandbox load it
    #[arg(long)]
    sandbox: bool,

    /// Address of the Observatory [default: port 9000 of the shop's host]
    #[arg(long, value_name = "URL", value_parser = Target::parse)]
    observatory: Option<Target>,

    /// Look at the target of this workload file instead of ShopStream
    #[arg(long, value_name = "FILE")]
    workload: Option<String>,

    /// Look at this URL, as runs with --url read it
    #[arg(
        long, value_name = "URL", value_parser = values::parse_url,
        conflicts_with_all = ["host", "sandbox", "workload", "profile"]
    )]
    url: Option<SingleUrl>,

    /// Profile that this machine has to be enough for [default: the largest that is built in]
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,

    /// Users that this machine has to be enough for [default: those of the profile]
    #[arg(short, long, value_name = "N", value_parser = values::parse_count)]
    users: Option<u32>,

    /// Cores that the run is to take: how many, all, or which CPUs, like 0,2 or 3-3
    #[arg(long, value_name = "N|all|LIST", allow_hyphen_values = true)]
    cores: Option<String>,

    /// Kernel interface of the run: uring, plain-uring or epoll [default: uring]
    #[arg(long, value_name = "NAME")]
    driver: Option<String>,

    /// Allow to look at this host although its address is public; may be repeated
    #[arg(long, value_name = "HOST", value_parser = values::parse_host, value_delimiter = ',')]
    allow_host: Vec<String>,

    #[command(flatten)]
    requests: RequestFlags,

    /// How TLS is spoken with the Observatory.
    #[command(flatten)]
    observers: ObserverTlsFlags,
}

pub(super) fn resolve(
    flags: DoctorFlags,
    around: &Surroundings<'_>,
) -> Result<DoctorRequest, CliError> {
    let target = match (flags.sandbox, &flags.host, &flags.url) {
        (true, ..) => None,
        (false, Some(target), _) => Some(target.clone()),
        (false, None, Some(url)) => Some(Target::parse(&url.origin)?),
        (false, None, None) => Some(Target::parse(DEFAULT_HOST)?),
    };
    let carrying = |target| flags.requests.applied_to(target);
    let target = target.map(carrying).transpose()?;
    let observatory = match (&flags.observatory, &target) {
        (Some(observatory), target) => {
            let of_shop = target.as_ref().and_then(|target| target.tls.as_ref());
            let tls = flags.observers.settings(of_shop)?;
            Some(observatory.trusting(&tls))
        }
        (None, Some(target)) => Some(beside(target)?),
        (None, None) => None,
    };
    let addresses = AddressPolicy::new(&flags.allow_host);
    for looked_at in [&target, &observatory].into_iter().flatten() {
        addresses.check_literal(looked_at.place().0)?;
    }
    let file = flags.workload.as_ref();
    let file = file.map(|path| Written::read(path)).transpose()?;
    let of_url = || {
        flags
            .url
            .as_ref()
            .map(|url| url.model(Statuses::successes()))
    };
    let written: Option<Model> = match &file {
        Some(file) => Some(file.model().clone()),
        None => of_url(),
    };
    let own = match flags.sandbox {
        true => Some(own_shop()?),
        false => None,
    };
    Ok(DoctorRequest {
        needs: needs(&flags, file.as_ref(), around)?,
        written,
        target,
        own,
        observatory,
        addresses,
    })
}

/// The run that these flags tell of, read as it is when it is typed.
fn needs(
    flags: &DoctorFlags,
    file: Option<&Written>,
    around: &Surroundings<'_>,
) -> Result<PlannedNeeds, CliError> {
    let is_shop = file.is_none() && flags.url.is_none();
    let largest_of = |file: &Written| {
        let profiles = file.profiles().iter();
        profiles
            .max_by_key(|it| it.most_users())
            .map(|it| it.name.clone())
    };
    let (what, profile) = match (flags.users, &flags.profile) {
        (users, named) if !is_shop => {
            let own = named.clone().or_else(|| file.and_then(largest_of));
            let what = match (users, &own) {
                (Some(users), _) => format!("a run with {}", counted(u64::from(users), "user")),
                (None, Some(profile)) => format!("the profile {profile}"),
                (None, None) => "a run".to_owned(),
            };
            (what, own)
        }
        (Some(users), named) => {
            let what = format!("a run with {}", counted(u64::from(users), "user"));
            let profile = named.clone().unwrap_or_else(|| OF_USERS.to_owned());
            (what, Some(profile))
        }
        (None, Some(profile)) => (format!("the profile {profile}"), Some(profile.clone())),
        (None, None) => {
            let largest = Profile::built_in().max_by_key(Profile::most_users);
            let largest = largest.map_or_else(|| OF_USERS.to_owned(), |profile| profile.name);
            ("the largest profile".to_owned(), Some(largest))
        }
    };
    // Whatever variables say, a page is no run yet.
    let mut words = ["shopblast", "--headless"].map(str::to_owned).to_vec();
    words.extend(profile.map(|profile| format!("--profile={profile}")));
    let workload = flags.workload.iter();
    words.extend(workload.map(|path| format!("--workload={path}")));
    words.push(match (flags.sandbox, &flags.host, &flags.url) {
        (true, ..) => "--sandbox".to_owned(),
        (false, Some(host), _) => format!("--host={}", host.url()),
        (false, None, Some(url)) => format!("--url={}{}", url.origin, url.path),
        (false, None, None) => format!("--host={DEFAULT_HOST}"),
    });
    let place = flags.requests.connect_to.as_ref();
    words.extend(place.map(|place| format!("--connect-to={place}")));
    let interfaces = flags.requests.interface.iter();
    words.extend(interfaces.map(|interface| format!("--interface={interface}")));
    words.extend(flags.users.map(|users| format!("--users={users}")));
    let cores = flags.cores.as_ref();
    words.extend(cores.map(|cores| format!("--cores={cores}")));
    let driver = flags.driver.as_ref();
    words.extend(driver.map(|driver| format!("--driver={driver}")));
    let allowed = flags.allow_host.iter();
    words.extend(allowed.map(|host| format!("--allow-host={host}")));
    let words = words.into_iter().map(OsString::from).collect();
    match (around.parse)(words, around)? {
        CliCommand::Run(run) => Ok(PlannedNeeds { what, run: *run }),
        _ => Err(CliError::Arguments("these flags tell of no run".to_owned())),
    }
}

/// The shop of runs with `--sandbox` and no other flags, with its Observatory.
fn own_shop() -> Result<Arc<dyn OwnTarget>, CliError> {
    let mut flags = ShopFlags::default();
    flags.pipeline.offer_observatory();
    Ok(Arc::new(flags.config(1)?))
}

/// Where the shop is, whatever its address calls it.
fn beside(target: &Target) -> Result<Target, CliError> {
    let (host, _) = target.place();
    let host = match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    };
    Ok(Target::parse(&format!("http://{host}:{OBSERVATORY_PORT}"))?)
}
