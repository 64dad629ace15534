//! Where requests go: a parsed `http://` address.

use super::port::port_of;
use http::Uri;
use serde::Serialize;

/// A target that requests can be sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Name or address to resolve, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Value of the `host` header.
    pub authority: String,
    /// What every path is appended to, without a trailing slash; usually empty.
    pub base_path: String,
}

/// Why an address is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a URL at all.
    #[error("`{text}` is not a target address: {why}; write it like http://localhost:8000")]
    Malformed {
        /// What was given.
        text: String,
        /// What the parser said.
        why: String,
    },
    /// A scheme other than http.
    #[error(
        "`{text}`: https is not supported yet; name the shop's plain HTTP port, like http://localhost:8000"
    )]
    Https {
        /// What was given.
        text: String,
    },
}

impl Target {
    /// Parses `http://host[:port][/base]`; `host` may be a name, an IPv4 or a bracketed IPv6
    /// address. The default port is 80.
    ///
    /// # Errors
    /// When the text is no URL, names another scheme, or has a query.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let malformed = |why: &str| TargetError::Malformed {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        let uri: Uri = text
            .parse()
            .map_err(|error: http::uri::InvalidUri| malformed(&error.to_string()))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(TargetError::Https {
                    text: text.to_owned(),
                });
            }
            Some(_) => return Err(malformed("only http:// is supported")),
            None => return Err(malformed("the scheme is missing")),
        }
        let authority = uri
            .authority()
            .ok_or_else(|| malformed("the host is missing"))?;
        if authority.as_str().contains('@') {
            return Err(malformed("user names in the address are not supported"));
        }
        if uri.query().is_some() {
            return Err(malformed("a query is not allowed"));
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        if host.is_empty() {
            return Err(malformed("the host is missing"));
        }
        let port = port_of(authority.as_str()).map_err(|error| malformed(&error.to_string()))?;
        Ok(Self {
            host: host.to_owned(),
            port: port.unwrap_or(80),
            authority: authority.as_str().to_owned(),
            base_path: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Stands for the shop in this process until that listens. The port is none that anybody can
    /// ask for.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            authority: "127.0.0.1:0".to_owned(),
            base_path: String::new(),
        }
    }

    /// The address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.authority, self.base_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_cannot_be_connected_to_is_no_port_80() {
        for (port, says) in [
            ("99999", "the port `99999` is not a number from 1 to 65535"),
            ("0", "the port `0` is not"),
            ("1e3", "the port `1e3` is not"),
            ("", "the port is missing after the colon"),
        ] {
            for host in ["127.0.0.1", "[::1]", "shop.test"] {
                for path in ["", "/", "/api"] {
                    let text = format!("http://{host}:{port}{path}");
                    let said = Target::parse(&text).unwrap_err().to_string();
                    assert!(said.contains(says), "{text}: {said}");
                    assert!(said.contains("like http://localhost:8000"), "{said}");
                }
            }
        }
    }

    #[test]
    fn a_port_is_that_of_the_authority_and_80_without_one() {
        for (text, port) in [
            ("http://127.0.0.1", 80),
            ("http://[::1]", 80),
            ("http://[::1]:8000/base:9/", 8_000),
            ("http://shop.test:080", 80),
            ("http://shop.test/a:0", 80),
        ] {
            assert_eq!(Target::parse(text).map(|it| it.port), Ok(port), "{text}");
        }
    }
}
