//! Which HTTP is spoken with a target that is to choose (ALPN): seen in one handshake before anything is asked,
//! and kept to from then on.
//!
//! Connections offer nothing but that: one that a target's other machine does not take it on is not made, and is
//! told of, and nothing of it is counted as if it had been.

use super::line::{Line, NoLine};
use super::reach::{ReachError, not_answered, told_of_line};
use crate::engine::inquiry::NoAnswer;
use crate::engine::tls::OFFERS_EITHER;
use crate::pieces::tell;
use crate::plan::{Route, Target};
use std::time::Duration;

/// `target` with the choice made, where it is its own.
///
/// # Errors
/// When no address accepts, or TLS cannot be spoken with the one that does; `path` is what it would be asked
/// for first.
pub fn agreed(
    target: &Target,
    addresses: &[Route],
    path: &str,
    timeout: Duration,
) -> Result<Target, ReachError> {
    let mut target = target.clone();
    if !target.http_by_alpn {
        return Ok(target);
    }
    // Without TLS there is nobody to ask.
    target.http2 = false;
    if target.tls.is_some() {
        let line = Line::offering(&target, addresses, timeout, OFFERS_EITHER);
        let line = line.map_err(|no_line| {
            let why = match no_line {
                NoLine::Unreachable(error) => NoAnswer::Unreachable(error),
                NoLine::Tls(error) => NoAnswer::Tls(told_of_line(&target, addresses, path, &error)),
            };
            not_answered(&target, path, why)
        })?;
        let facts = line.facts();
        target.http2 = facts.is_some_and(|facts| facts.is_http2());
    }
    Ok(target)
}

/// Says on standard error what came of the choice, where there was one.
pub fn tell_of_agreement(target: &Target) {
    if target.http_by_alpn {
        tell(format!("http: {}", words(target)));
    }
}

fn words(target: &Target) -> &'static str {
    match (target.http2, &target.tls) {
        (true, _) => "HTTP/2, which the target chose (ALPN)",
        (false, Some(_)) => "HTTP/1.1, since the target does not choose HTTP/2 (ALPN)",
        (false, None) => {
            "HTTP/1.1, since nothing is chosen without TLS: --http2 speaks HTTP/2 there"
        }
    }
}
