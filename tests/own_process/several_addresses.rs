//! Runs against a name that has several addresses, each with a server of its own, or with none. No
//! name is looked up anywhere: the runs bring their own answers.

use crate::alone;
use crate::coupon_workload::CouponShop;
use crate::whole_request::is_complete;
use shopblast::engine::Subject;
use shopblast::plan::{
    AddressChoice, ClassShare, Driver, Load, Pacing, Plan, RunId, Stage, Target,
};
use shopblast::record::RunRecord;
use shopblast::run::{self, Output, Resolver, RunControl, RunRequest};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A server at one address. Its threads end with the test's process.
struct Server {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    requests: AtomicU64,
    racers: AtomicU64,
    /// It accepts no more, and closes each connection at its next request.
    has_left: AtomicBool,
}

impl Server {
    fn serve(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("an address");
        let counts = Arc::<Counts>::default();
        let seen = Arc::clone(&counts);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if seen.has_left.load(Ordering::Relaxed) {
                    return;
                }
                seen.connections.fetch_add(1, Ordering::Relaxed);
                let seen = Arc::clone(&seen);
                thread::spawn(move || seen.answer(stream));
            }
        });
        Self { address, counts }
    }

    /// Closes what is open, and refuses from now on.
    fn leave(&self) {
        self.counts.has_left.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }

    fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }

    fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }
}

