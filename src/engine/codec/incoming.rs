//! Requests as a server reads them: pure, no I/O, as strict as uvicorn's parser (httptools, which
//! is llhttp) in what it takes for a request.

use super::body_framing::{Chunks, ChunksSoFar, MalformedRequest, decimal};
use memchr::memmem;

/// Longest request line and header fields together.
const MAX_HEAD_BYTES: usize = 64 << 10;
const MAX_HEADERS: usize = 100;
/// A head that is longer and not whole is looked at again only when another line of it has come.
const KEEN_BYTES: usize = 1 << 10;

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
                Chunks::of(framed).for_each(|chunk| target.extend_from_slice(chunk));
            }
        }
    }
}

/// Reads the request at the start of `buffer`.
#[must_use]
pub fn parse(buffer: &[u8]) -> Incoming<'_> {
    RequestProgress::default().parse(buffer)
}

/// How far a request that comes in pieces has been read, so that no piece is read twice: a body in
/// chunks of a byte would cost the square of its length.
#[derive(Debug, Default)]
pub struct RequestProgress {
    /// Bytes of a head that is not whole.
    head_bytes: usize,
    body: Option<AwaitedBody>,
}

/// A body whose head is there.
#[derive(Debug)]
struct AwaitedBody {
    /// Where it starts in the buffer.
    start: usize,
    awaits_continue: bool,
    framing: RequestFraming,
}

impl RequestProgress {
    /// Reads the request at the start of `buffer`, which is the one of the call before with more bytes
    /// at its end, as long as that gave [`Incoming::Partial`].
    pub fn parse<'a>(&mut self, buffer: &'a [u8]) -> Incoming<'a> {
        self.resume(buffer).unwrap_or(Incoming::Bad)
    }

    fn resume<'a>(&mut self, buffer: &'a [u8]) -> Result<Incoming<'a>, MalformedRequest> {
        let Some(mut body) = self.body.take() else {
            return self.parse_all(buffer, None);
        };
        let framed = buffer.get(body.start..).unwrap_or_default();
        match body.framing.end(framed)? {
            Some(body_bytes) => self.parse_all(buffer, Some(body_bytes)),
            None => {
                let awaits_continue = body.awaits_continue;
                self.body = Some(body);
                Ok(Incoming::Partial { awaits_continue })
            }
        }
    }

    /// Whether what came since the last look cannot have ended a head.
    fn is_still_in_a_line(&mut self, buffer: &[u8]) -> bool {
        let before = std::mem::replace(&mut self.head_bytes, 0);
        let new = buffer.get(before..).unwrap_or_default();
        let is_so = before >= KEEN_BYTES
            && buffer.len() <= MAX_HEAD_BYTES
            && memchr::memchr(b'\n', new).is_none();
        if is_so {
            self.head_bytes = buffer.len();
        }
        is_so
    }

    /// Reads head and body; of the latter `body_bytes` are known to be sound and whole.
    fn parse_all<'a>(
        &mut self,
        buffer: &'a [u8],
        body_bytes: Option<usize>,
    ) -> Result<Incoming<'a>, MalformedRequest> {
        const MORE: Incoming<'_> = Incoming::Partial {
            awaits_continue: false,
        };
        if self.is_still_in_a_line(buffer) {
            return Ok(MORE);
        }
        let Some((head_bytes, mut request, mut framing)) = parse_head(buffer)? else {
            self.head_bytes = buffer.len();
            return Ok(MORE);
        };
        let rest = &buffer[head_bytes..];
        let body_bytes = match body_bytes {
            Some(known) => Some(known),
            None => framing.end(rest)?,
        };
        let Some(body_bytes) = body_bytes else {
            let awaits_continue = request.expects_continue;
            self.body = Some(AwaitedBody {
                start: head_bytes,
                awaits_continue,
                framing,
            });
            return Ok(Incoming::Partial { awaits_continue });
        };
        request.body = match framing {
            RequestFraming::Length(_) => Body::Whole(&rest[..body_bytes]),
            RequestFraming::Chunked(_) => Body::Chunked(&rest[..body_bytes]),
        };
        Ok(Incoming::Complete {
            request,
            consumed: head_bytes + body_bytes,
        })
    }
}

/// The head at the start of `buffer`: the bytes that it takes, the request without its body, and how that
/// comes; `None` when it is not whole.
fn parse_head(
    buffer: &[u8],
) -> Result<Option<(usize, Request<'_>, RequestFraming)>, MalformedRequest> {
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
    let Some(end) = end else { return Ok(None) };
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
    Ok(Some((start + end, request, framing)))
}

fn has_bare_line_feed(head: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', head).any(|at| at == 0 || head[at - 1] != b'\r')
}

#[derive(Debug)]
enum RequestFraming {
    Length(usize),
    Chunked(ChunksSoFar),
}

impl RequestFraming {
    /// Bytes of the body at the start of `bytes`; `None` when some are missing.
    fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, MalformedRequest> {
        match self {
            Self::Length(length) => Ok((bytes.len() >= *length).then_some(*length)),
            Self::Chunked(so_far) => so_far.end(bytes),
        }
    }
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
        (None, true) => Ok(RequestFraming::Chunked(ChunksSoFar::default())),
        (length, false) => Ok(RequestFraming::Length(length.unwrap_or(0))),
    }
}

#[cfg(test)]
#[path = "incoming/tests.rs"]
mod tests;
