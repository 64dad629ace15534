//! Requests between being written and being taken by the kernel: the buffers that they are in, and how
//! many are handed over in one go.

/// Requests of a core that are handed to the kernel in one go. It sends them one after the other, so
/// that those behind wait unsent while their service time runs.
pub(super) const SENT_AT_ONCE: usize = 32;
/// Room for a request; a longer one grows its buffer once.
const REQUEST_BYTES: usize = 1_024;
/// Buffers that are made before the start. Where more users become due in one moment there will be
/// more.
const READY_BUFFERS: usize = 256;
/// So many are made at least: users who share few connections write before they wait for one.
const LEAST_BUFFERS: usize = 64;

/// Buffers that are kept; what more a moment needed goes again.
const KEPT_BUFFERS: usize = 1_024;

/// Empty buffers for requests. The last one back is the next one out, so that a few warm ones do for
/// all users.
pub(super) struct RequestBuffers(Vec<Vec<u8>>);

impl RequestBuffers {
    /// Buffers for `senders`, of which few send at one moment.
    pub(super) fn new(senders: usize) -> Self {
        let mut buffers = Vec::with_capacity(KEPT_BUFFERS);
        let ready_made = 0..senders.clamp(LEAST_BUFFERS, READY_BUFFERS);
        buffers.extend(ready_made.map(|_| Vec::with_capacity(REQUEST_BYTES)));
        Self(buffers)
    }

    /// An empty buffer.
    #[inline]
    pub(super) fn take(&mut self) -> Vec<u8> {
        let buffer = self.0.pop();
        buffer.unwrap_or_else(|| Vec::with_capacity(REQUEST_BYTES))
    }

    /// Takes a buffer back whose request has gone.
    #[inline]
    pub(super) fn keep(&mut self, mut buffer: Vec<u8>) {
        if self.0.len() < KEPT_BUFFERS {
            buffer.clear();
            self.0.push(buffer);
        }
    }
}
