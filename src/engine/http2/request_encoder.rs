//! Requests that are written for HTTP/1.1, said in HPACK.
//!
//! What a workload writes and a witness shows is one text, whatever it travels as. Its head begins and
//! ends with what differs from request to request, a path and a length; all between is the same for all
//! requests of a step. That is encoded once a connection, as indices into the table that the server keeps,
//! and found again by comparing it, as the heads of replies are.

use super::dynamic_table::{DynamicTable, TABLE_BYTES};
use super::integer;
use super::static_table::{
    AUTHORITY, CONTENT_LENGTH, METHOD, PATH, SCHEME_HTTP, SCHEME_HTTPS, STATIC_TABLE, index_of,
};
use crate::engine::allocations::make_room;

/// How many different middles of heads are kept; a journey meets a few.
const KNOWN: usize = 8;
/// Longest middle that is kept.
const KNOWN_BYTES: usize = 2_048;
/// What lengths may take in a block beyond what a head's colons and ends of lines take in a text.
const LENGTHS_BYTES: usize = 64;
const LENGTH_LINE: &[u8] = b"content-length: ";

/// What marks an entry of the static or the dynamic table.
const INDEXED: u8 = 0x80;
/// A literal that goes into the table, one that does not, and one that nobody on the way may index.
const KEPT: u8 = 0x40;
const PASSING: u8 = 0x00;
const SECRET: u8 = 0x10;

/// A text that is no request as the engine writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARequest;

/// The middle of a head, as text and as fields.
#[derive(Default)]
struct Known {
    text: Vec<u8>,
    block: Vec<u8>,
    /// Whether nothing was put into the table since, so that indices are as they were.
    is_fresh: bool,
}

/// One direction's encoder. See the module's documentation.
pub struct RequestEncoder {
    table: DynamicTable,
    known: Vec<Known>,
    oldest: usize,
    is_secure: bool,
    /// A size that the peer has to be told of before the next fields.
    resized: bool,
    spare: Vec<u8>,
}

impl RequestEncoder {
    /// An encoder for requests by `https`, or by `http`.
    #[must_use]
    pub fn new(is_secure: bool) -> Self {
        Self {
            table: DynamicTable::new(),
            known: Vec::new(),
            oldest: 0,
            is_secure,
            resized: false,
            spare: Vec::new(),
        }
    }

    /// The peer keeps a table of at most so many bytes from now on.
    pub fn resize(&mut self, most: u32) {
        let most = (most as usize).min(TABLE_BYTES);
        if most != self.table.most() {
            self.table.resize(0);
            self.table.resize(most);
            self.resized = true;
            self.known
                .iter_mut()
                .for_each(|known| known.is_fresh = false);
        }
    }

