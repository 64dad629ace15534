//! A gateway before a shop that speaks HTTP/2 with clients, by the `h2` crate, and HTTP/1.1 with the shop.

use crate::sandbox_client::{Client, Reply};
use bytes::Bytes;
use h2::server::{self, SendResponse};
use h2::{Reason, RecvStream};
use http::{Request, Response};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// What a gateway is like; the default passes everything on.
#[derive(Clone, Copy, Default)]
pub struct Like {
    /// Most streams at once on a connection.
    pub streams: Option<u32>,
    /// The window of each stream.
    pub window: Option<u32>,
    /// Says goodbye to a connection after so many requests.
    pub goodbye_after: Option<u64>,
    /// Refuses every so manieth stream without a look.
    pub refuses: Option<u64>,
    /// Resets every so manieth stream after a look.
    pub resets: Option<u64>,
    /// Never answers every so manieth.
    pub ignores: Option<u64>,
}

/// What it saw.
#[derive(Default)]
pub struct Seen {
    pub connections: AtomicU64,
    pub requests: AtomicU64,
    pub passed_on: AtomicU64,
    pub cancelled: AtomicU64,
    /// What each read of each connection brought, in the order in which it came.
    pub reads: Mutex<Vec<(u64, Vec<u8>)>>,
    /// Heads of requests: method, path and fields.
    pub heads: Mutex<Vec<String>>,
}

pub struct Gateway {
    /// Where it listens.
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
}

impl Gateway {
    /// One before `shop`; it lasts as long as the test.
    pub fn before(shop: SocketAddr, like: Like) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let seen = Arc::new(Seen::default());
        let served = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            runtime.block_on(accept(listener, shop, like, served));
        });
        Self { address, seen }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn accept(listener: std::net::TcpListener, shop: SocketAddr, like: Like, seen: Arc<Seen>) {
    listener.set_nonblocking(true).expect("a socket");
    let listener = TcpListener::from_std(listener).expect("a listener");
    let upstream = Arc::new(Mutex::new(Vec::new()));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        let _ = stream.set_nodelay(true);
        let number = seen.connections.fetch_add(1, Ordering::Relaxed);
        let (seen, upstream) = (Arc::clone(&seen), Arc::clone(&upstream));
        tokio::spawn(async move {
            let recorded = Recorded {
                stream,
                number,
                seen: Arc::clone(&seen),
            };
            let _ = serve(recorded, (shop, upstream), like, &seen).await;
        });
    }
}

type Upstream = (SocketAddr, Arc<Mutex<Vec<Client>>>);

async fn serve(
    stream: Recorded,
    upstream: Upstream,
    like: Like,
    seen: &Arc<Seen>,
) -> Result<(), h2::Error> {
    let mut builder = server::Builder::new();
    like.streams
        .map(|streams| builder.max_concurrent_streams(streams));
    like.window
        .map(|window| builder.initial_window_size(window));
    let mut connection = builder.handshake::<_, Bytes>(stream).await?;
    let mut on_it = 0;
    while let Some(request) = connection.accept().await {
        let (request, mut respond) = request?;
        let nth = seen.requests.fetch_add(1, Ordering::Relaxed) + 1;
        on_it += 1;
        if like.goodbye_after.is_some_and(|after| on_it == after) {
            connection.graceful_shutdown();
        }
        let is_one_of = |every: Option<u64>| every.is_some_and(|every| nth.is_multiple_of(every));
        if is_one_of(like.refuses) {
            respond.send_reset(Reason::REFUSED_STREAM);
            continue;
        }
        let (upstream, seen) = (upstream.clone(), Arc::clone(seen));
        let fate = (is_one_of(like.resets), is_one_of(like.ignores));
        tokio::spawn(async move {
            let _ = pass_on(request, respond, upstream, fate, &seen).await;
        });
    }
    Ok(())
}

async fn pass_on(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    (shop, clients): Upstream,
    (resets, ignores): (bool, bool),
    seen: &Seen,
) -> Result<(), h2::Error> {
    let (head, mut body) = request.into_parts();
    let mut text = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        let _ = body.flow_control().release_capacity(piece.len());
        text.extend_from_slice(&piece);
    }
    seen.heads
        .lock()
        .unwrap()
        .push(format!("{} {} {:?}", head.method, head.uri, head.headers));
    if resets {
        respond.send_reset(Reason::INTERNAL_ERROR);
        return Ok(());
    }
    if ignores {
        let reset = std::future::poll_fn(|context| respond.poll_reset(context)).await;
        if reset.is_ok_and(|reason| reason == Reason::CANCEL) {
            seen.cancelled.fetch_add(1, Ordering::Relaxed);
        }
        return Ok(());
    }
    let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
    let signature = head.headers.get("x-gateway-signature");
    let signature = signature.map(|value| value.to_str().expect("a text").to_owned());
    let body = String::from_utf8(text).expect("JSON");
    let reply = tokio::task::spawn_blocking(move || {
        let client = clients.lock().unwrap().pop();
        let mut client = client.unwrap_or_else(|| Client::connect(shop));
        let length = body.len();
        let signed =
            signature.map_or_else(String::new, |it| format!("x-gateway-signature: {it}\r\n"));
        client.write(
            format!(
                "{method} {path} HTTP/1.1\r\nhost: shop\r\n{signed}content-type: application/json\r\n\
                 content-length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        let reply = client.reply();
        // An error of the shop's closes its connection.
        if reply.status < 500 {
            clients.lock().unwrap().push(client);
        }
        reply
    });
    let Reply { status, body, .. } = reply.await.expect("the shop answers");
    seen.passed_on.fetch_add(1, Ordering::Relaxed);
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    let response = response.body(()).expect("a response");
    let mut stream = respond.send_response(response, body.is_empty())?;
    if !body.is_empty() {
        stream.send_data(Bytes::from(body), true)?;
    }
    Ok(())
}

/// A connection whose reads are kept.
struct Recorded {
    stream: TcpStream,
    number: u64,
    seen: Arc<Seen>,
}

impl AsyncRead for Recorded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = buffer.filled()[before..].to_vec();
        if !came.is_empty() {
            self.seen.reads.lock().unwrap().push((self.number, came));
        }
        read
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Waits until `count` is more than 0.
pub fn wait_for(count: &AtomicU64) {
    while count.load(Ordering::Relaxed) == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
}
