//! The sandbox over TLS, asked by rustls: who is let in, what is resumed, how it is ended, and that
//! clients who do not speak it disturb nobody.

use crate::certificates::Authority;
use crate::sandbox_client::{Reply, read_reply};
use crate::wires::{secured, serving, shown, trusting};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, StreamOwned};
use shopblast::engine::tls::{client_config, provider};
use shopblast::plan::TlsSettings;
use shopblast::sandbox::{
    Names, ObservatoryConfig, Sandbox, SandboxConfig, SandboxMode, ShopConfig, TlsServing,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
const CLOSING: &[u8] = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

type Secured = StreamOwned<ClientConnection, TcpStream>;

struct Served {
    sandbox: Sandbox,
    authority: Authority,
}

impl Served {
    fn start(mode: SandboxMode) -> Self {
        Self::start_with(mode, |_, tls| tls)
    }

    fn start_with(
        mode: SandboxMode,
        change: impl FnOnce(&Authority, TlsServing) -> TlsServing,
    ) -> Self {
        let authority = Authority::new();
        let tls = serving(&authority.issue(&["127.0.0.1"]));
        let tls = change(&authority, tls);
        let sandbox = Sandbox::start(&SandboxConfig {
            mode,
            tls: Some(tls),
            ..SandboxConfig::default()
        })
        .unwrap();
        assert_eq!(sandbox.scheme(), "https");
        Self { sandbox, authority }
    }

    fn client(&self, alpn: &[&[u8]]) -> Arc<ClientConfig> {
        Arc::new(client_config(&trusting(&self.authority), alpn).unwrap())
    }

    fn connect(&self, config: &Arc<ClientConfig>) -> Secured {
        secured(self.sandbox.address(), config)
    }
}

fn shop() -> SandboxMode {
    SandboxMode::Shop(ShopConfig::default())
}

fn asked(stream: &mut Secured, request: &[u8]) -> Reply {
    stream.write_all(request).unwrap();
    read_reply(stream, &mut Vec::new(), "GET")
}

/// What the server says before it ends the connection, and whether it said goodbye.
fn farewell(stream: &mut Secured) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => rest.is_empty(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
            false
        }
    }
}

#[test]
fn every_version_and_both_modes_are_spoken() {
    for (mode, status) in [(shop(), 200), (SandboxMode::Fixed, 201)] {
        let served = Served::start(mode);
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let config = only(&served, version);
            let mut stream = served.connect(&config);
            assert_eq!(asked(&mut stream, HEALTH).status, status);
            assert_eq!(stream.conn.protocol_version(), Some(version.version));
            assert_eq!(stream.conn.alpn_protocol(), None);
        }
        let mut stream = served.connect(&served.client(&[b"http/1.1"]));
        assert_eq!(asked(&mut stream, HEALTH).status, status);
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    }
}

fn only(served: &Served, version: &'static rustls::SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    let pem = served.authority.pem().as_bytes();
    let certificate = rustls::pki_types::pem::PemObject::from_pem_slice(pem).unwrap();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

#[test]
fn sessions_are_resumed_in_every_version() {
    let served = Served::start(shop());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = only(&served, version);
        let kinds = [(); 3].map(|()| {
            let mut stream = served.connect(&config);
            asked(&mut stream, HEALTH);
            stream.conn.handshake_kind().unwrap()
        });
        let (full, resumed) = (HandshakeKind::Full, HandshakeKind::Resumed);
        assert_eq!(kinds, [full, resumed, resumed], "{version:?}");
    }
}

#[test]
fn a_goodbye_is_said_before_a_connection_ends() {
    for mode in [
        shop(),
        SandboxMode::Shop(ShopConfig {
            keepalive_requests: Some(1),
            ..ShopConfig::default()
        }),
    ] {
        let served = Served::start(mode);
        let config = served.client(&[b"http/1.1"]);
        let mut stream = served.connect(&config);
        let reply = asked(&mut stream, CLOSING);
        assert_eq!(reply.field("connection"), Some("close"));
        assert!(farewell(&mut stream));
        // Of one who has been idle for too long as well.
        let mut stream = served.connect(&config);
        asked(&mut stream, HEALTH);
        assert!(farewell(&mut stream));
        // And of one who is there when the sandbox stops.
        let mut stream = served.connect(&config);
        asked(&mut stream, CLOSING);
        served.sandbox.stop();
        assert!(farewell(&mut stream));
    }
}

