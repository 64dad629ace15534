//! `shopblast compare --run`: the order of events, and that everything is torn down.

use crate::invocation::{Ended, Invocation, SPACE, run_inside as run};
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A run that ends soon.
const SHORT: &str = "-- SpikeUser -u 8 -r 100 -t 300ms --pacing max --sandbox --service-time 1ms";

/// A hook that writes down how it was called, and then does as it is told.
struct Stand {
    directory: TempDir,
}

impl Stand {
    fn new(then: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let log = directory.path().join("log");
        let script = format!(
            "echo \"$COMPARE_NAME $1 $COMPARE_ROUND\" >>{}\n[ -d \"$COMPARE_DIRECTORY\" ] || exit 9\n{then}\n",
            log.display()
        );
        std::fs::write(directory.path().join("hook.sh"), script).expect("written");
        Self { directory }
    }

    /// The options for two configurations.
    fn options(&self) -> String {
        let hook = format!(
            "sh{SPACE}{}",
            self.directory.path().join("hook.sh").display()
        );
        format!(
            "--run a={hook} --run b={hook} --output {}",
            self.out().display()
        )
    }

    fn out(&self) -> PathBuf {
        self.directory.path().join("out")
    }

    fn log(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn json(&self, ended: &Ended) -> Value {
        let text = std::fs::read_to_string(self.out().join("compare.json"))
            .unwrap_or_else(|_| panic!("{}", ended.told()));
        serde_json::from_str(&text).expect("JSON")
    }
}

#[test]
fn configurations_take_turns_and_each_is_brought_up_reset_and_torn_down() {
    let stand = Stand::new("exit 0");
    let ended = run(&format!(
        "compare {} --repetitions 2 --warm-up 1 {SHORT}",
        stand.options()
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert_eq!(
        stand.log(),
        [
            "a up warm-up 1",
            "a reset warm-up 1",
            "a down warm-up 1",
            "b up warm-up 1",
            "b reset warm-up 1",
            "b reset round 1",
            "b down warm-up 1",
            "a up round 1",
            "a reset round 1",
            "a reset round 2",
            "a down round 1",
            "b up round 2",
            "b reset round 2",
            "b down round 2",
        ]
    );
    let json = stand.json(&ended);
    let sides = json["sides"].as_array().expect("sides");
    assert_eq!(sides.len(), 2);
    for side in sides {
        assert_eq!(side["runs"].as_array().map(Vec::len), Some(2));
    }
    assert_eq!(json["comparisons"][0]["verdict"], "inconclusive");
    assert!(stand.out().join("compare.html").is_file());
    // Both configurations of a round walk the same users.
    let seed = |slot: &str| {
        let record = std::fs::read_dir(stand.out().join(slot))
            .expect("a slot")
            .next();
        let path = record
            .expect("a record")
            .expect("a record")
            .path()
            .join("run.json");
        let text = std::fs::read_to_string(path).expect("a record");
        serde_json::from_str::<Value>(&text).expect("JSON")["seed"].clone()
    };
    assert_eq!(seed("01-a"), seed("01-b"));
    assert_ne!(seed("01-a"), seed("02-a"));
}

#[test]
fn what_fails_to_come_up_is_torn_down_and_nothing_is_sent() {
    let stand = Stand::new("[ \"$1\" != up ] || { echo no room; exit 3; }");
    let ended = run(&format!(
        "compare {} --repetitions 2 {SHORT}",
        stand.options()
    ));
    assert_eq!(ended.code, 107, "{}", ended.told());
    assert_eq!(stand.log(), ["a up round 1", "a down round 1"]);
    assert!(
        ended.err.contains("hook.sh up` failed (exit status: 3)"),
        "{}",
        ended.told()
    );
    let said = std::fs::read_to_string(stand.out().join("hooks.log")).expect("a log");
    assert!(said.contains("no room"), "{said}");
}

#[test]
fn a_hook_that_hangs_is_ended() {
    let stand = Stand::new("[ \"$1\" != reset ] || sleep 60");
    let options = stand.options();
    let ended = run(&format!("compare {options} --hook-timeout 100ms {SHORT}"));
    assert_eq!(ended.code, 107, "{}", ended.told());
    assert_eq!(
        stand.log(),
        ["a up round 1", "a reset round 1", "a down round 1"]
    );
    assert!(
        ended.err.contains("did not end within 0.1 s"),
        "{}",
        ended.told()
    );
}

#[test]
fn what_breaks_off_later_compares_what_there_is() {
    // The third round's reset fails.
    let stand = Stand::new("[ \"$1 $COMPARE_ROUND\" != 'reset round 3' ] || exit 1");
    let ended = run(&format!(
        "compare {} --repetitions 4 {SHORT}",
        stand.options()
    ));
    assert_eq!(ended.code, 107, "{}", ended.told());
    let json = stand.json(&ended);
    assert_eq!(json["sides"][0]["runs"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        stand.log().last().map(String::as_str),
        Some("a down round 2")
    );
}

#[test]
fn a_target_that_cannot_be_reached_ends_it() {
    let stand = Stand::new("exit 0");
    // Port 1 of this machine takes no connections.
    let line = format!(
        "compare {} -- SpikeUser -t 1s -H http://127.0.0.1:1",
        stand.options()
    );
    let ended = run(&line);
    assert_eq!(ended.code, 107, "{}", ended.told());
    assert!(
        ended
            .err
            .contains("a, round 1: the run did not take place (exit 107)"),
        "{}",
        ended.told()
    );
    assert_eq!(
        stand.log().last().map(String::as_str),
        Some("a down round 1")
    );
}

#[test]
fn ctrl_c_ends_the_run_and_tears_down() {
    let stand = Stand::new("exit 0");
    let line = format!(
        "compare {} -- SpikeUser -u 2 -r 100 -t 50s --sandbox --service-time 1ms",
        stand.options()
    );
    let begun = Invocation::begin_inside(&line);
    let give_up = Instant::now() + Duration::from_secs(40);
    let running = || {
        let slot = std::fs::read_dir(stand.out().join("01-a"));
        slot.is_ok_and(|mut records| {
            records.next().is_some_and(|record| {
                record.is_ok_and(|record| record.path().join("run.json").is_file())
            })
        })
    };
    while !running() {
        assert!(Instant::now() < give_up, "no run began");
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.interrupt();
    let ended = begun.end();
    assert_eq!(ended.code, 105, "{}", ended.told());
    assert_eq!(
        stand.log(),
        ["a up round 1", "a reset round 1", "a down round 1"]
    );
}
