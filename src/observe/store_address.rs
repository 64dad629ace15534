//! Addresses of databases and of Redis, which may hold passwords: what is shown of them never does.

use super::address_error::AddressError;
use super::postgres_tls::PostgresTls;
use crate::engine::tls::server_name;
use crate::plan::{AddressPolicy, PublicAddress, TlsSettings};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use std::fmt;
use std::net::{IpAddr, ToSocketAddrs};
use tokio_postgres::config::{Config, Host};

/// The port where none is named.
const POSTGRES_PORT: u16 = 5_432;
/// The end of an address of a Redis in TLS that nobody has to vouch for.
const UNCHECKED: &str = "#insecure";

/// Where a PostgreSQL database is, and how to get in.
#[derive(Clone)]
pub struct PostgresAddress {
    config: Config,
    tls: PostgresTls,
    shown: String,
}

/// Where to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PostgresPlace {
    /// A name or an address; or a directory with a socket.
    pub host: Host,
    /// TCP port, or the number in the socket's name.
    pub port: u16,
    /// What a certificate has to be of; `None` where there is no TLS.
    pub name: Option<String>,
}

impl PostgresAddress {
    /// Parses `postgres://user:password@host:port/database`, also with SQLAlchemy's spelling of the
    /// driver, `postgresql+psycopg2://…`, and reads the files of certificates that it names.
    ///
    /// # Errors
    /// When it is none, or asks for TLS in a way that cannot be.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Postgres)?;
        let dialect = scheme.split('+').next().unwrap_or_default();
        if !["postgres", "postgresql"].contains(&dialect) {
            return Err(AddressError::Postgres);
        }
        let (tls, rest) = PostgresTls::taken_from(rest)?;
        let config: Config = format!("{dialect}://{rest}")
            .parse()
            .map_err(|_| AddressError::Postgres)?;
        let database = config.get_dbname().unwrap_or_default();
        let hosts: Vec<String> = config.get_hosts().iter().map(host_text).collect();
        // A piece of a password, when that holds an @ which was not written as %40.
        let is_broken = hosts.iter().any(|host| host.contains('@')) || database.contains('@');
        // Each host has its own address and port, or all have the same.
        let (addresses, ports) = (config.get_hostaddrs(), config.get_ports());
        let is_uneven = !addresses.is_empty() && addresses.len() != hosts.len()
            || ports.len() > 1 && ports.len() != hosts.len();
        if is_broken || is_uneven || hosts.is_empty() {
            return Err(AddressError::Postgres);
        }
        let port = config.get_ports().first().copied().unwrap_or(POSTGRES_PORT);
        if config.get_ports().contains(&0) {
            return Err(AddressError::Port);
        }
        let user = config
            .get_user()
            .map_or_else(String::new, |user| format!("{user}@"));
        let shown = format!("postgres://{user}{}:{port}/{database}", hosts.join(","));
        Ok(Self { config, tls, shown })
    }

    /// Where to connect, in the order of trying.
    pub(super) fn places(&self) -> Vec<PostgresPlace> {
        let (addresses, ports) = (self.config.get_hostaddrs(), self.config.get_ports());
        let hosts = self.config.get_hosts().iter().enumerate();
        let places = hosts.map(|(number, host)| {
            let address = addresses.get(number);
            let port = ports.get(number).or(ports.first());
            PostgresPlace {
                host: address.map_or_else(|| host.clone(), |it| Host::Tcp(it.to_string())),
                port: port.copied().unwrap_or(POSTGRES_PORT),
                name: match host {
                    Host::Tcp(name) => Some(name.clone()),
                    Host::Unix(_) => None,
                },
            }
        });
        places.collect()
    }

    /// How much TLS it asks for.
    pub(super) fn tls(&self) -> &PostgresTls {
        &self.tls
    }

    /// Who one is and what one wants.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether it may be asked, as far as one can tell without resolving names.
    ///
    /// # Errors
    /// When it is a public address that `policy` does not allow.
    pub fn check_literal(&self, policy: &AddressPolicy) -> Result<(), AddressError> {
        for host in self.names() {
            policy.check_literal(&host)?;
        }
        Ok(())
    }

    /// The same with names resolved. A name without an address passes: connecting will tell.
    pub(super) fn check(&self, policy: &AddressPolicy) -> Result<(), PublicAddress> {
        self.names().try_for_each(|host| check_name(&host, policy))
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let places = self.places().into_iter();
        places.filter_map(|place| match place.host {
            Host::Tcp(name) => Some(name),
            Host::Unix(_) => None,
        })
    }
}

