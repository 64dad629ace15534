//! `shopblast doctor`: looks at a target and at this machine before a run, and says what to do.
//!
//! Sends a few harmless requests: nothing that the shop would store.

mod addresses;
mod concurrency;
mod finding;
mod machine;
mod request;
mod target;

pub use finding::{DoctorFinding, FindingLevel};
pub use request::DoctorRequest;

use crate::pieces::print;
use crate::plan::ExitCode;
use crate::run::{ReachError, resolve};
use std::net::SocketAddr;

/// Looks at everything and prints a line for each finding. The exit code is 0 when there is no
/// problem, 1 when there is one, 107 when the target cannot be reached, 104 when it may not be.
#[must_use]
pub fn examine(request: &DoctorRequest) -> ExitCode {
    let findings = match reach(request) {
        Ok(addresses) => {
            let mut findings = target::look_at(request, &addresses);
            findings.extend(target::look_for_observatory(request));
            findings.extend(machine::look_at(request.users));
            findings
        }
        Err(error) => {
            print(format!("{}\n", DoctorFinding::problem(error.to_string())));
            return match error {
                ReachError::Public(_) => ExitCode::BadPlan,
                _ => ExitCode::Unreachable,
            };
        }
    };
    for finding in &findings {
        print(format!("{finding}\n"));
    }
    match findings.iter().map(|finding| finding.level).max() {
        Some(FindingLevel::Problem) => ExitCode::RequestsFailed(1),
        _ => ExitCode::Ok,
    }
}

/// Both names must resolve to addresses that may be asked. Gives those of the shop.
fn reach(request: &DoctorRequest) -> Result<Vec<SocketAddr>, ReachError> {
    let addresses = resolve(&request.target, &request.addresses)?;
    resolve(&request.observatory, &request.addresses)?;
    target::reach(&request.target)?;
    Ok(addresses)
}
