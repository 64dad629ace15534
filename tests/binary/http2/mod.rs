//! Load and races over HTTP/2, through a gateway that another implementation makes.

mod choice;
mod drivers;
mod gateway;
mod replays;
mod served;

use crate::invocation::{Ended, run};
use crate::sandbox_client::shop;
use crate::small_server::serving;
use gateway::{Gateway, Like, wait_for};
use shopblast::sandbox::Sandbox;
use std::io::{Read, Write};
use std::sync::atomic::Ordering;

const LOAD: &str = "IdentityUser -u 8 -r 100 -t 2s --pacing max --no-observatory --http2";

/// Connections on which it is asked what the target is, and whether it is in health.
const LOOKS: u64 = 2;

fn setting(like: Like) -> (Sandbox, Gateway) {
    let shop = shop(10_000);
    let gateway = Gateway::before(shop.address(), like);
    (shop, gateway)
}

/// How the run ended, its requests and those of them that failed or are unknown.
fn counts(ended: &Ended) -> (u64, u64, u64) {
    let totals = &ended.record()["totals"];
    let of = |name: &str| {
        totals[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name}: {totals}"))
    };
    (of("requests"), of("failures"), of("unknown"))
}

#[test]
fn users_with_connections_of_their_own_and_users_who_share_them_are_served() {
    let (_shop, gateway) = setting(Like::default());
    let ended = run(&format!("{LOAD} -H {} --details", gateway.url()));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let (requests, failures, unknown) = counts(&ended);
    assert!(requests > 20 && failures + unknown == 0, "{}", ended.told());
    assert_eq!(
        gateway.seen.connections.load(Ordering::Relaxed),
        8 + LOOKS,
        "and some to ask what it is"
    );
    assert!(ended.told().contains("HTTP/2: "), "{}", ended.told());
    assert!(
        ended.told().contains("a connection for each user"),
        "{}",
        ended.told()
    );
    assert_eq!(ended.record()["plan"]["target"]["http2"], true);

    let ended = run(&format!(
        "{LOAD} -H {} --connections 2 --details",
        gateway.url()
    ));
    let (requests, failures, unknown) = counts(&ended);
    assert!(requests > 20 && failures + unknown == 0, "{}", ended.told());
    assert_eq!(
        gateway.seen.connections.load(Ordering::Relaxed),
        8 + 2 + 2 * LOOKS
    );
    let told = "8 users on 2 connections, up to 4 streams at a time on each";
    assert!(ended.told().contains(told), "{}", ended.told());
    let heads = gateway.seen.heads.lock().unwrap();
    let authority = format!("http://{}/", gateway.address);
    assert!(
        heads.iter().all(|head| head.contains(&authority)),
        "{:?}",
        heads.first()
    );
}

#[test]
fn few_streams_and_small_windows_are_waited_for() {
    let like = Like {
        streams: Some(1),
        window: Some(20),
        ..Like::default()
    };
    let (_shop, gateway) = setting(like);
    let ended = run(&format!("{LOAD} -H {} --connections 1", gateway.url()));
    let (requests, failures, unknown) = counts(&ended);
    assert!(requests > 20 && failures + unknown == 0, "{}", ended.told());
}

#[test]
fn what_a_server_refused_or_said_goodbye_to_is_sent_again() {
    for like in [
        Like {
            // Far more than there are on their way: nothing is refused twice.
            refuses: Some(97),
            ..Like::default()
        },
        Like {
            goodbye_after: Some(7),
            ..Like::default()
        },
    ] {
        let (_shop, gateway) = setting(like);
        let ended = run(&format!("{LOAD} -H {} --connections 2", gateway.url()));
        let (requests, failures, unknown) = counts(&ended);
        assert!(requests > 20 && failures + unknown == 0, "{}", ended.told());
        let passed_on = gateway.seen.passed_on.load(Ordering::Relaxed);
        // The one that asks what it is, too.
        assert!(
            (requests..requests + 12).contains(&passed_on),
            "{requests}, {passed_on}"
        );
        if like.goodbye_after.is_some() {
            let replaced = ended.record()["connections"]["reconnects"].as_u64();
            assert!(replaced > Some(2), "{replaced:?}");
        }
    }
}

