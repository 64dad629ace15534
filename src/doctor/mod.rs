//! `shopblast doctor`: looks at a target and at this machine before a run, and says what to do.
//!
//! Sends a few harmless requests: nothing that the shop would store. The machine is looked at whether or
//! not there is a shop.

mod addresses;
mod concurrency;
mod finding;
mod machine;
mod request;
mod shop_look;
mod target;
mod tls;
mod written;

pub use finding::{DoctorFinding, FindingLevel};
pub use request::{DoctorRequest, PlannedNeeds};

use crate::engine::{NotStarted, Standing};
use crate::pieces::print;
use crate::plan::{AddressPolicy, ExitCode, Route, Target};
use crate::run::{ReachError, address_target, raise_locked_memory, resolve};
use crate::workload_file::Model;
use shop_look::ShopLook;
use std::net::SocketAddr;

/// Looks at everything and prints a line for each finding. The exit code is 0 when there is no
/// problem, 1 when there is one, 107 when the target cannot be reached, 104 when it may not be.
#[must_use]
pub fn examine(request: &DoctorRequest) -> ExitCode {
    raise_locked_memory();
    let own = own_shop(request);
    let (mut findings, reached) = match &own {
        Ok(own) => look_at_shop(request, own.as_deref()),
        Err(error) => (
            vec![DoctorFinding::problem(format!("sandbox: {error}"))],
            ExitCode::RequestsFailed(1),
        ),
    };
    // While it stands: what it takes of the machine counts.
    findings.extend(machine::look_at(&request.needs));
    if let Ok(Some(own)) = own {
        own.stop();
    }
    for finding in &findings {
        print(format!("{finding}\n"));
    }
    match (reached, findings.iter().map(|finding| finding.level).max()) {
        (ExitCode::Ok, Some(FindingLevel::Problem)) => ExitCode::RequestsFailed(1),
        (reached, _) => reached,
    }
}

/// What is found of the shop, and whether there is one to look at.
fn look_at_shop(
    request: &DoctorRequest,
    own: Option<&dyn Standing>,
) -> (Vec<DoctorFinding>, ExitCode) {
    let target = asked_or(&request.target, own.map(Standing::address));
    let observatory = asked_or(
        &request.observatory,
        own.and_then(Standing::observatory_address),
    );
    let shop = ShopLook {
        target: &target,
        observatory: &observatory,
        policy: &request.addresses,
    };
    let refused = |says: String, exit_code| (vec![DoctorFinding::problem(says)], exit_code);
    let reached = match &request.written {
        None => reach(&shop),
        Some(model) => reach_other(&target, &request.addresses, model),
    };
    match (reached, &request.written) {
        (Ok((target, addresses)), Some(model)) => {
            let subject = &request.needs.run.subject;
            (
                written::look_at(model, subject, &target, &addresses),
                ExitCode::Ok,
            )
        }
        (Ok((target, addresses)), None) => {
            let shop = ShopLook {
                target: &target,
                ..shop
            };
            let mut findings = target::look_at(&shop, &addresses);
            findings.extend(target::look_for_observatory(&shop));
            (findings, ExitCode::Ok)
        }
        (Err(error), _) if error.exit_code() == ExitCode::BadPlan => {
            refused(error.to_string(), ExitCode::BadPlan)
        }
        (Err(error), Some(_)) => refused(error.to_string(), ExitCode::Unreachable),
        (Err(error), None) => refused(
            format!("{error}; `shopblast doctor --sandbox` looks at that"),
            ExitCode::Unreachable,
        ),
    }
}

fn own_shop(request: &DoctorRequest) -> Result<Option<Box<dyn Standing>>, NotStarted> {
    let own = request.own.as_ref();
    let cpu = request.needs.run.plan.placement.shop();
    own.map(|own| own.start(cpu, request.needs.run.plan.driver))
        .transpose()
}

/// What was asked for, or what stands here.
fn asked_or(asked: &Option<Target>, here: Option<SocketAddr>) -> Target {
    let here = || here.map(address_target);
    asked
        .clone()
        .or_else(here)
        .unwrap_or_else(Target::of_this_process)
}

/// Both names must resolve to addresses that may be asked. Gives the shop as it is to be spoken to, and its
/// addresses.
fn reach(shop: &ShopLook<'_>) -> Result<(Target, Vec<Route>), ReachError> {
    let addresses = resolve(shop.target, shop.policy)?;
    resolve(shop.observatory, shop.policy)?;
    let target = target::reach(shop.target, &addresses)?;
    Ok((target, addresses))
}

/// The same of a target that has no Observatory.
fn reach_other(
    target: &Target,
    policy: &AddressPolicy,
    model: &Model,
) -> Result<(Target, Vec<Route>), ReachError> {
    let addresses = resolve(target, policy)?;
    let target = written::reach(model, target, &addresses)?;
    Ok((target, addresses))
}
