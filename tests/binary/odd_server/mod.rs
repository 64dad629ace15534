//! A server that behaves oddly, on a port of its own, and counts what reaches it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

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
}

impl Habit {
    /// The four that answer nothing that could be read.
    pub const MISBEHAVING: [Self; 4] = [
        Self::Mail,
        Self::Silent,
        Self::ClosesMidReply,
        Self::Garbage,
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
}

impl OddServer {
    /// Listens on a free port of 127.0.0.1.
    pub fn start(habit: Habit) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let counted = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.connections.fetch_add(1, Ordering::SeqCst);
                let seen = Arc::clone(&counted);
                thread::spawn(move || serve(stream, habit, &seen));
            }
        });
        Self { address, seen }
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
