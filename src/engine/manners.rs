//! What the target does with a connection on which it answered with a server error: some close it
//! without a word (uvicorn does after every unhandled exception), most keep it.
//!
//! Nobody says which. So the first connection after an error of each status is set aside and
//! watched, while its user takes a new one: what was closed within the watch tells that they all
//! are, and what was not that they all may be used again.

use super::net::is_stale;
use std::cell::{Cell, RefCell};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// The least status of a server error. Those from 600 on are taken for one, too (RFC 9110 §15).
pub const SERVER_ERROR: u16 = 500;
/// So many statuses are told apart; the rest are one.
const STATUSES: usize = 100;
/// So long a connection is watched that is not closed. A server closes right after its answer; on a
/// busy machine a little later.
const WATCH_NS: u64 = 250_000_000;
/// Who closes an idle connection later than this after a server error does so for another reason.
const SOON_NS: u64 = 1_000_000_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Habit {
    #[default]
    Unknown,
    Keeps,
    Closes,
}

struct WatchedConnection {
    status: u16,
    since_ns: u64,
    descriptor: OwnedFd,
}

/// What one core has learnt of the target's manners. See the module's documentation.
pub struct Manners {
    habits: [Cell<Habit>; STATUSES],
    watched: RefCell<Option<WatchedConnection>>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            habits: [const { Cell::new(Habit::Unknown) }; STATUSES],
            watched: RefCell::new(None),
        }
    }
}

impl Manners {
    /// Whether the connection on which `status`, a server error, came at `now_ns` may be used
    /// again. When nobody knows yet it may not, and is watched unless another one is; the caller
    /// drops it in either case.
    #[cold]
    pub fn may_go_on(&self, status: u16, descriptor: RawFd, now_ns: u64) -> bool {
        self.look(now_ns);
        match self.habit(status).get() {
            Habit::Keeps => true,
            Habit::Closes => false,
            Habit::Unknown => {
                let mut watched = self.watched.borrow_mut();
                if watched.is_none() {
                    *watched = duplicate(descriptor).map(|descriptor| WatchedConnection {
                        status,
                        since_ns: now_ns,
                        descriptor,
                    });
                }
                false
            }
        }
    }

    /// A connection that was kept after `status`, a server error that came at `since_ns`, was found
    /// closed at `now_ns`.
    #[cold]
    pub fn note_closed(&self, status: u16, since_ns: u64, now_ns: u64) {
        if now_ns.saturating_sub(since_ns) < SOON_NS {
            self.habit(status).set(Habit::Closes);
        }
    }

    fn habit(&self, status: u16) -> &Cell<Habit> {
        let place = usize::from(status.saturating_sub(SERVER_ERROR));
        &self.habits[place.min(STATUSES - 1)]
    }

    /// Looks at what is watched.
    fn look(&self, now_ns: u64) {
        let mut watched = self.watched.borrow_mut();
        let Some(seen) = &*watched else { return };
        let habit = match is_stale(seen.descriptor.as_raw_fd()) {
            true => Habit::Closes,
            false if now_ns.saturating_sub(seen.since_ns) >= WATCH_NS => Habit::Keeps,
            false => return,
        };
        self.habit(seen.status).set(habit);
        *watched = None;
    }
}

/// The same connection once more, so that it stays open when its user drops it.
fn duplicate(descriptor: RawFd) -> Option<OwnedFd> {
    // SAFETY: the caller holds the stream that owns the descriptor for the length of the call.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    // Without a descriptor left nothing is watched now, and something may be later.
    borrowed.try_clone_to_owned().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    const MS: u64 = 1_000_000;

    fn pair() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    #[test]
    fn who_keeps_a_connection_after_an_error_is_known_after_one_watch() {
        let manners = Manners::default();
        let (mine, _theirs) = pair();
        let ask = |status, at_ms: u64| manners.may_go_on(status, mine.as_raw_fd(), at_ms * MS);
        assert!(!ask(503, 1_000));
        assert!(!ask(503, 1_249), "still watched");
        assert!(ask(503, 1_250));
        assert!(ask(503, 9_000));
        // Another status is another habit.
        assert!(!ask(500, 9_000));
        assert!(ask(500, 9_250));
    }

    #[test]
    fn who_closes_without_a_word_is_known_at_once_and_for_good() {
        let manners = Manners::default();
        let (mine, theirs) = pair();
        assert!(!manners.may_go_on(500, mine.as_raw_fd(), 0));
        drop(theirs);
        let (other, _kept) = pair();
        for at_ms in [1, 300, 10_000] {
            assert!(!manners.may_go_on(500, other.as_raw_fd(), at_ms * MS));
        }
        // What is watched next is of another status.
        assert!(!manners.may_go_on(502, other.as_raw_fd(), 10_000 * MS));
        assert!(manners.may_go_on(502, other.as_raw_fd(), 10_300 * MS));
    }

    #[test]
    fn a_watched_connection_stays_open_when_its_user_drops_it_and_ends_with_its_watch() {
        let manners = Manners::default();
        let (mine, theirs) = pair();
        assert!(!manners.may_go_on(599, mine.as_raw_fd(), 0));
        drop(mine);
        assert!(!is_stale(theirs.as_raw_fd()));
        let (other, _kept) = pair();
        assert!(manners.may_go_on(599, other.as_raw_fd(), WATCH_NS));
        assert!(is_stale(theirs.as_raw_fd()));
        // All from 600 on are one.
        assert!(manners.may_go_on(999, other.as_raw_fd(), WATCH_NS));
    }

    #[test]
    fn a_kept_connection_that_is_found_closed_soon_corrects_what_was_learnt() {
        let manners = Manners::default();
        let (mine, _theirs) = pair();
        let may = |at_ns| manners.may_go_on(500, mine.as_raw_fd(), at_ns);
        assert!(!may(0) && may(WATCH_NS));
        // An idle time-out is no answer to an error.
        manners.note_closed(500, WATCH_NS, WATCH_NS + SOON_NS);
        assert!(may(2 * WATCH_NS));
        manners.note_closed(500, 2 * WATCH_NS, 2 * WATCH_NS + 1);
        assert!(!may(2 * WATCH_NS + 1) && !may(60 * SOON_NS));
    }
}
