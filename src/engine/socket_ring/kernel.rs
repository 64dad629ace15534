//! What the ring asks of the kernel, and what it is told: the boundary whose other side a test can
//! play, without sockets and without a clock.

use super::sockets::FilledBuffer;
use std::os::fd::RawFd;

/// What is asked for on a socket.
#[derive(Clone, Copy, Debug)]
pub enum Wish<'a> {
    /// Hand over what comes, for as long as the connection stands.
    Receive,
    /// Take all of these bytes at once, and tell when it did not; of success nothing is told.
    Send(&'a [u8]),
    /// Take all of these bytes in time, and tell.
    SendRest(&'a [u8]),
    /// Give up what was asked for with this mark; of success nothing is told.
    Cancel(u64),
    /// Nothing, and tell that it is done.
    Nothing,
}

/// What the kernel tells of something that it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The mark that it was asked for with.
    pub mark: u64,
    /// Bytes, or a negative error number.
    pub result: i32,
    /// The buffer that was filled, if one was.
    pub buffer: Option<u16>,
    /// Whether more will be told of it.
    pub is_more: bool,
}

/// Who carries wishes out.
pub trait Kernel {
    /// Whether nothing more can be queued before [`Kernel::enter`].
    fn is_full(&mut self) -> bool;

    /// Queues a wish for `socket`. Bytes that it names stay where they are until they are known to be
    /// taken or not: by a completion, or by all that is queued having been taken.
    fn push(&mut self, socket: u32, wish: Wish<'_>, mark: u64);

    /// So many wishes are queued.
    fn queued(&self) -> u32;

    /// Takes what is queued, or a part of it; with `completes` what can be completed is.
    fn enter(&mut self, completes: bool);

    /// The next completion that nobody has looked at.
    fn completion(&mut self) -> Option<Completion>;

    /// `socket` is this connection for what is taken from now on; a negative one is none.
    fn name(&mut self, socket: u32, descriptor: RawFd);
}

/// Where buffers go that are to be filled again.
pub trait Offers {
    /// `buffer` can be filled.
    fn offer(&self, buffer: u16);

    /// Appends what came in a buffer to `bytes`.
    fn copy(&self, filled: FilledBuffer, bytes: &mut Vec<u8>);
}
