//! The asynchronous runtime of one thread: monoio on a ring tuned for one issuer, on a plain ring,
//! or on epoll when asked for.

use crate::plan::Driver;
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};
use std::future::Future;
use std::io;

/// A runtime that belongs to the thread that built it.
pub struct Runtime {
    kind: RuntimeKind,
    ring_flags: &'static [&'static str],
}

enum RuntimeKind {
    Uring(monoio::Runtime<IoUringDriver>),
    Epoll(monoio::Runtime<LegacyDriver>),
}

/// Why there is no runtime.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The kernel has no io_uring.
    #[error(
        "this kernel has no io_uring (5.1 was the first to have it); use `--driver epoll`, at about a third more CPU a request"
    )]
    Missing,
    /// The kernel has io_uring, and something tells the program that it has not.
    #[error(
        "io_uring is refused here as if this kernel, {release}, did not have it (ENOSYS): by a container's seccomp profile, or it was built without; allow it (a profile with io_uring_setup, io_uring_enter and io_uring_register) or use `--driver epoll`, at about a third more CPU a request"
    )]
    Denied {
        /// The kernel's release.
        release: String,
    },
    /// io_uring is switched off.
    #[error(
        "io_uring is forbidden here, by the sysctl kernel.io_uring_disabled or by a container's seccomp profile; allow it (`sysctl -w kernel.io_uring_disabled=0`, or a profile with io_uring_setup) or use `--driver epoll`"
    )]
    Forbidden,
    /// Not enough lockable memory or descriptors.
    #[error(
        "the ring cannot be set up: {0}; raise the limits (`ulimit -l`, `ulimit -n`; of a container: --ulimit memlock=-1) or use `--driver epoll`"
    )]
    Limits(io::Error),
    /// epoll itself failed.
    #[error("epoll cannot be set up: {0}; raise `ulimit -n`")]
    Epoll(io::Error),
}

/// Ring set-ups from best to plainest. With deferred or cooperative task work the kernel does not
/// interrupt the thread for every completion (the plain ring costs 22 % more CPU a request); a
/// single issuer saves its locking. Flags that the kernel does not know make the set-up fail with
/// EINVAL, then the next is tried.
const SETUPS: [&[&str]; 4] = [
    &["DEFER_TASKRUN", "SINGLE_ISSUER"],
    &["COOP_TASKRUN", "SINGLE_ISSUER"],
    &["COOP_TASKRUN"],
    &[],
];

/// The first kernel with io_uring.
const FIRST_WITH_RINGS: (u32, u32) = (5, 1);

impl Runtime {
    /// A runtime for about `operations` requests in flight at once.
    ///
    /// # Errors
    /// When the kernel refuses; the message names the remedy.
    pub fn new(driver: Driver, operations: usize) -> Result<Self, RuntimeError> {
        match driver {
            Driver::Uring | Driver::PlainUring => Self::uring(operations, &SETUPS),
            Driver::Epoll => Self::epoll(operations),
        }
    }

    /// The same for a thread whose tasks may be busy with another ring for long. Deferred work is done
    /// only when a thread waits on the ring, which it then does not: timers would stand still.
    ///
    /// # Errors
    /// As of [`Runtime::new`].
    pub fn beside_another(driver: Driver, operations: usize) -> Result<Self, RuntimeError> {
        match driver {
            Driver::Uring => Self::uring(operations, &SETUPS[1..]),
            Driver::PlainUring => Self::uring(operations, &SETUPS),
            Driver::Epoll => Self::epoll(operations),
        }
    }