    /// Appends the header block of `request` to `out`, and gives its body.
    ///
    /// # Errors
    /// When it is no request.
    pub fn encode<'a>(
        &mut self,
        request: &'a [u8],
        out: &mut Vec<u8>,
    ) -> Result<&'a [u8], NotARequest> {
        let method_ends = memchr::memchr(b' ', request).ok_or(NotARequest)?;
        let (method, rest) = request.split_at(method_ends);
        let rest = &rest[1..];
        let path_ends = memchr::memchr(b' ', rest).ok_or(NotARequest)?;
        let (path, rest) = rest.split_at(path_ends);
        if std::mem::take(&mut self.resized) {
            integer::write(0, 5, 0x20, out);
            integer::write(self.table.most() as u64, 5, 0x20, out);
        }
        match method {
            b"GET" => out.push(INDEXED | METHOD as u8),
            b"POST" => out.push(INDEXED | (METHOD as u8 + 1)),
            _ => literal(PASSING, METHOD, method, out),
        }
        let scheme = match self.is_secure {
            true => SCHEME_HTTPS,
            false => SCHEME_HTTP,
        };
        out.push(INDEXED | scheme as u8);
        match path {
            b"/" => out.push(INDEXED | PATH as u8),
            _ => literal(PASSING, PATH, path, out),
        }
        let middle = self.middle(rest, out)?;
        after_middle(&rest[middle..], out)
    }

    /// Appends the fields of the middle that `rest` begins with: from the version to the length, or to the
    /// end of the head. Gives its length.
    #[inline]
    fn middle(&mut self, rest: &[u8], out: &mut Vec<u8>) -> Result<usize, NotARequest> {
        let is_it = |known: &&Known| known.is_fresh && rest.starts_with(&known.text);
        if let Some(known) = self.known.iter().find(is_it) {
            out.extend_from_slice(&known.block);
            return Ok(known.text.len());
        }
        self.new_middle(rest, out)
    }

    #[inline(never)]
    fn new_middle(&mut self, rest: &[u8], out: &mut Vec<u8>) -> Result<usize, NotARequest> {
        let head_ends = memchr::memmem::find(rest, b"\r\n\r\n").ok_or(NotARequest)? + 2;
        let head = &rest[..head_ends];
        let length_at = memchr::memmem::find(head, b"\r\ncontent-length: ");
        let middle = length_at.map_or(head_ends, |place| place + 2 + LENGTH_LINE.len());
        let fields = &head[..length_at.map_or(head_ends, |place| place + 2)];
        if self.encode_fields(fields, out)? {
            self.known
                .iter_mut()
                .for_each(|known| known.is_fresh = false);
        }
        if length_at.is_none() || middle > KNOWN_BYTES {
            return Ok(middle);
        }
        let mut block = std::mem::take(&mut self.spare);
        block.clear();
        make_room(&mut block, middle + LENGTHS_BYTES);
        // All that goes into the table is there by now.
        self.encode_fields(fields, &mut block)?;
        let text = &rest[..middle];
        let stale = self.known.iter().position(|known| known.text == text);
        let place = match stale {
            Some(place) => place,
            None if self.known.len() < KNOWN => {
                make_room(&mut self.known, 1);
                self.known.push(Known::default());
                self.known.len() - 1
            }
            None => {
                self.oldest = (self.oldest + 1) % KNOWN;
                self.oldest
            }
        };
        let known = &mut self.known[place];
        known.text.clear();
        make_room(&mut known.text, text.len());
        known.text.extend_from_slice(text);
        self.spare = std::mem::replace(&mut known.block, block);
        known.is_fresh = true;
        Ok(middle)
    }

    /// Appends the fields of these lines, the first of which says the version. Returns whether any went into
    /// the table.
    fn encode_fields(&mut self, lines: &[u8], out: &mut Vec<u8>) -> Result<bool, NotARequest> {
        let mut has_inserted = false;
        // It stands before all that is no pseudo-header.
        if let Some(host) = fields(lines).find(|(name, _)| name.eq_ignore_ascii_case(b"host")) {
            has_inserted |= self.field(AUTHORITY, b":authority", host.1, out);
        }
        for (name, value) in fields(lines) {
            let mut lower = [0; 256];
            let lower = lower.get_mut(..name.len()).ok_or(NotARequest)?;
            lower.copy_from_slice(name);
            lower.make_ascii_lowercase();
            if !is_of_connection(lower) {
                has_inserted |= self.field(index_of(lower).unwrap_or(0), lower, value, out);
            }
        }
        Ok(has_inserted)
    }

    fn field(&mut self, index: u64, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> bool {
        if let Some(nth) = self.table.find(name, value) {
            let index = (STATIC_TABLE.len() + 1 + nth) as u64;
            integer::write(index, 7, INDEXED, out);
            return false;
        }
        let is_kept = !is_secret(name) && self.table.has_room_for(name, value);
        let how = match is_secret(name) {
            true => SECRET,
            false if is_kept => KEPT,
            false => PASSING,
        };
        match index {
            0 => named(how, name, value, out),
            index => literal(how, index, value, out),
        }
        if is_kept {
            self.table.insert(name, value);
        }
        is_kept
    }
}

