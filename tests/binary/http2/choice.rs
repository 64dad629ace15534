//! `--http2=auto`: the target chooses in one handshake, and what it chose is spoken and told.

use super::served::Served;
use crate::certificates::Authority;
use crate::invocation::{Ended, run, run_inside, run_long, shopblast};
use crate::tls_relay;
use serde_json::Value;
use shopblast::sandbox::{SandboxMode, ServiceTime, ShopConfig};
use std::path::{Path, PathBuf};

const LOAD: &str = "IdentityUser -u 4 -r 100 -t 1s --pacing max --no-observatory";

fn shop() -> SandboxMode {
    SandboxMode::Shop(ShopConfig::default())
}

fn went_well(ended: &Ended) -> Value {
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert!(record["totals"]["requests"].as_u64() > Some(20), "{record}");
    assert_eq!(record["totals"]["failures"], 0, "{}", ended.told());
    record
}

#[test]
fn a_target_that_offers_both_is_spoken_to_in_http_2_and_that_is_told() {
    let served = Served::start(shop());
    let ended = run(&format!("{LOAD} {} --http2=auto", served.flags()));
    let record = went_well(&ended);
    let target = &record["plan"]["target"];
    assert_eq!(
        (&target["http2"], &target["http_by_alpn"]),
        (&true.into(), &true.into())
    );
    assert_eq!(record["target"]["tls"]["protocol"], "h2");
    let told = ended.told();
    assert!(
        told.contains("http: HTTP/2, which the target chose (ALPN)"),
        "{told}"
    );
    assert!(told.contains(" in HTTP/2 (by ALPN)"), "{told}");

    let doctor = run_inside(&format!("doctor {} --http2=auto", served.flags()));
    assert!(doctor.out.contains("tls: TLS 1.3"), "{}", doctor.told());
    assert!(doctor.out.contains(", h2, "), "{}", doctor.told());

    // Whoever says nothing, or never, speaks HTTP/1.1.
    for flag in ["", "--http2=never"] {
        let ended = run(&format!("{LOAD} {} {flag}", served.flags()));
        let record = went_well(&ended);
        assert_eq!(record["target"]["tls"]["protocol"], "http/1.1");
        assert_eq!(record["plan"]["target"].get("http_by_alpn"), None);
    }
}

#[test]
fn a_target_without_http_2_is_spoken_to_in_http_1_1_where_it_is_to_choose_and_else_told() {
    let shop = crate::sandbox_client::shop(1_000);
    let directory = tempfile::tempdir().expect("a directory");
    let authority = Authority::new();
    let ca = authority.write(directory.path());
    let relay = tls_relay::start(&authority.issue(&["localhost"]), shop.address());
    let flags = format!(
        "-H https://localhost:{} --ca {}",
        relay.port(),
        ca.display()
    );
    let ended = run(&format!("{LOAD} {flags} --http2=auto"));
    let record = went_well(&ended);
    assert_eq!(record["plan"]["target"].get("http2"), None);
    let told = ended.told();
    assert!(
        told.contains("http: HTTP/1.1, since the target does not"),
        "{told}"
    );
    assert!(told.contains(" in HTTP/1.1 (by ALPN)"), "{told}");

    let ended = run(&format!("{LOAD} {flags} --http2"));
    assert_eq!(ended.code, 107, "{}", ended.told());
    assert!(ended.told().contains("--http2=auto"), "{}", ended.told());

    // Without TLS there is nobody to ask.
    let ended = run(&format!("{LOAD} -H http://{} --http2=auto", shop.address()));
    went_well(&ended);
    assert!(
        ended.told().contains("nothing is chosen without TLS"),
        "{}",
        ended.told()
    );
}

/// All records below `directory`.
fn records(directory: &Path) -> Vec<Value> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
            } else if path.file_name().is_some_and(|name| name == "run.json") {
                let text = std::fs::read_to_string(&path).expect("a record");
                found.push(serde_json::from_str(&text).expect("JSON"));
            }
        }
    }
    found
}

#[test]
fn a_hunt_over_tls_finds_a_knee_and_asks_once_what_is_spoken() {
    let served = Served::start(SandboxMode::Shop(ShopConfig {
        service: ServiceTime::Constant(5_000_000),
        ..ShopConfig::default()
    }));
    let ended = run_long(&format!(
        "hunt SpikeUser {} --http2=auto --window 2s --warm-up 1s --precision 20% --from 110 --seed 1 \
         --keep-spoiled --no-observatory --probes 6",
        served.flags()
    ));
    let told = ended.told();
    assert!([0, 95, 99].contains(&ended.code), "{told}");
    assert_eq!(told.matches("http: HTTP/2").count(), 1, "{told}");
    let probes = records(&ended.directory().join("results"));
    assert!(probes.len() >= 2, "{told}");
    for probe in &probes {
        assert_eq!(probe["plan"]["target"]["http2"], true, "{probe}");
        assert_eq!(probe["target"]["tls"]["protocol"], "h2");
        assert!(probe["totals"]["requests"].as_u64() > Some(100));
    }
}

#[test]
fn a_comparison_over_tls_compares_runs_in_either_http() {
    let served = Served::start(shop());
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("out");
    for flag in ["--http2=auto", "--http2=never"] {
        let _ = std::fs::remove_dir_all(&out);
        let ended = run_inside(&format!(
            "compare --run a=true --run b=true --repetitions 2 --warm-up 0 --output {} -- SpikeUser -u 4 \
             -r 100 -t 500ms --pacing max --no-observatory {} {flag}",
            out.display(),
            served.flags()
        ));
        assert_eq!(ended.code, 0, "{}", ended.told());
        let runs = records(&out);
        assert_eq!(runs.len(), 4, "{}", ended.told());
        let protocol = if flag == "--http2=auto" {
            "h2"
        } else {
            "http/1.1"
        };
        for run in runs {
            assert_eq!(run["target"]["tls"]["protocol"], protocol);
            assert_eq!(run["totals"]["failures"], 0);
        }
    }
}

#[test]
fn a_choice_that_is_none_is_told() {
    let output = shopblast()
        .args(["SpikeUser", "--http2=sometimes"])
        .output()
        .expect("the binary starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(104), "{told}");
    assert!(
        told.contains("always") && told.contains("auto") && told.contains("never"),
        "{told}"
    );
}
