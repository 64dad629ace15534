//! Who may use the page: everybody on loopback, elsewhere whoever knows the token.

use super::names::WebBase;
use axum::http::{HeaderMap, header};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Fewest characters of a token: what is typed as one must not be guessed.
pub const SHORTEST_TOKEN: usize = 12;

/// Checks tokens, and remembers who showed one.
#[derive(Debug)]
pub struct Access {
    token: Option<String>,
    cookie_name: String,
    cookie_path: String,
    is_secure: bool,
    session: String,
}

impl Access {
    /// Lets everybody in without a `token`. The cookie is told from those of other ports, and is sent
    /// to addresses below `base` only, and only in TLS where the page `is_secure`.
    #[must_use]
    pub fn new(token: Option<String>, port: u16, base: &WebBase, is_secure: bool) -> Self {
        Self {
            token,
            cookie_name: format!("shopblast_{port}"),
            cookie_path: base.page(),
            is_secure,
            session: random_token(),
        }
    }

    /// Whether a token is asked for.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.token.is_some()
    }

    /// Whether `offered` is the token.
    #[must_use]
    pub fn is_token(&self, offered: &str) -> bool {
        self.token
            .as_deref()
            .is_some_and(|token| same(token, offered))
    }

    /// The `Set-Cookie` of a login: not for scripts, not from other sites, gone with the browser.
    #[must_use]
    pub fn cookie(&self) -> String {
        let Self {
            cookie_name,
            cookie_path,
            is_secure,
            session,
            ..
        } = self;
        let secure = if *is_secure { "Secure; " } else { "" };
        format!("{cookie_name}={session}; HttpOnly; {secure}SameSite=Strict; Path={cookie_path}")
    }

    /// Whether a request with these headers has the cookie of a login.
    #[must_use]
    pub fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter();
        let mut pairs = cookies
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == self.cookie_name && same(&self.session, value))
    }

    /// What a request with these headers shows as `Authorization: Bearer TOKEN`.
    #[must_use]
    pub fn bearer(headers: &HeaderMap) -> Option<&str> {
        let authorization = headers.get(header::AUTHORIZATION)?;
        let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then_some(token.trim())
    }
}

/// A token that nobody guesses: 122 random bits in hexadecimal.
#[must_use]
pub fn random_token() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Takes as long for every text of one length.
fn same(known: &str, offered: &str) -> bool {
    known.as_bytes().ct_eq(offered.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("a header value"))])
    }

    impl Access {
        fn admits(&self, headers: &HeaderMap) -> bool {
            let is_token = |token| self.is_token(token);
            self.has_cookie(headers) || Self::bearer(headers).is_some_and(is_token)
        }
    }

    fn guarded() -> Access {
        Access::new(
            Some("correct horse".to_owned()),
            8089,
            &WebBase::default(),
            false,
        )
    }

    #[test]
    fn everybody_may_come_in_when_nobody_asks() {
        assert!(!Access::new(None, 8089, &WebBase::default(), false).is_guarded());
        assert!(!Access::new(None, 8089, &WebBase::default(), false).is_token(""));
    }

    #[test]
    fn the_token_or_the_cookie_of_a_login_is_needed() {
        let access = guarded();
        assert!(!access.admits(&HeaderMap::new()));
        assert!(access.admits(&headers(header::AUTHORIZATION, "Bearer correct horse")));
        assert!(access.admits(&headers(header::AUTHORIZATION, "bearer correct horse")));
        let cookie = access.cookie();
        let pair = cookie.split(';').next().expect("a pair");
        assert!(access.admits(&headers(header::COOKIE, &format!("a=b; {pair}; c=d"))));
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    }

    #[test]
    fn the_cookie_is_for_the_page_only() {
        let base = WebBase::parse("/load/").expect("a path");
        let cookie =
            |base| Access::new(Some("correct horse".to_owned()), 8089, base, false).cookie();
        assert!(cookie(&base).ends_with("; Path=/load/"));
        assert!(cookie(&WebBase::default()).ends_with("; Path=/"));
    }

    #[test]
    fn the_cookie_of_a_page_in_tls_travels_in_tls_only() {
        let cookie = |is_secure| {
            let token = Some("correct horse".to_owned());
            Access::new(token, 8089, &WebBase::default(), is_secure).cookie()
        };
        assert!(cookie(true).contains("; Secure;"));
        assert!(!cookie(false).contains("Secure"));
    }

    #[test]
    fn what_is_nearly_right_is_wrong() {
        let access = guarded();
        for value in [
            "Bearer correct hors",
            "Bearer correct horse2",
            "Bearer Correct horse",
            "Basic correct horse",
            "correct horse",
            "Bearer",
        ] {
            let headers = headers(header::AUTHORIZATION, value);
            assert!(!access.admits(&headers), "{value}");
        }
        let other = Access::new(
            Some("correct horse".to_owned()),
            8089,
            &WebBase::default(),
            false,
        )
        .cookie();
        let other = other.split(';').next().expect("a pair");
        assert!(
            !access.admits(&headers(header::COOKIE, other)),
            "another process's login"
        );
        assert!(!access.admits(&headers(header::COOKIE, "shopblast_8089=")));
        assert!(!access.admits(&headers(header::COOKIE, "shopblast_8089=correct horse")));
    }

    #[test]
    fn random_tokens_differ_and_are_long_enough() {
        let (one, other) = (random_token(), random_token());
        assert_ne!(one, other);
        assert!(one.len() >= SHORTEST_TOKEN);
    }
}
