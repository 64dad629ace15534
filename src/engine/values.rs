//! What a user keeps from one request for the next: values of any kind, each ready for the places that
//! it goes into.
//!
//! A value is written down once, when it is read; what its places need done to it (quotes, percent signs)
//! is done then, and only where it is needed: most values are ids and numbers.

use super::allocations::uncounted;

/// Longest value, in bytes: a token of a login has one or two thousand.
pub const MOST_VALUE_BYTES: usize = 16 << 10;
/// What a value has room for from the start.
const ROOM_BYTES: usize = 64;

/// What a place makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// As it is, in a body of plain text.
    Plain,
    /// In a header line: without what would end it.
    Header,
    /// In a path, a query or a form: all but unreserved characters as percent signs and digits
    /// (RFC 3986).
    Encoded,
    /// As a path with its query: without the scheme and authority that it may have.
    Location,
    /// Within a JSON text.
    JsonText,
    /// As a JSON value: what was none before becomes a text.
    Json,
}

/// A place of a request that holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where it begins.
    pub at: usize,
    /// How many bytes it has.
    pub bytes: usize,
    /// Position of the value.
    pub value: u16,
    /// How it is written there.
    pub form: Form,
}

/// The values of one user, by their positions in a script's list of them.
#[derive(Debug, Default)]
pub struct Values {
    values: Box<[Value]>,
    /// What a reply asked for: no request for so long, in nanoseconds; 0 when nothing did.
    rest_ns: u64,
    /// Whether the user has done what comes before everything else.
    has_begun: bool,
}

#[derive(Debug, Default)]
struct Value {
    raw: Vec<u8>,
    /// Whether it is JSON as it is: a number, a boolean.
    is_bare: bool,
    /// What is written where that differs from `raw`; `None` for what is the same everywhere.
    adapted: Option<Box<Adapted>>,
}

#[derive(Debug, Default)]
struct Adapted {
    header: Vec<u8>,
    encoded: Vec<u8>,
    location: Vec<u8>,
    json: Vec<u8>,
}

impl Values {
    /// So many values, all of them empty.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let value = || Value {
            raw: Vec::with_capacity(ROOM_BYTES),
            ..Value::default()
        };
        Self {
            values: (0..count).map(|_| value()).collect(),
            rest_ns: 0,
            has_begun: false,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value at `position` as it came.
    #[must_use]
    pub fn raw(&self, position: u16) -> &[u8] {
        &self.values[usize::from(position)].raw
    }

    /// Whether the value at `position` is JSON as it is: a number, a boolean.
    #[must_use]
    pub fn is_bare(&self, position: u16) -> bool {
        self.values[usize::from(position)].is_bare
    }

    /// Keeps `text` at `position`; `is_bare` when it is a number or a boolean of JSON. False, and
    /// nothing is kept, when it is longer than [`MOST_VALUE_BYTES`].
    #[inline]
    pub fn set(&mut self, position: u16, text: &[u8], is_bare: bool) -> bool {
        if text.len() > MOST_VALUE_BYTES {
            return false;
        }
        let value = &mut self.values[usize::from(position)];
        value.raw.clear();
        if text.len() > value.raw.capacity() {
            // Longer than all before: its room serves those that come.
            uncounted(|| value.raw.reserve(text.len()));
        }
        value.raw.extend_from_slice(text);
        value.is_bare = is_bare;
        match is_bare || text.iter().all(|&byte| is_unreserved(byte)) {
            true => value.adapted = None,
            false => uncounted(|| value.adapt()),
        }
        true
    }

    /// The value at `to` becomes what the one at `from` is.
    pub fn copy(&mut self, from: u16, to: u16) {
        let value = &mut self.values[usize::from(from)];
        let (raw, is_bare) = (std::mem::take(&mut value.raw), value.is_bare);
        if from != to {
            self.set(to, &raw, is_bare);
        }
        // What it is in other forms stayed where it was.
        self.values[usize::from(from)].raw = raw;
    }

    /// There is no value at `position` any more.
    pub fn clear(&mut self, position: u16) {
        self.set(position, b"", false);
    }

    /// Appends the value at `position` to `out`, as its place wants it.
    #[inline]
    pub fn append(&self, position: u16, form: Form, out: &mut Vec<u8>) {
        let value = &self.values[usize::from(position)];
        let is_quoted = form == Form::Json && !value.is_bare;
        if is_quoted {
            out.push(b'"');
        } else if value.lacks_slash(form) {
            out.push(b'/');
        }
        out.extend_from_slice(value.text(form));
        if is_quoted {
            out.push(b'"');
        }
    }

    /// How many bytes [`Values::append`] appends.
    #[inline]
    #[must_use]
    pub fn length(&self, position: u16, form: Form) -> usize {
        let value = &self.values[usize::from(position)];
        let around = match form == Form::Json && !value.is_bare {
            true => 2,
            false => usize::from(value.lacks_slash(form)),
        };
        value.text(form).len() + around
    }

    /// Whether the user has done what comes before everything else.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The user has done what comes before everything else.
    pub fn begin(&mut self) {
        self.has_begun = true;
    }

    /// A reply asked for no request for `rest_ns`.
    pub fn ask_for_rest(&mut self, rest_ns: u64) {
        self.rest_ns = rest_ns;
    }

    /// For how long the last replies asked for no request, in nanoseconds; from then on 0.
    pub fn take_rest(&mut self) -> u64 {
        std::mem::take(&mut self.rest_ns)
    }
}

impl Value {
    #[inline]
    fn text(&self, form: Form) -> &[u8] {
        match (&self.adapted, form) {
            (None, _) | (_, Form::Plain) => &self.raw,
            (Some(adapted), Form::Header) => &adapted.header,
            (Some(adapted), Form::Encoded) => &adapted.encoded,
            (Some(adapted), Form::Location) => &adapted.location,
            (Some(adapted), Form::JsonText | Form::Json) => &adapted.json,
        }
    }

