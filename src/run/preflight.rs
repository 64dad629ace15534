//! The preflight, which is the first look at the target: what it is, whether the journeys of the
//! plan fit, and what is said of it.

use super::agreement::{agreed, tell_of_agreement};
use super::reach::ReachError;
use super::recognition::Questioning;
use super::{RunError, RunRequest, machine, reach};
use crate::engine::{MetSubject, PreparedScript};
use crate::pieces::tell;
use crate::plan::{Plan, Route, Target};

/// Differences that are named.
const SHOWN: usize = 20;

/// Looks what `target` is, as `request` wants it, and says it on standard error.
///
/// # Errors
/// When it gets no load: nothing but questions about itself was sent then.
pub fn meet(
    request: &RunRequest,
    target: &Target,
    addresses: &[Route],
) -> Result<MetSubject, RunError> {
    let output = &request.output;
    let questioning = Questioning {
        target,
        addresses,
        timeout: request.plan.request_timeout,
    };
    let met = match request.preflight {
        true => {
            let recognition = questioning.recognise(&request.subject)?;
            if let Some(caveat) = recognition.caveat.filter(|_| !output.silent) {
                tell(format!(
                    "warning: the shop's description was not read: {caveat}"
                ));
            }
            recognition.target
        }
        false => request.subject.presumed(),
    };
    if request.preflight && !output.is_muted() {
        let asked_at = match addresses {
            [first, _, ..] => format!(" (asked at {first})"),
            _ => String::new(),
        };
        tell(format!("target: {met}{asked_at}"));
    }
    Ok(met)
}

/// `plan` with the target's own choice made, where it has one; whoever has met the target has made it.
///
/// # Errors
/// When it cannot be reached.
pub fn agreed_plan(
    request: &RunRequest,
    plan: Plan,
    addresses: &[Route],
) -> Result<Plan, ReachError> {
    if request.met.is_some() {
        return Ok(plan);
    }
    let path = request.subject.health_path();
    let target = agreed(&plan.target, addresses, path, plan.request_timeout)?;
    if !request.output.is_muted() {
        tell_of_agreement(&target);
    }
    Ok(Plan { target, ..plan })
}

/// Looks at the target as `request` wants it, and prepares the journeys of `plan` for it.
///
/// # Errors
/// When it gets no load: nothing but questions about itself was sent then.
pub fn run_preflight(
    request: &RunRequest,
    plan: &Plan,
    addresses: &[Route],
) -> Result<PreparedScript, RunError> {
    let met = match &request.met {
        Some(known) => {
            let path = request.subject.health_path();
            reach::preflight(&plan.target, addresses, path, plan.request_timeout)?;
            known.clone()
        }
        None => meet(request, &plan.target, addresses)?,
    };
    let script = machine::at_large(plan, || met.prepare(plan))?;
    let hindrances = &script.target.hindrances;
    if !hindrances.is_empty() {
        let hindrances = lines(hindrances);
        if !request.allow_drift {
            return Err(RunError::Unfit {
                url: plan.target.url(),
                shop: met.to_string(),
                hindrances,
            });
        }
        if !request.output.silent {
            tell(format!(
                "warning: the target lacks what these journeys need:\n{hindrances}"
            ));
        }
    }
    Ok(script)
}

/// One line for each, up to [`SHOWN`].
fn lines(differences: &[String]) -> String {
    let shown = differences.iter().take(SHOWN);
    let mut lines: Vec<String> = shown.map(|difference| format!("  {difference}")).collect();
    if differences.len() > SHOWN {
        lines.push(format!("  and {} more", differences.len() - SHOWN));
    }
    lines.join("\n")
}