impl Counts {
    fn answer(&self, mut stream: TcpStream) {
        static CARTS: AtomicU64 = AtomicU64::new(0);
        let (mut came, mut piece) = (Vec::new(), [0; 4_096]);
        loop {
            let Ok(read @ 1..) = stream.read(&mut piece) else {
                return;
            };
            came.extend_from_slice(&piece[..read]);
            if !is_complete(&came) {
                continue;
            }
            if self.has_left.load(Ordering::Relaxed) {
                return;
            }
            let line = String::from_utf8_lossy(&came);
            let line = line.lines().next().unwrap_or_default();
            let is_coupon = line.contains("/coupons ");
            let status = match is_coupon || line.contains("/items ") {
                true => 200,
                false => 201,
            };
            came.clear();
            self.requests.fetch_add(1, Ordering::Relaxed);
            self.racers.fetch_add(is_coupon.into(), Ordering::Relaxed);
            let cart = CARTS.fetch_add(1, Ordering::Relaxed);
            let body = format!("{{\"cart_id\":\"cart-{cart}\"}}");
            let reply = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            if stream.write_all(reply.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Servers at these addresses, all on one port, which nobody has at the other addresses.
fn servers(hosts: &[&str]) -> Vec<Server> {
    let hosts: Vec<IpAddr> = hosts.iter().map(|it| it.parse().expect("a host")).collect();
    for _ in 0..100 {
        let first = TcpListener::bind((hosts[0], 0)).expect("a free port");
        let port = first.local_addr().expect("an address").port();
        let others = hosts[1..]
            .iter()
            .map(|&host| TcpListener::bind((host, port)));
        if let Ok(others) = others.collect::<Result<Vec<TcpListener>, _>>() {
            return std::iter::once(first)
                .chain(others)
                .map(Server::serve)
                .collect();
        }
    }
    panic!("no port that is free at all of these addresses");
}

/// A run of so many users at the name shop.test, which has the addresses that `resolver` gives.
fn request(
    (class, users): (&str, u32),
    seconds: u64,
    addresses: AddressChoice,
    resolver: Resolver,
) -> (RunRequest, tempfile::TempDir) {
    static NEXT_RUN: AtomicU64 = AtomicU64::new(1);
    let results = tempfile::tempdir().expect("a directory");
    let run_time = Duration::from_secs(seconds);
    let stage = Stage {
        users,
        spawn_rate_per_s: f64::INFINITY,
        duration_us: run_time.as_micros() as u64,
    };
    let plan = Plan {
        classes: vec![ClassShare {
            class: class.to_owned(),
            weight: 1,
        }],
        target: Target::parse("http://shop.test:80").expect("a target"),
        addresses,
        pacing: Pacing::Max,
        cores: run::allowed_cpus().into_iter().take(2).collect(),
        run_id: RunId::new(NEXT_RUN.fetch_add(1, Ordering::Relaxed), 5, 5),
        request_timeout: Duration::from_secs(5),
        ..Plan::of_load(
            Load::closed(vec![stage], run_time).expect("a load"),
            run_time,
        )
    };
    let request = RunRequest {
        output: Output {
            results: results.path().to_owned(),
            quiet: true,
            ..Output::default()
        },
        preflight: false,
        resolver,
        ..RunRequest::of_plan(plan, Subject::new(CouponShop))
    };
    (request, results)
}

fn carried_out(request: &RunRequest) -> RunRecord {
    let control = RunControl::new(request);
    let finished = run::carry_out(request, "test".to_owned(), &control, &mut []);
    finished.expect("a run").record
}

fn always(addresses: Vec<SocketAddr>) -> Resolver {
    Resolver::new(move |_, _| Ok(addresses.clone()))
}

fn at(host: &str, port: u16) -> SocketAddr {
    SocketAddr::new(host.parse().expect("a host"), port)
}

/// What the record says of `address`: connections and requests.
fn recorded(record: &RunRecord, address: SocketAddr) -> Option<(u64, u64)> {
    let addresses = &record.target.as_ref().expect("a target").addresses;
    let address = address.to_string();
    let of_address = addresses.iter().find(|it| it.address == address);
    of_address.map(|it| (it.connections, it.requests))
}

fn refused(record: &RunRecord, address: SocketAddr) -> u64 {
    let refused = &record.connections.refused_addresses;
    let address = address.to_string();
    let of_address = refused.iter().find(|it| it.address == address);
    of_address.map_or(0, |it| it.count)
}

#[test]
fn connections_go_round_the_addresses_that_accept_and_the_record_says_how() {
    let _alone = alone();
    for driver in [Driver::Uring, Driver::Epoll] {
        let servers = servers(&["127.0.0.1", "127.0.0.2"]);
        let port = servers[0].address.port();
        let down = at("127.0.0.3", port);
        let all = vec![servers[0].address, down, servers[1].address];
        let (mut request, _results) = request(("Shopper", 12), 2, AddressChoice::All, always(all));
        request.plan.driver = driver;
        let record = carried_out(&request);
        assert_eq!(record.totals.unknown, 0, "{:?}", record.errors);
        assert_eq!(record.connections.failed, 0);
        let mut shares = 0.0;
        for server in &servers {
            assert_eq!(server.connections(), 6, "as many here as there");
            let seen = (server.connections(), server.requests());
            assert_eq!(recorded(&record, server.address), Some(seen));
            shares += server.requests() as f64 / record.totals.requests as f64;
        }
        assert!((shares - 1.0).abs() < 1e-9, "{shares}");
        assert_eq!(recorded(&record, down), None);
        assert!(refused(&record, down) > 0);
    }
}

#[test]
fn with_first_all_connections_go_to_the_first_address_that_accepts() {
    let _alone = alone();
    let servers = servers(&["127.0.0.1", "127.0.0.2"]);
    let down = at("127.0.0.3", servers[0].address.port());
    let all = vec![down, servers[1].address, servers[0].address];
    let (request, _results) = request(("Shopper", 6), 1, AddressChoice::First, always(all));
    let record = carried_out(&request);
    assert_eq!((servers[0].connections(), servers[1].connections()), (0, 6));
    assert_eq!(
        recorded(&record, servers[1].address),
        Some((6, servers[1].requests()))
    );
    assert!(refused(&record, down) > 0);
}

#[test]
fn racers_of_a_race_are_at_every_address() {
    let _alone = alone();
    let servers = servers(&["127.0.0.1", "127.0.0.2"]);
    let all = servers.iter().map(|server| server.address).collect();
    let (request, _results) = request(("Cheat", 4), 2, AddressChoice::All, always(all));
    let record = carried_out(&request);
    assert!(record.races[0].count > 0);
    let racers = servers
        .iter()
        .map(|server| server.counts.racers.load(Ordering::Relaxed));
    let racers: Vec<u64> = racers.collect();
    assert_eq!(racers[0], racers[1], "one of two here, the other there");
    for server in &servers {
        let seen = (server.connections(), server.requests());
        assert_eq!(recorded(&record, server.address), Some(seen));
    }
}

#[test]
fn a_name_that_leads_elsewhere_is_followed_when_connections_have_to_be_replaced() {
    let _alone = alone();
    let servers = servers(&["127.0.0.1", "127.0.0.2"]);
    let [old, new] = [servers[0].address, servers[1].address];
    let lookups = Arc::new(AtomicU64::new(0));
    let now = Arc::new(Mutex::new(old));
    let (counted, answer) = (Arc::clone(&lookups), Arc::clone(&now));
    let resolver = Resolver::new(move |host, port| {
        assert_eq!((host, port), ("shop.test", 80));
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(vec![*answer.lock().expect("a lock")])
    });
    let (request, _results) = request(("Shopper", 4), 4, AddressChoice::All, resolver);
    let record = thread::scope(|scope| {
        let run = scope.spawn(|| carried_out(&request));
        while servers[0].requests() < 100 {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(
            lookups.load(Ordering::Relaxed),
            1,
            "nothing had to be replaced"
        );
        *now.lock().expect("a lock") = new;
        servers[0].leave();
        run.join().expect("a run")
    });
    assert!(servers[1].requests() > 0, "{}", record.verdict);
    assert_eq!(
        recorded(&record, new),
        Some((servers[1].connections(), servers[1].requests()))
    );
    // Once before the run, and at most once a second in it.
    let lookups = lookups.load(Ordering::Relaxed);
    assert!((2..=6).contains(&lookups), "{lookups}");
}

#[test]
fn a_server_at_127_0_0_1_alone_is_enough_for_a_name_that_has_both_loopback_addresses() {
    let _alone = alone();
    let servers = servers(&["127.0.0.1"]);
    let both = vec![at("::1", servers[0].address.port()), servers[0].address];
    let (request, _results) = request(("Shopper", 5), 1, AddressChoice::All, always(both.clone()));
    let record = carried_out(&request);
    assert_eq!(servers[0].connections(), 5);
    assert_eq!((record.totals.unknown, record.connections.failed), (0, 0));
    assert_eq!(recorded(&record, both[1]), Some((5, servers[0].requests())));
    assert!(refused(&record, both[0]) > 0);
}
