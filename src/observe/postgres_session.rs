//! A connection to a database that can only read, and gives a query up that takes too long.

use super::{PostgresAddress, Problem};
use crate::plan::AddressPolicy;
use postgres::error::SqlState;
use postgres::{Client, NoTls, Row};
use std::error::Error as _;
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest query, by the server's clock.
const STATEMENT_TIMEOUT_MS: u32 = 2_000;

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
        let mut client = match self.client.take() {
            Some(client) if !client.is_closed() => client,
            _ => self.connect()?,
        };
        let rows = client.query(sql, &[]).map_err(|error| self.told(&error));
        if !client.is_closed() {
            self.client = Some(client);
        }
        rows
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
        config.connect(NoTls).map_err(|error| self.told(&error))
    }

    fn told(&self, error: &postgres::Error) -> Problem {
        let address = &self.address;
        let says = match error.code() {
            Some(&SqlState::QUERY_CANCELED) => format!(
                "{address}: the count took longer than {} s and was given up (statement timeout)",
                STATEMENT_TIMEOUT_MS / 1_000
            ),
            Some(&SqlState::UNDEFINED_TABLE) => format!(
                "{address}: {}; is this the database of the shop, with its schema set up?",
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
