//! Lets several requests go in one submission to a ring.
//!
//! What is queued elsewhere is submitted when the loop has nothing else to do; that may be after a
//! hundred other users. This is submitted at once, and returns when the kernel has taken the last
//! byte: the moments before and after bound what lies between the first and the last request.

use super::clock::now_ns;
use super::destination::Destination;
use super::socket_ring::SocketRing;
use crate::plan::Driver;
use io_uring::{IoUring, opcode, types};
use std::io;
use std::rc::Rc;

/// Requests in one submission; more go in several, one right after the other.
const MOST_AT_ONCE: u32 = 256;
/// The kernel must take what it can at once, and may not end the process when the peer is gone.
const FLAGS: i32 = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

/// See the module's documentation.
pub struct Release {
    by: ReleasedBy,
    results: Vec<i32>,
}

enum ReleasedBy {
    /// The core's ring, on which the replies come.
    SocketRing(Rc<SocketRing>),
    /// A ring of its own.
    OwnRing(Box<IoUring>),
    /// Under `--driver epoll` each request is a system call.
    Calls,
}

/// When requests were let go, on the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Before the first.
    pub first_ns: u64,
    /// When the kernel had taken the last.
    pub last_ns: u64,
}

impl Release {
    /// A release for up to `racers` at once without an allocation.
    ///
    /// # Errors
    /// When the kernel gives no ring.
    pub fn new(driver: Driver, racers: usize) -> io::Result<Self> {
        let entries = (racers.max(2) as u32).next_power_of_two().min(MOST_AT_ONCE);
        let by = match driver {
            Driver::Uring | Driver::PlainUring => {
                ReleasedBy::OwnRing(Box::new(IoUring::new(entries)?))
            }
            Driver::Epoll => ReleasedBy::Calls,
        };
        Ok(Self {
            by,
            results: Vec::with_capacity(racers),
        })
    }

    /// A release over the core's `ring`, for up to `racers` at once without an allocation.
    #[must_use]
    pub fn over(ring: Rc<SocketRing>, racers: usize) -> Self {
        Self {
            by: ReleasedBy::SocketRing(ring),
            results: Vec::with_capacity(racers),
        }
    }

    /// Hands each of `sends` (destination, bytes) to the kernel. What became of them is in
    /// [`Release::results`], in the same order.
    pub fn send_all<'a>(
        &mut self,
        sends: impl Iterator<Item = (Destination, &'a [u8])>,
    ) -> Released {
        let results = &mut self.results;
        results.clear();
        let first_ns = now_ns();
        match &mut self.by {
            ReleasedBy::SocketRing(ring) => ring.race(sends, results),
            ReleasedBy::OwnRing(ring) => send_by_ring(ring, results, sends),
            ReleasedBy::Calls => results.extend(sends.map(send_now)),
        }
        Released {
            first_ns,
            last_ns: now_ns(),
        }
    }

    /// Bytes taken, or a negative error number; one for each of the last sends.
    #[must_use]
    pub fn results(&self) -> &[i32] {
        &self.results
    }
}

fn send_by_ring<'a>(
    ring: &mut IoUring,
    results: &mut Vec<i32>,
    sends: impl Iterator<Item = (Destination, &'a [u8])>,
) {
    let mut queued = 0;
    for (to, bytes) in sends {
        if ring.submission().is_full() {
            submit(ring, results, &mut queued);
        }
        let number = results.len();
        results.push(-libc::ECANCELED);
        let entry = opcode::Send::new(types::Fd(to.descriptor), bytes.as_ptr(), bytes.len() as u32)
            .flags(FLAGS)
            .build()
            .user_data(number as u64);
        // SAFETY: `bytes` lives for `'a`, which outlasts this call, and every entry has completed
        // before the call returns: `submit` reaps all that were queued. The descriptor is a number;
        // on a closed one the send fails.
        let pushed = unsafe { ring.submission().push(&entry) };
        debug_assert!(pushed.is_ok(), "there was room");
        queued += 1;
    }
    submit(ring, results, &mut queued);
}

/// Submits what is queued and waits until all of it has completed, which sends that may not block
/// do within the submission.
fn submit(ring: &mut IoUring, results: &mut [i32], queued: &mut usize) {
    while *queued > 0 {
        if let Err(error) = ring.submit_and_wait(*queued)
            && !matches!(
                error.raw_os_error(),
                Some(libc::EINTR | libc::EAGAIN | libc::EBUSY)
            )
        {
            // Entries that were never submitted stay in the queue; with the memory that they name
            // about to go, that queue must not be used again. It cannot happen: the kernel refuses
            // only a ring that was not set up.
            std::process::abort();
        }
        for completion in ring.completion() {
            results[completion.user_data() as usize] = completion.result();
            *queued -= 1;
        }
    }
}

fn send_now((to, bytes): (Destination, &[u8])) -> i32 {
    // SAFETY: the pointer and length are those of a live slice; on a closed descriptor the call
    // fails.
    let sent = unsafe { libc::send(to.descriptor, bytes.as_ptr().cast(), bytes.len(), FLAGS) };
    if sent < 0 {
        return -io::Error::last_os_error()
            .raw_os_error()
            .unwrap_or(libc::EIO);
    }
    sent as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn every_shot_arrives_in_order_and_a_dead_end_is_told() {
        for driver in [Driver::Uring, Driver::Epoll] {
            let mut release = Release::new(driver, 4).unwrap();
            let mut pairs: Vec<_> = (0..300).map(|_| UnixStream::pair().unwrap()).collect();
            let texts: Vec<String> = (0..pairs.len())
                .map(|number| format!("<{number}>"))
                .collect();
            let sends = pairs.iter().zip(&texts);
            let released = release.send_all(
                sends.map(|((from, _), text)| (from.as_raw_fd().into(), text.as_bytes())),
            );
            assert!(released.first_ns <= released.last_ns);
            assert_eq!(release.results().len(), pairs.len());
            for (((_, to), text), &taken) in pairs.iter_mut().zip(&texts).zip(release.results()) {
                assert_eq!(taken, text.len() as i32);
                let mut received = vec![0; text.len()];
                to.read_exact(&mut received).unwrap();
                assert_eq!(received, text.as_bytes());
            }

            let (alive, _peer) = UnixStream::pair().unwrap();
            let (orphan, peer) = UnixStream::pair().unwrap();
            drop(peer);
            let ends = [alive.as_raw_fd(), orphan.as_raw_fd(), alive.as_raw_fd()];
            release.send_all(ends.into_iter().map(|end| (end.into(), &b"x"[..])));
            assert_eq!(release.results(), [1, -libc::EPIPE, 1]);
        }
    }

    #[test]
    fn a_full_buffer_is_told_and_not_waited_for() {
        for driver in [Driver::Uring, Driver::Epoll] {
            let mut release = Release::new(driver, 2).unwrap();
            let (from, _to) = UnixStream::pair().unwrap();
            let much = vec![0_u8; 1 << 20];
            for _ in 0..8 {
                release.send_all(std::iter::once((from.as_raw_fd().into(), &much[..])));
            }
            assert_eq!(release.results(), [-libc::EAGAIN]);
        }
    }
}
