//! A connection to a database that can only read, and gives a query up that takes too long or whose
//! answer is too large.

use super::meter::Meter;
use super::metered_stream::{ByteChannel, MeteredStream};
use super::{PostgresAddress, Problem};
use crate::plan::AddressPolicy;
use std::error::Error as _;
use std::io;
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest wait until it has let us in.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest query, by the server's clock.
const STATEMENT_TIMEOUT_MS: u32 = 2_000;
/// The same for those that are made once, after the load.
const ACCOUNT_TIMEOUT_MS: u32 = 15_000;
/// How much longer one is waited for by ours: a server that keeps its word has answered by then.
const GRACE: Duration = Duration::from_secs(2);
/// Most bytes of an answer. A thousand rows have less than 100 KiB.
const MOST_BYTES: u64 = 2 << 20;
/// A connection that has brought so much is replaced: what a server says of itself is kept with it.
const MOST_BYTES_OF_CONNECTION: u64 = 32 << 20;

/// Values that a query names as `$1` and so on.
pub(super) type QueryParameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Connects when it is first asked, and again after it was cut off.
pub(super) struct PostgresSession {
    address: PostgresAddress,
    policy: AddressPolicy,
    open: Option<OpenSession>,
    dial: Option<Dial>,
}

/// Makes a connection, in place of one to the address.
pub type Dial = Box<dyn Fn() -> Box<dyn ByteChannel> + Send>;

/// Nothing is read but while somebody waits for an answer.
struct OpenSession {
    runtime: Runtime,
    client: Client,
    meter: Arc<Meter>,
    received_bytes: u64,
}

/// Why there is no answer.
enum NoAnswer {
    Postgres(tokio_postgres::Error),
    Io(io::Error),
    Late(Duration),
    TooMuch(String),
}

impl From<tokio_postgres::Error> for NoAnswer {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl PostgresSession {
    pub fn new(address: PostgresAddress, policy: AddressPolicy) -> Self {
        Self {
            address,
            policy,
            open: None,
            dial: None,
        }
    }

    /// One whose connections `dial` makes.
    pub fn over(dial: Dial) -> Self {
        let address = PostgresAddress::parse("postgres://shop@localhost/shop").expect("an address");
        Self {
            dial: Some(dial),
            ..Self::new(address, AddressPolicy::default())
        }
    }

    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Runs a query that reads.
    pub fn query(&mut self, sql: &str) -> Result<Vec<Row>, Problem> {
        self.query_within(STATEMENT_TIMEOUT_MS, sql, &[])
    }

    /// Runs a query that reads and may take longer, because nobody waits for it under load.
    pub fn query_once(
        &mut self,
        sql: &str,
        with: QueryParameters<'_>,
    ) -> Result<Vec<Row>, Problem> {
        let limit = |ms: u32| format!("SET statement_timeout = {ms}");
        self.execute(&limit(ACCOUNT_TIMEOUT_MS))?;
        let rows = self.query_within(ACCOUNT_TIMEOUT_MS, sql, with);
        // A connection that was cut off begins with the usual limit again.
        self.execute(&limit(STATEMENT_TIMEOUT_MS))?;
        rows
    }

    fn query_within(
        &mut self,
        limit_ms: u32,
        sql: &str,
        with: QueryParameters<'_>,
    ) -> Result<Vec<Row>, Problem> {
        self.with_client(limit_ms, async |client| client.query(sql, with).await)
    }

    fn execute(&mut self, sql: &str) -> Result<(), Problem> {
        self.with_client(STATEMENT_TIMEOUT_MS, async |client| {
            client.batch_execute(sql).await
        })
    }

