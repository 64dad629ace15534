//! Whether the target can be reached, and speaks HTTP: asked once, before any load is sent.

use super::line::{Line, NoLine};
use super::reach_http2;
use super::tls_refusal::{
    plain_instead, tls_instead, told_of_answer, told_of_broken, told_of_visit, without_http2,
};
use crate::engine::NoInterface;
use crate::engine::codec::{Malformed, ReplyParser, field};
use crate::engine::inquiry::{Answer, NoAnswer};
use crate::engine::tls::{TlsFault, VisitError};
use crate::plan::{ExitCode, PublicAddress, Route, Target, TlsSettings};
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// Largest body that the preflight reads, whatever it says: it tells nothing by then.
const MOST_BODY_BYTES: usize = 16 << 20;
/// Longest wait for the answer that tells whether the other protocol is spoken.
const OTHER_TIMEOUT: Duration = Duration::from_secs(2);

/// Why no load was sent.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// The name has no address.
    #[error("cannot find `{host}`: {error}; check the name in --host")]
    Unresolved {
        /// The target's host.
        host: String,
        /// What the resolver said.
        error: io::Error,
    },
    /// The address is public, and was not named by `--allow-host`.
    #[error(transparent)]
    Public(#[from] PublicAddress),
    /// Connections cannot come from where they are to.
    #[error(transparent)]
    Interface(#[from] NoInterface),
    /// No address accepts a connection.
    #[error("cannot reach {url}: {error}; is the shop up? (`shopblast --sandbox` brings its own)")]
    Unreachable {
        /// The target.
        url: String,
        /// What the last attempt met.
        error: String,
    },
    /// It accepts, and TLS cannot be spoken with it, or has to be.
    #[error("cannot speak to {url}: {why}")]
    Tls {
        /// The target.
        url: String,
        /// Why, and what is to be done.
        why: String,
    },
    /// It accepts, and then does not answer as HTTP does.
    #[error(
        "{url} accepts connections but does not answer `GET {path}` in HTTP: {why}; is this the shop's port? (`--no-preflight` skips this check)"
    )]
    NotHttp {
        /// The target.
        url: String,
        /// What was asked for.
        path: String,
        /// What came instead.
        why: String,
    },
}

impl ReachError {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Public(_) | Self::Interface(_) => ExitCode::BadPlan,
            _ => ExitCode::Unreachable,
        }
    }
}

/// Asks `target` for `path` once, on a connection of its own: any HTTP reply will do. Uncounted.
///
/// # Errors
/// When no address accepts, or what answers is not HTTP.
pub fn preflight(
    target: &Target,
    addresses: &[Route],
    path: &str,
    timeout: Duration,
) -> Result<(), ReachError> {
    match ask(target, addresses, path, timeout, MOST_BODY_BYTES) {
        Ok(_) => Ok(()),
        Err(why) => Err(not_answered(target, path, why)),
    }
}

/// The error for a target that had to answer when it was asked for `path`.
pub fn not_answered(target: &Target, path: &str, why: NoAnswer) -> ReachError {
    let url = target.url();
    let why = match why {
        NoAnswer::Unreachable(error) => {
            let error = error.to_string();
            return ReachError::Unreachable { url, error };
        }
        NoAnswer::Tls(why) => return ReachError::Tls { url, why },
        NoAnswer::TooLarge => "the body is too large".to_owned(),
        NoAnswer::Unreadable(why) => why,
    };
    let path = format!("{}{path}", target.base_path);
    ReachError::NotHttp { url, path, why }
}

