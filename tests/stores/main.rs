//! What needs real stores: runs that observe a PostgreSQL and a Redis of their own.

#[path = "../certificates/mod.rs"]
mod certificates;
#[path = "../invocation/mod.rs"]
mod invocation;

mod servers;
mod truthful_engines;

mod event_latency;
mod observed_accounts;
mod observed_in_tls;
mod observed_stores;
