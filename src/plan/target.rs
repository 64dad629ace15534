//! Where requests go: a parsed `http://` address.

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
        if authority.port().is_some() && authority.port_u16().is_none() {
            return Err(malformed("the port is not a number from 0 to 65535"));
        }
        Ok(Self {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(80),
            authority: authority.as_str().to_owned(),
            base_path: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.authority, self.base_path)
    }
}
