//! Races of a crowd: users of all cores that gather, and are let go at one moment.

use super::allocations::make_room;
use super::awaited_start::AwaitedStart;
use super::barrier::CommonStart;
use super::clock::now_ns;
use super::link::{CalledOff, RaceRequest, Stopped};
use super::local_barrier::WaitingRacer;
use super::race_connection::{Ended, RaceConnection};
use super::race_pool::{RacePool, RaceStart, is_at_start};
use std::cell::Cell;
use std::rc::Rc;

/// How often one user of a core looks whether the common start is set.
const LOOK_NS: u64 = 100_000;

impl RacePool {
    /// Gathers with the crowd. The first one of a core that comes lets all of them go.
    pub(super) async fn start_with(
        &self,
        crowd: AwaitedStart<'_>,
        start: RaceStart<'_>,
        racers: &mut [RaceRequest],
    ) -> Result<u64, CalledOff> {
        let group = start.group;
        let connections = || start.connections.iter().map(|&place| self.get(place));
        if !self.is_gathering_for(crowd) || crowd.arrive(now_ns()).is_err() {
            connections().for_each(RaceConnection::spoil);
            return Err(CalledOff::Missed);
        }
        group.started.set(None);
        let leads = self.wait_at_local_barrier(crowd, start, racers);
        if leads {
            self.lead(crowd).await;
        }
        let started = group.wait_for(|| group.started.get()).await;
        let Ok(released) = started else {
            let end_ns = self.run_end_ns.get();
            connections().for_each(RaceConnection::retire);
            return Err(CalledOff::Stopped(Stopped { end_ns }));
        };
        for (connection, racer) in start.each(racers) {
            if is_at_start(racer) {
                self.note_released(connection, racer, released);
                if self.get(connection).finish().1 == Err(super::Broken::NotSent) {
                    self.note_lost(connection, racer, 0);
                }
            }
        }
        let common = crowd.start(now_ns());
        Ok(common.map_or(0, |common| common.crowd))
    }

    /// Whether those of this core that wait, if there are any, wait for the same moment.
    fn is_gathering_for(&self, crowd: AwaitedStart<'_>) -> bool {
        let barrier = self.barrier.borrow();
        barrier.waiting.is_empty() || barrier.due_ns == crowd.due_ns()
    }

    /// Returns whether nobody else of this core waits yet.
    fn wait_at_local_barrier(
        &self,
        crowd: AwaitedStart<'_>,
        start: RaceStart<'_>,
        racers: &[RaceRequest],
    ) -> bool {
        let mut barrier = self.barrier.borrow_mut();
        let is_first = barrier.waiting.is_empty();
        barrier.due_ns = crowd.due_ns();
        for (connection, racer) in start.each(racers) {
            if is_at_start(racer) {
                let held_back = self.parts(start, connection, racer).1;
                make_room(&mut barrier.text, held_back.len());
                barrier.text.extend_from_slice(held_back);
            }
            let end = barrier.text.len();
            barrier.waiting.push(WaitingRacer {
                connection,
                descriptor: self.descriptor(connection),
                end,
                group: Rc::clone(start.group),
            });
        }
        is_first
    }

    /// Waits for the common start and lets everybody at the barrier go, or ends their wait when the
    /// run is over.
    async fn lead(&self, crowd: AwaitedStart<'_>) {
        let start = loop {
            let (now_ns, end_ns) = (now_ns(), self.run_end_ns.get());
            if let Some(start) = crowd.start(now_ns) {
                break start;
            }
            if now_ns >= end_ns {
                let mut barrier = self.barrier.borrow_mut();
                for waiting in barrier.waiting.drain(..) {
                    crowd.withdraw();
                    waiting.group.started.set(Some(Err(Ended)));
                    waiting.group.wake();
                }
                barrier.text.clear();
                return;
            }
            let look_ns = crowd.next_look_ns(now_ns, LOOK_NS);
            self.pacer.until(look_ns.min(end_ns)).await;
        };
        self.open_local_barrier(start).await;
    }

    async fn open_local_barrier(&self, start: CommonStart) {
        self.until_exactly(start.at_ns).await;
        let now_ns = now_ns();
        let mut barrier = self.barrier.borrow_mut();
        let barrier = &mut *barrier;
        for waiting in &barrier.waiting {
            self.mark_in_flight(waiting.connection, now_ns);
        }
        let mut release = self.release.borrow_mut();
        let begun = Cell::new(0);
        let released = release.send_all(barrier.waiting.iter().map(|waiting| {
            let begin = begun.replace(waiting.end);
            let to = self.destination(waiting.connection, waiting.descriptor);
            (to, &barrier.text[begin..waiting.end])
        }));
        let mut begin = 0;
        for (waiting, &taken) in barrier.waiting.iter().zip(release.results()) {
            let expected = (waiting.end - std::mem::replace(&mut begin, waiting.end)) as i32;
            self.get(waiting.connection)
                .note_taken(taken == expected && expected > 0);
            waiting.group.started.set(Some(Ok(released)));
            waiting.group.wake();
        }
        barrier.waiting.clear();
        barrier.text.clear();
    }
}
