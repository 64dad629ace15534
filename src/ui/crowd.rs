//! A listener that has room for a bounded number of connections at the same time. Others are told
//! to come again.

use super::guest_stream::GuestStream;
use super::visit::{Guest, Patience, Visit};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// What somebody is told for whom there is no room.
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 53\r\n\
    retry-after: 5\r\n\
    connection: close\r\n\r\n\
    the page has too many visitors; try again in seconds\n";
/// Connections that are being told so at the same time; more are closed without a word.
const MOST_TOLD: usize = 64;
/// How long telling may take.
const TELLING: Duration = Duration::from_secs(1);

/// Descriptors that a crowd of at most `most` takes, with its listener, its thread, and those who are
/// turned away.
pub const fn descriptors(most: usize) -> u64 {
    (most + MOST_TOLD) as u64 + 8
}

/// The listener.
pub struct Crowd {
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    patience: Patience,
    places: Arc<Semaphore>,
    doorsteps: Arc<Semaphore>,
}

impl Crowd {
    /// Lets at most `most` connections in at the same time, in TLS where that is given.
    pub fn new(
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        most: usize,
        patience: Patience,
    ) -> Self {
        Self {
            listener,
            tls,
            patience,
            places: Arc::new(Semaphore::new(most)),
            doorsteps: Arc::new(Semaphore::new(MOST_TOLD)),
        }
    }

    fn turn_away(&self, stream: GuestStream) {
        if let Ok(doorstep) = Arc::clone(&self.doorsteps).try_acquire_owned() {
            tokio::spawn(async move {
                let _ = timeout(TELLING, tell(stream)).await;
                drop(doorstep);
            });
        }
    }
}

impl Listener for Crowd {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            let stream = GuestStream::new(stream, self.tls.as_ref());
            match Arc::clone(&self.places).try_acquire_owned() {
                Ok(place) => return (Guest::new(stream, self.patience, place), address),
                Err(_) => self.turn_away(stream),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Crowd>> for Visit {
    fn connect_info(stream: IncomingStream<'_, Crowd>) -> Self {
        stream.io().visit()
    }
}

/// Says that there is no room, and waits until that was read: a connection that is closed with a
/// request unread is reset, and the words with it.
async fn tell(mut stream: GuestStream) -> io::Result<()> {
    let mut left = NO_ROOM;
    while !left.is_empty() {
        let written = poll_fn(|context| Pin::new(&mut stream).poll_write(context, left));
        left = &left[written.await?..];
    }
    poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await?;
    loop {
        let mut piece = [0; 4_096];
        let mut piece = ReadBuf::new(&mut piece);
        poll_fn(|context| Pin::new(&mut stream).poll_read(context, &mut piece)).await?;
        if piece.filled().is_empty() {
            return Ok(());
        }
    }
}

#[cfg(test)]
#[path = "crowd/tests.rs"]
mod tests;
