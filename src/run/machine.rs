//! Facts of the machine that the run is made on, and its limits.

use super::request::Output;
use crate::engine::{Ready, confine};
use crate::pieces;
use crate::plan::{Driver, Placement, Plan, RunId, Topology};
use crate::record::HostFacts;
use std::fs;
use std::path::Path;
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

/// What the kernel tells of the CPUs that this process may use. To be asked for before anything is
/// confined: afterwards there seem to be fewer.
#[must_use]
pub fn topology() -> Topology {
    super::topology::read(Path::new("/"), &allowed_cpus())
}

/// Has the current thread, which is no worker, and those that it starts from now on run where no
/// worker is. Workers and the embedded shop pin themselves.
pub fn step_aside(placement: &Placement) {
    // Where that cannot be, the kernel's own choice is no mistake.
    let _ = confine(&placement.beside);
}

/// Does `work` on all CPUs of the run: what is done before the workers are at work, and measures.
pub fn at_large<T>(plan: &Plan, work: impl FnOnce() -> T) -> T {
    let beside = &plan.placement.beside;
    if beside.is_empty() {
        return work();
    }
    let _ = confine(&[beside.as_slice(), plan.cores.as_slice()].concat());
    let done = work();
    step_aside(&plan.placement);
    done
}

/// Says where everything is, in one line, before the clock starts.
pub fn tell(plan: &Plan, output: &Output) {
    if plan.placement.cpus > 0 && !output.is_muted() {
        pieces::tell(plan.placement.line(&plan.cores));
    }
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
        cores: match plan.placement.cpus {
            0 => allowed_cpus().len(),
            cpus => cpus,
        },
        workers: plan.cores.clone(),
        placement: plan.placement.clone(),
        kernel: kernel_release(),
        driver: match plan.driver {
            Driver::Uring => "uring".to_owned(),
            Driver::PlainUring => "plain-uring".to_owned(),
            Driver::Epoll => "epoll".to_owned(),
        },
        ring_flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
    }
}
