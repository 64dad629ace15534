//! The terminal view of the built binary on a pseudo-terminal: keys steer the run, and the terminal
//! is in order afterwards, whatever ended the view.

use crate::invocation::PROGRAM;
use crate::sandbox_request::request;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use shopblast::record::Live;
use shopblast::run::{self, Face, RunControl};
use shopblast::ui::TerminalView;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long anything is waited for: far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(90);
/// A run that goes on until it is stopped.
const LONG_RUN: [&str; 8] = ["SpikeUser", "--sandbox", "-u", "3", "-r", "100", "-t", "1h"];

/// A program on a terminal.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Everything that was written to the terminal.
    written: Arc<Mutex<Vec<u8>>>,
}

impl Session {
    fn start(program: &str, arguments: &[&str], (columns, rows): (u16, u16), at: &Path) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(at);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the program starts");
        let mut output = pair.master.try_clone_reader().expect("output");
        let [high, wide] = [rows, columns].map(|count| NonZero::new(count).expect("not 0"));
        let screen = Arc::new(Mutex::new(vt100::Parser::new(high, wide, 1_000)));
        let written = Arc::new(Mutex::new(Vec::new()));
        let (shown, kept) = (Arc::clone(&screen), Arc::clone(&written));
        std::thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                shown
                    .lock()
                    .expect("not poisoned")
                    .process(&buffer[..count]);
                kept.lock().expect("not poisoned").extend(&buffer[..count]);
            }
        });
        Self {
            child,
            keys: pair.master.take_writer().expect("keys"),
            master: pair.master,
            screen,
            written,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("the terminal is there");
    }

    fn text(&self) -> String {
        self.screen
            .lock()
            .expect("not poisoned")
            .screen()
            .contents()
    }

    /// Waits until the screen holds `text`.
    #[track_caller]
    fn wait_for(&self, text: &str) {
        let started = Instant::now();
        while !self.text().contains(text) {
            assert!(
                started.elapsed() < PATIENCE,
                "no `{text}` on:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the view has the screen.
    fn has_view(&self) -> bool {
        self.screen
            .lock()
            .expect("not poisoned")
            .screen()
            .alternate_screen()
    }

    /// Waits for the end; returns the exit code.
    fn end(&mut self) -> u32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.exit_code();
            }
            if started.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("it does not end:\n{}", self.text());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Checks that the terminal is as a shell wants it: its own screen, with a cursor, line by line.
    #[track_caller]
    fn assert_in_order(&self) {
        let is_in_order = || {
            let parser = self.screen.lock().expect("not poisoned");
            !parser.screen().alternate_screen() && !parser.screen().hide_cursor()
        };
        let started = Instant::now();
        while !is_in_order() {
            assert!(
                started.elapsed() < PATIENCE,
                "the view is still there:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let modes = self.master.get_termios().expect("a terminal").local_flags;
        let modes = format!("{modes:?}");
        for mode in ["ICANON", "ECHO", "ISIG"] {
            assert!(modes.contains(mode), "{mode} is off: {modes}");
        }
    }
}

#[test]
fn keys_steer_the_run_and_q_ends_it_gently() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut session = Session::start(PROGRAM, &LONG_RUN, (100, 30), directory.path());
    session.wait_for("requests/s");
    assert!(session.has_view());
    session.wait_for("running");
    session.press("+");
    session.wait_for("going to 13 users");
    session.wait_for("users 13");
    session.press("?");
    session.wait_for("what keys do");
    session.press("2");
    session.wait_for("journey ");
    session.press("q");
    assert_eq!(session.end(), 0, "{}", session.text());
    session.wait_for("Stopped by the user after");
    session.assert_in_order();
    let record = std::fs::read_dir(directory.path().join("results"))
        .expect("results")
        .next()
        .expect("a record")
        .expect("readable");
    let record = std::fs::read(record.path().join("run.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_slice(&record).expect("JSON");
    assert_eq!(record["peak_users"], 13);
    assert_eq!(record["steering"][0]["users"], 13);
    assert_eq!(record["steering"][1]["wish"], "stop");
    assert_eq!(record["exit_code"], 0);
}

#[test]
fn the_backlog_and_the_thresholds_of_a_live_run_are_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let observed = [
        &LONG_RUN[..],
        &["--observatory-port", "0", "--engines", "0"],
    ]
    .concat();
    let mut session = Session::start(PROGRAM, &observed, (100, 30), directory.path());
    session.wait_for("backlog identity");
    session.press("q");
    assert_eq!(session.end(), 0, "{}", session.text());
    let hopeless = ["--threshold", "response: p(99) < 1us"];
    let judged = [&observed[..], &hopeless].concat();
    let mut session = Session::start(PROGRAM, &judged, (100, 30), directory.path());
    session.wait_for("✗ 1  response: p(99) < 1us (now ");
    session.wait_for("backlog identity");
    session.press("4");
    session.wait_for("✗ response: p(99) < 1us  ");
    session.press("q");
    assert_eq!(session.end(), 99, "{}", session.text());
}

#[test]
fn ctrl_c_interrupts_as_without_the_view() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut session = Session::start(PROGRAM, &LONG_RUN, (80, 24), directory.path());
    session.wait_for("requests/s");
    session.press("\u{3}");
    assert_eq!(session.end(), 105, "{}", session.text());
    session.wait_for("Interrupted after");
    session.assert_in_order();
}

#[test]
fn a_termination_signal_leaves_the_terminal_in_order() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut session = Session::start(PROGRAM, &LONG_RUN, (80, 24), directory.path());
    session.wait_for("requests/s");
    assert!(session.has_view());
    let id = session.child.process_id().expect("a process").to_string();
    let killed = Command::new("sh")
        .args(["-c", "kill -TERM \"$0\"", &id])
        .status()
        .expect("a shell");
    assert!(killed.success());
    assert_eq!(session.end(), 105, "{}", session.text());
    session.wait_for("Interrupted after");
    session.assert_in_order();
}

#[test]
fn a_panic_leaves_the_terminal_in_order_and_its_message_readable() {
    let directory = tempfile::tempdir().expect("a directory");
    let this_test = std::env::current_exe().expect("this program");
    let other_test = concat!(module_path!(), "::a_run_that_panics");
    let (_binary, other_test) = other_test.split_once("::").expect("a test in a module");
    let arguments = ["--exact", other_test, "--ignored", "--nocapture"];
    let program = this_test.to_str().expect("a plain path");
    let mut session = Session::start(program, &arguments, (80, 24), directory.path());
    session.wait_for("a made-up panic");
    assert_ne!(session.end(), 0);
    session.assert_in_order();
    let written = session.written.lock().expect("not poisoned");
    let written = String::from_utf8_lossy(&written);
    assert!(
        written.contains("\u{1b}[?1049h"),
        "the view never came up: {written}"
    );
}

/// Sequences and characters that never become whole.
const HALVES: &[&[u8]] = &[b"\x1b[", b"\x1b[1;", b"\xe2\x82", b"\x1b[200~never closed"];

#[test]
fn what_is_typed_by_halves_holds_no_run() {
    for half in HALVES {
        let directory = tempfile::tempdir().expect("a directory");
        let mut session = Session::start(PROGRAM, &LONG_RUN, (80, 24), directory.path());
        session.wait_for("requests/s");
        session.keys.write_all(half).expect("typed");
        // It goes on: another second is shown.
        session.wait_for("running");
        session.press("\u{3}");
        assert_eq!(
            session.end(),
            105,
            "{}: {}",
            half.escape_ascii(),
            session.text()
        );
        session.assert_in_order();
    }
}

/// Its cells would take more memory than there is.
#[test]
fn a_terminal_larger_than_any_is_drawn_on_in_part() {
    let directory = tempfile::tempdir().expect("a directory");
    let size = PtySize {
        rows: u16::MAX,
        cols: u16::MAX,
        ..PtySize::default()
    };
    let pair = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(["SpikeUser", "--sandbox", "-t", "2s"]);
    command.cwd(directory.path());
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).expect("it starts");
    drop(pair.slave);
    let mut output = pair.master.try_clone_reader().expect("output");
    let (mut seen, mut buffer) = (Vec::new(), [0; 4_096]);
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(child.wait().expect("a child").exit_code(), 0);
    let seen = String::from_utf8_lossy(&seen);
    assert!(seen.contains("\u{1b}[?1049h") && seen.contains("none failed"));
}

