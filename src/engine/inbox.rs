//! Where a reply's bytes stand: in the kernel's buffer when all of it came at once, else gathered.

use super::socket_ring::ReceivedBuffer;

/// Room for a reply that is gathered; a longer one grows the buffer once.
const GATHERED_BYTES: usize = 1_024;

/// A reply's bytes. See the module's documentation.
pub struct Inbox<P = ReceivedBuffer> {
    gathered: Vec<u8>,
    held: Option<P>,
}

impl<P> Default for Inbox<P> {
    fn default() -> Self {
        Self {
            gathered: Vec::new(),
            held: None,
        }
    }
}

impl<P: AsRef<[u8]>> Inbox<P> {
    /// One with room to gather a reply.
    #[must_use]
    pub fn roomy() -> Self {
        Self {
            gathered: Vec::with_capacity(GATHERED_BYTES),
            held: None,
        }
    }

    /// Forgets what it holds; a buffer of the kernel's goes back.
    #[inline]
    pub fn clear(&mut self) {
        self.held = None;
        self.gathered.clear();
    }

    /// The reply is in a buffer of the kernel's.
    #[inline]
    pub(super) fn hold(&mut self, received: P) {
        self.held = Some(received);
    }

    /// Gives a buffer of the kernel's back, and holds what was in it.
    pub(super) fn own(&mut self) {
        if let Some(received) = self.held.take() {
            self.gathered().extend_from_slice(received.as_ref());
        }
    }

    /// Whether it has room of its own to gather a reply.
    pub(super) fn has_room(&self) -> bool {
        self.gathered.capacity() > 0
    }

    /// Gathers in `room` from now on.
    pub(super) fn gather_in(&mut self, room: Vec<u8>) {
        self.gathered = room;
    }

    /// Gives up its room.
    pub(super) fn give_up_room(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.gathered)
    }

    /// Where a reply is gathered.
    pub(super) fn gathered(&mut self) -> &mut Vec<u8> {
        if self.gathered.capacity() == 0 {
            self.gathered.reserve(GATHERED_BYTES);
        }
        &mut self.gathered
    }

    /// The bytes.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.held {
            Some(received) => received.as_ref(),
            None => &self.gathered,
        }
    }
}
