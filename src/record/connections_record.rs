//! What became of a run's connections, as its record says it.

use super::address_record::RefusedAddress;
use crate::stats::LatencySummary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Connections of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Connections {
    /// Opened by users that had none yet.
    pub opened: u64,
    /// Opened in place of one that the server closed or that broke.
    pub reconnects: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Closed by the server, without announcing it, while no request was on them.
    #[serde(default)]
    pub closed_between_requests: u64,
    /// Replaced because something came on them while no request was on them: it answers nothing.
    #[serde(default)]
    pub unsolicited: u64,
    /// Given up because a reply came before its request had left whole: the rest would be read as the
    /// next request.
    #[serde(default)]
    pub answered_early: u64,
    /// Addresses of the target that refused connections, or did not answer in time, at most 64.
    #[serde(default)]
    pub refused_addresses: Vec<RefusedAddress>,
    /// Time to connect; not part of service time.
    pub connect_us: LatencySummary,
    /// TLS handshakes in which the server showed who it is.
    #[serde(default)]
    pub handshakes_full: u64,
    /// TLS handshakes that resumed the session of an earlier one.
    #[serde(default)]
    pub handshakes_resumed: u64,
    /// Time of TLS handshakes; part of neither service time nor connecting. Null without any.
    #[serde(default)]
    pub handshake_us: Option<LatencySummary>,
}
