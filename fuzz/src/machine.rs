//! What the kernel says of the machine, and what stands in the environment.

use super::scratch::Scratch;
use shopblast::cli::{self, Entropy, Machine};
use shopblast::plan::{CoreChoice, ExitCode, RunId, Topology};
use shopblast::run::topology_below;
use shopblast::ui::terminal::{Action, Typed, action_of};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

const ALLOWED: &[usize] = &[0, 1, 2, 5];

/// Files that tell of CPUs and control groups.
const KERNEL_FILES: &[&str] = &[
    "sys/devices/system/cpu/online",
    "sys/devices/system/cpu/offline",
    "sys/devices/system/cpu/present",
    "sys/devices/system/cpu/isolated",
    "sys/devices/system/cpu/cpu0/topology/core_cpus_list",
    "sys/devices/system/cpu/cpu1/topology/thread_siblings_list",
    "sys/devices/system/cpu/cpu0/topology/physical_package_id",
    "sys/devices/system/cpu/cpu0/cache/index0/level",
    "sys/devices/system/cpu/cpu0/cache/index0/shared_cpu_list",
    "sys/devices/system/cpu/cpu0/cpu_capacity",
    "sys/devices/system/cpu/cpu1/cpu_capacity",
    "sys/devices/system/cpu/cpu2/cpu_capacity",
    "sys/devices/system/cpu/cpu5/cpu_capacity",
    "sys/devices/cpu_atom/cpus",
    "sys/devices/system/node/online",
    "sys/devices/system/node/node0/cpulist",
    "sys/devices/system/node/node1/cpulist",
    "proc/self/cgroup",
    "sys/fs/cgroup/cpu.max",
    "sys/fs/cgroup/a/cpu.max",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us",
];

/// Whatever the files hold, there are CPUs to choose from, and those that are chosen are allowed.
pub fn topology(bytes: &[u8]) {
    let scratch = Scratch::new(KERNEL_FILES, bytes);
    let topology = topology_below(scratch.path(), ALLOWED);
    assert!(!topology.cpus.is_empty());
    assert!(
        topology
            .cpus
            .iter()
            .all(|cpu| ALLOWED.contains(&cpu.number))
    );
    assert!(topology.quota_cpus.is_none_or(|cpus| cpus > 0.0));
    for choice in ["all", "1", "2", "4"] {
        let choice = CoreChoice::parse(choice).expect("a choice");
        match choice.choose(&topology) {
            Ok(cpus) => assert!(cpus.iter().all(|cpu| ALLOWED.contains(cpu))),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// Commands whose variables are read.
const COMMANDS: &[&[&str]] = &[
    &["shopblast"],
    &["shopblast", "hunt", "--slo", "errors: rate < 1%"],
    &["shopblast", "sandbox"],
    &["shopblast", "--sandbox"],
    &["shopblast", "--web"],
    &["shopblast", "doctor"],
    &["shopblast", "compare", "a", "b"],
];

/// Whatever the variables hold, there is a command or one message. The first byte chooses the command;
/// each line is a variable, `SHOPBLAST_` before those without a prefix.
pub fn environment(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else {
        return;
    };
    let words = COMMANDS[usize::from(*choice) % COMMANDS.len()];
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter(|it| !it.contains(&0));
    let variables = lines.filter_map(|line| {
        let end = line.iter().position(|byte| *byte == b'=')?;
        let name = std::str::from_utf8(&line[..end]).ok()?;
        // A file that is read is none of the parsers' business.
        let is_file = ["PROFILE", "FILE", "CONFIG"];
        if is_file.iter().any(|it| name.contains(it)) {
            return None;
        }
        let prefix = if name.contains('_') { "" } else { "SHOPBLAST_" };
        let value = OsString::from_vec(line[end + 1..].to_vec());
        Some((OsString::from(format!("{prefix}{name}")), value))
    });
    let machine = Machine {
        topology: Topology::flat(&[0, 1]),
    };
    let entropy = Entropy {
        seed: 1,
        run_id: RunId::new(1_700_000_000_000, 2, 3),
    };
    let words = words.iter().map(OsString::from);
    if let Err(error) = cli::parse(words, variables.collect::<Vec<_>>(), &machine, entropy) {
        assert!(!error.to_string().is_empty());
        assert_eq!(error.exit_code(), ExitCode::BadPlan);
    }
}

/// Keys are the same in whatever pieces they come, an interrupt always gets through, and what is half
/// is given up. The first byte is the length of a piece.
pub fn keys(bytes: &[u8]) {
    let Some((piece, typed)) = bytes.split_first() else {
        return;
    };
    let whole = Typed::default().take(typed);
    assert!(whole.len() <= typed.len());
    let mut reader = Typed::default();
    let mut pieces = Vec::new();
    for piece in typed.chunks(usize::from(*piece % 16) + 1) {
        pieces.extend(reader.take(piece));
        // One look in vain is a slow line.
        pieces.extend(reader.pause());
    }
    assert_eq!(pieces, whole);
    let interrupted = reader.take(&[3]);
    let last = interrupted.last().copied().and_then(action_of);
    assert_eq!(last, Some(Action::Interrupt));
    reader.take(typed);
    reader.pause();
    reader.pause();
    assert_eq!(reader.pause(), None);
    whole.into_iter().for_each(|key| {
        let _ = action_of(key);
    });
}
