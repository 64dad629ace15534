//! What a worker's thread sees of itself: CPU time, time spent runnable but not running,
//! allocations.

use super::allocations::allocations;
use super::net::ring_entries;
use crate::stats::WorkerHealth;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Reads the running thread's own figures; belongs to the thread that made it.
pub struct ThreadGauge {
    schedstat: Option<File>,
    last: WorkerHealth,
}

impl ThreadGauge {
    /// A gauge of the current thread, starting now.
    #[must_use]
    pub fn start() -> Self {
        let mut gauge = Self {
            schedstat: File::open("/proc/thread-self/schedstat").ok(),
            last: WorkerHealth::default(),
        };
        gauge.last = gauge.read();
        gauge
    }

    /// What was used since the last call, or since the start. Allocates nothing.
    pub fn lap(&mut self) -> WorkerHealth {
        let now = self.read();
        let last = std::mem::replace(&mut self.last, now);
        WorkerHealth {
            cpu_user_ns: now.cpu_user_ns - last.cpu_user_ns,
            cpu_system_ns: now.cpu_system_ns - last.cpu_system_ns,
            run_queue_ns: now.run_queue_ns.saturating_sub(last.run_queue_ns),
            allocations: now.allocations - last.allocations,
            ring_entries: now.ring_entries - last.ring_entries,
        }
    }

    fn read(&self) -> WorkerHealth {
        let (cpu_user_ns, cpu_system_ns) = thread_cpu_ns();
        WorkerHealth {
            cpu_user_ns,
            cpu_system_ns,
            run_queue_ns: self.run_queue_ns(),
            allocations: allocations(),
            ring_entries: ring_entries(),
        }
    }

    /// Second field of schedstat: nanoseconds on a run queue
    /// (Documentation/scheduler/sched-stats.rst of the kernel); 0 where the kernel does not tell.
    fn run_queue_ns(&self) -> u64 {
        let mut text = [0; 80];
        let read = self
            .schedstat
            .as_ref()
            .and_then(|file| file.read_at(&mut text, 0).ok())
            .unwrap_or(0);
        std::str::from_utf8(&text[..read])
            .ok()
            .and_then(|text| text.split_ascii_whitespace().nth(1))
            .and_then(|field| field.parse().ok())
            .unwrap_or(0)
    }
}

/// User and system CPU time of the current thread.
fn thread_cpu_ns() -> (u64, u64) {
    // SAFETY: rusage is plain data for which all zeroes is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is valid and writable, and RUSAGE_THREAD exists since Linux 2.6.26.
    unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) };
    let ns = |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1_000;
    (ns(usage.ru_utime), ns(usage.ru_stime))
}

#[cfg(test)]
mod tests {
    use super::ThreadGauge;

    #[test]
    fn work_shows_as_cpu_time() {
        let mut gauge = ThreadGauge::start();
        let mut sum = 0_u64;
        let mut lap = gauge.lap();
        while lap.cpu_user_ns + lap.cpu_system_ns == 0 {
            sum = std::hint::black_box((0..1_000_000_u64).fold(sum, u64::wrapping_add));
            lap = gauge.lap();
        }
        assert!(lap.cpu_user_ns + lap.cpu_system_ns < 60_000_000_000);
    }
}
