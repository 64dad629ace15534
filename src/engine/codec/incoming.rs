//! Requests as a server reads them: pure, no I/O, as strict as uvicorn's parser (httptools, which
//! is llhttp) in what it takes for a request.

use memchr::memmem;

/// Longest request line and header fields together.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Longest body, its chunk framing included but for 64 KiB of extensions and trailers.
pub const MAX_BODY_BYTES: usize = 64 << 20;
const MAX_HEADERS: usize = 100;
/// All chunk extensions and trailers of a request; all it takes beyond the largest body.
const MAX_EXTRA_BYTES: usize = MAX_HEAD_BYTES;
/// A chunk's size line with its extensions, or one trailer field.
const MAX_CHUNK_LINE_BYTES: usize = 4 << 10;
/// Digits that a chunk's size needs at most.
const MOST_SIZE_DIGITS: usize = 16;

/// The methods that llhttp knows; another word is not a request. CONNECT is left out: a server
/// that is no proxy cannot answer it.
const METHODS: &[&str] = &[
    "POST",
    "PUT",
    "GET",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "COPY",
    "LOCK",
    "MKCOL",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "SEARCH",
    "UNLOCK",
    "BIND",
    "REBIND",
    "UNBIND",
    "ACL",
    "REPORT",
    "MKACTIVITY",
    "CHECKOUT",
    "MERGE",
    "M-SEARCH",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "PURGE",
    "MKCALENDAR",
    "LINK",
    "UNLINK",
    "SOURCE",
    "QUERY",
];

/// What the bytes received so far hold.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A whole request.
    Complete {
        /// The request.
        request: Request<'a>,
        /// Bytes that it took, counted from the start of the buffer.
        consumed: usize,
    },
    /// More bytes are needed.
    Partial {
        /// The head is there and the client waits for `100 Continue` before it sends the body.
        awaits_continue: bool,
    },
    /// Not a request, or larger than the limits: the connection cannot go on.
    Bad,
}

/// One request, borrowed from the buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Method, upper case.
    pub method: &'a str,
    /// Request target as sent: path with query, or an absolute address.
    pub target: &'a str,
    /// The connection is to be closed after the reply: `Connection: close`, spelled exactly so
    /// (uvicorn takes no other spelling and no list, measured).
    pub asks_close: bool,
    /// An HTTP/1.0 request: the connection is closed after the reply in any case.
    pub is_http_10: bool,
    /// The client waits for `100 Continue`.
    pub expects_continue: bool,
    /// Media type of the body, when given.
    pub content_type: Option<&'a [u8]>,
    /// The body.
    pub body: Body<'a>,
    fields: &'a [u8],
}

/// A request's body.
#[derive(Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// As it stands in the buffer.
    Whole(&'a [u8]),
    /// With chunk framing, known to be sound.
    Chunked(&'a [u8]),
}

impl Request<'_> {
    /// Value of the first header field called `name`, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.fields.split(|&byte| byte == b'\n').find_map(|line| {
            let colon = memchr::memchr(b':', line)?;
            line[..colon]
                .eq_ignore_ascii_case(name.as_bytes())
                .then(|| line[colon + 1..].trim_ascii())
        })
    }
}

impl Body<'_> {
    /// The body in one piece: where it stands, or freed of its framing in `scratch`.
    #[must_use]
    pub fn contiguous<'s>(&'s self, scratch: &'s mut Vec<u8>) -> &'s [u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Chunked(_) => {
                scratch.clear();
                self.append_to(scratch);
                scratch
            }
        }
    }

    fn append_to(&self, target: &mut Vec<u8>) {
        match self {
            Self::Whole(bytes) => target.extend_from_slice(bytes),
            Self::Chunked(framed) => {
                let mut at = 0;
                while let Ok(Some(chunk)) = next_chunk(framed, at) {
                    if chunk.data.is_empty() {
                        return;
                    }
                    target.extend_from_slice(chunk.data);
                    at = chunk.end;
                }
            }
        }
    }
}

