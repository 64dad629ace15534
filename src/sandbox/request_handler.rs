//! Answers requests, one after the other: finds the endpoint, reads the body, asks the shop,
//! writes the reply. Pure of sockets.

use super::connection_table::Date;
use super::next::AfterReply;
use super::refusal::Refusal;
use super::reply::{ReplyHeader, TEXT};
use super::request_target::{decode, split_target};
use super::router::{Route, route};
use super::schema::{BodyReader, Fields};
use super::shop::{Endpoint, EndpointAnswer, EndpointCall, Pending, Shop, Work};
use crate::engine::codec::Request;
use crate::shop::Generation;
use std::net::SocketAddr;
use std::sync::Arc;

/// What the loser of a version race is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflicts {
    /// As today's shop does: the bare 500, and the end of the connection.
    #[default]
    Crash,
    /// As its documentation has it: 409.
    Conflict,
    /// The bare 500, and what the loser has written stays all the same: measured of today's shop with
    /// several API workers, which writes tables and outbox before it appends the event. Apart, since
    /// changes that were accepted are lost by it.
    CrashWritten,
}

/// Where one server thread answers requests, one after the other.
pub struct RequestHandler {
    shop: Arc<Shop>,
    /// The shard that new things go to.
    home: usize,
    conflicts: Conflicts,
    reader: BodyReader,
    /// A body freed of its chunk framing.
    body: Vec<u8>,
    address: SocketAddr,
    scheme: &'static str,
}

/// Where replies go, and what they have in common.
pub struct Outgoing<'a> {
    /// The date that replies carry.
    pub date: &'a Date,
    /// The replies.
    pub bytes: &'a mut Vec<u8>,
}

/// What a request has come to; nothing is committed yet.
pub enum Considered {
    Preflight,
    /// Only this method is allowed.
    WrongMethod(&'static str),
    Redirect(String),
    Unknown,
    Handled(Result<EndpointAnswer, Refusal>, Pending),
}

impl RequestHandler {
    /// A handler of `shop`, which is reached at `address`.
    pub fn new(shop: Arc<Shop>, home: usize, conflicts: Conflicts, address: SocketAddr) -> Self {
        Self {
            shop,
            home,
            conflicts,
            reader: BodyReader::default(),
            body: Vec::new(),
            address,
            scheme: "http",
        }
    }

    /// The same, reached by another scheme than `http`.
    pub fn with_scheme(self, scheme: &'static str) -> Self {
        Self { scheme, ..self }
    }

    /// Answers `request` in one step.
    pub fn answer(&mut self, request: &Request<'_>, out: &mut Outgoing<'_>) -> AfterReply {
        let considered = self.consider(request);
        self.settle(request, considered, out)
    }

    /// Finds out what `request` comes to, on the state that the shop has now.
    pub fn consider(&mut self, request: &Request<'_>) -> Considered {
        if is_preflight(request) {
            return Considered::Preflight;
        }
        let (path, query) = split_target(request.target);
        match route(self.shop.generation(), request.method, &decode(path)) {
            Route::Found(endpoint, parameters) => {
                let shop = Arc::clone(&self.shop);
                let mut work = Work::new(&shop, self.home);
                let parameters = parameters.values();
                let result = self.carry_out(request, endpoint, parameters, query, &mut work);
                Considered::Handled(result, work.into_pending())
            }
            Route::WrongMethod(allowed) => Considered::WrongMethod(allowed),
            Route::Redirect(path) => Considered::Redirect(path),
            Route::Unknown => Considered::Unknown,
        }
    }

    /// Commits what `request` has come to, and writes the reply.
    pub fn settle(
        &mut self,
        request: &Request<'_>,
        considered: Considered,
        out: &mut Outgoing<'_>,
    ) -> AfterReply {
        let cors = cors_lines(request);
        let mut made_up = [0; 36];
        let request_id = match self.shop.generation() {
            Generation::Five => None,
            Generation::Today => Some(request_id(request, &mut made_up)),
        };
        let mut reply = ReplyWriter {
            request,
            cors: &cors,
            request_id,
            out,
        };
        match considered {
            Considered::Preflight => reply.preflight(),
            Considered::Handled(Err(refusal), _) => return reply.refusal(&refusal),
            Considered::Handled(Ok(answer), pending) => match pending.commit(&self.shop) {
                Ok(()) => reply.answer(&answer),
                Err(late) => {
                    return reply.refusal(&match self.conflicts {
                        Conflicts::Crash | Conflicts::CrashWritten => Refusal::Crash,
                        Conflicts::Conflict => Refusal::Late(late),
                    });
                }
            },
            Considered::WrongMethod(allowed) => reply.wrong_method(allowed),
            Considered::Redirect(path) => {
                let (_, query) = split_target(request.target);
                let location = self.location(request, &path, query);
                reply.redirect(&location);
            }
            Considered::Unknown => reply.json(404, r#"{"detail":"Not Found"}"#),
        }
        AfterReply::Receive
    }

    /// Where `request` finds `path`.
    fn location(&self, request: &Request<'_>, path: &str, query: Option<&str>) -> String {
        let host = match request.header("host") {
            Some(host) => String::from_utf8_lossy(host).into_owned(),
            None => self.address.to_string(),
        };
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        format!("{}://{host}{path}{query}", self.scheme)
    }

    fn carry_out(
        &mut self,
        request: &Request<'_>,
        endpoint: &Endpoint,
        parameters: &[&str],
        query: Option<&str>,
        work: &mut Work<'_>,
    ) -> Result<EndpointAnswer, Refusal> {
        let without_body = EndpointCall {
            parameters,
            fields: &Fields::NONE,
            query,
        };
        let Some(schema) = endpoint.schema_of(work.generation()) else {
            return (endpoint.handler)(work, &without_body);
        };
        let body = request.body.contiguous(&mut self.body);
        if endpoint.body_is_optional && matches!(body.trim_ascii(), b"" | b"null") {
            return (endpoint.handler)(work, &without_body);
        }
        let admit = || match request.header("x-gateway-signature") {
            _ if !endpoint.signed => Ok(()),
            Some(SIGNATURE) => Ok(()),
            _ => Err(Refusal::Unsigned),
        };
        self.reader
            .read(schema, body, request.content_type, admit, |fields| {
                let call = EndpointCall {
                    fields,
                    ..without_body
                };
                (endpoint.handler)(work, &call)
            })
    }
}

/// What the gateway signs with.
const SIGNATURE: &[u8] = b"test-signature";

fn is_preflight(request: &Request<'_>) -> bool {
    request.method == "OPTIONS"
        && request.header("origin").is_some()
        && request.header("access-control-request-method").is_some()
}

/// The request's own identifier, or a new one: a UUIDv4, made up in `text`.
fn request_id<'a>(request: &'a Request<'a>, text: &'a mut [u8; 36]) -> &'a [u8] {
    match request.header("x-request-id") {
        Some(id) if !id.is_empty() => id,
        _ => {
            let random = fastrand::u128(..).to_be_bytes();
            let id = uuid::Builder::from_random_bytes(random).into_uuid();
            id.hyphenated().encode_lower(text).as_bytes()
        }
    }
}

