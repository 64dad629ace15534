//! The hot path allocates nothing: a counting allocator watches the workers of whole runs, over
//! real sockets, in every way that requests can be due.

use crate::alone;
use crate::certificates::Authority;
use shopblast::engine::tls::TlsClient;
use shopblast::engine::{
    ArrivalConfig, ConnectionPositions, CookieHost, CookieJar, CookieRoom, CountingAllocator,
    CountingConfig, Described, EventSampling, Interruption, LoadConfig, PlacementConfig,
    PreparedHeads, Spread, TargetAddresses, TargetConfig, UserConfig, WorkerConfig, WorkerHandle,
    Workload, allocations, now_ns, work,
};
use shopblast::plan::{
    AddressChoice, ArrivalSchedule, Arrivals, ClassShare, Driver, EventSample, Load, Pacing, Plan,
    Stage, Target, TlsIdentity, TlsRoots, TlsSettings, UniqueNumbers, user_seed,
};
use shopblast::sandbox::{Sandbox, SandboxConfig, SandboxMode, ShopConfig, TlsServing};
use shopblast::shop::{Generation, ShopScript};
use shopblast::stats::{Collector, Phase, RunContext, Totals};
use shopblast::workload_file::{FileWorkload, read};
use std::sync::Arc;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const RUN_TIME: Duration = Duration::from_secs(4);
/// The first second, in which buffers, slabs and heaps find their size, counts as spawning.
const WARM_UP_US: u64 = 1_000_000;

fn plan(class: &str, users: u32, pacing: Pacing, target: Target) -> Plan {
    let stage = Stage {
        users,
        spawn_rate_per_s: f64::INFINITY,
        duration_us: RUN_TIME.as_micros() as u64,
    };
    let load = Load::closed(vec![stage], RUN_TIME).expect("a valid load");
    Plan {
        classes: vec![ClassShare {
            class: class.to_owned(),
            weight: 1,
        }],
        target,
        pacing,
        stop_timeout: Duration::from_secs(1),
        request_timeout: Duration::from_secs(5),
        cores: vec![shopblast::run::allowed_cpus()[0]],
        seed: 7,
        ..Plan::of_load(load, RUN_TIME)
    }
}

/// Runs one worker on the sandbox's shop.
fn run(
    class: &str,
    users: u32,
    pacing: Pacing,
    connections: Option<usize>,
    rate_per_s: Option<f64>,
) -> Totals {
    run_over(None, (class, users), pacing, connections, rate_per_s)
}

/// The same in HTTP/2.
fn run_in_http2(class: &str, connections: Option<usize>) -> Totals {
    run_in(true, None, (class, 16), Pacing::Max, connections, None)
}

/// The same over TLS.
fn run_over_tls(class: &str, connections: Option<usize>) -> Totals {
    let over = over_tls(&[b"http/1.1"]);
    run_over(Some(over), (class, 16), Pacing::Max, connections, None)
}

/// How a server speaks TLS, and a client that offers it these protocols.
fn over_tls(alpn: &[&[u8]]) -> (TlsServing, TlsClient) {
    let authority = Authority::new();
    let identity = authority.issue(&["127.0.0.1"]);
    let serving = TlsServing {
        identity: TlsIdentity {
            chain_pem: identity.chain_pem.into_bytes(),
            key_pem: identity.key_pem.into_bytes(),
        },
        client_ca_pem: None,
    };
    let settings = TlsSettings {
        roots: TlsRoots::Pem(authority.pem().as_bytes().to_vec()),
        ..TlsSettings::default()
    };
    let client = TlsClient::of(&settings, "127.0.0.1", alpn).expect("a client");
    (serving, client)
}

/// The same in HTTP/2 over TLS.
fn run_in_http2_over_tls(class: &str, connections: Option<usize>) -> Totals {
    let over = over_tls(&[b"h2"]);
    run_in(
        true,
        Some(over),
        (class, 16),
        Pacing::Max,
        connections,
        None,
    )
}

fn run_over(
    over: Option<(TlsServing, TlsClient)>,
    of: (&str, u32),
    pacing: Pacing,
    connections: Option<usize>,
    rate_per_s: Option<f64>,
) -> Totals {
    run_in(false, over, of, pacing, connections, rate_per_s)
}

fn run_in(
    http2: bool,
    over: Option<(TlsServing, TlsClient)>,
    (class, users): (&str, u32),
    pacing: Pacing,
    connections: Option<usize>,
    rate_per_s: Option<f64>,
) -> Totals {
    let _alone = alone();
    let (serving, client) = over.unzip();
    let sandbox = Sandbox::start(&SandboxConfig {
        address: ([127, 0, 0, 1], 0).into(),
        mode: SandboxMode::Shop(ShopConfig {
            generation: Generation::Five,
            retain: 100_000,
            ..ShopConfig::default()
        }),
        cores: Vec::new(),
        driver: Driver::Uring,
        tls: serving,
        ..SandboxConfig::default()
    })
    .expect("a sandbox");
    let mut target = Target::parse(&format!("http://{}", sandbox.address())).expect("a target");
    target.http2 = http2;
    let plan = plan(class, users, pacing, target);
    let script = ShopScript::new(&plan, Generation::Five).expect("a known class");
    totals_of(script, &plan, sandbox, client, (connections, rate_per_s))
}

