//! A gateway before a shop: speaks TLS with clients and plain HTTP with the shop, and keeps what it heard.

use crate::certificates::{Authority, Identity};
use crate::small_server::serving;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion,
};
use shopblast::engine::tls::provider;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the gateway is like; the default takes everybody in.
#[derive(Default)]
pub struct Like {
    /// Who has to vouch for clients.
    pub clients: Option<String>,
    /// The only version that is spoken.
    pub version: Option<&'static SupportedProtocolVersion>,
    /// Requests after which a connection is closed, as ingresses do.
    pub keep_alive: Option<u32>,
}

/// What it heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Heads of requests, without their first lines.
    pub heads: Vec<String>,
    /// Names that clients asked for.
    pub names: Vec<String>,
    /// Handshakes in full, and resumed.
    pub full: u64,
    pub resumed: u64,
}

pub struct Gateway {
    /// Where it listens.
    pub address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

impl Gateway {
    /// One before `shop` that shows `identity`.
    pub fn before(shop: SocketAddr, identity: &Identity, like: Like) -> Self {
        let most_requests = like.keep_alive.unwrap_or(u32::MAX);
        let config = Arc::new(config(identity, like));
        let heard = Arc::new(Mutex::new(Heard::default()));
        let kept = Arc::clone(&heard);
        let address = serving(move |client| {
            let _ = serve(client, (shop, most_requests), &config, &kept);
        });
        Self {
            address: address.parse().unwrap(),
            heard,
        }
    }

    /// What it heard so far.
    pub fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }

    /// Its address by this name.
    pub fn url(&self, name: &str) -> String {
        format!("https://{name}:{}", self.address.port())
    }
}

fn config(identity: &Identity, like: Like) -> ServerConfig {
    let versions = like
        .version
        .map_or_else(|| rustls::ALL_VERSIONS.to_vec(), |version| vec![version]);
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&versions)
        .unwrap();
    let builder = match like.clients {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            let certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
            certificates.for_each(|certificate| roots.add(certificate.unwrap()).unwrap());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider());
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes());
    let chain = chain.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// One request after the other, and its reply.
fn serve(
    client: TcpStream,
    (shop, most_requests): (SocketAddr, u32),
    config: &Arc<ServerConfig>,
    heard: &Mutex<Heard>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    client.set_read_timeout(Some(Duration::from_secs(60)))?;
    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut client = StreamOwned::new(connection, client);
    client.conn.complete_io(&mut client.sock)?;
    {
        let mut heard = heard.lock().unwrap();
        heard
            .names
            .extend(client.conn.server_name().map(str::to_owned));
        match client.conn.handshake_kind() {
            Some(HandshakeKind::Resumed) => heard.resumed += 1,
            _ => heard.full += 1,
        }
    }
    let mut server = TcpStream::connect(shop)?;
    server.set_nodelay(true)?;
    for left in (0..most_requests).rev() {
        let request = message(&mut client)?;
        let text = String::from_utf8_lossy(&request).into_owned();
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let (_, lines) = head.split_once("\r\n").unwrap_or_default();
        heard.lock().unwrap().heads.push(lines.to_owned());
        server.write_all(&request)?;
        let mut reply = message(&mut server)?;
        if left == 0
            && let Some(end) = memchr::memmem::find(&reply, b"\r\n")
        {
            reply.splice(end..end, *b"\r\nconnection: close");
        }
        client.write_all(&reply)?;
    }
    client.conn.send_close_notify();
    client.flush()
}

/// A head, and as many bytes more as it says.
fn message(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut message: Vec<u8> = Vec::new();
    let mut piece = [0; 16 << 10];
    loop {
        if let Some(end) = memchr::memmem::find(&message, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&message[..end]).to_ascii_lowercase();
            let mut lines = head.lines();
            let length =
                lines.find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if message.len() >= end + 4 + length.unwrap_or(0) {
                return Ok(message);
            }
        }
        match from.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => message.extend_from_slice(&piece[..count]),
        }
    }
}

/// An authority, and what it issued for shop.test and this machine.
pub fn trusted() -> (Authority, Identity) {
    let authority = Authority::new();
    let identity = authority.issue(&["shop.test", "localhost", "127.0.0.1"]);
    (authority, identity)
}
