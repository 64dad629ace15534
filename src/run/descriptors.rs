//! Descriptors that a run may have open at the same time: those of its connections, and of all else in
//! this process.

use super::{RunError, RunRequest};
use crate::plan::RunSize;
use std::fs;

/// Files of the record and one more output, a few that are open for a moment, signals.
const RECORD: u64 = 32;
/// Of a worker: rings, timer, pairs of sockets.
const OF_A_WORKER: u64 = 8;
/// What is open already, where the kernel does not tell.
const USUALLY_OPEN: u64 = 16;
/// What a sandbox serves on at least, when it stands alone.
const MOST_SERVED: u64 = 1 << 16;

/// Descriptors beside those of connections to the target, of a run of `request` with faces that may open
/// `of_faces`: those that are open now, and those that are to come.
pub(super) fn beside(request: &RunRequest, of_faces: u64) -> u64 {
    let open = fs::read_dir("/proc/self/fd").map_or(USUALLY_OPEN, |open| open.count() as u64);
    let of_sandbox = request.sandbox.as_ref().map_or(0, |own| own.descriptors());
    let of_workers = request.plan.cores.len() as u64 * OF_A_WORKER;
    let of_observers = request.observers.descriptors();
    open + RECORD + of_workers + of_observers + of_sandbox + of_faces
}

/// Descriptors that a run of this `size` may have open at the same time, with `beside` its connections.
pub(super) fn needed(size: &RunSize, beside: u64) -> u64 {
    (size.connections + size.race_connections) * ends(size) + beside
}

/// Ends that each connection of a run of this `size` has in this process.
pub(super) fn ends(size: &RunSize) -> u64 {
    if size.is_target_here { 2 } else { 1 }
}

/// The limit, raised to `wanted` as far as may be; `None` when it cannot be read: the kernel will tell.
pub(super) fn raised_to(wanted: u64) -> Option<u64> {
    rlimit::increase_nofile_limit(wanted).ok()
}

/// That a run of this `size` may open what it needs, with `beside` its connections.
pub(super) fn suffice(size: &RunSize, beside: u64) -> Result<(), RunError> {
    let wanted_limit = needed(size, beside);
    match raised_to(wanted_limit) {
        Some(limit) if limit < wanted_limit => Err(RunError::Descriptors {
            wanted: size.connections + size.race_connections,
            limit,
            wanted_limit,
        }),
        _ => Ok(()),
    }
}

/// Connections that a target which stands alone may have, when those are fewer than it serves otherwise.
pub(super) fn most_served() -> Option<u64> {
    let wanted = MOST_SERVED + RECORD;
    let limit = raised_to(wanted).filter(|limit| *limit < wanted)?;
    Some(limit.saturating_sub(RECORD))
}
