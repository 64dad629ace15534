//! Where others see the page: the names that a proxy before it goes by, and the path that it puts
//! before the page's addresses.

use axum::http::uri::Authority;

/// A name that a proxy goes by: `load.example`, or with a port that is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebName {
    host: String,
    port: Option<u16>,
}

/// A text that is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give a host name, like load.example or load.example:8443")]
pub struct WrongName;

impl WebName {
    /// Reads `NAME` or `NAME:PORT`.
    ///
    /// # Errors
    /// When `text` is neither.
    pub fn parse(text: &str) -> Result<Self, WrongName> {
        let authority: Authority = text.parse().map_err(|_| WrongName)?;
        let has_port = text.trim_end_matches(']').contains(':') && !text.ends_with(']');
        let host = plain(authority.host());
        let is_named = !host.is_empty() && !text.contains(['@', '*', '/']);
        match (is_named, has_port, authority.port_u16()) {
            (true, false, None) => Ok(Self { host, port: None }),
            (true, true, Some(port)) => Ok(Self {
                host,
                port: Some(port),
            }),
            _ => Err(WrongName),
        }
    }

    /// The name of this server, whatever its port.
    #[must_use]
    pub fn is_host(&self, host: &str) -> bool {
        self.host == plain(host)
    }

    /// Whether a page of this origin is the page: of the port that was given, or of the usual one of
    /// its scheme. Another port may be anybody's.
    #[must_use]
    pub fn is_origin(&self, scheme: &str, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else {
            return false;
        };
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(usual);
        self.is_host(authority.host()) && port == self.port.unwrap_or(usual)
    }
}

fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// The path before the page's addresses: `/load`; empty when there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebBase(String);

/// A text that is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give a path, like /load: letters, digits and -._~ between slashes")]
pub struct WrongBase;

impl WebBase {
    /// Reads a path, with or without a slash at its end.
    ///
    /// # Errors
    /// When `text` is none.
    pub fn parse(text: &str) -> Result<Self, WrongBase> {
        let path = text.strip_suffix('/').unwrap_or(text);
        if path.is_empty() {
            return Ok(Self::default());
        }
        let parts = path.strip_prefix('/').ok_or(WrongBase)?.split('/');
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~".contains(letter);
        let is_part = |part: &str| !["", ".", ".."].contains(&part) && part.chars().all(is_plain);
        match parts.into_iter().all(is_part) {
            true => Ok(Self(path.to_owned())),
            false => Err(WrongBase),
        }
    }

    /// The page's own path.
    #[must_use]
    pub fn page(&self) -> String {
        format!("{}/", self.0)
    }

    /// `path` as it is without the base, when it is below it; a proxy may have cut it off already.
    #[must_use]
    pub fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&self.0)?;
        (!self.0.is_empty() && rest.starts_with('/')).then_some(rest)
    }

    /// Where the page is, as a link from `path`, when that lacks only the slash at its end.
    #[must_use]
    pub fn with_slash(&self, path: &str) -> Option<String> {
        let is_it = !self.0.is_empty() && path == self.0;
        let last = path.rsplit('/').next().filter(|_| is_it)?;
        Some(format!("{last}/"))
    }
}

/// The address of `page`, which is beside the start page, as a link from `path`: whatever stands before
/// both, it leads there.
#[must_use]
pub fn link_from(path: &str, page: &str) -> String {
    let depth = path.matches('/').count().saturating_sub(1);
    match (depth, page) {
        (0, "") => "./".to_owned(),
        (depth, page) => format!("{}{page}", "../".repeat(depth)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let name = WebName::parse("Load.Example").expect("a name");
        assert!(name.is_host("load.example.") && !name.is_host("load.example.com"));
        assert!(name.is_origin("http", "load.example"));
        assert!(name.is_origin("https", "load.example:443"));
        assert!(!name.is_origin("http", "load.example:3000"));
        assert!(!name.is_origin("http", "evil.example"));
        let with_port = WebName::parse("load.example:8443").expect("a name");
        assert!(with_port.is_host("load.example"));
        assert!(with_port.is_origin("https", "load.example:8443"));
        assert!(!with_port.is_origin("https", "load.example"));
        for text in [
            "",
            "http://load.example",
            "a/b",
            "a@b",
            "*.example",
            "a:",
            "a:x",
            "a b",
        ] {
            assert_eq!(WebName::parse(text), Err(WrongName), "{text}");
        }
    }

    #[test]
    fn paths_are_read() {
        let base = WebBase::parse("/tools/load/").expect("a path");
        assert_eq!(base.page(), "/tools/load/");
        assert_eq!(base.below("/tools/load/stats"), Some("/stats"));
        assert_eq!(base.below("/tools/load/"), Some("/"));
        for path in ["/stats", "/tools/loads", "/tools/load"] {
            assert_eq!(base.below(path), None, "{path}");
        }
        assert_eq!(base.with_slash("/tools/load").as_deref(), Some("load/"));
        assert_eq!(base.with_slash("/tools"), None);
        for none in ["", "/"] {
            assert_eq!(WebBase::parse(none), Ok(WebBase::default()));
        }
        assert_eq!(WebBase::default().below("/stats"), None);
        assert_eq!(WebBase::default().with_slash(""), None);
        for text in [
            "load",
            "//",
            "/a//b",
            "/../b",
            "/a b",
            "/a?b",
            "/a%2f",
            "http://a/b",
        ] {
            assert_eq!(WebBase::parse(text), Err(WrongBase), "{text}");
        }
    }

    #[test]
    fn links_lead_there_from_everywhere() {
        assert_eq!(link_from("/", "login"), "login");
        assert_eq!(link_from("/history", "login"), "login");
        assert_eq!(link_from("/results/x/report", "login"), "../../login");
        assert_eq!(link_from("/login", ""), "./");
        assert_eq!(link_from("/a/b", ""), "../");
    }
}
