//! A plain HTTP client for tests of the sandbox: blocking sockets, nothing clever.

#![allow(dead_code, reason = "each binary uses its part")]

use shopblast::plan::Driver;
use shopblast::sandbox::{Sandbox, SandboxConfig, SandboxMode, ShopConfig};
use shopblast::shop::Generation;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A shop of five contexts on any free port.
pub fn shop(retain: usize) -> Sandbox {
    shop_of(Generation::Five, retain)
}

/// A shop of a generation on any free port.
pub fn shop_of(generation: Generation, retain: usize) -> Sandbox {
    sandbox(
        SandboxMode::Shop(ShopConfig {
            generation,
            retain,
            ..ShopConfig::default()
        }),
        Driver::Uring,
    )
}

/// A sandbox on any free port.
pub fn sandbox(mode: SandboxMode, driver: Driver) -> Sandbox {
    Sandbox::start(&SandboxConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        mode,
        cores: Vec::new(),
        driver,
        ..SandboxConfig::default()
    })
    .unwrap()
}

/// A reply in full.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub reason: String,
    /// Names and values in the order in which they came.
    pub fields: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn names(&self) -> Vec<&str> {
        self.fields.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// A connection.
pub struct Client {
    pub stream: TcpStream,
    /// Received, not yet read.
    pub pending: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Self {
            stream,
            pending: Vec::new(),
        }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends a request with a JSON body and reads the reply.
    pub fn call(&mut self, method: &str, path: &str, body: &str) -> Reply {
        let length = body.len();
        self.write(
            format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        self.reply()
    }

    /// Reads the next reply.
    pub fn reply(&mut self) -> Reply {
        self.reply_to("GET")
    }

    /// Reads the next reply, which has no body when it answers a HEAD.
    pub fn reply_to(&mut self, method: &str) -> Reply {
        read_reply(&mut self.stream, &mut self.pending, method)
    }
}

/// Reads the next reply to a request of `method`; `pending` holds what was received and not read.
pub fn read_reply(stream: &mut impl Read, pending: &mut Vec<u8>, method: &str) -> Reply {
    let head_end = receive_until(stream, pending, |bytes| {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        Some(end + 4)
    });
    let head = String::from_utf8(pending.drain(..head_end).collect()).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let status_line = lines.next().unwrap();
    let (status, reason) = status_line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.split_once(' '))
        .unwrap();
    let fields: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut reply = Reply {
        status: status.parse().unwrap(),
        reason: reason.to_owned(),
        fields,
        body: String::new(),
    };
    let length = match reply.field("content-length") {
        Some(length) if method != "HEAD" => length.parse().unwrap(),
        _ => 0,
    };
    let end = receive_until(stream, pending, |bytes| {
        (bytes.len() >= length).then_some(length)
    });
    reply.body = String::from_utf8(pending.drain(..end).collect()).unwrap();
    reply
}

fn receive_until(
    stream: &mut impl Read,
    pending: &mut Vec<u8>,
    found: impl Fn(&[u8]) -> Option<usize>,
) -> usize {
    loop {
        if let Some(end) = found(pending) {
            return end;
        }
        let mut chunk = [0; 16 << 10];
        let received = stream.read(&mut chunk).unwrap();
        assert_ne!(received, 0, "closed after {pending:?}");
        pending.extend_from_slice(&chunk[..received]);
    }
}
