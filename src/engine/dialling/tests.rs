//! Connections to Unix sockets and from addresses of this machine, and what is told where there are none.

use super::*;
use crate::engine::net::ByteStream;
use crate::engine::runtime::{Runtime, spawn};
use crate::plan::Driver;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixDatagram, UnixListener};

const DRIVERS: [Driver; 3] = [Driver::Uring, Driver::PlainUring, Driver::Epoll];
const PATIENCE: Duration = Duration::from_secs(20);

fn socket_in(directory: &tempfile::TempDir, name: &str) -> (SocketPath, Route) {
    let path = directory.path().join(name);
    let path = SocketPath::parse(path.to_str().unwrap()).unwrap();
    (path, PeerAddress::Unix(path).into())
}

fn from(interfaces: &[&str], to: SocketAddr) -> Route {
    let interfaces = Interfaces::parse(interfaces.iter().copied()).unwrap();
    interfaces.route_to(to.into()).unwrap()
}

/// Does `work` with a connection of each driver's runtime.
fn on_every_runtime(route: &Route, work: impl AsyncFn(io::Result<Tcp>)) {
    for driver in DRIVERS {
        let mut runtime = Runtime::beside_another(driver, 16).unwrap();
        runtime.block_on(async {
            let pacer = Pacer::start(4).unwrap();
            work(dial_beside(route, 0, &pacer).await).await;
            pacer.stop().await;
        });
    }
}

/// Sends a word and hears it again.
async fn is_echoed(opened: io::Result<Tcp>) {
    let mut stream = opened.unwrap();
    assert_eq!(stream.send(b"ping".to_vec()).await.0.unwrap(), 4);
    let (received, bytes) = stream.receive(Vec::with_capacity(64)).await;
    assert_eq!((received.unwrap(), &bytes[..]), (4, &b"ping"[..]));
}

fn echo(mut stream: impl Read + Write) {
    let mut word = [0; 4];
    stream.read_exact(&mut word).unwrap();
    stream.write_all(&word).unwrap();
}

#[test]
fn a_unix_socket_is_a_stream_like_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let (path, route) = socket_in(&directory, "shop.sock");
    let listener = UnixListener::bind(path.as_str()).unwrap();
    let serving = std::thread::spawn(move || {
        (0..=DRIVERS.len()).for_each(|_| echo(listener.accept().unwrap().0));
    });
    on_every_runtime(&route, is_echoed);
    let mut stream = dial(&route, 0, PATIENCE).unwrap();
    prepare_stream(&stream).unwrap();
    stream.write_all(b"ping").unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read_exact(&mut [0; 4]).unwrap();
    serving.join().unwrap();
}

#[test]
fn room_in_the_queue_of_a_unix_socket_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let (path, route) = socket_in(&directory, "shop.sock");
    let socket = new_socket(AddressFamily::UNIX, SocketFlags::empty()).unwrap();
    bind(&socket, &SocketAddrUnix::new(path.as_str()).unwrap()).unwrap();
    rustix::net::listen(&socket, 0).unwrap();
    let listener = UnixListener::from(socket);
    for driver in DRIVERS {
        let first = dial(&route, 0, PATIENCE).unwrap();
        let error = dial(&route, 0, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains("queue is full"), "{error}");
        let mut runtime = Runtime::beside_another(driver, 16).unwrap();
        runtime.block_on(async {
            let pacer = Pacer::start(4).unwrap();
            let (route, beside) = (route.clone(), pacer.clone());
            let second = spawn(async move { dial_beside(&route, 0, &beside).await });
            pacer.until(now_ns() + 5 * QUEUE_LOOK_NS).await;
            drop(listener.accept().unwrap());
            assert!(second.join().await.is_ok());
            drop(listener.accept().unwrap());
            pacer.stop().await;
        });
        drop(first);
    }
}

