//! The sandbox falls over: above its limit and not below it, with all that it was doing; connections
//! are refused while it is down, and it comes back with its data, or not at all.

use crate::sandbox_client::Client;
use shopblast::plan::Driver;
use shopblast::run::allowed_cpus;
use shopblast::sandbox::{
    FallsOver, ObservatoryConfig, Sandbox, SandboxConfig, SandboxMode, ServiceTime, ShopConfig,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
/// Nothing takes as long on a machine that works.
const GENEROUS: Duration = Duration::from_secs(60);

fn start(falls_over: FallsOver, threads: usize, driver: Driver, shop: ShopConfig) -> Sandbox {
    let cpus = allowed_cpus();
    Sandbox::start(&SandboxConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        mode: SandboxMode::Shop(ShopConfig {
            api_workers: threads,
            falls_over: Some(falls_over),
            ..shop
        }),
        cores: (0..threads)
            .map(|thread| cpus[thread % cpus.len()])
            .collect(),
        driver,
        ..SandboxConfig::default()
    })
    .unwrap()
}

/// Whether the server ends the connection; replies before that are skipped.
fn ends(client: &mut Client) -> bool {
    loop {
        match client.stream.read(&mut [0; 4 << 10]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::ConnectionReset,
        }
    }
}

/// A connection; `None` when it is refused.
fn connect(address: SocketAddr) -> Option<TcpStream> {
    loop {
        match TcpStream::connect(address).map_err(|error| error.kind()) {
            Ok(stream) => return Some(stream),
            Err(ErrorKind::ConnectionRefused) => return None,
            // It was waiting to be accepted when the shop fell.
            Err(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

fn is_refused(address: SocketAddr) -> bool {
    connect(address).is_none()
}

/// Sends requests, each on a connection of its own, until the shop has fallen over.
fn overload(address: SocketAddr) {
    let begun = Instant::now();
    let mut streams = Vec::new();
    while let Some(mut stream) = connect(address) {
        assert!(begun.elapsed() < GENEROUS, "it does not fall");
        // The shop may have fallen since.
        let _ = stream.write_all(HEALTH);
        streams.push(stream);
        if streams.len() > 200 {
            streams.clear();
        }
    }
}

/// Waits until the shop listens again.
fn wait_for_return(address: SocketAddr) {
    let begun = Instant::now();
    while is_refused(address) {
        assert!(begun.elapsed() < GENEROUS, "it does not come back");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn register(client: &mut Client, external_id: &str) -> u16 {
    client.write(registration(external_id).as_bytes());
    client.reply().status
}

fn registration(external_id: &str) -> String {
    let body = format!(
        r#"{{"external_id":"{external_id}","email":"a@b.co","first_name":"A","last_name":"B"}}"#
    );
    let length = body.len();
    format!("POST /customers HTTP/1.1\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[test]
fn above_its_limit_the_shop_dies_with_all_threads_and_can_be_stopped() {
    let forever = Duration::from_secs(3_600);
    for (driver, threads, back_after) in [
        (Driver::Uring, 1, None),
        (Driver::Epoll, 1, Some(forever)),
        (Driver::Uring, 2, Some(forever)),
        (Driver::Epoll, 2, None),
    ] {
        let falls_over = FallsOver {
            above: 50,
            back_after,
        };
        let sandbox = start(falls_over, threads, driver, ShopConfig::default());
        let address = sandbox.address();
        let mut clients: Vec<Client> = (0..25).map(|_| Client::connect(address)).collect();
        for _ in 0..2 {
            for client in &mut clients {
                client.write(HEALTH);
                assert_eq!(client.reply().status, 200, "the limit is not exceeded");
            }
        }
        overload(address);
        assert!(is_refused(address), "{driver:?}, {threads} threads");
        assert!(clients.iter_mut().all(ends), "connections are ended");
        assert!(is_refused(address), "it stays down");
        sandbox.stop();
        TcpListener::bind(address).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
    }
}

#[test]
fn the_shop_comes_back_with_its_data_and_falls_again() {
    for (driver, threads) in [
        (Driver::Uring, 1),
        (Driver::Epoll, 1),
        (Driver::Uring, 2),
        (Driver::Epoll, 2),
    ] {
        let falls_over = FallsOver {
            above: 80,
            back_after: Some(Duration::from_millis(300)),
        };
        let observatory = ObservatoryConfig {
            address: "127.0.0.1:0".parse().unwrap(),
            names: shopblast::sandbox::Names::Newer,
        };
        let shop = ShopConfig {
            observatory: Some(observatory),
            ..ShopConfig::default()
        };
        let sandbox = start(falls_over, threads, driver, shop);
        let address = sandbox.address();
        assert_eq!(register(&mut Client::connect(address), "EXT-1"), 201);
        for _ in 0..3 {
            overload(address);
            let observatory = sandbox.observatory_address().unwrap();
            assert!(!is_refused(observatory), "its own port stays");
            wait_for_return(address);
            let mut client = Client::connect(address);
            client.write(HEALTH);
            assert_eq!(client.reply().status, 200);
            assert_ne!(register(&mut client, "EXT-1"), 201, "it is remembered");
        }
    }
}

#[test]
fn what_was_in_service_or_waited_is_lost() {
    let falls_over = FallsOver {
        above: 5,
        back_after: Some(Duration::from_millis(100)),
    };
    let shop = ShopConfig {
        service: ServiceTime::Constant(300_000_000),
        ..ShopConfig::default()
    };
    let sandbox = start(falls_over, 1, Driver::Uring, shop);
    let address = sandbox.address();
    let ids: Vec<String> = (0..6).map(|number| format!("EXT-{number}")).collect();
    let mut clients: Vec<Client> = ids.iter().map(|_| Client::connect(address)).collect();
    for (client, id) in clients.iter_mut().zip(&ids) {
        // The machine may be so slow that the first is answered before the last is sent.
        let _ = client.stream.write_all(registration(id).as_bytes());
    }
    overload(address);
    let answered = clients.iter_mut().map(|client| {
        let received = client.stream.read(&mut [0; 4 << 10]);
        matches!(received, Ok(1..))
    });
    let answered: Vec<bool> = answered.collect();
    assert!(answered.contains(&false), "nothing was lost");
    wait_for_return(address);
    let mut client = Client::connect(address);
    for (id, answered) in ids.iter().zip(answered) {
        assert_eq!(register(&mut client, id) != 201, answered, "{id}");
    }
}
