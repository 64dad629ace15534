//! Has the runtime make room for its operations before the clock starts.

use super::runtime::spawn;
use crate::plan::Driver;
use monoio::net::UnixStream;
use std::io::{self, Write};
use std::rc::Rc;

/// Has `operations` be on their way at once, so that what the runtime keeps of each is allocated.
/// It grows in steps with the most there ever were, and would otherwise do so in the middle of a
/// run. Only a ring keeps something of each operation: with epoll there is nothing to make room for,
/// and many waiting on one socket would not all be woken.
///
/// # Errors
/// When the kernel gives no pair of sockets.
pub async fn make_room(driver: Driver, operations: usize) -> io::Result<()> {
    if driver == Driver::Epoll {
        return Ok(());
    }
    let (watched, mut other) = std::os::unix::net::UnixStream::pair()?;
    watched.set_nonblocking(true)?;
    let watched = Rc::new(UnixStream::from_std(watched)?);
    let waiting: Vec<_> = (0..operations)
        .map(|_| {
            let watched = Rc::clone(&watched);
            spawn(async move { watched.readable(false).await.is_ok() })
        })
        .collect();
    // Tasks run in turn: when this one has, all of those wait.
    spawn(async {}).join().await;
    other.write_all(b"!")?;
    for task in waiting {
        task.join().await;
    }
    Ok(())
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
                make_room(driver, 500).await.unwrap();
                make_room(driver, 0).await.unwrap();
            });
        }
    }
}
