//! Witnesses of runs over HTTP/2 that are fired again over HTTP/2, in clear and over TLS.

use super::served::Served;
use crate::invocation::{Ended, run, shopblast};
use crate::sandbox_client::sandbox;
use shopblast::plan::Driver;
use shopblast::sandbox::{Bug, Bugs, SandboxMode, ShopConfig};
use shopblast::shop::Generation;

const RACES: &str = "RaceAuditUser --pacing max -u 8 -r 100 -t 2s --no-observatory";

fn oversold() -> SandboxMode {
    SandboxMode::Shop(ShopConfig {
        bugs: Bugs::default().with(Bug::Oversell, 1.0),
        generation: Generation::Five,
        ..ShopConfig::default()
    })
}

/// The exit code of a replay of the run's witness of an oversold item, and all that it said.
fn replayed(ended: &Ended, flags: &[&str]) -> (Option<i32>, String) {
    assert_eq!(ended.code, 96, "{}", ended.told());
    let record = ended.record();
    let mut witnesses = record["witnesses"].as_array().expect("a list").iter();
    let witness = witnesses.find(|witness| witness["rule"] == "not-oversold");
    let number = witness.expect("a witness")["number"].to_string();
    let output = shopblast()
        .arg("replay")
        .arg(ended.record_directory())
        .args(["--witness", &number, "--times", "50"])
        .args(flags)
        .output()
        .expect("the binary starts");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn a_witness_over_http_2_is_fired_again_over_http_2() {
    let shop = sandbox(oversold(), Driver::Uring);
    let ended = run(&format!("{RACES} --http2 -H http://{}", shop.address()));
    for (flags, says) in [
        (&[][..], "racers: on one connection"),
        (
            &["--race-over", "connections"],
            "racers: each on a connection",
        ),
    ] {
        let (code, text) = replayed(&ended, flags);
        assert_eq!(code, Some(96), "{text}");
        assert!(text.contains(" in HTTP/2\n"), "{text}");
        assert!(text.contains(says), "{text}");
    }
    // As it was asked for, too.
    let (code, text) = replayed(&ended, &["--http2=never"]);
    assert_eq!(code, Some(96), "{text}");
    assert!(text.contains("processes of the target"), "{text}");
    assert!(!text.contains("HTTP/2"), "{text}");
}

#[test]
fn a_witness_behind_tls_is_fired_again_in_the_http_that_is_agreed_on() {
    let served = Served::start(oversold());
    let ended = run(&format!("{RACES} --http2=auto {}", served.flags()));
    for (flags, says) in [
        (&["--ca", &*served.ca][..], " in HTTP/2\n"),
        (
            &["--ca", &*served.ca, "--http2=auto"],
            "http: HTTP/2, which the target chose",
        ),
        (
            &["--ca", &*served.ca, "--http2=never"],
            "processes of the target",
        ),
    ] {
        let (code, text) = replayed(&ended, flags);
        assert_eq!(code, Some(96), "{text}");
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn a_target_that_does_not_speak_http_2_is_told_by_a_replay() {
    let shop = sandbox(oversold(), Driver::Uring);
    let ended = run(&format!("{RACES} -H http://{}", shop.address()));
    let other = crate::small_server::serving(|mut client| {
        use std::io::{Read, Write};
        let _ = client.read(&mut [0; 1_024]);
        let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    let (code, text) = replayed(&ended, &["--http2", "-H", &format!("http://{other}")]);
    assert_eq!(code, Some(107), "{text}");
    assert!(text.contains("does not speak HTTP/2"), "{text}");
}
