//! `shopblast doctor`: what to look at.

use super::request_options::RequestFlags;
use super::{CliError, values};
use crate::doctor::DoctorRequest;
use crate::plan::{AddressPolicy, Target};
use crate::shop::Profile;
use clap::Args;

const DEFAULT_HOST: &str = "http://localhost:8000";
/// Where the Observatory is, on the shop's host.
const OBSERVATORY_PORT: u16 = 9_000;

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct DoctorFlags {
    /// Address of the shop [default: http://localhost:8000]
    #[arg(short = 'H', long, value_name = "URL", value_parser = Target::parse)]
    host: Option<Target>,

    /// Address of the Observatory [default: port 9000 of the shop's host]
    #[arg(long, value_name = "URL", value_parser = Target::parse)]
    observatory: Option<Target>,

    /// Allow to look at this host although its address is public; may be repeated
    #[arg(long, value_name = "HOST", value_parser = values::parse_host, value_delimiter = ',')]
    allow_host: Vec<String>,

    #[command(flatten)]
    requests: RequestFlags,
}

pub(super) fn resolve(flags: DoctorFlags) -> Result<DoctorRequest, CliError> {
    let target = flags.requests.applied_to(match flags.host {
        Some(target) => target,
        None => Target::parse(DEFAULT_HOST)?,
    })?;
    let observatory = match flags.observatory {
        Some(observatory) => observatory,
        None => beside(&target)?,
    };
    let addresses = AddressPolicy::new(&flags.allow_host);
    addresses.check_literal(target.place().0)?;
    addresses.check_literal(&observatory.host)?;
    Ok(DoctorRequest {
        target,
        observatory,
        addresses,
        users: Profile::built_in()
            .map(|profile| profile.most_users())
            .max()
            .unwrap_or(1),
    })
}

fn beside(target: &Target) -> Result<Target, CliError> {
    let host = if target.host.contains(':') {
        format!("[{}]", target.host)
    } else {
        target.host.clone()
    };
    Ok(Target::parse(&format!("http://{host}:{OBSERVATORY_PORT}"))?)
}
