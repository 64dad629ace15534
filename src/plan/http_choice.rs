//! Which HTTP a target is asked in, as its user wants it.

use super::target::Target;

/// Which HTTP a target is asked in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpChoice {
    /// HTTP/1.1, whatever it may speak.
    #[default]
    Http1,
    /// HTTP/2, and nothing else.
    Http2,
    /// HTTP/2 where a handshake of TLS agrees on it (ALPN), and else HTTP/1.1.
    ByAlpn,
}

impl Target {
    /// The same, asked as `choice` says. Without TLS nothing is agreed on: HTTP/1.1 is spoken then, unless
    /// HTTP/2 was asked for.
    #[must_use]
    pub fn asked_in(self, choice: HttpChoice) -> Self {
        Self {
            http2: choice == HttpChoice::Http2,
            http_by_alpn: choice == HttpChoice::ByAlpn,
            ..self
        }
    }

    /// Which HTTP it is asked in.
    #[must_use]
    pub fn http_choice(&self) -> HttpChoice {
        match (self.http_by_alpn, self.http2) {
            (true, _) => HttpChoice::ByAlpn,
            (false, true) => HttpChoice::Http2,
            (false, false) => HttpChoice::Http1,
        }
    }
}
