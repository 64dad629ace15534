//! `shopblast fleet up` with played engines: programs on the PATH that write down what they were called with,
//! and answer as `kubectl`, `docker` and `sbatch` do.

use crate::invocation::shopblast;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Writes down its own name and words, a word a line, and what it reads on its standard input.
const PLAYED: &str = r#"#!/bin/sh
cd "$(dirname "$0")/.."
name=$(basename "$0")
{ echo "== $name"; printf '%s\n' "$@"; } >>calls
line="$name $*"
"#;

/// A directory with played programs, which what is tested runs in.
struct Stage {
    home: TempDir,
}

impl Stage {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(home.path().join("programs")).expect("made");
        Self { home }
    }

    /// A program that does as `script` says, with its words in `$line`.
    fn play(&self, name: &str, script: &str) -> &Self {
        let place = self.home.path().join("programs").join(name);
        std::fs::write(&place, format!("{PLAYED}{script}")).expect("written");
        let runnable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&place, runnable).expect("runnable");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = shopblast();
        let path = format!(
            "{}:/usr/bin:/bin",
            self.home.path().join("programs").display()
        );
        command.args(["fleet", "up"]).args(words);
        command.current_dir(self.home.path()).env("PATH", path);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn begin(&self, words: &[&str]) -> Child {
        self.command(words).spawn().expect("the program")
    }

    fn up(&self, words: &[&str]) -> Ended {
        Ended::of(self.begin(words).wait_with_output().expect("it ended"))
    }

    fn wait_for(&self, name: &str, text: &str) {
        let since = Instant::now();
        while !self.text(name).contains(text) {
            assert!(since.elapsed() < PATIENCE, "{name}: {}", self.text(name));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

const RUN: [&str; 6] = [
    "--",
    "--profile",
    "smoke",
    "--host",
    "http://127.0.0.1:9",
    "--quiet",
];

fn on<'a>(engine: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let head = ["--engine", engine, "--shards", "4", "--run", "proof"];
    head.iter().chain(more).chain(&RUN).copied().collect()
}

/// A cluster whose leader ends with `code`, a moment after the end is asked for when there is an `ending`.
fn kubectl(code: u8, waits: bool) -> String {
    let running = r#"{"items":[{"status":{"containerStatuses":[{"name":"leader","state":{"running":{}}}]}}]}"#;
    let ended = format!(
        r#"{{"items":[{{"status":{{"containerStatuses":[{{"name":"leader","state":{{"terminated":{{"exitCode":{code}}}}}}}]}}}}]}}"#
    );
    let until = if waits {
        "[ -e stopped ]"
    } else {
        "[ -e looked ]"
    };
    format!(
        r#"case $line in
*" apply "*|"kubectl apply "*) cat >applied ;;
*delete*) cat >deleted ;;
*"get pods"*) if {until}; then echo '{ended}'; else echo '{running}'; fi; touch looked ;;
*logs*) echo "the leader speaks" ;;
*"kill -TERM 1"*) touch stopped ;;
*tar*) mkdir -p made/results/record && echo '{{}}' >made/results/record/run.json && tar -c -f - -C made results ;;
esac
"#
    )
}

#[test]
fn a_fleet_on_kubernetes_is_applied_followed_fetched_and_taken_away() {
    let stage = Stage::new();
    stage.play("kubectl", &kubectl(99, false));
    let more = ["--namespace", "load tests", "--engine-flag=--context=a b"];
    let ended = stage.up(&on("kubernetes", &more));
    assert_eq!(ended.code, Some(99), "{}", ended.err);
    assert!(ended.out.contains("the leader speaks"), "{}", ended.out);
    assert!(ended.err.contains("4 shards are launched"), "{}", ended.err);
    assert!(
        stage.path("results/record/run.json").exists(),
        "{}",
        ended.err
    );
    let applied = stage.text("applied");
    assert!(applied.contains("completions: 4") && applied.contains("kind: NetworkPolicy"));
    assert_eq!(stage.text("deleted"), applied);
    let calls = stage.text("calls");
    let apply = "== kubectl\n--context=a b\n--namespace\nload tests\napply\n--filename\n-\n";
    assert!(calls.starts_with(apply), "{calls}");
    let fetched = "exec\njob/shopblast-proof-leader\n--container\nkeeper\n--\ntar\n";
    assert!(calls.contains(fetched), "{calls}");
    // Each fleet has secrets of its own.
    let secret = |applied: &str| {
        let mut lines = applied.lines();
        lines
            .find(|line| line.contains("fleet-secret: "))
            .map(str::to_owned)
    };
    let first = secret(&applied).expect("there is one");
    assert!(first.len() > 64, "{first}");
    std::fs::remove_file(stage.path("looked")).expect("it was made");
    stage.up(&on("kubernetes", &[]));
    assert_ne!(secret(&stage.text("applied")), Some(first));
}

