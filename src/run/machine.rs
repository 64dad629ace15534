//! Facts of the machine that the run is made on, and its limits.

use crate::engine::Ready;
use crate::plan::{Driver, Plan, RunId};
use crate::record::HostFacts;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// CPUs that this process may use, by their kernel numbers in ascending order.
#[must_use]
pub fn allowed_cpus() -> Vec<usize> {
    let mut cpus: Vec<usize> = core_affinity::get_core_ids()
        .unwrap_or_default()
        .into_iter()
        .map(|core| core.id)
        .collect();
    cpus.sort_unstable();
    cpus
}

/// An id for a run that starts now in this process.
#[must_use]
pub fn new_run_id() -> RunId {
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let unix_ms = since_1970.as_millis() as u64;
    RunId::new(unix_ms, std::process::id(), fastrand::u16(..))
}

/// The CPU's name, or `unknown`.
#[must_use]
fn cpu_name() -> String {
    fs::read_to_string("/proc/cpuinfo")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}

/// The kernel's release, or `unknown`.
#[must_use]
fn kernel_release() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").map_or_else(
        |_| "unknown".to_owned(),
        |release| release.trim().to_owned(),
    )
}

/// The machine's facts for the record.
#[must_use]
pub fn facts(plan: &Plan, ready: &[Ready]) -> HostFacts {
    let flags = ready.first().map_or(&[][..], |ready| ready.ring_flags);
    HostFacts {
        cpu: cpu_name(),
        cores: allowed_cpus().len(),
        workers: plan.cores.clone(),
        kernel: kernel_release(),
        driver: match plan.driver {
            Driver::Uring => "uring".to_owned(),
            Driver::Epoll => "epoll".to_owned(),
        },
        ring_flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
    }
}
