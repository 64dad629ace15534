//! The cookies of one user: kept of replies and sent with later requests, as a browser does it, as far as
//! one host is concerned (RFC 6265, sections 5.2 to 5.4).
//!
//! Fixed room, made once. What does not fit drives out the oldest.

mod cookie_date;

use super::codec::{field, fields};
use crate::plan::Target;
use cookie_date::cookie_date_s;
use std::net::IpAddr;

/// The end of a head, between which and its last line the field goes.
const END: &[u8] = b"\r\n\r\n";
const BEGINNING: &[u8] = b"cookie: ";
/// Longest path of a request that is told apart; of a longer one the cookies are those of its start.
const MOST_PATH_BYTES: usize = 256;
/// Longest name and value, together, and longest value of an attribute, as browsers have it.
const MOST_PAIR_BYTES: usize = 4_096;
const MOST_ATTRIBUTE_BYTES: usize = 1_024;
/// Without a `date` in the reply, a cookie that expires before this has expired: the start of 2001.
const SURELY_PAST_S: i64 = 978_307_200;
/// Longest life that is told apart from none: a century.
const LONGEST_LIFE_S: i64 = 100 * 366 * 86_400;

/// How much room there is for the cookies of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieRoom {
    /// Most cookies.
    pub most: usize,
    /// Most bytes of their names, values and paths.
    pub bytes: usize,
}

impl Default for CookieRoom {
    /// 16 cookies, of 4 KiB.
    fn default() -> Self {
        Self {
            most: 16,
            bytes: 4 << 10,
        }
    }
}

impl CookieRoom {
    /// What it takes of memory, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        let cookies = self.most * size_of::<Cookie>();
        (size_of::<CookieJar>() + cookies + self.bytes + MOST_PATH_BYTES) as u64
    }
}

/// Whom cookies are of: the target, as its requests name it.
#[derive(Debug)]
pub struct CookieHost {
    /// Small letters, without port and brackets.
    name: String,
    /// Whether it is spoken to in TLS.
    is_secure: bool,
    /// Whether every request carries cookies that somebody gave.
    has_given: bool,
}

impl CookieHost {
    /// That of `target`.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        let lines = target.head_lines();
        let host = field(lines.as_bytes(), "host").unwrap_or_default();
        let host = String::from_utf8_lossy(host).to_ascii_lowercase();
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next(),
            None => host.split(':').next(),
        };
        Self {
            name: name.unwrap_or_default().to_owned(),
            is_secure: target.tls.is_some(),
            has_given: target.headers.has("cookie"),
        }
    }

    /// RFC 6265, section 5.1.3.
    fn matches(&self, domain: &[u8]) -> bool {
        let domain = domain.strip_prefix(b".").unwrap_or(domain);
        let name = self.name.as_bytes();
        if name.eq_ignore_ascii_case(domain) {
            return true;
        }
        let Some(start) = name.len().checked_sub(domain.len() + 1) else {
            return false;
        };
        let is_below = name[start] == b'.' && name[start + 1..].eq_ignore_ascii_case(domain);
        !domain.is_empty() && is_below && self.name.parse::<IpAddr>().is_err()
    }
}

/// One cookie: `name=value` and its path stand in the jar's text, one after the other.
#[derive(Clone, Copy, Debug)]
struct Cookie {
    start: u32,
    name_bytes: u16,
    /// Of `name=value`.
    pair_bytes: u16,
    path_bytes: u16,
    /// When it is forgotten, on the user's clock.
    ends_ns: u64,
    /// How many were kept before it.
    number: u32,
}

impl Cookie {
    fn bytes(&self) -> usize {
        usize::from(self.pair_bytes) + usize::from(self.path_bytes)
    }
}

/// What a `set-cookie` says.
struct SetCookie<'a> {
    name: &'a [u8],
    value: &'a [u8],
    path: Option<&'a [u8]>,
    domain: Option<&'a [u8]>,
    is_secure: bool,
    /// How long it is kept, in seconds; `None` while the user lives.
    life_s: Option<i64>,
}

/// The cookies of one user. See the module's documentation.
pub struct CookieJar {
    room: CookieRoom,
    text: Vec<u8>,
    /// Those with the longest paths first, and of equal ones the oldest: the order in which they are sent.
    cookies: Vec<Cookie>,
    /// Path of the request that is in flight.
    path: Vec<u8>,
    number: u32,
}