#[test]
fn each_way_to_have_no_unix_socket_is_told_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let says = |name: &str| {
        let (_, route) = socket_in(&directory, name);
        dial(&route, 0, PATIENCE).unwrap_err().to_string()
    };
    let at = |name: &str| directory.path().join(name);
    drop(UnixListener::bind(at("left")).unwrap());
    std::fs::write(at("file"), "").unwrap();
    let _datagrams = UnixDatagram::bind(at("datagrams")).unwrap();
    for (name, expected) in [
        ("none", "there is no socket at this path"),
        ("left", "no server listens on it any more"),
        ("file", "what is at this path is no socket"),
        (".", "what is at this path is no socket"),
        ("datagrams", "of another type than a stream"),
    ] {
        let said = says(name);
        assert!(said.contains(expected), "{name}: {said}");
    }
    let (path, route) = socket_in(&directory, "left");
    let denied = explained(io::ErrorKind::PermissionDenied.into(), &path).to_string();
    assert!(
        denied.contains("allowed to write to the socket"),
        "{denied}"
    );
    on_every_runtime(&route, async |opened| {
        assert_eq!(
            opened.err().unwrap().kind(),
            io::ErrorKind::ConnectionRefused
        );
    });
}

#[test]
fn connections_come_from_the_addresses_and_interfaces_that_were_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let peer = |expected: &str| {
        let (stream, peer) = listener.accept().unwrap();
        assert_eq!(peer.ip().to_string(), expected);
        echo(stream);
    };
    let two = from(&["127.0.0.2", "127.0.0.3"], address);
    for (turn, expected) in [(0, "127.0.0.2"), (1, "127.0.0.3"), (2, "127.0.0.2")] {
        let mut stream = dial(&two, turn, PATIENCE).unwrap();
        stream.write_all(b"ping").unwrap();
        peer(expected);
        stream.read_exact(&mut [0; 4]).unwrap();
    }
    std::thread::scope(|scope| {
        let serving = scope.spawn(|| {
            (0..DRIVERS.len()).for_each(|_| peer("127.0.0.2"));
            (0..DRIVERS.len()).for_each(|_| peer("127.0.0.1"));
        });
        on_every_runtime(&two, is_echoed);
        on_every_runtime(&from(&["lo"], address), is_echoed);
        serving.join().unwrap();
    });
    drop(listener);
    let error = dial(&two, 0, PATIENCE).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    on_every_runtime(&two, async |opened| {
        assert_eq!(
            opened.err().unwrap().kind(),
            io::ErrorKind::ConnectionRefused
        );
    });
}

#[test]
fn one_address_of_ours_has_as_many_ports_for_each_of_theirs() {
    let listeners = ["127.0.0.1:0", "127.0.0.4:0"].map(|at| TcpListener::bind(at).unwrap());
    let [first, second] = listeners.each_ref().map(|it| it.local_addr().unwrap());
    // As many as there are ports would take long: what is asked for is that the port is not taken
    // before the other end is known, which the kernel tells by none.
    let stream = begin_from(first, &Interface::parse("127.0.0.2").unwrap()).unwrap();
    let socket = new_socket(AddressFamily::INET, SocketFlags::empty()).unwrap();
    set_option(
        &socket,
        libc::IPPROTO_IP,
        libc::IP_BIND_ADDRESS_NO_PORT,
        &1_i32.to_ne_bytes(),
    )
    .unwrap();
    bind(&socket, &SocketAddr::from(([127, 0, 0, 2], 0))).unwrap();
    let unbound = TcpStream::from(socket);
    assert_eq!(unbound.local_addr().unwrap().port(), 0);
    connect(&unbound, &second).unwrap();
    assert_ne!(unbound.local_addr().unwrap().port(), 0);
    assert_ne!(stream.local_addr().unwrap().port(), 0);
}

#[test]
fn what_this_machine_does_not_have_is_told_with_what_it_has() {
    let check = |text: &str| check_interfaces(&Interfaces::parse([text]).unwrap());
    for text in ["lo", "127.0.0.2", "::1"] {
        assert!(check(text).is_ok(), "{text}");
    }
    for (text, what) in [
        ("nosuch0", "no such interface"),
        ("192.0.2.1", "no such address"),
    ] {
        let said = check(text).unwrap_err().to_string();
        assert!(said.starts_with(&format!("--interface {text}: ")), "{said}");
        assert!(
            said.contains(what) && said.contains("lo (127.0.0.1"),
            "{said}"
        );
    }
}
