//! Witnesses of a shop behind TLS: fired again, and by curl.

use super::gateway::{Gateway, Like, trusted};
use crate::invocation::{Ended, run, shopblast};
use crate::sandbox_client::sandbox;
use shopblast::plan::Driver;
use shopblast::sandbox::{Bug, Bugs, Sandbox, SandboxMode, ShopConfig};
use shopblast::shop::Generation;
use std::path::PathBuf;
use std::process::Command;

struct Violated {
    ended: Ended,
    number: String,
    ca: PathBuf,
    gateway: Gateway,
    _shop: Sandbox,
    _directory: tempfile::TempDir,
}

/// A run that found a witness behind TLS.
fn violated() -> Violated {
    let shop = sandbox(
        SandboxMode::Shop(ShopConfig {
            bugs: Bugs::default().with(Bug::Oversell, 1.0),
            generation: Generation::Five,
            ..ShopConfig::default()
        }),
        Driver::Uring,
    );
    let directory = tempfile::tempdir().expect("a directory");
    let (authority, identity) = trusted();
    let ca = authority.write(directory.path());
    let gateway = Gateway::before(shop.address(), &identity, Like::default());
    let ended = run(&format!(
        "RaceAuditUser --pacing max -H {} --ca {} -u 8 -r 100 -t 2s --no-observatory",
        gateway.url("localhost"),
        ca.display()
    ));
    assert_eq!(ended.code, 96, "{}", ended.told());
    let record = ended.record();
    let mut witnesses = record["witnesses"].as_array().expect("a list").iter();
    let witness = witnesses.find(|witness| witness["rule"] == "not-oversold");
    let number = witness.expect("a witness")["number"].to_string();
    Violated {
        ended,
        number,
        ca,
        gateway,
        _shop: shop,
        _directory: directory,
    }
}

#[test]
fn a_witness_is_fired_again_over_tls_and_by_curl() {
    let violated = violated();
    let ca = violated.ca.display().to_string();
    let replay = |flags: &[&str]| {
        let output = shopblast()
            .arg("replay")
            .arg(violated.ended.record_directory())
            .args(["--witness", &violated.number, "--times", "50"])
            .args(flags)
            .output()
            .expect("the binary starts");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        (output.status.code(), text)
    };
    let (code, text) = replay(&["--ca", &ca]);
    assert_eq!(code, Some(96), "{text}");
    assert!(text.contains("fired again at https://localhost"), "{text}");

    // Whom to trust is not taken from a record.
    let (code, text) = replay(&[]);
    assert_eq!(code, Some(107), "{text}");
    assert!(text.contains(&format!("was made with --ca {ca}")), "{text}");
    assert!(text.contains("nobody who is trusted"), "{text}");
    let plain = format!("http://{}", violated.gateway.address);
    let (code, text) = replay(&["--ca", &ca, "-H", &plain]);
    assert_eq!(code, Some(104), "{text}");
    assert!(text.contains("--ca is about TLS"), "{text}");

    let commands = commands(&violated.ended);
    assert!(
        commands.contains("curl -s -X POST https://localhost:"),
        "{commands}"
    );
    assert!(commands.contains(&format!("--cacert {ca}")), "{commands}");
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: the commands are not carried out, there is no curl");
        return;
    }
    let told = commands.replace("curl -s ", "curl -s -o /dev/null -w '%{http_code}\\n' ");
    let shell = Command::new("sh")
        .args(["-c", &told])
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&shell.stdout).into_owned();
    let answers: Vec<&str> = text.lines().collect();
    assert_eq!(
        answers.len(),
        commands.matches("curl -s ").count(),
        "{text}"
    );
    let is_answer = |answer: &&str| answer.parse::<u16>().is_ok_and(|status| status >= 200);
    assert!(answers.iter().all(is_answer), "{commands}\n{text}");
}

/// Those that the report in text prints.
fn commands(ended: &Ended) -> String {
    let made = shopblast()
        .arg("report")
        .arg(ended.record_directory())
        .args(["--format", "text"])
        .output()
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&made.stdout).into_owned();
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| line.starts_with("curl ") || *line == "wait");
    lines.fold(String::new(), |text, line| text + line + "\n")
}
