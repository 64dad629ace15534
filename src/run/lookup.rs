//! Names into addresses: before a run, and again while it goes, when connections have to be replaced.

use super::reach::ReachError;
use crate::engine::{NoInterface, TargetAddresses, check_interfaces, dial};
use crate::plan::{AddressChoice, AddressPolicy, PeerAddress, Route, Target};
use crossbeam_channel::{Receiver, bounded};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

/// A name is looked up at most once in so long.
const PAUSE: Duration = Duration::from_secs(1);
/// An address is tried for no longer than this while there is another one.
const PATIENCE: Duration = Duration::from_secs(3);

type Find = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Turns the name and the port of a target into addresses. The default is the system's way.
#[derive(Clone)]
pub struct Resolver(Arc<Find>);

impl Default for Resolver {
    fn default() -> Self {
        Self::new(|host, port| Ok((host, port).to_socket_addrs()?.collect()))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Resolver")
    }
}

impl Resolver {
    /// Asks `find`, which may take its time.
    #[must_use]
    pub fn new(
        find: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(find))
    }

    /// The addresses of `target`, IPv4 first where a name has both, as servers started on
    /// `localhost` usually listen there, with where connections come from; or its Unix socket.
    ///
    /// # Errors
    /// When the name has no address, or one that `policy` does not allow; when connections cannot come
    /// from where they are to.
    pub fn resolve(
        &self,
        target: &Target,
        policy: &AddressPolicy,
    ) -> Result<Vec<Route>, ReachError> {
        if let Some(socket) = target.socket() {
            return Ok(vec![PeerAddress::Unix(*socket).into()]);
        }
        check_interfaces(&target.interfaces)?;
        let (host, port) = target.place();
        let unresolved = |error| ReachError::Unresolved {
            host: host.to_owned(),
            error,
        };
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => (self.0)(host, port).map_err(unresolved)?,
        };
        let mut addresses: Vec<SocketAddr> = Vec::with_capacity(found.len());
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return Err(unresolved(io::ErrorKind::NotFound.into()));
        }
        addresses.sort_by_key(SocketAddr::is_ipv6);
        for address in &addresses {
            policy.check(host, address.ip())?;
        }
        let ways = addresses.iter().copied().map(PeerAddress::from);
        let routes = ways.filter_map(|to| target.interfaces.route_to(to));
        let routes: Vec<Route> = routes.collect();
        match routes.is_empty() {
            false => Ok(routes),
            true => Err(NoInterface::OfOtherKind {
                interfaces: target.interfaces.clone(),
                to: addresses[0].into(),
            }
            .into()),
        }
    }
}

/// The addresses of `target` by the system's way: see [`Resolver::resolve`].
///
/// # Errors
/// As of [`Resolver::resolve`].
pub fn resolve(target: &Target, policy: &AddressPolicy) -> Result<Vec<Route>, ReachError> {
    Resolver::default().resolve(target, policy)
}

/// How a target's name is looked up.
#[derive(Clone, Debug)]
pub struct NameLookup {
    /// Asks.
    pub resolver: Resolver,
    /// Whose name it is.
    pub target: Target,
    /// Decides about what is found.
    pub policy: AddressPolicy,
}

impl NameLookup {
    /// `addresses`, which the name has now, for the workers of a run; looked up again, by a thread of
    /// its own, when a worker wishes it, at most once a second. A lookup that fails, or finds what
    /// may not be used, changes nothing. The thread ends when nobody needs it any more.
    #[must_use]
    pub fn keep_up(self, addresses: &[Route], choice: AddressChoice) -> Arc<TargetAddresses> {
        let known = TargetAddresses::new(addresses, choice);
        let is_fixed = self.target.socket().is_some();
        if is_fixed || self.target.place().0.parse::<IpAddr>().is_ok() {
            return Arc::new(known);
        }
        let (wish, wishes) = bounded(1);
        let known = Arc::new(known.looked_up_on(wish));
        let published = Arc::downgrade(&known);
        // Without a thread the addresses are what they are.
        let _ = thread::Builder::new()
            .name("lookup".to_owned())
            .spawn(move || self.look_up(&wishes, &published));
        known
    }

