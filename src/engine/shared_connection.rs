//! A connection that carries requests of several users at once, as whoever looks at time and at the end of the
//! run sees it.

use super::in_flight::Cut;

/// See the module's documentation.
pub(super) trait SharedConnection {
    /// Whether any request is in flight on it, or waits for it.
    fn has_any(&self) -> bool;

    /// Gives up what is waited for until this moment at most.
    fn cut_until(&self, deadline_ns: u64, why: Cut);

    /// Closes it.
    fn end(&self);
}