    #[inline]
    fn lacks_slash(&self, form: Form) -> bool {
        form == Form::Location && !self.text(form).starts_with(b"/")
    }

    /// Writes down what the value is where it is not what came.
    #[cold]
    fn adapt(&mut self) {
        let adapted = self.adapted.get_or_insert_default();
        adapted.header.clear();
        let is_text = |byte: &&u8| **byte >= b' ' && **byte != 0x7f || **byte == b'\t';
        adapted.header.extend(self.raw.iter().filter(is_text));
        adapted.encoded.clear();
        encode(&self.raw, &mut adapted.encoded);
        adapted.location.clear();
        locate(&self.raw, &mut adapted.location);
        // What is no text cannot be one of JSON.
        let text = String::from_utf8_lossy(&self.raw);
        let quoted = serde_json::to_string(&text).unwrap_or_default();
        let inner = quoted.get(1..quoted.len().saturating_sub(1));
        adapted.json.clear();
        adapted
            .json
            .extend_from_slice(inner.unwrap_or_default().as_bytes());
    }
}

/// Appends `text` with all but unreserved characters percent-encoded.
pub fn encode(text: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if is_unreserved(byte) {
            out.push(byte);
        } else {
            let digits = [byte >> 4, byte & 15].map(|half| DIGITS[usize::from(half)]);
            out.extend_from_slice(&[b'%', digits[0], digits[1]]);
        }
    }
}

/// Appends the path and the query of `address`, with what cannot stand there percent-encoded.
fn locate(address: &[u8], out: &mut Vec<u8>) {
    let scheme = memchr::memmem::find(address, b"://");
    let scheme = scheme.filter(|end| address[..*end].iter().all(u8::is_ascii_alphanumeric));
    let path = match scheme {
        None => address,
        Some(end) => {
            let rest = &address[end + 3..];
            let authority = memchr::memchr2(b'/', b'?', rest);
            &rest[authority.unwrap_or(rest.len())..]
        }
    };
    let sent = memchr::memchr(b'#', path).unwrap_or(path.len());
    for &byte in &path[..sent] {
        // Of the delimiters of a path and a query (RFC 3986 §3.3, §3.4) each stays what it is.
        match is_unreserved(byte) || b"/?%:@!$&'()*+,;=".contains(&byte) {
            true => out.push(byte),
            false => encode(&[byte], out),
        }
    }
}

#[inline]
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8], is_bare: bool, form: Form) -> String {
        let mut values = Values::new(2);
        assert!(values.set(1, text, is_bare));
        let mut out = Vec::new();
        values.append(1, form, &mut out);
        assert_eq!(out.len(), values.length(1, form));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_value_is_written_as_its_place_wants_it() {
        let foul = "a \"b\"\r\nx: y/ü?&=".as_bytes();
        for (form, expected) in [
            (Form::Plain, "a \"b\"\r\nx: y/ü?&="),
            (Form::Header, "a \"b\"x: y/ü?&="),
            (Form::Encoded, "a%20%22b%22%0D%0Ax%3A%20y%2F%C3%BC%3F%26%3D"),
            (Form::JsonText, "a \\\"b\\\"\\r\\nx: y/ü?&="),
            (Form::Json, "\"a \\\"b\\\"\\r\\nx: y/ü?&=\""),
        ] {
            assert_eq!(written(foul, false, form), expected, "{form:?}");
        }
        for form in [Form::Plain, Form::Header, Form::Encoded, Form::JsonText] {
            assert_eq!(written(b"cart-7_a.b~c", false, form), "cart-7_a.b~c");
        }
        assert_eq!(written(b"cart-7", false, Form::Json), "\"cart-7\"");
        assert_eq!(written(b"12.50", true, Form::Json), "12.50");
        assert_eq!(written(b"12.50", true, Form::JsonText), "12.50");
    }

    #[test]
    fn a_place_that_a_reply_gave_is_gone_to() {
        for (told, expected) in [
            ("/carts/7", "/carts/7"),
            (
                "http://shop.test:80/carts/7?a=b%20c#top",
                "/carts/7?a=b%20c",
            ),
            ("https://shop.test", "/"),
            ("https://shop.test?page=2", "/?page=2"),
            ("/a b\r\nx: y", "/a%20b%0D%0Ax:%20y"),
            ("carts/7", "/carts/7"),
            ("7", "/7"),
        ] {
            assert_eq!(written(told.as_bytes(), false, Form::Location), expected);
        }
    }

    #[test]
    fn a_value_takes_the_place_of_the_one_before() {
        let mut values = Values::new(1);
        let long = vec![b'/'; 1_000];
        assert!(values.set(0, &long, false));
        assert_eq!(values.length(0, Form::Encoded), 3_000);
        assert!(values.set(0, b"7", true));
        assert_eq!(values.length(0, Form::Encoded), 1);
        assert_eq!(values.raw(0), b"7");
        let too_long = vec![b'a'; MOST_VALUE_BYTES + 1];
        assert!(!values.set(0, &too_long, false));
        assert_eq!(values.raw(0), b"7");
    }

    #[test]
    fn what_is_no_text_is_none_in_json() {
        assert_eq!(
            written(b"\xff\x00", false, Form::JsonText),
            "\u{fffd}\\u0000"
        );
    }

    #[test]
    fn a_rest_is_taken_once() {
        let mut values = Values::new(0);
        values.ask_for_rest(7);
        assert_eq!((values.take_rest(), values.take_rest()), (7, 0));
    }
}
