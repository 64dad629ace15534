//! `shopblast doctor` against the embedded shop, against one that has changed, and against nothing.

use crate::invocation::shopblast;
use shopblast::plan::Driver;
use shopblast::sandbox::{
    Names, ObservatoryConfig, Sandbox, SandboxConfig, SandboxMode, ServiceTime, ShopConfig,
};
use shopblast::shop::Generation;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};

/// Exit code and output.
fn doctor(arguments: &[&str]) -> (i32, String) {
    let output = shopblast()
        .arg("doctor")
        .args(arguments)
        .env_clear()
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().expect("no signal"), text)
}

fn shop(service: ServiceTime, api_workers: usize) -> Sandbox {
    let any_port: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    Sandbox::start(&SandboxConfig {
        address: any_port,
        mode: SandboxMode::Shop(ShopConfig {
            generation: Generation::Five,
            retain: 100,
            api_workers,
            service,
            observatory: Some(ObservatoryConfig {
                address: any_port,
                names: Names::Five,
            }),
            ..ShopConfig::default()
        }),
        cores: Vec::new(),
        driver: Driver::Uring,
        ..SandboxConfig::default()
    })
    .expect("a sandbox")
}

/// A server that answers `/health` like the shop and describes itself with `openapi`.
fn described(openapi: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let openapi = openapi.clone();
            std::thread::spawn(move || {
                let mut writer = stream.try_clone().expect("a stream");
                let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
                while let Some(line) = lines.next() {
                    let is_health = line.starts_with("GET /health");
                    if lines.by_ref().all(|line| !line.is_empty()) {
                        return;
                    }
                    let health = r#"{"domains":{"identity":{},"catalogue":{},"ordering":{},"inventory":{},"payments":{}}}"#;
                    let body = if is_health { health } else { &openapi };
                    let length = body.len();
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                    if writer.write_all((head + body).as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

#[test]
fn the_embedded_shop_is_well() {
    let sandbox = shop(ServiceTime::Computed, 1);
    let host = format!("http://{}", sandbox.address());
    let observatory = format!("http://{}", sandbox.observatory_address().expect("one"));
    let (exit, text) = doctor(&["-H", &host, "--observatory", &observatory]);
    assert_eq!(exit, 0, "{text}");
    for says in [
        "ok      health: ",
        "is a ShopStream \"",
        "generation: ShopStream \"",
        "ok      operations: all that journeys use are there",
        "ok      observatory: ",
        "descriptors: ",
        "ports: ",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
}

/// Who waits for whom shows however busy the machine is.
#[test]
fn one_worker_is_told_from_several() {
    for (workers, says) in [(1, "looks serial"), (4, "has 4 API processes")] {
        let sandbox = shop(ServiceTime::Constant(10_000_000), workers);
        let (exit, text) = doctor(&["-H", &format!("http://{}", sandbox.address())]);
        assert_eq!(exit, 0, "{text}");
        assert!(text.contains(says), "{workers}: {text}");
    }
}

#[test]
fn a_shop_that_has_changed_is_a_problem() {
    let changed = Generation::Five.openapi().replace(
        "/payments/{payment_id}/retry",
        "/payments/{payment_id}/again",
    );
    let host = format!("http://{}", described(changed));
    let (exit, text) = doctor(&["-H", &host]);
    assert_eq!(exit, 1, "{text}");
    assert!(
        text.contains("problem operations: POST /payments/{payment_id}/retry is gone"),
        "{text}"
    );
    let (exit, text) = doctor(&[
        "-H",
        &format!(
            "http://{}",
            described(r#"{"paths": {"/wishes": {"get": {}}}}"#.into())
        ),
    ]);
    assert_eq!(exit, 1, "{text}");
    assert!(
        text.contains("POST /customers is gone") && text.contains(" more"),
        "{text}"
    );
}

#[test]
fn what_cannot_or_may_not_be_reached_is_said() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = nobody.local_addr().expect("an address");
    drop(nobody);
    let (exit, text) = doctor(&["-H", &format!("http://{address}")]);
    assert_eq!(exit, 107, "{text}");
    assert!(text.contains("is the shop up?"), "{text}");
    let (exit, text) = doctor(&["-H", "http://8.8.8.8"]);
    assert_eq!(exit, 104, "{text}");
    assert!(text.contains("--allow-host 8.8.8.8"), "{text}");
}

/// What is told of the machine, whatever became of the shop.
const OF_THE_MACHINE: &[&str] = &[
    "plan: ",
    "descriptors: ",
    "memory: ",
    "ports: ",
    "io_uring: ",
    "cores: ",
];

/// Arguments, the exit code, and what is told beside the machine.
const LOOKS: &[(&str, i32, &str)] = &[
    ("--sandbox", 0, "ok      health: "),
    ("--sandbox", 0, "ok      observatory: "),
    (
        "--sandbox --driver epoll",
        0,
        "not used, with --driver epoll",
    ),
    ("--sandbox --profile spike", 0, "plan: the profile spike: "),
    (
        "--sandbox -u 7 --cores 1",
        0,
        "plan: a run with 7 users: 1 worker on CPU ",
    ),
    ("--sandbox -u 900000000", 104, "from 1 to 33554432"),
    ("--sandbox -u 33000000", 1, "problem descriptors: "),
    (
        "--sandbox -u 33000000",
        1,
        "problem memory: the plan needs ",
    ),
    (
        "--sandbox -H http://localhost:1",
        104,
        "cannot be used with",
    ),
    (
        "-H http://127.0.0.1:1",
        107,
        "`shopblast doctor --sandbox` looks at that",
    ),
    ("-H http://8.8.8.8", 104, "--allow-host 8.8.8.8"),
    ("http://127.0.0.1:1", 104, "-H http://127.0.0.1:1"),
];

#[test]
fn the_machine_is_looked_at_with_a_shop_of_ones_own_and_without_any() {
    for (arguments, expected, says) in LOOKS {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        let (exit, text) = doctor(&words);
        assert_eq!(exit, *expected, "{arguments}: {text}");
        assert!(text.contains(says), "{arguments}: {says}: {text}");
        if text.starts_with("error") {
            continue;
        }
        for says in OF_THE_MACHINE {
            assert!(text.contains(says), "{arguments}: {says}: {text}");
        }
    }
}
