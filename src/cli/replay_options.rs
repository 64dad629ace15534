//! `shopblast replay`: which witness, and where to.

use super::request_options::RequestFlags;
use super::{CliError, Entropy, shop_options, values};
use crate::plan::{AddressPolicy, RaceOver, Target};
use crate::run::ReplayRequest;
use crate::shop::{HEALTH_PATH, OPENAPI_PATH};
use clap::Args;
use std::path::PathBuf;

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct ReplayFlags {
    /// Directory of a record, or its run.json
    #[arg(value_name = "RUN")]
    record: PathBuf,

    /// Number of the witness, as the summary names it
    #[arg(long, value_name = "N", default_value_t = 1)]
    witness: u64,

    /// Address of the shop [default: that of the run; with --sandbox a shop like the run's]
    #[arg(short = 'H', long, value_name = "URL", value_parser = Target::parse)]
    host: Option<Target>,

    /// Send every racer, not only those that show the violation
    #[arg(long)]
    all: bool,

    /// Try so often at most, until it happens again
    #[arg(
        long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    times: u32,

    /// What racers share over HTTP/2: one-connection or connections [default: as in the run]
    #[arg(long, value_name = "WHAT", hide_possible_values = true, value_parser = values::race_over())]
    race_over: Option<RaceOver>,

    /// Allow this host although its address is public; may be repeated
    #[arg(long, value_name = "HOST", value_parser = values::parse_host, value_delimiter = ',')]
    allow_host: Vec<String>,

    #[command(flatten)]
    requests: RequestFlags,
}

pub(super) fn resolve(flags: ReplayFlags, entropy: Entropy) -> Result<ReplayRequest, CliError> {
    let addresses = AddressPolicy::new(&flags.allow_host);
    let asked = flags.requests.carried_by(Target::of_this_process())?;
    let tls = match (flags.requests.tls.first_given(), &flags.host) {
        (None, _) => None,
        (Some(flag), Some(Target { tls: None, .. })) => return Err(CliError::WithoutTls { flag }),
        (Some(_), _) => Some(flags.requests.tls.settings()?),
    };
    if asked.connect_to.is_some() {
        addresses.check_literal(asked.place().0)?;
    } else if let Some(target) = &flags.host {
        addresses.check_literal(target.place().0)?;
    }
    Ok(ReplayRequest {
        record: flags.record,
        witness: flags.witness,
        target: flags.host,
        headers: asked.headers,
        connect_to: asked.connect_to,
        interfaces: asked.interfaces,
        tls,
        http: flags.requests.http2,
        over: flags.race_over,
        made_again: shop_options::made_again,
        addresses,
        questions: (OPENAPI_PATH, HEALTH_PATH),
        all: flags.all,
        times: flags.times,
        run_id: entropy.run_id,
    })
}
