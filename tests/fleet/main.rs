//! Fleets for real: a leader and members as processes of their own, which meet at a real Redis and load a
//! server that counts. Where Redis is not installed they say so, and nothing else.

#[path = "../invocation/mod.rs"]
mod invocation;

mod counting_server;
mod meeting;
mod troupe;

mod losses;
mod refusals;
mod several_runs;
mod whole_runs;
