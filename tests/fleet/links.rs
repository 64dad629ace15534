//! Hosts in network namespaces of their own, behind links that delay and lose frames, with a clock that is ahead:
//! the shorter cases of `scripts/fleet-over-links.sh`, where root may make such hosts.

use crate::invocation::PROGRAM;
use std::process::Command;

const CASES: [&str; 3] = [
    "2 hosts, 1 ms",
    "4 hosts, 20 ms, 1 % lost",
    "2 hosts, one clock 3 s ahead",
];

#[test]
fn what_hosts_behind_links_send_is_what_came_to_the_last_request() {
    if !may_make_hosts() {
        eprintln!(
            "left out: only root may make network namespaces, with iproute2 and redis-server"
        );
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/fleet-over-links.sh");
    let ended = Command::new("bash")
        .arg(script)
        .env("SHOPBLAST", PROGRAM)
        .env("ONLY", CASES.join(";"))
        .env("SECONDS_RUN", "3")
        .output()
        .expect("a shell");
    let [told, errors] =
        [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(ended.status.success(), "{told}\n{errors}");
    for case in CASES {
        assert!(told.contains(&format!("| {case} | 0 |")), "{told}");
    }
}

fn may_make_hosts() -> bool {
    let succeeds = |line: &str| {
        let ended = Command::new("sh").args(["-c", line]).output();
        ended.is_ok_and(|ended| ended.status.success())
    };
    succeeds("test $(id -u) = 0 && command -v ip redis-server python3 && unshare --net --time true")
}
