//! What an HTTP/2 connection that is open travels over: the core's ring, or, without one, the runtime's own
//! sends and receives.

use super::destination::Destination;
use super::socket_ring::{RingSocket, SocketRing};
use std::cell::{Cell, RefCell};
use std::os::fd::RawFd;
use std::rc::Rc;

/// See the module's documentation.
pub(super) enum Http2Wire {
    /// On the ring, in a place of its own.
    Ring {
        ring: Rc<SocketRing>,
        place: u32,
        /// Until it is closed.
        socket: RefCell<Option<RingSocket>>,
    },
    /// Served by a task that has the stream.
    Runtime(Rc<RuntimeWire>),
}

/// What users and the task that has the stream share.
pub(super) struct RuntimeWire {
    descriptor: RawFd,
    is_open: Cell<bool>,
    /// What is to be sent next, and whether it, or what was before it, is on its way.
    next: Cell<Option<Vec<u8>>>,
    is_sending: Cell<bool>,
}

impl RuntimeWire {
    /// Over the stream with this descriptor.
    pub(super) fn over(descriptor: RawFd) -> Self {
        Self {
            descriptor,
            is_open: Cell::new(true),
            next: Cell::new(None),
            is_sending: Cell::new(false),
        }
    }

    /// Takes what is to be sent, if anything is.
    pub(super) fn take_next(&self) -> Option<Vec<u8>> {
        self.next.take()
    }

    /// What was taken is with the kernel.
    pub(super) fn note_sent(&self) {
        self.is_sending.set(false);
    }

    pub(super) fn is_sending(&self) -> bool {
        self.is_sending.get()
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.descriptor
    }
}

impl Http2Wire {
    /// Over the ring.
    pub(super) fn on_ring(ring: &Rc<SocketRing>, socket: RingSocket) -> Self {
        let place = socket.place();
        // From now on all that comes is kept.
        ring.begin(place);
        Self::Ring {
            ring: Rc::clone(ring),
            place,
            socket: RefCell::new(Some(socket)),
        }
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Ring { socket, .. } => socket.borrow().is_none(),
            Self::Runtime(wire) => !wire.is_open.get(),
        }
    }

    pub(super) fn close(&self) {
        match self {
            Self::Ring { socket, .. } => *socket.borrow_mut() = None,
            Self::Runtime(wire) => wire.is_open.set(false),
        }
    }

    /// Whether something that was handed over is still on its way.
    #[inline]
    pub(super) fn is_sending(&self) -> bool {
        match self {
            Self::Ring { ring, place, .. } => ring.is_sending(*place),
            Self::Runtime(wire) => wire.is_sending.get(),
        }
    }

    /// Hands `bytes` over: with a ring soon, without one when the task comes to it.
    #[inline]
    pub(super) fn send(&self, bytes: Vec<u8>) {
        match self {
            Self::Ring { ring, place, .. } => ring.send(*place, bytes),
            Self::Runtime(wire) => {
                wire.is_sending.set(true);
                wire.next.set(Some(bytes));
            }
        }
    }

    /// The same, at once where that can be.
    pub(super) fn send_now(&self, bytes: Vec<u8>) {
        match self {
            Self::Ring { ring, place, .. } => ring.send_now(*place, bytes),
            Self::Runtime(_) => self.send(bytes),
        }
    }

    /// Whether what is handed over leaves without the connection's task.
    #[inline]
    pub(super) fn sends_by_itself(&self) -> bool {
        matches!(self, Self::Ring { .. })
    }

    /// Where last frames of races go.
    pub(super) fn destination(&self) -> Destination {
        match self {
            Self::Ring { place, socket, .. } => Destination {
                descriptor: socket
                    .borrow()
                    .as_ref()
                    .map_or(-1, |socket| socket.descriptor()),
                place: *place,
            },
            Self::Runtime(wire) => match wire.is_open.get() {
                true => wire.descriptor.into(),
                false => (-1).into(),
            },
        }
    }
}
