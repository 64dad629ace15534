//! Whether this machine gives what a run needs: descriptors, ports, io_uring, cores.

use super::Finding;
use crate::engine::Runtime;
use crate::plan::Driver;
use crate::run::allowed_cpus;
use std::fs;

/// Descriptors beside those of connections.
const SPARE_DESCRIPTORS: u64 = 64;
const PORT_RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Looks at the limits for `users` users with a connection each.
pub fn look_at(users: u32) -> Vec<Finding> {
    vec![
        descriptors(users),
        ports(users, &fs::read_to_string(PORT_RANGE).unwrap_or_default()),
        driver(),
        cores(),
    ]
}

fn descriptors(users: u32) -> Finding {
    let wanted = u64::from(users) + SPARE_DESCRIPTORS;
    match rlimit::getrlimit(rlimit::Resource::NOFILE) {
        Ok((_, limit)) if limit < wanted => Finding::problem(format!(
            "descriptors: this process may open {limit}, the largest profile needs {wanted}; raise it with `ulimit -n {wanted}`"
        )),
        Ok((_, limit)) => Finding::ok(format!(
            "descriptors: up to {limit}, the largest profile needs {wanted}"
        )),
        Err(error) => Finding::hint(format!("descriptors: the limit cannot be read: {error}")),
    }
}

/// `range` is the kernel's first and last port for outgoing connections.
fn ports(users: u32, range: &str) -> Finding {
    let mut ends = range.split_whitespace().map(str::parse::<u32>);
    let (Some(Ok(first)), Some(Ok(last))) = (ends.next(), ends.next()) else {
        return Finding::hint(format!("ports: {PORT_RANGE} cannot be read"));
    };
    let ports = last.saturating_sub(first) + 1;
    if ports < 2 * users {
        return Finding::hint(format!(
            "ports: {ports} for outgoing connections are few for {users} users that may reconnect; widen them: sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\""
        ));
    }
    Finding::ok(format!("ports: {ports} for outgoing connections"))
}

fn driver() -> Finding {
    match Runtime::new(Driver::Uring, 8) {
        Ok(runtime) => Finding::ok(format!("io_uring: {}", runtime.ring_flags().join(", "))),
        Err(error) => Finding::hint(format!("io_uring: {error}")),
    }
}

fn cores() -> Finding {
    match allowed_cpus().len() {
        1 => Finding::hint(
            "cores: 1, which the generator shares with everything else; figures will show it",
        ),
        cores => Finding::ok(format!("cores: {cores}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn limits_are_compared_with_what_is_needed() {
        assert_eq!(ports(200, "32768\t60999\n").level, Level::Ok);
        assert_eq!(ports(20_000, "32768\t60999\n").level, Level::Hint);
        assert_eq!(ports(1, "").level, Level::Hint);
        assert_eq!(descriptors(1).level, Level::Ok);
        assert_eq!(descriptors(u32::MAX).level, Level::Problem);
    }
}
