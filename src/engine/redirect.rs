//! Replies that point elsewhere. They are not followed, since a load test measures what it asked
//! for; what is told is the address that would be right.

use super::codec::field;
use super::id::Id;
use crate::plan::is_harmful;
use crate::stats::Reason;
use std::fmt::Write;

/// The reason of a reply that points elsewhere, to a request of the path `template` with the id
/// `on` in it: the same for every id. `None` when it does not point anywhere.
#[cold]
pub fn told(status: u16, head: &[u8], template: &str, on: Option<&Id>) -> Option<Reason> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = std::str::from_utf8(field(head, "location")?).ok()?;
    // What a query holds is often of one visit only.
    let location = location.split(['?', '#']).next().unwrap_or_default();
    let mut reason = Reason::default();
    // A reason is cut, and never fails.
    let _ = match base(location, template, on) {
        Some(base) if has_scheme(base, "http://") || has_scheme(base, "https://") => {
            write!(reason, "redirect, not followed: use -H {}", Plain(base))
        }
        Some(base) if base.starts_with("//") => {
            write!(
                reason,
                "redirect, not followed: use -H http:{}",
                Plain(base)
            )
        }
        Some(base) if base.starts_with('/') => write!(
            reason,
            "redirect, not followed: add the path {} to -H",
            Plain(base)
        ),
        _ => write_whole(&mut reason, location, on),
    };
    Some(reason)
}

fn write_whole(reason: &mut Reason, location: &str, on: Option<&Id>) -> std::fmt::Result {
    reason.write_str("redirect to ")?;
    match on {
        None => write!(reason, "{}", Plain(location))?,
        Some(id) => {
            for (place, part) in location.split(id.as_str()).enumerate() {
                reason.write_str(if place > 0 { "{id}" } else { "" })?;
                write!(reason, "{}", Plain(part))?;
            }
        }
    }
    reason.write_str(", not followed")
}

/// What comes before the request's own path.
fn base<'a>(location: &'a str, template: &str, on: Option<&Id>) -> Option<&'a str> {
    let Some((before, rest)) = template.split_once('{') else {
        return location.strip_suffix(template);
    };
    let (_, after) = rest.split_once('}')?;
    let ids_place = location.strip_suffix(after)?;
    ids_place.strip_suffix(on?.as_str())?.strip_suffix(before)
}

fn has_scheme(address: &str, scheme: &str) -> bool {
    let start = address.get(..scheme.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// A target's words, which are not to move a cursor.
struct Plain<'a>(&'a str);

impl std::fmt::Display for Plain<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut letters = self.0.chars().filter(|letter| !is_harmful(*letter));
        letters.try_for_each(|letter| formatter.write_char(letter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, location: &str, template: &str) -> Option<String> {
        let head = format!("HTTP/1.1 {status} X\r\nx: y\r\nLocation : {location}\r\n\r\n");
        let id = Id::new(b"abc-1").unwrap();
        let on = template.contains('{').then_some(&id);
        told(status, head.as_bytes(), template, on).map(|reason| reason.as_str().to_owned())
    }

    #[test]
    fn the_address_that_would_be_right_is_told() {
        let profile = "/customers/{customer_id}/profile";
        for (location, template, expected) in [
            (
                "http://shop.test:8080/api/customers?session=7",
                "/customers",
                "redirect, not followed: use -H http://shop.test:8080/api",
            ),
            (
                "HTTP://shop.test/customers/abc-1/profile#top",
                profile,
                "redirect, not followed: use -H HTTP://shop.test",
            ),
            (
                "//shop.test/customers",
                "/customers",
                "redirect, not followed: use -H http://shop.test",
            ),
            (
                "https://shop.test/customers",
                "/customers",
                "redirect, not followed: use -H https://shop.test",
            ),
            (
                "/api/customers/abc-1/profile",
                profile,
                "redirect, not followed: add the path /api to -H",
            ),
            // Another path: the same reason for every id.
            (
                "http://shop.test/customers/abc-1/profile/",
                profile,
                "redirect to http://shop.test/customers/{id}/profile/, not followed",
            ),
            (
                "/customers",
                "/customers",
                "redirect to /customers, not followed",
            ),
            (
                "/lo\x1bgin",
                "/customers",
                "redirect to /login, not followed",
            ),
        ] {
            for status in [301, 302, 303, 307, 308] {
                let told = said(status, location, template);
                assert_eq!(told.as_deref(), Some(expected), "{location}");
            }
        }
        let long = said(301, &format!("/{}é", "x".repeat(200)), "/customers").unwrap();
        assert!(long.starts_with("redirect to /xxx"), "{long}");
    }

    #[test]
    fn what_points_nowhere_is_judged_by_others() {
        assert_eq!(said(300, "/a", "/a"), None);
        assert_eq!(said(304, "/a", "/a"), None);
        assert_eq!(said(201, "/a", "/a"), None);
        let nowhere = b"HTTP/1.1 301 X\r\n\r\n";
        assert!(told(301, nowhere, "/a", None).is_none());
        let no_text = b"HTTP/1.1 301 X\r\nlocation: /\xe9\r\n\r\n";
        assert!(told(301, no_text, "/a", None).is_none());
    }
}
