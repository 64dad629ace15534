//! What TLS is like with a target: seen in a handshake of its own, in which nothing is asked.

use super::line::Line;
use crate::engine::tls::TlsFacts;
use crate::plan::{Route, Target};
use std::time::Duration;

/// Longest wait for each step of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What `target` shows and agrees on; `None` when TLS is not spoken with it, or not as it should be, which
/// others tell of.
#[must_use]
pub fn look(target: &Target, addresses: &[Route], timeout: Duration) -> Option<TlsFacts> {
    target.tls.as_ref()?;
    let line = Line::open(target, addresses, timeout.min(PATIENCE));
    line.ok()?.facts()
}
