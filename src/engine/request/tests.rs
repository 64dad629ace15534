//! Heads with and without ids and bodies, byte by byte.

use super::*;
use crate::engine::Method;
use crate::stats::{Outcome, Reason};

const fn operation(method: Method, path: &'static str) -> Operation {
    Operation {
        method,
        path,
        success: 200,
        id_field: None,
        headers: &[],
        judge: |_, _| (Outcome::Failed, Reason::new("no")),
        ..Operation::PLAIN
    }
}

static CREATE: Operation = operation(Method::Post, "/things");
static CLOSE: Operation = operation(Method::Put, "/things/{thing_id}/close");
static HOOK: Operation = Operation {
    headers: &[("x-gateway-signature", "test-signature")],
    ..operation(Method::Post, "/hook")
};
static STEPS: [Step; 3] = [step(0, &CREATE), step(1, &CLOSE), step(2, &HOOK)];

const fn step(index: u16, operation: &'static Operation) -> Step {
    Step {
        index,
        operation,
        name: "name",
        raises: &[],
        stays: 0,
    }
}

fn heads(target: &str) -> PreparedHeads {
    PreparedHeads::new(&STEPS, &Target::parse(target).unwrap()).unwrap()
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_head_with_a_body_says_its_type_and_length() {
    let heads = heads("http://localhost:8000");
    assert_eq!(
        text(|out| heads
            .of(&STEPS[0])
            .append(None, &Values::default(), 1_234, out)),
        "POST /things HTTP/1.1\r\nhost: localhost:8000\r\n\
         content-type: application/json\r\ncontent-length: 1234\r\n\r\n"
    );
}

#[test]
fn an_id_goes_into_the_path() {
    let heads = heads("http://[::1]:8000/shop/");
    let id = Id::new(b"t-1").unwrap();
    assert_eq!(
        text(|out| heads
            .of(&STEPS[1])
            .append_without_body(Some(&id), &Values::default(), out)),
        "PUT /shop/things/t-1/close HTTP/1.1\r\nhost: [::1]:8000\r\ncontent-length: 0\r\n\r\n"
    );
}

#[test]
fn further_headers_are_sent() {
    let heads = heads("http://localhost");
    let head = text(|out| heads.of(&STEPS[2]).append(None, &Values::default(), 2, out));
    assert!(
        head.contains("\r\nx-gateway-signature: test-signature\r\n"),
        "{head}"
    );
}

#[test]
fn heads_parse_as_http() {
    let heads = heads("http://localhost:8000");
    let head = text(|out| heads.of(&STEPS[2]).append(None, &Values::default(), 2, out));
    let mut headers = [httparse::EMPTY_HEADER; 8];
    let mut request = httparse::Request::new(&mut headers);
    assert!(request.parse(head.as_bytes()).unwrap().is_complete());
    assert_eq!(
        (request.method, request.path),
        (Some("POST"), Some("/hook"))
    );
}

#[test]
fn values_go_into_path_query_and_headers() {
    static TEMPLATE: HeadTemplate = HeadTemplate {
        path: &[
            HeadPart::Text("/users/"),
            HeadPart::Value(0),
            HeadPart::Text("/orders?q="),
            HeadPart::Value(1),
        ],
        headers: &[
            (
                "authorization",
                &[HeadPart::Text("Bearer "), HeadPart::Value(1)],
            ),
            ("accept", &[HeadPart::Text("text/plain")]),
        ],
    };
    static READ: Operation = Operation {
        template: Some(&TEMPLATE),
        ..operation(Method::Get, "/users/{user}/orders?q={token}")
    };
    static NEXT: Operation = Operation {
        template: Some(&HeadTemplate {
            path: &[HeadPart::Value(2), HeadPart::Text("/lines")],
            headers: &[],
        }),
        ..operation(Method::Head, "{cart}/lines")
    };
    static FORM: Operation = Operation {
        template: Some(&HeadTemplate {
            path: &[HeadPart::Text("/{form}")],
            headers: &[("Content-Type", &[HeadPart::Text("text/x")])],
        }),
        ..operation(Method::Post, "/{form}")
    };
    let mut values = Values::new(3);
    assert!(values.set(0, b"u-1", false) && values.set(1, b"a b\r\nc: d", false));
    assert!(values.set(2, b"http://shop.test/api/carts/7", false));
    let target = Target::parse("http://shop.test/api").unwrap();
    let steps = [step(0, &READ), step(1, &FORM), step(2, &NEXT)];
    let heads = PreparedHeads::new(&steps, &target).unwrap();
    assert_eq!(
        text(|out| heads.of(&steps[0]).append_without_body(None, &values, out)),
        "GET /api/users/u-1/orders?q=a%20b%0D%0Ac%3A%20d HTTP/1.1\r\nhost: shop.test\r\n\
         authorization: Bearer a bc: d\r\naccept: text/plain\r\n\r\n"
    );
    assert_eq!(
        text(|out| heads.of(&steps[2]).append_without_body(None, &values, out)),
        "HEAD /api/carts/7/lines HTTP/1.1\r\nhost: shop.test\r\n\r\n"
    );
    assert_eq!(
        text(|out| heads.of(&steps[1]).append(None, &values, 3, out)),
        "POST /api/{form} HTTP/1.1\r\nhost: shop.test\r\nContent-Type: text/x\r\n\
         content-length: 3\r\n\r\n"
    );
}

#[test]
fn malformed_paths_are_refused() {
    static TWO: Operation = operation(Method::Put, "/a/{b}/c/{d}");
    static OPEN: Operation = operation(Method::Put, "/a/{b/c");
    let target = Target::parse("http://localhost").unwrap();
    for malformed in [&TWO, &OPEN] {
        let error = PreparedHeads::new(&[step(0, malformed)], &target).unwrap_err();
        assert_eq!(error.path, malformed.path);
    }
}
