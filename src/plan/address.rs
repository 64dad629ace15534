//! Which addresses load may be sent to: private ones, and others only by name.

use super::address_kind::AddressKind;
use super::allowed_targets::{AllowedTargets, TargetRefused};
use std::net::IpAddr;

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

/// The hosts that the user named with `--allow-host`, and the rule that others have to be
/// [`AddressKind::Private`]; or what a machine accepts to which others send a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    named_hosts: Vec<String>,
    accepted: Option<AllowedTargets>,
}

/// An address that is not private, and that nobody allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.told())]
pub struct PublicAddress {
    /// The target's name or address.
    pub host: String,
    /// Its address.
    pub address: IpAddr,
    /// Why, where that is for a machine to decide that others send a plan.
    refused: Option<Box<TargetRefused>>,
}

impl PublicAddress {
    fn told(&self) -> String {
        let Self { host, address, .. } = self;
        let kind = AddressKind::of(*address);
        match &self.refused {
            Some(refused) => refused.to_string(),
            None => format!(
                "{host} is at the {kind} address {address}; load goes to private addresses only, unless you add --allow-host {host}"
            ),
        }
    }
}

impl AddressPolicy {
    /// Allows private addresses, and everything that one of `named_hosts` resolves to.
    #[must_use]
    pub fn new(named_hosts: &[String]) -> Self {
        Self {
            named_hosts: named_hosts.iter().map(|host| normalised(host)).collect(),
            accepted: None,
        }
    }

    /// Allows what this machine accepts, whatever the plan that it was sent allows.
    #[must_use]
    pub fn of_join(accepted: AllowedTargets) -> Self {
        Self {
            named_hosts: Vec::new(),
            accepted: Some(accepted),
        }
    }

    /// Whether load may go to `address`, which `host` resolved to.
    ///
    /// # Errors
    /// When the address is not private and the host was not named.
    pub fn check(&self, host: &str, address: IpAddr) -> Result<(), PublicAddress> {
        let refused = match &self.accepted {
            Some(accepted) => match accepted.check(host, address) {
                Ok(()) => return Ok(()),
                Err(refused) => Some(Box::new(refused)),
            },
            None => None,
        };
        let is_private = AddressKind::of(address) == AddressKind::Private;
        let is_allowed = is_private || self.named_hosts.contains(&normalised(host));
        if is_allowed && refused.is_none() {
            return Ok(());
        }
        Err(PublicAddress {
            host: host.to_owned(),
            address,
            refused,
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

    /// Decides about a `host` that is an address and gets figures, not load: it may be public, but where
    /// clouds keep their machines' credentials it has to be named.
    ///
    /// # Errors
    /// As [`AddressPolicy::check`].
    pub fn check_collector(&self, host: &str) -> Result<(), PublicAddress> {
        match host.parse() {
            Ok(address) if AddressKind::of(address) == AddressKind::LinkLocal => {
                self.check(host, address)
            }
            _ => Ok(()),
        }
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
    fn only_addresses_of_ones_own_machines_are_private() {
        use AddressKind::{LinkLocal, Private, Public};
        for (text, kind) in [
            ("127.0.0.1", Private),
            ("127.8.9.10", Private),
            ("10.1.2.3", Private),
            ("172.16.0.1", Private),
            ("172.32.0.1", Public),
            ("192.168.7.7", Private),
            ("192.169.0.1", Public),
            ("169.254.0.0", LinkLocal),
            ("169.254.169.254", LinkLocal),
            ("169.254.255.255", LinkLocal),
            ("169.253.255.255", Public),
            ("0.0.0.0", Private),
            ("8.8.8.8", Public),
            ("100.64.0.1", Public),
            ("255.255.255.255", Public),
            ("::1", Private),
            ("::", Private),
            ("fe80::1", LinkLocal),
            ("febf::1", LinkLocal),
            ("fec0::1", Public),
            ("fd00:ec2::254", LinkLocal),
            ("fd12:3456::1", Private),
            ("2001:4860:4860::8888", Public),
            ("64:ff9b::a9fe:a9fe", Public),
            ("::ffff:10.0.0.1", Private),
            ("::ffff:8.8.8.8", Public),
            ("::ffff:169.254.169.254", LinkLocal),
        ] {
            assert_eq!(AddressKind::of(text.parse().unwrap()), kind, "{text}");
        }
    }

    #[test]
    fn a_join_goes_by_what_it_accepts_and_not_by_what_is_private() {
        let accepted = AllowedTargets::new(vec!["10.1.0.0/16".parse().unwrap()]);
        let policy = AddressPolicy::of_join(accepted);
        assert_eq!(policy.check_literal("10.1.2.3"), Ok(()));
        let refused = policy.check_literal("10.2.0.1").unwrap_err().to_string();
        assert!(refused.contains("it accepts 10.1.0.0/16"), "{refused}");
        assert!(refused.contains("--allow-target 10.2.0.1"), "{refused}");
        let usual = AddressPolicy::of_join(AllowedTargets::default());
        assert_eq!(usual.check_literal("10.2.0.1"), Ok(()));
        assert!(usual.check_literal("8.8.8.8").is_err());
    }

    #[test]
    fn a_link_local_host_must_be_named() {
        for host in ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"] {
            let error = AddressPolicy::default().check_literal(host).unwrap_err();
            let told = format!("at the link-local address {host}; load goes to private");
            assert!(error.to_string().contains(&told), "{error}");
            let named = AddressPolicy::new(&[host.to_owned()]);
            assert_eq!(named.check_literal(host), Ok(()));
        }
        // What a name resolves to counts, not the name.
        let address = "169.254.169.254".parse().unwrap();
        let error = AddressPolicy::default().check("shop.local", address);
        assert!(error.is_err());
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
