//! The same requests over every way to the sandbox: plain HTTP/1.1, TLS, and HTTP/2.

use crate::certificates::{Authority, Identity};
use crate::sandbox_client::{Reply, read_reply};
use bytes::Bytes;
use h2::client::SendRequest;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use shopblast::engine::tls::{client_config, server_name};
use shopblast::plan::{TlsIdentity, TlsRoots, TlsSettings};
use shopblast::sandbox::{Sandbox, SandboxConfig, SandboxMode, TlsServing};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// A way to the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Plain,
    Tls,
    Http2,
}

impl Wire {
    pub const ALL: [Self; 3] = [Self::Plain, Self::Tls, Self::Http2];
}

/// What a sandbox shows that `authority` vouches for.
pub fn serving(identity: &Identity) -> TlsServing {
    TlsServing {
        identity: shown(identity),
        client_ca_pem: None,
    }
}

/// The same identity as the program takes it.
pub fn shown(identity: &Identity) -> TlsIdentity {
    TlsIdentity {
        chain_pem: identity.chain_pem.clone().into_bytes(),
        key_pem: identity.key_pem.clone().into_bytes(),
    }
}

/// A client that trusts `authority`.
pub fn trusting(authority: &Authority) -> TlsSettings {
    TlsSettings {
        roots: TlsRoots::Pem(authority.pem().as_bytes().to_vec()),
        ..TlsSettings::default()
    }
}

/// A sandbox that is asked over `wire`.
pub struct WiredSandbox {
    pub sandbox: Sandbox,
    wire: Wire,
    client: Arc<ClientConfig>,
}

impl WiredSandbox {
    pub fn start(mode: SandboxMode, wire: Wire) -> Self {
        let authority = Authority::new();
        let identity = authority.issue(&["127.0.0.1"]);
        let config = SandboxConfig {
            mode,
            tls: (wire == Wire::Tls).then(|| serving(&identity)),
            ..SandboxConfig::default()
        };
        let client = client_config(&trusting(&authority), &[b"http/1.1"]).unwrap();
        Self {
            sandbox: Sandbox::start(&config).unwrap(),
            wire,
            client: Arc::new(client),
        }
    }

    /// A new connection.
    pub fn connect(&self) -> WiredClient {
        let address = self.sandbox.address();
        match self.wire {
            Wire::Plain => WiredClient::Text(Box::new(connected(address)), Vec::new()),
            Wire::Tls => {
                let stream = secured(address, &self.client);
                WiredClient::Text(Box::new(stream), Vec::new())
            }
            Wire::Http2 => WiredClient::Http2(Http2Client::connect(address)),
        }
    }

    /// Whether a crash of the shop ends the connection, too.
    pub fn ends_by_a_crash(&self) -> bool {
        self.wire != Wire::Http2
    }
}

fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).unwrap();
    stream
}

/// A connection over which TLS is spoken.
pub fn secured(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let name = server_name("127.0.0.1").unwrap();
    let session = ClientConnection::new(Arc::clone(config), name).unwrap();
    StreamOwned::new(session, connected(address))
}

/// Both directions.
pub trait Stream: std::io::Read + Write {}
impl<S: std::io::Read + Write> Stream for S {}

/// One connection.
pub enum WiredClient {
    /// With what has been received and not read.
    Text(Box<dyn Stream>, Vec<u8>),
    Http2(Http2Client),
}

impl WiredClient {
    /// Sends a request, written as HTTP/1.1, and reads the reply.
    pub fn exchange(&mut self, request: &[u8]) -> Reply {
        match self {
            Self::Text(stream, pending) => {
                stream.write_all(request).unwrap();
                let method = request.split(|&byte| byte == b' ').next().unwrap();
                read_reply(stream, pending, std::str::from_utf8(method).unwrap())
            }
            Self::Http2(client) => client.exchange(request),
        }
    }
}

/// A client with prior knowledge that the server speaks HTTP/2.
pub struct Http2Client {
    runtime: tokio::runtime::Runtime,
    requests: SendRequest<Bytes>,
}

impl Http2Client {
    pub fn connect(address: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let requests = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let (requests, connection) = h2::client::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            requests
        });
        Self { runtime, requests }
    }

    /// Sends a request, written as HTTP/1.1, and reads the reply.
    pub fn exchange(&mut self, text: &[u8]) -> Reply {
        let asked = self.ask(text);
        asked.unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(text)))
    }

    /// The same, of a request that may come to nothing.
    pub fn ask(&mut self, text: &[u8]) -> Result<Reply, h2::Error> {
        let (request, body) = request_of(text);
        let patient = tokio::time::timeout;
        self.runtime.block_on(async {
            let exchange = async {
                let mut requests = self.requests.clone().ready().await?;
                let (response, mut stream) = requests.send_request(request, body.is_empty())?;
                if !body.is_empty() {
                    stream.send_data(body, true)?;
                }
                reply_of(response.await?).await
            };
            let exchanged = patient(Duration::from_secs(30), exchange).await;
            exchanged.expect("an answer in time")
        })
    }
}

fn request_of(text: &[u8]) -> (http::Request<()>, Bytes) {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Request::new(&mut fields);
    let head_bytes = parsed.parse(text).unwrap().unwrap();
    let uri = format!("http://localhost{}", parsed.path.unwrap());
    let mut request = http::Request::builder()
        .method(parsed.method.unwrap())
        .uri(uri);
    for field in &*parsed.headers {
        if !field.name.eq_ignore_ascii_case("host") {
            request = request.header(field.name, field.value);
        }
    }
    let body = Bytes::copy_from_slice(&text[head_bytes..]);
    (request.body(()).unwrap(), body)
}

async fn reply_of(response: http::Response<h2::RecvStream>) -> Result<Reply, h2::Error> {
    let (head, mut stream) = response.into_parts();
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        stream.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let fields = head.headers.iter();
    Ok(Reply {
        status: head.status.as_u16(),
        reason: head.status.canonical_reason().unwrap().to_owned(),
        fields: fields
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body: String::from_utf8(body).unwrap(),
    })
}
