//! Made-up machines, and the CPUs that must be chosen on them.

use super::*;
use crate::plan::{CoreChoice, CoreChoiceKind, Placement};
use std::fs;
use std::ops::RangeInclusive;
use tempfile::TempDir;

/// A made-up `/`.
struct Machine {
    root: TempDir,
    cpus: usize,
}

impl Machine {
    fn of(cpus: usize) -> Self {
        let machine = Self {
            root: tempfile::tempdir().unwrap(),
            cpus,
        };
        let all = format!("0-{}", cpus - 1);
        for file in ["online", "present", "possible"] {
            machine.write(&format!("cpu/{file}"), &all);
        }
        machine.write("cpu/offline", "");
        machine.write("cpu/isolated", "");
        machine
    }

    /// Writes a file of `/sys/devices/system`.
    fn write(&self, path: &str, text: &str) {
        self.write_at(&format!("sys/devices/system/{path}"), text);
    }

    fn write_at(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{text}\n")).unwrap();
    }

    /// Says of each CPU with which ones it shares its core.
    fn with_cores(self, threads: impl Fn(usize) -> Vec<usize>) -> Self {
        for cpu in 0..self.cpus {
            let list: Vec<String> = threads(cpu).iter().map(usize::to_string).collect();
            let path = format!("cpu/cpu{cpu}/topology/core_cpus_list");
            self.write(&path, &list.join(","));
        }
        self
    }

    /// CPUs n and n + `apart` are threads of a core.
    fn with_threads_apart(self, apart: usize) -> Self {
        self.with_cores(|cpu| vec![cpu % apart, cpu % apart + apart])
    }

    /// CPUs that share a last cache, and how many of them do.
    fn with_caches(self, cache_of: impl Fn(usize) -> usize) -> Self {
        for cpu in 0..self.cpus {
            let shared = (0..self.cpus).filter(|other| cache_of(*other) == cache_of(cpu));
            let shared: Vec<String> = shared.map(|other| other.to_string()).collect();
            // The first index is an instruction cache of its own, as everywhere.
            self.write(&format!("cpu/cpu{cpu}/cache/index0/level"), "1");
            let of_core = format!("cpu/cpu{cpu}/cache/index0/shared_cpu_list");
            self.write(&of_core, &cpu.to_string());
            self.write(&format!("cpu/cpu{cpu}/cache/index3/level"), "3");
            let path = format!("cpu/cpu{cpu}/cache/index3/shared_cpu_list");
            self.write(&path, &shared.join(","));
        }
        self
    }

    /// A socket and memory node of these CPUs.
    fn with_socket(self, number: usize, cpus: &str) -> Self {
        self.write(&format!("node/node{number}/cpulist"), cpus);
        self.write("node/online", &format!("0-{number}"));
        for cpu in parse_list(cpus).unwrap() {
            let path = format!("cpu/cpu{cpu}/topology/physical_package_id");
            self.write(&path, &number.to_string());
        }
        self
    }

    fn topology(&self) -> Topology {
        self.topology_of(0..=self.cpus - 1)
    }

    /// With an affinity mask of these CPUs.
    fn topology_of(&self, allowed: RangeInclusive<usize>) -> Topology {
        read(self.root.path(), &allowed.collect::<Vec<usize>>())
    }

    /// Where the workers of `--cores N` are, in ascending order, and all else.
    fn chosen(&self, count: usize) -> (Vec<usize>, Vec<usize>) {
        placed(&self.topology(), count)
    }
}

fn placed(topology: &Topology, count: usize) -> (Vec<usize>, Vec<usize>) {
    let mut workers = CoreChoice::Count(count).choose(topology).unwrap();
    workers.sort_unstable();
    let mut spare = Placement::of(topology, &workers, CoreChoiceKind::ByCount)
        .spare()
        .to_vec();
    spare.sort_unstable();
    (workers, spare)
}

fn evens(cpus: RangeInclusive<usize>) -> Vec<usize> {
    cpus.step_by(2).collect()
}

fn of(cpus: RangeInclusive<usize>) -> Vec<usize> {
    cpus.collect()
}

#[test]
fn sixteen_workers_have_a_core_each_where_threads_are_adjacent() {
    let machine = Machine::of(32).with_cores(|cpu| vec![cpu & !1, cpu | 1]);
    let (workers, rest) = machine.chosen(16);
    assert_eq!(workers, evens(0..=30));
    // Every core has a worker: all else is on second threads.
    assert_eq!(rest, evens(1..=31));
    let (workers, rest) = machine.chosen(12);
    assert_eq!(workers, evens(0..=22));
    assert_eq!(rest, of(24..=31), "whole cores without a worker");
    let (workers, rest) = machine.chosen(18);
    assert_eq!(workers, [of(0..=3), evens(4..=30)].concat());
    assert_eq!(rest, evens(5..=31));
    assert_eq!(machine.chosen(32), (of(0..=31), vec![]));
}