#[test]
fn what_is_printed_is_what_is_applied() {
    let stage = Stage::new();
    stage.play("kubectl", &kubectl(0, false));
    let ended = stage
        .command(&on("kubernetes", &[]))
        .env("SHOPBLAST_FLEET_SECRET", "a\"b, and sixteen letters")
        .output();
    let ended = Ended::of(ended.expect("it ran"));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let printed = stage
        .command(&on("kubernetes", &["--print"]))
        .env("SHOPBLAST_FLEET_SECRET", "a\"b, and sixteen letters")
        .output();
    let printed = Ended::of(printed.expect("it ran"));
    // Redis' password is made up each time.
    let same = |text: &str| {
        let lines = text.lines().filter(|line| {
            !line.contains("redis-") && !line.starts_with("# kubectl") && !line.starts_with("# How")
        });
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(same(&printed.out), same(&stage.text("applied")));
    assert!(
        printed
            .out
            .contains("\n  fleet-secret: \"a\\\"b, and sixteen letters\"\n"),
        "{}",
        printed.out
    );
    assert!(
        printed.out.contains("# kubectl apply --filename -\n"),
        "{}",
        printed.out
    );
}

#[test]
fn an_engine_that_is_missing_or_fails_is_told_in_one_message() {
    let stage = Stage::new();
    let missing = stage
        .command(&on("swarm", &[]))
        .env("PATH", stage.path("programs"))
        .output();
    let missing = Ended::of(missing.expect("it ran"));
    assert_eq!(missing.code, Some(104));
    let told = "error: docker cannot be started: No such file or directory (os error 2); install it, or put it on \
                the PATH, or take another --engine\n";
    assert_eq!(missing.err, told);
    stage.play(
        "kubectl",
        "case $line in *delete*) touch deleted ;; *) echo 'no cluster' >&2; exit 1 ;; esac\n",
    );
    let failed = stage.up(&on("kubernetes", &[]));
    assert_eq!(failed.code, Some(104));
    let told = "error: `kubectl apply --filename -` failed (exit status: 1): no cluster\n";
    assert_eq!(failed.err, told);
    assert!(stage.path("deleted").exists());
}

#[test]
fn a_leader_that_does_not_begin_is_given_up_and_taken_away() {
    let stage = Stage::new();
    let waiting = r#"{"items":[{"status":{"containerStatuses":[{"name":"leader","state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}]}}]}"#;
    stage.play(
        "kubectl",
        &format!("case $line in *get*) echo '{waiting}' ;; *delete*) touch deleted ;; esac\n"),
    );
    let ended = stage.up(&on("kubernetes", &["--start-limit", "1s"]));
    assert_eq!(ended.code, Some(104), "{}", ended.err);
    assert!(
        ended.err.contains("ImagePullBackOff no such image"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("kubectl describe pods"), "{}", ended.err);
    assert!(stage.path("deleted").exists());
}

#[test]
fn ctrl_c_stops_the_leader_and_everything_is_taken_away() {
    let stage = Stage::new();
    stage.play("kubectl", &kubectl(105, true));
    let up = stage.begin(&on("kubernetes", &[]));
    stage.wait_for("calls", "logs\n");
    kill(Pid::from_raw(up.id().cast_signed()), Signal::SIGINT).expect("it runs");
    let ended = Ended::of(up.wait_with_output().expect("it ended"));
    assert_eq!(ended.code, Some(105), "{}", ended.err);
    assert!(stage.text("calls").contains("sh\n-c\nkill -TERM 1\n"));
    assert!(stage.path("results/record/run.json").exists());
    assert!(!stage.text("deleted").is_empty());
}

#[test]
fn a_second_ctrl_c_takes_everything_away_at_once() {
    let stage = Stage::new();
    stage.play("kubectl", &kubectl(0, true).replace("touch stopped", ":"));
    let up = stage.begin(&on("kubernetes", &[]));
    let id = Pid::from_raw(up.id().cast_signed());
    stage.wait_for("calls", "logs\n");
    kill(id, Signal::SIGINT).expect("it runs");
    stage.wait_for("calls", "kill -TERM 1\n");
    kill(id, Signal::SIGINT).expect("it runs");
    let ended = Ended::of(up.wait_with_output().expect("it ended"));
    assert_eq!(ended.code, Some(105), "{}", ended.err);
    assert!(!stage.text("deleted").is_empty());
}

#[test]
fn a_fleet_on_swarm_is_deployed_followed_fetched_and_taken_away() {
    let stage = Stage::new();
    let task = r#"[{"Status":{"State":"STATE","ContainerStatus":{"ContainerID":"c0ffee","ExitCode":96}}}]"#;
    stage.play(
        "docker",
        &format!(
            r#"case $line in
*"secret create"*|*"config create"*) echo "$3: $(cat)" >>made-up ;;
*"stack deploy"*) cat >applied ;;
*"service ps"*) echo task1 ;;
*inspect*) if [ -e looked ]; then echo '{}'; else echo '{}'; fi; touch looked ;;
*logs*) echo "the leader speaks" ;;
*cp*) mkdir -p made/results/record && echo '{{}}' >made/results/record/run.json && tar -c -f - -C made results ;;
*"secret rm"*) [ -e tried ] || {{ touch tried; echo "in use" >&2; exit 1; }}; touch removed ;;
esac
"#,
            task.replace("STATE", "failed"),
            task.replace("STATE", "running")
        ),
    );
    let plan = "[[class]]\n";
    std::fs::write(stage.path("plan.toml"), plan).expect("written");
    let ended = stage.up(&on("swarm", &["--same-node"]));
    assert_eq!(ended.code, Some(96), "{}", ended.err);
    assert!(ended.out.contains("the leader speaks"), "{}", ended.out);
    assert!(stage.path("results/record/run.json").exists());
    // A secret that is still in use a moment after its stack went is tried again.
    assert!(stage.path("removed").exists());
    let secrets = stage.text("made-up");
    for secret in [
        "secret: ",
        "redis-url: redis://:",
        "redis-conf: requirepass ",
    ] {
        assert!(
            secrets.contains(&format!("shopblast-proof-{secret}")),
            "{secrets}"
        );
    }
    let machines = "--name\nshopblast-proof-join\n--mode\nreplicated-job\n--replicas\n4\n--max-concurrent\n4\n";
    assert!(stage.text("calls").contains(machines));
    let applied = stage.text("applied");
    assert!(
        applied.contains("restart_policy:\n        condition: none\n"),
        "{applied}"
    );
    let calls = stage.text("calls");
    let fetched = "cp\nc0ffee:/srv/shopblast/results\n-\n";
    assert!(
        calls.contains(fetched) && calls.contains("stack\nrm\nshopblast-proof\n"),
        "{calls}"
    );
}