    fn uring(operations: usize, setups: &[&'static [&'static str]]) -> Result<Self, RuntimeError> {
        let entries = operations.next_power_of_two().clamp(256, 4_096) as u32;
        // A completion queue that never overflows: every connection may complete a send and a
        // receive, and hold a poll, between two looks at the queue.
        let completions = (operations * 4).next_power_of_two().clamp(1_024, 1 << 16) as u32;
        let mut last = None;
        for &flags in setups {
            let mut setup = io_uring::IoUring::builder();
            setup
                .setup_cqsize(completions.max(entries * 2))
                .setup_clamp();
            for &flag in flags {
                match flag {
                    "DEFER_TASKRUN" => setup.setup_defer_taskrun(),
                    "COOP_TASKRUN" => setup.setup_coop_taskrun(),
                    _ => setup.setup_single_issuer(),
                };
            }
            match RuntimeBuilder::<IoUringDriver>::new()
                .with_entries(entries)
                .uring_builder(setup)
                .build()
            {
                Ok(runtime) => {
                    return Ok(Self {
                        kind: RuntimeKind::Uring(runtime),
                        ring_flags: flags,
                    });
                }
                Err(error) => last = Some(error),
            }
        }
        Err(RuntimeError::from_setup(last.unwrap_or_else(|| {
            io::Error::from_raw_os_error(libc::ENOSYS)
        })))
    }

    fn epoll(operations: usize) -> Result<Self, RuntimeError> {
        let events = operations.clamp(256, 4_096) as u32;
        RuntimeBuilder::<LegacyDriver>::new()
            .with_entries(events)
            .build()
            .map(|runtime| Self {
                kind: RuntimeKind::Epoll(runtime),
                ring_flags: &[],
            })
            .map_err(RuntimeError::Epoll)
    }

    /// The ring flags in use, empty for a plain ring and for epoll.
    #[must_use]
    pub fn ring_flags(&self) -> &'static [&'static str] {
        self.ring_flags
    }

    /// Runs `future`, and everything that it spawns, until it is done.
    pub fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        match &mut self.kind {
            RuntimeKind::Uring(runtime) => runtime.block_on(future),
            RuntimeKind::Epoll(runtime) => runtime.block_on(future),
        }
    }
}

impl RuntimeError {
    /// There is no such call, on a kernel of this `release`.
    fn without(release: &str) -> Self {
        let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
        let mut next = || numbers.next()?.parse::<u32>().ok();
        match (next(), next()) {
            (Some(major), Some(minor)) if (major, minor) >= FIRST_WITH_RINGS => Self::Denied {
                release: release.to_owned(),
            },
            _ => Self::Missing,
        }
    }

    fn from_setup(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ENOSYS) => Self::without(&release()),
            Some(libc::EPERM | libc::EACCES) => Self::Forbidden,
            _ => Self::Limits(error),
        }
    }
}

/// The kernel's release, like `6.18.1-amd64`; empty where it is not told.
fn release() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.trim().to_owned()
}

/// A task on the current thread's runtime.
pub struct Task<T>(monoio::task::JoinHandle<T>);

impl<T> Task<T> {
    /// Waits for the task's result.
    pub async fn join(self) -> T {
        self.0.await
    }
}

/// Starts a task on the current thread's runtime; it goes on when the handle is dropped.
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    Task(monoio::spawn(future))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_drivers_run_spawned_tasks() {
        for driver in [Driver::Uring, Driver::Epoll] {
            let mut runtime = Runtime::new(driver, 16).expect("the test machine has both drivers");
            let sum = runtime.block_on(async {
                let tasks: Vec<_> = (0..10).map(|n| spawn(async move { n })).collect();
                let mut sum = 0;
                for task in tasks {
                    sum += task.join().await;
                }
                sum
            });
            assert_eq!(sum, 45);
        }
    }

    #[test]
    fn errors_of_the_kernel_become_remedies() {
        let told = |code| RuntimeError::from_setup(io::Error::from_raw_os_error(code)).to_string();
        assert!(told(libc::ENOSYS).contains("--driver epoll"));
        for (release, is_denied) in [
            ("6.18.1-amd64", true),
            ("5.1.0", true),
            ("10.0", true),
            ("5.0.21", false),
            ("4.19.0-27-amd64", false),
            ("", false),
            ("unknown", false),
        ] {
            let told = RuntimeError::without(release).to_string();
            assert_eq!(told.contains("ENOSYS"), is_denied, "{release}: {told}");
            assert_eq!(
                told.contains(release),
                is_denied || release.is_empty(),
                "{told}"
            );
            assert!(told.contains("--driver epoll"), "{told}");
        }
        assert!(told(libc::EPERM).contains("io_uring_disabled"));
        assert!(told(libc::ENOMEM).contains("ulimit -l"));
    }
}
