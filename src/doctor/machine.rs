//! Whether this machine gives what a run needs: descriptors, ports, io_uring, cores.

use super::DoctorFinding;
use crate::engine::{Runtime, probe_socket_ring};
use crate::plan::{CoreChoice, CoreChoiceKind, Driver, Placement, Topology};
use crate::run::topology;
use std::fs;

/// Descriptors beside those of connections.
const SPARE_DESCRIPTORS: u64 = 64;
const PORT_RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Looks at the limits for `users` users with a connection each.
pub fn look_at(users: u32) -> Vec<DoctorFinding> {
    vec![
        descriptors(users),
        ports(users, &fs::read_to_string(PORT_RANGE).unwrap_or_default()),
        driver(),
        cores(&topology()),
    ]
}

fn descriptors(users: u32) -> DoctorFinding {
    let wanted = u64::from(users) + SPARE_DESCRIPTORS;
    match rlimit::getrlimit(rlimit::Resource::NOFILE) {
        Ok((_, limit)) if limit < wanted => DoctorFinding::problem(format!(
            "descriptors: this process may open {limit}, the largest profile needs {wanted}; raise it with `ulimit -n {wanted}`"
        )),
        Ok((_, limit)) => DoctorFinding::ok(format!(
            "descriptors: up to {limit}, the largest profile needs {wanted}"
        )),
        Err(error) => {
            DoctorFinding::hint(format!("descriptors: the limit cannot be read: {error}"))
        }
    }
}

/// `range` is the kernel's first and last port for outgoing connections.
fn ports(users: u32, range: &str) -> DoctorFinding {
    let mut ends = range.split_whitespace().map(str::parse::<u32>);
    let (Some(Ok(first)), Some(Ok(last))) = (ends.next(), ends.next()) else {
        return DoctorFinding::hint(format!("ports: {PORT_RANGE} cannot be read"));
    };
    let ports = last.saturating_sub(first) + 1;
    if ports < 2 * users {
        return DoctorFinding::hint(format!(
            "ports: {ports} for outgoing connections are few for {users} users that may reconnect; widen them: sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\""
        ));
    }
    DoctorFinding::ok(format!("ports: {ports} for outgoing connections"))
}

fn driver() -> DoctorFinding {
    match Runtime::new(Driver::Uring, 8) {
        Ok(runtime) => match probe_socket_ring() {
            Ok(flags) => DoctorFinding::ok(format!("io_uring: {}", flags.join(", "))),
            Err(error) => DoctorFinding::hint(format!(
                "io_uring: {}, without receives that last ({error}): each request costs more; Linux 6.1 is the first to have all that is used",
                runtime.ring_flags().join(", ")
            )),
        },
        Err(error) => DoctorFinding::hint(format!("io_uring: {error}")),
    }
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
    use crate::doctor::FindingLevel;

    #[test]
    fn limits_are_compared_with_what_is_needed() {
        assert_eq!(ports(200, "32768\t60999\n").level, FindingLevel::Ok);
        assert_eq!(ports(20_000, "32768\t60999\n").level, FindingLevel::Hint);
        assert_eq!(ports(1, "").level, FindingLevel::Hint);
        assert_eq!(descriptors(1).level, FindingLevel::Ok);
        assert_eq!(descriptors(u32::MAX).level, FindingLevel::Problem);
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
