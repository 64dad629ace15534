//! One plain GET after the other, for whoever looks at a server beside the load.

use crate::plan::Target;
use std::time::{Duration, Instant};
use ureq::Agent;

/// Largest body: the metrics of an Observatory with many streams have some 100 KiB.
const MOST_BYTES: u64 = 4 << 20;

/// A reply.
#[derive(Clone, Debug)]
pub struct HttpReply {
    /// Its status.
    pub status: u16,
    /// The server's name for itself; empty when it does not say.
    pub server: String,
    /// Its body.
    pub body: String,
    /// From the call until the last byte.
    pub took: Duration,
}

/// A client that gives a request up after `timeout`, follows no redirection and uses no proxy.
#[must_use]
pub fn agent(timeout: Duration) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .new_agent()
}

/// Asks `target` for `path`, whatever the status of its answer.
///
/// # Errors
/// When there is no answer in HTTP within the agent's time, or one that is no text.
pub fn get(agent: &Agent, target: &Target, path: &str) -> Result<HttpReply, ureq::Error> {
    let started = Instant::now();
    let mut response = agent.get(format!("{}{path}", target.url())).call()?;
    let server = response.headers().get("server");
    let server = server.and_then(|value| value.to_str().ok());
    Ok(HttpReply {
        status: response.status().as_u16(),
        server: server.unwrap_or_default().to_owned(),
        body: response
            .body_mut()
            .with_config()
            .limit(MOST_BYTES)
            .read_to_string()?,
        took: started.elapsed(),
    })
}
