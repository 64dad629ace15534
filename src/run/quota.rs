//! How much CPU time control groups give this process.

use super::control_groups::{GroupDirectory, directories};
use super::kernel_file::text;
use std::path::Path;

/// A quota under this is no quota but a mistake: the kernel grants 1 ms a second at least.
const LEAST_CPUS: f64 = 0.001;

/// So many CPUs' time is given at most, by the group of this process or one above it; `None` without a
/// limit, and where nothing is told. `root` is `/`, or a made-up tree.
#[must_use]
pub fn read(root: &Path) -> Option<f64> {
    let groups = directories(root, "cpu", &["cpu", "cpu,cpuacct"]);
    let quotas = groups.iter().filter_map(|group| match group {
        GroupDirectory::Second(path) => second_version(path),
        GroupDirectory::First(path) => first_version(path),
    });
    quotas.min_by(f64::total_cmp)
}

/// `cpu.max`: `350000 100000`, or `max 100000`.
fn second_version(group: &Path) -> Option<f64> {
    let text = text(&group.join("cpu.max"))?;
    let (quota, period) = text.split_once(' ')?;
    cpus(quota.parse().ok()?, period.trim().parse().ok()?)
}

/// `cpu.cfs_quota_us` and `cpu.cfs_period_us`; a quota of -1 is none.
fn first_version(group: &Path) -> Option<f64> {
    let number = |name: &str| text(&group.join(name))?.parse().ok();
    cpus(number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?)
}

fn cpus(quota_us: i64, period_us: i64) -> Option<f64> {
    let cpus = quota_us as f64 / period_us as f64;
    (period_us > 0 && cpus >= LEAST_CPUS).then_some(cpus)
}
