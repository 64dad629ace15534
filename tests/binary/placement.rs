//! Which CPUs a run's threads are on, and what is said of it.

use crate::invocation::{Invocation, run};
use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

/// Two CPUs, which the programs that this test starts have for their machine.
fn two_cpus() -> [usize; 2] {
    let cpus = shopblast::run::allowed_cpus();
    let two: [usize; 2] = cpus[..2].try_into().expect("this test needs two CPUs");
    assert!(shopblast::engine::confine(&two));
    two
}

/// On which CPUs each thread of a process may run, by its name and number.
fn confines(process: u32) -> BTreeMap<String, String> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
    let told = threads.flatten().filter_map(|thread| {
        let status = fs::read_to_string(thread.path().join("status")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().to_owned())
        };
        let number = thread.file_name().to_string_lossy().into_owned();
        Some((
            format!("{} {number}", field("Name:")?),
            field("Cpus_allowed_list:")?,
        ))
    });
    // The kernel's own threads for rings are where the kernel wants them.
    told.filter(|(name, _)| !name.starts_with("iou-")).collect()
}

#[test]
fn workers_have_their_cpu_and_all_else_has_the_other() {
    let [first, second] = two_cpus();
    let running = Invocation::begin("SpikeUser -u 2 -r 10 -t 5s --sandbox --cores 1");
    let give_up = Instant::now() + Duration::from_secs(60);
    while running.record_path().is_none() {
        assert!(Instant::now() < give_up, "the run does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    let threads = confines(running.id());
    let (workers, others): (Vec<_>, Vec<_>) = threads
        .iter()
        .partition(|(name, _)| name.starts_with("worker-"));
    let on = |cpu: usize, threads: &[(&String, &String)]| {
        threads.iter().all(|(_, list)| **list == cpu.to_string())
    };
    assert!(workers.len() == 1 && on(first, &workers), "{threads:?}");
    // Control, collector, sandbox and its Observatory at least.
    assert!(others.len() >= 4 && on(second, &others), "{threads:?}");
    running.interrupt();
    let ended = running.end();
    let line = format!("1 worker on CPU {first}, all else on CPU {second} (one a core)");
    assert!(ended.err.contains(&line), "{}", ended.told());
    let host = &ended.record()["host"];
    assert_eq!(host["workers"], serde_json::json!([first]));
    assert_eq!(host["cores"], 2);
    let placement = &host["placement"];
    assert_eq!(placement["beside"], serde_json::json!([second]));
    assert_eq!(placement["apart"], true);
    assert_eq!(placement["why"], serde_json::json!(["one a core"]));
}

#[test]
fn more_cores_than_there_are_need_a_machine_that_is_told_or_a_flag() {
    two_cpus();
    let refused = run("SpikeUser -u 20 -r 100 -t 1s --sandbox --cores 16");
    assert_eq!(refused.code, 104, "{}", refused.told());
    for part in [
        "16 cores were asked for, but this process may use only 2",
        "would need 16 CPUs for its workers, and one more for all else",
        "--oversubscribe",
    ] {
        assert!(refused.err.contains(part), "{}", refused.told());
    }
    let alone = run("SpikeUser -u 1 -r 1 -t 1s --sandbox --oversubscribe");
    assert_eq!(alone.code, 104, "{}", alone.told());
    assert!(alone.err.contains("--cores"), "{}", alone.told());
    let all = run("SpikeUser -u 20 -r 100 -t 1s --sandbox --cores all");
    assert_eq!(all.code, 0, "{}", all.told());
    assert_eq!(all.record()["host"]["workers"].as_array().unwrap().len(), 2);
    assert!(
        all.err.contains("no CPU is without a worker"),
        "{}",
        all.told()
    );
}
