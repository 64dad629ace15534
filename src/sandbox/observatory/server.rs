//! The Observatory's threads: one accepts, one for each connection reads and answers.

use super::client_socket::ClientSocket;
use super::request_handler::ObservatoryReply;
use super::trace_filter::TraceFilter;
use super::{ObservatoryConfig, ObservatoryView};
use crate::engine::codec::{Incoming, RequestProgress};
use crate::engine::shut_down;
use crate::sandbox::connection_table::{Date, date_of};
use crate::sandbox::pipeline::Pipeline;
use crate::sandbox::reply::write_invalid_request;
use crate::sandbox::request_handler::cors_lines;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use jiff::Timestamp;
use rustls::ServerConfig;
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Most connections at a time; more are closed at once.
pub const MOST_CONNECTIONS: usize = 64;
/// uvicorn closes a connection that has been idle for so long; a reader that takes nothing for so
/// long is given up.
const IDLE: Duration = Duration::from_secs(5);
/// A request is there so long after its first byte, however its pieces come, or its place is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause after an accept that failed, since it would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// How often a stream looks for traces.
const STREAM_PAUSE: Duration = Duration::from_millis(100);
/// So many pauses without a trace, and the stream says that it is alive: once a second.
const KEEPALIVE_PAUSES: u32 = 10;

/// A running Observatory; stopped when dropped.
pub struct ObservatoryServer {
    address: SocketAddr,
    listener: Arc<TcpListener>,
    /// Never used to send: all threads end when it is gone.
    alive: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ObservatoryServer {
    /// Starts to serve what `pipeline` looks like, over `tls` if it is given.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the kernel refuses a thread.
    pub fn start(
        config: &ObservatoryConfig,
        pipeline: Arc<Pipeline>,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        let listener = Arc::new(TcpListener::bind(config.address)?);
        let address = listener.local_addr()?;
        let (alive, stopped) = crossbeam_channel::bounded(0);
        let state = ServerState {
            view: ObservatoryView::new(pipeline, config.names),
            tls,
            stopped,
            clients: Mutex::default(),
        };
        let accepting = Arc::clone(&listener);
        let thread = std::thread::Builder::new()
            .name("observatory".into())
            .spawn(move || state.accept(&accepting))?;
        Ok(Self {
            address,
            listener,
            alive: Some(alive),
            thread: Some(thread),
        })
    }

    /// Where it listens, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ObservatoryServer {
    fn drop(&mut self) {
        drop(self.alive.take());
        shut_down(self.listener.as_raw_fd());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has printed why; there is nothing to add.
            let _ = thread.join();
        }
    }
}

/// What all threads share.
struct ServerState {
    view: ObservatoryView,
    tls: Option<Arc<ServerConfig>>,
    stopped: Receiver<()>,
    /// The connections that are served, to be ended at a stop.
    clients: Mutex<HashMap<u64, TcpStream>>,
}

impl ServerState {
    fn accept(&self, listener: &TcpListener) {
        std::thread::scope(|scope| {
            for number in 0.. {
                let accepted = listener.accept();
                if self.is_stopped() {
                    break;
                }
                let Ok((stream, _)) = accepted else {
                    std::thread::sleep(ACCEPT_PAUSE);
                    continue;
                };
                let Some(client) = self.admit(number, &stream) else {
                    continue;
                };
                // A connection without a thread is closed when the closure is dropped.
                let _ = std::thread::Builder::new()
                    .name("observatory".into())
                    .spawn_scoped(scope, move || {
                        // A connection that breaks is no one's loss.
                        let _ = serve(client, stream);
                    });
            }
            for stream in self.clients().values() {
                // One that is gone already needs no end.
                let _ = stream.shutdown(std::net::Shutdown::Both);
            }
        });
    }

    /// Lets a connection in, if there is room.
    fn admit(&self, number: u64, stream: &TcpStream) -> Option<ClientGuard<'_>> {
        let mut clients = self.clients();
        if clients.len() >= MOST_CONNECTIONS {
            return None;
        }
        clients.insert(number, stream.try_clone().ok()?);
        Some(ClientGuard {
            state: self,
            number,
        })
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<u64, TcpStream>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopped(&self) -> bool {
        self.stopped.try_recv() == Err(crossbeam_channel::TryRecvError::Disconnected)
    }
}

