//! Opens connections again that the target has closed, at the process that has too few of them.
//!
//! A connection goes to whichever process is idle. Those that have to leave it alone are kept at work
//! for that moment by something slow on a connection of theirs that nobody uses, which is no part of any
//! figure; where all of their connections race, they are at work anyway.

use super::clock::now_ns;
use super::race_connection::RaceGroup;
use super::race_pool::RacePool;
use std::rc::Rc;
use std::task::Poll;

/// From the first closed connection to its opening: others may come, and are opened with it.
const GATHER_NS: u64 = 500_000;
/// From the slow question to the connection: the work has begun, and is far from done.
const BEGIN_NS: u64 = 250_000;

/// Opens the closed connections of `race_pool` until its end. `slow` is a request that keeps a
/// process at work.
pub async fn reopen_closed(race_pool: Rc<RacePool>, slow: Rc<[u8]>) {
    let processes = race_pool.rotation.processes();
    let (opening, working) = (Rc::new(RaceGroup::default()), Rc::new(RaceGroup::default()));
    let room = race_pool.connections.len();
    let mut closed: Vec<u32> = Vec::with_capacity(room);
    let mut part: Vec<u32> = Vec::with_capacity(room);
    let mut workers: Vec<u32> = Vec::with_capacity(usize::from(processes));
    while wait_for_closed(&race_pool).await {
        race_pool.pacer.until(now_ns() + GATHER_NS).await;
        closed.append(&mut race_pool.free.borrow_mut().closed);
        while !closed.is_empty() {
            let process = poorest(&race_pool, processes);
            let wanted = closed.len().div_ceil(usize::from(processes));
            part.extend(closed.drain(closed.len() - wanted..));
            let are_at_work = take_workers(&race_pool, processes, process, &mut workers);
            race_pool.ask(&workers, &slow, &working);
            race_pool.pacer.until(now_ns() + BEGIN_NS).await;
            let believed = if are_at_work { process } else { 0 };
            let place = race_pool.rotation.place_of(process);
            for &connection in &part {
                let connection = race_pool.get(connection);
                connection.reopen_at(believed, place, &opening);
            }
            opening.all_done().await;
            give_back(&race_pool, &mut part);
            working.all_done().await;
            race_pool.leave(&mut workers);
        }
    }
}

/// Waits until there is something to open; false at the end.
async fn wait_for_closed(race_pool: &RacePool) -> bool {
    std::future::poll_fn(|context| {
        if race_pool
            .connections
            .iter()
            .all(|connection| connection.has_ended())
        {
            return Poll::Ready(false);
        }
        let mut free = race_pool.free.borrow_mut();
        if !free.closed.is_empty() {
            return Poll::Ready(true);
        }
        match &mut free.reopener {
            Some(waker) => waker.clone_from(context.waker()),
            empty => *empty = Some(context.waker().clone()),
        }
        Poll::Pending
    })
    .await
}

/// The process with the fewest connections.
fn poorest(race_pool: &RacePool, processes: u8) -> u8 {
    let lanes_of = |process: &u8| {
        let connections = race_pool.connections.iter();
        let open = connections.filter(|connection| !connection.needs_reopening());
        open.filter(|connection| connection.process() == *process)
            .count()
    };
    (1..=processes).min_by_key(lanes_of).unwrap_or(1)
}

/// Takes a free connection of every process but `but`. Returns whether all those processes will be
/// at work: one whose connections all race is so as long as one of them waits for its reply.
/// Processes without a connection are nobody's: whichever of them takes the connection gets the
/// name.
fn take_workers(race_pool: &RacePool, processes: u8, but: u8, workers: &mut Vec<u32>) -> bool {
    let now_ns = now_ns();
    let mut free = race_pool.free.borrow_mut();
    let mut all = true;
    for process in (1..=processes).filter(|&process| process != but) {
        let is_of = |&connection: &u32| {
            let connection = race_pool.get(connection);
            connection.process() == process && connection.ready_descriptor(now_ns).is_some()
        };
        match free.connections.iter().rposition(is_of) {
            Some(place) => workers.push(free.connections.remove(place)),
            None => {
                let connections = race_pool
                    .connections
                    .iter()
                    .filter(|connection| !connection.needs_reopening());
                let mut connections = connections
                    .filter(|connection| connection.process() == process)
                    .peekable();
                all &= connections.peek().is_none()
                    || connections.any(|connection| connection.is_in_flight());
            }
        }
    }
    all
}

/// Whatever became of them: who needs them opens what is closed.
fn give_back(race_pool: &RacePool, connections: &mut Vec<u32>) {
    let mut free = race_pool.free.borrow_mut();
    free.connections.append(connections);
    free.wake_first();
}
