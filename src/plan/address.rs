//! Which addresses load may be sent to: private ones, and public ones only by name.

use std::net::{IpAddr, Ipv6Addr};

/// Whether load may be sent to `address` without being asked: loopback, private (RFC 1918),
/// link-local, unique-local (`fc00::/7`) and unspecified addresses, which stay within one's own
/// machines.
#[must_use]
pub fn is_allowed_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unicast_link_local()
                || v6.is_unique_local()
                || v6 == Ipv6Addr::UNSPECIFIED
        }
    }
}

/// Whether `host`, a name or an address without brackets, means this machine, as far as one can
/// tell without resolving it.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    match name.parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            address.is_loopback() || address.is_unspecified()
        }
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// The hosts that the user named with `--allow-host`, and the rule of [`is_allowed_address`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    named_hosts: Vec<String>,
}

/// A public address that nobody allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{host} is at the public address {address}; load goes to private addresses only, unless you add --allow-host {host}"
)]
pub struct PublicAddress {
    /// The target's name or address.
    pub host: String,
    /// Its address.
    pub address: IpAddr,
}

impl AddressPolicy {
    /// Allows private addresses, and everything that one of `named_hosts` resolves to.
    #[must_use]
    pub fn new(named_hosts: &[String]) -> Self {
        Self {
            named_hosts: named_hosts.iter().map(|host| normalised(host)).collect(),
        }
    }

    /// Whether load may go to `address`, which `host` resolved to.
    ///
    /// # Errors
    /// When the address is public and the host was not named.
    pub fn check(&self, host: &str, address: IpAddr) -> Result<(), PublicAddress> {
        if is_allowed_address(address) || self.named_hosts.contains(&normalised(host)) {
            return Ok(());
        }
        Err(PublicAddress {
            host: host.to_owned(),
            address,
        })
    }

    /// Decides about a `host` that is an address; a name passes, to be checked once resolved.
    ///
    /// # Errors
    /// As [`AddressPolicy::check`].
    pub fn check_literal(&self, host: &str) -> Result<(), PublicAddress> {
        host.parse()
            .map_or(Ok(()), |address| self.check(host, address))
    }
}

/// One spelling for each host: lower case, no brackets, no final dot, addresses as the standard
/// library writes them.
fn normalised(host: &str) -> String {
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.')
        .to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_ones_own_machines_are_allowed() {
        for (text, allowed) in [
            ("127.0.0.1", true),
            ("127.8.9.10", true),
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("172.32.0.1", false),
            ("192.168.7.7", true),
            ("192.169.0.1", false),
            ("169.254.1.1", true),
            ("0.0.0.0", true),
            ("8.8.8.8", false),
            ("100.64.0.1", false),
            ("255.255.255.255", false),
            ("::1", true),
            ("::", true),
            ("fe80::1", true),
            ("fd12:3456::1", true),
            ("2001:4860:4860::8888", false),
            ("::ffff:10.0.0.1", true),
            ("::ffff:8.8.8.8", false),
        ] {
            assert_eq!(is_allowed_address(text.parse().unwrap()), allowed, "{text}");
        }
    }

    #[test]
    fn a_public_host_must_be_named() {
        let policy =
            AddressPolicy::new(&["Shop.Example.org".to_owned(), "[2001:DB8::1]".to_owned()]);
        let public: IpAddr = "8.8.8.8".parse().unwrap();
        assert_eq!(policy.check("shop.example.org.", public), Ok(()));
        assert_eq!(policy.check_literal("2001:db8:0::1"), Ok(()));
        assert_eq!(policy.check_literal("any.name"), Ok(()));
        let error = policy.check("other.example.org", public).unwrap_err();
        assert!(
            error.to_string().contains("--allow-host other.example.org"),
            "{error}"
        );
        assert!(AddressPolicy::default().check_literal("8.8.8.8").is_err());
    }

    #[test]
    fn loopback_hosts_are_told_by_name_or_address() {
        for host in [
            "localhost",
            "LOCALHOST",
            "shop.localhost",
            "127.0.0.2",
            "::1",
            "0.0.0.0",
        ] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in ["10.0.0.1", "shop", "localhost.example.org", "notlocalhost"] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }
}
