//! Opens lanes again that the target has closed, at the process that has too few of them.
//!
//! A connection goes to whichever process is idle. Those that have to leave it alone are kept at work
//! for that moment by something slow on a lane of theirs that nobody uses, which is no part of any
//! figure; where all of their lanes race, they are at work anyway.

use super::clock::now_ns;
use super::lane::Heat;
use super::track::Track;
use std::rc::Rc;
use std::task::Poll;

/// From the first torn lane to its opening: others may come, and are opened with it.
const GATHER_NS: u64 = 500_000;
/// From the slow question to the connection: the work has begun, and is far from done.
const BEGIN_NS: u64 = 250_000;

/// Mends the lanes of `track` until its end. `slow` is a request that keeps a process at work.
pub async fn mend(track: Rc<Track>, slow: Rc<[u8]>) {
    let processes = track.deal.processes();
    let (opening, working) = (Rc::new(Heat::default()), Rc::new(Heat::default()));
    let room = track.lanes.len();
    let mut torn: Vec<u32> = Vec::with_capacity(room);
    let mut part: Vec<u32> = Vec::with_capacity(room);
    let mut workers: Vec<u32> = Vec::with_capacity(usize::from(processes));
    while wait_for_torn(&track).await {
        track.pacer.until(now_ns() + GATHER_NS).await;
        torn.append(&mut track.free.borrow_mut().torn);
        while !torn.is_empty() {
            let process = poorest(&track, processes);
            let wanted = torn.len().div_ceil(usize::from(processes));
            part.extend(torn.drain(torn.len() - wanted..));
            let are_at_work = take_workers(&track, processes, process, &mut workers);
            track.ask(&workers, &slow, &working);
            track.pacer.until(now_ns() + BEGIN_NS).await;
            let believed = if are_at_work { process } else { 0 };
            for &lane in &part {
                track.lane(lane).reopen_at(believed, &opening);
            }
            opening.all_done().await;
            give_back(&track, &mut part);
            working.all_done().await;
            track.leave(&mut workers);
        }
    }
}

/// Waits until there is something to mend; false at the end.
async fn wait_for_torn(track: &Track) -> bool {
    std::future::poll_fn(|context| {
        if track.lanes.iter().all(|lane| lane.has_ended()) {
            return Poll::Ready(false);
        }
        let mut free = track.free.borrow_mut();
        if !free.torn.is_empty() {
            return Poll::Ready(true);
        }
        match &mut free.mender {
            Some(waker) => waker.clone_from(context.waker()),
            empty => *empty = Some(context.waker().clone()),
        }
        Poll::Pending
    })
    .await
}

/// The process with the fewest lanes.
fn poorest(track: &Track, processes: u8) -> u8 {
    let lanes_of = |process: &u8| {
        let lanes = track.lanes.iter();
        let open = lanes.filter(|lane| !lane.is_torn());
        open.filter(|lane| lane.process() == *process).count()
    };
    (1..=processes).min_by_key(lanes_of).unwrap_or(1)
}

/// Takes a free lane of every process but `but`. Returns whether all those processes will be at work:
/// one whose lanes all race is so as long as one of them waits for its reply. Processes without a lane
/// are nobody's: whichever of them takes the connection gets the name.
fn take_workers(track: &Track, processes: u8, but: u8, workers: &mut Vec<u32>) -> bool {
    let now_ns = now_ns();
    let mut free = track.free.borrow_mut();
    let mut all = true;
    for process in (1..=processes).filter(|&process| process != but) {
        let is_of = |&lane: &u32| {
            let lane = track.lane(lane);
            lane.process() == process && lane.ready_descriptor(now_ns).is_some()
        };
        match free.lanes.iter().rposition(is_of) {
            Some(place) => workers.push(free.lanes.remove(place)),
            None => {
                let lanes = track.lanes.iter().filter(|lane| !lane.is_torn());
                let mut lanes = lanes.filter(|lane| lane.process() == process).peekable();
                all &= lanes.peek().is_none() || lanes.any(|lane| lane.is_in_flight());
            }
        }
    }
    all
}

/// Whatever became of them: who needs them opens what is closed.
fn give_back(track: &Track, lanes: &mut Vec<u32>) {
    let mut free = track.free.borrow_mut();
    free.lanes.append(lanes);
    free.wake_first();
}
