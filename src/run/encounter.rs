//! The first meeting with the target: what it is, whether the journeys of the plan fit, and what is
//! said of it.

use super::inspect::Inspection;
use super::{RunError, RunRequest, reach};
use crate::plan::{Plan, Target};
use crate::record::TargetRecord;
use crate::shop::{Drift, Fitness, HEALTH_PATH, Recognised, ShopScript};
use std::net::SocketAddr;
use std::sync::Arc;

/// Differences that are named.
const SHOWN: usize = 20;

/// A target that was met, and the journeys that it gets.
pub struct Encountered {
    /// The journeys, with bodies in the forms that the target takes.
    pub script: ShopScript,
    /// What is recorded of the target.
    pub target: TargetRecord,
    /// What the target is.
    pub recognised: Arc<Recognised>,
}

/// Looks what `target` is, as `request` wants it, and says it on standard error.
///
/// # Errors
/// When it gets no load: nothing but questions about itself was sent then.
pub fn recognise_target(
    request: &RunRequest,
    target: &Target,
    addresses: &[SocketAddr],
) -> Result<Arc<Recognised>, RunError> {
    let output = &request.output;
    let inspection = Inspection {
        target,
        addresses,
        timeout: request.plan.request_timeout,
    };
    let recognised = match request.preflight {
        true => {
            let inspected = inspection.inspect(request.generation)?;
            if let Some(caveat) = inspected.caveat.filter(|_| !output.silent) {
                eprintln!("warning: the shop's description was not read: {caveat}");
            }
            inspected.recognised
        }
        false => Recognised::told(request.generation.unwrap_or_default()),
    };
    let is_muted = output.quiet || output.only_summary || output.silent;
    if request.preflight && !is_muted {
        eprintln!("target: {recognised}");
    }
    Ok(Arc::new(recognised))
}

/// Looks at the target as `request` wants it, and prepares the journeys of `plan` for it.
///
/// # Errors
/// When it gets no load: nothing but questions about itself was sent then.
pub fn encounter(
    request: &RunRequest,
    plan: &Plan,
    addresses: &[SocketAddr],
) -> Result<Encountered, RunError> {
    let recognised = match &request.recognised {
        Some(known) => {
            reach::preflight(&plan.target, addresses, HEALTH_PATH, plan.request_timeout)?;
            Arc::clone(known)
        }
        None => recognise_target(request, &plan.target, addresses)?,
    };
    let script = ShopScript::new(plan, recognised.dialect)?;
    let fitness = Fitness::of(&script, &recognised);
    let url = plan.target.url();
    if !fitness.hindrances.is_empty() {
        let hindrances = lines(&fitness.hindrances);
        if !request.allow_drift {
            let shop = recognised.to_string();
            return Err(RunError::Unfit {
                url,
                shop,
                hindrances,
            });
        }
        if !request.output.silent {
            eprintln!("warning: the target lacks what these journeys need:\n{hindrances}");
        }
    }
    Ok(Encountered {
        script,
        target: TargetRecord::of(url, &recognised, &fitness),
        recognised,
    })
}

/// One line for each, up to [`SHOWN`].
fn lines(drifts: &[Drift]) -> String {
    let shown = drifts.iter().take(SHOWN);
    let mut lines: Vec<String> = shown.map(|drift| format!("  {drift}")).collect();
    if drifts.len() > SHOWN {
        lines.push(format!("  and {} more", drifts.len() - SHOWN));
    }
    lines.join("\n")
}