    fn with_client<T>(
        &mut self,
        limit_ms: u32,
        work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Problem> {
        let mut open = match self.open.take() {
            Some(open) if open.is_usable() => open,
            _ => self.connect()?,
        };
        let limit = Duration::from_millis(limit_ms.into()) + GRACE;
        match open.ask(limit, work) {
            Ok(done) => {
                self.open = Some(open);
                Ok(done)
            }
            Err(why) => {
                // What the server refuses leaves the connection as it was.
                if let NoAnswer::Postgres(_) = why {
                    self.open = Some(open);
                }
                Err(self.told(&why, limit_ms))
            }
        }
    }

    fn connect(&self) -> Result<OpenSession, Problem> {
        self.address
            .check(&self.policy)
            .map_err(|public| Problem::new(public.to_string()))?;
        self.open()
            .map_err(|why| self.told(&why, STATEMENT_TIMEOUT_MS))
    }

    /// Time zones are UTC, since that is what Protean writes into columns without one.
    fn open(&self) -> Result<OpenSession, NoAnswer> {
        let mut config = self.address.config().clone();
        let own = format!(
            "-c default_transaction_read_only=on -c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"
        );
        let options = match config.get_options() {
            Some(theirs) => format!("{theirs} {own}"),
            None => own,
        };
        config.options(options).application_name("shopblast");
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let meter = Arc::new(Meter::new(MOST_BYTES));
        let places = self.address.places();
        let client = runtime.block_on(async {
            let stream = match &self.dial {
                Some(dial) => dial(),
                None => connect(&places).await?,
            };
            let stream = MeteredStream::new(stream, Arc::clone(&meter));
            let login = timeout(LOGIN_TIMEOUT, config.connect_raw(stream, NoTls));
            let late = |_| NoAnswer::Late(LOGIN_TIMEOUT);
            let (client, connection) =
                login
                    .await
                    .map_err(late)?
                    .map_err(|error| match meter.is_spent() {
                        true => NoAnswer::TooMuch(meter.told()),
                        false => error.into(),
                    })?;
            // How it ends is told by the client's next answer.
            tokio::spawn(async { drop(connection.await) });
            Ok::<_, NoAnswer>(client)
        })?;
        Ok(OpenSession {
            runtime,
            client,
            meter,
            received_bytes: 0,
        })
    }

    fn told(&self, why: &NoAnswer, limit_ms: u32) -> Problem {
        let address = &self.address;
        match why {
            NoAnswer::Postgres(error) => self.refused(error, limit_ms),
            NoAnswer::Io(error) => Problem::new(format!("{address}: {error}; is the database up?")),
            NoAnswer::Late(limit) => Problem::new(format!(
                "{address} accepts connections but has not answered for {} s",
                limit.as_secs()
            )),
            NoAnswer::TooMuch(says) => Problem::new(format!("{address}: {says}")),
        }
    }

    fn refused(&self, error: &tokio_postgres::Error, limit_ms: u32) -> Problem {
        let address = &self.address;
        let says = match error.code() {
            Some(&SqlState::QUERY_CANCELED) => format!(
                "{address}: the count took longer than {} s and was given up (statement timeout)",
                limit_ms / 1_000
            ),
            Some(&SqlState::UNDEFINED_TABLE) => format!(
                "{address}: {}; is this the database of the shop, with its schema set up?",
                cause(error)
            ),
            Some(&SqlState::UNDEFINED_COLUMN) => format!(
                "{address}: {}; the table has another shape than ShopStream's",
                cause(error)
            ),
            Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                format!("{address}: {}; check user and password", cause(error))
            }
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => format!(
                "{address}: {}; let the user read the table (GRANT SELECT)",
                cause(error)
            ),
            Some(_) => format!("{address}: {}", cause(error)),
            None => format!("{address}: {}; is the database up?", cause(error)),
        };
        Problem::new(says)
    }
}

impl OpenSession {
    fn is_usable(&self) -> bool {
        !self.client.is_closed() && self.received_bytes < MOST_BYTES_OF_CONNECTION
    }

    fn ask<T>(
        &mut self,
        limit: Duration,
        work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, NoAnswer> {
        self.meter.refill();
        let (client, meter) = (&self.client, &self.meter);
        let answer = async { timeout(limit, work(client)).await };
        let answer = self.runtime.block_on(answer);
        self.received_bytes += MOST_BYTES - meter.left_bytes();
        match answer {
            _ if meter.is_spent() => Err(NoAnswer::TooMuch(meter.told())),
            Ok(answer) => answer.map_err(NoAnswer::Postgres),
            Err(_) => Err(NoAnswer::Late(limit)),
        }
    }
}

/// A connection to the first of `places` that accepts one.
async fn connect(places: &[(Host, u16)]) -> io::Result<Box<dyn ByteChannel>> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for (host, port) in places {
        match connect_to(host, *port).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn connect_to(host: &Host, port: u16) -> io::Result<Box<dyn ByteChannel>> {
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    let name = match host {
        Host::Tcp(name) => name.as_str(),
        Host::Unix(directory) => {
            let path = Path::new(directory).join(format!(".s.PGSQL.{port}"));
            return Ok(Box::new(UnixStream::connect(path).await?));
        }
    };
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in (name, port).to_socket_addrs()? {
        let connecting = timeout(CONNECT_TIMEOUT, TcpStream::connect(address));
        match connecting.await.map_err(late).flatten() {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(Box::new(stream));
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// What the server said, or the innermost cause of what happened on the way.
fn cause(error: &tokio_postgres::Error) -> String {
    if let Some(told) = error.as_db_error() {
        return told.message().to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let inner = innermost.to_string();
    match error.source() {
        Some(_) => inner,
        None => error.to_string(),
    }
}

#[cfg(test)]
#[path = "postgres_session/tests.rs"]
mod tests;
