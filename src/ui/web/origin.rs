//! Which requests come from the page itself, or from a script of the user's: no other site may have
//! anything done, and no name that was bent to this machine (DNS rebinding) gets an answer.

use super::names::WebName;
use axum::http::{HeaderMap, Method, header, uri::Authority};
use std::net::IpAddr;

/// GET requests that change something, as Locust's do.
const CHANGING_PATHS: [&str; 2] = ["/stop", "/stats/reset"];

/// The names that this server answers to.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    names: Vec<String>,
    proxies: Vec<WebName>,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// It names no host, or one that is not this server.
    #[error(
        "this server is not called that: open it by its address, or as localhost; what a proxy calls it is told with --web-name NAME"
    )]
    Host,
    /// Another site's page sent it.
    #[error(
        "requests of other sites are refused; where a proxy is before this server, its name is told with --web-name NAME"
    )]
    Site,
}

impl KnownNames {
    /// Answers to `localhost`, to every address (which cannot be bent), to `names`, and to what
    /// `proxies` go by.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>, proxies: &[WebName]) -> Self {
        let lower = |name: String| name.trim_end_matches('.').to_ascii_lowercase();
        Self {
            names: names.into_iter().map(lower).collect(),
            proxies: proxies.to_vec(),
        }
    }

    /// Whether a request may be answered, as far as its headers tell where it comes from.
    ///
    /// # Errors
    /// When it comes from elsewhere.
    pub fn check(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Foreign> {
        let host = one(headers, header::HOST.as_str())?.ok_or(Foreign::Host)?;
        let authority: Authority = host.parse().map_err(|_| Foreign::Host)?;
        if !self.knows(authority.host()) || host.contains('@') {
            return Err(Foreign::Host);
        }
        for source in [header::ORIGIN, header::REFERER] {
            let is_origin = source == header::ORIGIN;
            match one(headers, source.as_str())? {
                Some(url) if self.is_here(url, host) => {}
                // A link on another site may lead here, but must not do anything.
                Some(_) if !is_origin && !changes(method, path) => {}
                Some(_) => return Err(Foreign::Site),
                None => {}
            }
        }
        match one(headers, "sec-fetch-site")? {
            None | Some("same-origin" | "none") => {}
            Some(_) if !changes(method, path) && is_navigation(headers) => {}
            Some(_) => return Err(Foreign::Site),
        }
        // A browser that fetches ahead what is being typed must not do anything either.
        if changes(method, path) && headers.contains_key("sec-purpose") {
            return Err(Foreign::Site);
        }
        Ok(())
    }

    /// Whether `url` is of this server, which was asked as `host`: of the same name and port, or of
    /// what a proxy goes by, which may ask with another name.
    fn is_here(&self, url: &str, host: &str) -> bool {
        let Some((scheme, authority)) = origin_of(url) else {
            return false;
        };
        let mut proxies = self.proxies.iter();
        authority == host || proxies.any(|name| name.is_origin(scheme, authority))
    }

    fn knows(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok()
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.names.contains(&host)
            || self.proxies.iter().any(|name| name.is_host(&host))
    }
}

/// Whether a request changes something.
fn changes(method: &Method, path: &str) -> bool {
    let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    !is_safe || CHANGING_PATHS.contains(&path.trim_end_matches('/'))
}

fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// The one value of a header; more than one, or one that is no text, is nobody's honest request.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Foreign> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Foreign::Site),
        (Some(_), Some(_)) => Err(Foreign::Site),
    }
}

