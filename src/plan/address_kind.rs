//! What is behind an address: one's own machines, a cloud's credentials, or the rest of the world.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Where Amazon's machines find their credentials, in the range of private addresses.
const CREDENTIALS_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// What is behind an address, as far as it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// Loopback, private (RFC 1918), unique-local (`fc00::/7`) and unspecified addresses, which stay
    /// within one's own machines.
    Private,
    /// Link-local addresses (`169.254.0.0/16`, `fe80::/10`) and their like: where clouds keep the
    /// credentials of their machines.
    LinkLocal,
    /// All others.
    Public,
}

impl AddressKind {
    /// That of `address`.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        let (is_private, is_link_local) = match address.to_canonical() {
            IpAddr::V4(v4) => (
                v4.is_loopback() || v4.is_private() || v4.is_unspecified(),
                v4.is_link_local(),
            ),
            IpAddr::V6(v6) => (
                v6.is_loopback() || v6.is_unique_local() || v6 == Ipv6Addr::UNSPECIFIED,
                v6.is_unicast_link_local() || v6 == CREDENTIALS_V6,
            ),
        };
        match (is_link_local, is_private) {
            (true, _) => Self::LinkLocal,
            (false, true) => Self::Private,
            (false, false) => Self::Public,
        }
    }
}

impl fmt::Display for AddressKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Public => "public",
        })
    }
}
