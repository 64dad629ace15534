//! `shopblast doctor`: looks at a target and at this machine before a run, and says what to do.
//!
//! Sends a few harmless requests: nothing that the shop would store.

mod concurrency;
mod machine;
mod target;

use crate::plan::{AddressPolicy, ExitCode, Target};
use crate::run::{ReachError, resolve};
use std::fmt;
use std::net::SocketAddr;

/// What to look at.
#[derive(Clone, Debug)]
pub struct DoctorRequest {
    /// The shop.
    pub target: Target,
    /// The Observatory.
    pub observatory: Target,
    /// Decides about the addresses that their names resolve to.
    pub addresses: AddressPolicy,
    /// Users of the largest built-in profile: each needs a connection.
    pub users: u32,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Hint,
    /// Journeys would fail.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was found, and what to do about it.
    pub says: String,
}

impl Finding {
    fn ok(says: impl Into<String>) -> Self {
        Self::new(Level::Ok, says)
    }

    fn hint(says: impl Into<String>) -> Self {
        Self::new(Level::Hint, says)
    }

    fn problem(says: impl Into<String>) -> Self {
        Self::new(Level::Problem, says)
    }

    fn new(level: Level, says: impl Into<String>) -> Self {
        Self {
            level,
            says: says.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.level {
            Level::Ok => "ok",
            Level::Hint => "hint",
            Level::Problem => "problem",
        };
        write!(formatter, "{word:7} {}", self.says)
    }
}

/// Looks at everything and prints a line for each finding. The exit code is 0 when there is no
/// problem, 1 when there is one, 107 when the target cannot be reached, 104 when it may not be.
#[must_use]
pub fn examine(request: &DoctorRequest) -> ExitCode {
    let findings = match reach(request) {
        Ok(addresses) => {
            let mut findings = target::look_at(request, &addresses);
            findings.extend(target::look_for_observatory(&request.observatory));
            findings.extend(machine::look_at(request.users));
            findings
        }
        Err(error) => {
            println!("{}", Finding::problem(error.to_string()));
            return match error {
                ReachError::Public(_) => ExitCode::BadPlan,
                _ => ExitCode::Unreachable,
            };
        }
    };
    for finding in &findings {
        println!("{finding}");
    }
    match findings.iter().map(|finding| finding.level).max() {
        Some(Level::Problem) => ExitCode::RequestsFailed(1),
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
