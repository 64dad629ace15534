//! A server that says of itself what a test wants it to say, and keeps what it is asked.

use shopblast::shop::Generation;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What is sent back for a path.
#[derive(Clone)]
pub enum Page {
    /// A status, more header lines (each with its line end), and a body.
    Whole(u16, &'static str, Vec<u8>),
    /// A body without an end.
    Endless,
    /// A body that comes byte by byte, and never to its end.
    Trickle,
}

impl Page {
    /// 200 with a JSON body.
    pub fn json(body: impl Into<String>) -> Self {
        let body: String = body.into();
        Self::Whole(200, "content-type: application/json\r\n", body.into_bytes())
    }

    /// A status with a JSON body.
    pub fn refusal(status: u16) -> Self {
        let body = br#"{"detail":"Not Found"}"#.to_vec();
        Self::Whole(status, "content-type: application/json\r\n", body)
    }
}

/// See the module's documentation. Its threads end with the test's process.
pub struct DescribedServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// The body of `/health` of a shop of `generation`.
pub fn health(generation: Generation) -> String {
    let contexts = generation.contexts().iter();
    let domains: Vec<String> = contexts
        .map(|context| format!(r#""{0}":{{"name":"{0}"}}"#, context.name))
        .collect();
    format!(r#"{{"status":"ok","domains":{{{}}}}}"#, domains.join(","))
}

impl DescribedServer {
    /// Answers GETs with the page of their path, or 404, and everything else as created.
    pub fn start(pages: impl IntoIterator<Item = (&'static str, Page)>) -> Self {
        let pages: Arc<HashMap<&'static str, Page>> = Arc::new(pages.into_iter().collect());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (pages, kept) = (Arc::clone(&pages), Arc::clone(&kept));
                thread::spawn(move || serve(stream, &pages, &kept));
            }
        });
        Self { address, requests }
    }

    /// A shop with the contexts of `generation` that describes itself with `openapi`.
    pub fn shop(generation: Generation, openapi: impl Into<String>) -> Self {
        Self::start([
            ("/health", Page::json(health(generation))),
            ("/openapi.json", Page::json(openapi)),
        ])
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests that arrived in full, with their bodies.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }

    /// Method and path of all of them.
    pub fn asked(&self) -> Vec<String> {
        let requests = self.requests();
        let words = requests.iter().map(|request| {
            let mut words = request.split(' ');
            format!("{} {}", words.next().unwrap(), words.next().unwrap())
        });
        words.collect()
    }

    /// Those of them that are no question about itself.
    pub fn load(&self) -> Vec<String> {
        let mut requests = self.requests();
        requests.retain(|request| !request.starts_with("GET "));
        requests
    }
}

fn serve(mut stream: TcpStream, pages: &HashMap<&str, Page>, kept: &Mutex<Vec<String>>) {
    let mut buffer = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        while let Some(length) = first_request(&buffer) {
            let request: Vec<u8> = buffer.drain(..length).collect();
            let request = String::from_utf8_lossy(&request).into_owned();
            let mut words = request.split(' ');
            let page = match (words.next(), words.next()) {
                (Some("GET"), Some(path)) => pages.get(path).cloned(),
                _ => Some(Page::Whole(201, "", CREATED.as_bytes().to_vec())),
            };
            kept.lock().expect("no panic").push(request);
            let page = page.unwrap_or_else(|| Page::refusal(404));
            if answer(&mut stream, page).is_err() {
                return;
            }
        }
        match stream.read(&mut piece) {
            Ok(received @ 1..) => buffer.extend_from_slice(&piece[..received]),
            _ => return,
        }
    }
}

const CREATED: &str = r#"{"customer_id":"c-1","product_id":"p-1","category_id":"g-1","order_id":"o-1","status":"ok"}"#;

fn answer(stream: &mut TcpStream, page: Page) -> std::io::Result<()> {
    match page {
        Page::Whole(status, fields, body) => {
            let length = body.len();
            // In one piece: a body behind its head would wait for the client's delayed ACK, and a
            // second would hold a handful of journeys.
            let head = format!("HTTP/1.1 {status} x\r\n{fields}content-length: {length}\r\n\r\n");
            stream.write_all(&[head.as_bytes(), &body].concat())
        }
        Page::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"paths\":\"")?;
            loop {
                stream.write_all(&[b'x'; 65_536])?;
            }
        }
        Page::Trickle => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")?;
            loop {
                stream.write_all(b" ")?;
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// Length of the request at the start of `buffer`, once it is there in full.
fn first_request(buffer: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(buffer);
    let head_bytes = text.find("\r\n\r\n")? + 4;
    let head = text[..head_bytes].to_ascii_lowercase();
    let body_bytes = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().expect("a length"));
    (buffer.len() >= head_bytes + body_bytes).then_some(head_bytes + body_bytes)
}
