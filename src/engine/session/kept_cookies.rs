//! The cookies of a user, where its script asks for them.

use super::Session;
use crate::engine::cookies::{CookieJar, CookieRoom};
use crate::engine::{Exchange, Link};

impl<L: Link> Session<L> {
    /// The same, with this room for cookies.
    #[must_use]
    pub fn with_cookies(self, room: Option<CookieRoom>) -> Self {
        let cookies = room.map(|room| Box::new(CookieJar::new(room)));
        Self { cookies, ..self }
    }

    /// Forgets its cookies, as somebody else would have none.
    pub fn forget_cookies(&mut self) {
        if let Some(cookies) = &mut self.cookies {
            cookies.clear();
        }
    }

    /// Whether it has a cookie of this name, whatever its path.
    #[must_use]
    pub fn has_cookie(&self, name: &str) -> bool {
        let now_ns = self.link.now_ns();
        let cookies = self.cookies.as_ref();
        cookies.is_some_and(|cookies| cookies.has(name, now_ns))
    }

    /// Keeps the cookies that the reply to a request sets.
    #[inline]
    pub(super) fn note_cookies(&mut self, exchange: &Exchange) {
        if let (Some(cookies), Ok(_)) = (&mut self.cookies, &exchange.result) {
            cookies.note(self.heads.cookie_host(), self.link.head(), exchange.done_ns);
        }
    }
}
