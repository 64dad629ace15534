//! How much CPU time control groups give this process, and how long they withheld it.

use super::control_groups::{GroupDirectory, directories};
use super::kernel_file::text;
use std::path::Path;
use std::time::Duration;

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

/// How long the group of this process, or one above it, withheld CPU time so far, its CPUs added up; nothing
/// where that is not told. `root` is `/`, or a made-up tree.
#[must_use]
pub fn withheld(root: &Path) -> Duration {
    let groups = directories(root, "cpu", &["cpu", "cpu,cpuacct"]);
    let times = groups.iter().map(|group| match group {
        GroupDirectory::Second(path) => {
            Duration::from_micros(stat(path, "throttled_usec").unwrap_or_default())
        }
        GroupDirectory::First(path) => {
            Duration::from_nanos(stat(path, "throttled_time").unwrap_or_default())
        }
    });
    times.max().unwrap_or_default()
}

/// The number behind `name` in the group's `cpu.stat`.
fn stat(group: &Path, name: &str) -> Option<u64> {
    let text = text(&group.join("cpu.stat"))?;
    text.lines().find_map(|line| {
        let (word, number) = line.split_once(' ')?;
        (word == name).then(|| number.trim().parse().ok())?
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Files of a made-up machine, and how long CPU time was withheld, in microseconds.
    type Withheld = (&'static [(&'static str, &'static str)], u64);

    const WITHHELD: &[Withheld] = &[
        (&[], 0),
        (
            &[
                ("proc/self/cgroup", "0::/a/b\n"),
                (
                    "sys/fs/cgroup/a/b/cpu.stat",
                    "usage_usec 9\nnr_throttled 2\nthrottled_usec 1500\n",
                ),
                (
                    "sys/fs/cgroup/a/cpu.stat",
                    "usage_usec 9\nthrottled_usec 2500\n",
                ),
            ],
            2_500,
        ),
        (
            &[
                ("proc/self/cgroup", "4:cpu,cpuacct:/x\n0::/\n"),
                (
                    "sys/fs/cgroup/cpu/x/cpu.stat",
                    "nr_periods 5\nnr_throttled 3\nthrottled_time 7000000\n",
                ),
            ],
            7_000,
        ),
        (
            &[
                ("proc/self/cgroup", "1:cpu:/x\n"),
                (
                    "sys/fs/cgroup/cpu,cpuacct/x/cpu.stat",
                    "throttled_time 3000\n",
                ),
            ],
            3,
        ),
        (
            &[
                ("proc/self/cgroup", "0::/\n"),
                ("sys/fs/cgroup/cpu.stat", "throttled_usec many\n"),
            ],
            0,
        ),
    ];

    #[test]
    fn what_was_withheld_is_read_from_both_versions() {
        for (files, expected_us) in WITHHELD {
            let root = tempfile::tempdir().unwrap();
            for (name, text) in *files {
                let path = root.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let told = withheld(root.path());
            assert_eq!(told, Duration::from_micros(*expected_us), "{files:?}");
        }
    }
}
