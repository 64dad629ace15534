//! How much memory there is for a run, by the kernel, by control groups and by the process's own limit.

use super::control_groups::{GroupDirectory, directories};
use super::kernel_file::text;
use crate::plan::{MemoryLeft, MemoryLimit};
use std::path::Path;

/// The address space that a thread's stack takes.
const STACK_BYTES: u64 = 2 << 20;
/// Threads beside the workers.
const OTHER_THREADS: u64 = 8;

/// What is left for a run of `workers` workers: the least of all that limits it. `None` where nothing is
/// told. `root` is `/`, or a made-up tree; `address_space` is the limit of the process's own.
#[must_use]
pub fn left(root: &Path, address_space: Option<u64>, workers: u64) -> Option<MemoryLeft> {
    let machine = line_kib(&root.join("proc/meminfo"), "MemAvailable:");
    let groups = directories(root, "memory", &["memory"]);
    let group = groups.iter().filter_map(left_in).min();
    let space = address_space.and_then(|limit| {
        let used = line_kib(&root.join("proc/self/status"), "VmSize:")?;
        let stacks = workers.saturating_add(OTHER_THREADS) * STACK_BYTES;
        Some(limit.saturating_sub(used).saturating_sub(stacks))
    });
    let limits = [
        (machine, MemoryLimit::Machine),
        (group, MemoryLimit::ControlGroup),
        (space, MemoryLimit::AddressSpace),
    ];
    limits
        .into_iter()
        .filter_map(|(bytes, limit)| bytes.map(|bytes| MemoryLeft { bytes, limit }))
        .min_by_key(|left| left.bytes)
}

/// What is left for a run of `workers` workers on this machine.
#[must_use]
pub fn left_here(workers: u64) -> Option<MemoryLeft> {
    let limit = rlimit::getrlimit(rlimit::Resource::AS).ok();
    let address_space = limit.and_then(|(soft, _)| (soft != rlimit::INFINITY).then_some(soft));
    left(Path::new("/"), address_space, workers)
}

/// What a control group leaves: what its files hold in memory without need counts as free.
fn left_in(group: &GroupDirectory) -> Option<u64> {
    let (path, limit, usage, idle_files) = match group {
        GroupDirectory::Second(path) => (path, "memory.max", "memory.current", "inactive_file"),
        GroupDirectory::First(path) => (
            path,
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        ),
    };
    // `max`, which is no number, is no limit.
    let limit: u64 = text(&path.join(limit))?.parse().ok()?;
    let usage: u64 = text(&path.join(usage))?.parse().ok()?;
    let idle = line_number(&path.join("memory.stat"), idle_files).unwrap_or(0);
    Some(limit.saturating_sub(usage.saturating_sub(idle)))
}

/// The number in the line of `file` that begins with the word `name`.
fn line_number(file: &Path, name: &str) -> Option<u64> {
    let text = text(file)?;
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(name)).then(|| words.next()?.parse().ok())?
    })
}

fn line_kib(file: &Path, name: &str) -> Option<u64> {
    Some(line_number(file, name)?.saturating_mul(1_024))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    /// A made-up `/` with 8,000 kB available.
    fn machine(files: &[(&str, &str)]) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        let of_all = [
            (
                "proc/meminfo",
                "MemTotal:  16000 kB\nMemFree: 4000 kB\nMemAvailable:    8000 kB\n",
            ),
            (
                "proc/self/status",
                "Name:\tx\nVmPeak:\t 900 kB\nVmSize:\t    1000 kB\n",
            ),
        ];
        for (path, text) in of_all.iter().chain(files) {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn left_of(files: &[(&str, &str)]) -> (u64, MemoryLimit) {
        let left = left(machine(files).path(), None, 1).expect("a limit");
        (left.bytes / 1_000, left.limit)
    }

    #[test]
    fn without_a_limit_it_is_what_the_machine_has() {
        assert_eq!(left_of(&[]), (8_192, MemoryLimit::Machine));
        let unlimited = [
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("sys/fs/cgroup/a/b/memory.current", "5000000\n"),
        ];
        assert_eq!(left_of(&unlimited), (8_192, MemoryLimit::Machine));
        assert_eq!(left(Path::new("/nowhere"), None, 1), None);
    }

    #[test]
    fn a_group_or_one_above_it_may_leave_less() {
        let second = [
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/b/memory.max", "7000000\n"),
            ("sys/fs/cgroup/a/b/memory.current", "1000000\n"),
            ("sys/fs/cgroup/a/memory.max", "6500000\n"),
            ("sys/fs/cgroup/a/memory.current", "2000000\n"),
            (
                "sys/fs/cgroup/a/memory.stat",
                "anon 1\ninactive_file 500000\n",
            ),
        ];
        assert_eq!(left_of(&second), (5_000, MemoryLimit::ControlGroup));
        let first = [
            ("proc/self/cgroup", "9:cpu:/x\n4:memory:/x/y\n0::/\n"),
            (
                "sys/fs/cgroup/memory/x/y/memory.limit_in_bytes",
                "3000000\n",
            ),
            ("sys/fs/cgroup/memory/x/y/memory.usage_in_bytes", "900000\n"),
            (
                "sys/fs/cgroup/memory/x/y/memory.stat",
                "inactive_file 1\ntotal_inactive_file 400000\n",
            ),
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n"),
        ];
        assert_eq!(left_of(&first), (2_500, MemoryLimit::ControlGroup));
        // A group that is over its limit leaves nothing.
        let over = [
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "1000\n"),
            ("sys/fs/cgroup/memory.current", "2000\n"),
        ];
        assert_eq!(left_of(&over), (0, MemoryLimit::ControlGroup));
    }

    #[test]
    fn the_address_space_may_leave_less() {
        let root = machine(&[]);
        let limited = |bytes, workers| left(root.path(), Some(bytes), workers).unwrap();
        let of_a_thread = STACK_BYTES;
        let limit = 1_024_000 + 9 * of_a_thread + 77;
        let expected = MemoryLeft {
            bytes: 77,
            limit: MemoryLimit::AddressSpace,
        };
        assert_eq!(limited(limit, 1), expected);
        assert_eq!(limited(limit, 2).bytes, 0);
        assert_eq!(limited(1 << 40, 1).limit, MemoryLimit::Machine);
    }

    #[test]
    fn this_machine_has_some() {
        assert!(left_here(1).expect("a limit").bytes > 1 << 20);
    }
}
