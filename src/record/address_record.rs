//! Where connections and requests went, of a target whose name has several addresses.

use crate::stats::AddressTable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What went to one address of the target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AddressRecord {
    /// The address, with its port.
    pub address: String,
    /// Connections that were opened there, also in place of others.
    pub connections: u64,
    /// Requests that were sent there.
    pub requests: u64,
    /// Their share of all requests that were sent, 0 to 1.
    pub share: f64,
}

impl AddressRecord {
    /// A record of each address that a connection was opened at.
    #[must_use]
    pub fn of(table: &AddressTable) -> Vec<Self> {
        let requests: u64 = table.rows().iter().map(|row| row.requests).sum();
        let used = table.rows().iter().filter(|row| row.opened > 0);
        used.map(|row| Self {
            address: row.address.to_string(),
            connections: row.opened,
            requests: row.requests,
            share: row.requests as f64 / requests.max(1) as f64,
        })
        .collect()
    }
}

/// An address that accepted no connection, at some time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedAddress {
    /// The address, with its port.
    pub address: String,
    /// How often.
    pub count: u64,
}

impl RefusedAddress {
    /// Those of `table`.
    #[must_use]
    pub fn of(table: &AddressTable) -> Vec<Self> {
        let refused = table.rows().iter().filter(|row| row.refused > 0);
        refused
            .map(|row| Self {
                address: row.address.to_string(),
                count: row.refused,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::AddressCounts;
    use std::net::SocketAddr;

    #[test]
    fn addresses_have_shares_and_those_that_refused_are_named_apart() {
        let row = |last, opened, refused, requests| AddressCounts {
            opened,
            refused,
            requests,
            ..AddressCounts::new(SocketAddr::from(([127, 0, 0, last], 80)))
        };
        let mut table = AddressTable::default();
        for row in [row(1, 2, 0, 30), row(2, 0, 7, 0), row(3, 1, 1, 10)] {
            table.add(&row);
        }
        let used = AddressRecord::of(&table);
        let seen: Vec<_> = used.iter().map(|it| (&*it.address, it.share)).collect();
        assert_eq!(seen, [("127.0.0.1:80", 0.75), ("127.0.0.3:80", 0.25)]);
        let refused = RefusedAddress::of(&table);
        let seen: Vec<_> = refused.iter().map(|it| (&*it.address, it.count)).collect();
        assert_eq!(seen, [("127.0.0.2:80", 7), ("127.0.0.3:80", 1)]);
    }
}
