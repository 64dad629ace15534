//! Fleets for real: a leader and members as processes of their own, which meet at a real Redis and load a
//! server that counts. Where Redis is not installed they say so, and nothing else.

#[path = "../invocation/mod.rs"]
mod invocation;

#[allow(unused_imports, reason = "each binary uses its part")]
#[path = "../other_shop/mod.rs"]
mod other_shop;

#[path = "../web_server/mod.rs"]
mod web_server;

mod counting_server;
mod meeting;
mod troupe;

mod launched;
mod links;
mod losses;
mod refusals;
mod set_up;
mod several_runs;
mod web;
mod whole_runs;
