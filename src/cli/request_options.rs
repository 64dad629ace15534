//! The flags that say what every request carries and where connections go: a shop behind a gateway wants
//! a tenant, a login, another place.

use super::tls_options::TlsFlags;
use super::{CliError, values};
use crate::plan::{ConnectTo, HeaderError, HeaderField, HttpChoice, Interface, Interfaces, Target};
use crate::record::read_text_bounded;
use clap::Args;
use std::io;
use std::path::Path;

/// Largest file of a token.
const MOST_TOKEN_BYTES: u64 = 8 << 10;

/// What requests to the target carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(super) struct RequestFlags {
    /// Send this header with every request; may be repeated
    ///
    /// Replaces what shopblast would send by that name, `host` and `content-type` too. The values of
    /// names like authorization, cookie and x-api-key are shown and recorded nowhere.
    #[arg(
        long,
        value_name = "NAME: VALUE",
        help_heading = "Target",
        hide_short_help = true
    )]
    // Parsed later: a value that is wrong may be a secret, and is not repeated.
    pub header: Vec<String>,

    /// Send `authorization: Bearer` with the token in this file, or in the variable of this name
    #[arg(
        long,
        value_name = "FILE|ENV",
        help_heading = "Target",
        hide_short_help = true
    )]
    pub bearer_from: Option<String>,

    /// Send a W3C trace context with every request of the load: an id that witnesses name
    #[arg(long, help_heading = "Target", hide_short_help = true)]
    pub trace: bool,

    /// Connect to this place instead of the one in the address, which requests go on to name
    #[arg(
        long, value_name = "HOST:PORT|unix:PATH", help_heading = "Target", hide_short_help = true,
        value_parser = ConnectTo::parse
    )]
    pub connect_to: Option<ConnectTo>,

    /// Have connections to the target come from this interface or address of this machine
    ///
    /// Several, separated by commas, take turns: each address has its own ports, some 28000 as a rule.
    #[arg(
        long,
        value_name = "NAME|ADDRESS",
        help_heading = "Target",
        hide_short_help = true,
        value_delimiter = ',',
        value_parser = Interface::parse
    )]
    pub interface: Vec<Interface>,

    /// Speak HTTP/2 with the target: always (as --http2 alone says), auto or never
    ///
    /// always: it is all that an https target is offered (ALPN), and with an http one it has to be spoken from the first byte, by prior knowledge.
    /// auto: an https target is offered HTTP/1.1, too, and what the first handshake agrees on is spoken in the whole run; an http one is spoken to in HTTP/1.1.
    /// Users that share connections (--connections) have a stream each; without, each has a connection.
    #[arg(
        long, value_name = "WHEN", num_args = 0..=1, default_missing_value = "always",
        require_equals = true, action = clap::ArgAction::Set, help_heading = "Target",
        hide_short_help = true, hide_possible_values = true, value_parser = values::http_choice()
    )]
    pub http2: Option<HttpChoice>,

    #[command(flatten)]
    pub tls: TlsFlags,
}

impl RequestFlags {
    /// `target` with what was asked for.
    ///
    /// # Errors
    /// When there are too many headers, no token where it should be, or something of TLS that cannot be,
    /// or is asked of a target without it.
    pub fn applied_to(&self, target: Target) -> Result<Target, CliError> {
        let mut target = self.carried_by(target)?;
        match (&mut target.tls, self.tls.first_given()) {
            (Some(tls), _) => *tls = self.tls.settings()?,
            (None, None) => {}
            (None, Some(flag)) => return Err(CliError::WithoutTls { flag }),
        }
        Ok(target)
    }

    /// `target` with all but what is about TLS.
    ///
    /// # Errors
    /// When there are too many headers, or no token where it should be.
    pub fn carried_by(&self, mut target: Target) -> Result<Target, CliError> {
        let refused = |error: HeaderError| CliError::Arguments(format!("--header: {error}"));
        for text in &self.header {
            let field = HeaderField::parse(text);
            let added = field.and_then(|field| target.headers.add(field));
            added.map_err(refused)?;
        }
        if let Some(source) = &self.bearer_from {
            let field = bearer(source, token_in(source))?;
            target.headers.add(field).map_err(refused)?;
        }
        target.is_traced = self.trace;
        target = target.asked_in(self.http2.unwrap_or_default());
        target.connect_to = self.connect_to.clone().or(target.connect_to);
        let interfaces = Interfaces::new(self.interface.iter().cloned());
        target.interfaces =
            interfaces.map_err(|error| CliError::Arguments(format!("--interface: {error}")))?;
        if let (Some(_), false) = (target.socket(), target.interfaces.is_empty()) {
            return Err(CliError::Arguments(
                "--interface: connections to a Unix socket come from no interface".to_owned(),
            ));
        }
        Ok(target)
    }
}

