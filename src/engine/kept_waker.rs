//! Wakers that are kept for later.

use std::cell::RefCell;
use std::task::Waker;

/// Keeps `waker` for later, in the place of the last one.
pub(super) fn remember(place: &RefCell<Option<Waker>>, waker: &Waker) {
    let mut place = place.borrow_mut();
    match &mut *place {
        Some(kept) => kept.clone_from(waker),
        None => *place = Some(waker.clone()),
    }
}
