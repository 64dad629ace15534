//! Where a request of a race goes.

use std::os::fd::RawFd;

/// Where a request is sent.
#[derive(Clone, Copy, Debug)]
pub struct Destination {
    /// The connection; negative when there is none.
    pub descriptor: RawFd,
    /// Its place on the core's ring, where there is one.
    pub place: u32,
}

impl From<RawFd> for Destination {
    /// A connection that is on no ring.
    fn from(descriptor: RawFd) -> Self {
        Self {
            descriptor,
            place: 0,
        }
    }
}