/// Asks `target` for `path` on a connection of its own, for at most `timeout` and so many bytes of
/// body. Uncounted.
///
/// # Errors
/// When nothing comes back that could be read.
pub fn ask(
    target: &Target,
    addresses: &[Route],
    path: &str,
    timeout: Duration,
    most_bytes: usize,
) -> Result<Answer, NoAnswer> {
    let line = Line::open(target, addresses, timeout).map_err(|no_line| match no_line {
        NoLine::Unreachable(error) => NoAnswer::Unreachable(error),
        NoLine::Tls(error) => NoAnswer::Tls(told_of_line(target, addresses, path, &error)),
    })?;
    if target.http2 && line.facts().is_some_and(|facts| !facts.is_http2()) {
        return Err(NoAnswer::Tls(without_http2()));
    }
    let mut came = Vec::new();
    let answer = exchange(line, (target, path), &mut came, (timeout, most_bytes));
    match &answer {
        Ok(answer) if answer.status == 400 => {
            let of_tls = told_of_answer(target, &answer.body);
            of_tls.map_or(Ok(()), |why| Err(NoAnswer::Tls(why)))?;
        }
        Err(NoAnswer::Unreadable(_))
            if may_be_of_tls(&came) && speaks_tls_instead(target, addresses, timeout) =>
        {
            return Err(NoAnswer::Tls(tls_instead(target)));
        }
        _ => {}
    }
    answer
}

/// What came of a handshake. A server of plain HTTP may say nothing that tells it apart.
pub fn told_of_line(
    target: &Target,
    addresses: &[Route],
    path: &str,
    error: &VisitError,
) -> String {
    let is_unclear = matches!(
        error.fault(),
        TlsFault::HungUp | TlsFault::Silence | TlsFault::Other
    );
    let plain = Target {
        tls: None,
        ..target.clone()
    };
    let is_plain = || {
        let line = Line::open(&plain, addresses, OTHER_TIMEOUT).ok();
        let limits = (OTHER_TIMEOUT, MOST_BODY_BYTES);
        let answer = line.map(|line| exchange(line, (&plain, path), &mut Vec::new(), limits));
        // Servers of TLS answer plain requests, too: that these belong elsewhere.
        matches!(answer, Some(Ok(answer)) if told_of_answer(&plain, &answer.body).is_none())
    };
    match is_unclear && is_plain() {
        true => plain_instead(target),
        false => told_of_visit(target, error),
    }
}

/// Whether the server of a plain target shakes hands in TLS.
fn speaks_tls_instead(target: &Target, addresses: &[Route], timeout: Duration) -> bool {
    if target.tls.is_some() {
        return false;
    }
    let over_tls = Target {
        tls: Some(TlsSettings {
            is_insecure: true,
            ..TlsSettings::default()
        }),
        ..target.clone()
    };
    Line::open(&over_tls, addresses, timeout.min(OTHER_TIMEOUT)).is_ok()
}

/// Asks on `line`; what came back is in `buffer`.
fn exchange(
    mut line: Line,
    (target, path): (&Target, &str),
    buffer: &mut Vec<u8>,
    (timeout, most_bytes): (Duration, usize),
) -> Result<Answer, NoAnswer> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => silence(timeout),
        _ => match told_of_broken(target, &error) {
            Some(why) => NoAnswer::Tls(why),
            None => NoAnswer::Unreadable(error.to_string()),
        },
    };
    let deadline = Instant::now() + timeout;
    line.tcp().set_write_timeout(Some(timeout)).map_err(told)?;
    if target.http2 {
        line.tcp().set_read_timeout(Some(timeout)).map_err(told)?;
        let head = (format!("{}{path}", target.base_path), target.head_lines());
        let is_secure = target.tls.is_some();
        return reach_http2::exchange(
            &mut line,
            (&head.0, &head.1),
            is_secure,
            (deadline, most_bytes),
            told,
        );
    }
    let request = format!(
        "GET {}{path} HTTP/1.1\r\n{}accept-encoding: identity\r\nconnection: close\r\n\r\n",
        target.base_path,
        target.head_lines()
    );
    line.write_all(request.as_bytes()).map_err(told)?;
    let mut parser = ReplyParser::new(most_bytes);
    let mut piece = [0; 16_384];
    let reply = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(silence(timeout));
        }
        line.tcp().set_read_timeout(Some(left)).map_err(told)?;
        let received = line.read(&mut piece).map_err(told)?;
        if received == 0 {
            break parser
                .close(buffer)
                .map_err(|malformed| unreadable(malformed, buffer))?;
        }
        buffer.extend_from_slice(&piece[..received]);
        match parser.advance(buffer) {
            Ok(None) => {}
            Ok(Some(reply)) => break reply,
            Err(malformed) => return Err(unreadable(malformed, buffer)),
        }
    };
    let head = &buffer[..reply.body.start];
    Ok(Answer {
        status: reply.status,
        location: header(head, "location"),
        server: header(head, "server"),
        media_type: header(head, "content-type"),
        encoding: header(head, "content-encoding"),
        body: buffer[reply.body].to_vec(),
    })
}

