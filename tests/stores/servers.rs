//! A real PostgreSQL and a real Redis on free ports, each in a directory of its own, stopped when
//! dropped, with TLS and without. Their programs are Debian's; without them tests fail and say how to get
//! them.

use crate::certificates::{Authority, Identity};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
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
    in_tls: bool,
    directory: TempDir,
}

/// A Redis that asks for [`PASSWORD`].
pub struct Redis {
    server: Child,
    /// What it is started with.
    command: Command,
    port: u16,
    /// Where those come in who fill it.
    back_door: String,
    _directory: TempDir,
}

/// What a server in TLS shows, and who has to vouch for those who come.
pub struct Tls<'a> {
    pub shown: &'a Identity,
    /// Whether clients are asked for certificates of this authority.
    pub clients_of: &'a Authority,
    /// Whether they must have one.
    pub clients_must: bool,
}

impl Postgres {
    /// Starts one.
    pub fn start() -> Self {
        Self::start_as(None)
    }

    /// Starts one that lets nobody in over TCP without TLS, and into the database `certified` nobody
    /// without a certificate.
    pub fn start_in_tls(tls: &Tls<'_>) -> Self {
        Self::start_as(Some(tls))
    }

    fn start_as(tls: Option<&Tls<'_>>) -> Self {
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
        let of_tls = tls.map_or_else(Vec::new, |tls| {
            std::fs::write(data.join("pg_hba.conf"), ONLY_IN_TLS).expect("written");
            let files = tls.write(directory.path());
            give_away(directory.path());
            let [cert, key, ca] = files.map(|path| path.display().to_string());
            [
                "ssl=on".to_owned(),
                format!("ssl_cert_file={cert}"),
                format!("ssl_key_file={key}"),
                format!("ssl_ca_file={ca}"),
            ]
            .into_iter()
            .flat_map(|setting| ["-c".to_owned(), setting])
            .collect()
        });
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let mut server = unprivileged(&programs.join("postgres"))
                .arg("-D")
                .arg(&data)
                .args(["-p", &port.to_string()])
                .arg("-k")
                .arg(directory.path())
                .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
                .args(&of_tls)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("postgres starts");
            let place = format!("host={} port={port} user=shop", directory.path().display());
            let address = format!("{place} dbname=postgres password={PASSWORD}");
            let up = || postgres::Client::connect(&address, postgres::NoTls).is_ok();
            if comes_up(&mut server, up) {
                return Self {
                    server,
                    port,
                    in_tls: tls.is_some(),
                    directory,
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

    /// The address of a database by a name of this machine, and the words of a query.
    pub fn url_at(&self, host: &str, database: &str, query: &str) -> String {
        let port = self.port;
        format!("postgres://shop:{PASSWORD}@{host}:{port}/{database}?{query}")
    }

    /// A connection to a database.
    pub fn client(&self, database: &str) -> postgres::Client {
        let address = match self.in_tls {
            false => self.url(database),
            true => format!(
                "host={} port={} user=shop dbname={database} password={PASSWORD}",
                self.directory.path().display(),
                self.port
            ),
        };
        postgres::Client::connect(&address, postgres::NoTls).expect("connected")
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
        Self::start_as(None)
    }

    /// Starts one whose only port speaks TLS.
    pub fn start_in_tls(tls: &Tls<'_>) -> Self {
        Self::start_as(Some(tls))
    }

    fn start_as(tls: Option<&Tls<'_>>) -> Self {
        let program = on_path("redis-server")
            .unwrap_or_else(|| panic!("the program of Redis, redis-server, is missing; {REMEDY}"));
        for _ in 0..ATTEMPTS {
            let directory = tempfile::tempdir().expect("a directory");
            let port = free_port();
            let socket = directory.path().join("redis.sock").display().to_string();
            let number = port.to_string();
            let mut words: Vec<String> = match tls {
                None => ["--port", &number].map(str::to_owned).to_vec(),
                Some(tls) => {
                    let files = tls.write(directory.path());
                    let [cert, key, ca] = files.map(|path| path.display().to_string());
                    let clients = if tls.clients_must { "yes" } else { "no" };
                    [
                        ["--port", "0"],
                        ["--tls-port", &number],
                        ["--tls-cert-file", &cert],
                        ["--tls-key-file", &key],
                        ["--tls-ca-cert-file", &ca],
                        ["--tls-auth-clients", clients],
                    ]
                    .concat()
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
                }
            };
            words.extend(["--unixsocket", &socket].map(str::to_owned));
            let mut command = Command::new(&program);
            command
                .args(words)
                .args(["--bind", "127.0.0.1", "--save", ""])
                .args(["--requirepass", PASSWORD, "--dir"])
                .arg(directory.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut server = command.spawn().expect("redis-server starts");
            let back_door = format!("redis+unix://{socket}?pass={PASSWORD}");
            let up = || connect_redis(&back_door).is_ok();
            if comes_up(&mut server, up) {
                let _directory = directory;
                return Self {
                    server,
                    command,
                    port,
                    back_door,
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

    /// The place in its address, by a name of this machine.
    pub fn place_at(&self, host: &str) -> String {
        format!(":{PASSWORD}@{host}:{}/0", self.port)
    }

    /// A connection of those who fill it.
    pub fn connection(&self) -> redis::Connection {
        connect_redis(&self.back_door).expect("connected")
    }

    /// Carries commands out, a line each, words parted by spaces.
    pub fn does(&self, commands: &str) {
        let mut connection = connect_redis(&self.back_door).expect("connected");
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

    /// Asks for one thing, words parted by spaces.
    pub fn answers(&self, command: &str) -> redis::RedisResult<redis::Value> {
        let mut words = command.split_whitespace();
        let mut command = redis::cmd(words.next().expect("a command"));
        words.for_each(|word| {
            command.arg(word);
        });
        command.query(&mut connect_redis(&self.back_door)?)
    }

    /// Adds bytes to a stream as somebody else than shopblast.
    pub fn forges(&self, stream: &str, field: &str, message: &[u8]) {
        let mut connection = connect_redis(&self.back_door).expect("connected");
        let mut add = redis::cmd("XADD");
        add.arg(stream).arg("*").arg(field).arg(message);
        add.exec(&mut connection).expect("added");
    }

    /// The address for another user.
    pub fn url_of(&self, user: &str, password: &str) -> String {
        format!("redis://{user}:{password}@127.0.0.1:{}/0", self.port)
    }

    /// Lets it stand still, until it [`Self::goes_on`].
    pub fn stands_still(&self) {
        signal(&self.server, "STOP");
    }

    /// Lets it go on.
    pub fn goes_on(&self) {
        signal(&self.server, "CONT");
    }

    /// Ends it at once, and keeps its place.
    pub fn falls(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// Starts it in the same place, without anything that it knew.
    pub fn rises(&mut self) {
        self.server = self.command.spawn().expect("redis-server starts");
        let back_door = self.back_door.clone();
        let up = || connect_redis(&back_door).is_ok();
        assert!(comes_up(&mut self.server, up), "it comes up again");
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

/// Who comes over TCP comes in TLS; who comes to `certified` brings a certificate.
const ONLY_IN_TLS: &str = "local all all scram-sha-256
    hostssl certified shop 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
    hostssl all shop 127.0.0.1/32 scram-sha-256\n";

impl Tls<'_> {
    /// Writes certificate, key and authority to `directory`, the key for nobody else to read.
    fn write(&self, directory: &Path) -> [PathBuf; 3] {
        let (cert, key) = self.shown.write(directory, "server");
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&key, private).expect("a mode");
        [cert, key, self.clients_of.write(directory)]
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
