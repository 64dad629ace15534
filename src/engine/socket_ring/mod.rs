//! The ring on which requests and replies travel, beside the runtime's own.
//!
//! A receive that lasts as long as its connection stands on every socket, so that every byte and
//! every end is heard when it comes, whoever waits; what comes lands in buffers that all sockets
//! share. Sockets are registered, and a request that the kernel takes whole, which it does while
//! it is submitted, completes without a word. Requests are handed over some at a time, replies
//! taken as they come; the runtime waits for the ring when there is nothing left to do (see
//! [`drive`]).
//!
//! Needs Linux 6.0 (multishot receive; rings of buffers came with 5.19). Without it the
//! runtime's own sends and receives are used.

mod buffers;
mod driving;
mod ring;
mod socket;
mod sockets;
mod state;

pub use driving::drive;
pub use ring::SocketRing;
pub use socket::{ReceivedBuffer, RingSocket};
pub use sockets::{Arrival, Idle};

#[cfg(test)]
mod tests;
