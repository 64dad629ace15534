//! The ring on which requests and replies travel, beside the runtime's own.
//!
//! A receive that lasts as long as its connection stands on every socket, so that every byte and
//! every end is heard when it comes, whoever waits; what comes lands in buffers that all sockets
//! share. Sockets are registered, and a request that the kernel takes whole, which it does while
//! it is submitted, completes without a word. Requests are handed over some at a time, replies
//! taken as they come; the runtime waits for the ring when there is nothing left to do (see
//! [`drive`]).
//!
//! Needs Linux 6.1 (deferred completions; multishot receives came with 6.0, rings of buffers with 5.19). Without it the
//! runtime's own sends and receives are used.

/// How the ring is set up and used.
pub const FLAGS: &[&str] = &[
    "DEFER_TASKRUN",
    "SINGLE_ISSUER",
    "RECV_MULTISHOT",
    "BUF_RING",
];

mod buffers;
mod driving;
mod kernel;
mod ring;
mod socket;
mod sockets;
mod state;
mod uring;

pub use driving::drive;
pub use kernel::{Completion, Kernel, Offers, Wish};
pub use ring::SocketRing;
pub use socket::{InPlace, ReceivedBuffer, RingSocket};
pub use sockets::{Arrival, Arrivals, FilledBuffer};
pub use state::{Leftover, RingState};

#[cfg(test)]
mod tests;
