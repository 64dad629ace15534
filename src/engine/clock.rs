//! The one clock of the engine: `CLOCK_MONOTONIC`, the clock that timers run on.

/// Now, in nanoseconds since an arbitrary moment that is the same for all threads and processes
/// of the machine.
#[inline]
#[must_use]
pub fn now_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a valid, writable timespec, and CLOCK_MONOTONIC always exists on Linux, so
    // that the call cannot fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::now_ns;

    #[test]
    fn the_clock_agrees_with_the_standard_library() {
        let before_ns = now_ns();
        let started = std::time::Instant::now();
        std::thread::sleep(std::time::Duration::from_millis(5));
        let slept = started.elapsed();
        let passed_ns = now_ns() - before_ns;
        assert!(u128::from(passed_ns) >= slept.as_nanos());
    }
}
