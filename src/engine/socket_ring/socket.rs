//! One connection on the ring, and what came on it.

use super::kernel::Offers;
use super::ring::SocketRing;
use super::sockets::{Arrival, Arrivals, FilledBuffer};
use super::state::Leftover;
use crate::engine::net::IdleState;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::Rc;

/// A connection on the ring: what owns its descriptor.
pub struct RingSocket {
    ring: Rc<SocketRing>,
    place: u32,
    descriptor: OwnedFd,
}

impl RingSocket {
    /// Puts a connection on the ring, in `place`, which no other has.
    #[must_use]
    pub fn new(ring: &Rc<SocketRing>, place: u32, descriptor: OwnedFd) -> Self {
        ring.open(place, descriptor.as_raw_fd());
        Self {
            ring: Rc::clone(ring),
            place,
            descriptor,
        }
    }

    /// What comes while no request is in flight is kept until [`SocketRing::take_heard`]: it may be for a
    /// layer between the connection and its requests.
    pub fn set_layered(&self) {
        self.ring.set_layered(self.place);
    }

    /// The ring that it is on,
    #[must_use]
    pub fn ring(&self) -> &SocketRing {
        &self.ring
    }

    /// and its place there.
    #[must_use]
    pub fn place(&self) -> u32 {
        self.place
    }

    /// What it is while no request is in flight.
    #[inline]
    #[must_use]
    pub fn idle(&self) -> IdleState {
        self.ring.idle(self.place)
    }

    /// Hands `request` to the kernel, soon.
    #[inline]
    pub fn send(&self, request: Vec<u8>) {
        self.ring.send(self.place, request);
    }

    /// The request is over. What is left of it.
    #[inline]
    #[must_use]
    pub fn finish(&self) -> Leftover {
        self.ring.finish(self.place)
    }

    /// The descriptor.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}

impl Arrivals for RingSocket {
    type Piece = ReceivedBuffer;

    #[inline]
    fn arrival(&self) -> impl Future<Output = Arrival<ReceivedBuffer>> {
        std::future::poll_fn(|context| {
            let arrival = self.ring.poll_arrival(self.place, context);
            arrival.map(|arrival| arrival.held_by(&self.ring))
        })
    }
}

impl Drop for RingSocket {
    fn drop(&mut self) {
        self.ring.close(self.place);
    }
}

/// A buffer of the kernel's with what came on a connection; the kernel gets it back at its end.
pub struct ReceivedBuffer {
    ring: Rc<SocketRing>,
    buffer: u16,
    /// What is of interest begins here,
    start: u16,
    /// and ends here.
    end: u32,
}

const _: () = assert!(size_of::<ReceivedBuffer>() <= 16);

impl ReceivedBuffer {
    /// All that came.
    fn filled(&self) -> FilledBuffer {
        FilledBuffer {
            buffer: self.buffer,
            bytes: self.end,
        }
    }
}

/// Bytes that can be changed where they stand, and of which only a part may be of interest.
pub trait InPlace: AsRef<[u8]> {
    /// What came.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// From now on only `range` of it is of interest.
    fn narrow(&mut self, range: Range<usize>);
}

impl InPlace for ReceivedBuffer {
    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the kernel has filled it, and gets it back when `self` ends, which is borrowed for as
        // long as the slice lives.
        let bytes = unsafe { self.ring.buffers.bytes_mut(self.filled()) };
        &mut bytes[usize::from(self.start)..]
    }

    fn narrow(&mut self, range: Range<usize>) {
        self.end = u32::from(self.start) + range.end as u32;
        self.start += range.start as u16;
    }
}

impl AsRef<[u8]> for ReceivedBuffer {
    /// What came.
    #[inline]
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the kernel has filled it, and gets it back when `self` ends, which the slice
        // cannot outlive.
        let bytes = unsafe { self.ring.buffers.bytes(self.filled()) };
        &bytes[usize::from(self.start)..]
    }
}

impl Drop for ReceivedBuffer {
    fn drop(&mut self) {
        self.ring.buffers.offer(self.buffer);
    }
}

impl Arrival<FilledBuffer> {
    /// The same, with its buffer held.
    #[inline]
    fn held_by(self, ring: &Rc<SocketRing>) -> Arrival<ReceivedBuffer> {
        match self {
            Self::Buffer(filled) => Arrival::Buffer(ReceivedBuffer {
                ring: Rc::clone(ring),
                buffer: filled.buffer,
                start: 0,
                end: filled.bytes,
            }),
            Self::Closed => Arrival::Closed,
            Self::Broken(errno) => Arrival::Broken(errno),
            Self::Unsent(errno) => Arrival::Unsent(errno),
            Self::SentInPart(errno) => Arrival::SentInPart(errno),
        }
    }
}
