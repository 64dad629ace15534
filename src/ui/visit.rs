//! One connection of a guest: how long it may take to ask, and to listen. Who asks slowly, or stops
//! listening, gives its place up.

use super::guest_stream::GuestStream;
use axum::body::{Body, HttpBody};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long guests are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first byte of a request, or from the connection, to the end of its head.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Until something more of an answer is taken.
    pub listening: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            listening: Duration::from_secs(30),
        }
    }
}

/// Whether a request of the connection is being answered: only then is no other waited for.
#[derive(Clone, Debug, Default)]
pub struct Visit(Arc<VisitState>);

#[derive(Debug, Default)]
struct VisitState {
    is_answering: AtomicBool,
    /// Whether the guest speaks without TLS where it should not.
    is_in_clear: AtomicBool,
    answered: AtomicUsize,
    /// Wakes who reads from the connection.
    reader: Mutex<Option<Waker>>,
}

impl Visit {
    /// A request has come, which is being answered until the end of what is given back.
    pub fn answering(&self) -> Answering {
        self.0.is_answering.store(true, Ordering::Relaxed);
        Answering(self.clone())
    }

    /// What is answered to a request that came without TLS where it should not have; `None` for others.
    pub fn refusal(&self, headers: &HeaderMap) -> Option<Response> {
        let is_in_clear = self.0.is_in_clear.load(Ordering::Relaxed);
        is_in_clear.then(|| {
            let host = headers.get(header::HOST);
            let host = host.and_then(|host| host.to_str().ok());
            let is_plain = |host: &&str| !host.contains('@') && host.parse::<Authority>().is_ok();
            let text = match host.filter(is_plain) {
                Some(host) => format!("this port speaks TLS: open https://{host}/\n"),
                None => "this port speaks TLS: its address begins with https://\n".to_owned(),
            };
            let close = [(header::CONNECTION, "close")];
            (StatusCode::BAD_REQUEST, close, text).into_response()
        })
    }

    fn is_answering(&self) -> bool {
        self.0.is_answering.load(Ordering::Relaxed)
    }

    fn reader(&self) -> MutexGuard<'_, Option<Waker>> {
        let reader = &self.0.reader;
        reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Visit::answering`].
#[derive(Debug)]
pub struct Answering(Visit);

impl Answering {
    /// Lasts until the end of `response`, whose length may not be known.
    pub fn until_the_end_of(self, response: Response) -> Response {
        if response.body().size_hint().exact().is_some() {
            // Whoever does not take it is noticed by [`Patience::listening`].
            return response;
        }
        response.map(|body| {
            let pieces = Box::pin(body.into_data_stream());
            Body::from_stream(Lasting {
                pieces,
                _answering: self,
            })
        })
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let Visit(state) = &self.0;
        state.is_answering.store(false, Ordering::Relaxed);
        state.answered.fetch_add(1, Ordering::Relaxed);
        // From now on the next request is waited for, and not for ever.
        if let Some(reader) = self.0.reader().take() {
            reader.wake();
        }
    }
}

struct Lasting<S> {
    pieces: Pin<Box<S>>,
    _answering: Answering,
}

impl<S: Stream> Stream for Lasting<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.pieces.as_mut().poll_next(context)
    }
}

/// What is waited for from a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Nothing,
    /// The first byte of the next request.
    Request,
    /// The rest of a head.
    Head,
}

/// A connection that has a place.
pub struct Guest {
    stream: GuestStream,
    /// Whether it has to speak TLS.
    has_tls: bool,
    patience: Patience,
    visit: Visit,
    awaited: Awaited,
    /// Requests that had been answered when that was decided.
    answered: usize,
    asking: Pin<Box<Sleep>>,
    listening: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Guest {
    /// One that came just now.
    pub(super) fn new(
        stream: GuestStream,
        patience: Patience,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            has_tls: !stream.is_in_clear(),
            stream,
            patience,
            visit: Visit::default(),
            awaited: Awaited::Head,
            answered: 0,
            asking: Box::pin(sleep_until(Instant::now() + patience.head)),
            listening: None,
            _place: place,
        }
    }

    /// What the answers to its requests tell.
    pub fn visit(&self) -> Visit {
        self.visit.clone()
    }

    fn wait_for(&mut self, awaited: Awaited, time: Duration) {
        self.awaited = awaited;
        self.asking.as_mut().reset(Instant::now() + time);
    }

    /// Whether what came, or did not, is too late.
    fn is_overdue(&mut self, context: &mut Context<'_>, something_came: bool) -> bool {
        let answered = self.visit.0.answered.load(Ordering::Relaxed);
        if std::mem::replace(&mut self.answered, answered) != answered {
            self.awaited = Awaited::Nothing;
        }
        match self.awaited {
            _ if self.visit.is_answering() => {
                self.awaited = Awaited::Nothing;
                return false;
            }
            Awaited::Nothing | Awaited::Request if something_came => {
                self.wait_for(Awaited::Head, self.patience.head);
            }
            Awaited::Nothing => self.wait_for(Awaited::Request, self.patience.idle),
            Awaited::Request | Awaited::Head => {}
        }
        self.asking.as_mut().poll(context).is_ready()
    }

    /// `written`, or that it has waited too long for this.
    fn in_time(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.listening = None;
            return written;
        }
        let deadline = Instant::now() + self.patience.listening;
        let listening = &mut self.listening;
        let timer = listening.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        timer.as_mut().poll(context).map(|()| Err(too_late()))
    }
}

fn too_late() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        *self.visit.reader() = Some(context.waker().clone());
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let something_came = buffer.filled().len() > before;
        if self.has_tls && self.stream.is_in_clear() {
            self.visit.0.is_in_clear.store(true, Ordering::Relaxed);
        }
        if matches!(read, Poll::Ready(_)) && !something_came {
            return read;
        }
        match self.is_overdue(context, something_came) {
            true => Poll::Ready(Err(too_late())),
            false => read,
        }
    }
}

impl AsyncWrite for Guest {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
