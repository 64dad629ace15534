//! What a target says of itself: whether it answers, is ShopStream, is the one that journeys were
//! written for, and works on several requests at once.

use super::{Concurrency, Finding, differences};
use crate::observe::{METRICS_PATH, Observatory, Source, agent, get};
use crate::plan::Target;
use crate::run::ReachError;
use crate::shop::{HEALTH_PATH, OPENAPI_PATH};
use serde_json::Value;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use ureq::Agent;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Requests sent at the same time.
const TOGETHER: u32 = 8;
const ROUNDS: usize = 5;
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
pub fn look_at(target: &Target) -> Vec<Finding> {
    let agent = agent(TIMEOUT);
    let mut findings = vec![health(&agent, target)];
    findings.extend(description(&agent, target));
    findings.push(concurrency(target));
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

/// Asks for the description, which costs the shop some milliseconds and changes nothing.
fn concurrency(target: &Target) -> Finding {
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (one, all) = (time(target, 1), time(target, TOGETHER));
        let (Some(one), Some(all)) = (one, all) else {
            return Finding::hint("workers: not all requests were answered; nothing can be told");
        };
        alone.push(one.as_micros() as u64);
        together.push(all.as_micros() as u64);
    }
    match Concurrency::of(&alone, &together, TOGETHER) {
        Some(concurrency) => Finding::ok(format!("workers: the shop {concurrency}")),
        None => Finding::hint("workers: nothing was measured"),
    }
}

/// Until the last of `count` requests that leave together is answered, each on an open connection
/// of its own; `None` when one is not.
fn time(target: &Target, count: u32) -> Option<Duration> {
    let barrier = Barrier::new(count as usize + 1);
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..count)
            .map(|_| {
                scope.spawn(|| {
                    let agent = agent(TIMEOUT);
                    let opened = get(&agent, target, HEALTH_PATH).is_ok();
                    barrier.wait();
                    opened && get(&agent, target, OPENAPI_PATH).is_ok()
                })
            })
            .collect();
        barrier.wait();
        let started = Instant::now();
        // Every thread is joined before the clock is read.
        let answers: Vec<bool> = asking
            .into_iter()
            .map(|thread| thread.join().unwrap_or(false))
            .collect();
        let took = started.elapsed();
        answers.into_iter().all(|answered| answered).then_some(took)
    })
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
