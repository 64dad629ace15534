//! What this process calls itself to others.

use super::bus::Who;

/// This machine and process.
#[must_use]
pub fn who() -> Who {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "unknown",
        host => host,
    };
    Who::new(host, std::process::id(), env!("CARGO_PKG_VERSION"))
}
