//! A server of a few lines that answers everything with 200, and counts.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// See the module's documentation. It ends with the test's process.
#[derive(Clone)]
pub struct CountingServer {
    address: String,
    counted: Arc<Mutex<Counted>>,
    /// Requests that only look what it is: one of the leader, and one of each member.
    looks: u64,
}

#[derive(Default)]
struct Counted {
    requests: u64,
    /// Connections that were ever made.
    connections: u64,
    /// How often each value of the header `x-once` came.
    once: BTreeMap<String, u64>,
}

impl CountingServer {
    /// Serves on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let server = Self {
            address,
            counted: Arc::default(),
            looks: 0,
        };
        let serving = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                serving.lock().connections += 1;
                thread::spawn(move || serving.serve(stream));
            }
        });
        server
    }

    /// The same, where so many processes look what it is before they load it.
    pub fn looked_at_by(self, processes: u32) -> Self {
        Self {
            looks: u64::from(processes),
            ..self
        }
    }

    /// What is read there.
    pub fn url(&self) -> String {
        format!("http://{}/page", self.address)
    }

    /// Its address as a target.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests of the load: those that are questions about the target are none.
    pub fn requests(&self) -> u64 {
        self.lock().requests.saturating_sub(self.looks)
    }

    /// Values of the header `x-once` that came more than once.
    pub fn twice(&self) -> Vec<String> {
        let counted = self.lock();
        let twice = counted.once.iter().filter(|(_, times)| **times > 1);
        twice.map(|(value, _)| value.clone()).collect()
    }

    /// Waits until so many requests have come.
    pub fn wait_for(&self, requests: u64) {
        for _ in 0..6_000 {
            if self.requests() >= requests {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("only {} of {requests} requests came", self.requests());
    }

    /// Waits until so many connections were made.
    pub fn wait_for_connections(&self, connections: u64) {
        for _ in 0..6_000 {
            if self.lock().connections >= connections {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("fewer than {connections} connections were made");
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut inbox = Vec::new();
        let mut piece = [0; 4096];
        loop {
            let Some(end) = inbox.windows(4).position(|four| four == b"\r\n\r\n") else {
                match stream.read(&mut piece) {
                    Ok(0) | Err(_) => return,
                    Ok(read) => inbox.extend_from_slice(&piece[..read]),
                }
                continue;
            };
            let head = String::from_utf8_lossy(&inbox[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length
                    .then(|| value.trim().parse::<usize>().ok())
                    .flatten()
            });
            let whole = end + 4 + length.unwrap_or(0);
            while inbox.len() < whole {
                match stream.read(&mut piece) {
                    Ok(0) | Err(_) => return,
                    Ok(read) => inbox.extend_from_slice(&piece[..read]),
                }
            }
            let body = String::from_utf8_lossy(&inbox[end + 4..whole]).into_owned();
            inbox.drain(..whole);
            if head.contains(" /page") {
                let mut counted = self.lock();
                counted.requests += 1;
                if !body.is_empty() {
                    *counted.once.entry(body).or_default() += 1;
                }
            }
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            if stream.write_all(reply).is_err() {
                return;
            }
        }
    }
}
