//! A trial of the rings that a run would need: those of all its workers at once, as the kernel counts them.

use super::runtime::{Runtime, RuntimeError};
use super::socket_ring::{self, SocketRing};
use crate::plan::Driver;
use std::io;
use std::sync::Barrier;
use std::thread;

/// What workers would get here.
#[derive(Debug)]
pub struct RingTrial {
    /// Flags of the runtime's ring; empty for a plain ring and for epoll.
    pub flags: &'static [&'static str],
    /// How the ring for receives that last would be set up, or why it is not there; `None` where the driver
    /// does without.
    pub lasting: Option<io::Result<&'static [&'static str]>>,
}

/// Sets up what `workers` workers with so many `connections` each would, all at the same time, and lets go
/// of it again.
///
/// # Errors
/// When the kernel refuses one of them; the message names the remedy.
pub fn try_rings(
    driver: Driver,
    workers: usize,
    connections: usize,
) -> Result<RingTrial, RuntimeError> {
    let all_tried = Barrier::new(workers.max(1));
    let trials: Vec<Result<RingTrial, RuntimeError>> = thread::scope(|scope| {
        let workers =
            (0..workers.max(1)).map(|_| scope.spawn(|| one(driver, connections, &all_tried)));
        let workers: Vec<_> = workers.collect();
        let ended = workers.into_iter().map(|worker| {
            let ended = worker.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        ended.collect()
    });
    let mut trials = trials.into_iter().collect::<Result<Vec<RingTrial>, _>>()?;
    let worst = trials
        .iter()
        .position(|trial| matches!(trial.lasting, Some(Err(_))));
    Ok(trials.swap_remove(worst.unwrap_or_default()))
}

fn one(driver: Driver, connections: usize, all_tried: &Barrier) -> Result<RingTrial, RuntimeError> {
    let runtime = Runtime::beside_another(driver, connections);
    let lasting = (driver == Driver::Uring).then(|| SocketRing::new(connections));
    // Those of the others count as long as they are there.
    all_tried.wait();
    Ok(RingTrial {
        flags: runtime?.ring_flags(),
        lasting: lasting.map(|ring| ring.map(|_| socket_ring::FLAGS)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rings_of_several_workers_are_there_at_once() {
        for driver in [Driver::Uring, Driver::PlainUring, Driver::Epoll] {
            let trial = try_rings(driver, 3, 16).expect("the test machine has all drivers");
            assert_eq!(trial.lasting.is_some(), driver == Driver::Uring);
        }
    }
}
