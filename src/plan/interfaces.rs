//! Where connections come from: addresses of this machine, or its network interfaces.

use super::peer_address::PeerAddress;
use serde::{Serialize, Serializer};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Most of them: with so many addresses of this machine there are some 4 million ports.
pub const MOST_INTERFACES: usize = 64;
/// Longest name that the kernel has for an interface.
const MOST_NAME_BYTES: usize = 15;

/// Why a text names nothing that connections can come from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterfaceTextError {
    /// Neither an address nor a name.
    #[error("`{0}` is no address and no name of an interface: write it like eth0 or 127.0.0.2")]
    Name(String),
    /// Too many.
    #[error("give at most {MOST_INTERFACES} interfaces")]
    Many,
}

/// What a connection comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interface {
    /// It has this address, and a port that is chosen when the other end is known.
    Address(IpAddr),
    /// It leaves by the interface of this name, with an address that the kernel chooses.
    Device(String),
}

impl Interface {
    /// An address, with or without brackets, or a name.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, InterfaceTextError> {
        let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(text).parse() {
            return Ok(Self::Address(address));
        }
        // What the kernel takes for a name: dev_valid_name.
        let is_name = (1..=MOST_NAME_BYTES).contains(&text.len())
            && !matches!(text, "." | "..")
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"/:".contains(&byte));
        match is_name {
            true => Ok(Self::Device(text.to_owned())),
            false => {
                let shown = text.chars().filter(|c| !c.is_control()).take(60);
                Err(InterfaceTextError::Name(shown.collect()))
            }
        }
    }

    /// Whether what comes from here can go to `address`.
    #[must_use]
    pub fn fits(&self, address: &PeerAddress) -> bool {
        match (self, address) {
            (_, PeerAddress::Unix(_)) => false,
            (Self::Device(_), _) => true,
            (Self::Address(own), PeerAddress::Tcp(other)) => own.is_ipv6() == other.is_ipv6(),
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(formatter),
            Self::Device(name) => formatter.write_str(name),
        }
    }
}

impl Serialize for Interface {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Those that connections come from in turn; none where the kernel is to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Interfaces(Vec<Interface>);

impl Interfaces {
    /// These, each once.
    ///
    /// # Errors
    /// When one is none, or there are too many.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, InterfaceTextError> {
        let mut known = Vec::new();
        for text in texts {
            let interface = Interface::parse(text.trim())?;
            if !known.contains(&interface) {
                known.push(interface);
            }
        }
        match known.len() > MOST_INTERFACES {
            true => Err(InterfaceTextError::Many),
            false => Ok(Self(known)),
        }
    }

    /// Whether the kernel chooses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Interface> {
        self.0.iter()
    }

    /// How many addresses connections come from, at least: each has its own ports.
    #[must_use]
    pub fn addresses(&self) -> u64 {
        self.0.len().max(1) as u64
    }

    /// The ways to `address`; `None` when there are interfaces and none of them leads there.
    #[must_use]
    pub fn route_to(&self, address: PeerAddress) -> Option<Route> {
        let from: Arc<[Interface]> = self
            .iter()
            .filter(|it| it.fits(&address))
            .cloned()
            .collect();
        (!from.is_empty() || self.is_empty()).then_some(Route { to: address, from })
    }
}

impl fmt::Display for Interfaces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, interface) in self.0.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(formatter, "{comma}{interface}")?;
        }
        Ok(())
    }
}

/// Where connections go, and what they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The address that they go to.
    pub to: PeerAddress,
    /// What they come from, in turn; nothing where the kernel chooses.
    from: Arc<[Interface]>,
}

impl Route {
    /// What connection number `turn` comes from; `None` where the kernel chooses.
    #[must_use]
    pub fn source(&self, turn: usize) -> Option<&Interface> {
        self.from.get(turn % self.from.len().max(1))
    }
}

impl<A: Into<PeerAddress>> From<A> for Route {
    /// The kernel chooses what connections come from.
    fn from(address: A) -> Self {
        Self {
            to: address.into(),
            from: Arc::default(),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(text: &str) -> PeerAddress {
        PeerAddress::Tcp(text.parse().unwrap())
    }

    #[test]
    fn an_interface_is_an_address_or_a_name() {
        let address = |text: &str| Interface::Address(text.parse().unwrap());
        assert_eq!(Interface::parse("127.0.0.2"), Ok(address("127.0.0.2")));
        assert_eq!(Interface::parse("[::1]"), Ok(address("::1")));
        assert_eq!(Interface::parse("::1"), Ok(address("::1")));
        for name in ["lo", "eth0.100", "br-1234", "wg0@x"] {
            assert_eq!(
                Interface::parse(name),
                Ok(Interface::Device(name.to_owned()))
            );
        }
        for text in [
            "",
            "..",
            "a/b",
            "a b",
            "a:1",
            "a-name-too-long-x",
            "ä",
            "e\u{1b}[31m",
        ] {
            let said = Interface::parse(text).unwrap_err().to_string();
            assert!(
                said.contains("no address and no name") && !said.contains('\u{1b}'),
                "{said}"
            );
        }
        let many: Vec<String> = (0..=MOST_INTERFACES).map(|at| format!("eth{at}")).collect();
        let many = Interfaces::parse(many.iter().map(String::as_str));
        assert_eq!(many, Err(InterfaceTextError::Many));
    }

    #[test]
    fn connections_come_from_those_that_lead_there_in_turn() {
        let texts = ["127.0.0.2", "::1", "lo", "127.0.0.2"];
        let interfaces = Interfaces::parse(texts).unwrap();
        assert_eq!(
            (interfaces.addresses(), &*interfaces.to_string()),
            (3, "127.0.0.2, ::1, lo")
        );
        let turns = |address: &str| {
            let route = interfaces.route_to(to(address)).unwrap();
            [0, 1, 2].map(|turn| route.source(turn).map(ToString::to_string).unwrap())
        };
        assert_eq!(turns("127.0.0.1:80"), ["127.0.0.2", "lo", "127.0.0.2"]);
        assert_eq!(turns("[::1]:80"), ["::1", "lo", "::1"]);
        let only = Interfaces::parse(["127.0.0.2"]).unwrap();
        assert_eq!(only.route_to(to("[::1]:80")), None);
        let free = Interfaces::default().route_to(to("[::1]:80")).unwrap();
        assert_eq!(
            (free.source(7), Interfaces::default().addresses()),
            (None, 1)
        );
    }
}
