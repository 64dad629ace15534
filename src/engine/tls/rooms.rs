//! Room for what came of a record: lent to connections, so that only those have some that wait for the
//! rest.

use super::record_key::MOST_RECORD_BYTES;
use std::cell::RefCell;

/// Rooms that are kept; what more a moment needed goes again.
const KEPT: usize = 256;
/// Rooms that are made before the start.
const READY: usize = 64;

thread_local! {
    static ROOMS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Makes rooms for the connections of this thread.
pub fn prepare_rooms() {
    ROOMS.with_borrow_mut(|rooms| {
        rooms.reserve(KEPT);
        while rooms.len() < READY {
            rooms.push(Vec::with_capacity(MOST_RECORD_BYTES));
        }
    });
}

/// An empty room, large enough for any record.
pub(in crate::engine) fn take_room() -> Vec<u8> {
    let room = ROOMS.with_borrow_mut(Vec::pop);
    room.unwrap_or_else(|| Vec::with_capacity(MOST_RECORD_BYTES))
}

/// Takes a room back.
pub(in crate::engine) fn keep_room(mut room: Vec<u8>) {
    room.clear();
    // A thread that ends has no use for it.
    let _ = ROOMS.try_with(|rooms| {
        let mut rooms = rooms.borrow_mut();
        if room.capacity() >= MOST_RECORD_BYTES && rooms.len() < KEPT {
            rooms.push(room);
        }
    });
}