/// Carries `script` out on one worker.
fn totals_of<S: Described>(
    script: S,
    plan: &Plan,
    sandbox: Sandbox,
    client: Option<TlsClient>,
    (connections, rate_per_s): (Option<usize>, Option<f64>),
) -> Totals {
    let (mut handovers, inbox) = Collector::channels(1, script.shape());
    let (events, _followed) = EventSampling::new(EventSample::Share(1.0), 1);
    let (ready_sender, ready) = crossbeam_channel::bounded(1);
    let (start_sender, start) = crossbeam_channel::bounded(1);
    let config = WorkerConfig {
        clearance: None,
        place: PlacementConfig {
            position: 0,
            cpu: plan.cores[0],
            driver: plan.driver,
        },
        target: TargetConfig {
            addresses: Arc::new(TargetAddresses::new(
                &[sandbox.address().into()],
                AddressChoice::All,
            )),
            positions: ConnectionPositions::default(),
            heads: Arc::new(PreparedHeads::new(script.steps(), &plan.target).expect("valid paths")),
            opened: Spread::default(),
            questions: None,
            max_body_bytes: plan.max_body_bytes,
            request_timeout: plan.request_timeout,
            tls: client,
            http2: plan.target.http2,
        },
        load: LoadConfig {
            users: (0..plan.max_users())
                .map(|index| UserConfig {
                    index,
                    class: 0,
                    wait: script.wait_of(0),
                    seed: user_seed(plan.seed, index),
                    unique: UniqueNumbers::of_user(index),
                    activity: plan.load.activity(index),
                })
                .collect(),
            load_schedule: None,
            arrivals: rate_per_s.map(|rate_per_s| ArrivalConfig {
                schedule: ArrivalSchedule::new(plan.seed, rate_per_s, Arrivals::Poisson, 0, 1),
                seed: plan.seed,
                longest_wait: plan.request_timeout,
            }),
            connections,
            run_time: plan.run_time,
            stop_timeout: plan.stop_timeout,
        },
        counts: CountingConfig {
            rows: script.rows(),
            race_rows: script.race_rows(),
            shape: script.shape(),
            failures: plan.failures,
            events: Some(events),
        },
        handover: handovers.remove(0),
    };
    let context = RunContext {
        names: script.names(),
        raises: script.raises(),
        tags: script.tags(),
        journeys: script.journeys(),
        races: Vec::new(),
        rules: &[],
        cpus: plan.cores.clone(),
        spawned_us: WARM_UP_US,
        run_time_us: RUN_TIME.as_micros() as u64,
        excursion: None,
        failures: shopblast::plan::FailureRule::Default,
        paced: plan.pacing == Pacing::Class,
        user_shares: Vec::new(),
        thresholds: Vec::new(),
        observed: shopblast::stats::ObservedTable::default(),
        live: shopblast::stats::LiveContext::default(),
    };
    let handle = WorkerHandle {
        ready: ready_sender,
        start,
        interruption: Arc::new(Interruption::default()),
    };
    let shared = Arc::new(script);
    let worker = std::thread::spawn(move || work(&shared, config, &handle));
    ready.recv().expect("an answer").expect("a ready worker");
    start_sender.send(now_ns()).expect("a waiting worker");
    let merged = inbox.run(context, Vec::new());
    worker.join().expect("no panic");
    sandbox.stop();
    merged.totals
}

#[track_caller]
fn assert_no_steady_allocation(totals: &Totals) {
    let steady = totals.phase(Phase::Steady);
    assert!(
        steady.all.requests() > 50,
        "{} requests",
        steady.all.requests()
    );
    assert_eq!(totals.all.failures(totals.context.failures), 0);
    assert_eq!(
        steady.health.allocations,
        0,
        "in {} requests",
        steady.all.requests()
    );
}

#[test]
fn a_flood_allocates_nothing() {
    assert_no_steady_allocation(&run("SpikeUser", 16, Pacing::Max, None, None));
}

#[test]
fn whole_journeys_allocate_nothing() {
    assert_no_steady_allocation(&run("IdentityUser", 16, Pacing::Max, None, None));
}

#[test]
fn paced_users_allocate_nothing() {
    assert_no_steady_allocation(&run("SpikeUser", 16, Pacing::Class, None, None));
}

#[test]
fn shared_connections_allocate_nothing() {
    assert_no_steady_allocation(&run("SpikeUser", 16, Pacing::Max, Some(4), None));
}

#[test]
fn arrivals_allocate_nothing() {
    assert_no_steady_allocation(&run("IdentityUser", 16, Pacing::Max, None, Some(200.0)));
}

