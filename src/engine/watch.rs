//! Who looks after deadlines and Ctrl-C while a core has no users: before the start, and after the end.

use super::clock::now_ns;
use super::interruption::Interruption;
use super::pacer::Pacer;
use super::runtime::{Task, spawn};
use super::transport::Transport;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

/// Longest pause between looks.
const LONGEST_TICK_NS: u64 = 20_000_000;

/// What a core's watch looks after: its timer, its connections, and the end of the run.
type Parts<'a> = (&'a Pacer, &'a Rc<Transport>, &'a Rc<Cell<u64>>);

/// Looks after deadlines until it is told to end.
pub struct Watch {
    done: Rc<Cell<bool>>,
    watching: Task<()>,
}

impl Watch {
    /// Cuts what is late before the start, and everything when the run is called off.
    pub fn before_start(parts: Parts<'_>, interruption: &Arc<Interruption>) -> Self {
        let interruption = Arc::clone(interruption);
        Self::start(parts, move |_, _| interruption.ends_run())
    }

    /// Cuts what is late after the end, and everything when that takes until the new end of the run, or
    /// Ctrl-C comes once more.
    pub fn after_end(parts: Parts<'_>, interruption: &Arc<Interruption>) -> Self {
        let interruption = Arc::clone(interruption);
        let known = interruption.times();
        Self::start(parts, move |now_ns, end_ns| {
            interruption.times() > known || now_ns >= end_ns
        })
    }

    fn start(
        (pacer, transport, run_end_ns): Parts<'_>,
        is_over: impl Fn(u64, u64) -> bool + 'static,
    ) -> Self {
        let done = Rc::new(Cell::new(false));
        let (pacer, transport) = (pacer.clone(), Rc::clone(transport));
        let (run_end_ns, is_done) = (Rc::clone(run_end_ns), Rc::clone(&done));
        let watching = spawn(async move {
            while !is_done.get() {
                pacer.until(now_ns() + LONGEST_TICK_NS).await;
                let now_ns = now_ns();
                if is_over(now_ns, run_end_ns.get()) {
                    run_end_ns.set(now_ns);
                    // Whoever waits for a connection has waited long enough.
                    pacer.wake_all();
                    transport.cut_all();
                } else {
                    transport.cut_late(now_ns);
                }
            }
        });
        Self { done, watching }
    }

    /// Ends.
    pub async fn end(self, pacer: &Pacer) {
        self.done.set(true);
        pacer.wake_all();
        self.watching.join().await;
    }
}
