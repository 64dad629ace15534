//! Byte streams: the one place where bytes meet the kernel.
//!
//! A connection is generic over [`ByteStream`], so that TLS can take the place of plain TCP at no
//! cost to it.

use monoio::buf::IoBufMut;
use monoio::io::{AsyncReadRent, AsyncWriteRent};
use monoio::net::{ListenerOpts, TcpListener, TcpStream};
use rustix::io::Errno;
use rustix::net::sockopt;
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

thread_local! {
    static RING_ENTRIES: Cell<u64> = const { Cell::new(0) };
}

/// Ring entries that this thread's streams have asked for: one a send or receive.
#[must_use]
pub fn ring_entries() -> u64 {
    RING_ENTRIES.get()
}

/// One more was asked for.
#[inline]
pub(super) fn count_ring_entry() {
    RING_ENTRIES.set(RING_ENTRIES.get() + 1);
}

/// What bytes are sent and received over. Buffers are lent to the kernel and come back.
pub trait ByteStream: Sized + 'static {
    /// Opens a stream to `address`.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self>>;

    /// Takes a connection over that was opened elsewhere.
    ///
    /// # Errors
    /// When the runtime cannot.
    fn adopt(stream: std::net::TcpStream) -> io::Result<Self>;

    /// Sends from the start of `bytes`; returns how many went.
    fn send(&mut self, bytes: Vec<u8>) -> impl Future<Output = (io::Result<usize>, Vec<u8>)>;

    /// Appends what arrives to `buffer`, as far as its spare capacity allows; 0 means that the
    /// peer closed its side.
    fn receive(&mut self, buffer: Vec<u8>) -> impl Future<Output = (io::Result<usize>, Vec<u8>)>;

    /// The descriptor, to shut the stream down from outside or look at its state.
    fn descriptor(&self) -> RawFd;
}

/// Plain TCP.
pub struct Tcp(TcpStream);

impl ByteStream for Tcp {
    async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_addr(address).await?;
        without_delay(stream_of(&stream))?;
        Ok(Self(stream))
    }

    fn adopt(stream: std::net::TcpStream) -> io::Result<Self> {
        // With a ring it is the kernel that waits, which a stream must let it.
        stream.set_nonblocking(monoio::utils::is_legacy())?;
        TcpStream::from_std(stream).map(Self)
    }

    #[inline]
    fn send(&mut self, bytes: Vec<u8>) -> impl Future<Output = (io::Result<usize>, Vec<u8>)> {
        count_ring_entry();
        self.0.write(bytes)
    }

    #[inline]
    async fn receive(&mut self, buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        count_ring_entry();
        let filled = buffer.len();
        let (result, slice) = self.0.read(buffer.slice_mut(filled..)).await;
        (result, slice.into_inner())
    }

    fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Tcp {
    /// Waits until `begun`, a connection that does not block and is on its way, is open.
    ///
    /// # Errors
    /// When it is not accepted.
    pub(super) async fn finish(begun: std::net::TcpStream) -> io::Result<Self> {
        let stream = TcpStream::from_std(begun)?;
        stream.writable(false).await?;
        sockopt::socket_error(&stream_of(&stream))??;
        // With a ring it is the kernel that waits, which a stream must let it.
        rustix::io::ioctl_fionbio(stream_of(&stream), monoio::utils::is_legacy())?;
        without_delay(stream_of(&stream))?;
        Ok(Self(stream))
    }

    /// The stream, of no runtime.
    pub(super) fn into_owned(self) -> OwnedFd {
        // SAFETY: the stream gives up the descriptor, which nothing else owns.
        unsafe { OwnedFd::from_raw_fd(self.0.into_raw_fd()) }
    }

    /// The runtime's own stream.
    pub(super) fn into_stream(self) -> TcpStream {
        self.0
    }

    /// Who is at the other end.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn peer(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

fn stream_of(stream: &TcpStream) -> BorrowedFd<'_> {
    // SAFETY: the stream owns the descriptor, and is borrowed as long as what is given.
    unsafe { BorrowedFd::borrow_raw(stream.as_raw_fd()) }
}

