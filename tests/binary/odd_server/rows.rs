//! What an odd server sends, and what must be told of it.

/// What must become of a request that is answered so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Success.
    Success,
    /// A reply with this status, and a reason that contains this.
    Reply(u16, &'static str),
    /// Nobody knows, because of a reason that contains this.
    Unknown(&'static str),
}

/// What must become of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It carries other requests.
    Goes,
    /// It carries none, whether or not the server closes it.
    Ends,
}

/// One reply.
#[derive(Clone, Debug)]
pub struct Row {
    /// The bytes.
    pub wire: Vec<u8>,
    /// Whether the server closes after them.
    pub closes: bool,
    /// What must be told.
    pub told: Told,
    /// What must become of the connection.
    pub after: After,
}

const BODY: &str = "{\"customer_id\":\"abc-1\"}";
const CREATED: &str = "HTTP/1.1 201 Created\r\n";
/// The limits that are documented.
const HEAD_BYTES: usize = 64 << 10;
const HEADER_LINES: usize = 100;

/// A reply with these header lines, each with its line end, and the usual body.
fn with(lines: &str) -> String {
    format!("{CREATED}{lines}\r\n{BODY}")
}

/// The same with its length.
fn sized(lines: &str) -> String {
    with(&format!("{lines}content-length: {}\r\n", BODY.len()))
}

/// A chunked reply with this line before the body's chunk.
fn chunked(size_line: &str) -> String {
    format!("{CREATED}transfer-encoding: chunked\r\n\r\n{size_line}\r\n{BODY}\r\n0\r\n\r\n")
}

/// A reply without a body.
fn bare(status_line: &str, lines: &str) -> String {
    format!("HTTP/1.1 {status_line}\r\n{lines}\r\n")
}

/// Every reply of the conformance set.
pub fn rows() -> Vec<Row> {
    let length = BODY.len();
    let hex = format!("{length:x}");
    let padded = |bytes: usize| {
        let least = sized("x: \r\n").len() - length;
        sized(&format!("x: {}\r\n", "y".repeat(bytes - least)))
    };
    let went = |wire: String| row(wire, Told::Success, After::Goes);
    let ended = |wire: String| row(wire, Told::Success, After::Ends);
    let broke = |wire: String, why| row(wire, Told::Unknown(why), After::Ends);
    let replied = |wire: String, status, why| row(wire, Told::Reply(status, why), After::Goes);
    let close = |row: Row| Row {
        closes: true,
        ..row
    };
    vec![
        // Lines and limits.
        went(sized("")),
        went(sized("x: a\r\n b\r\n\t\r\n")),
        went(with(&format!("content-length:\r\n {length}\r\n"))),
        went(sized("").replace("\r\n", "\n")),
        went(sized("x : \u{1}\u{7f}\u{b}\r\n")),
        went(sized(&"a: b\r\n".repeat(HEADER_LINES - 1))),
        broke(sized(&"a: b\r\n".repeat(HEADER_LINES)), "100 header lines"),
        went(padded(HEAD_BYTES)),
        broke(padded(HEAD_BYTES + 1), "head is larger than 64 KiB"),
        broke(sized("x: a\0b\r\n"), "`\\x00` (byte 26) in the value"),
        broke(sized("x: a\rb\r\n"), "`\\r` (byte 26) in the value"),
        broke(sized("no colon\r\n"), "a space (byte 24) in the name"),
        broke("220 mail.test ESMTP\r\n".to_owned(), "`2` (byte 0)"),
        broke(sized("").replace("/1.1", "/2"), "`2` (byte 5)"),
        // Whether the connection goes on.
        ended(sized("connection: close\r\nconnection: keep-alive\r\n")),
        ended(sized("connection: x,\r\n close\r\n")),
        went(sized("connection: keep-alive\r\n").replace("/1.1", "/1.0")),
        ended(sized("").replace("/1.1", "/1.0")),
        // Where the body ends.
        went(sized("transfer-encoding: identity\r\n")),
        went(with(&format!("content-length: {length}, {length}\r\n"))),
        broke(sized("content-length: 1\r\n"), "the reply's content-length"),
        broke(with("content-length: -1\r\n"), "the reply's content-length"),
        went(chunked(&hex)),
        went(chunked(&format!("{hex} ;x=\"a;b\";y"))),
        went(chunked(&format!("{hex};{}", "x".repeat(60 << 10)))),
        broke(
            chunked(&format!("{hex};{}", "x".repeat(64 << 10))),
            "chunk extensions",
        ),
        broke(
            chunked("xyz"),
            "malformed chunk in the reply: `x` (byte 52)",
        ),
        ended(sized(
            "transfer-encoding: identity\r\nconnection: close\r\n",
        )),
        close(ended(with(""))),
        close(broke(
            with("content-length: 99\r\n"),
            "closed within the reply",
        )),
        close(broke(String::new(), "closed before the reply")),
        // Replies before the reply, and replies without a body.
        went(bare("100 Continue", "") + &bare("103 Early Hints", "x: y\r\n") + &sized("")),
        broke(bare("101 Switching Protocols", ""), "status 101"),
        replied(bare("204 No Content", ""), 204, ""),
        replied(bare("304 Not Modified", "content-length: 9\r\n"), 304, ""),
        // Elsewhere.
        replied(
            bare(
                "301 X",
                "location: http://127.0.0.1:1/a/customers\r\ncontent-length: 0\r\n",
            ),
            301,
            "redirect, not followed: use -H http://127.0.0.1:1/a",
        ),
        replied(
            bare("307 X", "location: /b/customers\r\ncontent-length: 0\r\n"),
            307,
            "redirect, not followed: add the path /b to -H",
        ),
        replied(
            bare("308 X", "location: /customers/\r\ncontent-length: 0\r\n"),
            308,
            "redirect to /customers/, not followed",
        ),
        // Server errors: after one of them the connection goes on, after the other it does not.
        replied(bare("503 Busy", "content-length: 0\r\n"), 503, ""),
        Row {
            after: After::Ends,
            closes: true,
            ..replied(bare("500 X", "content-length: 0\r\n"), 500, "")
        },
    ]
}

fn row(wire: String, told: Told, after: After) -> Row {
    Row {
        wire: wire.into_bytes(),
        closes: false,
        told,
        after,
    }
}
