//! `shopblast --web` as a process of its own on a free port, and a plain HTTP client for it.

#![allow(dead_code, reason = "each binary uses its part")]

use crate::invocation::shopblast;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything takes that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The page, being served.
pub struct WebServer {
    child: Child,
    directory: TempDir,
    /// `127.0.0.1:PORT`.
    pub authority: String,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

impl WebServer {
    /// Starts `shopblast --web` with the words of `line`, and waits until it listens.
    pub fn start(line: &str) -> Self {
        Self::start_with(line, &[])
    }

    /// The same with variables.
    pub fn start_with(line: &str, variables: &[(&str, &str)]) -> Self {
        Self::start_command(&[], line, variables)
    }

    /// The page of a subcommand.
    pub fn start_command(path: &[&str], line: &str, variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |name: &str| std::fs::File::create(directory.path().join(name)).expect("a file");
        let child = shopblast()
            .env_clear()
            .envs(variables.iter().copied())
            .args(path)
            .args(["--web", "--web-port", "0", "--results"])
            .arg(directory.path().join("results"))
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .expect("the binary starts");
        let mut server = Self {
            child,
            directory,
            authority: String::new(),
        };
        let url = server.wait_for("the address", |server| server.printed_port());
        server.authority = format!("127.0.0.1:{url}");
        server
    }

    /// The page's address.
    pub fn url(&self) -> String {
        let in_tls = self.out().contains("the web page is on https://");
        let scheme = if in_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn out(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("out")).unwrap_or_default()
    }

    /// What it complained of so far.
    pub fn err(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("err")).unwrap_or_default()
    }

    /// The results directory.
    pub fn results(&self) -> PathBuf {
        self.directory.path().join("results")
    }

    /// The directory of the only record.
    pub fn record(&self) -> PathBuf {
        let mut entries = std::fs::read_dir(self.results()).expect("results");
        entries.next().expect("a record").expect("an entry").path()
    }

    /// `run.json` of the only record.
    pub fn run_json(&self) -> Value {
        read_json(&self.record().join("run.json"))
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "")
    }

    pub fn post(&self, path: &str, form: &str) -> Reply {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.ask("POST", path, &[kind], form)
    }

    /// One request. A `host` among the `headers` takes the place of the right one.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut stream = self.send(method, path, headers, body);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        parse(&bytes)
    }

    /// Sends a request whose answer may never end.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> TcpStream {
        let mut stream = TcpStream::connect(&self.authority).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        // 1.0: the answer ends with the connection, and is not chunked.
        let mut head = format!("{method} {path} HTTP/1.0\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            head += &format!("host: {}\r\n", self.authority);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n{body}", body.len());
        // A server that has refused already need not read on.
        let _ = stream.write_all(head.as_bytes());
        stream
    }

    /// Starts a load test from the form.
    pub fn swarm(&self, form: &str) {
        let answer = self.post("/swarm", form).json();
        assert_eq!(answer["success"], true, "{answer}");
    }

    /// `/stats/requests`, once `condition` holds of it.
    pub fn stats_when(&mut self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(what, |server| {
            let stats = server.get("/stats/requests").json();
            condition(&stats).then_some(stats)
        })
    }

    /// Waits for the end of the load test.
    pub fn when_stopped(&mut self) -> Value {
        self.stats_when("the end", |stats| stats["state"] == "stopped")
    }

    /// Looks until `look` finds something.
    pub fn wait_for<T>(&mut self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            let ended = self.child.try_wait().expect("a status").is_some();
            let is_too_late = ended || Instant::now() > give_up;
            assert!(
                !is_too_late,
                "{what} never came: {}\n{}",
                self.out(),
                self.err()
            );
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Ends it as Ctrl-C does. Returns its exit code.
    pub fn interrupt(self) -> i32 {
        self.interrupt_and(|| ()).0
    }

    /// The same, and what there is to see before its files go.
    pub fn interrupt_and<T>(mut self, look: impl FnOnce() -> T) -> (i32, T) {
        signal("-INT", self.child.id());
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return (status.code().unwrap_or(-1), look());
            }
            assert!(Instant::now() < give_up, "it does not end: {}", self.err());
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    fn printed_port(&self) -> Option<String> {
        let out = self.out();
        let line = out
            .lines()
            .find(|line| line.starts_with("the web page is on "))?;
        let address = line.split("//").nth(1)?;
        let port: String = address
            .rsplit(':')
            .next()?
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        out.ends_with('\n').then_some(port)
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn read_json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

fn signal(kind: &str, process: u32) {
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("kill {kind} {process}"))
        .status()
        .expect("a shell");
    assert!(status.success());
}

fn parse(bytes: &[u8]) -> Reply {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head: {:?}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    Reply {
        status: status.expect("a status"),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: bytes[end + 4..].to_vec(),
    }
}
