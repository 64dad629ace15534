//! What a target says of itself: whether it answers, is ShopStream, is the one that journeys were
//! written for, and works on several requests at once.

use super::{Finding, concurrency, differences};
use crate::observe::{METRICS_PATH, Observatory, Source, agent, get};
use crate::plan::Target;
use crate::run::ReachError;
use crate::shop::{HEALTH_PATH, OPENAPI_PATH};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use ureq::Agent;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Differences that are printed.
const SHOWN: usize = 20;
const DOMAINS: [&str; 5] = ["identity", "catalogue", "ordering", "inventory", "payments"];

/// Asks once.
///
/// # Errors
/// When there is no answer in HTTP.
pub fn reach(target: &Target) -> Result<(), ReachError> {
    match get(&agent(TIMEOUT), target, HEALTH_PATH) {
        Ok(_) => Ok(()),
        Err(error) => Err(ReachError::Unreachable {
            url: target.url(),
            error: error.to_string(),
        }),
    }
}

/// Looks at the shop.
pub fn look_at(target: &Target, addresses: &[SocketAddr]) -> Vec<Finding> {
    let agent = agent(TIMEOUT);
    let mut findings = vec![health(&agent, target)];
    findings.extend(description(&agent, target));
    findings.push(concurrency::look_at(target, addresses));
    findings
}

fn health(agent: &Agent, target: &Target) -> Finding {
    let url = target.url();
    let reply = match get(agent, target, HEALTH_PATH) {
        Ok(reply) => reply,
        Err(error) => return Finding::problem(format!("health: {url} does not answer: {error}")),
    };
    let says: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let missing: Vec<&str> = DOMAINS
        .into_iter()
        .filter(|domain| says["domains"].get(domain).is_none())
        .collect();
    if reply.status != 200 || missing.len() == DOMAINS.len() {
        return Finding::problem(format!(
            "health: {url} answers {} to GET {HEALTH_PATH} and names none of the shop's domains; is this ShopStream?",
            reply.status
        ));
    }
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Finding::problem(format!("health: the shop lacks the domains {missing}"));
    }
    Finding::ok(format!(
        "health: {url} is a ShopStream with all five domains ({}, {:.1} ms)",
        reply.server,
        reply.took.as_secs_f64() * 1e3
    ))
}

fn description(agent: &Agent, target: &Target) -> Vec<Finding> {
    let document = get(agent, target, OPENAPI_PATH)
        .ok()
        .filter(|reply| reply.status == 200)
        .and_then(|reply| serde_json::from_str::<Value>(&reply.body).ok());
    let Some(document) = document else {
        return vec![Finding::hint(format!(
            "operations: no description at {OPENAPI_PATH}; whether the journeys fit cannot be told"
        ))];
    };
    let differences = differences(&document);
    if differences.is_empty() {
        return vec![Finding::ok(
            "operations: all that journeys use are there, with the fields and limits they need",
        )];
    }
    let hidden = differences.len().saturating_sub(SHOWN);
    let shown = differences.into_iter().take(SHOWN);
    let mut findings: Vec<Finding> = shown
        .map(|difference| Finding::problem(format!("operations: {difference}")))
        .collect();
    if hidden > 0 {
        findings.push(Finding::problem(format!("operations: {hidden} more")));
    }
    findings
}

/// Looks for the Observatory, and at what it shows.
pub fn look_for_observatory(observatory: &Target) -> Vec<Finding> {
    let url = observatory.url();
    match Observatory::new(observatory.clone()).read() {
        Ok(readout) => {
            let found = Finding::ok(format!(
                "observatory: {url}{METRICS_PATH}, {} figures",
                readout.figures.len()
            ));
            let caveats = readout.caveats.into_iter();
            let caveats = caveats.map(|caveat| Finding::hint(format!("observatory: {caveat}")));
            std::iter::once(found).chain(caveats).collect()
        }
        Err(problem) => vec![Finding::hint(format!(
            "observatory: {problem} Start it, or name it with --observatory, to see the pipeline"
        ))],
    }
}