/// Not a request.
#[derive(Debug, PartialEq, Eq)]
struct MalformedRequest;

/// Reads the request at the start of `buffer`.
#[must_use]
pub fn parse(buffer: &[u8]) -> Incoming<'_> {
    parse_head(buffer).unwrap_or(Incoming::Bad)
}

fn parse_head(buffer: &[u8]) -> Result<Incoming<'_>, MalformedRequest> {
    const MORE: Incoming<'_> = Incoming::Partial {
        awaits_continue: false,
    };
    // Empty lines before a request are skipped (RFC 9112 §2.2), as llhttp does.
    let start = buffer
        .iter()
        .position(|byte| !b"\r\n".contains(byte))
        .unwrap_or(buffer.len());
    if start > MAX_HEAD_BYTES {
        return Err(MalformedRequest);
    }
    let bytes = &buffer[start..];
    let end = memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4);
    let head = &bytes[..end.unwrap_or(bytes.len())];
    if head.len() > MAX_HEAD_BYTES || has_bare_line_feed(head) {
        return Err(MalformedRequest);
    }
    let mut fields = [const { std::mem::MaybeUninit::uninit() }; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut []);
    let status = parsed
        .parse_with_uninit_headers(head, &mut fields)
        .map_err(|_| MalformedRequest)?;
    if let Some(method) = parsed.method
        && !METHODS.contains(&method)
    {
        return Err(MalformedRequest);
    }
    let Some(end) = end else { return Ok(MORE) };
    if status != httparse::Status::Complete(end) {
        return Err(MalformedRequest);
    }
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version)
    else {
        return Err(MalformedRequest);
    };
    let line_end = memchr::memchr(b'\n', head).ok_or(MalformedRequest)? + 1;
    let mut request = Request {
        method,
        target,
        asks_close: false,
        is_http_10: version == 0,
        expects_continue: false,
        content_type: None,
        body: Body::Whole(&[]),
        fields: &head[line_end..],
    };
    let framing = read_fields(&mut request, parsed.headers)?;
    let rest = &bytes[end..];
    let body_bytes = match framing {
        RequestFraming::Length(length) if rest.len() >= length => {
            request.body = Body::Whole(&rest[..length]);
            Some(length)
        }
        RequestFraming::Length(_) => None,
        RequestFraming::Chunked => match chunked_bytes(rest)? {
            Some(framed) => {
                request.body = Body::Chunked(&rest[..framed]);
                Some(framed)
            }
            None => None,
        },
    };
    Ok(match body_bytes {
        Some(body_bytes) => Incoming::Complete {
            request,
            consumed: start + end + body_bytes,
        },
        None => Incoming::Partial {
            awaits_continue: request.expects_continue,
        },
    })
}

fn has_bare_line_feed(head: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', head).any(|at| at == 0 || head[at - 1] != b'\r')
}

enum RequestFraming {
    Length(usize),
    Chunked,
}

fn read_fields<'a>(
    request: &mut Request<'a>,
    fields: &[httparse::Header<'a>],
) -> Result<RequestFraming, MalformedRequest> {
    let mut length = None;
    let mut chunked = false;
    for field in fields {
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        // The length tells most of the names of no interest apart from these.
        match field.name.len() {
            6 if is("expect") => {
                request.expects_continue = field.value.eq_ignore_ascii_case(b"100-continue");
            }
            10 if is("connection") => request.asks_close = field.value == b"close",
            12 if is("content-type") => request.content_type = Some(field.value),
            14 if is("content-length") && length.is_some() => return Err(MalformedRequest),
            14 if is("content-length") => length = Some(decimal(field.value)?),
            17 if is("transfer-encoding") => {
                if chunked || !field.value.eq_ignore_ascii_case(b"chunked") {
                    return Err(MalformedRequest);
                }
                chunked = true;
            }
            _ => {}
        }
    }
    match (length, chunked) {
        (Some(_), true) => Err(MalformedRequest),
        (None, true) => Ok(RequestFraming::Chunked),
        (length, false) => Ok(RequestFraming::Length(length.unwrap_or(0))),
    }
}

