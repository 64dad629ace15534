//! The embedded shop over real sockets, asked by a plain client: its contexts, its Observatory, how
//! it falls over, and the exchanges recorded on ShopStream, replayed.

#[path = "../sandbox_client/mod.rs"]
mod sandbox_client;

mod catalogue;
mod conformance_exchanges;
mod conformance_today;
mod falls;
mod http;
mod identity;
mod inventory;
mod observatory;
mod ordering;
mod payments;
mod races;
mod recorded_ids;
mod today;
