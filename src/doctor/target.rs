//! What a target says of itself: whether it answers, is ShopStream, is the one that journeys were
//! written for, and works on several requests at once.

use super::{Concurrency, Finding, differences};
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
const METRICS_PATH: &str = "/metrics";
const DOMAINS: [&str; 5] = ["identity", "catalogue", "ordering", "inventory", "payments"];

/// A reply.
struct Reply {
    status: u16,
    server: String,
    body: String,
    took: Duration,
}

fn agent() -> Agent {
    Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .new_agent()
}

fn get(agent: &Agent, target: &Target, path: &str) -> Result<Reply, ureq::Error> {
    let started = Instant::now();
    let mut response = agent.get(format!("{}{path}", target.url())).call()?;
    let server = response.headers().get("server");
    let server = server.and_then(|value| value.to_str().ok());
    Ok(Reply {
        status: response.status().as_u16(),
        server: server.unwrap_or_default().to_owned(),
        body: response.body_mut().read_to_string()?,
        took: started.elapsed(),
    })
}

/// Asks once.
///
/// # Errors
/// When there is no answer in HTTP.
pub fn reach(target: &Target) -> Result<(), ReachError> {
    match get(&agent(), target, HEALTH_PATH) {
        Ok(_) => Ok(()),
        Err(error) => Err(ReachError::Unreachable {
            url: target.url(),
            error: error.to_string(),
        }),
    }
}

/// Looks at the shop.
pub fn look_at(target: &Target) -> Vec<Finding> {
    let agent = agent();
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
                    let agent = agent();
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

/// Looks for the Observatory.
pub fn look_for_observatory(observatory: &Target) -> Finding {
    let url = observatory.url();
    match get(&agent(), observatory, METRICS_PATH) {
        Ok(reply) if reply.body.contains("protean_") => {
            Finding::ok(format!("observatory: {url}{METRICS_PATH}"))
        }
        Ok(reply) => Finding::hint(format!(
            "observatory: {url}{METRICS_PATH} answers {} without a protean_ metric; name another one with --observatory",
            reply.status
        )),
        Err(error) => Finding::hint(format!(
            "observatory: none at {url} ({error}); start it, or name it with --observatory, to see the pipeline"
        )),
    }
}
