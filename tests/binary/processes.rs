//! Races reach every process: against the embedded shop, whose API workers accept on one port as an
//! epoll herd does. Which worker a connection really belongs to, the sandbox tells the test alone.

use serde_json::Value;
use shopblast::engine::{LONGEST_SURVEY, Opened, Processes, Questions, Surveyor};
use shopblast::plan::{Driver, Target};
use shopblast::sandbox::{Sandbox, SandboxConfig, SandboxMode, ServiceTime, ShopConfig};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use crate::invocation::{Ended, run, shopblast};
use crate::reverse_proxy::{self, Upstream};

fn shop(api_workers: usize, servers: Option<usize>, service: ServiceTime) -> Sandbox {
    let any_port: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    Sandbox::start(&SandboxConfig {
        address: any_port,
        mode: SandboxMode::Shop(ShopConfig {
            retain: 100,
            api_workers,
            servers,
            service,
            ..ShopConfig::default()
        }),
        cores: Vec::new(),
        driver: Driver::Uring,
        ..SandboxConfig::default()
    })
    .expect("a sandbox")
}

fn questions(sandbox: &Sandbox) -> Questions {
    let target = Target::parse(&format!("http://{}", sandbox.address())).expect("a target");
    Questions::of(&target, "/openapi.json", "/health")
}

/// By believed process, the workers that really accepted.
fn truth(sandbox: &Sandbox, opened: &[Opened]) -> HashMap<u8, Vec<usize>> {
    let mut truth: HashMap<u8, Vec<usize>> = HashMap::new();
    for opened in opened {
        let client = opened.stream.local_addr().expect("an address");
        let worker = sandbox.worker_of(client).expect("it belongs to one");
        truth.entry(opened.process).or_default().push(worker);
    }
    truth
}

#[test]
fn a_burst_of_connections_belongs_to_one_worker() {
    let sandbox = shop(4, None, ServiceTime::Computed);
    let burst: Vec<TcpStream> = (0..30)
        .map(|_| TcpStream::connect(sandbox.address()).expect("it accepts"))
        .collect();
    for connection in &burst {
        let client = connection.local_addr().expect("an address");
        while sandbox.worker_of(client).is_none() {
            std::thread::yield_now();
        }
        assert_eq!(sandbox.worker_of(client), Some(0));
    }
    assert_eq!(sandbox.accepted_by_worker(), [30]);
}

#[test]
fn as_many_processes_are_seen_as_there_are_and_connections_are_those_of_the_right_one() {
    for workers in [2_usize, 4] {
        let sandbox = shop(workers, None, ServiceTime::Computed);
        let address = [sandbox.address().into()];
        let questions = questions(&sandbox);
        let mut surveyor = Surveyor::new(&address, &questions, LONGEST_SURVEY, None);
        surveyor.look();
        let processes = surveyor.survey().processes;
        assert_eq!(processes, Processes::Seen(workers as u32));
        let spread = surveyor.open(24, 40);
        let survey = surveyor.survey();
        assert!(survey.connections as usize >= 64, "{survey:?}");
        for (opened, wanted) in [(&spread.race_connections, 24), (&spread.others, 40)] {
            assert_eq!(opened.len(), wanted);
            let truth = truth(&sandbox, opened);
            assert_eq!(truth.len(), workers, "{truth:?}");
            let mut really: Vec<usize> = truth.values().map(|workers| workers[0]).collect();
            really.sort_unstable();
            assert_eq!(really, (0..workers).collect::<Vec<_>>(), "{truth:?}");
            for (process, workers) in &truth {
                let same = workers.iter().all(|worker| worker == &workers[0]);
                assert!(same, "{process}: {workers:?}");
            }
        }
    }
}

#[test]
fn one_process_is_one_however_many_connections_are_tried() {
    let sandbox = shop(1, None, ServiceTime::Constant(5_000_000));
    let address = [sandbox.address().into()];
    let questions = questions(&sandbox);
    let mut surveyor = Surveyor::new(&address, &questions, LONGEST_SURVEY, None);
    surveyor.look();
    let survey = surveyor.survey();
    assert_eq!(survey.processes, Processes::Seen(1));
    assert!(
        survey.connections >= 12 && survey.requests > 50,
        "{survey:?}"
    );
    let spread = surveyor.open(8, 8);
    assert!(spread.race_connections.is_empty() && spread.others.is_empty());
}