/// What a browser wants to read; the origin is repeated only to one that sends cookies.
pub fn cors_lines(request: &Request<'_>) -> String {
    let Some(origin) = request.header("origin") else {
        return String::new();
    };
    if request.header("cookie").is_none() {
        return "access-control-allow-origin: *\r\naccess-control-allow-credentials: true\r\n"
            .into();
    }
    format!(
        "access-control-allow-origin: {}\r\naccess-control-allow-credentials: true\r\nvary: Origin\r\n",
        String::from_utf8_lossy(origin)
    )
}

/// The reply to one request.
struct ReplyWriter<'a, 'o> {
    request: &'a Request<'a>,
    cors: &'a str,
    request_id: Option<&'a [u8]>,
    out: &'a mut Outgoing<'o>,
}

impl ReplyWriter<'_, '_> {
    fn write(&mut self, head: ReplyHeader<'_>, body: &str) {
        let head = ReplyHeader {
            cors: self.cors,
            // What crashed was cut off before the identifier is written.
            request_id: self.request_id.filter(|_| head.status != 500),
            announces_close: self.request.asks_close,
            ..head
        };
        head.write(self.out.date, self.out.bytes);
        if self.request.method != "HEAD" {
            self.out.bytes.extend_from_slice(body.as_bytes());
        }
    }

    fn json(&mut self, status: u16, body: &str) {
        self.write(ReplyHeader::json(status, body.len()), body);
    }

    /// A crash ends the connection, without a word of warning.
    fn refusal(&mut self, refusal: &Refusal) -> AfterReply {
        let body = refusal.body();
        if *refusal == Refusal::Crash {
            let head = ReplyHeader {
                media_type: Some(TEXT),
                ..ReplyHeader::json(500, body.len())
            };
            self.write(head, &body);
            return AfterReply::Close;
        }
        self.json(refusal.status(), &body);
        AfterReply::Receive
    }

    fn answer(&mut self, answer: &EndpointAnswer) {
        match answer {
            EndpointAnswer::Ok(body) => self.json(200, body),
            EndpointAnswer::Told(body) => self.json(200, body),
            EndpointAnswer::Made(body) => self.json(201, body),
            EndpointAnswer::Created(field, id) => {
                let mut text = [0; 36];
                let id = id.hyphenated().encode_lower(&mut text);
                let length = r#"{"":""}"#.len() + field.len() + id.len();
                self.write(ReplyHeader::json(201, length), "{\"");
                for piece in [field, "\":\"", id, "\"}"] {
                    self.out.bytes.extend_from_slice(piece.as_bytes());
                }
            }
        }
    }

    fn wrong_method(&mut self, allowed: &str) {
        let body = r#"{"detail":"Method Not Allowed"}"#;
        let head = ReplyHeader {
            leading: &format!("allow: {allowed}\r\n"),
            ..ReplyHeader::json(405, body.len())
        };
        self.write(head, body);
    }

    fn redirect(&mut self, location: &str) {
        let head = ReplyHeader {
            media_type: None,
            location: Some(location),
            ..ReplyHeader::json(307, 0)
        };
        self.write(head, "");
    }

    /// Everything is allowed. The fields follow the measured reply, in its order.
    fn preflight(&mut self) {
        let header = |name| self.request.header(name).map(String::from_utf8_lossy);
        let origin = header("origin").unwrap_or_default();
        let wanted = header("access-control-request-headers");
        let headers = wanted.map_or(String::new(), |names| {
            format!("access-control-allow-headers: {names}\r\n")
        });
        let fields = format!(
            "vary: Origin\r\naccess-control-allow-methods: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\naccess-control-max-age: 600\r\naccess-control-allow-credentials: true\r\naccess-control-allow-origin: {origin}\r\n{headers}"
        );
        let head = ReplyHeader {
            media_type: Some(TEXT),
            leading: &fields,
            request_id: self.request_id,
            announces_close: self.request.asks_close,
            ..ReplyHeader::json(200, 2)
        };
        head.write(self.out.date, self.out.bytes);
        self.out.bytes.extend_from_slice(b"OK");
    }
}
