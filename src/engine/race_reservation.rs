//! A race's wait for its connections, and which of the free ones it gets: of different processes where
//! several serve the target.

use super::addresses::ConnectionPlace;
use super::race_connection::RaceConnection;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The connections that nobody uses.
pub(super) struct FreeConnections {
    /// Those that came back last are last.
    pub connections: Vec<u32>,
    /// Those that are to be opened again, at a process of choice, before they are used.
    pub closed: Vec<u32>,
    /// Races in line: ticket, connections wanted, waker.
    line: VecDeque<(u64, usize, Waker)>,
    next_ticket: u64,
    /// Who opens closed connections.
    pub reopener: Option<Waker>,
}

impl FreeConnections {
    /// All of so many connections.
    pub fn new(connections: usize) -> Self {
        Self {
            connections: (0..connections as u32).rev().collect(),
            closed: Vec::with_capacity(connections),
            line: VecDeque::with_capacity(connections),
            next_ticket: 0,
            reopener: None,
        }
    }

    /// Wakes the first race in line, if its connections are there.
    pub fn wake_first(&self) {
        if let Some((_, racers, waker)) = self.line.front()
            && *racers <= self.connections.len()
        {
            waker.wake_by_ref();
        }
    }
}

/// Gives connections of different processes to the racers of a race.
#[derive(Default)]
pub(super) struct ProcessRotation {
    /// How many processes serve the target; below 2 there is nothing to choose.
    processes: Cell<u8>,
    /// Races that were given some: the first racer's process changes with it.
    races: Cell<usize>,
    /// Where each process accepts, as far as that is known.
    places: RefCell<Vec<ConnectionPlace>>,
}

impl ProcessRotation {
    /// `process` accepts at `place`.
    pub fn note_place(&self, process: u8, place: ConnectionPlace) {
        let mut places = self.places.borrow_mut();
        let process = usize::from(process);
        let known = places.len().max(process + 1);
        places.resize_with(known, ConnectionPlace::default);
        places[process] = place;
    }

    /// Where `process` accepts.
    pub fn place_of(&self, process: u8) -> ConnectionPlace {
        let places = self.places.borrow();
        places
            .get(usize::from(process))
            .copied()
            .unwrap_or_default()
    }

    /// There are so many processes.
    pub fn set_processes(&self, processes: u8) {
        self.processes.set(processes);
    }

    /// How many processes there are; below 2 there is nothing to choose.
    pub fn processes(&self) -> u8 {
        self.processes.get()
    }

    /// Moves `racers` of the `free` ones to `taken`: one of each process in turn where there is one,
    /// or whichever came back last.
    fn take(
        &self,
        all: &[Rc<RaceConnection>],
        free: &mut Vec<u32>,
        racers: usize,
        taken: &mut Vec<u32>,
    ) {
        let processes = usize::from(self.processes.get());
        if processes < 2 {
            let left = free.len() - racers;
            taken.extend(free.drain(left..));
            return;
        }
        let first = self.races.get();
        // A crowd's users race alone: the next one's process is the next.
        self.races
            .set(first.wrapping_add(racers.max(1) + usize::from(racers.is_multiple_of(processes))));
        for racer in 0..racers {
            let wanted = (first.wrapping_add(racer) % processes + 1) as u8;
            let is_of = |&connection: &u32| all[connection as usize].process() == wanted;
            let place = free.iter().rposition(is_of).unwrap_or(free.len() - 1);
            taken.push(free.remove(place));
        }
    }
}

/// A race's place in line for its connections.
pub struct RaceReservation<'a> {
    connections: &'a [Rc<RaceConnection>],
    free: &'a RefCell<FreeConnections>,
    rotation: &'a ProcessRotation,
    racers: usize,
    ticket: Option<u64>,
}

