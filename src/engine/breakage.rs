//! Why an exchange broke, in words.

use super::codec::Malformed;
use super::in_flight::Cut;
use super::link::Broken;
use super::tls::{HandshakeError, TlsBreak, refusal};
use crate::stats::Reason;
use std::fmt::Write;
use std::io;

/// What broke an exchange.
#[derive(Debug)]
pub enum ExchangeError {
    /// Not a byte of the request left.
    Unsent(io::Error),
    /// A part of it did.
    SentInPart(io::Error),
    /// The target had closed the connection before the request came: it never took a byte of it.
    ClosedBefore,
    /// The connection broke before the reply was there.
    Receive(io::Error),
    /// What came is no reply.
    Reply(Malformed),
    /// What came are no records of the server's, or they end the connection.
    Tls(TlsBreak),
    /// The server did not take our side of the handshake, and looked at nothing that was sent after it.
    Refused(TlsBreak),
}

impl ExchangeError {
    /// Whether the target has closed the connection without a byte of a reply.
    pub(super) fn is_an_end(&self) -> bool {
        match self {
            Self::Unsent(_) | Self::SentInPart(_) | Self::ClosedBefore | Self::Receive(_) => true,
            Self::Reply(malformed) => *malformed == Malformed::ClosedBeforeReply,
            Self::Tls(_) | Self::Refused(_) => false,
        }
    }
}

/// What became of a request that `error` broke, which was `cut` off or was not, and why.
#[cold]
pub(super) fn explain(
    error: &ExchangeError,
    cut: Option<Cut>,
    timeout_ns: u64,
    reason: &mut Reason,
) -> Broken {
    *reason = match (cut, error) {
        (Some(Cut::TimedOut), _) => {
            let timeout_s = timeout_ns as f64 / 1e9;
            worded(format_args!("no reply within {timeout_s} s"))
        }
        (Some(Cut::RunEnded), _) => Reason::new("still in flight when the run ended"),
        (None, ExchangeError::Unsent(error)) => told("not sent", error),
        (None, ExchangeError::SentInPart(error)) => told("sent in part", error),
        (None, ExchangeError::ClosedBefore) => {
            Reason::new("not sent: the server had closed the connection")
        }
        (None, ExchangeError::Receive(error)) => Reason::new(plain(error)),
        (None, ExchangeError::Reply(malformed)) => worded(format_args!("{malformed}")),
        (None, ExchangeError::Tls(broken)) => worded(format_args!("{broken}")),
        (None, ExchangeError::Refused(broken)) => {
            worded(format_args!("cannot connect: {}", refusal(*broken)))
        }
    };
    match (cut, error) {
        (
            None,
            ExchangeError::Unsent(_) | ExchangeError::ClosedBefore | ExchangeError::Refused(_),
        ) => Broken::NotSent,
        _ => Broken::Lost,
    }
}

#[cold]
fn told(what: &str, error: &io::Error) -> Reason {
    worded(format_args!("{what}: {}", plain(error)))
}

fn worded(text: std::fmt::Arguments<'_>) -> Reason {
    let mut reason = Reason::default();
    let _ = reason.write_fmt(text);
    reason
}

/// Why a request could not be handed to the kernel.
pub(super) fn unsent_reason(error: &io::Error) -> Reason {
    told("not sent", error)
}

/// Why there is no connection.
pub(super) fn unconnected_reason(error: &io::Error) -> Reason {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<HandshakeError>())
    {
        Some(handshake) => worded(format_args!("cannot connect: TLS: {handshake}")),
        None => told("cannot connect", error),
    }
}

/// An error in words that do not depend on numbers, so that equal causes share a row.
fn plain(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "connection reset by the server",
        io::ErrorKind::BrokenPipe => "the server closed the connection",
        io::ErrorKind::ConnectionAborted => "connection aborted",
        io::ErrorKind::TimedOut => "connecting timed out",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "no route to the host"
        }
        io::ErrorKind::NotFound => "no such socket",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::AddrNotAvailable => "no local port left (net.ipv4.ip_local_port_range)",
        _ => match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => "no descriptor left (ulimit -n)",
            _ => "input/output error",
        },
    }
}
