//! The texts of a witness's requests, and which of them are requests at all.

use super::replay_values::Renewed;
use crate::plan::Target;
use crate::stats::WitnessExchange;
use std::fmt::Write;

/// The request of an exchange, with this path, these headers and this body.
pub(super) fn request_text(exchange: &WitnessExchange, sent: &Renewed, target: &Target) -> Vec<u8> {
    let Renewed {
        path,
        headers,
        body,
    } = sent;
    let mut text = format!(
        "{} {path} HTTP/1.1\r\n{}connection: close\r\n",
        exchange.method,
        target.head_lines()
    );
    let given = &target.headers;
    let own = headers.iter();
    // What is fired again is no part of the trace of then.
    let is_sent = |name: &str| !given.has(name) && name != "traceparent";
    for (name, value) in own.filter(|(name, _)| is_sent(name)) {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let mut names = headers.iter();
    let has_type = names.any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !body.is_empty() && !given.has("content-type") && !has_type {
        text.push_str("content-type: application/json\r\n");
    }
    let _ = write!(text, "content-length: {}\r\n\r\n{body}", body.len());
    text.into_bytes()
}

/// Whether the request of an exchange is one request: a record that somebody sent may hold anything.
pub(super) fn is_one_request(exchange: &WitnessExchange) -> bool {
    let is_token = |text: &str| {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !text.is_empty() && text.bytes().all(is_sign)
    };
    let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_value = |text: &str| !text.bytes().any(|byte| byte.is_ascii_control());
    let frames = [
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "expect",
    ];
    let is_free = |name: &str| !frames.iter().any(|it| it.eq_ignore_ascii_case(name));
    let mut headers = exchange.headers.iter();
    let gave = exchange.gave.iter().all(|(_, id)| is_visible(id));
    is_token(&exchange.method)
        && exchange.path.starts_with('/')
        && is_visible(&exchange.path)
        && gave
        && headers.all(|(name, value)| is_token(name) && is_free(name) && is_value(value))
}

/// The requests that a witness consists of, as a replay sends them to `target`; `None` when one of them
/// would not be one request.
#[doc(hidden)]
#[must_use]
pub fn witness_requests(exchanges: &[WitnessExchange], target: &Target) -> Option<Vec<Vec<u8>>> {
    let text = |exchange: &WitnessExchange| {
        let as_then = Renewed {
            path: exchange.path.clone(),
            headers: exchange.headers.clone(),
            body: exchange.body.clone(),
        };
        request_text(exchange, &as_then, target)
    };
    let is_fit = exchanges.iter().all(is_one_request);
    is_fit.then(|| exchanges.iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_part_of_one_request_is_not_fired() {
        let target = Target::parse("http://localhost:8000").unwrap();
        let fits = |change: &dyn Fn(&mut WitnessExchange)| {
            let mut changed = crate::record::made_up::violation().exchanges.remove(0);
            change(&mut changed);
            witness_requests(&[changed], &target).is_some()
        };
        assert!(fits(&|_| {}));
        assert!(fits(&|it| it.headers = vec![("X-Key".into(), "a b".into())]));
        assert!(fits(&|it| it.body = "{\r\n\r\n}".into()));
        for path in ["", "x", "/a b", "/a\r\nb: c", "/\u{e4}"] {
            assert!(!fits(&|it| it.path = path.into()), "{path:?}");
        }
        for method in ["", "GET /x HTTP/1.1\r\n\r\nPOST", "G T"] {
            assert!(!fits(&|it| it.method = method.into()), "{method:?}");
        }
        for (name, value) in [
            ("", ""),
            ("a:b", ""),
            ("a", "b\r\nc: d"),
            ("Content-Length", "9"),
            ("transfer-encoding", "chunked"),
            ("HOST", "elsewhere"),
        ] {
            let header = || vec![(name.to_owned(), value.to_owned())];
            assert!(!fits(&|it| it.headers = header()), "{name:?} {value:?}");
        }
        assert!(!fits(&|it| it.gave = Some(("id".into(), "\n".into()))));
    }
}
