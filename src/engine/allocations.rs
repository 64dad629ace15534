//! A global allocator that counts, so that "the hot path allocates nothing" is a figure.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, with the allocations of each thread counted.
pub struct CountingAllocator;

/// Allocations and reallocations made by this thread so far; 0 unless [`CountingAllocator`] is the
/// program's global allocator.
#[must_use]
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// Carries `work` out without counting what it allocates: for what happens a bounded number of times,
/// however long a run is.
pub fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    let before = ALLOCATIONS.get();
    let made = work();
    ALLOCATIONS.set(before);
    made
}

/// Makes room for `more` items where there is less, without counting it: for room that is used again and
/// again, and is made when it is first needed, however late that is.
pub fn make_room<T>(of: &mut Vec<T>, more: usize) {
    if of.capacity() - of.len() < more {
        uncounted(|| of.reserve(more));
    }
}

fn count() {
    // A thread that is being torn down may allocate after its counter is gone.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract;
// the counter is a plain thread-local integer without a destructor, and counting allocates nothing.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST_HELD: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, with the bytes that each thread holds counted, and the most of them: for
/// tests of what something takes. What another thread gives back is this one's all the same.
pub struct WeighingAllocator;

/// The most bytes that this thread held at a time during `work`, beyond those that it held before;
/// always 0 unless [`WeighingAllocator`] is the program's global allocator.
pub fn most_held<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    MOST_HELD.set(before);
    let made = work();
    (made, MOST_HELD.get().saturating_sub(before) as usize)
}

fn weigh(more: usize, less: usize) {
    // As `count`.
    let _ = HELD.try_with(|held| {
        let now = held.get() + more as isize - less as isize;
        held.set(now);
        let _ = MOST_HELD.try_with(|most| most.set(most.get().max(now)));
    });
}

// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract;
// the counters are plain thread-local integers without a destructor, and counting allocates nothing.
unsafe impl GlobalAlloc for WeighingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        weigh(layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        weigh(layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        weigh(new_size, layout.size());
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        weigh(0, layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}