#[test]
fn sixteen_workers_have_a_core_each_where_threads_are_numbered_apart() {
    let machine = Machine::of(32).with_threads_apart(16);
    assert_eq!(machine.chosen(16), (of(0..=15), of(16..=31)));
    let (workers, rest) = machine.chosen(12);
    assert_eq!(workers, of(0..=11));
    assert_eq!(rest, [of(12..=15), of(28..=31)].concat());
    let (workers, rest) = machine.chosen(20);
    assert_eq!(workers, of(0..=19));
    assert_eq!(rest, of(20..=31));
    assert_eq!(machine.topology().outline(), "32 CPUs, 16 cores");
    assert_eq!(machine.topology().last_core(), Some(15));
}

#[test]
fn the_threads_of_a_core_are_known_by_their_older_name_too() {
    let machine = Machine::of(4);
    for cpu in 0..4 {
        let path = format!("cpu/cpu{cpu}/topology/thread_siblings_list");
        machine.write(&path, &format!("{},{}", cpu % 2, cpu % 2 + 2));
    }
    assert_eq!(machine.chosen(2), (of(0..=1), of(2..=3)));
}

#[test]
fn workers_stay_on_one_of_two_sockets_while_its_cores_last() {
    let even = Machine::of(64)
        .with_threads_apart(32)
        .with_socket(0, "0-15,32-47")
        .with_socket(1, "16-31,48-63");
    let (workers, rest) = even.chosen(16);
    assert_eq!(workers, of(0..=15));
    assert_eq!(rest, [of(16..=31), of(48..=63)].concat());
    // A core of the other socket is more than a second thread of this one.
    assert_eq!(even.chosen(20).0, of(0..=19));
    let placement = |count| {
        let topology = even.topology();
        let workers = CoreChoice::Count(count).choose(&topology).unwrap();
        Placement::of(&topology, &workers, CoreChoiceKind::ByCount)
    };
    assert_eq!(placement(16).nodes, [0]);
    assert_eq!(placement(20).nodes, [0, 1]);
    assert_eq!(
        placement(1).machine,
        "64 CPUs, 32 cores, 2 sockets, 2 memory nodes"
    );
    // The mask leaves fewer cores of the first socket than of the second.
    let masked = read(even.root.path(), &[of(12..=31), of(44..=63)].concat());
    assert_eq!(placed(&masked, 16).0, of(16..=31));
    // Sockets that are numbered in turns.
    let in_turns = Machine::of(8)
        .with_socket(0, "0,2,4,6")
        .with_socket(1, "1,3,5,7");
    assert_eq!(in_turns.chosen(4), (evens(0..=6), evens(1..=7)));
}

#[test]
fn workers_are_dealt_round_eight_caches() {
    let machine = Machine::of(64).with_caches(|cpu| cpu / 8);
    let (workers, rest) = machine.chosen(8);
    assert_eq!(workers, [0, 8, 16, 24, 32, 40, 48, 56]);
    assert_eq!(rest.len(), 56);
    let (workers, _) = machine.chosen(16);
    assert_eq!(
        workers,
        [0, 1, 8, 9, 16, 17, 24, 25, 32, 33, 40, 41, 48, 49, 56, 57]
    );
    // The rest begins with a cache that no worker uses.
    let topology = machine.topology();
    let workers = CoreChoice::Count(7).choose(&topology).unwrap();
    let placement = Placement::of(&topology, &workers, CoreChoiceKind::ByCount);
    assert_eq!(placement.shop(), Some(56));
    // Two threads a core, eight caches.
    let threads = Machine::of(32)
        .with_threads_apart(16)
        .with_caches(|cpu| cpu % 16 / 2);
    assert_eq!(threads.chosen(8).0, evens(0..=14));
    assert_eq!(threads.chosen(16), (of(0..=15), of(16..=31)));
}

/// Eight fast cores with two threads each, then eight slow ones with one.
fn with_efficiency_cores() -> Machine {
    Machine::of(24).with_cores(|cpu| match cpu {
        0..16 => vec![cpu & !1, cpu | 1],
        _ => vec![cpu],
    })
}

