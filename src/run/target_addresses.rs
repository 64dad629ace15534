//! Says which addresses of its target's name a run uses, in one line, before the clock starts.

use super::request::RunRequest;
use crate::engine::Ready;
use crate::pieces::{self, counted};
use crate::plan::{AddressChoice, Plan, Route};
use crate::stats::{Absorb, AddressCounts, AddressTable};

/// Addresses that are named.
const SHOWN: usize = 8;

/// Says on standard error where the connections of these workers are, when the name of the target
/// has several addresses: those that are `known`.
pub fn tell(request: &RunRequest, plan: &Plan, known: &[Route], ready: &[Ready]) {
    let output = &request.output;
    let is_muted = output.quiet || output.only_summary || output.silent;
    let mut table = AddressTable::default();
    for ready in ready {
        table.absorb(&ready.addresses);
    }
    if known.len() > 1 && !is_muted {
        let where_to = match plan.addresses {
            AddressChoice::All => line(table.rows()),
            AddressChoice::First => first_line(known.len(), table.rows()),
        };
        pieces::tell(format!(
            "addresses of {}: {where_to}",
            plan.target.place().0
        ));
    }
}

fn first_line(known: usize, rows: &[AddressCounts]) -> String {
    let used = rows.iter().filter(|row| row.opened > 0);
    let used: Vec<String> = used.map(|row| row.address.to_string()).collect();
    format!(
        "all connections go to {}, of {known} (--addresses first)",
        used.join(" and ")
    )
}

fn line(rows: &[AddressCounts]) -> String {
    let (used, refusing): (Vec<&AddressCounts>, Vec<&AddressCounts>) = rows
        .iter()
        .filter(|row| !row.is_nothing())
        .partition(|row| row.opened > 0);
    let mut parts: Vec<String> = used
        .iter()
        .take(SHOWN)
        .map(|row| format!("{} has {}", row.address, counted(row.opened, "connection")))
        .collect();
    parts.extend(refusing.iter().take(SHOWN).map(|row| {
        format!(
            "{} accepts none, which is tried again now and then",
            row.address
        )
    }));
    let hidden = used.len().saturating_sub(SHOWN) + refusing.len().saturating_sub(SHOWN);
    if hidden > 0 {
        parts.push(format!("and {hidden} more"));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn row(last: u8, opened: u64, refused: u64) -> AddressCounts {
        AddressCounts {
            opened,
            refused,
            ..AddressCounts::new(SocketAddr::from(([127, 0, 0, last], 80)))
        }
    }

    #[test]
    fn those_that_are_used_come_first_and_too_many_are_counted() {
        assert_eq!(
            line(&[row(2, 0, 3), row(1, 5, 0), row(3, 1, 1), row(4, 0, 0)]),
            "127.0.0.1:80 has 5 connections; 127.0.0.3:80 has 1 connection; 127.0.0.2:80 accepts none, which is tried again now and then"
        );
        let many: Vec<AddressCounts> = (1..=20).map(|last| row(last, 1, 0)).collect();
        let text = line(&many);
        assert!(text.ends_with("; and 12 more"), "{text}");
        assert_eq!(
            first_line(3, &[row(1, 0, 2), row(2, 6, 0)]),
            "all connections go to 127.0.0.2:80, of 3 (--addresses first)"
        );
    }
}