impl<'a> RaceReservation<'a> {
    /// A place for a race of `racers` racers, on some of `connections`; not in line yet.
    pub(super) fn new(
        connections: &'a [Rc<RaceConnection>],
        free: &'a RefCell<FreeConnections>,
        rotation: &'a ProcessRotation,
        racers: usize,
    ) -> Self {
        Self {
            connections,
            free,
            rotation,
            racers: racers.min(connections.len()),
            ticket: None,
        }
    }
}

impl RaceReservation<'_> {
    fn is_first(&self, free: &FreeConnections) -> bool {
        match (free.line.front(), self.ticket) {
            (None, _) => true,
            (Some((first, ..)), Some(ticket)) => *first == ticket,
            (Some(_), None) => false,
        }
    }

    fn leave_line(&mut self, free: &mut FreeConnections) {
        if let Some(ticket) = self.ticket.take() {
            free.line.retain(|(place, ..)| *place != ticket);
            free.wake_first();
        }
    }

    /// Takes the connections into `taken` as soon as they are free.
    pub async fn into(mut self, taken: &mut Vec<u32>) {
        std::future::poll_fn(|context| Pin::new(&mut self).poll(context)).await;
        let mut free = self.free.borrow_mut();
        taken.clear();
        self.rotation
            .take(self.connections, &mut free.connections, self.racers, taken);
        self.leave_line(&mut free);
    }
}

impl Future for RaceReservation<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut free = self.free.borrow_mut();
        if self.is_first(&free) && free.connections.len() >= self.racers {
            return Poll::Ready(());
        }
        match self.ticket {
            Some(ticket) => {
                let mut line = free.line.iter_mut();
                if let Some((.., waker)) = line.find(|(place, ..)| *place == ticket) {
                    waker.clone_from(context.waker());
                }
            }
            None => {
                let ticket = free.next_ticket;
                free.next_ticket += 1;
                let racers = self.racers;
                free.line
                    .push_back((ticket, racers, context.waker().clone()));
                drop(free);
                self.ticket = Some(ticket);
            }
        }
        Poll::Pending
    }
}

impl Drop for RaceReservation<'_> {
    fn drop(&mut self) {
        let free = self.free;
        self.leave_line(&mut free.borrow_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connections of these processes, and those that races of so many racers get.
    fn dealt(processes: &[u8], races: &[usize]) -> Vec<Vec<u8>> {
        let all: Vec<Rc<RaceConnection>> = (0..processes.len())
            .map(|slot| Rc::new(RaceConnection::new(slot, None)))
            .collect();
        for (connection, &process) in all.iter().zip(processes) {
            connection.believe(process);
        }
        let rotation = ProcessRotation::default();
        rotation.set_processes(*processes.iter().max().unwrap());
        let mut free: Vec<u32> = (0..processes.len() as u32).rev().collect();
        let race = |&racers: &usize| {
            let mut taken = Vec::new();
            rotation.take(&all, &mut free, racers, &mut taken);
            taken
                .iter()
                .map(|&connection| all[connection as usize].process())
                .collect()
        };
        races.iter().map(race).collect()
    }

    #[test]
    fn racers_get_lanes_of_processes_in_turn_and_sides_change_them() {
        let connections = [1, 1, 1, 1, 2, 2, 2, 2];
        assert_eq!(
            dealt(&connections, &[2, 2, 2]),
            [vec![1, 2], vec![2, 1], vec![1, 2]]
        );
        assert_eq!(dealt(&connections, &[1, 1, 1, 1]), [[1], [2], [1], [2]]);
        assert_eq!(dealt(&connections, &[3, 3])[0], [1, 2, 1]);
    }

    #[test]
    fn where_one_process_has_no_lane_left_another_will_do() {
        assert_eq!(dealt(&[1, 1, 2, 0], &[4]), [[1, 2, 1, 0]]);
        assert_eq!(
            dealt(&[0, 0, 0], &[2]),
            [[0, 0]],
            "nothing is believed of any"
        );
    }
}
