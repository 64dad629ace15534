//! When a crowd goes: as soon as all of it have gathered, or at a moment that was fixed before.

use super::barrier::{Barrier, CommonStart, LEAD_NS, Missed};

/// A crowd that a race is one of.
#[derive(Clone, Copy, Debug)]
pub enum AwaitedStart<'a> {
    /// It goes when all have gathered at a barrier, at the start of this number.
    Gathered {
        /// Where it gathers.
        barrier: &'a Barrier,
        /// Which start of the barrier is meant.
        start: u64,
    },
    /// It goes at this moment of the monotonic clock, whoever is there by then. Nobody has to tell
    /// anybody: crowds of several machines are let go so, each by its own clock.
    Due {
        /// The moment, in nanoseconds.
        at_ns: u64,
    },
}

impl AwaitedStart<'_> {
    /// One of the crowd is ready.
    ///
    /// # Errors
    /// When it is too late for that start.
    pub(super) fn arrive(self, now_ns: u64) -> Result<(), Missed> {
        match self {
            Self::Gathered { barrier, start } => barrier.arrive(start, now_ns),
            Self::Due { at_ns } if now_ns + LEAD_NS > at_ns => Err(Missed),
            Self::Due { .. } => Ok(()),
        }
    }

    /// The start, once nobody is waited for any more. Of a moment that was fixed before the size of the
    /// crowd is not known here: it is 1.
    pub(super) fn start(self, now_ns: u64) -> Option<CommonStart> {
        match self {
            Self::Gathered { barrier, start } => barrier.start(start, now_ns),
            Self::Due { at_ns } => {
                (now_ns + LEAD_NS >= at_ns).then_some(CommonStart { at_ns, crowd: 1 })
            }
        }
    }

    /// One that was ready will not go.
    pub(super) fn withdraw(self) {
        if let Self::Gathered { barrier, start } = self {
            barrier.withdraw(start);
        }
    }

    /// When to look again whether it goes, at least `every_ns` from now.
    pub(super) fn next_look_ns(self, now_ns: u64, every_ns: u64) -> u64 {
        let next_ns = now_ns + every_ns;
        match self {
            Self::Gathered { .. } => next_ns,
            Self::Due { at_ns } => next_ns.max(at_ns.saturating_sub(LEAD_NS)),
        }
    }

    /// The moment, where it was fixed before: all requests are due then, however late they leave.
    pub(super) fn due_ns(self) -> Option<u64> {
        match self {
            Self::Gathered { .. } => None,
            Self::Due { at_ns } => Some(at_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_NS: u64 = 100_000_000;

    #[test]
    fn a_moment_that_was_fixed_waits_for_nobody_and_comes_for_all() {
        let due = AwaitedStart::Due { at_ns: AT_NS };
        assert_eq!(due.arrive(AT_NS - LEAD_NS), Ok(()));
        assert_eq!(due.arrive(AT_NS - LEAD_NS + 1), Err(Missed));
        assert_eq!(due.start(AT_NS - LEAD_NS - 1), None);
        for late_ns in [AT_NS - LEAD_NS, AT_NS, 2 * AT_NS] {
            assert_eq!(due.start(late_ns).map(|start| start.at_ns), Some(AT_NS));
        }
        assert_eq!(due.due_ns(), Some(AT_NS));
    }

    #[test]
    fn nobody_looks_often_for_a_moment_that_is_known() {
        let due = AwaitedStart::Due { at_ns: AT_NS };
        assert_eq!(due.next_look_ns(5, 10), AT_NS - LEAD_NS);
        assert_eq!(due.next_look_ns(AT_NS, 10), AT_NS + 10);
        let barrier = Barrier::default();
        let gathered = AwaitedStart::Gathered {
            barrier: &barrier,
            start: 0,
        };
        assert_eq!(gathered.next_look_ns(5, 10), 15);
        assert_eq!(gathered.due_ns(), None);
    }
}
