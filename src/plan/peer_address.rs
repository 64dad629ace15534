//! What a connection leads to: a TCP address, or a Unix socket of this machine.

use serde::{Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::net::SocketAddr;

/// Longest path of a Unix socket, in bytes: the kernel has room for one more, a final zero.
pub const MOST_SOCKET_PATH_BYTES: usize = 107;

/// Why a text is no path of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SocketPathError {
    /// Not from the root on.
    #[error("the path of a Unix socket begins with `/`")]
    Relative,
    /// Something that no path has, or that nobody could read.
    #[error("the path of a Unix socket has no control characters")]
    Control,
    /// Longer than the kernel's own room.
    #[error(
        "the path of a Unix socket has at most {MOST_SOCKET_PATH_BYTES} bytes, and this one {0}; \
         a link to its directory makes it shorter (`ln -s`)"
    )]
    Long(usize),
}

/// The path of a Unix socket. Of fixed size, so that it is copied like an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketPath {
    /// Followed by zeros.
    bytes: [u8; MOST_SOCKET_PATH_BYTES],
}

impl SocketPath {
    /// The socket at `path`.
    ///
    /// # Errors
    /// When no socket can be there.
    pub fn parse(path: &str) -> Result<Self, SocketPathError> {
        if !path.starts_with('/') {
            return Err(SocketPathError::Relative);
        }
        // More slashes than one are one to the kernel, and two would be taken for those of a URL.
        let begins = path.len() - path.trim_start_matches('/').len();
        let path = &path[begins - 1..];
        if path.chars().any(char::is_control) {
            return Err(SocketPathError::Control);
        }
        let mut bytes = [0; MOST_SOCKET_PATH_BYTES];
        let room = bytes.get_mut(..path.len());
        let room = room.ok_or(SocketPathError::Long(path.len()))?;
        room.copy_from_slice(path.as_bytes());
        Ok(Self { bytes })
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.bytes.iter().position(|&byte| byte == 0);
        let path = &self.bytes[..end.unwrap_or(MOST_SOCKET_PATH_BYTES)];
        std::str::from_utf8(path).unwrap_or_default()
    }
}

impl fmt::Debug for SocketPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}

impl fmt::Display for SocketPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for SocketPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerAddress {
    /// Address and port.
    Tcp(SocketAddr),
    /// A socket of this machine.
    Unix(SocketPath),
}

impl PeerAddress {
    /// Whether it is an IPv6 address.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        matches!(self, Self::Tcp(address) if address.is_ipv6())
    }
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl Ord for PeerAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Tcp(own), Self::Tcp(other)) => own.cmp(other),
            (Self::Unix(own), Self::Unix(other)) => own.cmp(other),
            (Self::Tcp(_), Self::Unix(_)) => Ordering::Less,
            (Self::Unix(_), Self::Tcp(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for PeerAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "unix:{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_as_long_as_the_kernel_takes_it() {
        let longest = format!("/{}", "a".repeat(MOST_SOCKET_PATH_BYTES - 1));
        let path = SocketPath::parse(&longest).unwrap();
        assert_eq!(path.as_str(), longest);
        let error = SocketPath::parse(&format!("{longest}b")).unwrap_err();
        assert_eq!(error, SocketPathError::Long(108));
        assert!(
            error
                .to_string()
                .contains("at most 107 bytes, and this one 108; a link")
        );
        // Bytes count, and not characters.
        assert_eq!(
            SocketPath::parse(&format!("/{}", "ä".repeat(60))),
            Err(SocketPathError::Long(121))
        );
        assert_eq!(
            SocketPath::parse("/run/ä.sock").unwrap().as_str(),
            "/run/ä.sock"
        );
        assert_eq!(
            SocketPath::parse("shop.sock"),
            Err(SocketPathError::Relative)
        );
        assert_eq!(SocketPath::parse(""), Err(SocketPathError::Relative));
        for text in ["/a\0b", "/a\nb", "/a\u{1b}[31m"] {
            assert_eq!(
                SocketPath::parse(text),
                Err(SocketPathError::Control),
                "{text:?}"
            );
        }
    }

    #[test]
    fn addresses_are_written_as_they_are_given() {
        let tcp = PeerAddress::from(SocketAddr::from(([127, 0, 0, 1], 80)));
        let unix = PeerAddress::Unix(SocketPath::parse("/run/shop.sock").unwrap());
        assert_eq!(tcp.to_string(), "127.0.0.1:80");
        assert_eq!(unix.to_string(), "unix:/run/shop.sock");
        assert!(tcp < unix && !unix.is_ipv6());
    }
}
