//! Where requests go: a parsed `http://` or `https://` address, or a Unix socket.

use super::interfaces::Interfaces;
use super::peer_address::SocketPath;
use super::port::port_of;
use super::request_headers::RequestHeaders;
use super::tls::TlsSettings;
use http::Uri;
use serde::Serialize;
use std::fmt::{self, Write};

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
    /// Where connections come from.
    #[serde(skip_serializing_if = "Interfaces::is_empty")]
    pub interfaces: Interfaces,
    /// Whether it is asked in HTTP/2.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub http2: bool,
    /// Whether that is left to a handshake (ALPN): what `http2` says then holds after the first one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub http_by_alpn: bool,
    /// How TLS is spoken with it; `None` where the address is an `http://` one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSettings>,
}

/// What the address of a Unix socket begins with.
const UNIX: &str = "unix:";
/// The host of requests that go to a Unix socket, where nobody says otherwise: as `curl` has it.
const UNIX_HOST: &str = "localhost";

/// Another place to connect to: the requests stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ConnectTo {
    /// Over TCP.
    Tcp {
        /// Name or address to resolve, without brackets.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// A socket of this machine.
    Unix {
        /// Its path.
        unix: SocketPath,
    },
}

impl ConnectTo {
    /// Parses `HOST:PORT`, an IPv6 address in brackets, or `unix:/path`.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let malformed = |why: &str| TargetError::NoPlace {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        if let Some(path) = socket_path(text) {
            let unix = SocketPath::parse(path).map_err(|error| malformed(&error.to_string()))?;
            return Ok(Self::Unix { unix });
        }
        if text.contains(['/', '?', '#']) {
            return Err(malformed("a scheme or a path has no place in it"));
        }
        let target = Target::parse(&format!("http://{text}"));
        let target = target.map_err(|error| match error {
            TargetError::Malformed { why, .. } => malformed(&why),
            other => other,
        })?;
        match port_of(&target.authority) {
            Ok(Some(port)) => Ok(Self::Tcp {
                host: target.host,
                port,
            }),
            _ => Err(malformed("the port is missing")),
        }
    }
}