impl CookieJar {
    /// A jar without cookies.
    #[must_use]
    pub fn new(room: CookieRoom) -> Self {
        Self {
            room,
            text: Vec::with_capacity(room.bytes),
            cookies: Vec::with_capacity(room.most),
            path: Vec::with_capacity(MOST_PATH_BYTES),
            number: 0,
        }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cookies.clear();
    }

    /// Whether there is one of this name at `now_ns`, whatever its path.
    #[must_use]
    pub fn has(&self, name: &str, now_ns: u64) -> bool {
        let mut cookies = self.cookies.iter();
        cookies.any(|cookie| cookie.ends_ns > now_ns && self.name_of(cookie) == name.as_bytes())
    }

    /// Adds those that go with a request at `now_ns` to its head, which is what `out` has from `head` on
    /// and ends with.
    pub fn append(&mut self, host: &CookieHost, now_ns: u64, out: &mut Vec<u8>, head: usize) {
        debug_assert!(out.ends_with(END), "a whole head");
        self.remember_path(&out[head..]);
        if host.has_given {
            return;
        }
        let mut is_first = true;
        for cookie in &self.cookies {
            if cookie.ends_ns <= now_ns || !is_below(&self.path, self.path_of(cookie)) {
                continue;
            }
            if std::mem::take(&mut is_first) {
                out.truncate(out.len() - END.len() / 2);
                out.extend_from_slice(BEGINNING);
            } else {
                out.extend_from_slice(b"; ");
            }
            out.extend_from_slice(self.pair_of(cookie));
        }
        if !is_first {
            out.extend_from_slice(END);
        }
    }

    fn remember_path(&mut self, head: &[u8]) {
        self.path.clear();
        let mut words = head.split(|&byte| byte == b' ').skip(1);
        let target = words.next().unwrap_or_default();
        let end = target.iter().position(|byte| b"?#\r".contains(byte));
        let path = &target[..end.unwrap_or(target.len()).min(MOST_PATH_BYTES)];
        self.path.extend_from_slice(path);
    }

    /// Keeps what the `head` of the reply to the last request sets, at `now_ns`.
    pub fn note(&mut self, host: &CookieHost, head: &[u8], now_ns: u64) {
        let date_s = || field(head, "date").and_then(cookie_date_s);
        let asked = std::mem::take(&mut self.path);
        let end = asked.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        let default_path = if end == 0 { b"/" } else { &asked[..end] };
        for text in fields(head, "set-cookie") {
            if let Some(set) = SetCookie::read(text, date_s)
                && set.domain.is_none_or(|domain| host.matches(domain))
                && (host.is_secure || !set.is_secure)
            {
                self.set(&set, set.path.unwrap_or(default_path), now_ns);
            }
        }
        self.path = asked;
    }

    fn set(&mut self, set: &SetCookie<'_>, path: &[u8], now_ns: u64) {
        let mut cookies = self.cookies.iter();
        let known = cookies.position(|it| self.name_of(it) == set.name && self.path_of(it) == path);
        // Whether it is replaced, has expired, or finds no room: the old value is no longer true.
        let replaced = known.map(|known| self.remove(known));
        let ends_ns = match set.life_s {
            None => u64::MAX,
            Some(life_s) => now_ns.saturating_add(life_s.max(0) as u64 * 1_000_000_000),
        };
        let pair_bytes = set.name.len() + 1 + set.value.len();
        let bytes = pair_bytes + path.len();
        if ends_ns <= now_ns || bytes > self.room.bytes || self.room.most == 0 {
            return;
        }
        self.make_room(bytes, now_ns);
        self.number = self.number.wrapping_add(1);
        let cookie = Cookie {
            start: self.text.len() as u32,
            name_bytes: set.name.len() as u16,
            pair_bytes: pair_bytes as u16,
            path_bytes: path.len() as u16,
            ends_ns,
            number: replaced.map_or(self.number, |cookie| cookie.number),
        };
        for part in [set.name, b"=", set.value, path] {
            self.text.extend_from_slice(part);
        }
        let is_before = |it: &Cookie| {
            it.path_bytes > cookie.path_bytes
                || (it.path_bytes == cookie.path_bytes && it.number < cookie.number)
        };
        let place = self.cookies.partition_point(is_before);
        self.cookies.insert(place, cookie);
    }

