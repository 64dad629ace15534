//! Whom a machine will load that others send a plan: private addresses, or the hosts and networks that it
//! was told.

use super::address_kind::AddressKind;
use super::target::{ConnectTo, Target};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses, like `10.1.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address is in it. One of IPv4 that is written as IPv6 is the same address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = u32::from(own) ^ u32::from(other);
                differing
                    .checked_shr(32 - u32::from(self.bits))
                    .unwrap_or(0)
                    == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = u128::from(own) ^ u128::from(other);
                differing
                    .checked_shr(128 - u32::from(self.bits))
                    .unwrap_or(0)
                    == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.bits)
    }
}

/// One of those that may be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedTarget {
    /// A host by its name: whatever that means on this machine.
    Host(String),
    /// All addresses of a network, whatever they are called.
    Network(Network),
    /// A socket of this machine.
    Socket(String),
}

/// A text that names nobody who could be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither a host nor a network; write a name like shop.example.org, an address, a network like 10.1.0.0/16, or unix:/path"
)]
pub struct NoAllowedTarget(String);

impl FromStr for AllowedTarget {
    type Err = NoAllowedTarget;

    fn from_str(text: &str) -> Result<Self, NoAllowedTarget> {
        let refused = || NoAllowedTarget(super::shown_start(text, 200).into_owned());
        if let Some(path) = text.strip_prefix("unix:") {
            return match path.starts_with('/') {
                true => Ok(Self::Socket(path.to_owned())),
                false => Err(refused()),
            };
        }
        let (host, bits) = match text.split_once('/') {
            Some((host, bits)) => (host, Some(bits)),
            None => (text, None),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(most), str::parse).map_err(|_| refused())?;
            let network = Network { address, bits };
            return match bits <= most {
                true => Ok(Self::Network(network)),
                false => Err(refused()),
            };
        }
        let is_letter = |letter: char| letter.is_alphanumeric() || "-._".contains(letter);
        let is_name = !host.is_empty() && host.len() <= 253 && host.chars().all(is_letter);
        match is_name && bits.is_none() {
            true => Ok(Self::Host(one_spelling(host))),
            false => Err(refused()),
        }
    }
}

impl fmt::Display for AllowedTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => formatter.write_str(name),
            Self::Network(network) => network.fmt(formatter),
            Self::Socket(path) => write!(formatter, "unix:{path}"),
        }
    }
}

/// All that may be loaded. Where nobody was named, loopback and private addresses may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedTargets(Vec<AllowedTarget>);

/// A target that this machine will not load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this machine sends no load to {shown}: it accepts {accepted}; start its join with --allow-target {remedy} if it should"
)]
pub struct TargetRefused {
    shown: String,
    accepted: String,
    remedy: String,
}

impl AllowedTargets {
    /// Those that were named; none for the usual ones.
    #[must_use]
    pub fn new(named: Vec<AllowedTarget>) -> Self {
        Self(named)
    }

    /// Decides about everything in a target that tells where connections go, as far as that can be told
    /// without resolving names; what names resolve to is for [`Self::check`] to decide.
    ///
    /// # Errors
    /// When this machine will not load it.
    pub fn check_target(&self, target: &Target) -> Result<(), TargetRefused> {
        match &target.connect_to {
            Some(ConnectTo::Unix { unix }) => {
                let is_it = |allowed: &AllowedTarget| matches!(allowed, AllowedTarget::Socket(path) if path == unix.as_str());
                match self.0.iter().any(is_it) {
                    true => Ok(()),
                    false => {
                        let name = format!("unix:{}", unix.as_str());
                        Err(self.refusal(format!("the socket {name}"), name))
                    }
                }
            }
            Some(ConnectTo::Tcp { host, .. }) => self.check_host(host),
            None => self.check_host(&target.host),
        }
    }

    /// Decides about a host that is an address; a name passes, to be checked once resolved.
    fn check_host(&self, host: &str) -> Result<(), TargetRefused> {
        host.parse()
            .map_or(Ok(()), |address| self.check(host, address))
    }

    /// Whether load may go to `address`, which `host` resolved to on this machine.
    ///
    /// # Errors
    /// When it may not.
    pub fn check(&self, host: &str, address: IpAddr) -> Result<(), TargetRefused> {
        let is_private = AddressKind::of(address) == AddressKind::Private;
        let name = one_spelling(host);
        let is_it = |allowed: &AllowedTarget| match allowed {
            AllowedTarget::Host(allowed) => *allowed == name,
            AllowedTarget::Network(network) => network.contains(address),
            AllowedTarget::Socket(_) => false,
        };
        match self.0.iter().any(is_it) || self.0.is_empty() && is_private {
            true => Ok(()),
            false => {
                let kind = AddressKind::of(address);
                let shown = format!("{host}, at the {kind} address {address}");
                Err(self.refusal(shown, host.to_owned()))
            }
        }
    }

    fn refusal(&self, shown: String, remedy: String) -> TargetRefused {
        TargetRefused {
            shown: super::shown(&shown).into_owned(),
            accepted: self.to_string(),
            remedy: super::shown(&remedy).into_owned(),
        }
    }
}

impl fmt::Display for AllowedTargets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("loopback and private addresses");
        }
        let named: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        formatter.write_str(&named.join(", "))
    }
}

/// Lower case, without a final dot.
fn one_spelling(host: &str) -> String {
    host.trim_end_matches('.').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(named: &[&str]) -> AllowedTargets {
        AllowedTargets::new(named.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[track_caller]
    fn may(allowed: &AllowedTargets, host: &str, address: &str, expected: bool) {
        let decided = allowed.check(host, address.parse().unwrap());
        assert_eq!(decided.is_ok(), expected, "{host} {address}: {decided:?}");
    }

    #[test]
    fn where_nobody_is_named_private_addresses_are_loaded_and_no_others() {
        let usual = AllowedTargets::default();
        for (host, address, expected) in [
            ("localhost", "127.0.0.1", true),
            ("shop", "10.1.2.3", true),
            ("shop", "192.168.1.1", true),
            ("shop", "fd12::1", true),
            ("shop.example.org", "8.8.8.8", false),
            ("localhost", "8.8.8.8", false),
            ("metadata", "169.254.169.254", false),
            ("shop", "::ffff:8.8.8.8", false),
        ] {
            may(&usual, host, address, expected);
        }
        let told = usual.check("shop.example.org", "8.8.8.8".parse().unwrap());
        assert_eq!(
            told.unwrap_err().to_string(),
            "this machine sends no load to shop.example.org, at the public address 8.8.8.8: it accepts loopback and private addresses; start its join with --allow-target shop.example.org if it should"
        );
    }

    #[test]
    fn who_is_named_is_loaded_and_nobody_else() {
        let named = allowed(&["Shop.Example.org.", "10.1.0.0/16", "2001:db8::/32", "[::1]"]);
        for (host, address, expected) in [
            ("shop.example.org", "8.8.8.8", true),
            ("SHOP.example.org.", "10.9.9.9", true),
            ("other", "10.1.255.255", true),
            ("other", "::ffff:10.1.2.3", true),
            ("other", "10.2.0.0", false),
            ("localhost", "127.0.0.1", false),
            ("other", "2001:db8:ffff::1", true),
            ("other", "2001:db9::1", false),
            ("other", "::1", true),
        ] {
            may(&named, host, address, expected);
        }
        may(&allowed(&["0.0.0.0/0"]), "any", "8.8.8.8", true);
        may(&allowed(&["0.0.0.0/0"]), "any", "2001:db8::1", false);
        may(&allowed(&["::/0"]), "any", "2001:db8::1", true);
    }

    #[test]
    fn what_a_plan_connects_to_counts_and_not_what_it_says_in_its_address() {
        let target = |connect_to: Option<&str>| Target {
            connect_to: connect_to.map(|place| ConnectTo::parse(place).unwrap()),
            ..Target::parse("http://10.0.0.1:8000").unwrap()
        };
        let usual = AllowedTargets::default();
        assert_eq!(usual.check_target(&target(None)), Ok(()));
        assert!(usual.check_target(&target(Some("8.8.8.8:80"))).is_err());
        let told = usual
            .check_target(&target(Some("unix:/run/docker.sock")))
            .unwrap_err();
        assert!(
            told.to_string()
                .contains("the socket unix:/run/docker.sock"),
            "{told}"
        );
        let socket = allowed(&["unix:/run/shop.sock"]);
        assert_eq!(
            socket.check_target(&target(Some("unix:/run/shop.sock"))),
            Ok(())
        );
        assert!(socket.check_target(&target(None)).is_err());
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for text in [
            "",
            "/",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/x",
            "a b",
            "shop/8",
            "http://shop",
            "unix:run",
            "10.0.0.0/-1",
        ] {
            let refused = text.parse::<AllowedTarget>();
            assert!(refused.is_err(), "{text}: {refused:?}");
        }
        let shown = allowed(&["10.0.0.0/8", "shop", "unix:/a"]).to_string();
        assert_eq!(shown, "10.0.0.0/8, shop, unix:/a");
    }
}
