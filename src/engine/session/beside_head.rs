//! What a request carries beside its prepared head: a trace id, and the user's cookies.

use crate::engine::PreparedHeads;
use crate::engine::cookies::CookieJar;
use crate::engine::trace::append_trace;
use fastrand::Rng;

/// See the module's documentation.
pub(super) struct BesideHead<'a> {
    pub(super) heads: &'a PreparedHeads,
    pub(super) jitter: &'a mut Rng,
    /// The user's cookies, and the moment.
    pub(super) cookies: Option<(&'a mut CookieJar, u64)>,
}

impl BesideHead<'_> {
    /// Adds it to the head of a request, which is what `out` has from `head` on.
    #[inline]
    pub(super) fn append(&mut self, out: &mut Vec<u8>, head: usize) {
        if self.heads.are_traced() {
            append_trace(self.jitter, out);
        }
        if let Some((cookies, now_ns)) = &mut self.cookies {
            cookies.append(self.heads.cookie_host(), *now_ns, out, head);
        }
    }
}
