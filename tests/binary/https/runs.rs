//! Load on a shop behind TLS: by each of the flags, from the page's form, and what is told of it after.

use super::gateway::{Gateway, Like, trusted};
use crate::certificates::{Authority, Identity};
use crate::invocation::{Ended, Invocation, run, shopblast};
use crate::sandbox_client::shop;
use crate::web_server::WebServer;
use serde_json::json;
use std::path::PathBuf;

const LOAD: &str = "IdentityUser -u 4 -r 100 -t 2s --pacing max --no-observatory";

/// A shop behind a gateway, and its authority's certificate in a file.
struct Setting {
    _shop: shopblast::sandbox::Sandbox,
    gateway: Gateway,
    authority: Authority,
    identity: Identity,
    directory: tempfile::TempDir,
    ca: PathBuf,
}

fn setting(like: impl FnOnce(&Authority) -> Like) -> Setting {
    let directory = tempfile::tempdir().expect("a directory");
    let (authority, identity) = trusted();
    let shop = shop(10_000);
    let gateway = Gateway::before(shop.address(), &identity, like(&authority));
    Setting {
        gateway,
        ca: authority.write(directory.path()),
        _shop: shop,
        authority,
        identity,
        directory,
    }
}

/// All went well, over TLS, and no file or line holds a private key.
fn went_well(ended: &Ended, keys: &[&str]) {
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert!(record["totals"]["requests"].as_u64() > Some(0), "{record}");
    assert_eq!(record["totals"]["failures"], 0, "{}", ended.told());
    let told = ended.told();
    for key in keys {
        let line = key.lines().nth(1).expect("a line of it");
        assert!(!told.contains(line), "{told}");
        for file in ended.record_files() {
            let bytes = std::fs::read(ended.record_directory().join(&file)).expect("a file");
            let is_there = memchr::memmem::find(&bytes, line.as_bytes()).is_some();
            assert!(!is_there, "{file} holds a key");
        }
    }
}

#[test]
fn a_shop_behind_an_ingress_is_loaded_and_told_of() {
    let setting = setting(|_| Like::default());
    let gateway = &setting.gateway;
    let url = gateway.url("shop.test");
    let ended = run(&format!(
        "{LOAD} -H {url} --connect-to {} --ca {} --details",
        gateway.address,
        setting.ca.display()
    ));
    went_well(&ended, &[&setting.identity.key_pem]);
    let heard = gateway.heard();
    let host = format!("host: shop.test:{}", gateway.address.port());
    assert!(heard.heads.iter().all(|head| head.starts_with(&host)));
    assert!(heard.names.iter().all(|name| name == "shop.test"), "SNI");
    let record = ended.record();
    assert_eq!(record["target"]["url"], url);
    let tls = &record["target"]["tls"];
    assert_eq!(tls["version"], "TLS 1.3");
    assert_eq!(tls["protocol"], "http/1.1");
    assert_eq!(tls["certificate"]["names"][0], "shop.test");
    assert_eq!(
        record["plan"]["target"]["tls"],
        json!({"roots": {"pem": "given"}, "files": {"ca": setting.ca}})
    );
    let told = format!(
        "TLS: TLS 1.3, {}",
        tls["cipher_suite"].as_str().expect("a name")
    );
    assert!(ended.out.contains(&told), "{}", ended.out);
    assert!(!ended.out.contains("--insecure"), "{}", ended.out);
    let page = ended.record_file("report.html");
    assert!(page.contains("certificate of shop.test"), "the report");
}

