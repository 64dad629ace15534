//! A real Redis where fleets meet: Debian's program, on a free port, in a directory of its own.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// A Redis that ends when it is dropped.
pub struct Meeting {
    server: Option<Child>,
    program: PathBuf,
    port: u16,
    directory: TempDir,
}

impl Meeting {
    /// Starts one; `None`, with a word, where it is not installed.
    pub fn start() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places = std::env::split_paths(&path).map(|place| place.join("redis-server"));
        let Some(program) = places.find(|place| place.is_file()) else {
            println!("skipped: redis-server is not installed (apt-get install redis-server)");
            return None;
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut meeting = Self {
            server: None,
            program,
            port,
            directory: tempfile::tempdir().expect("a directory"),
        };
        meeting.comes_back();
        Some(meeting)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// It is killed; what it had is gone.
    pub fn goes(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().expect("it runs");
            server.wait().expect("it ends");
        }
    }

    /// It is started again, on the same port, and empty.
    pub fn comes_back(&mut self) {
        let server = Command::new(&self.program)
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        self.server = Some(server);
        for _ in 0..3_000 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("redis-server does not listen");
    }

    /// A connection past the program.
    pub fn connect(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).expect("an address");
        client.get_connection().expect("connected")
    }

    /// All keys that lie there.
    pub fn keys(&self) -> Vec<String> {
        let keys = redis::cmd("KEYS").arg("*").query(&mut self.connect());
        keys.expect("keys")
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        self.goes();
    }
}
