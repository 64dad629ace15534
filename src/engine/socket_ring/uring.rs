//! The kernel's own ring, which carries wishes out.

use super::buffers::GROUP;
use super::kernel::{Completion, Kernel, Wish};
use crate::engine::net::count_ring_entry;
use io_uring::squeue::{Entry, Flags};
use io_uring::{IoUring, Submitter, cqueue, opcode, types};
use std::io;
use std::os::fd::RawFd;

/// Entries of the submission queue: as many racers leave in one submission.
const ENTRIES: u32 = 256;
/// Most completions between two looks; more are kept by the kernel, at a cost.
const COMPLETIONS: u32 = 4_096;
/// The kernel takes all of a request at once, or tells that it did not, and does not end the process
/// when the peer is gone. With MSG_WAITALL a part of it is no success, and so is told.
const AT_ONCE: i32 = libc::MSG_DONTWAIT | libc::MSG_WAITALL | libc::MSG_NOSIGNAL;
/// The kernel waits until the peer takes it.
const IN_TIME: i32 = libc::MSG_WAITALL | libc::MSG_NOSIGNAL;
const GETEVENTS: u32 = 1;

/// See the module's documentation.
pub(super) struct Uring {
    ring: IoUring,
    descriptors: Box<[RawFd]>,
    /// Whether descriptors are registered.
    registered: bool,
    /// Wishes in the queue that the kernel has not seen yet.
    queued: u32,
}

impl Uring {
    /// A ring with room for `sockets`.
    pub(super) fn new(sockets: usize) -> io::Result<Self> {
        let mut setup = IoUring::builder();
        setup
            .setup_cqsize(COMPLETIONS)
            .setup_submit_all()
            .setup_single_issuer()
            .setup_defer_taskrun();
        let ring: IoUring = setup.build(ENTRIES)?;
        let registered = ring
            .submitter()
            .register_files_sparse(sockets.max(1) as u32)
            .is_ok();
        Ok(Self {
            ring,
            descriptors: vec![-1; sockets].into(),
            registered,
            queued: 0,
        })
    }

    pub(super) fn submitter(&self) -> Submitter<'_> {
        self.ring.submitter()
    }

    fn descriptor(&self, socket: u32) -> types::Fd {
        types::Fd(self.descriptors[socket as usize])
    }

    #[inline]
    fn send(&self, socket: u32, bytes: &[u8], flags: i32) -> Entry {
        let (pointer, length) = (bytes.as_ptr(), bytes.len() as u32);
        // Flags of the entry replace those of the builder, which mark a registered descriptor.
        match self.registered {
            true => opcode::Send::new(types::Fixed(socket), pointer, length)
                .flags(flags)
                .build(),
            false => opcode::Send::new(self.descriptor(socket), pointer, length)
                .flags(flags)
                .build(),
        }
    }

    #[inline]
    fn entry(&self, socket: u32, wish: Wish<'_>) -> Entry {
        match wish {
            Wish::Send(bytes) => self.send(socket, bytes, AT_ONCE).flags(Flags::SKIP_SUCCESS),
            Wish::SendRest(bytes) => self.send(socket, bytes, IN_TIME),
            Wish::Receive => match self.registered {
                true => opcode::RecvMulti::new(types::Fixed(socket), GROUP).build(),
                false => opcode::RecvMulti::new(self.descriptor(socket), GROUP).build(),
            },
            Wish::Cancel(mark) => opcode::AsyncCancel::new(mark)
                .build()
                .flags(Flags::SKIP_SUCCESS),
            Wish::Nothing => opcode::Nop::new().build(),
        }
    }
}

impl Kernel for Uring {
    #[inline]
    fn is_full(&mut self) -> bool {
        self.ring.submission().is_full()
    }

    #[inline]
    fn push(&mut self, socket: u32, wish: Wish<'_>, mark: u64) {
        let entry = self.entry(socket, wish).user_data(mark);
        // SAFETY: what an entry names lives until the kernel is done with it, as `Kernel::push` asks
        // of its only caller, the ring's state: requests are kept there until they are known to be
        // taken or failed, those of a race outlast the call that submits them, and receives land in
        // buffers that outlast the ring.
        let pushed = unsafe { self.ring.submission().push(&entry) };
        debug_assert!(pushed.is_ok(), "there was room");
        self.queued += 1;
        count_ring_entry();
    }

    #[inline]
    fn queued(&self) -> u32 {
        self.queued
    }

    #[inline]
    fn enter(&mut self, completes: bool) {
        let queued = self.ring.submission().len() as u32;
        let flags = if completes { GETEVENTS } else { 0 };
        // SAFETY: no argument is given, and what the queued entries name is live: see `push`.
        let entered = unsafe {
            self.ring
                .submitter()
                .enter::<libc::sigset_t>(queued, 0, flags, None)
        };
        match entered {
            Ok(taken) => self.queued = queued.saturating_sub(taken as u32),
            Err(error) => match error.raw_os_error() {
                // Tried again in the next turn.
                Some(libc::EINTR | libc::EAGAIN | libc::EBUSY) => {}
                // It cannot happen: the kernel refuses only a ring that was not set up. Entries
                // that were never submitted name memory that must not go.
                _ => std::process::abort(),
            },
        }
    }

    #[inline]
    fn completion(&mut self) -> Option<Completion> {
        let completion = self.ring.completion().next()?;
        let flags = completion.flags();
        Some(Completion {
            mark: completion.user_data(),
            result: completion.result(),
            buffer: cqueue::buffer_select(flags),
            is_more: cqueue::more(flags),
        })
    }

    fn name(&mut self, socket: u32, descriptor: RawFd) {
        self.descriptors[socket as usize] = descriptor;
        if self.registered {
            let submitter = self.ring.submitter();
            let updated = submitter.register_files_update(socket, &[descriptor]);
            // Registered or not is a matter of the whole ring; a table that takes no more is not
            // used any more.
            self.registered = updated.is_ok();
        }
    }
}
