//! Whether this machine gives what a run needs: descriptors, memory, ports, io_uring and the memory that
//! its rings lock, cores and the time on them.

use super::request::PlannedNeeds;
use super::{DoctorFinding, FindingLevel};
use crate::engine::{RingTrial, RuntimeError, try_rings};
use crate::plan::{
    Bytes, CoreChoice, CoreChoiceKind, Driver, MemoryNeed, Placement, Plan, Target, Topology,
};
use crate::run::{Resources, memory_left, resources_of, topology};
use std::fs;
use std::io;

/// Connections a worker that rings are tried for: of more they lock no more memory.
const MOST_TRIED: u64 = 1 << 16;
const PORT_RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Looks at the limits for a plan that needs this.
pub fn look_at(needs: &PlannedNeeds) -> Vec<DoctorFinding> {
    let topology = topology();
    let range = fs::read_to_string(PORT_RANGE).unwrap_or_default();
    let resources = resources_of(&needs.run);
    let mut findings = vec![plan(needs), descriptors(&resources, &needs.what)];
    findings.extend(memory(&resources, &needs.what));
    findings.push(ports(&needs.run.plan.target, resources.size.users, &range));
    findings.extend(rings(needs, &resources));
    findings.push(cores(&topology));
    findings.extend(quota(&topology, needs.run.plan.cores.len()));
    findings
}

/// What the limits are for, and where it would run.
fn plan(needs: &PlannedNeeds) -> DoctorFinding {
    let Plan {
        placement, cores, ..
    } = &needs.run.plan;
    let says = format!("plan: {}: {}", needs.what, placement.line(cores));
    match placement.apart {
        true => DoctorFinding::ok(says),
        false => DoctorFinding::hint(says),
    }
}

fn descriptors(resources: &Resources, what: &str) -> DoctorFinding {
    let wanted = resources.descriptors();
    match rlimit::getrlimit(rlimit::Resource::NOFILE) {
        Ok((_, limit)) if limit < wanted => DoctorFinding::problem(format!(
            "descriptors: this process may open {limit}, {what} needs {wanted}; raise it with `ulimit -n {wanted}`"
        )),
        Ok((_, limit)) => {
            DoctorFinding::ok(format!("descriptors: up to {limit}, {what} needs {wanted}"))
        }
        Err(error) => {
            DoctorFinding::hint(format!("descriptors: the limit cannot be read: {error}"))
        }
    }
}

/// Nothing where the kernel does not tell what is left.
fn memory(resources: &Resources, what: &str) -> Option<DoctorFinding> {
    let left = memory_left(resources.size.workers)?;
    let need = MemoryNeed::of(resources.size);
    Some(match need.fits(&left) {
        Ok(()) => DoctorFinding::ok(format!(
            "memory: {} {}, {what} needs about {}",
            Bytes(left.bytes),
            left.limit,
            Bytes(need.total())
        )),
        Err(error) => DoctorFinding::problem(format!("memory: {error}")),
    })
}

/// `range` is the kernel's first and last port for outgoing connections; each address that they come
/// from has all of them.
fn ports(target: &Target, users: u64, range: &str) -> DoctorFinding {
    if target.socket().is_some() {
        return DoctorFinding::ok("ports: a Unix socket takes none".to_owned());
    }
    let mut ends = range.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(first)), Some(Ok(last))) = (ends.next(), ends.next()) else {
        return DoctorFinding::hint(format!("ports: {PORT_RANGE} cannot be read"));
    };
    let addresses = target.interfaces.addresses();
    let each = last.saturating_sub(first) + 1;
    let ports = each * addresses;
    if ports < 2 * users {
        return DoctorFinding::hint(format!(
            "ports: {ports} for outgoing connections are few for {users} users that may reconnect; widen them: sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\", or let connections come from more addresses of this machine, --interface ADDRESS,ADDRESS"
        ));
    }
    let shares = match addresses {
        1 => String::new(),
        several => format!(", {each} for each of {several} interfaces"),
    };
    DoctorFinding::ok(format!("ports: {ports} for outgoing connections{shares}"))
}

/// Whether the kernel gives the rings that all workers need at once.
fn rings(needs: &PlannedNeeds, resources: &Resources) -> Vec<DoctorFinding> {
    let driver = needs.run.plan.driver;
    if driver == Driver::Epoll {
        return vec![DoctorFinding::ok("io_uring: not used, with --driver epoll")];
    }
    let workers = needs.run.plan.cores.len().max(1);
    let connections = resources.size.connections.div_ceil(workers as u64);
    let trial = try_rings(driver, workers, connections.min(MOST_TRIED) as usize);
    let limit = match rlimit::getrlimit(rlimit::Resource::MEMLOCK) {
        Ok((rlimit::INFINITY, _)) => "as much as it likes".to_owned(),
        Ok((limit, _)) => format!("{} KiB (`ulimit -l`)", limit / 1_024),
        Err(error) => format!("an unknown amount ({error})"),
    };
    judged(trial, &limit, &needs.what)
}

