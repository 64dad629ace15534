//! The workers of a run: started together, joined.

use crate::engine::{
    Interruption, PathError, PreparedScript, Ready, Reins, WorkerError, WorkerOrders, now_ns,
};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// From the order to the start, so that every worker has received it before the clock starts.
const START_DELAY: Duration = Duration::from_millis(20);

/// Why the workers cannot start.
#[derive(Debug, thiserror::Error)]
pub enum CrewError {
    /// One of them cannot work.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The system gives no more threads.
    #[error("cannot start a worker thread: {0}; raise `ulimit -u` or use fewer --cores")]
    Thread(#[source] io::Error),
    /// A request path of the script is malformed.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A worker's thread ended before it was ready.
    #[error("a worker ended before it was ready; this is a defect of shopblast, please report it")]
    Vanished,
}

/// The workers of one run, prepared and waiting for the start.
pub struct Crew {
    threads: Vec<JoinHandle<()>>,
    starts: Vec<Sender<u64>>,
    /// Their preparations, in no particular order.
    pub ready: Vec<Ready>,
}

impl Crew {
    /// Starts one thread for each of `orders` and waits until all are prepared: rings built, memory
    /// allocated, connections open.
    ///
    /// # Errors
    /// When any of them cannot work; the others are sent home.
    pub fn gather(
        script: &PreparedScript,
        orders: Vec<WorkerOrders>,
        interruption: &Arc<Interruption>,
    ) -> Result<Self, CrewError> {
        let (ready_sender, ready) = bounded(orders.len());
        let mut threads = Vec::with_capacity(orders.len());
        let mut starts = Vec::with_capacity(orders.len());
        for orders in orders {
            let (start_sender, start) = bounded(1);
            let reins = Reins {
                ready: ready_sender.clone(),
                start,
                interruption: Arc::clone(interruption),
            };
            let script = script.clone();
            let thread = thread::Builder::new()
                .name(format!("worker-{}", orders.place.cpu))
                .spawn(move || script.work(orders, &reins))
                .map_err(CrewError::Thread)?;
            threads.push(thread);
            starts.push(start_sender);
        }
        drop(ready_sender);
        let ready = all_ready(&ready, threads.len())?;
        Ok(Self {
            threads,
            starts,
            ready,
        })
    }

    /// Gives the order to start, and returns when the clock starts, in nanoseconds on the
    /// monotonic clock.
    pub fn start(&mut self) -> u64 {
        let start_ns = now_ns() + START_DELAY.as_nanos() as u64;
        for start in self.starts.drain(..) {
            // A worker that is gone is missed by the collector.
            let _ = start.send(start_ns);
        }
        start_ns
    }

    /// Waits until all workers are done. Returns how many of them panicked.
    #[must_use]
    pub fn join(self) -> usize {
        self.threads
            .into_iter()
            .map(JoinHandle::join)
            .filter(Result::is_err)
            .count()
    }
}

fn all_ready(
    ready: &Receiver<Result<Ready, WorkerError>>,
    workers: usize,
) -> Result<Vec<Ready>, CrewError> {
    (0..workers)
        .map(|_| Ok(ready.recv().map_err(|_| CrewError::Vanished)??))
        .collect()
}
