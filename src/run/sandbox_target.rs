//! Where an embedded shop is reached.

use crate::plan::Target;
use crate::sandbox::Sandbox;
use std::net::SocketAddr;

/// Where `sandbox` takes requests.
#[must_use]
pub fn target(sandbox: &Sandbox) -> Target {
    target_at(sandbox.address())
}

/// Where its Observatory is, if it has one.
#[must_use]
pub fn observatory_target(sandbox: &Sandbox) -> Option<Target> {
    sandbox.observatory_address().map(target_at)
}

fn target_at(address: SocketAddr) -> Target {
    Target {
        host: address.ip().to_string(),
        port: address.port(),
        authority: address.to_string(),
        base_path: String::new(),
    }
}
