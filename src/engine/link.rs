//! What a session needs of the world: time, and requests carried out. Sockets are one world, the
//! simulation another.

use crate::stats::Reason;
use std::future::Future;

/// The run, or this user's part in it, ended at `end_ns`: nothing is sent from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The first moment at which nothing is sent any more, on the monotonic clock.
    pub end_ns: u64,
}

/// Status line and size of a reply that arrived in full; its body is [`Link::body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyHead {
    /// HTTP status, 100 to 999.
    pub status: u16,
    /// Bytes of head and body on the wire.
    pub bytes: u64,
}

/// There is no reply; [`Link::reason`] tells why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// No byte left: certainly nothing happened.
    NotSent,
    /// The request left, in part or whole: it may have happened.
    Lost,
}

/// One request carried out. Times are in nanoseconds on the monotonic clock.
pub struct Exchange {
    /// When a connection was there to send on; 0 when none had to be waited for.
    pub ready_ns: u64,
    /// First byte handed to the kernel; meaningless when nothing was sent.
    pub sent_ns: u64,
    /// Answered in full, or given up.
    pub done_ns: u64,
    /// The reply, or why there is none.
    pub result: Result<ReplyHead, Broken>,
}

/// One user's way to the shop.
pub trait Link {
    /// Now, in nanoseconds on the monotonic clock.
    fn now_ns(&self) -> u64;

    /// Waits until `due_ns`; at once when that is past.
    ///
    /// # Errors
    /// When the run ends first.
    fn until(&mut self, due_ns: u64) -> impl Future<Output = Result<(), Stopped>>;

    /// The empty buffer that the next request is written into.
    fn request_buffer(&mut self) -> &mut Vec<u8>;

    /// Sends what is in the request buffer and waits for the reply, or until the timeout.
    fn exchange(&mut self) -> impl Future<Output = Exchange>;

    /// Body of the last reply.
    fn body(&self) -> &[u8];

    /// Why the last exchange broke. Apart from its result, so that the many good exchanges do not
    /// carry a text around.
    fn reason(&self) -> &Reason;
}
