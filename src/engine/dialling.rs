//! Connections to where a route leads, from where it says: over TCP from an address or an interface of
//! this machine, or to a Unix socket.
//!
//! A stream of either kind is held as a `TcpStream`: of that type nothing but what all sockets can do is
//! used, like receiving, sending, time-outs and the close on drop. What only TCP knows fails on a Unix
//! socket, and is left out there.

use super::clock::now_ns;
use super::net::{Tcp, without_delay};
use super::pacer::Pacer;
use crate::plan::{Interface, Interfaces, PeerAddress, Route, SocketPath};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, socket_with, sockopt,
};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

/// Room in the queue of a Unix socket is looked for so often: the kernel tells nobody when there is some.
const QUEUE_LOOK_NS: u64 = 1_000_000;

/// Opens a connection, waits for it for at most `patience`, and gives it blocking. `turn` says which of
/// the interfaces of `route` it comes from.
///
/// # Errors
/// When it is not accepted, in words that name the remedy where it is this machine's.
pub fn dial(route: &Route, turn: usize, patience: Duration) -> io::Result<TcpStream> {
    match (route.to, route.source(turn)) {
        (PeerAddress::Tcp(address), None) => TcpStream::connect_timeout(&address, patience),
        (PeerAddress::Tcp(address), Some(from)) => dial_from(address, from, patience),
        (PeerAddress::Unix(path), _) => dial_unix(&path, patience),
    }
}

/// Opens a connection on this thread's runtime.
pub(super) async fn dial_beside(route: &Route, turn: usize, pacer: &Pacer) -> io::Result<Tcp> {
    use super::net::ByteStream;
    match (route.to, route.source(turn)) {
        (PeerAddress::Tcp(address), None) => Tcp::connect(address).await,
        (PeerAddress::Tcp(address), Some(from)) => Tcp::finish(begin_from(address, from)?).await,
        (PeerAddress::Unix(path), _) => loop {
            let socket = new_socket(AddressFamily::UNIX, SocketFlags::NONBLOCK)?;
            match connect(&socket, &SocketAddrUnix::new(path.as_str())?) {
                Ok(()) => return Tcp::adopt(TcpStream::from(socket)),
                Err(Errno::AGAIN) => pacer.until(now_ns() + QUEUE_LOOK_NS).await,
                Err(error) => return Err(error.into()),
            }
        },
    }
}

fn new_socket(family: AddressFamily, flags: SocketFlags) -> io::Result<OwnedFd> {
    let flags = flags | SocketFlags::CLOEXEC;
    Ok(socket_with(family, SocketType::STREAM, flags, None)?)
}

fn dial_from(address: SocketAddr, from: &Interface, patience: Duration) -> io::Result<TcpStream> {
    let ends = Instant::now() + patience;
    let stream = begin_from(address, from)?;
    loop {
        let left = ends.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).unwrap_or_default();
        match poll(&mut [PollFd::new(&stream, PollFlags::OUT)], Some(&left)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => break,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    stream.take_error()?.map_or(Ok(()), Err)?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// A connection that is on its way.
fn begin_from(address: SocketAddr, from: &Interface) -> io::Result<TcpStream> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = new_socket(family, SocketFlags::NONBLOCK)?;
    match from {
        Interface::Device(name) => bind_to_device(&socket, name)?,
        Interface::Address(own) => {
            // A port is chosen once the other end is known: one of this address's own would otherwise
            // be taken by each connection, wherever it goes. Kernels without it choose at once.
            let _ = set_option(
                &socket,
                libc::IPPROTO_IP,
                libc::IP_BIND_ADDRESS_NO_PORT,
                &1_i32.to_ne_bytes(),
            );
            bind(&socket, &SocketAddr::new(*own, 0))?;
        }
    }
    match connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(TcpStream::from(socket)),
        Err(error) => Err(error.into()),
    }
}

fn bind_to_device(socket: &OwnedFd, name: &str) -> io::Result<()> {
    set_option(
        socket,
        libc::SOL_SOCKET,
        libc::SO_BINDTODEVICE,
        name.as_bytes(),
    )
}

fn set_option(
    socket: &OwnedFd,
    level: libc::c_int,
    option: libc::c_int,
    value: &[u8],
) -> io::Result<()> {
    // SAFETY: the option's value is `value`, readable for the length given; the descriptor is open.
    let set = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            value.as_ptr().cast(),
            value.len() as libc::socklen_t,
        )
    };
    match set {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn dial_unix(path: &SocketPath, patience: Duration) -> io::Result<TcpStream> {
    let socket = new_socket(AddressFamily::UNIX, SocketFlags::empty())?;
    let patience = Some(patience.max(Duration::from_millis(1)));
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, patience)?;
    match connect(&socket, &SocketAddrUnix::new(path.as_str())?) {
        Ok(()) => {
            sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, None)?;
            Ok(TcpStream::from(socket))
        }
        Err(Errno::AGAIN) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the server accepts nothing, and its queue is full",
        )),
        Err(error) => Err(explained(error.into(), path)),
    }
}