    fn look_up(&self, wishes: &Receiver<()>, published: &Weak<TargetAddresses>) {
        while wishes.recv().is_ok() {
            let found = self.resolver.resolve(&self.target, &self.policy);
            if let (Ok(found), Some(known)) = (found, published.upgrade()) {
                known.publish(&found);
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Moves the first of `addresses` that accepts a connection to their front. One address is not tried:
/// whoever asks it will see.
pub fn accepting_first(addresses: &mut [Route], timeout: Duration) {
    if addresses.len() < 2 {
        return;
    }
    let patience = timeout.min(PATIENCE);
    let accepts = |route: &Route| dial(route, 0, patience).is_ok();
    if let Some(place) = addresses.iter().position(accepts) {
        addresses[..=place].rotate_right(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::unbounded;

    fn named(host: &str) -> Target {
        Target::parse(&format!("http://{host}:8000")).unwrap()
    }

    #[test]
    fn a_name_has_each_address_once_ipv4_first_and_an_address_is_not_looked_up() {
        let resolver = Resolver::new(|host, port| {
            assert_eq!((host, port), ("shop.test", 8_000));
            let texts = [
                "[::1]:8000",
                "127.0.0.2:8000",
                "[::1]:8000",
                "127.0.0.1:8000",
            ];
            Ok(texts.iter().map(|text| text.parse().unwrap()).collect())
        });
        let policy = AddressPolicy::default();
        let found = resolver.resolve(&named("shop.test"), &policy).unwrap();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["127.0.0.2:8000", "127.0.0.1:8000", "[::1]:8000"]);
        for literal in ["127.0.0.9", "[::1]"] {
            let found = resolver.resolve(&named(literal), &policy).unwrap();
            assert_eq!(found[0].to_string(), format!("{literal}:8000"));
        }
    }

    #[test]
    fn a_name_is_looked_up_again_on_a_wish_and_only_what_may_be_used_is_taken() {
        let (answers, asked) = unbounded::<io::Result<Vec<SocketAddr>>>();
        let resolver = Resolver::new(move |_, _| asked.recv().unwrap());
        let lookup = NameLookup {
            resolver,
            target: named("shop.test"),
            policy: AddressPolicy::default(),
        };
        let (wish, wishes) = bounded(3);
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let first = [at("127.0.0.1:8000").into()];
        let known = Arc::new(TargetAddresses::new(&first, AddressChoice::All));
        let published = Arc::downgrade(&known);
        let lists = [
            Err(io::ErrorKind::TimedOut.into()),
            Ok(vec![at("8.8.8.8:8000")]),
            Ok(vec![at("127.0.0.2:8000")]),
        ];
        for list in lists {
            answers.send(list).unwrap();
            wish.send(()).unwrap();
        }
        let thread = thread::spawn(move || lookup.look_up(&wishes, &published));
        loop {
            let seen = known.known();
            if answers.is_empty() {
                break;
            }
            assert_eq!(seen[..], first, "neither of the others is taken");
            thread::sleep(Duration::from_millis(5));
        }
        drop(wish);
        thread.join().unwrap();
        assert_eq!(known.known()[..], [at("127.0.0.2:8000").into()]);
    }

    #[test]
    fn nobody_waits_for_the_lookup_of_a_run_that_is_over() {
        let (began, has_begun) = unbounded();
        let resolver = Resolver::new(move |_, _| {
            began.send(()).unwrap();
            Err(io::ErrorKind::TimedOut.into())
        });
        let lookup = NameLookup {
            resolver,
            target: named("shop.test"),
            policy: AddressPolicy::default(),
        };
        let address: SocketAddr = "127.0.0.1:8000".parse().unwrap();
        let known = lookup.keep_up(&[address.into()], AddressChoice::All);
        assert!(has_begun.is_empty(), "nobody wished for it");
        drop(known);
        // The thread is gone when its resolver is.
        assert!(has_begun.recv().is_err());
    }

    #[test]
    fn public_addresses_need_permission() {
        let target = Target::parse("http://192.0.2.1:80").unwrap();
        let refused = resolve(&target, &AddressPolicy::new(&[])).unwrap_err();
        assert!(matches!(refused, ReachError::Public(_)));
        let named = AddressPolicy::new(&["192.0.2.1".to_owned()]);
        assert!(resolve(&target, &named).is_ok());
        let v6 = Target::parse("http://[::1]:8000").unwrap();
        let address: SocketAddr = "[::1]:8000".parse().unwrap();
        assert_eq!(
            resolve(&v6, &AddressPolicy::default()).unwrap(),
            [address.into()]
        );
    }
}