/// Races of a user against itself, with the ledger.
#[test]
fn races_allocate_nothing() {
    assert_no_steady_allocation(&run("RaceAuditUser", 16, Pacing::Max, None, None));
}

/// Races of all users at one moment.
#[test]
fn rounds_of_a_crowd_allocate_nothing() {
    assert_no_steady_allocation(&run("FlashSaleUser", 16, Pacing::Max, None, None));
}

/// What a user with cookies does beside all that: heads get a line, and replies are looked through.
#[test]
fn cookies_allocate_nothing() {
    let target = Target::parse("http://shop.test").expect("a target");
    let host = CookieHost::of(&target);
    let mut jar = CookieJar::new(CookieRoom::default());
    let request = b"GET /members/basket HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 0\r\n\r\n";
    let replies: Vec<String> = (0..100)
        .map(|turn| {
            format!(
                "HTTP/1.1 200 OK\r\ndate: Wed, 21 Oct 2015 07:28:00 GMT\r\n\
                 set-cookie: session=s-{turn}; Path=/; HttpOnly\r\n\
                 set-cookie: n{}={turn}; Expires=Wed, 21 Oct 2015 07:28:{:02} GMT\r\n\r\n",
                turn % 23,
                turn % 60
            )
        })
        .collect();
    let mut out = Vec::with_capacity(8 << 10);
    let mut bytes = 0;
    let before = allocations();
    for (turn, reply) in (0_u64..).zip(replies.iter().cycle().take(10_000)) {
        out.clear();
        out.extend_from_slice(request);
        jar.append(&host, turn * 100_000_000, &mut out, 0);
        jar.note(&host, reply.as_bytes(), turn * 100_000_000);
        bytes += out.len();
    }
    assert_eq!(allocations(), before);
    assert!(bytes > 10_000 * (request.len() + "cookie: session=s-1\r\n".len()));
}

/// Rows, sums, counters and checks of a workload file.
#[test]
fn a_workload_file_with_data_of_its_own_allocates_nothing() {
    const FILE: &str = r#"
name = "data"
[data.accounts]
rows = [{ email = "a@b.c", n = 1 }, { email = "d \"e\"@f.g", n = 20 }, { email = "h", n = 3 }]
[data.words]
rows = [{ word = "ä/ö" }, { word = "plain" }]
order = "random"
[operations.order]
request = "POST /orders/{words.word}?n={$zipf 100}&sum={$sum accounts.n*3}"
headers = { x-who = "{accounts.email}" }
json = { email = "{accounts.email}", n = "{accounts.n}", total = "{$sum /lines q*p}", owed = "{$sum /lines q*n}", due = "{$sum accounts.n*many - 0.05}", count = "{$counter 1}", lines = [{ "$repeat" = "1..4", q = "{$int 1..5}", p = "{$price 1..99}", n = "{accounts.n}" }] }
draw = { many = "{$int 1..9}" }
check = { "/customer_id" = { exists = true }, body = { matches = '"[a-z_]+": *"?[0-9a-f-]+' }, "header content-type" = { contains = "json" }, size = "2..1000" }
read = { id = "/customer_id" }
[operations.again]
request = "PUT /orders/{id}"
text = "{accounts.email}"
check = { "/customer_id" = "{id}" }
[journeys.buy]
steps = ["order", { call = "again", repeat = 2 }]
"#;
    let _alone = alone();
    let model = read(FILE, "data.toml").expect("sound");
    let workload = FileWorkload::new(&model);
    let sandbox = Sandbox::start(&SandboxConfig {
        mode: SandboxMode::Fixed,
        ..SandboxConfig::default()
    })
    .expect("a sandbox");
    let target = Target::parse(&format!("http://{}", sandbox.address())).expect("a target");
    let plan = plan("User", 16, Pacing::Max, target);
    let script = workload.script(&plan, &workload.presumed());
    let script = script.expect("a known class");
    let totals = totals_of(script, &plan, sandbox, None, (None, None));
    assert_no_steady_allocation(&totals);
}

/// Requests sealed where they stand, replies opened where they came.
#[test]
fn nothing_is_allocated_over_tls() {
    for (class, connections) in [
        ("IdentityUser", None),
        ("SpikeUser", Some(4)),
        ("RaceAuditUser", None),
        ("FlashSaleUser", None),
    ] {
        let totals = run_over_tls(class, connections);
        assert!(totals.counters.handshakes_full > 0);
        assert_no_steady_allocation(&totals);
    }
}

/// Streams opened, heads said in HPACK, replies taken from frames.
#[test]
fn nothing_is_allocated_in_http2() {
    for (class, connections) in [
        ("IdentityUser", None),
        ("SpikeUser", Some(4)),
        ("RaceAuditUser", None),
        ("FlashSaleUser", None),
    ] {
        assert_no_steady_allocation(&run_in_http2(class, connections));
    }
    assert_no_steady_allocation(&run_in_http2_over_tls("SpikeUser", Some(4)));
}