#[test]
fn fast_cores_come_before_efficient_ones_and_those_before_second_threads() {
    let by_list = with_efficiency_cores();
    by_list.write_at("sys/devices/cpu_core/cpus", "0-15");
    by_list.write_at("sys/devices/cpu_atom/cpus", "16-23");
    let by_capacity = with_efficiency_cores();
    let by_frequency = with_efficiency_cores();
    for cpu in 0..24 {
        let slow = cpu >= 16;
        let capacity = if slow { "623" } else { "1024" };
        by_capacity.write(&format!("cpu/cpu{cpu}/cpu_capacity"), capacity);
        // The fast ones are not all equally fast.
        let mhz = match (slow, cpu < 4) {
            (true, _) => "4300000",
            (false, true) => "5800000",
            (false, false) => "5500000",
        };
        by_frequency.write(&format!("cpu/cpu{cpu}/cpufreq/cpuinfo_max_freq"), mhz);
        by_frequency.write(&format!("cpu/cpu{cpu}/cpu_capacity"), "1024");
    }
    for machine in [by_list, by_capacity, by_frequency] {
        let (workers, rest) = machine.chosen(8);
        assert_eq!(workers, evens(0..=14));
        assert_eq!(rest, of(16..=23));
        let (workers, rest) = machine.chosen(12);
        assert_eq!(workers, [evens(0..=14), of(16..=19)].concat());
        assert_eq!(rest, of(20..=23));
        let (workers, rest) = machine.chosen(16);
        assert_eq!(workers, [evens(0..=14), of(16..=23)].concat());
        assert_eq!(rest, evens(1..=15));
        assert_eq!(
            machine.topology().outline(),
            "24 CPUs, 16 cores, 8 of them efficient"
        );
        assert_eq!(machine.topology().last_core(), Some(14), "a fast one");
        // Only slow ones are allowed: then they are no special ones.
        assert!(machine.topology_of(16..=23).usable().len() == 8);
        assert_eq!(machine.topology_of(16..=23).last_core(), Some(23));
    }
}

#[test]
fn isolated_cpus_are_for_those_who_name_them_or_have_no_others() {
    let machine = Machine::of(8);
    machine.write("cpu/isolated", "0-1,6");
    let topology = machine.topology();
    assert_eq!(placed(&topology, 3), (vec![2, 3, 4], vec![5, 7]));
    assert_eq!(topology.set_aside(), [0, 1, 6]);
    assert!(CoreChoice::Count(6).choose(&topology).is_err());
    let named = CoreChoice::parse("0,1").unwrap();
    assert_eq!(named.choose(&topology), Ok(vec![0, 1]));
    let placement = Placement::of(&topology, &[0, 1], CoreChoiceKind::ByName);
    assert_eq!(placement.spare(), [2, 3, 4, 5, 7]);
    // Somebody put the process onto them.
    assert_eq!(placed(&machine.topology_of(0..=1), 1), (vec![0], vec![1]));
}

#[test]
fn a_quota_leaves_as_many_workers_as_it_has_whole_cpus() {
    let second = Machine::of(16);
    second.write_at("proc/self/cgroup", "0::/kubepods/pod1");
    second.write_at("sys/fs/cgroup/kubepods/pod1/cpu.max", "350000 100000");
    second.write_at("sys/fs/cgroup/kubepods/cpu.max", "max 100000");
    let first = Machine::of(16);
    first.write_at(
        "proc/self/cgroup",
        "9:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n0::/docker/1",
    );
    let group = "sys/fs/cgroup/cpu,cpuacct/docker";
    first.write_at(&format!("{group}/1/cpu.cfs_quota_us"), "-1");
    first.write_at(&format!("{group}/1/cpu.cfs_period_us"), "100000");
    // The group above gives less.
    first.write_at(&format!("{group}/cpu.cfs_quota_us"), "175000");
    first.write_at(&format!("{group}/cpu.cfs_period_us"), "50000");
    // A container sees its group as the root of the mount, under a path of the host.
    let container = Machine::of(16);
    container.write_at("proc/self/cgroup", "0::/../../system.slice");
    container.write_at("sys/fs/cgroup/cpu.max", "350000 100000");
    for machine in [second, first, container] {
        let topology = machine.topology();
        assert_eq!(topology.quota_cpus, Some(3.5));
        assert_eq!(CoreChoice::All.choose(&topology), Ok(vec![0, 1, 2]));
        assert_eq!(placed(&topology, 3), (of(0..=2), of(3..=15)));
        let error = CoreChoice::Count(4).choose(&topology).unwrap_err();
        assert!(error.to_string().contains("the time of 3.5"), "{error}");
    }
    let small = Machine::of(4);
    small.write_at("proc/self/cgroup", "0::/");
    small.write_at("sys/fs/cgroup/cpu.max", "20000 100000");
    assert_eq!(small.chosen(1).0, [0], "one worker there always is");
    let none = Machine::of(4);
    none.write_at("proc/self/cgroup", "0::/");
    none.write_at("sys/fs/cgroup/cpu.max", "max 100000");
    assert_eq!(none.topology().quota_cpus, None);
}

