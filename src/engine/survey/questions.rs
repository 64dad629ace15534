//! What a survey asks.

use crate::engine::tls::TlsClient;
use crate::plan::Target;
use std::rc::Rc;

/// What a survey asks, in full requests.
#[derive(Clone, Debug)]
pub struct Questions {
    pub(super) slow: Box<[u8]>,
    pub(super) quick: Box<[u8]>,
    pub(super) tls: Option<TlsClient>,
}

impl Questions {
    /// `GET slow`, which takes a process long, and `GET quick`, which takes it a moment. Neither may
    /// change anything.
    #[must_use]
    pub fn of(target: &Target, slow: &str, quick: &str) -> Self {
        let get = |path: &str| {
            let (base, lines) = (&target.base_path, target.head_lines());
            format!("GET {base}{path} HTTP/1.1\r\n{lines}\r\n")
                .into_bytes()
                .into_boxed_slice()
        };
        Self {
            slow: get(slow),
            quick: get(quick),
            tls: None,
        }
    }

    /// The same, asked over TLS where `tls` says how.
    #[must_use]
    pub fn over_tls(self, tls: Option<TlsClient>) -> Self {
        Self { tls, ..self }
    }

    /// The slow one.
    #[must_use]
    pub fn slow(&self) -> Rc<[u8]> {
        Rc::from(&*self.slow)
    }
}
