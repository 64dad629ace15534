//! How a reply is read: whether it is a success, what is kept of it, and what it means when it is none.

use super::checks::ReadyCheck;
use super::told::{Replied, Told};
use crate::engine::codec::field;
use crate::engine::{KeptFrom, MOST_VALUE_BYTES, Reading, ReplyText, Values};
use crate::stats::{Outcome, Reason};
use crate::workload_file::model::json_pointer::{Found, JsonPointer, unescaped};
use crate::workload_file::model::replies::{Place, Read, ReadFrom, Refusal};
use crate::workload_file::model::statuses::Statuses;
use fastrand::Rng;
use http::StatusCode;
use std::fmt::Write;

/// Longest rest that a reply may ask for, in seconds: an hour.
const LONGEST_REST_S: u64 = 3_600;
const NS_PER_S: u64 = 1_000_000_000;

/// How the replies to one operation are read.
#[derive(Debug)]
pub struct ReplyReading {
    /// Statuses of success.
    pub expect: Statuses,
    /// What other statuses mean.
    pub refusals: Vec<ReadyRefusal>,
    /// Where a reply that is no success says why; nowhere when its status has to do.
    pub reasons: Vec<JsonPointer>,
    /// What is kept.
    pub reads: Vec<Read>,
    /// What a success has to say, compared with what the user knew before.
    pub checks: Vec<ReadyCheck>,
    /// Names of all values, for messages.
    pub names: &'static [String],
    /// Whether `retry-after` is heeded.
    pub heeds_retry_after: bool,
}

/// Statuses that mean no, as replies meet them.
#[derive(Debug)]
pub struct ReadyRefusal {
    refusal: Refusal,
    checks: Vec<ReadyCheck>,
    /// Whether the reply has to be JSON: a pointer finds its way in what only begins like it, too.
    is_json: bool,
}

impl From<&Refusal> for ReadyRefusal {
    fn from(refusal: &Refusal) -> Self {
        let mut places = refusal.checks.iter().map(|check| &check.place);
        Self {
            is_json: places.any(|place| matches!(place, Place::Json(_))),
            checks: refusal.checks.iter().map(ReadyCheck::new).collect(),
            refusal: refusal.clone(),
        }
    }
}

impl ReadyRefusal {
    fn is_meant(&self, reply: ReplyText<'_>, text: &Replied<'_>, known: &Values) -> bool {
        let mut checks = self.checks.iter();
        self.refusal.statuses.has(reply.status)
            && checks.all(|check| check.failed(reply, known).is_none())
            && (!self.is_json || text.is_json())
    }
}

impl Reading for ReplyReading {
    #[inline]
    fn read(
        &self,
        reply: ReplyText<'_>,
        known: Option<&Values>,
        values: &mut Values,
        rng: &mut Rng,
    ) -> Result<(), (Outcome, Reason)> {
        if !self.expect.has(reply.status) || self.is_no(reply, known.unwrap_or(values)) {
            return Err(self.refused(reply, known, values));
        }
        for check in &self.checks {
            if let Some(reason) = check.failed(reply, known.unwrap_or(values)) {
                return Err((Outcome::Failed, *reason));
            }
        }
        for read in &self.reads {
            if !keep(read, reply, values, rng) {
                match read.is_optional {
                    true => values.clear(read.value),
                    false => return Err(self.missing(read)),
                }
            }
        }
        Ok(())
    }

