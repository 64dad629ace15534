//! Requests and replies between HTTP/2 and the text of HTTP/1.1, which is what the shop reads and
//! writes: so both versions meet the same rules.

use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// Fields of a reply, at most: those that the shop writes.
const MAX_FIELDS: usize = 16;

/// The request as HTTP/1.1 has it.
pub fn request_text(head: &Parts, body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(512 + body.len());
    text.extend_from_slice(head.method.as_str().as_bytes());
    text.push(b' ');
    match head.uri.path_and_query() {
        Some(path) => text.extend_from_slice(path.as_str().as_bytes()),
        // Only `CONNECT` has none.
        None => text.extend_from_slice(authority(head)),
    }
    text.extend_from_slice(b" HTTP/1.1\r\n");
    let mut field = |name: &str, value: &[u8]| {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value);
        text.extend_from_slice(b"\r\n");
    };
    if !head.headers.contains_key(HOST) {
        field(HOST.as_str(), authority(head));
    }
    for (name, value) in &head.headers {
        // The body is there in full, and a cookie may stand in several pieces (RFC 9113 §8.2.3).
        if ![CONTENT_LENGTH, EXPECT, COOKIE].contains(name) {
            field(name.as_str(), value.as_bytes());
        }
    }
    let cookies = head.headers.get_all(COOKIE).iter();
    let cookies: Vec<&[u8]> = cookies.map(HeaderValue::as_bytes).collect();
    if !cookies.is_empty() {
        field(COOKIE.as_str(), &cookies.join(&b"; "[..]));
    }
    if !body.is_empty() || head.headers.contains_key(CONTENT_LENGTH) {
        let length = itoa::Buffer::new().format(body.len()).to_owned();
        field(CONTENT_LENGTH.as_str(), length.as_bytes());
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(body);
    text
}

fn authority(head: &Parts) -> &[u8] {
    head.uri
        .authority()
        .map_or(b"", |authority| authority.as_str().as_bytes())
}

/// The head of the reply in `text`, and how many bytes of the text it takes; `None` when it is none,
/// which the shop does not write.
pub fn response(text: &[u8]) -> Option<(Response<()>, usize)> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(head_bytes) = parsed.parse(text).ok()? else {
        return None;
    };
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(parsed.code?).ok()?;
    let headers = response.headers_mut();
    headers.reserve(parsed.headers.len());
    for field in &*parsed.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        // It is about a connection of HTTP/1.1 (RFC 9113 §8.2.2).
        if name != CONNECTION {
            headers.append(name, HeaderValue::from_bytes(field.value).ok()?);
        }
    }
    Some((response, head_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn text(request: Request<()>, body: &str) -> String {
        let (head, ()) = request.into_parts();
        String::from_utf8(request_text(&head, body.as_bytes())).unwrap()
    }

    #[test]
    fn a_request_is_written_as_over_http_11() {
        let request = Request::post("https://shop.test:8443/orders?page=2")
            .header("content-length", "2")
            .header("cookie", "a=1")
            .header("x-request-id", "7")
            .header("cookie", "b=2")
            .header("expect", "100-continue");
        assert_eq!(
            text(request.body(()).unwrap(), "{}"),
            "POST /orders?page=2 HTTP/1.1\r\nhost: shop.test:8443\r\nx-request-id: 7\r\ncookie: a=1; b=2\r\ncontent-length: 2\r\n\r\n{}"
        );
        let request = Request::get("/health").header("host", "shop");
        assert_eq!(
            text(request.body(()).unwrap(), ""),
            "GET /health HTTP/1.1\r\nhost: shop\r\n\r\n"
        );
        let request = Request::connect("shop.test:443").body(()).unwrap();
        assert!(text(request, "").starts_with("CONNECT shop.test:443 HTTP/1.1\r\n"));
    }

    #[test]
    fn a_reply_keeps_everything_but_what_is_about_its_connection() {
        let text = b"HTTP/1.1 405 Method Not Allowed\r\nserver: uvicorn\r\nallow: POST\r\nconnection: close\r\n\r\n{}";
        let (response, head_bytes) = response(text).unwrap();
        assert_eq!(response.status(), 405);
        let fields: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(fields, ["server", "allow"]);
        assert_eq!(&text[head_bytes..], b"{}");
        assert!(super::response(b"HTTP/1.1 200 OK\r\n").is_none());
    }
}
