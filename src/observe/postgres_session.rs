//! A connection to a database that can only read, and gives a query up that takes too long or whose
//! answer is too large.

use super::meter::Meter;
use super::metered_stream::{ByteChannel, MeteredStream};
use super::postgres_tls::TlsMode;
use super::store_address::PostgresPlace;
use super::trust::{KeptConfig, SpokenInTls, not_set_up};
use super::{PostgresAddress, Problem};
use crate::engine::tls::{TlsError, TlsTrouble};
use crate::plan::{AddressPolicy, TlsSettings};
use std::error::Error as _;
use std::io;
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

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

/// What the client says of a server that is asked for TLS and has none.
const NO_TLS_THERE: &str = "server does not support TLS";

/// Values that a query names as `$1` and so on.
pub(super) type QueryParameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Connects when it is first asked, and again after it was cut off.
pub(super) struct PostgresSession {
    address: PostgresAddress,
    policy: AddressPolicy,
    tls: TlsSettings,
    tls_config: KeptConfig,
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
    NotSetUp(TlsError),
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
    /// One to the database at `address`, which is trusted as `tls` says where its address asks for that.
    pub fn new(address: PostgresAddress, policy: AddressPolicy, tls: TlsSettings) -> Self {
        Self {
            address,
            policy,
            tls,
            tls_config: KeptConfig::default(),
            open: None,
            dial: None,
        }
    }

    /// One whose connections `dial` makes.
    pub fn over(dial: Dial) -> Self {
        let address = PostgresAddress::parse("postgres://shop@localhost/shop").expect("an address");
        Self {
            dial: Some(dial),
            ..Self::new(address, AddressPolicy::default(), TlsSettings::default())
        }
    }

    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Runs a query that reads.
    pub fn query(&mut self, sql: &str) -> Result<Vec<Row>, Problem> {
        self.query_within(STATEMENT_TIMEOUT_MS, sql, &[])
    }

    /// Runs a query that reads, with values.
    pub fn query_with(
        &mut self,
        sql: &str,
        with: QueryParameters<'_>,
    ) -> Result<Vec<Row>, Problem> {
        self.query_within(STATEMENT_TIMEOUT_MS, sql, with)
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
        let client = runtime.block_on(self.client(&mut config, &meter))?;
        Ok(OpenSession {
            runtime,
            client,
            meter,
            received_bytes: 0,
        })
    }

    /// A client that was let in.
    async fn client(&self, config: &mut Config, meter: &Arc<Meter>) -> Result<Client, NoAnswer> {
        if let Some(dial) = &self.dial {
            config.ssl_mode(SslMode::Disable);
            return log_in(config, dial(), meter, NoTls).await;
        }
        let places = self.address.places();
        let (stream, name) = connect(&places).await?;
        let mode = self.address.tls().mode;
        let name = match (mode, name) {
            (TlsMode::Never, _) | (_, None) => {
                config.ssl_mode(SslMode::Disable);
                return log_in(config, stream, meter, NoTls).await;
            }
            (_, Some(name)) => name,
        };
        config.ssl_mode(match mode {
            TlsMode::Offered => SslMode::Prefer,
            _ => SslMode::Require,
        });
        let kept = self.tls_config.get(|| self.address.tls().config(&self.tls));
        let kept = kept.map_err(NoAnswer::NotSetUp)?;
        let mut maker = MakeRustlsConnect::new((*kept).clone());
        let Ok(tls) = MakeTlsConnect::<MeteredStream>::make_tls_connect(&mut maker, &name);
        match log_in(config, stream, meter, tls).await {
            // As PostgreSQL's own clients do, where TLS is liked but need not be.
            Err(NoAnswer::Postgres(error))
                if mode == TlsMode::Offered && TlsTrouble::found_in(&error).is_some() =>
            {
                config.ssl_mode(SslMode::Disable);
                let (stream, _) = connect(&places).await?;
                log_in(config, stream, meter, NoTls).await
            }
            done => done,
        }
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
            NoAnswer::NotSetUp(error) => Problem::new(format!("{address}: {}", not_set_up(error))),
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
            // What `pg_hba.conf` says of who comes without TLS.
            Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
                if cause(error).ends_with("no encryption") =>
            {
                format!(
                    "{address}: {}; ask for TLS with sslmode=require",
                    cause(error)
                )
            }
            Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
                if cause(error).contains("client certificate") =>
            {
                format!(
                    "{address}: {}; name one with sslcert=FILE and sslkey=FILE in the address, or with --observer-cert and --observer-key",
                    cause(error)
                )
            }
            Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                format!("{address}: {}; check user and password", cause(error))
            }
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => format!(
                "{address}: {}; let the user read the table (GRANT SELECT)",
                cause(error)
            ),
            Some(_) => format!("{address}: {}", cause(error)),
            None => match SpokenInTls::Postgres.told(error) {
                Some(why) => format!("{address}: {why}"),
                None if cause(error) == NO_TLS_THERE => format!(
                    "{address}: the server does not speak TLS; switch that on there (ssl = on), or do without with sslmode=disable"
                ),
                None => format!("{address}: {}; is the database up?", cause(error)),
            },
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

/// A client that is let in over `stream`.
async fn log_in<T>(
    config: &Config,
    stream: Box<dyn ByteChannel>,
    meter: &Arc<Meter>,
    tls: T,
) -> Result<Client, NoAnswer>
where
    T: TlsConnect<MeteredStream>,
    T::Stream: Send + 'static,
{
    let stream = MeteredStream::new(stream, Arc::clone(meter));
    let login = timeout(LOGIN_TIMEOUT, config.connect_raw(stream, tls));
    let (client, connection) = login
        .await
        .map_err(|_| NoAnswer::Late(LOGIN_TIMEOUT))?
        .map_err(|error| match meter.is_spent() {
            true => NoAnswer::TooMuch(meter.told()),
            false => error.into(),
        })?;
    // How it ends is told by the client's next answer.
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}

/// A connection to the first of `places` that accepts one, and the name that a certificate has to be of.
async fn connect(places: &[PostgresPlace]) -> io::Result<(Box<dyn ByteChannel>, Option<String>)> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for place in places {
        match connect_to(&place.host, place.port).await {
            Ok(stream) => return Ok((stream, place.name.clone())),
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
        // Some point to their documentation.
        Some(_) => inner
            .split(": https://")
            .next()
            .unwrap_or_default()
            .to_owned(),
        None => error.to_string(),
    }
}

#[cfg(test)]
#[path = "postgres_session/tests.rs"]
mod tests;