impl fmt::Display for ConnectTo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(formatter, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(formatter, "{host}:{port}"),
            Self::Unix { unix } => write!(formatter, "{UNIX}{unix}"),
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
    /// bracketed IPv6 address. The default port is 80, and 443 of `https`. Or
    /// `unix:/path/of/socket[:/base]`, whose requests name `localhost`.
    ///
    /// # Errors
    /// When the text is no URL, names another scheme, or has a query.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let malformed = |why: &str| TargetError::Malformed {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        if let Some(socket) = socket_path(text) {
            return Self::at_socket(socket).map_err(|why| malformed(&why));
        }
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
            base_path: in_ascii(uri.path().trim_end_matches('/')),
            headers: RequestHeaders::default(),
            is_traced: false,
            connect_to: None,
            http2: false,
            http_by_alpn: false,
            tls,
            interfaces: Interfaces::default(),
        })
    }

    /// The server at the socket that `text` names, with a base path after a colon.
    fn at_socket(text: &str) -> Result<Self, String> {
        let (path, base) = text.find(":/").map_or((text, ""), |at| {
            let (path, base) = text.split_at(at);
            (path, &base[1..])
        });
        let unix = SocketPath::parse(path).map_err(|error| error.to_string())?;
        let target = Self::parse(&format!("http://{UNIX_HOST}{base}"));
        let target = target.map_err(|error| match error {
            TargetError::Malformed { why, .. } => why,
            other => other.to_string(),
        })?;
        Ok(Self {
            connect_to: Some(ConnectTo::Unix { unix }),
            ..target
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
            interfaces: Interfaces::default(),
            http2: false,
            http_by_alpn: false,
            tls: None,
        }
    }

    /// Name or address, and port, that connections go to. Those to a Unix socket stay on this machine.
    #[must_use]
    pub fn place(&self) -> (&str, u16) {
        match &self.connect_to {
            None => (&self.host, self.port),
            Some(ConnectTo::Tcp { host, port }) => (host, *port),
            Some(ConnectTo::Unix { .. }) => (UNIX_HOST, self.port),
        }
    }

    /// The Unix socket that connections go to.
    #[must_use]
    pub fn socket(&self) -> Option<&SocketPath> {
        match &self.connect_to {
            Some(ConnectTo::Unix { unix }) => Some(unix),
            _ => None,
        }
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

    /// The address as it is given.
    #[must_use]
    pub fn url(&self) -> String {
        let socket = self.socket().filter(|_| self.tls.is_none());
        if let Some(url) =
            socket.and_then(|it| socket_url(it.as_str(), &self.authority, &self.base_path))
        {
            return url;
        }
        format!("{}://{}{}", self.scheme(), self.authority, self.base_path)
    }

    /// The same, which is trusted as `tls` says if it is an `https` address.
    #[must_use]
    pub fn trusting(&self, tls: &TlsSettings) -> Self {
        Self {
            tls: self.tls.as_ref().map(|_| tls.clone()),
            ..self.clone()
        }
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

/// What follows `unix:`; two more slashes, as of other schemes, are none of the path.
fn socket_path(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(UNIX)?;
    let without = rest.strip_prefix("//");
    Some(without.unwrap_or(rest))
}

/// `path` as it goes over the wire: what is no ASCII is percent-encoded (RFC 3986, section 2.5).
#[must_use]
pub fn in_ascii(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for character in path.chars() {
        if character.is_ascii() {
            encoded.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The address of the Unix socket at `path`, where requests name the host that they do without being
/// told another one.
#[must_use]
pub fn socket_url(path: &str, authority: &str, base_path: &str) -> Option<String> {
    let colon = if base_path.is_empty() { "" } else { ":" };
    (authority == UNIX_HOST).then(|| format!("{UNIX}{path}{colon}{base_path}"))
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
        let tcp = |host: &str, port| {
            let host = host.to_owned();
            Ok(ConnectTo::Tcp { host, port })
        };
        assert_eq!(ConnectTo::parse("127.0.0.1:8000"), tcp("127.0.0.1", 8_000));
        assert_eq!(ConnectTo::parse("[::1]:80"), tcp("::1", 80));
        assert_eq!(ConnectTo::parse("shop.test:443"), tcp("shop.test", 443));
        for text in [
            "127.0.0.1",
            "[::1]",
            "h:0",
            "h:99999",
            ":80",
            "",
            "http://h:80",
            "h:80/x",
            "unix:shop.sock",
            "unix://shop/a",
        ] {
            let said = ConnectTo::parse(text).unwrap_err().to_string();
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
    fn a_unix_socket_is_a_target_with_a_base_path_after_a_colon() {
        for (text, path, base) in [
            ("unix:/run/shop.sock", "/run/shop.sock", ""),
            ("unix:///run/shop.sock", "/run/shop.sock", ""),
            ("unix://////run/shop.sock", "/run/shop.sock", ""),
            ("unix:/run/shop.sock:/api/", "/run/shop.sock", "/api"),
            ("unix:/run/a:b.sock:/", "/run/a:b.sock", ""),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!(
                target.socket().map(SocketPath::as_str),
                Some(path),
                "{text}"
            );
            assert_eq!(target.base_path, base, "{text}");
            assert_eq!(target.head_lines(), "host: localhost\r\n");
            assert_eq!(target.place().0, "localhost");
            let again = Target::parse(&target.url()).unwrap();
            assert_eq!(again, target, "{}", target.url());
        }
        assert_eq!(Target::parse("unix:/a:/b").unwrap().url(), "unix:/a:/b");
        let mut named = Target::parse("http://shop.test/api").unwrap();
        named.connect_to = Some(ConnectTo::parse("unix:/run/shop.sock").unwrap());
        assert_eq!(named.url(), "http://shop.test/api");
        assert_eq!(named.place().0, "localhost");
        let recorded = serde_json::to_value(&named).unwrap();
        assert_eq!(recorded["connect_to"]["unix"], "/run/shop.sock");
        for (text, says) in [
            ("unix:", "begins with `/`"),
            ("unix:shop.sock", "begins with `/`"),
            ("unix:/a\nb", "no control characters"),
            ("unix:/run/shop.sock:/a?b=c", "a query is not allowed"),
        ] {
            let said = Target::parse(text).unwrap_err().to_string();
            assert!(said.contains(says), "{text}: {said}");
        }
        let long = format!("unix:/{}", "a".repeat(107));
        let said = Target::parse(&long).unwrap_err().to_string();
        assert!(
            said.contains("at most 107 bytes, and this one 108"),
            "{said}"
        );
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
    fn a_base_path_is_ascii_on_the_wire() {
        for (text, base) in [
            ("http://shop.test/käse/", "/k%C3%A4se"),
            ("http://shop.test/a\u{2001}b", "/a%E2%80%81b"),
            ("http://shop.test/a%20b", "/a%20b"),
            ("unix:/run/shop.sock:/käse", "/k%C3%A4se"),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!(target.base_path, base, "{text}");
            assert_eq!(Target::parse(&target.url()), Ok(target));
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
