//! The embedded shop over real sockets, asked by a plain client: its contexts, its Observatory, how
//! it falls over, and the exchanges recorded on ShopStream, replayed.

#[path = "../certificates/mod.rs"]
mod certificates;
#[path = "../sandbox_client/mod.rs"]
mod sandbox_client;

mod catalogue;
mod conformance_exchanges;
mod conformance_today;
mod falls;
mod foreign_clients;
mod http;
mod http2;
mod identity;
mod inventory;
mod new_contexts;
mod observatory;
mod ordering;
mod payments;
mod races;
mod recorded_exchange;
mod recorded_ids;
mod tls;
mod today;
mod wires;