/// Has what is sent leave at once, over TCP; a Unix socket does so by itself.
///
/// # Errors
/// When the connection is gone.
pub(super) fn without_delay(stream: BorrowedFd<'_>) -> io::Result<()> {
    match sockopt::set_tcp_nodelay(stream, true) {
        Ok(()) => send_unpaced(stream.as_raw_fd()),
        Err(Errno::OPNOTSUPP) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Takes the classic congestion control (Reno, RFC 5681), which every kernel has and lets everyone
/// use. Others, BBR above all, pace: the kernel holds back what was handed to it, so that a request
/// leaves later than it was sent, and each costs a timer more. Where it is not to be had, the
/// system's own stays.
pub(super) fn send_unpaced(descriptor: RawFd) {
    const NAME: &[u8] = b"reno";
    // SAFETY: the option's value is `NAME`, readable for the length given.
    unsafe {
        libc::setsockopt(
            descriptor,
            libc::IPPROTO_TCP,
            libc::TCP_CONGESTION,
            NAME.as_ptr().cast(),
            NAME.len() as libc::socklen_t,
        );
    }
}

/// Ends a stream in both directions from outside: a pending receive on it completes with 0.
pub fn shut_down(descriptor: RawFd) {
    // SAFETY: a plain system call on a descriptor number; on a closed or foreign one it fails
    // without an effect on memory. Callers hold the stream that owns the descriptor.
    unsafe { libc::shutdown(descriptor, libc::SHUT_RDWR) };
}

/// Ends what comes on a stream, from outside: a pending receive completes with 0, and what is sent
/// still goes.
pub fn stop_receiving(descriptor: RawFd) {
    // SAFETY: as of [`shut_down`].
    unsafe { libc::shutdown(descriptor, libc::SHUT_RD) };
}

/// Has a stream end with a reset when it is closed, and what was not sent yet is dropped.
pub fn reset_on_close(descriptor: RawFd) {
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    // SAFETY: the option's value is `linger`, readable for the length given; on a closed or foreign
    // descriptor the call fails without an effect on memory.
    unsafe {
        libc::setsockopt(
            descriptor,
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size_of::<libc::linger>() as libc::socklen_t,
        );
    }
}

/// What became of a stream on which nothing is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleState {
    /// Nothing came.
    Quiet,
    /// The peer has closed or broken it.
    Closed,
    /// The peer has sent what nobody asked for.
    Unsolicited,
}

/// Whether an idle stream is of no use any more: it is not quiet.
#[must_use]
pub fn is_stale(descriptor: RawFd) -> bool {
    look_at_idle(descriptor) != IdleState::Quiet
}

/// What became of an idle stream: one non-blocking peek.
#[must_use]
pub fn look_at_idle(descriptor: RawFd) -> IdleState {
    let mut byte = 0_u8;
    // SAFETY: the buffer is one writable byte and its length is given as 1.
    let peeked = unsafe {
        libc::recv(
            descriptor,
            (&raw mut byte).cast(),
            1,
            libc::MSG_PEEK | libc::MSG_DONTWAIT,
        )
    };
    match peeked {
        1.. => IdleState::Unsolicited,
        0 => IdleState::Closed,
        _ if io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock => IdleState::Quiet,
        _ => IdleState::Closed,
    }
}

/// Appends what has come on a stream to `buffer`, as far as its spare capacity allows, without waiting.
///
/// # Errors
/// When nothing has, or the stream broke.
pub(super) fn receive_now(descriptor: RawFd, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let room = buffer.spare_capacity_mut();
    // SAFETY: `room` is writable for its length; on a closed or foreign descriptor the call fails
    // without an effect on memory.
    let received = unsafe {
        libc::recv(
            descriptor,
            room.as_mut_ptr().cast(),
            room.len(),
            libc::MSG_DONTWAIT,
        )
    };
    let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: the kernel has initialised so many bytes behind the length, within the capacity.
    unsafe { buffer.set_len(buffer.len() + received) };
    Ok(received)
}

/// Of `struct tcp_info` (linux/tcp.h): its length, and where fields of interest lie.
const TCP_INFO_BYTES: usize = 232;
const TCP_INFO_STATE: usize = 0;
const TCP_INFO_BYTES_ACKED: usize = 120;
const TCP_INFO_BYTES_SENT: usize = 200;
const TCP_INFO_BYTES_RETRANS: usize = 208;
/// States of a connection (net/tcp_states.h): gone, and closed by the peer only.
const TCP_CLOSE: u8 = 7;
const TCP_CLOSE_WAIT: u8 = 8;

/// Whether the peer, which has closed its side, took none of the last `request_bytes` that were sent:
/// its kernel acknowledged not one of them and answered with a reset, since nobody was there to read
/// them. `None` while neither has come.
#[must_use]
pub fn took_none_of(descriptor: RawFd, request_bytes: usize) -> Option<bool> {
    let mut info = [0_u8; TCP_INFO_BYTES];
    let mut length = TCP_INFO_BYTES as libc::socklen_t;
    // SAFETY: the option's value is `info`, writable for the length given; on a closed or foreign
    // descriptor the call fails without an effect on memory.
    let read = unsafe {
        libc::getsockopt(
            descriptor,
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    let count = |at: usize| {
        let bytes = info[at..].first_chunk().copied().unwrap_or_default();
        u64::from_ne_bytes(bytes)
    };
    // An older kernel tells less.
    if read != 0 || (length as usize) < TCP_INFO_BYTES_RETRANS + size_of::<u64>() {
        return Some(false);
    }
    // The handshake counts as one byte.
    let acknowledged = count(TCP_INFO_BYTES_ACKED).saturating_sub(1);
    let sent = count(TCP_INFO_BYTES_SENT).saturating_sub(count(TCP_INFO_BYTES_RETRANS));
    if sent.saturating_sub(acknowledged) < request_bytes as u64 {
        return Some(false);
    }
    match info[TCP_INFO_STATE] {
        TCP_CLOSE => Some(true),
        TCP_CLOSE_WAIT => None,
        _ => Some(false),
    }
}

/// A listening socket.
pub struct Listener(TcpListener);

impl Listener {
    /// Listens on `address`; several listeners may share it, and the kernel deals out connections.
    ///
    /// # Errors
    /// When the address is taken by another program or is not this machine's.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let options = ListenerOpts::new()
            .reuse_addr(true)
            .reuse_port(true)
            .backlog(4_096);
        let listener = TcpListener::bind_with_config(address, &options)?;
        // Accepted connections inherit it.
        send_unpaced(listener.as_raw_fd());
        Ok(Self(listener))
    }

    /// Holds `address`, with its port, without listening: whoever connects is refused, and the
    /// kernel gives the port to no client. [`Listener::bind`] can be called beside it.
    ///
    /// # Errors
    /// As of [`Listener::bind`].
    pub fn hold(address: SocketAddr) -> io::Result<Self> {
        let held = Self::bind(address)?;
        // It stays bound, since its port was asked for by number.
        shut_down(held.descriptor());
        Ok(held)
    }

    /// The address that it listens on, with the port that the kernel chose for port 0.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The descriptor, to [`shut_down`] the listener from outside: a pending accept then fails.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// The next connection.
    ///
    /// # Errors
    /// As the kernel's accept, for example when descriptors run out.
    pub async fn accept(&self) -> io::Result<Tcp> {
        let (stream, _) = self.0.accept().await?;
        stream.set_nodelay(true)?;
        Ok(Tcp(stream))
    }
}

#[cfg(test)]
mod tests {
    use super::super::runtime::{Runtime, spawn};
    use super::*;
    use crate::plan::Driver;

    #[test]
    fn bytes_go_both_ways_and_a_shut_down_ends_a_pending_receive() {
        for driver in [Driver::Uring, Driver::Epoll] {
            Runtime::new(driver, 16).unwrap().block_on(async {
                let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
                let address = listener.local_address().unwrap();
                let server = spawn(async move {
                    let mut stream = listener.accept().await.unwrap();
                    let (received, bytes) = stream.receive(Vec::with_capacity(64)).await;
                    assert_eq!(received.unwrap(), 4);
                    stream.send(bytes).await.0.unwrap();
                    stream
                });
                let mut client = Tcp::connect(address).await.unwrap();
                assert!(!is_stale(client.descriptor()));
                assert_eq!(client.send(b"ping".to_vec()).await.0.unwrap(), 4);
                let mut buffer = Vec::with_capacity(64);
                buffer.extend_from_slice(b"> ");
                let (received, buffer) = client.receive(buffer).await;
                assert_eq!((received.unwrap(), &buffer[..]), (4, &b"> ping"[..]));

                let descriptor = client.descriptor();
                let pending = spawn(async move { client.receive(buffer).await.0 });
                shut_down(descriptor);
                assert_eq!(pending.join().await.unwrap(), 0);
                drop(server.join().await);
            });
        }
    }

    #[test]
    fn a_held_address_refuses_and_can_be_listened_on_again() {
        for driver in [Driver::Uring, Driver::Epoll] {
            Runtime::new(driver, 16).unwrap().block_on(async {
                let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
                let address = listener.local_address().unwrap();
                let held = Listener::hold(address).unwrap();
                for _ in 0..20 {
                    Tcp::connect(address).await.unwrap();
                }
                shut_down(listener.descriptor());
                drop(listener);
                let refused = Tcp::connect(address).await.err().unwrap();
                assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
                let as_client = ListenerOpts::new().reuse_addr(false).reuse_port(false);
                let taken = TcpListener::bind_with_config(address, &as_client);
                assert_eq!(taken.err().unwrap().kind(), io::ErrorKind::AddrInUse);
                let again = Listener::bind(address).unwrap();
                Tcp::connect(address).await.unwrap();
                again.accept().await.unwrap();
                drop(held);
            });
        }
    }

    fn pair() -> (std::net::TcpStream, std::net::TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn settled(client: &std::net::TcpStream, request_bytes: usize) -> bool {
        loop {
            match took_none_of(client.as_raw_fd(), request_bytes) {
                Some(took_none) => return took_none,
                None => std::thread::yield_now(),
            }
        }
    }

    #[test]
    fn only_who_had_closed_before_took_nothing_for_sure() {
        use std::io::{Read, Write};
        // Closed, and then asked.
        let (mut client, server) = pair();
        drop(server);
        assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
        client.write_all(b"request").unwrap();
        assert!(settled(&client, 7));

        // The same after an exchange that went well.
        let (mut client, mut server) = pair();
        client.write_all(b"first").unwrap();
        server.read_exact(&mut [0; 5]).unwrap();
        server.write_all(b"reply").unwrap();
        drop(server);
        client.read_exact(&mut [0; 5]).unwrap();
        assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
        client.write_all(b"second").unwrap();
        assert!(settled(&client, 6));

        // Asked, read, and then closed: it may have been carried out.
        let (mut client, mut server) = pair();
        client.write_all(b"request").unwrap();
        server.read_exact(&mut [0; 7]).unwrap();
        drop(server);
        assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
        assert!(!settled(&client, 7));

        // Its side closed only, it can still read.
        let (mut client, server) = pair();
        server.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
        client.write_all(b"request").unwrap();
        server.peek(&mut [0; 1]).unwrap();
        assert!(!settled(&client, 7));

        // Something that is no connection.
        assert_eq!(took_none_of(-1, 1), Some(false));
    }
}
