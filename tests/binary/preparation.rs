//! Before the clock starts: what a machine has not enough for is refused with figures, what is called
//! off ends, and of very many users those are made that are needed.

use crate::invocation::{Ended, Invocation, PROGRAM, run};
use crate::odd_server::{Habit, OddServer};
use std::net::TcpListener;
use std::process::Command;

/// Address space that is left to a run, in KiB: 4 GB.
const ADDRESS_SPACE_KIB: u64 = 4_000_000;

/// Ends with exit code 105, as what was stopped before it began.
fn was_called_off(ended: &Ended) {
    let told = ended.told();
    assert_eq!(ended.code, 105, "{told}");
    assert!(ended.err.contains("stopping before the start"), "{told}");
    let last = "error: stopped before the start; nothing was recorded";
    assert!(ended.err.contains(last), "{told}");
    assert!(!ended.is_recorded(), "{told}");
}

/// Sends the running program the signal of this name.
fn signal(running: &Invocation, name: &str) {
    let pid = running.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(sent.expect("a signal").success());
}

#[test]
fn a_signal_ends_a_run_whose_target_does_not_answer() {
    for name in ["INT", "TERM"] {
        let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let url = format!("http://{}", silent.local_addr().expect("an address"));
        let running = Invocation::begin(&format!(
            "SpikeUser -u 4 -r 4 -t 1m --timeout 1h --host {url}"
        ));
        // It has asked, and waits for an answer that never comes.
        let asked = silent.accept().expect("a connection");
        signal(&running, name);
        was_called_off(&running.end());
        drop(asked);
    }
}

#[test]
fn a_signal_ends_a_run_that_waits_for_connections() {
    // So many fill the line of those that nobody accepts: the next ones wait.
    let nobody = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("http://{}", nobody.local_addr().expect("an address"));
    let running = Invocation::begin(&format!(
        "SpikeUser -u 1000 -r 1000 -t 1m --timeout 1h --no-preflight --host {url}"
    ));
    let first = nobody.accept().expect("a connection");
    signal(&running, "INT");
    was_called_off(&running.end());
    drop(first);
}

#[test]
fn more_users_than_there_is_memory_for_are_refused_with_figures() {
    let server = OddServer::start(Habit::Creates);
    let limit = format!("ulimit -v {ADDRESS_SPACE_KIB} && exec \"$0\" \"$@\"");
    let directory = tempfile::tempdir().expect("a directory");
    let output = Command::new("sh")
        .args(["-c", &limit, PROGRAM, "SpikeUser", "-u", "33554432"])
        .args(["--connections", "8", "-t", "1s", "--no-preflight", "--host"])
        .arg(server.url())
        .arg("--results")
        .arg(directory.path())
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(104), "{told}");
    for part in [
        "error: the plan needs about 17",
        " GB for 33,554,432 users, ",
        "are left of the address space of this process (`ulimit -v`). Nothing was sent. Ask for at most ",
    ] {
        assert!(told.contains(part), "`{part}`: {told}");
    }
    assert_eq!(server.requests().len(), 0);
    let left: Vec<_> = std::fs::read_dir(directory.path()).expect("it").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn more_users_than_can_be_told_apart_are_refused_with_the_figure() {
    for users in ["33554433", "4294967296", "99999999999999999999999"] {
        let ended = run(&format!(
            "SpikeUser -u {users} -t 1s --host http://127.0.0.1:9"
        ));
        assert_eq!(ended.code, 104, "{}", ended.told());
        assert!(ended.err.contains("33554432"), "{}", ended.told());
    }
}

#[test]
fn of_very_many_users_those_are_made_that_become_active() {
    let line =
        "SpikeUser --sandbox --pacing class -u 10500 -r 300 -t 2s --connections 64 --cores 1";
    let ended = run(line);
    let told = ended.told();
    let record = ended.record();
    assert_eq!(ended.code, 0, "{told}");
    let made = "for 64 connections, ";
    assert!(ended.err.contains(made), "{told}");
    assert!(
        ended.err.contains("users are made as they become active"),
        "{told}"
    );
    let peak = record["peak_users"].as_u64().expect("a number");
    assert!((500..=600).contains(&peak), "{peak} users\n{told}");
    let ended =
        run("IdentityUser --sandbox --rate 50 --max-users 10500 -t 2s --connections 64 --cores 1");
    let record = ended.record();
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert_eq!(record["shed"], 0, "{}", ended.told());
    assert!(
        record["totals"]["requests"].as_u64() > Some(50),
        "{}",
        ended.told()
    );
}