/// What the file, or else the variable, called `source` holds.
fn token_in(source: &str) -> io::Result<String> {
    read_text_bounded(Path::new(source), MOST_TOKEN_BYTES).or_else(|error| {
        match (error.kind(), std::env::var(source)) {
            (io::ErrorKind::NotFound, Ok(token)) => Ok(token),
            _ => Err(error),
        }
    })
}

fn bearer(source: &str, token: io::Result<String>) -> Result<HeaderField, CliError> {
    let refused = |why: &str| CliError::Arguments(format!("--bearer-from {source}: {why}"));
    let token = token.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => refused("there is no such file, and no such variable is set"),
        _ => refused(&error.to_string()),
    })?;
    let token = token.trim();
    if token.is_empty() {
        return Err(refused("it holds no token"));
    }
    // What is wrong is said without the token.
    HeaderField::new("authorization", &format!("Bearer {token}"))
        .map_err(|_| refused("what it holds is no token: one line of at most 8 KiB is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(headers: &[&str]) -> RequestFlags {
        RequestFlags {
            header: headers.iter().map(|&text| text.to_owned()).collect(),
            ..RequestFlags::default()
        }
    }

    #[test]
    fn headers_and_the_place_become_the_targets() {
        let asked = RequestFlags {
            connect_to: Some(ConnectTo::parse("127.0.0.1:9").unwrap()),
            ..flags(&["x-tenant: blue", "X-Tenant: red"])
        };
        let target = Target::parse("http://shop.test").unwrap();
        let target = asked.applied_to(target).unwrap();
        assert_eq!(target.head_lines(), "host: shop.test\r\nx-tenant: red\r\n");
        assert_eq!(target.place(), ("127.0.0.1", 9));
    }

    #[test]
    fn what_is_about_tls_is_asked_of_an_https_target_only() {
        let asked = RequestFlags {
            tls: TlsFlags {
                insecure: true,
                ..TlsFlags::default()
            },
            ..RequestFlags::default()
        };
        let applied = |address: &str| asked.applied_to(Target::parse(address).unwrap());
        let target = applied("https://shop.test").unwrap();
        assert!(target.tls.is_some_and(|tls| tls.is_insecure));
        let said = applied("http://shop.test").unwrap_err().to_string();
        assert!(
            said.starts_with("--insecure") && said.contains("-H https://"),
            "{said}"
        );
        let without = asked.carried_by(Target::parse("http://shop.test").unwrap());
        assert_eq!(without.unwrap().tls, None);
    }

    #[test]
    fn interfaces_are_those_of_a_target_that_has_some() {
        let asked = |interfaces: &[&str], target: &str| {
            let flags = RequestFlags {
                interface: interfaces
                    .iter()
                    .map(|text| Interface::parse(text).unwrap())
                    .collect(),
                ..flags(&[])
            };
            flags.applied_to(Target::parse(target).unwrap())
        };
        let target = asked(&["127.0.0.2", "lo"], "http://shop.test").unwrap();
        assert_eq!(target.interfaces.to_string(), "127.0.0.2, lo");
        let said = asked(&["lo"], "unix:/run/shop.sock").unwrap_err();
        let said = said.to_string();
        assert!(
            said.contains("a Unix socket come from no interface"),
            "{said}"
        );
    }

    #[test]
    fn a_header_that_is_none_is_not_repeated() {
        let target = Target::parse("http://shop.test").unwrap();
        let error = flags(&["authorization: geheim\n"])
            .applied_to(target)
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("--header: the value of `authorization`")
        );
        assert!(!error.to_string().contains("geheim"));
    }

    #[test]
    fn a_token_is_one_line() {
        let field = bearer("token.txt", Ok("geheim\n".to_owned())).unwrap();
        let mut target = Target::parse("http://shop.test").unwrap();
        target.headers.add(field).unwrap();
        assert_eq!(
            target.head_lines(),
            "host: shop.test\r\nauthorization: Bearer geheim\r\n"
        );
        for (token, says) in [
            (Ok(" \n".to_owned()), "it holds no token"),
            (Ok("geheim\nnoch".to_owned()), "is no token"),
            (
                Err(io::ErrorKind::NotFound.into()),
                "there is no such file, and no such variable",
            ),
            (Err(io::Error::other("it has more")), "it has more"),
        ] {
            let said = bearer("token.txt", token).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
            assert!(
                said.starts_with("--bearer-from token.txt") && !said.contains("geheim"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_token_is_read_from_a_file_and_else_from_a_variable() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        std::fs::write(&file, "geheim").unwrap();
        assert_eq!(token_in(file.to_str().unwrap()).unwrap(), "geheim");
        // Cargo sets it for its tests.
        let name = "CARGO_PKG_NAME";
        assert_eq!(token_in(name).ok(), std::env::var(name).ok());
        let error = token_in("SHOPBLAST_NO_SUCH_THING").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
