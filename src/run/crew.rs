//! The workers of a run: mustered, started together, joined.

use super::deal::share;
use crate::engine::{
    Interruption, PathError, PreparedHeads, Ready, Reins, Script, WorkerError, WorkerOrders,
    now_ns, work,
};
use crate::plan::Plan;
use crate::shop::ShopScript;
use crate::stats::{LiveCourse, WorkerHandover};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::net::SocketAddr;
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
    /// Starts one thread a core of the plan and waits until all are prepared: rings built, memory
    /// allocated, connections open.
    ///
    /// # Errors
    /// When any of them cannot work; the others are sent home.
    pub fn muster(
        plan: &Plan,
        script: &ShopScript,
        addresses: &[SocketAddr],
        handovers: Vec<WorkerHandover>,
        interruption: &Arc<Interruption>,
        course: Option<&Arc<LiveCourse>>,
    ) -> Result<Self, CrewError> {
        let shared = Arc::new(script.clone());
        let heads = Arc::new(PreparedHeads::new(script.steps(), &plan.target)?);
        let addresses: Arc<[SocketAddr]> = addresses.into();
        let (ready_sender, ready) = bounded(plan.cores.len());
        let mut threads = Vec::with_capacity(plan.cores.len());
        let mut starts = Vec::with_capacity(plan.cores.len());
        for (position, (&cpu, handover)) in plan.cores.iter().zip(handovers).enumerate() {
            let room = course.map_or(plan.max_users(), |course| course.room());
            let dealt = share(plan, room, (position, plan.cores.len()), |class| {
                script.wait_of(class)
            });
            let orders = WorkerOrders {
                position,
                cpu,
                driver: plan.driver,
                script: Arc::clone(&shared),
                heads: Arc::clone(&heads),
                rows: script.rows(),
                race_rows: script.race_rows(),
                shape: script.shape(),
                addresses: Arc::clone(&addresses),
                users: dealt.users,
                course: course.cloned(),
                arrivals: dealt.arrivals,
                failures: plan.failures,
                connections: dealt.connections,
                max_body_bytes: plan.max_body_bytes,
                request_timeout: plan.request_timeout,
                run_time: plan.run_time,
                stop_timeout: plan.stop_timeout,
                handover,
            };
            let (start_sender, start) = bounded(1);
            let reins = Reins {
                ready: ready_sender.clone(),
                start,
                interruption: Arc::clone(interruption),
            };
            let thread = thread::Builder::new()
                .name(format!("worker-{cpu}"))
                .spawn(move || work(orders, &reins))
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