/// Scheme and `host:port` of a URL.
fn origin_of(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    if !["http", "https"].contains(&scheme) {
        return None;
    }
    Some((scheme, rest.split(['/', '?', '#']).next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &Method, path: &str, headers: &[(&'static str, &str)]) -> Result<(), Foreign> {
        let headers = headers.iter().map(|&(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, value.parse().expect("a header value"))
        });
        let proxy = WebName::parse("load.example").expect("a name");
        KnownNames::new(["build-box".to_owned()], &[proxy]).check(
            method,
            path,
            &HeaderMap::from_iter(headers),
        )
    }

    const HERE: (&str, &str) = ("host", "127.0.0.1:8089");

    #[test]
    fn scripts_and_the_page_itself_are_answered() {
        let same = ("sec-fetch-site", "same-origin");
        for headers in [
            &[HERE][..],
            &[HERE, ("origin", "http://127.0.0.1:8089"), same],
            &[HERE, ("referer", "http://127.0.0.1:8089/x?y"), same],
            &[HERE, ("sec-fetch-site", "none")],
            &[("host", "localhost:8089")],
            &[("host", "LOCALHOST")],
            &[("host", "[::1]:8089"), ("origin", "http://[::1]:8089")],
            &[("host", "192.168.1.5:9000")],
            &[("host", "build-box:8089")],
            &[("host", "Build-Box.:8089")],
        ] {
            assert_eq!(
                asked(&Method::POST, "/swarm", headers),
                Ok(()),
                "{headers:?}"
            );
            assert_eq!(asked(&Method::GET, "/stop", headers), Ok(()), "{headers:?}");
        }
    }

    #[test]
    fn a_proxy_may_go_by_its_name() {
        let same = ("sec-fetch-site", "same-origin");
        for headers in [
            // As it was asked, and with the name of the server behind it.
            &[
                ("host", "load.example"),
                ("origin", "https://load.example"),
                same,
            ][..],
            &[HERE, ("origin", "https://load.example"), same],
            &[HERE, ("origin", "http://load.example"), same],
            &[HERE, ("referer", "https://load.example/tools/"), same],
        ] {
            assert_eq!(
                asked(&Method::POST, "/swarm", headers),
                Ok(()),
                "{headers:?}"
            );
        }
        for origin in [
            "http://load.example:3000",
            "https://load.example.evil.example",
        ] {
            let headers = [HERE, ("origin", origin)];
            let refused = asked(&Method::POST, "/swarm", &headers);
            assert_eq!(refused, Err(Foreign::Site), "{origin}");
        }
    }

    #[test]
    fn bent_names_get_no_answer() {
        for host in [
            "evil.example",
            "evil.example:8089",
            "127.0.0.1.evil.example:8089",
            "localhost.evil.example",
            "127.0.0.1:8089@evil.example",
            "",
        ] {
            let headers = [("host", host)];
            assert_eq!(
                asked(&Method::GET, "/", &headers),
                Err(Foreign::Host),
                "{host}"
            );
        }
        assert_eq!(asked(&Method::GET, "/", &[]), Err(Foreign::Host));
    }

    #[test]
    fn other_sites_can_do_nothing() {
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("origin", "http://127.0.0.1:3000"),
            ("origin", "https://127.0.0.1:8089.evil.example"),
            ("origin", "null"),
            ("referer", "http://evil.example/page"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-purpose", "prefetch"),
        ] {
            for (method, path) in [
                (Method::POST, "/swarm"),
                (Method::GET, "/stop"),
                (Method::GET, "/stats/reset"),
                (Method::GET, "/stats/reset/"),
                (Method::POST, "/login"),
            ] {
                let refused = asked(&method, path, &[HERE, (name, value)]);
                assert_eq!(
                    refused,
                    Err(Foreign::Site),
                    "{method} {path} {name}: {value}"
                );
            }
        }
    }

    #[test]
    fn other_sites_may_link_to_the_page_but_not_read_it() {
        let link = [
            HERE,
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("referer", "http://wiki.example/tests"),
        ];
        assert_eq!(asked(&Method::GET, "/", &link), Ok(()));
        assert_eq!(asked(&Method::GET, "/stop", &link), Err(Foreign::Site));
        let script = [
            HERE,
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors"),
        ];
        assert_eq!(
            asked(&Method::GET, "/stats/requests", &script),
            Err(Foreign::Site)
        );
        let frame = [
            HERE,
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe"),
        ];
        assert_eq!(asked(&Method::GET, "/", &frame), Err(Foreign::Site));
    }
}