    fn each_kept(&self, tell: &mut dyn FnMut(u16, &str, KeptFrom<'_>)) {
        for read in &self.reads {
            let name = self.names.get(usize::from(read.value));
            let from = match &read.from {
                ReadFrom::Json(pointer) => KeptFrom::Json(pointer.as_str()),
                ReadFrom::Header(name) => KeptFrom::Header(name),
                ReadFrom::Body => KeptFrom::Body,
            };
            tell(read.value, name.map_or("", String::as_str), from);
        }
    }
}

impl ReplyReading {
    /// Whether a reply with a status of success is known for none by what it says.
    #[inline]
    fn is_no(&self, reply: ReplyText<'_>, known: &Values) -> bool {
        let text = Replied::from(reply.body);
        let mut refusals = self.refusals.iter();
        refusals.any(|refusal| refusal.is_meant(reply, &text, known))
    }
}

/// Keeps the value that `read` asks for. False when it is not there, or is none.
#[inline]
fn keep(read: &Read, reply: ReplyText<'_>, values: &mut Values, rng: &mut Rng) -> bool {
    match &read.from {
        ReadFrom::Json(pointer) => match pointer.find(reply.body, rng) {
            Some(Found::Text(text)) if memchr::memchr(b'\\', text).is_none() => {
                set(values, read.value, text)
            }
            Some(Found::Text(text)) => {
                let meant = unescaped(text);
                meant.is_some_and(|text| set(values, read.value, text.as_bytes()))
            }
            Some(Found::Bare(text)) => {
                let is_json = serde_json::from_slice::<serde_json::Value>(text);
                let is_value = is_json.is_ok_and(|value| !value.is_null());
                is_value && values.set(read.value, text, true)
            }
            Some(Found::Nested(_)) | None => false,
        },
        ReadFrom::Header(name) => {
            let value = field(reply.head, name).map(<[u8]>::trim_ascii);
            value.is_some_and(|value| !value.is_empty() && set(values, read.value, value))
        }
        ReadFrom::Body => {
            let text = reply.body.trim_ascii();
            !text.is_empty() && set(values, read.value, text)
        }
    }
}

/// Keeps a text, unless it is one that names another place where it is a part of a path, however it is
/// written there (RFC 3986, 5.2.4): what a shop answers does not choose where the next request goes.
#[inline]
fn set(values: &mut Values, value: u16, text: &[u8]) -> bool {
    text != b"." && text != b".." && values.set(value, text, false)
}

impl ReplyReading {
    #[cold]
    fn missing(&self, read: &Read) -> (Outcome, Reason) {
        let name = self.names.get(usize::from(read.value));
        let name = name.map_or("", String::as_str);
        let mut reason = Reason::default();
        // A reason is cut, and never fails.
        let _ = write!(reason, "the reply has no value for `{name}`: ");
        let _ = match &read.from {
            ReadFrom::Json(pointer) => write!(
                reason,
                "{} is no text, number or boolean there, or only dots",
                pointer.as_str()
            ),
            ReadFrom::Header(header) => write!(reason, "it lacks the header {header}"),
            ReadFrom::Body => write!(
                reason,
                "its body is empty, or longer than {MOST_VALUE_BYTES} bytes"
            ),
        };
        (Outcome::Failed, reason)
    }

    #[cold]
    fn refused(
        &self,
        reply: ReplyText<'_>,
        known: Option<&Values>,
        values: &mut Values,
    ) -> (Outcome, Reason) {
        if self.heeds_retry_after
            && let Some(seconds) = retry_after_s(reply.head)
        {
            values.ask_for_rest(seconds.min(LONGEST_REST_S) * NS_PER_S);
        }
        let known = known.unwrap_or(values);
        let mut refusals = self.refusals.iter();
        let text = Replied::from(reply.body);
        let meant = refusals.find(|refusal| refusal.is_meant(reply, &text, known));
        let Some(ReadyRefusal { refusal, .. }) = meant else {
            return (Outcome::Failed, self.told(reply.status, &text));
        };
        let outcome = match refusal.is_conflict {
            true => Outcome::Conflict,
            false => Outcome::Refused,
        };
        let reason = refusal.reason.as_deref().map(Reason::new);
        (
            outcome,
            reason.unwrap_or_else(|| self.told(reply.status, &text)),
        )
    }

