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
        text(|out| heads.of(&STEPS[0]).append(None, 1_234, out)),
        "POST /things HTTP/1.1\r\nhost: localhost:8000\r\n\
         content-type: application/json\r\ncontent-length: 1234\r\n\r\n"
    );
}

#[test]
fn an_id_goes_into_the_path() {
    let heads = heads("http://[::1]:8000/shop/");
    let id = Id::new(b"t-1").unwrap();
    assert_eq!(
        text(|out| heads.of(&STEPS[1]).append_without_body(Some(&id), out)),
        "PUT /shop/things/t-1/close HTTP/1.1\r\nhost: [::1]:8000\r\ncontent-length: 0\r\n\r\n"
    );
}

#[test]
fn further_headers_are_sent() {
    let heads = heads("http://localhost");
    let head = text(|out| heads.of(&STEPS[2]).append(None, 2, out));
    assert!(
        head.contains("\r\nx-gateway-signature: test-signature\r\n"),
        "{head}"
    );
}

#[test]
fn heads_parse_as_http() {
    let heads = heads("http://localhost:8000");
    let head = text(|out| heads.of(&STEPS[2]).append(None, 2, out));
    let mut headers = [httparse::EMPTY_HEADER; 8];
    let mut request = httparse::Request::new(&mut headers);
    assert!(request.parse(head.as_bytes()).unwrap().is_complete());
    assert_eq!(
        (request.method, request.path),
        (Some("POST"), Some("/hook"))
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