#[test]
fn cpus_that_are_switched_off_leave_holes() {
    // Every second core is off, and with it its threads; the mask still holds them.
    let machine = Machine::of(16).with_threads_apart(8);
    machine.write("cpu/online", "0,2,4,6,8,10,12");
    machine.write("cpu/offline", "1,3,5,7,9,11,13-255");
    let topology = machine.topology();
    assert_eq!(topology.allowed(), [0, 2, 4, 6, 8, 10, 12]);
    // What could be plugged in is not offline.
    assert_eq!(topology.offline, [1, 3, 5, 7, 9, 11, 13, 14, 15]);
    assert_eq!(placed(&topology, 4), (evens(0..=6), evens(8..=12)));
    assert_eq!(placed(&topology, 3), (evens(0..=4), vec![6]));
    // The first thread of a core is off: the second one is a whole core.
    machine.write("cpu/online", "0-1,10-11");
    assert_eq!(placed(&machine.topology(), 4).0, [0, 1, 10, 11]);
    let order = CoreChoice::Count(4).choose(&machine.topology());
    assert_eq!(order, Ok(vec![0, 1, 10, 11]));
}

#[test]
fn what_is_missing_or_malformed_makes_a_plainer_machine_and_no_panic() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(read(empty.path(), &[3, 1, 1]), Topology::flat(&[1, 3]));
    assert_eq!(read(empty.path(), &[]), Topology::default());
    let files = [
        "cpu/online",
        "cpu/offline",
        "cpu/present",
        "cpu/isolated",
        "cpu/cpu0/topology/core_cpus_list",
        "cpu/cpu0/topology/thread_siblings_list",
        "cpu/cpu0/topology/physical_package_id",
        "cpu/cpu0/cache/index3/level",
        "cpu/cpu0/cache/index3/shared_cpu_list",
        "cpu/cpu0/cpu_capacity",
        "cpu/cpu1/cpu_capacity",
        "cpu/cpu0/cpufreq/cpuinfo_max_freq",
        "node/online",
        "node/node0/cpulist",
    ];
    let long = "7,".repeat(200_000);
    let texts = [
        "",
        "-1",
        "3-1",
        "0-",
        "0-99999999999999999999",
        "0-8192",
        "x",
        "1,2,,3",
        "18446744073709551616",
        "\u{1}\u{fffd}",
        &long,
    ];
    for text in texts {
        let machine = Machine::of(2);
        for file in files {
            machine.write(file, text);
        }
        machine.write_at("sys/devices/cpu_atom/cpus", text);
        for groups in [
            text,
            "0::",
            "::",
            "0:cpu",
            "4:cpu:/a/../../b",
            "0::/a\n0::/b",
        ] {
            machine.write_at("proc/self/cgroup", groups);
            machine.write_at("sys/fs/cgroup/cpu.max", text);
            machine.write_at("sys/fs/cgroup/cpu/cpu.cfs_quota_us", text);
            machine.write_at("sys/fs/cgroup/cpu/cpu.cfs_period_us", "0");
            let topology = machine.topology();
            assert_eq!(topology.allowed(), [0, 1], "{text:.20}");
            assert_eq!(topology.quota_cpus, None, "{text:.20}");
            let workers = CoreChoice::All.choose(&topology).unwrap();
            assert_eq!(workers, [0, 1]);
        }
    }
    // Directories, and bytes that are no text.
    let machine = Machine::of(2);
    fs::remove_file(machine.root.path().join("sys/devices/system/cpu/online")).unwrap();
    fs::create_dir(machine.root.path().join("sys/devices/system/cpu/online")).unwrap();
    let path = machine.root.path().join("sys/devices/system/cpu/isolated");
    fs::write(path, [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(machine.topology(), Topology::flat(&[0, 1]));
}

#[test]
fn this_machine_is_described() {
    let allowed = super::super::allowed_cpus();
    let topology = read(Path::new("/"), &allowed);
    assert_eq!(topology.allowed(), allowed);
    assert!(topology.most_workers() >= 1);
}
