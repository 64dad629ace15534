//! How a workload asks what its target is, before any load: questions that change nothing, carried out
//! by whoever may open sockets.

use crate::plan::Target;
use std::io;

/// A way to ask a target.
pub trait Inquiry {
    /// What is asked.
    fn target(&self) -> &Target;

    /// Asks `target` for `path`: the one that is asked, or another path of the same server. Reads at most
    /// so many bytes of body. Uncounted.
    ///
    /// # Errors
    /// When nothing comes back that could be read.
    fn ask(&self, target: &Target, path: &str, most_bytes: usize) -> Result<Answer, NoAnswer>;
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Where it points to; empty when it does not.
    pub location: String,
    /// The server's name for itself; empty when it does not say.
    pub server: String,
    /// Media type; empty when it does not say.
    pub media_type: String,
    /// How the body is packed; empty when it is not.
    pub encoding: String,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// Why nothing came back that could be read.
#[derive(Debug)]
pub enum NoAnswer {
    /// No address accepts.
    Unreachable(io::Error),
    /// TLS cannot be spoken with it, or has to be: why, and what is to be done.
    Tls(String),
    /// The body is larger than was asked for.
    TooLarge,
    /// Anything else, in words.
    Unreadable(String),
}

/// A target that may get load.
#[derive(Debug)]
pub struct Recognition<T> {
    /// What it is.
    pub target: T,
    /// Why it could not be recognised by its description; `None` when it was.
    pub caveat: Option<String>,
}

/// Why a target gets no load.
#[derive(Debug)]
pub enum NotRecognised {
    /// It did not answer.
    NoAnswer {
        /// What was asked for.
        path: &'static str,
        /// What came instead.
        why: NoAnswer,
    },
    /// It is something else: one sentence with what came, and what may be right.
    Other(String),
    /// It is there, but takes no requests yet, or now: one sentence.
    NotReady(String),
}
