//! Where requests are served: the shop's API workers as a service queue.
//!
//! Requests are served first come first served. The end of each is known at once: an alarm that rings
//! late makes one reply late, and takes nothing from the capacity. Who comes to servers that all
//! connections share is given the one that will be free first. API workers share nothing: each
//! accepts on the one port, and serves what comes on its connections one after the other.

use super::chaos::{Chaos, Mishap, SLOW_NS};
use super::next::AfterReply;
use super::overload::OverloadState;
use super::request_handler::{Outgoing, RequestHandler};
use crate::engine::codec::Request;
use crate::engine::{Pacer, now_ns};
use crate::shop::OPENAPI_PATH;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Time that a request takes when workers of one thread race and no other time was set.
const RACING_NS: u64 = 100_000;

/// Time that the description of the shop takes a worker of its own connections, at least: the real
/// one is at it about as much longer than at a word about its health.
const DESCRIPTION_NS: u64 = 4_000_000;

/// Time that a request takes at a server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ServiceTime {
    /// As long as the computer takes; but 0.1 ms when a thread has several API workers, so that
    /// they have time to overtake each other.
    #[default]
    Computed,
    /// Always the same, in nanoseconds.
    Constant(u64),
    /// Exponentially distributed with this mean, in nanoseconds.
    Exponential(u64),
}

/// The servers of one thread.
pub struct ServiceQueue {
    service: ServiceTime,
    servers: RefCell<Servers>,
    /// Whether load and commit are apart, so that others can come in between.
    races: bool,
    rng: RefCell<fastrand::Rng>,
    pacer: Pacer,
    chaos: Chaos,
    /// Of a shop that falls over.
    overload: Option<Arc<OverloadState>>,
}

/// Who serves, and when each will be free on the monotonic clock.
enum Servers {
    /// Whoever is free first, whichever connection a request came on: soonest first.
    Shared(BinaryHeap<Reverse<u64>>),
    /// The worker that the connection belongs to.
    Workers(Vec<u64>),
}

impl ServiceQueue {
    /// A queue before so many `servers`, at least one. `races` tells whether what they do at the same
    /// time can collide, or each command is one step.
    pub fn new(service: ServiceTime, servers: usize, races: bool, pacer: Pacer) -> Self {
        let servers = servers.max(1);
        let service = match service {
            ServiceTime::Computed if races && servers > 1 => ServiceTime::Constant(RACING_NS),
            service => service,
        };
        Self {
            service,
            servers: RefCell::new(Servers::shared(servers)),
            races,
            rng: RefCell::new(fastrand::Rng::new()),
            pacer,
            chaos: Chaos::default(),
            overload: None,
        }
    }

    /// The same, where connections belong to one worker each.
    pub fn of_workers(self) -> Self {
        let workers = vec![0; self.servers.borrow().count()];
        let servers = RefCell::new(Servers::Workers(workers));
        Self { servers, ..self }
    }

    /// The worker that accepts a connection that comes now, as one of several processes on one port
    /// does: all idle ones are woken, and the first of them takes it; of those at work the one that
    /// is done first. `None` when connections belong to nobody.
    pub fn accept(&self) -> Option<usize> {
        match &*self.servers.borrow() {
            Servers::Shared(_) => None,
            Servers::Workers(free_ns) => {
                let now_ns = now_ns();
                let workers = free_ns.iter().enumerate();
                let first = workers.min_by_key(|(_, free_ns)| (**free_ns).max(now_ns));
                first.map(|(worker, _)| worker)
            }
        }
    }

    /// The same, with mishaps.
    pub fn with_chaos(self, chaos: Chaos) -> Self {
        Self { chaos, ..self }
    }

    /// The same, of a shop that falls over, if it is one.
    pub fn with_overload(self, overload: Option<Arc<OverloadState>>) -> Self {
        Self { overload, ..self }
    }

    /// Takes in a request that has arrived; false when the shop is down, or falls over by it.
    #[inline]
    pub fn admits_another(&self) -> bool {
        let overload = self.overload.as_ref();
        overload.is_none_or(|overload| overload.admits_another())
    }