#[test]
fn figures_of_whoever_answered_are_said_to_be_that() {
    let setting = setting(|_| Like::default());
    let url = setting.gateway.url("localhost");
    let ended = run(&format!("{LOAD} -H {url} --insecure"));
    went_well(&ended, &[&setting.identity.key_pem]);
    let warning = "was not checked (--insecure)";
    assert!(ended.out.contains(warning), "{}", ended.out);
    assert!(ended.record_file("report.html").contains(warning));
    let record = ended.record();
    assert_eq!(record["plan"]["target"]["tls"]["is_insecure"], true);
    let made = shopblast()
        .arg("report")
        .arg(ended.record_directory())
        .args(["--format", "md"])
        .output()
        .expect("the binary starts");
    let text = String::from_utf8_lossy(&made.stdout);
    assert!(text.contains("not checked"), "{text}");
}

#[test]
fn a_client_shows_its_certificate_to_who_wants_one() {
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let setting = setting(|authority| Like {
            clients: Some(authority.pem().to_owned()),
            version: Some(version),
            ..Like::default()
        });
        let own = setting.authority.issue(&["me"]);
        let (cert, key) = own.write(setting.directory.path(), "me");
        let ended = run(&format!(
            "{LOAD} -H {} --cacert {} --cert {} --key {}",
            setting.gateway.url("localhost"),
            setting.ca.display(),
            cert.display(),
            key.display()
        ));
        went_well(&ended, &[&own.key_pem, &setting.identity.key_pem]);
        assert_eq!(ended.record()["plan"]["target"]["tls"]["identity"], "given");
    }
}

#[test]
fn sessions_are_resumed_unless_nobody_is_to() {
    let counted = |flags: &str| {
        let setting = setting(|_| Like {
            keep_alive: Some(10),
            ..Like::default()
        });
        let ended = run(&format!(
            "{LOAD} -H {} --ca {} {flags}",
            setting.gateway.url("localhost"),
            setting.ca.display()
        ));
        went_well(&ended, &[]);
        let told = ended.record()["connections"]["handshakes_resumed"].clone();
        (
            setting.gateway.heard().resumed,
            told.as_u64().expect("a count"),
        )
    };
    // Those of the look at the target's processes are in no figure.
    let (heard, told) = counted("");
    assert!(heard > 0 && told > 0, "{heard} {told}");
    assert_eq!(counted("--no-session-resumption"), (0, 0));
}

#[test]
fn variables_stand_for_the_flags() {
    let setting = setting(|_| Like::default());
    let variables = [
        ("SHOPBLAST_HOST", setting.gateway.url("localhost")),
        ("SHOPBLAST_CA", setting.ca.display().to_string()),
    ];
    let ended = Invocation::begin_with(LOAD, &variables).end();
    went_well(&ended, &[]);
    let looked = shopblast()
        .arg("doctor")
        .envs(variables)
        .output()
        .expect("the binary starts");
    let looked = String::from_utf8_lossy(&looked.stdout).into_owned();
    assert!(looked.contains("tls: TLS 1.3"), "{looked}");
    assert!(looked.contains("certificate of shop.test"), "{looked}");
}

#[test]
fn the_form_of_the_page_names_a_shop_behind_tls() {
    let setting = setting(|_| Like::default());
    let url = setting.gateway.url("localhost");
    let order = format!("user_count=2&run_time=1s&user_classes=IdentityUser&host={url}");
    let mut typed = WebServer::start(&format!(
        "IdentityUser -H {url} --no-observatory --ca {}",
        setting.ca.display()
    ));
    typed.swarm(&order);
    typed.when_stopped();
    let record = typed.run_json();
    assert_eq!(record["totals"]["failures"], 0, "{record}");
    assert!(record["totals"]["requests"].as_u64() > Some(0), "{record}");
    assert_eq!(record["target"]["tls"]["version"], "TLS 1.3");
    // Whom another host is to be trusted by was not said.
    let other = setting.gateway.url("127.0.0.1");
    typed.post("/swarm", &order.replace(&url, &other));
    let said = typed.wait_for("the refusal", |server| {
        let page = format!("{}{}", server.err(), server.out());
        page.contains("nobody who is trusted").then_some(page)
    });
    assert!(said.contains("with --ca FILE"), "{said}");
}