/// Appends what comes after the middle: a length, and fields that differ from request to request. Gives the
/// body.
#[inline]
fn after_middle<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], NotARequest> {
    // Without a length the middle was all of the head.
    let mut rest = match rest {
        [b'\r', b'\n', body @ ..] => return Ok(body),
        rest => {
            let digits_end = memchr::memchr(b'\r', rest).ok_or(NotARequest)?;
            let (digits, rest) = rest.split_at(digits_end);
            // That there is no body is said by the end of the stream.
            if digits != b"0" {
                literal(PASSING, CONTENT_LENGTH, digits, out);
            }
            &rest[2.min(rest.len())..]
        }
    };
    loop {
        match rest {
            [b'\r', b'\n', body @ ..] => return Ok(body),
            _ => {
                let line_ends = memchr::memmem::find(rest, b"\r\n").ok_or(NotARequest)?;
                if let Some((name, value)) = field_of(&rest[..line_ends]) {
                    let how = if is_secret(name) { SECRET } else { PASSING };
                    match index_of(name) {
                        Some(index) => literal(how, index, value, out),
                        None => named(how, name, value, out),
                    }
                }
                rest = &rest[line_ends + 2..];
            }
        }
    }
}

fn fields(lines: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    lines
        .split(|&byte| byte == b'\n')
        .skip(1)
        .filter_map(field_of)
}

fn field_of(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    Some((&line[..colon], line[colon + 1..].trim_ascii()))
}

/// Fields that say something of an HTTP/1.1 connection (RFC 9113, section 8.2.2), or that a pseudo-header
/// says.
fn is_of_connection(name: &[u8]) -> bool {
    matches!(
        name,
        b"host"
            | b"connection"
            | b"keep-alive"
            | b"proxy-connection"
            | b"transfer-encoding"
            | b"upgrade"
    )
}

fn is_secret(name: &[u8]) -> bool {
    matches!(
        name,
        b"authorization" | b"cookie" | b"proxy-authorization" | b"x-api-key"
    )
}

#[inline]
fn literal(how: u8, index: u64, value: &[u8], out: &mut Vec<u8>) {
    let prefix = if how == KEPT { 6 } else { 4 };
    integer::write(index, prefix, how, out);
    text(value, out);
}

fn named(how: u8, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.push(how);
    text(name, out);
    text(value, out);
}

