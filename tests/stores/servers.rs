//! A real PostgreSQL and a real Redis on free ports, each in a directory of its own, stopped when
//! dropped. Their programs are Debian's; without them tests fail and say how to get them.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The password of every store.
pub const PASSWORD: &str = "s3cret-of-the-shop";

const REMEDY: &str =
    "install them: apt-get install --no-install-recommends postgresql redis-server";
/// Longer than any of them takes to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Another program may take a free port before the server does.
const ATTEMPTS: usize = 5;

/// A PostgreSQL with the user `shop`.
pub struct Postgres {
    server: Child,
    port: u16,
    _directory: TempDir,
}

/// A Redis that asks for [`PASSWORD`].
pub struct Redis {
    server: Child,
    port: u16,
    _directory: TempDir,
}

impl Postgres {
    /// Starts one.
    pub fn start() -> Self {
        let programs = postgres_programs();
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path().join("data");
        let password = directory.path().join("password");
        std::fs::write(&password, PASSWORD).expect("written");
        give_away(directory.path());
        let made = unprivileged(&programs.join("initdb"))
            .args([
                "--username=shop",
                "--auth=scram-sha-256",
                "--no-sync",
                "--wal-segsize=1",
                "--encoding=UTF8",
            ])
            .args(["--locale=C", "--pwfile"])
            .arg(&password)
            .arg("--pgdata")
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let mut server = unprivileged(&programs.join("postgres"))
                .arg("-D")
                .arg(&data)
                .args(["-p", &port.to_string()])
                .arg("-k")
                .arg(directory.path())
                .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("postgres starts");
            let address = format!("postgres://shop:{PASSWORD}@127.0.0.1:{port}/postgres");
            let up = || postgres::Client::connect(&address, postgres::NoTls).is_ok();
            if comes_up(&mut server, up) {
                let _directory = directory;
                return Self {
                    server,
                    port,
                    _directory,
                };
            }
        }
        panic!("no free port for PostgreSQL");
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        self.url_with(PASSWORD, database)
    }

    /// The same with another password.
    pub fn url_with(&self, password: &str, database: &str) -> String {
        format!(
            "postgres://shop:{password}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// Makes a database and fills it.
    pub fn database(&self, name: &str, fill: &str) {
        let mut client = self.client("postgres");
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("made");
        self.client(name).batch_execute(fill).expect("filled");
    }

    /// A connection to a database.
    pub fn client(&self, database: &str) -> postgres::Client {
        postgres::Client::connect(&self.url(database), postgres::NoTls).expect("connected")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, with all its processes, which a killed postmaster would leave behind.
        signal(&self.server, "QUIT");
        let _ = self.server.wait();
    }
}

impl Redis {
    /// Starts one.
    pub fn start() -> Self {
        let program = on_path("redis-server")
            .unwrap_or_else(|| panic!("the program of Redis, redis-server, is missing; {REMEDY}"));
        for _ in 0..ATTEMPTS {
            let directory = tempfile::tempdir().expect("a directory");
            let port = free_port();
            let mut server = Command::new(&program)
                .args([
                    "--port",
                    &port.to_string(),
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                ])
                .args(["--requirepass", PASSWORD, "--dir"])
                .arg(directory.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("redis-server starts");
            let url = format!("redis://:{PASSWORD}@127.0.0.1:{port}");
            let up = || connect_redis(&url).is_ok();
            if comes_up(&mut server, up) {
                let _directory = directory;
                return Self {
                    server,
                    port,
                    _directory,
                };
            }
        }
        panic!("no free port for Redis");
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}/0", self.port)
    }

    /// Carries commands out, a line each, words parted by spaces.
    pub fn does(&self, commands: &str) {
        let mut connection = connect_redis(&self.url()).expect("connected");
        for line in commands
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let mut words = line.split_whitespace();
            let mut command = redis::cmd(words.next().expect("a command"));
            words.for_each(|word| {
                command.arg(word);
            });
            command
                .query::<redis::Value>(&mut connection)
                .unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    /// Stops it at once.
    pub fn stop(mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn connect_redis(url: &str) -> redis::RedisResult<redis::Connection> {
    redis::Client::open(url)?.get_connection()
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Waits until it answers; false when it ended instead.
fn comes_up(server: &mut Child, answers: impl Fn() -> bool) -> bool {
    let give_up = Instant::now() + PATIENCE;
    while Instant::now() < give_up {
        if answers() {
            return true;
        }
        if server.try_wait().expect("a status").is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("a server does not come up");
}

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    let _ = Command::new("sh").arg("-c").arg(kill).status();
}

/// Where initdb and postgres are: Debian keeps them off the path.
fn postgres_programs() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut places: Vec<PathBuf> = debian
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    places.sort();
    places.extend(on_path("initdb").and_then(|initdb| Some(initdb.parent()?.to_owned())));
    let complete = |place: &PathBuf| {
        ["initdb", "postgres"]
            .iter()
            .all(|name| place.join(name).exists())
    };
    places.into_iter().rfind(complete).unwrap_or_else(|| {
        panic!("the programs of PostgreSQL, initdb and postgres, are missing; {REMEDY}")
    })
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|place| place.join(program))
        .find(|place| place.exists())
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("a process").uid() == 0
}

/// PostgreSQL does not run as root: then it runs as its own user.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ])
        .arg(program)
        .current_dir("/");
    command
}

fn give_away(directory: &Path) {
    if is_root() {
        let status = Command::new("chown")
            .args(["-R", "postgres:postgres"])
            .arg(directory)
            .status()
            .expect("chown runs");
        assert!(status.success());
    }
}
