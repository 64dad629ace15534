//! One plain GET after the other, for whoever looks at a server beside the load.

use super::https::HttpsConnector;
use super::trust::SpokenInTls;
use crate::plan::{Target, TlsSettings};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, DefaultConnector};

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

/// A client that gives a request up after `timeout`, follows no redirection, uses no proxy, and trusts
/// `https` addresses as `tls` says; without a word as the machine does.
#[must_use]
pub fn agent(timeout: Duration, tls: Option<&TlsSettings>) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build();
    let https = HttpsConnector::new(tls.cloned().unwrap_or_default());
    let connector = DefaultConnector::new().chain(https);
    Agent::with_parts(config, connector, DefaultResolver::default())
}

/// Why there is no answer: what `error` says, and what to do where TLS is to blame, or the lack of it.
/// `url` is the address that was asked.
#[must_use]
pub fn no_answer_text(url: &str, error: &ureq::Error) -> String {
    let is_plain = url.starts_with("http://");
    let told = match error {
        ureq::Error::Io(error) => SpokenInTls::Http.told(error),
        ureq::Error::Other(error) => SpokenInTls::Http.told(&**error),
        ureq::Error::Protocol(_) if is_plain => Some(format!(
            "{error}; where it speaks TLS its address begins with https://"
        )),
        _ => None,
    };
    told.unwrap_or_else(|| error.to_string())
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