/// A connection's place among the clients, given back when dropped.
struct ClientGuard<'h> {
    state: &'h ServerState,
    number: u64,
}

impl Drop for ClientGuard<'_> {
    fn drop(&mut self) {
        self.state.clients().remove(&self.number);
    }
}

fn serve(client: ClientGuard<'_>, stream: TcpStream) -> io::Result<()> {
    stream.set_write_timeout(Some(IDLE))?;
    let socket = ClientSocket::accept(stream, client.state.tls.as_ref(), PATIENCE)?;
    ObservatoryConnection { client, socket }.serve()
}

struct ObservatoryConnection<'h> {
    client: ClientGuard<'h>,
    socket: ClientSocket,
}

impl ObservatoryConnection<'_> {
    /// Answers requests until one side closes.
    fn serve(mut self) -> io::Result<()> {
        let mut buffer = Vec::new();
        let mut chunk = [0; 4 << 10];
        let mut progress = RequestProgress::default();
        let mut begun = Instant::now();
        loop {
            match progress.parse(&buffer) {
                Incoming::Complete { request, consumed } => {
                    let view = &self.client.state.view;
                    let reply = view.answer(request.method, request.target, view.pipeline.at_ns());
                    match reply {
                        ObservatoryReply::Full(reply) => {
                            let mut out = Vec::new();
                            reply.write(&request, &today(), &mut out);
                            self.socket.send_all(&out)?;
                        }
                        ObservatoryReply::Stream(filter) => {
                            return self.stream_traces(&filter, &cors_lines(&request));
                        }
                    }
                    if request.asks_close || request.is_http_10 {
                        return Ok(());
                    }
                    buffer.drain(..consumed);
                    begun = Instant::now();
                }
                Incoming::Partial { .. } => {
                    let left = match buffer.is_empty() {
                        true => IDLE,
                        false => PATIENCE.saturating_sub(begun.elapsed()).min(IDLE),
                    };
                    if left.is_zero() {
                        return Ok(());
                    }
                    let received = self.socket.receive(&mut chunk, left)?;
                    if received == 0 {
                        return Ok(());
                    }
                    if buffer.is_empty() {
                        begun = Instant::now();
                    }
                    buffer.extend_from_slice(&chunk[..received]);
                }
                Incoming::Bad => {
                    let mut out = Vec::new();
                    write_invalid_request(&today(), &mut out);
                    return self.socket.send_all(&out);
                }
            }
        }
    }

    /// Sends traces as they happen, until the other side goes or the Observatory stops.
    fn stream_traces(&mut self, filter: &TraceFilter, cors: &str) -> io::Result<()> {
        let state = self.client.state;
        let mut seen_ns = state.view.pipeline.at_ns();
        self.socket.send_all(&stream_head(&today(), cors))?;
        let mut silent_pauses = 0;
        loop {
            match state.stopped.recv_timeout(STREAM_PAUSE) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                    return self.socket.send_all(b"0\r\n\r\n");
                }
            }
            let now_ns = state.view.pipeline.at_ns();
            let lines = state.view.trace_lines(filter, seen_ns + 1..=now_ns);
            seen_ns = now_ns;
            silent_pauses = if lines.is_empty() {
                silent_pauses + 1
            } else {
                0
            };
            for line in lines {
                self.send_chunk(&format!("event: trace\ndata: {line}\n\n"))?;
            }
            if silent_pauses == KEEPALIVE_PAUSES {
                silent_pauses = 0;
                self.send_chunk(": keepalive\n\n")?;
            }
        }
    }

    fn send_chunk(&mut self, text: &str) -> io::Result<()> {
        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
        self.socket.send_all(chunk.as_bytes())
    }
}

fn today() -> Date {
    date_of(Timestamp::now())
}

/// The head of a stream of traces: its fields follow the measured reply, in its order.
fn stream_head(date: &Date, cors: &str) -> Vec<u8> {
    let mut head = b"HTTP/1.1 200 OK\r\ndate: ".to_vec();
    head.extend_from_slice(date);
    head.extend_from_slice(
        b"\r\nserver: uvicorn\r\ncache-control: no-cache\r\nconnection: keep-alive\r\nx-accel-buffering: no\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n",
    );
    head.extend_from_slice(cors.as_bytes());
    head.extend_from_slice(b"\r\n");
    head
}
