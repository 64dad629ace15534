//! One plain GET after the other, for whoever looks at a server beside the load.

use super::https::HttpsConnector;
use super::trust::SpokenInTls;
use crate::plan::{RequestHeaders, Target, TlsSettings};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, DefaultConnector};

/// Largest body: the metrics of an Observatory with many streams have some 100 KiB.
const MOST_BYTES: u64 = 4 << 20;

/// What is said where plain HTTP is not understood.
const TLS_INSTEAD: &str = "where it speaks TLS its address begins with https://";

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
    tls_trouble_text(url, error).unwrap_or_else(|| error.to_string())
}

/// The same, where TLS is to blame, or the lack of it.
pub(super) fn tls_trouble_text(url: &str, error: &ureq::Error) -> Option<String> {
    match error {
        ureq::Error::Io(error) => SpokenInTls::Http.told(error),
        ureq::Error::Other(error) => SpokenInTls::Http.told(&**error),
        ureq::Error::Protocol(_) if is_plain(url) => Some(format!("{error}; {TLS_INSTEAD}")),
        _ => None,
    }
}

/// What an answer with the status 400 means, where TLS is to blame, or the lack of it: what nginx and
/// others say to those who come without, or without a certificate.
pub(super) fn bad_request_text(url: &str, body: &str) -> Option<String> {
    let says = |words: &[&str]| words.iter().any(|word| body.contains(word));
    if is_plain(url) && says(&["HTTPS", "SSL", "TLS"]) {
        return Some(TLS_INSTEAD.to_owned());
    }
    let wants = !is_plain(url) && says(&["SSL certificate"]);
    wants.then(|| {
        "it wants to be shown a certificate that it takes: --observer-cert FILE and --observer-key FILE"
            .to_owned()
    })
}

fn is_plain(url: &str) -> bool {
    url.starts_with("http://")
}

/// Asks `target` for `path`, whatever the status of its answer.
///
/// # Errors
/// When there is no answer in HTTP within the agent's time, or one that is no text.
pub fn get(agent: &Agent, target: &Target, path: &str) -> Result<HttpReply, ureq::Error> {
    get_with(agent, target, path, &RequestHeaders::default())
}

/// The same, with these headers.
///
/// # Errors
/// As of [`get`].
pub fn get_with(
    agent: &Agent,
    target: &Target,
    path: &str,
    headers: &RequestHeaders,
) -> Result<HttpReply, ureq::Error> {
    let started = Instant::now();
    let mut request = agent.get(format!("{}{path}", target.url()));
    for field in headers.iter() {
        request = request.header(field.name(), field.value());
    }
    let mut response = request.call()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say_of_tls_is_understood() {
        let nginx = "<center>The plain HTTP request was sent to HTTPS port</center>";
        let told = |url, body| bad_request_text(url, body);
        assert_eq!(told("http://h:1", nginx).as_deref(), Some(TLS_INSTEAD));
        assert_eq!(told("https://h:1", nginx), None);
        assert_eq!(told("http://h:1", "{\"detail\": \"no\"}"), None);
        let wanted = told("https://h", "No required SSL certificate was sent");
        assert!(wanted.is_some_and(|says| says.contains("--observer-cert FILE")));
    }
}
