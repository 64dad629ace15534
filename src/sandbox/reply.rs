//! Replies as uvicorn writes them: the same header fields, in the same order, in lower case.

use super::connection_table::Date;

/// What uvicorn says to bytes that are no request, before it closes the connection.
pub const INVALID_REQUEST: &str = "Invalid HTTP request received.";

/// Media type of nearly every reply.
pub const JSON: &str = "application/json";
/// Media type of plain texts.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// Header of one reply, in the order of its fields on the wire.
pub struct ReplyHeader<'a> {
    /// HTTP status.
    pub status: u16,
    /// Fields that come first, as lines: `allow`, and those of a preflight.
    pub leading: &'a str,
    /// Bytes of the body.
    pub length: usize,
    /// Media type, when there is a body.
    pub media_type: Option<&'a str>,
    /// Where to go instead, of a redirect.
    pub location: Option<&'a str>,
    /// Fields for a request with an `Origin`, as lines.
    pub cors: &'a str,
    /// The identifier of the request, in today's shop.
    pub request_id: Option<&'a [u8]>,
    /// The closing of the connection is announced.
    pub announces_close: bool,
}

impl ReplyHeader<'_> {
    /// A reply with a JSON body and nothing special.
    pub fn json(status: u16, length: usize) -> Self {
        Self {
            status,
            leading: "",
            length,
            media_type: Some(JSON),
            location: None,
            cors: "",
            request_id: None,
            announces_close: false,
        }
    }

    /// Appends the head to `out`.
    pub fn write(&self, date: &Date, out: &mut Vec<u8>) {
        out.extend_from_slice(status_line(self.status).as_bytes());
        out.extend_from_slice(b"\r\ndate: ");
        out.extend_from_slice(date);
        out.extend_from_slice(b"\r\nserver: uvicorn\r\n");
        out.extend_from_slice(self.leading.as_bytes());
        let mut field = |name: &str, value: &str| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        };
        field("content-length: ", itoa::Buffer::new().format(self.length));
        if let Some(media_type) = self.media_type {
            field("content-type: ", media_type);
        }
        if let Some(location) = self.location {
            field("location: ", location);
        }
        out.extend_from_slice(self.cors.as_bytes());
        if let Some(id) = self.request_id {
            out.extend_from_slice(b"x-request-id: ");
            out.extend_from_slice(id);
            out.extend_from_slice(b"\r\n");
        }
        if self.announces_close {
            out.extend_from_slice(b"connection: close\r\n");
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends the reply to bytes that are no request (its fields stand in another order).
pub fn write_invalid_request(date: &Date, out: &mut Vec<u8>) {
    out.extend_from_slice(status_line(400).as_bytes());
    out.extend_from_slice(b"\r\ndate: ");
    out.extend_from_slice(date);
    out.extend_from_slice(b"\r\nserver: uvicorn\r\ncontent-type: ");
    out.extend_from_slice(TEXT.as_bytes());
    out.extend_from_slice(b"\r\ncontent-length: 30\r\nconnection: close\r\n\r\n");
    out.extend_from_slice(INVALID_REQUEST.as_bytes());
}

fn status_line(status: u16) -> &'static str {
    match status {
        200 => "HTTP/1.1 200 OK",
        201 => "HTTP/1.1 201 Created",
        307 => "HTTP/1.1 307 Temporary Redirect",
        400 => "HTTP/1.1 400 Bad Request",
        401 => "HTTP/1.1 401 Unauthorized",
        404 => "HTTP/1.1 404 Not Found",
        405 => "HTTP/1.1 405 Method Not Allowed",
        409 => "HTTP/1.1 409 Conflict",
        422 => "HTTP/1.1 422 Unprocessable Entity",
        _ => "HTTP/1.1 500 Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &Date = b"Sun, 22 Nov 2026 07:26:06 GMT";

    fn written(head: &ReplyHeader<'_>) -> String {
        let mut out = Vec::new();
        head.write(DATE, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_stand_in_uvicorns_order() {
        assert_eq!(
            written(&ReplyHeader::json(201, 54)),
            "HTTP/1.1 201 Created\r\ndate: Sun, 22 Nov 2026 07:26:06 GMT\r\nserver: uvicorn\r\ncontent-length: 54\r\ncontent-type: application/json\r\n\r\n"
        );
        let full = ReplyHeader {
            leading: "allow: POST\r\n",
            announces_close: true,
            cors: "access-control-allow-origin: *\r\n",
            ..ReplyHeader::json(405, 31)
        };
        assert_eq!(
            written(&full),
            "HTTP/1.1 405 Method Not Allowed\r\ndate: Sun, 22 Nov 2026 07:26:06 GMT\r\nserver: uvicorn\r\nallow: POST\r\ncontent-length: 31\r\ncontent-type: application/json\r\naccess-control-allow-origin: *\r\nconnection: close\r\n\r\n"
        );
    }
}
