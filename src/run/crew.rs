//! The workers of a run: mustered, started together, joined.

use super::deal::share;
use crate::engine::{
    Interruption, LONGEST_SURVEY, Opened, PathError, PreparedHeads, Questions, Ready, Reins,
    SHORTEST_SURVEY, Script, Spread, Survey, Surveyor, WorkerError, WorkerOrders, now_ns, work,
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
    /// What was found of the target's processes; `None` when it was not looked at.
    pub survey: Option<Survey>,
}

impl Crew {
    /// Starts one thread a core of the plan and waits until all are prepared: rings built, memory
    /// allocated, connections open. Before that, if `looks`, the target's processes are looked for, and
    /// connections are opened at each of them.
    ///
    /// # Errors
    /// When any of them cannot work; the others are sent home.
    pub fn muster(
        plan: &Plan,
        script: &ShopScript,
        (addresses, looks): (&[SocketAddr], bool),
        handovers: Vec<WorkerHandover>,
        interruption: &Arc<Interruption>,
        course: Option<&Arc<LiveCourse>>,
    ) -> Result<Self, CrewError> {
        let shared = Arc::new(script.clone());
        let heads = Arc::new(PreparedHeads::new(script.steps(), &plan.target)?);
        let addresses: Arc<[SocketAddr]> = addresses.into();
        let paths = script.questions().filter(|_| looks);
        let questions = paths.map(|(slow, quick)| Questions::of(&plan.target, slow, quick));
        let mut crew_orders = Vec::with_capacity(plan.cores.len());
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
                opened: Spread::default(),
                questions: questions.clone(),
                max_body_bytes: plan.max_body_bytes,
                request_timeout: plan.request_timeout,
                run_time: plan.run_time,
                stop_timeout: plan.stop_timeout,
                handover,
            };
            crew_orders.push(orders);
        }
        let survey = questions.as_ref().map(|questions| {
            let longest = match script.lanes(plan.max_users() as usize) {
                0 => SHORTEST_SURVEY,
                _ => LONGEST_SURVEY,
            };
            let mut surveyor = Surveyor::new(&addresses, questions, longest, Some(interruption));
            surveyor.look();
            deal_connections(&mut surveyor, &mut crew_orders);
            surveyor.survey()
        });
        let (ready_sender, ready) = bounded(plan.cores.len());
        let mut threads = Vec::with_capacity(plan.cores.len());
        let mut starts = Vec::with_capacity(plan.cores.len());
        for orders in crew_orders {
            let cpu = orders.cpu;
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
            survey,
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

/// Opens as many connections at each process as at the next, and deals them to the workers.
fn deal_connections(surveyor: &mut Surveyor<'_>, orders: &mut [WorkerOrders<ShopScript>]) {
    let wanted = |orders: &WorkerOrders<ShopScript>| {
        let users = orders.planned_users();
        let connections = orders.connections.unwrap_or(users);
        (orders.script.lanes(users), connections)
    };
    let all = orders.iter().map(wanted);
    let (lanes, others) = all.fold((0, 0), |(lanes, others), (more_lanes, more_others)| {
        (lanes + more_lanes, others + more_others)
    });
    let Spread { lanes, others } = surveyor.open(lanes, others);
    let wanted: Vec<_> = orders.iter().map(wanted).collect();
    deal(lanes, orders, |at, orders| {
        let opened = &mut orders.opened.lanes;
        (opened.len() < wanted[at].0).then_some(opened)
    });
    deal(others, orders, |at, orders| {
        let opened = &mut orders.opened.others;
        (opened.len() < wanted[at].1).then_some(opened)
    });
}

/// Deals round and round to those who have room.
fn deal(
    opened: Vec<Opened>,
    orders: &mut [WorkerOrders<ShopScript>],
    room: impl Fn(usize, &mut WorkerOrders<ShopScript>) -> Option<&mut Vec<Opened>>,
) {
    let mut next = 0;
    for connection in opened {
        for step in 0..orders.len() {
            let at = (next + step) % orders.len();
            if let Some(place) = room(at, &mut orders[at]) {
                place.push(connection);
                next = at + 1;
                break;
            }
        }
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