/// The value of the first header line called `name`, or nothing.
fn header(head: &[u8], name: &str) -> String {
    let value = field(head, name).unwrap_or_default();
    String::from_utf8_lossy(value).into_owned()
}

/// Whether a server that says so may speak TLS: it says nothing, or a record of it.
fn may_be_of_tls(came: &[u8]) -> bool {
    came.is_empty() || is_of_tls(came)
}

/// Whether `came` begins like a record of TLS: an alert, or a handshake.
fn is_of_tls(came: &[u8]) -> bool {
    matches!(came, [0x15 | 0x16, 3, ..])
}

fn unreadable(malformed: Malformed, came: &[u8]) -> NoAnswer {
    if malformed == Malformed::BodyTooLarge {
        return NoAnswer::TooLarge;
    }
    let hint = match is_of_tls(came) {
        true => " (these are bytes of TLS)",
        false => "",
    };
    NoAnswer::Unreadable(format!("{malformed}{hint}"))
}

fn silence(timeout: Duration) -> NoAnswer {
    let seconds = timeout.as_secs_f64();
    NoAnswer::Unreadable(format!("no complete answer within {seconds} s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// What the preflight says of a server that sends `reply` and then holds or closes.
    fn asked(reply: &'static [u8], hold: bool) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1_024];
            let _ = stream.read(&mut request).unwrap();
            let _ = stream.write_all(reply);
            if hold {
                let _ = stream.read(&mut request);
            }
        });
        let target = Target::parse(&format!("http://{address}")).unwrap();
        let result = preflight(
            &target,
            &[address.into()],
            "/health",
            Duration::from_millis(300),
        );
        server.join().unwrap();
        result.map_err(|error| error.to_string())
    }

    #[test]
    fn any_http_reply_will_do() {
        assert_eq!(
            asked(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", true),
            Ok(())
        );
        assert_eq!(
            asked(b"HTTP/1.0 404 Not Found\r\n\r\nno such page", false),
            Ok(())
        );
    }

    #[test]
    fn anything_else_is_named() {
        let cases = [
            (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], true, "status line"),
            (b"", true, "within 0.3 s"),
            (b"", false, "closed before the reply"),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
                false,
                "closed within",
            ),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
                true,
                "within 0.3 s",
            ),
            (b"\x16\x03\x01\x02\x00garbage\r\n\r\n", true, "status line"),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n",
                true,
                "the body is too large",
            ),
        ];
        for (reply, hold, expected) in cases {
            let said = asked(reply, hold).unwrap_err();
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn the_preflight_waits_as_long_as_a_request_may() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Longer than any limit of its own that it might have.
            std::thread::sleep(Duration::from_millis(5_500));
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        });
        let target = Target::parse(&format!("http://{address}")).unwrap();
        let answered = preflight(
            &target,
            &[address.into()],
            "/health",
            Duration::from_secs(60),
        );
        assert!(answered.is_ok(), "{answered:?}");
        server.join().unwrap();
    }

    #[test]
    fn a_closed_port_is_unreachable() {
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let target = Target::parse(&format!("http://{address}")).unwrap();
        let error = preflight(
            &target,
            &[address.into()],
            "/health",
            Duration::from_secs(1),
        )
        .unwrap_err();
        assert!(matches!(error, ReachError::Unreachable { .. }), "{error}");
    }
}
