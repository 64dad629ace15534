//! Runs that are carried out in the test's own process, and look at what belongs to the process as a
//! whole: its allocations, its descriptors, its two cores. One at a time, also where tests share a
//! process.

#[path = "../certificates/mod.rs"]
mod certificates;
#[path = "../coupon_workload/mod.rs"]
mod coupon_workload;
#[path = "../sandbox_request/mod.rs"]
mod sandbox_request;
#[path = "../whole_request/mod.rs"]
mod whole_request;

mod descriptors;
mod own_workload;
mod several_addresses;
mod steady_allocations;
mod steered_runs;

use std::sync::{Mutex, MutexGuard, PoisonError};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Waits until no other test of this binary runs. A test that failed does not fail the others.
fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}