    /// Why a reply is no success, as far as it says.
    fn told(&self, status: u16, text: &Replied<'_>) -> Reason {
        match &self.reasons[..] {
            [] => phrase(status),
            _ if (200..300).contains(&status) && !self.expect.has(status) => {
                Reason::new("a success, but not with the expected status")
            }
            places => Told::read(text, places).reason,
        }
    }
}

/// What a status is called: the same for each, so that equal causes share a row.
fn phrase(status: u16) -> Reason {
    let known = StatusCode::from_u16(status).ok();
    let phrase = known.and_then(|status| status.canonical_reason());
    Reason::new(phrase.unwrap_or("a status without a name"))
}

/// Seconds that `retry-after` asks for. A date is not read: nothing here knows the time of day.
fn retry_after_s(head: &[u8]) -> Option<u64> {
    let value = field(head, "retry-after")?;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload_file::model::patterns::JsonType;
    use crate::workload_file::model::replies::{Asked, Check};
    use crate::workload_file::model::texts::Part;

    fn reading() -> ReplyReading {
        let read = |value, from| Read {
            value,
            from,
            is_optional: false,
        };
        let refusal = |text, is_conflict, reason: Option<&str>| {
            ReadyRefusal::from(&Refusal {
                statuses: Statuses::parse(text).unwrap(),
                is_conflict,
                reason: reason.map(str::to_owned),
                checks: Vec::new(),
            })
        };
        ReplyReading {
            expect: Statuses::successes(),
            refusals: vec![
                refusal("429", false, Some("rate limited")),
                refusal("409", true, None),
            ],
            reasons: Vec::new(),
            reads: vec![
                read(0, ReadFrom::Json(JsonPointer::parse("/token").unwrap())),
                read(1, ReadFrom::Json(JsonPointer::parse("/user/age").unwrap())),
                read(2, ReadFrom::Header("x-next".to_owned())),
            ],
            checks: Vec::new(),
            names: Box::leak(Box::new(["token", "age", "next"].map(str::to_owned))),
            heeds_retry_after: true,
        }
    }

    fn read(status: u16, head: &str, body: &str) -> (Result<(), (Outcome, Reason)>, Values) {
        let mut values = Values::new(3);
        let reply = ReplyText {
            status,
            head: head.as_bytes(),
            body: body.as_bytes(),
        };
        let read = reading().read(reply, None, &mut values, &mut Rng::with_seed(1));
        (read, values)
    }

    const HEAD: &str = "HTTP/1.1 200 OK\r\nX-Next: /page/2\r\n\r\n";

    #[test]
    fn what_later_requests_need_is_kept() {
        let body = r#"{"token":"a\/b","user":{"age":7}}"#;
        let (read, values) = read(201, HEAD, body);
        assert!(read.is_ok());
        let kept = [0, 1, 2].map(|at| String::from_utf8_lossy(values.raw(at)).into_owned());
        assert_eq!(kept, ["a/b", "7", "/page/2"]);
    }

    #[test]
    fn a_success_without_what_is_needed_has_failed() {
        let no_header = "HTTP/1.1 200 OK\r\n\r\n";
        for (head, body, says) in [
            (HEAD, "{}", "no value for `token`: /token is no text"),
            (HEAD, r#"{"token":null}"#, "`token`"),
            (HEAD, r#"{"token":".."}"#, "`token`"),
            (HEAD, r#"{"token":"\u002e."}"#, "`token`"),
            (HEAD, r#"{"token":x}"#, "`token`"),
            (HEAD, r#"{"token":{}}"#, "`token`"),
            (HEAD, r#"{"token":"t","user":[]}"#, "`age`"),
            (
                no_header,
                r#"{"token":"t","user":{"age":true}}"#,
                "it lacks the header x-next",
            ),
        ] {
            let (outcome, reason) = read(200, head, body).0.unwrap_err();
            assert_eq!(outcome, Outcome::Failed);
            assert!(reason.as_str().contains(says), "{}", reason.as_str());
        }
    }

    #[test]
    fn a_success_that_says_no_is_none() {
        let of_200 = ReadyRefusal::from(&Refusal {
            statuses: Statuses::parse("200").unwrap(),
            is_conflict: false,
            reason: Some("nothing yet".to_owned()),
            checks: vec![Check {
                place: Place::Json(JsonPointer::parse("/items/0").unwrap()),
                asked: Asked::Exists(false),
                says: String::new(),
            }],
        });
        let mut reading = reading();
        reading.reads.clear();
        reading.refusals.push(of_200);
        for (body, expected) in [
            (r#"{"items":[]}"#, Some(Outcome::Refused)),
            (r#"{"items":[{}]}"#, None),
        ] {
            let mut values = Values::new(3);
            let reply = ReplyText {
                status: 200,
                head: HEAD.as_bytes(),
                body: body.as_bytes(),
            };
            let read = reading.read(reply, None, &mut values, &mut Rng::with_seed(1));
            assert_eq!(read.err().map(|(outcome, _)| outcome), expected, "{body}");
        }
    }

    #[test]
    fn a_no_has_its_outcome_and_its_rest() {
        let slow = "HTTP/1.1 429 X\r\nRetry-After: 2\r\n\r\n";
        for (status, head, expected, why, rest_s) in [
            (429, slow, Outcome::Refused, "rate limited", 2),
            (409, HEAD, Outcome::Conflict, "Conflict", 0),
            (404, HEAD, Outcome::Failed, "Not Found", 0),
            (799, HEAD, Outcome::Failed, "a status without a name", 0),
            (
                503,
                "HTTP/1.1 503 X\r\nretry-after: 99999999\r\n\r\n",
                Outcome::Failed,
                "Service Unavailable",
                3_600,
            ),
            (
                503,
                "HTTP/1.1 503 X\r\nretry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n\r\n",
                Outcome::Failed,
                "Service Unavailable",
                0,
            ),
        ] {
            let (read, mut values) = read(status, head, "");
            let (outcome, reason) = read.unwrap_err();
            assert_eq!((outcome, reason.as_str()), (expected, why));
            assert_eq!(values.take_rest(), rest_s * NS_PER_S, "{status}");
        }
    }

    #[test]
    fn the_reply_says_why_and_what_it_means() {
        let mut reading = reading();
        let places = ["/error", "/detail"].map(|place| JsonPointer::parse(place).unwrap());
        reading.reasons = places.to_vec();
        let asked = |place, asked| Check {
            place,
            asked,
            says: String::new(),
        };
        let no = |status, is_conflict, reason: Option<&str>, check| {
            ReadyRefusal::from(&Refusal {
                statuses: Statuses::parse(status).unwrap(),
                is_conflict,
                reason: reason.map(str::to_owned),
                checks: vec![check],
            })
        };
        let error = Place::Json(JsonPointer::parse("/error").unwrap());
        let first = Place::Json(JsonPointer::parse("/items/0").unwrap());
        let bare = Asked::Equals(vec![Part::Text("Internal Server Error".to_owned())]);
        reading.refusals = vec![
            no(
                "500",
                true,
                Some("a race was lost"),
                asked(Place::Body, bare),
            ),
            no(
                "4xx",
                false,
                None,
                asked(error, Asked::Type(JsonType::Object)),
            ),
            no(
                "200",
                false,
                Some("nothing found"),
                asked(first, Asked::Exists(false)),
            ),
        ];
        for (status, body, expected, why) in [
            (
                500,
                "Internal Server Error",
                Outcome::Conflict,
                "a race was lost",
            ),
            (
                500,
                "Internal Server Error!",
                Outcome::Failed,
                "Internal Server Error!",
            ),
            (
                400,
                r#"{"error":{"n":["3 are too many","no"]}}"#,
                Outcome::Refused,
                "n: … are too many, no",
            ),
            (
                400,
                r#"{"error":"it is 'no' good"}"#,
                Outcome::Failed,
                "it is '…' good",
            ),
            (
                422,
                r#"{"error":null,"detail":[{"loc":["n",2],"msg":"x"},"y"]}"#,
                Outcome::Failed,
                "n.…: x; y",
            ),
            (422, r#"{"error":7}"#, Outcome::Failed, r#"{"error":…}"#),
            (
                422,
                r#"{"error":{"a":"b"}"#,
                Outcome::Failed,
                r#"{"error":{"a":"b"}"#,
            ),
            (200, r#"{"items":[]}"#, Outcome::Refused, "nothing found"),
            (
                200,
                r#"{"items":[7]}"#,
                Outcome::Failed,
                "the reply has no value for `token`: /token is no text, number or boolean there, or only dots",
            ),
            (
                202,
                r#"{"detail":"later"}"#,
                Outcome::Failed,
                "a success, but not with the expected status",
            ),
        ] {
            // Only 200 is one here.
            reading.expect = Statuses::parse("200").unwrap();
            let reply = ReplyText {
                status,
                head: HEAD.as_bytes(),
                body: body.as_bytes(),
            };
            let mut values = Values::new(3);
            let read = reading.read(reply, None, &mut values, &mut Rng::with_seed(1));
            let (outcome, reason) = read.unwrap_err();
            assert_eq!(
                (outcome, reason.as_str()),
                (expected, why),
                "{status} {body}"
            );
        }
    }
}
