//! A connection to a database that can only read, and gives a query up that takes too long.

use super::{PostgresAddress, Problem};
use crate::plan::AddressPolicy;
use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Row};
use std::error::Error as _;
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest query, by the server's clock.
const STATEMENT_TIMEOUT_MS: u32 = 2_000;
/// The same for those that are made once, after the load.
const ACCOUNT_TIMEOUT_MS: u32 = 15_000;

/// Values that a query names as `$1` and so on.
pub(super) type QueryParameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Connects when it is first asked, and again after it was cut off.
pub(super) struct PostgresSession {
    address: PostgresAddress,
    policy: AddressPolicy,
    client: Option<Client>,
}

impl PostgresSession {
    pub fn new(address: PostgresAddress, policy: AddressPolicy) -> Self {
        let client = None;
        Self {
            address,
            policy,
            client,
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
        self.with_client(limit_ms, |client| client.query(sql, with))
    }

    fn execute(&mut self, sql: &str) -> Result<(), Problem> {
        self.with_client(STATEMENT_TIMEOUT_MS, |client| client.batch_execute(sql))
    }

    fn with_client<T>(
        &mut self,
        limit_ms: u32,
        work: impl FnOnce(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, Problem> {
        let mut client = match self.client.take() {
            Some(client) if !client.is_closed() => client,
            _ => self.connect()?,
        };
        let done = work(&mut client).map_err(|error| self.told(&error, limit_ms));
        if !client.is_closed() {
            self.client = Some(client);
        }
        done
    }

    /// Time zones are UTC, since that is what Protean writes into columns without one.
    fn connect(&self) -> Result<Client, Problem> {
        self.address
            .check(&self.policy)
            .map_err(|public| Problem::new(public.to_string()))?;
        let mut config = self.address.config().clone();
        let own = format!(
            "-c default_transaction_read_only=on -c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"
        );
        let options = match config.get_options() {
            Some(theirs) => format!("{theirs} {own}"),
            None => own,
        };
        config
            .options(&options)
            .application_name("shopblast")
            .connect_timeout(CONNECT_TIMEOUT);
        config
            .connect(NoTls)
            .map_err(|error| self.told(&error, STATEMENT_TIMEOUT_MS))
    }

    fn told(&self, error: &postgres::Error, limit_ms: u32) -> Problem {
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

/// What the server said, or the innermost cause of what happened on the way.
fn cause(error: &postgres::Error) -> String {
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
