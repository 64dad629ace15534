//! The workers of a run: started together, joined.

use crate::engine::tls::TlsError;
use crate::engine::{
    Interruption, PathError, PreparedScript, Ready, WorkerConfig, WorkerError, WorkerHandle,
    made_at_start, now_ns,
};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// From the order to the start, so that every worker has received it before the clock starts.
const START_DELAY: Duration = Duration::from_millis(20);
/// And so much more for each user that is made in between: twice what it takes.
const MAKING_A_USER: Duration = Duration::from_micros(8);

/// Why the workers cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WorkerStartError {
    /// One of them cannot work.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The system gives no more threads.
    #[error("cannot start a worker thread: {0}; raise `ulimit -u` or use fewer --cores")]
    Thread(#[source] io::Error),
    /// TLS cannot be spoken as the plan says.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A request path of the script is malformed.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A worker's thread ended before it was ready.
    #[error("a worker ended before it was ready; this is a defect of shopblast, please report it")]
    Vanished,
}

/// The workers of one run, prepared and waiting for the start.
pub struct WorkerThreads {
    threads: Vec<JoinHandle<()>>,
    starts: Vec<Sender<u64>>,
    /// From the order to start to the start.
    delay: Duration,
    /// Their preparations, in no particular order.
    pub ready: Vec<Ready>,
}

impl WorkerThreads {
    /// Starts one thread for each of `config` and waits until all are prepared: rings built, memory
    /// allocated, connections open.
    ///
    /// # Errors
    /// When any of them cannot work; the others are ended.
    pub fn gather(
        script: &PreparedScript,
        config: Vec<WorkerConfig>,
        interruption: &Arc<Interruption>,
    ) -> Result<Self, WorkerStartError> {
        let (ready_sender, ready) = bounded(config.len());
        let first_users = config
            .iter()
            .map(|config| made_at_start(&config.load.users));
        let first_users = u32::try_from(first_users.max().unwrap_or(0)).unwrap_or(u32::MAX);
        let mut threads = Vec::with_capacity(config.len());
        let mut starts = Vec::with_capacity(config.len());
        for config in config {
            let (start_sender, start) = bounded(1);
            let handle = WorkerHandle {
                ready: ready_sender.clone(),
                start,
                interruption: Arc::clone(interruption),
            };
            let script = script.clone();
            let thread = thread::Builder::new()
                .name(format!("worker-{}", config.place.cpu))
                .spawn(move || script.work(config, &handle))
                .map_err(WorkerStartError::Thread)?;
            threads.push(thread);
            starts.push(start_sender);
        }
        drop(ready_sender);
        let ready = all_ready(&ready, threads.len())?;
        Ok(Self {
            threads,
            starts,
            delay: START_DELAY + MAKING_A_USER * first_users,
            ready,
        })
    }

    /// From the order to start to the start: what the workers need at least.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// Gives the order to start as soon as can be, and returns when the clock starts, in nanoseconds on
    /// the monotonic clock.
    pub fn start(&mut self) -> u64 {
        let start_ns = now_ns() + self.delay.as_nanos() as u64;
        self.start_at(start_ns);
        start_ns
    }

    /// Gives the order to start at `start_ns` on the monotonic clock.
    pub fn start_at(&mut self, start_ns: u64) {
        for start in self.starts.drain(..) {
            // A worker that is gone is missed by the collector.
            let _ = start.send(start_ns);
        }
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
) -> Result<Vec<Ready>, WorkerStartError> {
    (0..workers)
        .map(|_| Ok(ready.recv().map_err(|_| WorkerStartError::Vanished)??))
        .collect()
}
