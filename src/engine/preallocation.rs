//! Has the runtime preallocate its operations before the clock starts, and keep the memory.

use super::runtime::{Task, spawn};
use crate::plan::Driver;
use monoio::net::UnixStream;
use std::io::{self, Write};
use std::os::unix::net::UnixStream as OtherEnd;
use std::rc::Rc;

/// Preallocated operations of the runtime.
pub struct Preallocation {
    /// What the last operation waits for, and its task.
    kept: Option<(OtherEnd, Task<()>)>,
}

impl Preallocation {
    /// Releases it. A task that still waits for the kernel when its runtime ends would keep the ring,
    /// and all that is in it, for good.
    pub async fn release(self) {
        if let Some((other, waiting)) = self.kept {
            drop(other);
            waiting.join().await;
        }
    }
}

/// Has `operations` be on their way at once, so that what the runtime keeps of each is allocated.
/// It grows in steps with the most there ever were, and would otherwise do so in the middle of a
/// run. Now and then it gives the last step back when nothing is in it: one operation that does not
/// end before the preallocation is released stays there. Only a ring keeps something of each
/// operation: with epoll there is nothing to preallocate, and many waiting on one socket would not
/// all be woken.
///
/// # Errors
/// When the kernel gives no pair of sockets.
pub async fn preallocate(driver: Driver, operations: usize) -> io::Result<Preallocation> {
    if driver == Driver::Epoll {
        return Ok(Preallocation { kept: None });
    }
    let (watched, mut other) = pair()?;
    let waiting: Vec<_> = (0..operations)
        .map(|_| spawn(until_readable(Rc::clone(&watched))))
        .collect();
    let (silent, kept) = pair()?;
    let last = spawn(until_readable(silent));
    // Tasks run in turn: when this one has, all of those wait.
    spawn(async {}).join().await;
    other.write_all(b"!")?;
    for task in waiting {
        task.join().await;
    }
    Ok(Preallocation {
        kept: Some((kept, last)),
    })
}

fn pair() -> io::Result<(Rc<UnixStream>, OtherEnd)> {
    let (watched, other) = OtherEnd::pair()?;
    watched.set_nonblocking(true)?;
    Ok((Rc::new(UnixStream::from_std(watched)?), other))
}

async fn until_readable(watched: Rc<UnixStream>) {
    // A socket that cannot be waited for has been preallocated, too.
    let _ = watched.readable(false).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Runtime;

    #[test]
    fn as_many_operations_as_asked_for_come_and_go() {
        for driver in [Driver::Uring, Driver::Epoll] {
            let mut runtime = Runtime::new(driver, 16).unwrap();
            runtime.block_on(async {
                let preallocation = preallocate(driver, 500).await.unwrap();
                let more = preallocate(driver, 0).await.unwrap();
                assert_eq!(preallocation.kept.is_some(), driver == Driver::Uring);
                preallocation.release().await;
                more.release().await;
            });
        }
    }
}