#[test]
fn who_does_not_speak_tls_disturbs_nobody() {
    let served = Served::start(shop());
    let address = served.sandbox.address();
    let config = served.client(&[b"http/1.1"]);
    let mut steady = served.connect(&config);
    asked(&mut steady, HEALTH);

    // Says nothing, or the beginning of something.
    let _silent = TcpStream::connect(address).unwrap();
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(b"\x16\x03\x01\x02\x00\x01\x00").unwrap();
    assert_eq!(asked(&mut steady, HEALTH).status, 200);

    // Something else: an alert (RFC 8446 §6) where TLS has one for it, and the end.
    for (garbage, is_told) in [
        (HEALTH, true),
        (b"\x16\x03\x01\x00\x04aaaa", false),
        (&[0xff; 3_000], false),
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(garbage).unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).unwrap();
        assert!(
            said.first().map_or(!is_told, |kind| *kind == 21),
            "{said:?}"
        );
        assert_eq!(asked(&mut steady, HEALTH).status, 200);
    }

    // Leaves in the middle.
    let name = shopblast::engine::tls::server_name("127.0.0.1").unwrap();
    let mut hello = ClientConnection::new(Arc::clone(&config), name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    hello.write_tls(&mut stream).unwrap();
    drop(stream);

    // Trusts somebody else, or speaks something else over it.
    let stranger = client_config(&trusting(&Authority::new()), &[]).unwrap();
    let foreign = served.client(&[b"spdy/1"]);
    for (config, says) in [
        (Arc::new(stranger), "invalid peer certificate"),
        (foreign, "NoApplicationProtocol"),
    ] {
        let mut stream = served.connect(&config);
        let error = stream.write_all(HEALTH).and_then(|()| stream.flush());
        let error = error
            .err()
            .unwrap_or_else(|| stream.read(&mut [0]).unwrap_err());
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(asked(&mut steady, HEALTH).status, 200);
}

/// Ten seconds, as long as a handshake may take.
#[test]
fn who_never_comes_to_the_point_is_shown_out() {
    let served = Served::start(shop());
    let mut silent = TcpStream::connect(served.sandbox.address()).unwrap();
    silent.write_all(b"\x16\x03\x01").unwrap();
    let patience = Some(Duration::from_secs(60));
    silent.set_read_timeout(patience).unwrap();
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn only_clients_with_the_right_certificate_come_in_where_one_is_asked_for() {
    let clients = Authority::new();
    let served = Served::start_with(shop(), |_, tls| TlsServing {
        client_ca_pem: Some(clients.pem().as_bytes().to_vec()),
        ..tls
    });
    let settings = |of: Option<&Authority>| TlsSettings {
        identity: of.map(|authority| shown(&authority.issue(&["client"]))),
        ..trusting(&served.authority)
    };
    let config = |settings| Arc::new(client_config(&settings, &[]).unwrap());
    let mut known = served.connect(&config(settings(Some(&clients))));
    assert_eq!(asked(&mut known, HEALTH).status, 200);
    for (identity, says) in [
        (settings(None), "CertificateRequired"),
        (settings(Some(&Authority::new())), "DecryptError"),
    ] {
        let mut stream = served.connect(&config(identity));
        let error = stream.write_all(HEALTH).err();
        let error = error.unwrap_or_else(|| stream.read(&mut [0]).unwrap_err());
        let said = error.to_string();
        let is_unknown = said.contains("UnknownCA") || said.contains("UnknownIssuer");
        assert!(said.contains(says) || is_unknown, "{said}");
    }
    assert_eq!(asked(&mut known, HEALTH).status, 200);
}

#[test]
fn the_observatory_and_redirects_speak_it_too() {
    let any_port: SocketAddr = ([127, 0, 0, 1], 0).into();
    let served = Served::start(SandboxMode::Shop(ShopConfig {
        observatory: Some(ObservatoryConfig {
            address: any_port,
            names: Names::Today,
        }),
        ..ShopConfig::default()
    }));
    let config = served.client(&[b"http/1.1"]);
    let observatory = served.sandbox.observatory_address().unwrap();
    let mut stream = secured(observatory, &config);
    let metrics = asked(&mut stream, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(metrics.body.contains("protean_outbox_messages"));
    let closing = b"GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(asked(&mut stream, closing).status, 200);
    assert!(farewell(&mut stream));
    let mut stream = TcpStream::connect(observatory).unwrap();
    stream.write_all(HEALTH).unwrap();
    let mut alert = [0; 1];
    stream.read_exact(&mut alert).unwrap();
    assert_eq!(alert, [21]);

    let mut stream = served.connect(&config);
    let reply = asked(
        &mut stream,
        b"GET /health/ HTTP/1.1\r\nHost: shop.test\r\n\r\n",
    );
    assert_eq!(reply.field("location"), Some("https://shop.test/health"));
}

#[test]
fn replies_larger_than_a_record_arrive_whole() {
    let served = Served::start(shop());
    let mut stream = served.connect(&served.client(&[b"http/1.1"]));
    let reply = asked(
        &mut stream,
        b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    assert!(reply.body.len() > 64 << 10, "{}", reply.body.len());
    let _: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    // And requests.
    let body = "x".repeat(300_000);
    let request = format!("POST /customers HTTP/1.1\r\ncontent-length: 300000\r\n\r\n{body}");
    assert_eq!(asked(&mut stream, request.as_bytes()).status, 422);
    assert_eq!(asked(&mut stream, HEALTH).status, 200);
}
