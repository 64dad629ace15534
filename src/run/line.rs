//! A connection to the target that a thread waits on: plain, or over TLS, as the target's address says.

use crate::engine::dial;
use crate::engine::tls::{OFFERS_HTTP1, OFFERS_HTTP2, TlsFacts, TlsVisit, VisitError};
use crate::plan::{Route, Target};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Why there is no line.
#[derive(Debug)]
pub enum NoLine {
    /// No address accepts.
    Unreachable(io::Error),
    /// One accepts, and does not speak TLS as it should.
    Tls(VisitError),
}

/// See the module's documentation.
pub enum Line {
    /// Plain.
    Plain(TcpStream),
    /// Over TLS.
    Tls(Box<TlsVisit>),
}

impl Line {
    /// Opens one to the first of the `addresses` of `target` that accepts, waiting for each step at most
    /// `timeout`.
    ///
    /// # Errors
    /// When none accepts, or the one that does is not to be spoken to.
    pub fn open(target: &Target, addresses: &[Route], timeout: Duration) -> Result<Self, NoLine> {
        Self::offering(target, addresses, timeout, offers_of(target))
    }

    /// The same, which offers the protocols `alpn` where TLS is spoken.
    ///
    /// # Errors
    /// As of [`Line::open`].
    pub fn offering(
        target: &Target,
        addresses: &[Route],
        timeout: Duration,
        alpn: &[&[u8]],
    ) -> Result<Self, NoLine> {
        let tcp = connect(addresses, timeout).map_err(NoLine::Unreachable)?;
        let Some(settings) = &target.tls else {
            return Ok(Self::Plain(tcp));
        };
        let visit = TlsVisit::begin(tcp, settings, &target.host, alpn, timeout);
        visit
            .map(|visit| Self::Tls(Box::new(visit)))
            .map_err(NoLine::Tls)
    }

    /// What was shown and agreed on, if there is TLS.
    #[must_use]
    pub fn facts(&self) -> Option<TlsFacts> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(visit) => Some(visit.facts()),
        }
    }

    /// What it goes over, to bound its waits.
    #[must_use]
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(visit) => visit.tcp(),
        }
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::Tls(visit) => visit.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            Self::Tls(visit) => visit.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(visit) => visit.flush(),
        }
    }
}

/// What is offered to `target` (ALPN): one protocol, so that no connection speaks another one than the next.
#[must_use]
pub fn offers_of(target: &Target) -> &'static [&'static [u8]] {
    match target.http2 {
        true => OFFERS_HTTP2,
        false => OFFERS_HTTP1,
    }
}

/// The first of `addresses` that accepts.
///
/// # Errors
/// When none does: that of the last.
pub fn connect(addresses: &[Route], timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match dial(address, 0, timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
