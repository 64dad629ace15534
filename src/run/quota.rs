//! How much CPU time control groups give this process.

use super::kernel_file::text;
use std::path::{Component, Path, PathBuf};

/// Control groups above one another that are looked at.
const DEEPEST: usize = 64;
/// A quota under this is no quota but a mistake: the kernel grants 1 ms a second at least.
const LEAST_CPUS: f64 = 0.001;

/// So many CPUs' time is given at most, by the group of this process or one above it; `None` without a
/// limit, and where nothing is told. `root` is `/`, or a made-up tree.
#[must_use]
pub fn read(root: &Path) -> Option<f64> {
    let groups = text(&root.join("proc/self/cgroup"))?;
    let mounts = root.join("sys/fs/cgroup");
    let quotas = groups.lines().flat_map(|line| of_line(&mounts, line));
    quotas.min_by(f64::total_cmp)
}

/// The quotas that a line like `0::/user/run` or `4:cpu,cpuacct:/user/run` leads to.
fn of_line(mounts: &Path, line: &str) -> Vec<f64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else {
        return Vec::new();
    };
    let group = inside(group);
    if controllers.is_empty() {
        let mounts = [mounts.to_owned(), mounts.join("unified")];
        return upward(&mounts, &group, second_version);
    }
    if !controllers.split(',').any(|name| name == "cpu") {
        return Vec::new();
    }
    let mounts = [mounts.join("cpu"), mounts.join("cpu,cpuacct")];
    upward(&mounts, &group, first_version)
}

/// The group's path below its mount. One that leads elsewhere is that of a mount's root: a container
/// sees no more of its groups.
fn inside(group: &str) -> PathBuf {
    let path = Path::new(group);
    let leads_out = path
        .components()
        .any(|part| matches!(part, Component::ParentDir));
    match leads_out {
        true => PathBuf::new(),
        false => path
            .components()
            .filter(|part| matches!(part, Component::Normal(_)))
            .take(DEEPEST)
            .collect(),
    }
}

/// What `of_group` tells of the group and of all above it.
fn upward(mounts: &[PathBuf], group: &Path, of_group: impl Fn(&Path) -> Option<f64>) -> Vec<f64> {
    let all = mounts.iter().flat_map(|mount| {
        let groups = group.ancestors();
        groups.filter_map(|group| of_group(&mount.join(group)))
    });
    all.collect()
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
