//! An Observatory and a collector of figures that speak TLS, with certificates that are made here.

use crate::certificates::Authority;
use crate::invocation::{Invocation, run, shopblast};
use crate::small_server::serving;
use crate::tls_relay;
use shopblast::sandbox::{
    Names, ObservatoryConfig, Sandbox, SandboxConfig, SandboxMode, ShopConfig,
};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc;

const RUN: &str = "SpikeUser -u 1 --pacing class --sandbox --seed 1 -t 1s --details";

fn shop_with_observatory() -> Sandbox {
    let shop = ShopConfig {
        observatory: Some(ObservatoryConfig {
            address: "127.0.0.1:0".parse().unwrap(),
            names: Names::Newer,
        }),
        ..ShopConfig::default()
    };
    Sandbox::start(&SandboxConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        mode: SandboxMode::Shop(shop),
        cores: Vec::new(),
        driver: shopblast::plan::Driver::Uring,
        ..SandboxConfig::default()
    })
    .unwrap()
}

#[test]
fn an_observatory_in_tls_is_read_and_checked() {
    let sandbox = shop_with_observatory();
    let upstream = sandbox.observatory_address().unwrap();
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let ca = authority.write(directory.path());
    let relay = tls_relay::start(&authority.issue(&["localhost"]), upstream);
    let by_name = format!("https://localhost:{}", relay.port());
    let ca = format!("--observer-ca {}", ca.display());
    let ended = run(&format!("{RUN} --observatory {by_name} {ca}"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    let source = &record["observed"]["sources"][0];
    assert_eq!(source["name"], "observatory");
    assert_eq!(source["address"], by_name.as_str());
    assert!(source["readings"].as_u64() > Some(0), "{source}");
    assert_eq!(source["failed_readings"], 0, "{source}");
    for (address, flags, says) in [
        (
            &by_name,
            "",
            &["nobody who is trusted", "--observer-ca FILE"][..],
        ),
        (
            &format!("https://127.0.0.1:{}", relay.port()),
            ca.as_str(),
            &["is of localhost only", "write that name"],
        ),
        (
            &format!("https://{upstream}"),
            ca.as_str(),
            &["does not speak TLS", "begins with http://"],
        ),
        (
            &format!("http://{relay}"),
            "",
            &["its address begins with https://"],
        ),
    ] {
        let ended = run(&format!("{RUN} --observatory {address} {flags}"));
        assert_eq!(ended.code, 0, "{}", ended.told());
        let warning = ended.err.lines().find(|line| line.starts_with("warning: "));
        let warning = warning.unwrap_or_else(|| panic!("{}", ended.err));
        for part in says {
            assert!(warning.contains(part), "{part}: {warning}");
        }
    }
    let ended = run(&format!(
        "{RUN} --observatory {by_name} --observer-insecure"
    ));
    let source = &ended.record()["observed"]["sources"][0];
    assert_eq!(source["failed_readings"], 0, "{source}");
}

#[test]
fn the_doctor_reads_an_observatory_in_tls() {
    let sandbox = shop_with_observatory();
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let ca = authority.write(directory.path());
    let upstream = sandbox.observatory_address().unwrap();
    let relay = tls_relay::start(&authority.issue(&["localhost"]), upstream);
    let examined = |flags: &[&str]| {
        let output = shopblast()
            .args(["doctor", "-H", &format!("http://{}", sandbox.address())])
            .args([
                "--observatory",
                &format!("https://localhost:{}", relay.port()),
            ])
            .args(flags)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let told = examined(&["--observer-ca", ca.to_str().unwrap()]);
    let found = format!("observatory: https://localhost:{}/metrics, ", relay.port());
    assert!(told.contains(&found), "{told}");
    let told = examined(&[]);
    assert!(told.contains("nobody who is trusted vouches"), "{told}");
}

/// Takes every push, and hands its head and body on.
fn collector() -> (SocketAddr, mpsc::Receiver<(String, Vec<u8>)>) {
    let (pushes, pushed) = mpsc::channel();
    let address = serving(move |stream| {
        let mut stream = BufReader::new(stream);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if stream.read_line(&mut head).unwrap_or(0) == 0 {
                    return;
                }
            }
            let head = head.to_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap();
            let length = length.split("\r\n").next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            stream.get_mut().write_all(answer).unwrap();
            let _ = pushes.send((head, body));
        }
    });
    (address.parse().unwrap(), pushed)
}

#[test]
fn figures_are_pushed_to_a_collector_in_tls_and_its_password_is_told_to_it_alone() {
    let (upstream, pushed) = collector();
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let ca = authority.write(directory.path());
    let relay = tls_relay::start(&authority.issue(&["localhost"]), upstream);
    let url = format!("https://shop:s3cret@localhost:{}", relay.port());
    let ended = run(&format!(
        "{RUN} --otlp {url} --observer-ca {}",
        ca.display()
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert!(!ended.err.contains("cannot push"), "{}", ended.err);
    let (head, body) = pushed.try_iter().last().expect("a push");
    assert!(head.starts_with("post /v1/metrics "), "{head}");
    // `shop:s3cret` in base 64.
    assert!(head.contains("basic c2hvcdpzm2nyzxq="), "{head}");
    assert!(body.starts_with(b"{\"resourceMetrics\""));
    let unknown = Invocation::begin(&format!("{RUN} --otlp {url}")).end();
    assert_eq!(unknown.code, 0, "{}", unknown.told());
    let told = format!(
        "warning: cannot push figures to https://localhost:{}/v1",
        relay.port()
    );
    assert!(unknown.err.contains(&told), "{}", unknown.err);
    assert!(
        unknown.err.contains("--observer-ca FILE"),
        "{}",
        unknown.err
    );
    assert_eq!(pushed.try_iter().count(), 0);
    for ended in [ended, unknown] {
        for said in [&ended.out, &ended.err] {
            assert!(!said.contains("s3cret"), "{said}");
        }
        for name in ended.record_files() {
            assert!(!ended.record_file(&name).contains("s3cret"), "{name}");
        }
    }
}
