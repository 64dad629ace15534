//! What went to which address of the target.

use super::{Absorb, Forget};
use crate::plan::{MOST_ADDRESSES, PeerAddress};

/// What went to one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressCounts {
    /// The address.
    pub address: PeerAddress,
    /// Connections that were opened there, replaced ones included.
    pub opened: u64,
    /// Attempts to connect that it refused, or did not answer in time.
    pub refused: u64,
    /// Requests that were sent there.
    pub requests: u64,
}

impl AddressCounts {
    /// Nothing yet.
    #[must_use]
    pub fn new(address: impl Into<PeerAddress>) -> Self {
        Self {
            address: address.into(),
            opened: 0,
            refused: 0,
            requests: 0,
        }
    }

    /// Whether there is nothing yet.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.opened + self.refused + self.requests == 0
    }
}

/// What went to each address: in the order in which they were met, at most [`MOST_ADDRESSES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressTable {
    rows: Vec<AddressCounts>,
}

impl Default for AddressTable {
    fn default() -> Self {
        Self {
            rows: Vec::with_capacity(MOST_ADDRESSES),
        }
    }
}

impl AddressTable {
    /// One entry an address.
    #[must_use]
    pub fn rows(&self) -> &[AddressCounts] {
        &self.rows
    }

    /// Adds `counts`, unless there are too many addresses already. Allocates nothing.
    pub fn add(&mut self, counts: &AddressCounts) {
        let mut known = self.rows.iter_mut();
        if let Some(row) = known.find(|row| row.address == counts.address) {
            row.opened += counts.opened;
            row.refused += counts.refused;
            row.requests += counts.requests;
        } else if self.rows.len() < MOST_ADDRESSES {
            self.rows.push(*counts);
        }
    }
}

impl Absorb for AddressTable {
    fn absorb(&mut self, other: &Self) {
        other.rows.iter().for_each(|counts| self.add(counts));
    }
}

impl Forget for AddressTable {
    fn forget(&mut self) {
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn counts(last: u8, requests: u64) -> AddressCounts {
        AddressCounts {
            requests,
            opened: 1,
            ..AddressCounts::new(SocketAddr::from(([127, 0, 0, last], 80)))
        }
    }

    #[test]
    fn rows_of_one_address_are_added_up_and_too_many_are_left_out() {
        let mut table = AddressTable::default();
        let mut other = AddressTable::default();
        table.add(&counts(1, 5));
        other.add(&counts(2, 7));
        other.add(&counts(1, 3));
        table.absorb(&other);
        let seen: Vec<_> = table
            .rows()
            .iter()
            .map(|row| (row.opened, row.requests))
            .collect();
        assert_eq!(seen, [(2, 8), (1, 7)]);
        (3..=200).for_each(|last| table.add(&counts(last, 1)));
        assert_eq!(table.rows().len(), MOST_ADDRESSES);
        table.forget();
        assert!(table.rows().is_empty());
    }
}
