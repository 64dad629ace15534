//! The processes of a fleet, started as users start them.

use crate::invocation::{Ended, Invocation};
use crate::meeting::Meeting;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// What signs what they say.
pub const SECRET: &str = "a secret that only tests know";

/// Starts `shopblast` with the words of `line` and the fleet's secret.
pub fn begin(line: &str) -> Invocation {
    Invocation::begin_with(line, &[("SHOPBLAST_FLEET_SECRET", SECRET.to_owned())])
}

/// Starts a leader of `shards`, whose run is called `name` and has the flags of `line`.
pub fn lead(meeting: &Meeting, shards: u32, name: &str, line: &str) -> Invocation {
    let redis = meeting.url();
    begin(&format!(
        "fleet run --shards {shards} --redis {redis} --run {name} --only-summary --cores 1 {line}"
    ))
}

/// Starts a member of the run called `name`.
pub fn join(meeting: &Meeting, name: &str, line: &str) -> Invocation {
    let redis = meeting.url();
    begin(&format!(
        "fleet join --redis {redis} --run {name} --cores 1 {line}"
    ))
}

/// Starts so many members.
pub fn join_all(meeting: &Meeting, name: &str, members: u32) -> Vec<Invocation> {
    (0..members).map(|_| join(meeting, name, "")).collect()
}

/// Waits for the end of all.
pub fn all_end(members: Vec<Invocation>) -> Vec<Ended> {
    members.into_iter().map(Invocation::end).collect()
}

/// Sends a signal.
pub fn signal(process: &Invocation, name: &str) {
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("kill -{name} {}", process.id()))
        .status();
    assert!(status.expect("a shell").success());
}

/// What a process has said so far.
pub fn said(process: &Invocation) -> String {
    let text = |name: &str| {
        let path = process.directory().join(name);
        std::fs::read_to_string(path).unwrap_or_default()
    };
    text("err") + &text("out")
}

/// Waits until a process has said something.
pub fn wait_until_said(process: &Invocation, what: &str) {
    for _ in 0..6_000 {
        if said(process).contains(what) {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it never said `{what}`:\n{}", said(process));
}
