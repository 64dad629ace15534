//! A server that behaves oddly, on a port of its own, and counts what reaches it.

mod rows;

pub use rows::{After, Row, Told, rows};

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// The request that a server which answers in turn answers so; others do not exist.
const IN_TURN: &str = "POST /customers ";
const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
/// Bytes of a reply that is sent in pieces.
const PIECE_BYTES: usize = 9;
/// Longer ones are sent in larger pieces.
const MOST_PIECES: usize = 16;

/// How it treats a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Answers 503 each time.
    Unavailable,
    /// Answers 201 with an id.
    Creates,
    /// Speaks another protocol.
    Mail,
    /// Never answers.
    Silent,
    /// Closes within the body.
    ClosesMidReply,
    /// Sends bytes without meaning, and closes.
    Garbage,
    /// Sends a reply that lasts until the connection closes, and does not close it.
    Lingers,
}

impl Habit {
    /// Those that answer nothing that could be read, or nothing to its end.
    pub const MISBEHAVING: [Self; 5] = [
        Self::Mail,
        Self::Silent,
        Self::ClosesMidReply,
        Self::Garbage,
        Self::Lingers,
    ];

    fn reply(self) -> &'static [u8] {
        match self {
            Self::Unavailable => {
                b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 23\r\n\r\n{\"detail\":\"overloaded\"}"
            }
            Self::Creates => {
                b"HTTP/1.1 201 Created\r\ncontent-length: 23\r\n\r\n{\"customer_id\":\"abc-1\"}"
            }
            Self::Mail => b"220 mail.example.com ESMTP\r\n",
            Self::Silent => b"",
            Self::ClosesMidReply => b"HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{\"custom",
            Self::Lingers => b"HTTP/1.1 201 Created\r\n\r\n{\"customer_id\":\"abc-1\"}",
            Self::Garbage => b"\x16\x03\x01\x00\xff\xfe\0\0garbage\r\n\r\n\x80\x80",
        }
    }

    fn closes(self) -> bool {
        matches!(self, Self::ClosesMidReply | Self::Garbage)
    }
}

/// See the module's documentation. Its threads end with the test's process.
pub struct OddServer {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    rows: Mutex<Vec<RowSeen>>,
}

/// What came of one row of a server that answers in turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowSeen {
    /// Requests that were answered so.
    pub answered: u64,
    /// Requests that came on the same connection afterwards.
    pub followed: u64,
}

impl OddServer {
    /// Listens on a free port of 127.0.0.1.
    pub fn start(habit: Habit) -> Self {
        Self::serving(Seen::default(), move |stream, seen| {
            serve(stream, habit, seen);
        })
    }

    /// The same, answering each registration of a customer as the next of `rows` says, every other
    /// time in pieces, and all else with 404.
    pub fn in_turn(rows: Vec<Row>) -> Self {
        let seen = Seen {
            rows: Mutex::new(vec![RowSeen::default(); rows.len()]),
            ..Seen::default()
        };
        Self::serving(seen, move |stream, seen| {
            serve_in_turn(stream, &rows, seen);
        })
    }

    fn serving(seen: Seen, serve: impl Fn(TcpStream, &Seen) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(seen);
        let counted = Arc::clone(&seen);
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.connections.fetch_add(1, Ordering::SeqCst);
                let (seen, serve) = (Arc::clone(&counted), Arc::clone(&serve));
                thread::spawn(move || serve(stream, &seen));
            }
        });
        Self { address, seen }
    }

    /// What came of each row so far, in their order.
    pub fn rows_seen(&self) -> Vec<RowSeen> {
        self.seen.rows.lock().expect("no panic").clone()
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections that were opened.
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The first lines of the requests that arrived in full.
    pub fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().expect("no panic").clone()
    }
}

/// Serves until the client leaves, or a row says to close.
fn serve_in_turn(mut stream: TcpStream, rows: &[Row], seen: &Seen) {
    stream.set_nodelay(true).expect("a socket");
    let mut buffer = Vec::new();
    let mut piece = [0; 4_096];
    let mut last = None;
    loop {
        while let Some((line, bytes)) = first_request(&buffer) {
            buffer.drain(..bytes);
            let turn = {
                let mut counts = seen.rows.lock().expect("no panic");
                if let Some(row) = last.take() {
                    let row: &mut RowSeen = &mut counts[row];
                    row.followed += 1;
                }
                let mut requests = seen.requests.lock().expect("no panic");
                line.starts_with(IN_TURN).then(|| {
                    requests.push(line);
                    let turn = requests.len() - 1;
                    counts[turn % rows.len()].answered += 1;
                    turn
                })
            };
            let Some(turn) = turn else {
                if stream.write_all(NOT_FOUND).is_err() {
                    return;
                }
                continue;
            };
            last = Some(turn % rows.len());
            let row = &rows[turn % rows.len()];
            let in_pieces = turn / rows.len() % 2 == 1;
            let piece_bytes = match in_pieces {
                true => PIECE_BYTES.max(row.wire.len() / MOST_PIECES),
                false => row.wire.len().max(1),
            };
            let mut pieces = row.wire.chunks(piece_bytes);
            if !pieces.all(|piece| stream.write_all(piece).is_ok()) || row.closes {
                return;
            }
        }
        match stream.read(&mut piece) {
            Ok(received @ 1..) => buffer.extend_from_slice(&piece[..received]),
            _ => return,
        }
    }
}

/// Serves until the client leaves, or the habit says to close.
fn serve(mut stream: TcpStream, habit: Habit, seen: &Seen) {
    let mut buffer = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        while let Some((line, bytes)) = first_request(&buffer) {
            buffer.drain(..bytes);
            seen.requests.lock().expect("no panic").push(line);
            if stream.write_all(habit.reply()).is_err() || habit.closes() {
                return;
            }
        }
        match stream.read(&mut piece) {
            Ok(received @ 1..) => buffer.extend_from_slice(&piece[..received]),
            _ => return,
        }
    }
}

/// First line and length of the request at the start of `buffer`, once it is there in full.
fn first_request(buffer: &[u8]) -> Option<(String, usize)> {
    let text = String::from_utf8_lossy(buffer);
    let head_bytes = text.find("\r\n\r\n")? + 4;
    let head = text[..head_bytes].to_ascii_lowercase();
    let body_bytes = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().expect("a length"));
    let bytes = head_bytes + body_bytes;
    let line = text.lines().next()?.to_owned();
    (buffer.len() >= bytes).then_some((line, bytes))
}