    /// Room for one more, of so many bytes.
    fn make_room(&mut self, bytes: usize, now_ns: u64) {
        let is_full = |jar: &Self| {
            jar.cookies.len() >= jar.room.most || jar.text.len() + bytes > jar.room.bytes
        };
        while is_full(self) {
            let cookies = self.cookies.iter().enumerate();
            let first_to_go = cookies.min_by_key(|(_, it)| (it.ends_ns > now_ns, it.number));
            let Some((place, _)) = first_to_go else {
                return;
            };
            self.remove(place);
        }
    }

    fn remove(&mut self, place: usize) -> Cookie {
        let removed = self.cookies.remove(place);
        let start = removed.start as usize;
        self.text.drain(start..start + removed.bytes());
        for cookie in &mut self.cookies {
            if cookie.start > removed.start {
                cookie.start -= removed.bytes() as u32;
            }
        }
        removed
    }

    fn name_of(&self, cookie: &Cookie) -> &[u8] {
        &self.text[cookie.start as usize..][..usize::from(cookie.name_bytes)]
    }

    fn pair_of(&self, cookie: &Cookie) -> &[u8] {
        &self.text[cookie.start as usize..][..usize::from(cookie.pair_bytes)]
    }

    fn path_of(&self, cookie: &Cookie) -> &[u8] {
        let start = cookie.start as usize + usize::from(cookie.pair_bytes);
        &self.text[start..][..usize::from(cookie.path_bytes)]
    }
}

/// Tells of the names alone: values are secrets.
impl std::fmt::Debug for CookieJar {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.cookies.iter().map(|cookie| self.name_of(cookie));
        let names = names.map(String::from_utf8_lossy);
        formatter.debug_list().entries(names).finish()
    }
}

/// Whether a cookie of `path` goes with a request for `asked` (RFC 6265, section 5.1.4).
fn is_below(asked: &[u8], path: &[u8]) -> bool {
    let rest = asked.strip_prefix(path);
    rest.is_some_and(|rest| path.ends_with(b"/") || rest.is_empty() || rest[0] == b'/')
}

impl<'a> SetCookie<'a> {
    /// Reads the value of a `set-cookie`, of a reply of this date; `None` when it sets nothing.
    fn read(text: &'a [u8], date_s: impl Fn() -> Option<i64>) -> Option<Self> {
        let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
        if text.iter().any(is_control) {
            return None;
        }
        let mut parts = text.split(|&byte| byte == b';');
        let (name, value) = split_at_equals(parts.next()?)?;
        if name.is_empty() || name.len() + value.len() > MOST_PAIR_BYTES {
            return None;
        }
        let mut set = Self {
            name,
            value,
            path: None,
            domain: None,
            is_secure: false,
            life_s: None,
        };
        let mut expires_s = None;
        for part in parts {
            let (attribute, value) = split_at_equals(part).unwrap_or((part.trim_ascii(), b""));
            if value.len() > MOST_ATTRIBUTE_BYTES {
                continue;
            }
            // The last of a name counts.
            let is = |name: &str| attribute.eq_ignore_ascii_case(name.as_bytes());
            if is("path") {
                set.path = value.starts_with(b"/").then_some(value);
            } else if is("domain") {
                set.domain = (!value.is_empty()).then_some(value);
            } else if is("secure") {
                set.is_secure = true;
            } else if is("max-age") {
                set.life_s = seconds(value).or(set.life_s);
            } else if is("expires") {
                expires_s = cookie_date_s(value).or(expires_s);
            }
        }
        if let (None, Some(expires_s)) = (set.life_s, expires_s) {
            set.life_s = match date_s() {
                Some(date_s) => Some((expires_s - date_s).min(LONGEST_LIFE_S)),
                None => (expires_s < SURELY_PAST_S).then_some(0),
            };
        }
        Some(set)
    }
}

/// Both sides of the first `=`, without the blanks around them.
fn split_at_equals(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = memchr::memchr(b'=', text)?;
    Some((text[..equals].trim_ascii(), text[equals + 1..].trim_ascii()))
}

/// The value of `max-age`: a number, however large.
fn seconds(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if digits.len() < text.len() {
        return Some(0);
    }
    let number: i64 = std::str::from_utf8(digits)
        .ok()?
        .parse()
        .unwrap_or(i64::MAX);
    Some(number.min(LONGEST_LIFE_S))
}

#[cfg(test)]
mod tests;