/// As behind a proxy: whichever connection a request comes on, some server takes it.
#[test]
fn servers_that_all_connections_share_belong_to_none() {
    let sandbox = shop(1, Some(3), ServiceTime::Constant(20_000_000));
    let address = [sandbox.address().into()];
    let questions = questions(&sandbox);
    let mut surveyor = Surveyor::new(&address, &questions, LONGEST_SURVEY, None);
    surveyor.look();
    assert_eq!(surveyor.survey().processes, Processes::PerRequest(3));
}

/// A proxy may use a new connection for each request, or keep some: all of them at the process that
/// took the first burst, until it needs more.
#[test]
fn behind_a_proxy_connections_belong_to_no_process() {
    let sandbox = shop(4, None, ServiceTime::Constant(2_000_000));
    for upstream in [Upstream::Fresh, Upstream::Pooled] {
        let address = [reverse_proxy::start(sandbox.address(), upstream).into()];
        let target = Target::parse(&format!("http://{}", address[0])).expect("a target");
        let questions = Questions::of(&target, "/openapi.json", "/health");
        let mut surveyor = Surveyor::new(&address, &questions, LONGEST_SURVEY, None);
        surveyor.look();
        let survey = surveyor.survey();
        assert!(
            matches!(survey.processes, Processes::PerRequest(2..)),
            "{upstream:?}: {survey:?}"
        );
        let spread = surveyor.open(8, 8);
        assert!(spread.race_connections.is_empty() && spread.others.is_empty());
    }
}

#[test]
fn one_process_behind_a_proxy_is_one() {
    let sandbox = shop(1, None, ServiceTime::Constant(2_000_000));
    for upstream in [Upstream::Fresh, Upstream::Pooled] {
        let address = [reverse_proxy::start(sandbox.address(), upstream).into()];
        let target = Target::parse(&format!("http://{}", address[0])).expect("a target");
        let questions = Questions::of(&target, "/openapi.json", "/health");
        let mut surveyor = Surveyor::new(&address, &questions, LONGEST_SURVEY, None);
        surveyor.look();
        assert_eq!(
            surveyor.survey().processes,
            Processes::Seen(1),
            "{upstream:?}"
        );
    }
}

#[test]
fn a_target_that_answers_at_once_is_not_kept_with_questions() {
    let sandbox = shop(1, None, ServiceTime::Computed);
    let address = [sandbox.address().into()];
    let questions = questions(&sandbox);
    let mut surveyor = Surveyor::new(&address, &questions, LONGEST_SURVEY, None);
    surveyor.look();
    let survey = surveyor.survey();
    assert!(
        matches!(survey.processes, Processes::TooFast(_)),
        "{survey:?}"
    );
    assert!(survey.requests <= 14, "{survey:?}");
}

#[test]
fn nobody_is_asked_where_nobody_listens() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = [nobody.local_addr().expect("an address").into()];
    drop(nobody);
    let target = Target::parse("http://127.0.0.1:1").expect("a target");
    let questions = Questions::of(&target, "/openapi.json", "/health");
    let mut surveyor = Surveyor::new(&address, &questions, LONGEST_SURVEY, None);
    surveyor.look();
    let survey = surveyor.survey();
    assert_eq!((survey.processes, survey.requests), (Processes::Unknown, 0));
}

fn sum(record: &Value, field: &str) -> u64 {
    let races = record["races"].as_array().expect("races");
    races.iter().filter_map(|race| race[field].as_u64()).sum()
}

/// At least 30 % of the races are apart, and somebody lost a version race.
fn assert_apart(ended: &Ended, workers: u64) {
    assert_eq!(ended.code, 0, "{}", ended.told());
    let record = ended.record();
    assert_eq!(record["processes"]["by"], "connection", "{}", ended.told());
    assert_eq!(record["processes"]["seen"], workers, "{}", ended.told());
    let (races, apart) = (sum(&record, "count"), sum(&record, "apart"));
    assert!(
        apart * 10 >= races * 3 && races > 0,
        "{apart} of {races}: {}",
        ended.told()
    );
    assert!(
        record["totals"]["conflict"].as_u64() > Some(0),
        "{}",
        ended.told()
    );
    let says = format!("Processes of the target: {workers} processes seen (tried ");
    assert!(ended.out.contains(&says), "{}", ended.told());
    assert!(
        !ended.out.contains("at least two workers"),
        "{}",
        ended.told()
    );
}

#[test]
fn races_meet_on_different_processes() {
    for workers in [2, 4] {
        for profile in ["race-conditions", "race-audit"] {
            let ended = run(&format!(
                "--profile {profile} --sandbox --api-workers {workers} --service-time 2ms -u 8 -r 8 -t 3s --pacing max --details"
            ));
            assert_apart(&ended, workers);
        }
    }
}

