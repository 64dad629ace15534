//! What a session needs of the world: time, and requests carried out. Sockets are one world, the
//! simulation another.

use super::awaited_start::AwaitedStart;
use crate::stats::Reason;
use std::future::Future;
use std::ops::Range;

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
    /// Whether it was not sent because the target had closed the connection, and can be on a new one.
    pub again: bool,
    /// The reply, or why there is none.
    pub result: Result<ReplyHead, Broken>,
}

/// One request of a race. Times are in nanoseconds on the monotonic clock.
#[derive(Clone, Debug)]
pub struct RaceRequest {
    /// The request, as a range of the race's text.
    pub request: Range<usize>,
    /// How long after the first ones it is let go, 0 for those.
    pub shift_ns: u64,
    /// When a connection was there to send on; 0 when none had to be waited for.
    pub ready_ns: u64,
    /// When it was let go, or just before; meaningless when it was not sent.
    pub sent_ns: u64,
    /// When the kernel had taken its last byte, or just after.
    pub left_ns: u64,
    /// Answered in full, or given up.
    pub done_ns: u64,
    /// The reply, or why there is none.
    pub result: Result<ReplyHead, Broken>,
    /// The process that is believed to serve its connection, from 1; 0 when nothing is believed.
    pub process: u8,
}

impl RaceRequest {
    /// A request at the start.
    #[must_use]
    pub fn at_start(request: Range<usize>, shift_ns: u64) -> Self {
        Self {
            request,
            shift_ns,
            ready_ns: 0,
            sent_ns: 0,
            left_ns: 0,
            done_ns: 0,
            result: Err(Broken::NotSent),
            process: 0,
        }
    }
}

/// Why a race did not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalledOff {
    /// The run ended while its crowd was gathering.
    Stopped(Stopped),
    /// The crowd started without it.
    Missed,
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

    /// What is in the request buffer.
    fn written(&self) -> &[u8];

    /// Sends what is in the request buffer and waits for the reply, or until the timeout.
    fn exchange(&mut self) -> impl Future<Output = Exchange>;

    /// Waits until `racers` connections of the core are free for a race. To be called before each
    /// [`Link::race`].
    fn reserve(&mut self, racers: usize) -> impl Future<Output = ()>;

    /// Sends the requests of a race, which are ranges of `text`: those without a shift in one go,
    /// the others as much later. With a crowd, at its common start. Waits for all replies.
    /// Returns how large the crowd was, or how many requests there are without one.
    ///
    /// # Errors
    /// When it did not take place: then nothing was sent in full.
    fn race(
        &mut self,
        text: &[u8],
        race_requests: &mut [RaceRequest],
        crowd: Option<AwaitedStart<'_>>,
    ) -> impl Future<Output = Result<u64, CalledOff>>;

    /// Body of the reply to a racer of the last race, until [`Link::return_connections`].
    fn with_racer_body<T>(&self, racer: usize, read: impl FnOnce(&[u8]) -> T) -> T;

    /// Head of the reply to a racer of the last race, until [`Link::return_connections`]; empty where
    /// replies have none.
    fn with_racer_head<T>(&self, _racer: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        read(&[])
    }

    /// Why a racer of the last race has no reply.
    fn racer_reason(&self, racer: usize) -> Reason;

    /// Gives the connections of the last race back.
    fn return_connections(&mut self);

    /// Head of the last reply; empty where replies have none.
    fn head(&self) -> &[u8] {
        &[]
    }

    /// Body of the last reply.
    fn body(&self) -> &[u8];

    /// The last reply has been read: what it takes room in may serve others.
    fn forget_reply(&mut self) {}

    /// Why the last exchange broke. Apart from its result, so that the many good exchanges do not
    /// carry a text around.
    fn reason(&self) -> &Reason;
}