fn decimal(text: &[u8]) -> Result<usize, MalformedRequest> {
    digits(text, 10)
}

fn digits(text: &[u8], radix: u32) -> Result<usize, MalformedRequest> {
    if text.is_empty() {
        return Err(MalformedRequest);
    }
    text.iter().try_fold(0_usize, |value, &byte| {
        let digit = char::from(byte).to_digit(radix).ok_or(MalformedRequest)?;
        let value = value * radix as usize + digit as usize;
        (value <= MAX_BODY_BYTES)
            .then_some(value)
            .ok_or(MalformedRequest)
    })
}

struct Chunk<'a> {
    /// Empty in the last chunk.
    data: &'a [u8],
    /// Where the next chunk, or the trailer, starts.
    end: usize,
    /// Bytes of its size line beyond the size: extensions, blanks, needless zeros.
    extra: usize,
}

/// The chunk at `at`; `None` when it has not arrived in full.
fn next_chunk(framed: &[u8], at: usize) -> Result<Option<Chunk<'_>>, MalformedRequest> {
    let Some(line_end) = line_end(framed, at)? else {
        return Ok(None);
    };
    let line = &framed[at..line_end - 2];
    let size = line.split(|&byte| byte == b';').next().unwrap_or(line);
    let size = digits(size.trim_ascii_end(), 16)?;
    let extra = line.len().saturating_sub(MOST_SIZE_DIGITS);
    if size == 0 {
        return Ok(Some(Chunk {
            data: &[],
            end: line_end,
            extra,
        }));
    }
    let data_end = line_end + size;
    if data_end > MAX_BODY_BYTES + MAX_EXTRA_BYTES {
        return Err(MalformedRequest);
    }
    let after = framed.get(data_end..).unwrap_or_default();
    match after {
        [b'\r', b'\n', ..] => Ok(Some(Chunk {
            data: &framed[line_end..data_end],
            end: data_end + 2,
            extra,
        })),
        [] | [b'\r'] => Ok(None),
        _ => Err(MalformedRequest),
    }
}

/// Bytes of a whole chunked body with its trailer; `None` when some are missing.
fn chunked_bytes(framed: &[u8]) -> Result<Option<usize>, MalformedRequest> {
    let mut at = 0;
    let mut extra = 0;
    let limit =
        |at: usize, extra: usize| match extra > MAX_EXTRA_BYTES || at - extra > MAX_BODY_BYTES {
            true => Err(MalformedRequest),
            false => Ok(()),
        };
    loop {
        let Some(chunk) = next_chunk(framed, at)? else {
            return Ok(None);
        };
        at = chunk.end;
        extra += chunk.extra;
        limit(at, extra)?;
        if chunk.data.is_empty() {
            break;
        }
    }
    loop {
        let Some(line_end) = line_end(framed, at)? else {
            return Ok(None);
        };
        extra += line_end - at;
        limit(line_end, extra)?;
        let is_last = line_end == at + 2;
        at = line_end;
        if is_last {
            return Ok(Some(at));
        }
    }
}

/// Where the line at `at` ends, its CRLF included.
fn line_end(bytes: &[u8], at: usize) -> Result<Option<usize>, MalformedRequest> {
    let rest = &bytes[at..];
    let window = &rest[..rest.len().min(MAX_CHUNK_LINE_BYTES)];
    match memchr::memchr(b'\n', window) {
        Some(feed) if feed > 0 && rest[feed - 1] == b'\r' => Ok(Some(at + feed + 1)),
        Some(_) => Err(MalformedRequest),
        None if rest.len() >= MAX_CHUNK_LINE_BYTES => Err(MalformedRequest),
        None => Ok(None),
    }
}

#[cfg(test)]
#[path = "incoming/tests.rs"]
mod tests;
