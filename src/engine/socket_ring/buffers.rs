//! Buffers that the kernel fills: it takes the next one of the ring whenever something arrives on any
//! socket, so that no socket needs memory of its own while nothing arrives.
//!
//! Source of the layout: io_uring_register_buf_ring(3). The ring is an array of entries of 16 bytes;
//! its tail, which tells the kernel how many were ever offered, lies in the first entry.

use super::kernel::Offers;
use super::sockets::FilledBuffer;
use io_uring::Submitter;
use io_uring::types::BufRingEntry;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

/// The kernel wants the ring to begin with a page.
const PAGE_BYTES: usize = 4_096;
/// The one group of buffers that a ring has.
pub(super) const GROUP: u16 = 0;

/// See the module's documentation.
pub(super) struct ReceiveBuffers {
    entries: *mut BufRingEntry,
    memory: *mut u8,
    count: u16,
    buffer_bytes: u32,
    /// How many were ever offered, modulo 2^16.
    tail: Cell<u16>,
}

impl ReceiveBuffers {
    /// `count` buffers, a power of two, of `buffer_bytes` each, all of them offered to the kernel.
    ///
    /// # Errors
    /// When the kernel has no rings of buffers (it came with 5.19).
    pub(super) fn register(
        submitter: &Submitter<'_>,
        count: u16,
        buffer_bytes: u32,
    ) -> io::Result<Self> {
        assert!(count.is_power_of_two(), "the kernel wants a power of two");
        let (of_ring, of_memory) = layouts(count, buffer_bytes);
        // SAFETY: both layouts have a size above 0.
        let (entries, memory) = unsafe { (alloc_zeroed(of_ring), alloc_zeroed(of_memory)) };
        if entries.is_null() || memory.is_null() {
            handle_alloc_error(of_memory);
        }
        let buffers = Self {
            entries: entries.cast(),
            memory,
            count,
            buffer_bytes,
            tail: Cell::new(0),
        };
        // SAFETY: `entries` is page-aligned memory for `count` entries. It stays until the ring is
        // gone or nothing of it is in flight: see `release`.
        unsafe { submitter.register_buf_ring(entries as u64, count, GROUP)? };
        for buffer in 0..count {
            buffers.offer(buffer);
        }
        Ok(buffers)
    }

    /// What came in a buffer.
    ///
    /// # Safety
    /// The kernel has filled it, and it is not offered again while the slice lives.
    #[inline]
    pub(super) unsafe fn bytes(&self, filled: FilledBuffer) -> &[u8] {
        // SAFETY: as of this method.
        unsafe { std::slice::from_raw_parts(self.start(filled), filled.bytes as usize) }
    }

    /// The same, to be changed.
    ///
    /// # Safety
    /// As of [`ReceiveBuffers::bytes`], and nobody else has a slice of the buffer.
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "of memory that is not the type's own")]
    pub(super) unsafe fn bytes_mut(&self, filled: FilledBuffer) -> &mut [u8] {
        // SAFETY: as of this method.
        unsafe { std::slice::from_raw_parts_mut(self.start(filled), filled.bytes as usize) }
    }

    /// Where what came in a buffer begins: so many bytes from there on are in bounds, and initialised,
    /// zeroed first, then written by the kernel, which leaves a buffer alone that it has handed over until
    /// it is offered again.
    #[inline]
    fn start(&self, filled: FilledBuffer) -> *mut u8 {
        assert!(filled.buffer < self.count && filled.bytes <= self.buffer_bytes);
        let start = usize::from(filled.buffer) * self.buffer_bytes as usize;
        // SAFETY: in bounds by the assertion.
        unsafe { self.memory.add(start) }
    }

    /// Frees the memory once nothing that the ring has in flight can write to it any more; if the kernel
    /// cannot say so, the memory is never freed.
    pub(super) fn release(&self, submitter: &Submitter<'_>) {
        let all = io_uring::types::CancelBuilder::any();
        let is_quiet = match submitter.register_sync_cancel(None, all) {
            Ok(()) => true,
            Err(error) => error.raw_os_error() == Some(libc::ENOENT),
        };
        if is_quiet && submitter.unregister_buf_ring(GROUP).is_ok() {
            let (of_ring, of_memory) = layouts(self.count, self.buffer_bytes);
            // SAFETY: allocated with these layouts by `register`; every receive was cancelled, the
            // kernel has forgotten the buffers, which it does but once, and whoever holds one of
            // them holds the ring, whose end this is.
            unsafe {
                dealloc(self.entries.cast(), of_ring);
                dealloc(self.memory, of_memory);
            }
        }
    }
}

impl Offers for ReceiveBuffers {
    #[inline]
    fn offer(&self, buffer: u16) {
        assert!(buffer < self.count);
        let offered = self.tail.get();
        let place = usize::from(offered & (self.count - 1));
        // SAFETY: `place` and `buffer` are below `count`; the kernel does not read an entry before
        // the tail tells of it. The tail lies in the reserved field of the first entry, which
        // setting address, length and number leaves alone; the kernel reads it as an atomic.
        unsafe {
            let entry = &mut *self.entries.add(place);
            entry.set_addr(
                self.memory
                    .add(usize::from(buffer) * self.buffer_bytes as usize) as u64,
            );
            entry.set_len(self.buffer_bytes);
            entry.set_bid(buffer);
            let tail: *const u16 = BufRingEntry::tail(self.entries);
            AtomicU16::from_ptr(tail.cast_mut()).store(offered.wrapping_add(1), Ordering::Release);
        }
        self.tail.set(offered.wrapping_add(1));
    }

    fn copy(&self, filled: FilledBuffer, bytes: &mut Vec<u8>) {
        // SAFETY: whoever has it copied holds it, so that it is not offered meanwhile.
        bytes.extend_from_slice(unsafe { self.bytes(filled) });
    }
}

fn layouts(count: u16, buffer_bytes: u32) -> (Layout, Layout) {
    let of = |bytes: usize| {
        Layout::from_size_align(bytes, PAGE_BYTES).expect("a few megabytes, aligned to a page")
    };
    let count = usize::from(count);
    (
        of(count * size_of::<BufRingEntry>()),
        of(count * buffer_bytes as usize),
    )
}