/// Not Huffman-coded: what is written out is a path with an id and a number.
#[inline]
fn text(value: &[u8], out: &mut Vec<u8>) {
    integer::write(value.len() as u64, 7, 0, out);
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GET: &[u8] =
        b"GET /a HTTP/1.1\r\nhost: shop:8000\r\nX-Tenant: blue\r\ncontent-length: 0\r\n\r\n";

    fn post(id: u64, body: &str) -> Vec<u8> {
        let head = "host: shop:8000\r\nX-Tenant: blue\r\ncontent-type: application/json";
        let length = body.len();
        format!("POST /a/{id} HTTP/1.1\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}").into()
    }

    fn read(decoder: &mut loona_hpack::Decoder<'_>, block: &[u8]) -> Vec<String> {
        let fields = decoder.decode(block).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        fields
            .iter()
            .map(|(name, value)| format!("{}: {}", text(name), text(value)))
            .collect()
    }

    #[test]
    fn another_implementation_reads_what_the_text_says() {
        let mut encoder = RequestEncoder::new(false);
        let mut decoder = loona_hpack::Decoder::new();
        let mut lengths = Vec::new();
        for id in 0..4 {
            let mut block = Vec::new();
            assert_eq!(encoder.encode(GET, &mut block), Ok(&b""[..]));
            assert_eq!(
                read(&mut decoder, &block),
                [
                    ":method: GET",
                    ":scheme: http",
                    ":path: /a",
                    ":authority: shop:8000",
                    "x-tenant: blue"
                ]
            );
            block.clear();
            let request = post(id, "{\"a\": 1}");
            assert_eq!(encoder.encode(&request, &mut block), Ok(&b"{\"a\": 1}"[..]));
            assert_eq!(
                read(&mut decoder, &block),
                [
                    ":method: POST",
                    ":scheme: http",
                    &format!(":path: /a/{id}"),
                    ":authority: shop:8000",
                    "x-tenant: blue",
                    "content-type: application/json",
                    "content-length: 8",
                ]
            );
            lengths.push(block.len());
        }
        assert!(
            lengths[1] < 20,
            "the middle is indices by then: {lengths:?}"
        );
        assert_eq!(lengths[1..], [lengths[1]; 3]);
    }

    #[test]
    fn fields_of_the_connection_stay_behind_and_secrets_out_of_the_table() {
        let mut encoder = RequestEncoder::new(true);
        let request =
            b"DELETE / HTTP/1.1\r\nconnection: close\r\nhost: s\r\nauthorization: Bearer x\r\n\
            content-length: 0\r\ntraceparent: 00-1-2-01\r\n\r\n";
        for _ in 0..2 {
            let mut block = Vec::new();
            encoder.encode(request, &mut block).unwrap();
            let secret = b"\x1f\x08\x08Bearer x";
            assert!(memchr::memmem::find(&block, secret).is_some(), "{block:x?}");
        }
        let mut block = Vec::new();
        let mut decoder = loona_hpack::Decoder::new();
        RequestEncoder::new(true)
            .encode(request, &mut block)
            .unwrap();
        assert_eq!(
            read(&mut decoder, &block),
            [
                ":method: DELETE",
                ":scheme: https",
                ":path: /",
                ":authority: s",
                "authorization: Bearer x",
                "traceparent: 00-1-2-01",
            ]
        );
    }

    #[test]
    fn a_peer_with_a_smaller_table_or_none_is_heeded() {
        let mut encoder = RequestEncoder::new(false);
        let mut decoder = loona_hpack::Decoder::new();
        let request = post(7, "{}");
        let mut expected = Vec::new();
        for size in [4_096, 0, 60, 60, 9_000, 4_096] {
            encoder.resize(size);
            for _ in 0..3 {
                let mut block = Vec::new();
                encoder.encode(&request, &mut block).unwrap();
                let said = read(&mut decoder, &block);
                if expected.is_empty() {
                    expected.clone_from(&said);
                }
                assert_eq!(said, expected, "{size}");
            }
        }
    }

    #[test]
    fn what_is_no_request_is_told() {
        let mut encoder = RequestEncoder::new(false);
        for text in [
            &b""[..],
            b"GET",
            b"GET /",
            b"GET / HTTP/1.1\r\nhost: x",
            b"GET / HTTP/1.1\r\n",
        ] {
            assert_eq!(encoder.encode(text, &mut Vec::new()), Err(NotARequest));
        }
    }

    proptest! {
        /// However many different heads come, in whatever order, each is read as it was written.
        #[test]
        fn many_heads_are_told_apart(
            heads in prop::collection::vec("[a-zA-Z-]{1,12}: [ -~]{0,80}", 1..14),
            order in prop::collection::vec(0_usize..14, 1..60),
        ) {
            let mut encoder = RequestEncoder::new(false);
            let mut decoder = loona_hpack::Decoder::new();
            for (nth, place) in order.into_iter().enumerate() {
                let head = &heads[place % heads.len()];
                let (name, value) = head.split_once(": ").unwrap();
                let request = format!(
                    "PUT /{nth} HTTP/1.1\r\nhost: h\r\n{head}\r\ncontent-length: 1\r\n\r\nx"
                );
                let mut block = Vec::new();
                prop_assert_eq!(encoder.encode(request.as_bytes(), &mut block), Ok(&b"x"[..]));
                let name = name.to_ascii_lowercase();
                let said = read(&mut decoder, &block);
                prop_assert_eq!(&said[2], &format!(":path: /{nth}"));
                if !is_of_connection(name.as_bytes()) && name != "content-length" {
                    prop_assert!(said.contains(&format!("{name}: {}", value.trim())), "{:?}", said);
                }
            }
        }
    }
}