/// What a trial of the rings of `what` tells, in a process that may lock as much memory as `limit` says.
fn judged(trial: Result<RingTrial, RuntimeError>, limit: &str, what: &str) -> Vec<DoctorFinding> {
    let remedy = "raise it: `ulimit -l`, of a service LimitMEMLOCK=infinity, of a container --ulimit memlock=-1";
    let locked = format!("locked memory: this process may lock {limit}");
    let (ring, is_short) = match trial {
        Ok(RingTrial { flags, lasting }) => match lasting {
            Some(Ok(flags)) => (
                DoctorFinding::ok(format!("io_uring: {}", flags.join(", "))),
                None,
            ),
            Some(Err(error)) => {
                let first = match is_memory(&error) {
                    true => "",
                    false => "; Linux 6.1 is the first to have all that is used",
                };
                let plain = DoctorFinding::hint(format!(
                    "io_uring: {}, without receives that last ({error}): each request costs more{first}",
                    flags.join(", ")
                ));
                (plain, is_memory(&error).then_some(false))
            }
            None => (
                DoctorFinding::ok(format!("io_uring: {}", flags.join(", "))),
                None,
            ),
        },
        Err(error) => {
            let is_short = match &error {
                RuntimeError::Limits(error) => is_memory(error).then_some(true),
                _ => None,
            };
            (
                DoctorFinding::problem(format!("io_uring: {error}")),
                is_short,
            )
        }
    };
    let locked = match (is_short, ring.level) {
        (Some(true), _) => Some(DoctorFinding::problem(format!(
            "{locked}, too little for the rings of {what}; {remedy}, or use --driver epoll"
        ))),
        (Some(false), _) => Some(DoctorFinding::hint(format!(
            "{locked}, too little for all the rings of {what}; {remedy}"
        ))),
        (None, FindingLevel::Problem) => None,
        (None, _) => Some(DoctorFinding::ok(format!(
            "{locked}, enough for the rings of {what}"
        ))),
    };
    std::iter::once(ring).chain(locked).collect()
}

/// Whether the kernel had no memory to lock.
fn is_memory(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
}

/// How much CPU time control groups give, where they limit it, to `workers` workers and all else.
fn quota(topology: &Topology, workers: usize) -> Option<DoctorFinding> {
    let quota = topology.quota_cpus?;
    let cpus = topology.usable().len();
    if quota >= cpus as f64 {
        return None;
    }
    let gives = format!(
        "cpu quota: its control group gives this process the time of {quota} of {cpus} CPUs"
    );
    Some(match quota >= (workers + 1) as f64 {
        true => DoctorFinding::ok(gives),
        false => DoctorFinding::hint(format!(
            "{gives}, {workers} busy and all else may take more: all of it would be stopped then for a part of each 100 ms, which shows as lateness; raise the quota, or keep the load low"
        )),
    })
}