fn host_text(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// Where Redis is, and how to get in.
#[derive(Clone)]
pub struct RedisAddress {
    info: ConnectionInfo,
    tls: RedisTls,
    shown: String,
}

/// How much TLS an address of Redis asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RedisTls {
    /// `redis://`.
    Never,
    /// `rediss://`: somebody who is trusted has to vouch for the server and its name.
    Checked,
    /// `rediss://…#insecure`.
    Unchecked,
}

impl RedisAddress {
    /// Parses `redis://[user[:password]@]host[:port][/db]`, and `rediss://` for the same in TLS, with
    /// `#insecure` at the end where nobody has to vouch for the server.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Redis)?;
        let (tls, plain) = match scheme {
            "rediss" | "valkeys" => match rest.strip_suffix(UNCHECKED) {
                Some(rest) => (RedisTls::Unchecked, format!("redis://{rest}")),
                None => (RedisTls::Checked, format!("redis://{rest}")),
            },
            _ => (RedisTls::Never, text.to_owned()),
        };
        let info = plain
            .as_str()
            .into_connection_info()
            .map_err(|_| AddressError::Redis)?;
        let place = match info.addr() {
            ConnectionAddr::Tcp(_, 0) => return Err(AddressError::Port),
            ConnectionAddr::Tcp(host, port) if host.contains(':') => format!("[{host}]:{port}"),
            ConnectionAddr::Tcp(host, port) => format!("{host}:{port}"),
            ConnectionAddr::Unix(path) => path.display().to_string(),
            _ => return Err(AddressError::Redis),
        };
        let is_marked = plain.ends_with(UNCHECKED) || tls != RedisTls::Never && plain.contains('#');
        if place.contains('@') || is_marked {
            return Err(AddressError::Redis);
        }
        let scheme = match (tls, info.addr()) {
            (RedisTls::Never, _) => "redis",
            (_, ConnectionAddr::Tcp(host, _)) if server_name(host).is_ok() => "rediss",
            _ => return Err(AddressError::TlsName),
        };
        let shown = format!("{scheme}://{place}/{}", info.redis_settings().db());
        Ok(Self { info, tls, shown })
    }

    /// How TLS is spoken, where observers trust as `usual` says; `None` where it is not.
    pub(super) fn tls(&self, usual: &TlsSettings) -> Option<TlsSettings> {
        (self.tls != RedisTls::Never).then(|| TlsSettings {
            is_insecure: usual.is_insecure || self.tls == RedisTls::Unchecked,
            ..usual.clone()
        })
    }

    /// How to connect.
    pub(super) fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// Whether both lead to the same server, as far as names and addresses tell.
    #[must_use]
    pub fn is_same_server(&self, other: &Self) -> bool {
        match (self.info.addr(), other.info.addr()) {
            (ConnectionAddr::Tcp(own, own_port), ConnectionAddr::Tcp(host, port)) => {
                let places = |host: &str| -> Vec<IpAddr> {
                    let found = (host, 0).to_socket_addrs().into_iter().flatten();
                    found.map(|place| place.ip().to_canonical()).collect()
                };
                let is_here = |host: &str| places(host).iter().any(IpAddr::is_loopback);
                let theirs = places(host);
                own_port == port
                    && (own.eq_ignore_ascii_case(host)
                        || places(own).iter().any(|own| theirs.contains(own))
                        || is_here(own) && is_here(host))
            }
            (ConnectionAddr::Unix(own), ConnectionAddr::Unix(other)) => own == other,
            _ => false,
        }
    }

    /// As [`PostgresAddress::check_literal`].
    ///
    /// # Errors
    /// When it is a public address that `policy` does not allow.
    pub fn check_literal(&self, policy: &AddressPolicy) -> Result<(), AddressError> {
        if let ConnectionAddr::Tcp(host, _) = self.info.addr() {
            policy.check_literal(host)?;
        }
        Ok(())
    }

    /// As [`PostgresAddress::check`].
    pub(super) fn check(&self, policy: &AddressPolicy) -> Result<(), PublicAddress> {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, _) => check_name(host, policy),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// Whether all that `host` means now may be asked. A name without an address passes: connecting will
