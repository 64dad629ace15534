//! Where requests go: a parsed `http://` or `https://` address.

use super::port::port_of;
use super::request_headers::RequestHeaders;
use super::tls::TlsSettings;
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
    /// Fields that every request carries beside those of its operation.
    #[serde(skip_serializing_if = "RequestHeaders::is_empty")]
    pub headers: RequestHeaders,
    /// Whether every request of the load carries a trace id of its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_traced: bool,
    /// Where connections go instead of `host` and `port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_to: Option<ConnectTo>,
    /// How TLS is spoken with it; `None` where the address is an `http://` one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSettings>,
}

/// Another place to connect to: the requests stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectTo {
    /// Name or address to resolve, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl ConnectTo {
    /// Parses `HOST:PORT`; an IPv6 address stands in brackets.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let malformed = |why: &str| TargetError::NoPlace {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        if text.contains(['/', '?', '#']) {
            return Err(malformed("a scheme or a path has no place in it"));
        }
        let target = Target::parse(&format!("http://{text}"));
        let target = target.map_err(|error| match error {
            TargetError::Malformed { why, .. } => malformed(&why),
            other => other,
        })?;
        match port_of(&target.authority) {
            Ok(Some(port)) => Ok(Self {
                host: target.host,
                port,
            }),
            _ => Err(malformed("the port is missing")),
        }
    }
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
    /// No place to connect to.
    #[error("`{text}` is no place to connect to: {why}; write it like 127.0.0.1:8000")]
    NoPlace {
        /// What was given.
        text: String,
        /// What is wrong.
        why: String,
    },
}

impl Target {
    /// Parses `http://host[:port][/base]`, or the same with `https`; `host` may be a name, an IPv4 or a
    /// bracketed IPv6 address. The default port is 80, and 443 of `https`.
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
        let tls = match uri.scheme_str() {
            Some("http") => None,
            Some("https") => Some(TlsSettings::default()),
            Some(_) => return Err(malformed("only http:// and https:// are supported")),
            None => return Err(malformed("the scheme is missing")),
        };
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
            port: port.unwrap_or(if tls.is_some() { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            base_path: uri.path().trim_end_matches('/').to_owned(),
            headers: RequestHeaders::default(),
            is_traced: false,
            connect_to: None,
            tls,
        })
    }

    /// The server at `host`, a name or an IPv4 address, and `port`.
    #[must_use]
    pub fn at(host: &str, port: u16) -> Self {
        Self {
            host: host.to_owned(),
            port,
            authority: format!("{host}:{port}"),
            base_path: String::new(),
            headers: RequestHeaders::default(),
            is_traced: false,
            connect_to: None,
            tls: None,
        }
    }

    /// Name or address, and port, that connections go to.
    #[must_use]
    pub fn place(&self) -> (&str, u16) {
        let own = || (self.host.as_str(), self.port);
        let other = self.connect_to.as_ref();
        other.map_or_else(own, |other| (other.host.as_str(), other.port))
    }

    /// The first lines of the head of every request, after that with its method and path: the host, and
    /// what the user wants sent. Each has its end.
    #[must_use]
    pub fn head_lines(&self) -> String {
        self.headers.lines(&self.authority)
    }

    /// Stands for the shop in this process until that listens. The port is none that anybody can
    /// ask for.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self::at("127.0.0.1", 0)
    }

    /// The address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}{}", self.scheme(), self.authority, self.base_path)
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self.tls {
            None => "http",
            Some(_) => "https",
        }
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
    fn a_place_to_connect_to_has_a_host_and_a_port() {
        let place = |text: &str| ConnectTo::parse(text).map(|to| (to.host, to.port));
        assert_eq!(place("127.0.0.1:8000"), Ok(("127.0.0.1".to_owned(), 8000)));
        assert_eq!(place("[::1]:80"), Ok(("::1".to_owned(), 80)));
        assert_eq!(place("shop.test:443"), Ok(("shop.test".to_owned(), 443)));
        for text in [
            "127.0.0.1",
            "[::1]",
            "h:0",
            "h:99999",
            ":80",
            "",
            "http://h:80",
            "h:80/x",
        ] {
            let said = place(text).unwrap_err().to_string();
            assert!(said.contains("no place to connect to"), "{text}: {said}");
        }
        let mut target = Target::parse("http://shop.test/api").unwrap();
        assert_eq!(target.place(), ("shop.test", 80));
        target.connect_to = Some(ConnectTo::parse("127.0.0.1:8000").unwrap());
        assert_eq!(target.place(), ("127.0.0.1", 8000));
        assert_eq!(target.head_lines(), "host: shop.test\r\n");
        assert_eq!(target.url(), "http://shop.test/api");
    }

    #[test]
    fn a_port_is_that_of_the_authority_and_that_of_the_scheme_without_one() {
        for (text, port) in [
            ("http://127.0.0.1", 80),
            ("http://[::1]", 80),
            ("http://[::1]:8000/base:9/", 8_000),
            ("http://shop.test:080", 80),
            ("http://shop.test/a:0", 80),
            ("https://shop.test", 443),
            ("https://[::1]/api", 443),
            ("https://shop.test:8443", 8_443),
        ] {
            assert_eq!(Target::parse(text).map(|it| it.port), Ok(port), "{text}");
        }
    }

    #[test]
    fn an_address_is_given_back_with_its_scheme() {
        for text in ["http://shop.test/api", "https://shop.test:8443/api"] {
            let target = Target::parse(text).unwrap();
            assert_eq!(target.url(), text);
            assert_eq!(target.tls.is_some(), text.starts_with("https"));
        }
        let told = Target::parse("ftp://shop.test").unwrap_err().to_string();
        assert!(told.contains("only http:// and https://"), "{told}");
        // What has no TLS has no word of it in the record.
        let plain = serde_json::to_value(Target::at("shop.test", 80)).unwrap();
        assert!(plain.get("tls").is_none(), "{plain}");
        let target = Target::parse("https://shop.test").unwrap();
        let told = serde_json::to_value(target).unwrap();
        assert_eq!(told["tls"], serde_json::json!({"roots": "platform"}));
    }
}