#[test]
fn the_crowd_of_the_flash_sale_meets_on_different_processes() {
    for workers in [2, 4] {
        let ended = run(&format!(
            "--profile flash-sale --sandbox --api-workers {workers} --service-time 2ms -u 24 -r 100000 -t 4s"
        ));
        let record = ended.record();
        assert_eq!(record["processes"]["seen"], workers, "{}", ended.told());
        assert!(
            record["totals"]["conflict"].as_u64() > Some(0),
            "{}",
            ended.told()
        );
    }
}

#[test]
fn where_one_process_is_seen_it_is_said_what_was_tried() {
    let ended = run(
        "RaceAuditUser --pacing max --sandbox --api-workers 1 --service-time 3ms -u 8 -r 8 -t 3s",
    );
    assert_eq!(ended.code, 0, "{}", ended.told());
    let processes = &ended.record()["processes"];
    assert_eq!(
        (&processes["by"], &processes["seen"]),
        (&"connection".into(), &1.into())
    );
    assert!(
        ended.out.contains("one process was seen (tried "),
        "{}",
        ended.told()
    );
}

/// Nothing is looked for where nothing may be asked before the load.
#[test]
fn without_a_preflight_nobody_looks() {
    let ended = run("--profile race-audit --sandbox --api-workers 2 -u 4 -t 1s --no-preflight");
    assert_eq!(ended.record()["processes"], Value::Null, "{}", ended.told());
}

#[test]
fn doctor_counts_the_processes() {
    for (workers, says) in [
        (1, "looks serial (one API process; tried "),
        (2, "the shop has 2 API processes (tried "),
        (4, "the shop has 4 API processes (tried "),
    ] {
        let sandbox = shop(workers, None, ServiceTime::Constant(2_000_000));
        let output = shopblast()
            .args(["doctor", "-H", &format!("http://{}", sandbox.address())])
            .env_clear()
            .output()
            .expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(says), "{workers}: {text}");
    }
}

/// Without races a start is not worth the wait for a shop that takes long over everything.
#[test]
fn a_load_without_races_does_not_wait_for_a_slow_shop() {
    let ended = run("--profile smoke --sandbox --service-time 50ms --api-workers 2 -u 2 -t 1s");
    let processes = &ended.record()["processes"];
    assert_eq!(processes["by"], "unknown", "{}", ended.told());
    assert!(processes["requests"].as_u64() <= Some(4), "{processes}");
}

/// By the address of the client, the process that owns the other end, as the kernel has it.
fn owners(port: u16) -> HashMap<SocketAddr, String> {
    let output = Command::new("ss")
        .args(["-tnpH", "state", "established", &format!("sport = :{port}")])
        .output()
        .expect("`ss` of iproute2");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let owner = |line: &str| {
        let client = line.split_whitespace().nth(3)?.parse().ok()?;
        let pid = line.split_once("pid=")?.1.split_once(',')?.0;
        Some((client, pid.to_owned()))
    };
    text.lines().filter_map(owner).collect()
}

#[test]
#[ignore = "needs a running shop of several processes on this machine: SHOP=127.0.0.1:8000"]
fn what_is_believed_of_a_real_shop_is_what_the_kernel_says() {
    let shop = std::env::var("SHOP").expect("SHOP=127.0.0.1:8000");
    let shop_address = shop.parse::<SocketAddr>().expect("an address");
    let address = [shop_address.into()];
    let target = Target::parse(&format!("http://{shop}")).expect("a target");
    let questions = Questions::of(&target, "/openapi.json", "/health");
    let mut surveyor = Surveyor::new(&address, &questions, LONGEST_SURVEY, None);
    surveyor.look();
    let found = surveyor.survey();
    let spread = surveyor.open(32, 64);
    let owners = owners(shop_address.port());
    println!("{found:?}, then {:?}", surveyor.survey());
    for opened in [&spread.race_connections, &spread.others] {
        let mut pairs: HashMap<(u8, &str), usize> = HashMap::new();
        for opened in opened {
            let client = opened.stream.local_addr().expect("an address");
            let owner = owners.get(&client).map_or("nobody", String::as_str);
            *pairs.entry((opened.process, owner)).or_default() += 1;
        }
        println!("{pairs:?}");
        let processes = opened.iter().map(|opened| opened.process).max();
        assert_eq!(
            pairs.len(),
            usize::from(processes.unwrap_or(0)),
            "{pairs:?}"
        );
        assert_eq!(found.processes, Processes::Seen(pairs.len() as u32));
    }
}
