//! What answers of a Redis come over.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// See the module's documentation.
pub trait RedisChannel: Read + Write + Send {
    /// No read waits for longer.
    ///
    /// # Errors
    /// When that cannot be.
    fn wait_for_at_most(&self, time: Duration) -> io::Result<()>;
}

impl RedisChannel for TcpStream {
    fn wait_for_at_most(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))
    }
}

impl RedisChannel for UnixStream {
    fn wait_for_at_most(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))
    }
}
