//! What needs real stores: runs that observe a PostgreSQL and a Redis of their own, and machines that meet
//! at one.

#[path = "../certificates/mod.rs"]
mod certificates;
#[path = "../invocation/mod.rs"]
mod invocation;

mod observer_cost;
mod servers;
mod truthful_engines;

mod event_latency;
mod fleet_bus;
mod fleet_cost;
mod fleet_loss;
mod meetings;
mod observed_accounts;
mod observed_in_tls;
mod observed_stores;