#[test]
fn a_reset_and_a_silence_are_unknown_and_others_go_on() {
    let like = Like {
        resets: Some(9),
        ignores: Some(25),
        ..Like::default()
    };
    let (_shop, gateway) = setting(like);
    let ended = run(&format!(
        "{LOAD} -H {} --connections 1 --timeout 300ms",
        gateway.url()
    ));
    let (requests, _, unknown) = counts(&ended);
    assert!(unknown > 1 && requests > 3 * unknown, "{}", ended.told());
    let told = serde_json::to_string(&ended.record()).expect("a record");
    assert!(
        told.contains("the server reset the stream: INTERNAL_ERROR"),
        "{}",
        ended.told()
    );
    assert!(told.contains("no reply within 0.3 s"), "{}", ended.told());
    wait_for(&gateway.seen.cancelled);
    let connections = gateway.seen.connections.load(Ordering::Relaxed);
    assert_eq!(
        connections,
        1 + LOOKS,
        "a stream that is given up costs no connection"
    );
}

/// Frames that end a stream, with a byte of data or none.
fn last_frames(mut read: &[u8]) -> usize {
    let mut count = 0;
    while let Some([0, 0, length, kind, flags, ..]) = read.first_chunk::<9>() {
        let bytes = 9 + usize::from(*length);
        count += usize::from(*kind == 0 && flags & 1 == 1 && *length <= 1);
        let Some(rest) = read.get(bytes..) else { break };
        read = rest;
    }
    count
}

#[test]
fn the_last_frames_of_all_racers_leave_in_one_piece() {
    let (_shop, gateway) = setting(Like::default());
    let load = "--profile race-audit -u 2 -t 2s --pacing max --no-observatory --http2";
    let ended = run(&format!("{load} -H {}", gateway.url()));
    let (requests, failures, unknown) = counts(&ended);
    assert!(requests > 20 && failures + unknown == 0, "{}", ended.told());
    let reads = gateway.seen.reads.lock().unwrap();
    let most = reads.iter().map(|(_, read)| last_frames(read)).max();
    assert!(most >= Some(10), "{most:?} last frames in one read");
    // No racer's last frame comes alone but where another user's request is between.
    let connections = gateway.seen.connections.load(Ordering::Relaxed);
    assert_eq!(
        connections,
        2 + LOOKS,
        "racers have no connections of their own"
    );
    drop(reads);

    let ended = run(&format!(
        "{load} -H {} --race-over connections",
        gateway.url()
    ));
    let (_, failures, unknown) = counts(&ended);
    assert_eq!(failures + unknown, 0, "{}", ended.told());
    assert!(gateway.seen.connections.load(Ordering::Relaxed) > connections + 10);
}

#[test]
fn a_target_that_speaks_something_else_is_told_before_any_load() {
    let address = serving(|mut client| {
        let _ = client.read(&mut [0; 1_024]);
        let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    let url = format!("http://{address}");
    let ended = run(&format!("{LOAD} -H {url}"));
    assert_eq!(ended.code, 107, "{}", ended.told());
    assert!(ended.told().contains("HTTP/1.1"), "{}", ended.told());
    let ended = run(&format!("{LOAD} -H {url} --no-preflight"));
    assert_eq!(ended.code, 107, "{}", ended.told());
}

#[test]
fn what_racers_share_is_asked_where_http2_may_be_spoken_only() {
    for (line, says) in [
        ("SpikeUser --race-over connections", "--http2 is missing"),
        (
            "SpikeUser --http2=never --race-over connections",
            "--http2 is missing",
        ),
    ] {
        let ended = run(line);
        assert_eq!(ended.code, 104, "{line}: {}", ended.told());
        assert!(ended.told().contains(says), "{line}: {}", ended.told());
    }
}