/// tell.
pub(super) fn check_name(host: &str, policy: &AddressPolicy) -> Result<(), PublicAddress> {
    // The port does not matter for what a name resolves to.
    let addresses = (host, 0).to_socket_addrs().into_iter().flatten();
    for address in addresses {
        policy.check(host, address.ip())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_redis_is_the_same_however_it_is_written() {
        let redis = |text: &str| RedisAddress::parse(text).unwrap();
        let own = redis("redis://:secret@localhost:16379/0");
        for (other, expected) in [
            ("redis://127.0.0.1:16379/3", true),
            ("rediss://LOCALHOST:16379", true),
            ("redis://[::1]:16379", true),
            ("redis://localhost:6379", false),
            ("redis://10.0.0.1:16379", false),
            ("redis+unix:///run/redis.sock", false),
        ] {
            assert_eq!(own.is_same_server(&redis(other)), expected, "{other}");
        }
        let socket = redis("redis+unix:///run/redis.sock");
        assert!(socket.is_same_server(&socket.clone()));
    }

    #[test]
    fn addresses_are_shown_without_passwords() {
        for (text, shown) in [
            (
                "postgres://shop:s3cret@db.local:15432/identity_local",
                "postgres://shop@db.local:15432/identity_local",
            ),
            (
                "postgresql+psycopg2://shop:s%40cret@127.0.0.1/x",
                "postgres://shop@127.0.0.1:5432/x",
            ),
            (
                "postgresql://shop@/x?host=/var/run/postgresql&password=s3cret",
                "postgres://shop@/var/run/postgresql:5432/x",
            ),
        ] {
            let address = PostgresAddress::parse(text).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), shown);
        }
        let address = RedisAddress::parse("redis://:s3cret@localhost:16379/2").unwrap();
        assert_eq!(address.to_string(), "redis://localhost:16379/2");
        assert_eq!(format!("{address:?}"), "redis://localhost:16379/2");
        let default = RedisAddress::parse("redis://localhost").unwrap();
        assert_eq!(default.to_string(), "redis://localhost:6379/0");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in [
            "",
            "s3cret",
            "mysql://a:s3cret@h/d",
            "postgres://a:s3cret",
            "postgres://a:x@s3cret@h/d",
            "postgres://a:x@/s3cret@h/d",
            "postgres://a:b@h:s3cret/d",
            "postgres://a:b@h/d?s3cret=1",
            "postgres://",
        ] {
            let error = PostgresAddress::parse(text).unwrap_err();
            assert_eq!(error, AddressError::Postgres, "{text}");
        }
        for text in [
            "",
            "s3cret",
            "http://s3cret",
            "redis://h:s3cret",
            "redis://h/s3cret",
        ] {
            let error = RedisAddress::parse(text).unwrap_err();
            assert_eq!(error, AddressError::Redis, "{text}");
        }
    }

    #[test]
    fn tls_is_asked_for_in_the_address() {
        let usual = TlsSettings::default();
        for (text, shown, is_insecure) in [
            ("redis://h", "redis://h:6379/0", None),
            ("rediss://:s3cret@h/1", "rediss://h:6379/1", Some(false)),
            ("valkeys://h:1", "rediss://h:1/0", Some(false)),
            ("rediss://h/1#insecure", "rediss://h:6379/1", Some(true)),
            (
                "rediss://[::1]:7#insecure",
                "rediss://[::1]:7/0",
                Some(true),
            ),
        ] {
            let address = RedisAddress::parse(text).unwrap();
            assert_eq!(address.to_string(), shown);
            let tls = address.tls(&usual).map(|tls| tls.is_insecure);
            assert_eq!(tls, is_insecure, "{text}");
        }
        for (text, error) in [
            ("redis://h/0#insecure", AddressError::Redis),
            ("rediss://h/0#secure", AddressError::Redis),
            ("rediss+unix:///run/redis.sock", AddressError::Redis),
        ] {
            assert_eq!(RedisAddress::parse(text).unwrap_err(), error, "{text}");
        }
        let address =
            "postgres://u:p@db.test,10.0.0.1/d?hostaddr=127.0.0.1,127.0.0.2&sslmode=require";
        let address = PostgresAddress::parse(address).unwrap();
        let names = address.places().into_iter().map(|place| place.name);
        let expected = ["db.test", "10.0.0.1"].map(|name| Some(name.to_owned()));
        assert_eq!(names.collect::<Vec<_>>(), expected);
        assert_eq!(address.to_string(), "postgres://u@db.test,10.0.0.1:5432/d");
    }

    #[test]
    fn a_port_that_nothing_can_listen_on_is_refused() {
        for (port, of_postgres, of_redis) in [
            ("0", AddressError::Port, AddressError::Port),
            ("99999", AddressError::Postgres, AddressError::Redis),
            ("1e3", AddressError::Postgres, AddressError::Redis),
        ] {
            for host in ["localhost", "[::1]"] {
                let postgres = PostgresAddress::parse(&format!("postgres://u:p@{host}:{port}/d"));
                assert_eq!(postgres.unwrap_err(), of_postgres, "{host}:{port}");
                let redis = RedisAddress::parse(&format!("redis://{host}:{port}/0"));
                assert_eq!(redis.unwrap_err(), of_redis, "{host}:{port}");
            }
        }
    }

    #[test]
    fn public_addresses_need_permission() {
        let policy = AddressPolicy::default();
        let public = PostgresAddress::parse("postgres://a:b@8.8.8.8/d").unwrap();
        assert!(public.check_literal(&policy).is_err());
        assert!(public.check(&policy).is_err());
        // What a name is said to mean is what is connected to.
        let hidden = PostgresAddress::parse("postgres://a:b@127.0.0.1/d?hostaddr=8.8.8.8").unwrap();
        assert!(hidden.check_literal(&policy).is_err());
        assert!(hidden.check(&policy).is_err());
        let public = RedisAddress::parse("redis://8.8.8.8").unwrap();
        assert!(public.check_literal(&policy).is_err());
        assert!(public.check(&policy).is_err());
        let here = RedisAddress::parse("redis://127.0.0.1").unwrap();
        assert_eq!(here.check_literal(&policy), Ok(()));
        assert_eq!(here.check(&policy), Ok(()));
    }

    proptest! {
        #[test]
        fn no_password_is_ever_shown(password in "[A-Z/@:?#%&=]{6,12}") {
            let told = match PostgresAddress::parse(&format!("postgres://u:{password}@h/d")) {
                Ok(address) => format!("{address}{address:?}"),
                Err(error) => error.to_string(),
            };
            prop_assert!(!told.contains(&password), "{}", told);
            let told = match RedisAddress::parse(&format!("redis://u:{password}@h")) {
                Ok(address) => format!("{address}{address:?}"),
                Err(error) => error.to_string(),
            };
            prop_assert!(!told.contains(&password), "{}", told);
        }
    }
}