    /// Loses whatever is served or waits, after a fall.
    pub fn lose_everything(&self) {
        let mut servers = self.servers.borrow_mut();
        *servers = match &*servers {
            Servers::Shared(free_ns) => Servers::shared(free_ns.len()),
            Servers::Workers(free_ns) => Servers::Workers(vec![0; free_ns.len()]),
        };
        self.pacer.wake_all();
    }

    fn falls(&self) -> u32 {
        let overload = self.overload.as_ref();
        overload.map_or(0, |overload| overload.falls())
    }

    /// What happens to the reply to a request for `target`.
    #[inline]
    pub fn mishap(&self, target: &str) -> Option<Mishap> {
        self.chaos.draw(target)
    }

    /// Waits as long as a slow reply takes.
    pub async fn dawdle(&self) {
        self.pacer.until(now_ns() + SLOW_NS).await;
    }

    /// Whether a request is answered in one step, without waiting for anything.
    pub fn is_immediate(&self) -> bool {
        self.service == ServiceTime::Computed
    }

    /// Answers `request`, which came on a connection of `worker`, when it has been served; a fall
    /// meanwhile loses it.
    pub async fn serve(
        &self,
        worker: Option<usize>,
        handler: &RefCell<RequestHandler>,
        request: &Request<'_>,
        out: &mut Outgoing<'_>,
    ) -> AfterReply {
        let falls = self.falls();
        let (start_ns, end_ns) = self.next_turn(now_ns(), worker, self.least_ns(request));
        if !self.races {
            self.pacer.until(end_ns).await;
            if self.falls() != falls {
                return AfterReply::Reset;
            }
            return handler.borrow_mut().answer(request, out);
        }
        self.pacer.until(start_ns).await;
        if self.falls() != falls {
            return AfterReply::Reset;
        }
        let considered = handler.borrow_mut().consider(request);
        self.pacer.until(end_ns).await;
        if self.falls() != falls {
            return AfterReply::Reset;
        }
        handler.borrow_mut().settle(request, considered, out)
    }

    /// Time that a request takes, at least.
    fn least_ns(&self, request: &Request<'_>) -> u64 {
        match &*self.servers.borrow() {
            Servers::Workers(_) if request.target == OPENAPI_PATH => DESCRIPTION_NS,
            _ => 0,
        }
    }

    /// When the service of a request that comes now starts and ends.
    fn next_turn(&self, now_ns: u64, worker: Option<usize>, least_ns: u64) -> (u64, u64) {
        let takes_ns = self.draw_ns().max(least_ns);
        match &mut *self.servers.borrow_mut() {
            Servers::Shared(free_ns) => {
                let Reverse(first_free_ns) = free_ns.pop().unwrap_or(Reverse(0));
                let start_ns = first_free_ns.max(now_ns);
                free_ns.push(Reverse(start_ns + takes_ns));
                (start_ns, start_ns + takes_ns)
            }
            Servers::Workers(free_ns) => {
                let free_ns = &mut free_ns[worker.unwrap_or(0)];
                let start_ns = (*free_ns).max(now_ns);
                *free_ns = start_ns + takes_ns;
                (start_ns, *free_ns)
            }
        }
    }

    fn draw_ns(&self) -> u64 {
        match self.service {
            ServiceTime::Computed => 0,
            ServiceTime::Constant(ns) => ns,
            // 1 - u lies above 0, so that its logarithm is finite.
            ServiceTime::Exponential(mean_ns) => {
                (-(1.0 - self.rng.borrow_mut().f64()).ln() * mean_ns as f64) as u64
            }
        }
    }
}

impl Servers {
    fn shared(count: usize) -> Self {
        Self::Shared(std::iter::repeat_n(Reverse(0), count).collect())
    }

