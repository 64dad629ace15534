//! Has memory brought into the caches before it is needed: where several things will be touched one after
//! the other, the processor fetches them at the same time.

/// Bytes that the caches hold as one.
const LINE_BYTES: usize = 64;

/// Begins to bring `bytes` from `start` on into the caches. A hint: whatever is there, or is not, nothing
/// is read and nothing can fail.
#[inline]
pub(super) fn fetch_ahead(start: *const (), bytes: usize) {
    for offset in (0..bytes).step_by(LINE_BYTES) {
        fetch_line(start.wrapping_byte_add(offset));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn fetch_line(line: *const ()) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: the instruction (PREFETCHT0) is a hint that never faults, of whatever address: Intel 64 and
    // IA-32 Architectures Software Developer's Manual, volume 2, PREFETCHh.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
fn fetch_line(_line: *const ()) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_wherever_it_points() {
        let there = vec![7_u8; 300];
        fetch_ahead(there.as_ptr().cast(), there.len());
        fetch_ahead(std::ptr::null(), 4_096);
        fetch_ahead(std::ptr::without_provenance(usize::MAX - 10), 256);
        fetch_ahead(there.as_ptr().cast(), 0);
        assert!(there.iter().all(|byte| *byte == 7));
    }
}
