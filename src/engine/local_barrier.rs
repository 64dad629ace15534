//! Where the racers of one core wait for the start that they have in common.

use super::race_connection::RaceGroup;
use std::os::fd::RawFd;
use std::rc::Rc;

/// Users of this core that wait for a common start.
#[derive(Default)]
pub(super) struct LocalBarrier {
    /// In the order in which they came.
    pub(super) waiting: Vec<WaitingRacer>,
    /// The moment that they wait for, where it was fixed before.
    pub(super) due_ns: Option<u64>,
    /// What each of them still has to send.
    pub(super) text: Vec<u8>,
}

/// One of them.
pub(super) struct WaitingRacer {
    /// Its race connection.
    pub(super) connection: u32,
    /// What that is.
    pub(super) descriptor: RawFd,
    /// Where its text ends.
    pub(super) end: usize,
    /// Its race.
    pub(super) group: Rc<RaceGroup>,
}