/// What `error` means for the socket at `path`, and what to do.
fn explained(error: io::Error, path: &SocketPath) -> io::Error {
    let is_socket = || {
        use std::os::unix::fs::FileTypeExt;
        let seen = std::fs::metadata(Path::new(path.as_str()));
        seen.is_ok_and(|seen| seen.file_type().is_socket())
    };
    let says = match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no socket at this path, which its server makes when it starts"
        }
        io::ErrorKind::PermissionDenied => {
            "permission denied: whoever connects has to be allowed to write to the socket, and to search its directories (be of its group, or have the server give it a wider mode)"
        }
        io::ErrorKind::ConnectionRefused if !is_socket() => "what is at this path is no socket",
        io::ErrorKind::ConnectionRefused => {
            "connection refused: the socket is there, and no server listens on it any more"
        }
        _ if error.raw_os_error() == Some(libc::EPROTOTYPE) => {
            "the socket at this path is of another type than a stream"
        }
        _ => return error,
    };
    io::Error::new(error.kind(), says)
}

/// Without delay, and unpaced, where that means anything.
///
/// # Errors
/// When the connection is gone.
pub fn prepare_stream(stream: &TcpStream) -> io::Result<()> {
    without_delay(stream.as_fd())
}

/// Why connections cannot come from where they were asked to.
#[derive(Debug, thiserror::Error)]
pub enum NoInterface {
    /// There is none of this name or address.
    #[error("--interface {interface}: this machine has no such {what}; it has {known}")]
    Unknown {
        /// What was asked for.
        interface: Interface,
        /// `address` or `interface`.
        what: &'static str,
        /// All that there are, with their addresses.
        known: String,
    },
    /// It is not for everybody.
    #[error(
        "--interface {name}: {error}; binding to an interface by its name takes CAP_NET_RAW before Linux 5.7, and in some containers: name its address"
    )]
    Denied {
        /// The interface.
        name: String,
        /// What the kernel said.
        error: io::Error,
    },
    /// None of them leads to the target.
    #[error(
        "--interface {interfaces}: none of these leads to {to}; name an interface, or an address of the same kind"
    )]
    OfOtherKind {
        /// What was asked for.
        interfaces: Interfaces,
        /// An address of the target.
        to: PeerAddress,
    },
}

/// Whether connections can come from `interfaces`.
///
/// # Errors
/// When this machine does not have one of them, or does not give it.
pub fn check_interfaces(interfaces: &Interfaces) -> Result<(), NoInterface> {
    interfaces.iter().try_for_each(check_interface)
}

fn check_interface(interface: &Interface) -> Result<(), NoInterface> {
    let unknown = |what| NoInterface::Unknown {
        interface: interface.clone(),
        what,
        known: known_interfaces(),
    };
    let family = match interface {
        Interface::Address(IpAddr::V6(_)) => AddressFamily::INET6,
        _ => AddressFamily::INET,
    };
    // Without a socket to try it with, whoever connects will see.
    let Ok(socket) = new_socket(family, SocketFlags::empty()) else {
        return Ok(());
    };
    match interface {
        Interface::Address(own) => {
            bind(&socket, &SocketAddr::new(*own, 0)).map_err(|_| unknown("address"))
        }
        Interface::Device(name) => {
            bind_to_device(&socket, name).map_err(|error| match error.raw_os_error() {
                Some(libc::ENODEV) => unknown("interface"),
                _ => NoInterface::Denied {
                    name: name.clone(),
                    error,
                },
            })
        }
    }
}

/// `lo (127.0.0.1, ::1), eth0 (10.0.0.7)`.
fn known_interfaces() -> String {
    let texts = interface_addresses().into_iter().map(|(name, addresses)| {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        match addresses.is_empty() {
            true => name,
            false => format!("{name} ({})", addresses.join(", ")),
        }
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// The addresses of each interface.
fn interface_addresses() -> BTreeMap<String, Vec<IpAddr>> {
    let mut known: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
    let mut first: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: `first` is a live place for a pointer; what it is set to is freed below, once.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return known;
    }
    let mut next = first;
    while !next.is_null() {
        // SAFETY: `next` is an entry of the list, which is not freed yet, and its name is a string with
        // its end; the address is none, or one that is as long as its family says.
        let (name, address) = unsafe {
            let entry = &*next;
            let name = std::ffi::CStr::from_ptr(entry.ifa_name);
            next = entry.ifa_next;
            (name.to_string_lossy().into_owned(), ip_of(entry.ifa_addr))
        };
        known.entry(name).or_default().extend(address);
    }
    // SAFETY: the list is the kernel library's, and nothing of it is used any more.
    unsafe { libc::freeifaddrs(first) };
    known
}

/// # Safety
/// `address` is null, or points to an address that is as long as its family says.
unsafe fn ip_of(address: *const libc::sockaddr) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    unsafe {
        match i32::from((*address).sa_family) {
            libc::AF_INET => {
                let address = address.cast::<libc::sockaddr_in>().read_unaligned();
                let bits = u32::from_be(address.sin_addr.s_addr);
                Some(Ipv4Addr::from_bits(bits).into())
            }
            libc::AF_INET6 => {
                let address = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(Ipv6Addr::from(address.sin6_addr.s6_addr).into())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
