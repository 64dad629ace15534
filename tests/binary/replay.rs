//! Witnesses that are fired again, at a shop that still has the fault and at one that has it no more.

use crate::invocation::{run, shopblast};
use crate::sandbox_client::sandbox;
use shopblast::plan::Driver;
use shopblast::sandbox::{Bug, Bugs, Sandbox, SandboxMode, ServiceTime, ShopConfig};
use shopblast::shop::Generation;
use std::path::Path;
use std::process::Output;

fn shop(bugs: Bugs, api_workers: usize) -> Sandbox {
    shop_that_takes(ServiceTime::Computed, bugs, api_workers)
}

fn shop_that_takes(service: ServiceTime, bugs: Bugs, api_workers: usize) -> Sandbox {
    let shop = ShopConfig {
        service,
        api_workers,
        bugs,
        // Audits of a shop whose engines lag wait for its reads before they judge.
        generation: Generation::Five,
        ..ShopConfig::default()
    };
    sandbox(SandboxMode::Shop(shop), Driver::Uring)
}

fn url(shop: &Sandbox) -> String {
    format!("http://{}", shop.address())
}

/// `shopblast replay` of a record with further arguments.
pub fn replay(record: &Path, arguments: &str) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = shopblast()
        .env_clear()
        .arg("replay")
        .arg(record)
        .args(arguments.split_whitespace())
        .output()
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    (status.code(), text)
}

#[test]
fn a_witness_happens_again_while_the_fault_is_there() {
    // One request at a time: the fault strikes whoever finds nothing left, and of those who are served
    // together the shop refuses all but one, so that the same race would oversell now and then only.
    let faulty = shop(Bugs::default().with(Bug::Oversell, 1.0), 1);
    let ended = run(&format!(
        "RaceAuditUser --pacing max -H {} -u 16 -r 100 -t 2s",
        url(&faulty)
    ));
    assert_eq!(ended.code, 96, "{}", ended.told());
    let record = ended.record_directory();

    let told = ended.record();
    let mut witnesses = told["witnesses"].as_array().expect("a list").iter();
    let witness = witnesses.find(|witness| witness["rule"] == "not-oversold");
    let number = &witness.expect("a witness")["number"];
    let (code, text) = replay(&record, &format!("--witness {number} --times 50"));
    assert_eq!(code, Some(96), "{text}");
    assert!(
        text.contains("not-oversold") && text.contains("It happened again"),
        "{text}"
    );
    let all = format!("--witness {number} --times 50 --all");
    let (code, text) = replay(&record.join("run.json"), &all);
    assert!(matches!(code, Some(0 | 96)), "{text}");
    assert!(text.contains("→  201"), "{text}");

    let sound = shop(Bugs::default(), 4);
    let elsewhere = format!("--witness {number} --times 20 -H {}", url(&sound));
    let (code, text) = replay(&record, &elsewhere);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("It did not happen again"), "{text}");

    let (code, text) = replay(&record, "--witness 1000");
    assert_eq!(code, Some(104), "{text}");
    assert!(text.contains("none is number 1000"), "{text}");
    let gone = url(&sound);
    sound.stop();
    let (code, text) = replay(&record, &format!("-H {gone}"));
    assert_eq!(code, Some(107), "{text}");
    faulty.stop();
}

#[test]
fn what_is_no_record_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let (code, text) = replay(directory.path(), "");
    assert_eq!(code, Some(104), "{text}");
    assert!(text.contains("name the directory of a record"), "{text}");
    std::fs::write(directory.path().join("run.json"), "{\"schema_version\":3").unwrap();
    let (code, text) = replay(directory.path(), "");
    assert_eq!(code, Some(104), "{text}");
    let (code, text) = replay(directory.path(), "-H http://93.184.216.34");
    assert_eq!(code, Some(104), "{text}");
    assert!(text.contains("--allow-host"), "{text}");
}

/// Two workers read the thing at the same time, and both save: on one worker that never happens, so
/// that every racer has to meet the other's.
#[test]
fn what_only_two_processes_can_do_happens_again() {
    // As long as two racers are apart on a busy machine, and longer.
    let service = ServiceTime::Constant(5_000_000);
    let faulty = shop_that_takes(service, Bugs::default().with(Bug::LostUpdate, 1.0), 2);
    let ended = run(&format!(
        "RaceAuditUser --pacing max -H {} -u 8 -r 8 -t 3s",
        url(&faulty)
    ));
    assert_eq!(ended.code, 96, "{}", ended.told());
    let told = ended.record();
    let mut witnesses = told["witnesses"].as_array().expect("a list").iter();
    let witness = witnesses.find(|witness| witness["rule"] == "suspended-once");
    let number = &witness.expect("a witness")["number"];
    let (code, text) = replay(
        &ended.record_directory(),
        &format!("--witness {number} --times 20"),
    );
    assert!(
        text.contains("processes of the target: 2 processes seen"),
        "{text}"
    );
    assert_eq!(code, Some(96), "{text}");
}

/// Runs that bring their shop along, and words of the shop that `replay` brings again.
const BROUGHT: &[(&str, &str)] = &[
    (
        "RaceAuditUser --pacing max --sandbox --generation five --bug oversell=1 -u 16 -r 100 -t 3s",
        "--generation=five --api-workers=1 --bug=oversell=1",
    ),
    (
        "RaceAuditUser --pacing max --sandbox --driver epoll --conflicts 409 --bug oversell=1 -u 16 -r 100 -t 3s",
        "--generation=today --api-workers=1 --conflicts=409 --bug=oversell=1",
    ),
];

#[test]
fn a_run_that_brought_its_shop_along_is_replayed_against_one_like_it() {
    for (line, words) in BROUGHT {
        let ended = run(line);
        assert_eq!(ended.code, 96, "{}", ended.told());
        let told = ended.record();
        let mut witnesses = told["witnesses"].as_array().expect("a list").iter();
        let witness = witnesses.find(|witness| witness["rule"] == "not-oversold");
        let number = &witness.expect("a witness")["number"];
        let (code, text) = replay(
            &ended.record_directory(),
            &format!("--witness {number} --times 50"),
        );
        assert_eq!(code, Some(96), "{line}: {text}");
        let like = format!("a shop like the run's: shopblast sandbox {words}");
        assert!(text.contains(&like), "{line}: {text}");
    }
}

/// Whose words make no shop, or who would have more than one made: it is nobody's command line.
#[test]
fn a_record_with_other_words_starts_nothing() {
    let (line, _) = BROUGHT[0];
    let ended = run(line);
    let path = ended.record_directory().join("run.json");
    let record = std::fs::read_to_string(&path).expect("a record");
    for words in [
        "[\"--frobnicate\"]",
        "[\"--bug\", \"x=1\"]",
        "[\"\\u001b[2J\"]",
    ] {
        let mut told: serde_json::Value = serde_json::from_str(&record).expect("JSON");
        told["target"]["sandbox"] = serde_json::from_str(words).expect("JSON");
        std::fs::write(&path, told.to_string()).expect("written");
        let (code, text) = replay(&ended.record_directory(), "");
        assert_eq!(code, Some(104), "{words}: {text}");
        let says = "does not tell how its shop was made";
        assert!(text.contains(says) && text.contains("--host"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