/// Which CPUs a count of cores takes: as many workers as leave something for all else.
fn cores(topology: &Topology) -> DoctorFinding {
    let room = topology.most_workers();
    if room <= 1 {
        return DoctorFinding::hint(format!(
            "cores: room for {room} worker, which the generator shares with everything else; figures will show it ({})",
            topology.outline()
        ));
    }
    let whole = topology.cores().min(room);
    let most = match whole < topology.usable().len() {
        true => whole,
        false => whole - 1,
    };
    match CoreChoice::Count(most).choose(topology) {
        Ok(mut workers) => {
            workers.sort_unstable();
            let placement = Placement::of(topology, &workers, CoreChoiceKind::ByCount);
            DoctorFinding::ok(format!(
                "cores: {}; with --cores {most}: {}",
                topology.outline(),
                placement.line(&workers)
            ))
        }
        Err(error) => DoctorFinding::hint(format!("cores: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Interfaces, RunSize};

    #[test]
    fn limits_are_compared_with_what_is_needed() {
        let mut target = Target::at("localhost", 80);
        const RANGE: &str = "32768\t60999\n";
        assert_eq!(ports(&target, 200, RANGE).level, FindingLevel::Ok);
        assert_eq!(ports(&target, 20_000, RANGE).level, FindingLevel::Hint);
        assert_eq!(ports(&target, 1, "").level, FindingLevel::Hint);
        target.interfaces = Interfaces::parse(["127.0.0.2", "127.0.0.3"]).unwrap();
        assert_eq!(
            ports(&target, 20_000, RANGE).says,
            "ports: 56464 for outgoing connections, 28232 for each of 2 interfaces"
        );
        let socket = Target::parse("unix:/run/shop.sock").unwrap();
        assert_eq!(ports(&socket, 20_000, "").level, FindingLevel::Ok);
        let of = |connections, is_target_here| {
            let size = RunSize {
                workers: 1,
                connections,
                is_target_here,
                ..RunSize::default()
            };
            let descriptors_beside = 50;
            let resources = Resources {
                size,
                descriptors_beside,
            };
            descriptors(&resources, "it")
        };
        assert_eq!(of(1, false).level, FindingLevel::Ok);
        for (ends, is_target_here) in [(1, false), (2, true)] {
            let finding = of(1 << 40, is_target_here);
            assert_eq!(finding.level, FindingLevel::Problem);
            let says = format!("raise it with `ulimit -n {}`", ends * (1_u64 << 40) + 50);
            assert!(finding.says.contains(&says), "{says}: {}", finding.says);
        }
    }

    fn trial(lasting: Option<io::Result<&'static [&'static str]>>) -> RingTrial {
        RingTrial {
            flags: &["COOP_TASKRUN"],
            lasting,
        }
    }

    fn refused(code: i32) -> io::Error {
        io::Error::from_raw_os_error(code)
    }

    #[test]
    fn rings_that_cannot_be_had_are_a_problem_with_its_reason() {
        use FindingLevel::{Hint, Ok as Fine, Problem};
        let all: &'static [&'static str] = &["DEFER_TASKRUN"];
        let limits = |code| Err(RuntimeError::Limits(refused(code)));
        for (trial, expected, says) in [
            (
                Ok(trial(Some(Ok(all)))),
                vec![Fine, Fine],
                "enough for the rings of it",
            ),
            (Ok(trial(None)), vec![Fine, Fine], "io_uring: COOP_TASKRUN"),
            (
                Ok(trial(Some(Err(refused(libc::EINVAL))))),
                vec![Hint, Fine],
                "without receives that last",
            ),
            (
                Ok(trial(Some(Err(refused(libc::ENOMEM))))),
                vec![Hint, Hint],
                "may lock 64 KiB, too little for all the rings of it",
            ),
            (
                limits(libc::ENOMEM),
                vec![Problem, Problem],
                "may lock 64 KiB, too little for the rings of it; raise it: `ulimit -l`",
            ),
            (limits(libc::EMFILE), vec![Problem], "`ulimit -n`"),
            (
                Err(RuntimeError::Forbidden),
                vec![Problem],
                "--driver epoll",
            ),
        ] {
            let findings = judged(trial, "64 KiB", "it");
            let levels: Vec<_> = findings.iter().map(|finding| finding.level).collect();
            assert_eq!(levels, expected, "{findings:?}");
            assert!(
                findings.iter().any(|finding| finding.says.contains(says)),
                "{findings:?}"
            );
        }
    }

    #[test]
    fn a_quota_that_one_may_run_into_is_told() {
        let mut topology = Topology::flat(&[0, 1, 2, 3]);
        for (cpus, workers, expected) in [
            (None, 1, None),
            (Some(4.0), 3, None),
            (Some(3.5), 2, Some(FindingLevel::Ok)),
            (Some(3.5), 3, Some(FindingLevel::Hint)),
            (Some(0.5), 1, Some(FindingLevel::Hint)),
        ] {
            topology.quota_cpus = cpus;
            let finding = quota(&topology, workers);
            assert_eq!(finding.map(|finding| finding.level), expected, "{cpus:?}");
        }
    }

    #[test]
    fn the_cores_that_leave_room_for_all_else_are_shown() {
        let says = |topology: &Topology| {
            let finding = cores(topology);
            (finding.level, finding.says)
        };
        let (level, told) = says(&Topology::flat(&[0]));
        assert_eq!(level, FindingLevel::Hint);
        assert!(told.contains("room for 1 worker"), "{told}");
        let (level, told) = says(&Topology::flat(&[0, 1]));
        assert_eq!(level, FindingLevel::Ok);
        assert_eq!(
            told,
            "cores: 2 CPUs, 2 cores; with --cores 1: 1 worker on CPU 0, all else on CPU 1 (one a core)"
        );
        let mut threads = Topology::flat(&[0, 1, 2, 3]);
        for cpu in &mut threads.cpus {
            cpu.core = cpu.number % 2;
        }
        let (_, told) = says(&threads);
        assert!(
            told.contains("with --cores 2: 2 workers on CPU 0-1, all else on CPU 2-3"),
            "{told}"
        );
        let mut quota = Topology::flat(&[0, 1, 2, 3]);
        quota.quota_cpus = Some(2.5);
        let (_, told) = says(&quota);
        assert!(
            told.contains("with --cores 2") && told.contains("time of 2.5 CPUs"),
            "{told}"
        );
    }
}