#[test]
fn a_fleet_on_slurm_is_submitted_followed_and_its_code_is_told() {
    let stage = Stage::new();
    stage.play("sbatch", "cat >batch; echo \"${SHOPBLAST_FLEET_SECRET}\" >secret; echo '42;cluster'; echo 'the leader speaks' >shopblast-proof.out\n");
    stage.play(
        "scontrol",
        r#"if [ -e looked ]; then echo "JobId=42 JobState=FAILED Reason=NonZeroExitCode ExitCode=96:0"
else echo "JobId=42 JobState=RUNNING Reason=None ExitCode=0:0"; fi; touch looked
"#,
    );
    stage.play("scancel", "");
    let ended = stage.up(&on("slurm", &["--engine-flag=--partition=a b"]));
    assert_eq!(ended.code, Some(96), "{}", ended.err);
    assert!(ended.out.contains("the leader speaks"), "{}", ended.out);
    let calls = stage.text("calls");
    assert!(
        calls.starts_with("== sbatch\n--partition=a b\n--parsable\n"),
        "{calls}"
    );
    assert!(calls.ends_with("== scancel\n42\n"), "{calls}");
    assert!(stage.text("secret").len() > 64);
    assert!(!stage.text("batch").contains(stage.text("secret").trim()));
}

#[test]
fn a_run_that_its_leader_would_refuse_is_not_launched() {
    let stage = Stage::new();
    stage.play("kubectl", "");
    let mut words = on("kubernetes", &[]);
    words.push("--no-such-flag");
    let ended = stage.up(&words);
    assert_eq!(ended.code, Some(104), "{}", ended.err);
    assert!(ended.err.contains("--no-such-flag"), "{}", ended.err);
    assert_eq!(stage.text("calls"), "");
    let ended = stage.up(&on("ssh", &["--on", "a,b"]));
    assert!(
        ended.err.contains("--engine ssh needs --redis"),
        "{}",
        ended.err
    );
}