    fn count(&self) -> usize {
        match self {
            Self::Shared(free_ns) => free_ns.len(),
            Self::Workers(free_ns) => free_ns.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Runtime;
    use crate::plan::Driver;

    const MS: u64 = 1_000_000;

    fn with_service_queue(service: ServiceTime, servers: usize, look: impl FnOnce(&ServiceQueue)) {
        let mut runtime = Runtime::new(Driver::Epoll, 8).unwrap();
        runtime.block_on(async {
            let pacer = Pacer::start(1).unwrap();
            look(&ServiceQueue::new(service, servers, false, pacer));
        });
    }

    #[test]
    fn whoever_comes_first_is_served_first_by_whoever_is_free_first() {
        with_service_queue(ServiceTime::Constant(10 * MS), 2, |service_queue| {
            let turns: Vec<_> = [100, 101, 102, 115, 116, 200]
                .map(|at| service_queue.next_turn(at * MS, None, 0))
                .into_iter()
                .map(|(start, end)| (start / MS, end / MS))
                .collect();
            let expected = [
                (100, 110),
                (101, 111),
                (110, 120),
                (115, 125),
                (120, 130),
                (200, 210),
            ];
            assert_eq!(turns, expected);
        });
    }

    #[test]
    fn a_burst_of_connections_goes_to_one_worker_and_to_the_next_when_that_is_at_work() {
        with_service_queue(ServiceTime::Constant(1_000_000 * MS), 3, |service_queue| {
            assert_eq!(service_queue.accept(), None, "servers have no connections");
        });
        let mut runtime = Runtime::new(Driver::Epoll, 8).unwrap();
        runtime.block_on(async {
            let pacer = Pacer::start(1).unwrap();
            let hour = ServiceTime::Constant(3_600_000 * MS);
            let service_queue = ServiceQueue::new(hour, 3, true, pacer).of_workers();
            let burst = [(); 5].map(|()| service_queue.accept());
            assert_eq!(burst, [Some(0); 5]);
            service_queue.next_turn(now_ns(), Some(0), 0);
            assert_eq!(service_queue.accept(), Some(1));
            service_queue.next_turn(now_ns(), Some(2), 0);
            assert_eq!(service_queue.accept(), Some(1));
            service_queue.next_turn(now_ns(), Some(1), 0);
            assert_eq!(service_queue.accept(), Some(0), "the first one to be done");
        });
    }

    #[test]
    fn a_worker_serves_what_comes_on_its_connections_one_after_the_other() {
        let mut runtime = Runtime::new(Driver::Epoll, 8).unwrap();
        runtime.block_on(async {
            let pacer = Pacer::start(1).unwrap();
            let service_queue =
                ServiceQueue::new(ServiceTime::Constant(10 * MS), 2, true, pacer).of_workers();
            let turn = |worker, least_ns| {
                let (start_ns, end_ns) = service_queue.next_turn(100 * MS, Some(worker), least_ns);
                (start_ns / MS, end_ns / MS)
            };
            assert_eq!(turn(0, 0), (100, 110));
            assert_eq!(turn(0, 30 * MS), (110, 140));
            assert_eq!(turn(1, 0), (100, 110));
            assert_eq!(turn(0, 0), (140, 150));
        });
    }

    #[test]
    fn a_busy_station_has_exactly_its_capacity() {
        with_service_queue(ServiceTime::Constant(2 * MS), 1, |service_queue| {
            let ends: Vec<u64> = (0..1_000)
                .map(|_| service_queue.next_turn(MS, None, 0).1)
                .collect();
            assert_eq!(ends[999], MS + 1_000 * 2 * MS);
        });
    }

    #[test]
    fn nobody_waits_after_everything_was_lost() {
        with_service_queue(ServiceTime::Constant(10 * MS), 2, |service_queue| {
            for _ in 0..100 {
                service_queue.next_turn(MS, None, 0);
            }
            service_queue.lose_everything();
            let starts = [(); 3].map(|()| service_queue.next_turn(2 * MS, None, 0).0 / MS);
            assert_eq!(starts, [2, 2, 12]);
        });
    }

    #[test]
    fn exponential_times_have_their_mean_and_spread() {
        with_service_queue(ServiceTime::Exponential(MS), 1, |service_queue| {
            *service_queue.rng.borrow_mut() = fastrand::Rng::with_seed(5);
            let times: Vec<f64> = (0..100_000)
                .map(|_| service_queue.draw_ns() as f64)
                .collect();
            let mean = times.iter().sum::<f64>() / 1e5;
            let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / 1e5;
            assert!((mean / MS as f64 - 1.0).abs() < 0.02, "{mean}");
            assert!((variance.sqrt() / mean - 1.0).abs() < 0.02, "{variance}");
        });
    }
}