/// Panics after its second second.
struct Panics(u32);

impl Face for Panics {
    fn show(&mut self, _live: &Arc<Live>) {
        self.0 += 1;
        assert!(self.0 < 2, "a made-up panic");
    }
}

/// What the test above runs on a terminal of its own.
#[test]
#[ignore = "panics on purpose, for another test"]
fn a_run_that_panics() {
    let results = tempfile::tempdir().expect("a directory");
    let request = request(results.path(), 2, Duration::from_secs(3_600), "SpikeUser");
    let control = RunControl::new(&request);
    let view: Box<dyn Face> = Box::new(TerminalView::default());
    let mut faces = [view, Box::new(Panics(0))];
    let _ = run::carry_out(&request, "test".to_owned(), &control, &mut faces);
}

/// A window that is closed, a connection that is lost.
#[test]
fn a_terminal_that_goes_away_ends_the_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let pair = native_pty_system()
        .openpty(PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        })
        .expect("a terminal");
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(LONG_RUN);
    command.cwd(directory.path());
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).expect("it starts");
    let mut output = pair.master.try_clone_reader().expect("output");
    let (mut seen, mut buffer) = (Vec::new(), [0; 4_096]);
    while !String::from_utf8_lossy(&seen).contains("requests/s") {
        let count = output.read(&mut buffer).expect("output");
        seen.extend_from_slice(&buffer[..count]);
    }
    drop((output, pair));
    let started = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("it goes on without a terminal");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let record = std::fs::read_dir(directory.path().join("results"))
        .expect("results")
        .next()
        .expect("a record")
        .expect("readable");
    let record = std::fs::read(record.path().join("run.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_slice(&record).expect("JSON");
    assert_eq!(
        (&record["finished"], &record["exit_code"]),
        (&true.into(), &105.into())
    );
}

#[test]
fn small_terminals_and_no_tui_keep_the_screen() {
    let directory = tempfile::tempdir().expect("a directory");
    let short = ["SpikeUser", "--sandbox", "-t", "2s"];
    let without = ["SpikeUser", "--sandbox", "-t", "2s", "--no-tui"];
    let cases: [(&[&str], (u16, u16)); 2] = [(&short, (59, 24)), (&without, (80, 24))];
    for (arguments, size) in cases {
        let mut session = Session::start(PROGRAM, arguments, size, directory.path());
        assert_eq!(session.end(), 0, "{}", session.text());
        session.wait_for("none failed");
        let written = session.written.lock().expect("not poisoned").clone();
        let written = String::from_utf8_lossy(&written);
        assert!(!written.contains("\u{1b}[?1049h"), "{arguments:?}");
    }
}

#[test]
fn a_terminal_that_shows_nothing_holds_up_neither_keys_nor_the_end() {
    let place = tempfile::tempdir().expect("a directory");
    let size = PtySize {
        rows: 40,
        cols: 120,
        ..PtySize::default()
    };
    let pair = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(LONG_RUN);
    command.cwd(place.path());
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).expect("it starts");
    // Nobody reads what it writes: it is as if the terminal was paused.
    let started = Instant::now();
    let series = || {
        let records = std::fs::read_dir(place.path().join("results"));
        let record = records.ok()?.flatten().next()?.path();
        std::fs::read_to_string(record.join("series.csv")).ok()
    };
    while series().is_none_or(|text| text.lines().count() < 4) {
        assert!(started.elapsed() < PATIENCE, "the run goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut keys = pair.master.take_writer().expect("keys");
    keys.write_all(b"q").expect("the terminal is there");
    let mut status = None;
    while status.is_none() {
        // Asked again whether it means it, or too early.
        let _ = keys.write_all(b"y");
        assert!(started.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(50));
        status = child.try_wait().expect("a status");
    }
    let records = std::fs::read_dir(place.path().join("results")).expect("a directory");
    let record = records.flatten().next().expect("a record").path();
    let text = std::fs::read_to_string(record.join("run.json")).expect("run.json");
    let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(record["finished"], true);
}
