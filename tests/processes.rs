//! Races reach every process: against the embedded shop, whose API workers accept on one port as an
//! epoll herd does. Which worker a connection really belongs to, the sandbox tells the test alone.

use shopblast::engine::{Opened, Processes, Questions, Surveyor};
use shopblast::plan::{Driver, Target};
use shopblast::sandbox::{Mode, Sandbox, SandboxConfig, ServiceTime, ShopConfig};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};

#[path = "invocation/mod.rs"]
mod invocation;
use invocation::shopblast;

fn shop(api_workers: usize, servers: Option<usize>, service: ServiceTime) -> Sandbox {
    let any_port: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    Sandbox::start(&SandboxConfig {
        address: any_port,
        mode: Mode::Shop(ShopConfig {
            retain: 100,
            api_workers,
            servers,
            service,
            ..ShopConfig::default()
        }),
        cores: Vec::new(),
        driver: Driver::Uring,
        arrival_log: None,
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
        let address = [sandbox.address()];
        let questions = questions(&sandbox);
        let mut surveyor = Surveyor::new(&address, &questions, None);
        surveyor.look();
        let processes = surveyor.survey().processes;
        assert_eq!(processes, Processes::Seen(workers as u32));
        let spread = surveyor.open(24, 40);
        let survey = surveyor.survey();
        assert!(survey.connections as usize >= 64, "{survey:?}");
        for (opened, wanted) in [(&spread.lanes, 24), (&spread.others, 40)] {
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
    let address = [sandbox.address()];
    let questions = questions(&sandbox);
    let mut surveyor = Surveyor::new(&address, &questions, None);
    surveyor.look();
    let survey = surveyor.survey();
    assert_eq!(survey.processes, Processes::Seen(1));
    assert!(
        survey.connections >= 12 && survey.requests > 50,
        "{survey:?}"
    );
    let spread = surveyor.open(8, 8);
    assert!(spread.lanes.is_empty() && spread.others.is_empty());
}

/// As behind a proxy: whichever connection a request comes on, some server takes it.
#[test]
fn servers_that_all_connections_share_belong_to_none() {
    let sandbox = shop(1, Some(3), ServiceTime::Constant(20_000_000));
    let address = [sandbox.address()];
    let questions = questions(&sandbox);
    let mut surveyor = Surveyor::new(&address, &questions, None);
    surveyor.look();
    assert_eq!(surveyor.survey().processes, Processes::PerRequest(3));
}

#[test]
fn a_target_that_answers_at_once_is_not_kept_with_questions() {
    let sandbox = shop(1, None, ServiceTime::Computed);
    let address = [sandbox.address()];
    let questions = questions(&sandbox);
    let mut surveyor = Surveyor::new(&address, &questions, None);
    surveyor.look();
    let survey = surveyor.survey();
    assert!(
        matches!(survey.processes, Processes::TooFast(_)),
        "{survey:?}"
    );
    assert!(survey.requests <= 12, "{survey:?}");
}

#[test]
fn nobody_is_asked_where_nobody_listens() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = [nobody.local_addr().expect("an address")];
    drop(nobody);
    let target = Target::parse("http://127.0.0.1:1").expect("a target");
    let questions = Questions::of(&target, "/openapi.json", "/health");
    let mut surveyor = Surveyor::new(&address, &questions, None);
    surveyor.look();
    let survey = surveyor.survey();
    assert_eq!((survey.processes, survey.requests), (Processes::Unknown, 0));
}
