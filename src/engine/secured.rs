//! A connection that speaks TLS: how it is opened, and what it is while no request is in flight on it.
//!
//! What comes then may be a ticket, which is heard and forgotten, the end, or data that nobody asked for.

use super::breakage::ExchangeError;
use super::clock::now_ns;
use super::net::{IdleState, Tcp, look_at_idle, receive_now};
use super::socket_ring::{Layer, SocketRing};
use super::tls::{Agreed, Secured, TlsClient, TlsLayer, keep_room, shake_hands, take_room};
use crate::stats::CoreInterval;
use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;

/// A layer, which a connection and the race that it takes part in both use.
pub type SharedLayer = Rc<RefCell<TlsLayer>>;

impl Layer for RefCell<TlsLayer> {
    fn hear(&self, bytes: &mut [u8]) {
        self.borrow_mut().open_idle(bytes);
    }
}

/// A handshake that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shaken {
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// Whether a session was resumed.
    pub is_resumed: bool,
}

impl Shaken {
    /// What is counted of a handshake.
    pub(super) fn of(handshake: &TimedHandshake) -> Self {
        Self {
            took_us: handshake.took_us,
            is_resumed: handshake.agreed.is_resumed,
        }
    }
}

/// A handshake that went well, and what came of it.
pub struct TimedHandshake {
    /// Opens and seals the connection's records.
    pub layer: Box<TlsLayer>,
    /// What was agreed on.
    pub agreed: Agreed,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// What the server said right after it, where it speaks first (HTTP/2).
    pub early: Vec<u8>,
}

/// Shares a layer.
pub(super) fn share(layer: Box<TlsLayer>) -> SharedLayer {
    Rc::new(RefCell::new(*layer))
}

/// Shakes hands over what `dialling` opens, where `tls` says how; `is_connected` tells when it has come to
/// that.
///
/// # Errors
/// When either fails.
pub(super) async fn secure(
    dialling: impl Future<Output = io::Result<Tcp>>,
    tls: Option<&TlsClient>,
    is_connected: &Cell<bool>,
) -> io::Result<(Tcp, Option<TimedHandshake>)> {
    let mut tcp = dialling.await?;
    let Some(client) = tls else {
        return Ok((tcp, None));
    };
    is_connected.set(true);
    let began_ns = now_ns();
    // Boxed, so that what is rare takes no room in what opens connections.
    let Secured {
        layer,
        agreed,
        early,
    } = Box::pin(shake_hands(&mut tcp, client)).await?;
    let handshake = TimedHandshake {
        layer,
        agreed,
        took_us: now_ns().saturating_sub(began_ns) / 1_000,
        early,
    };
    Ok((tcp, Some(handshake)))
}

/// Counts a handshake, if there was one.
pub(super) fn note_handshake(interval: &mut CoreInterval, shaken: Option<Shaken>) {
    let Some(shaken) = shaken else { return };
    interval.timings.handshake.record_us(shaken.took_us);
    match shaken.is_resumed {
        true => interval.counters.handshakes_resumed += 1,
        false => interval.counters.handshakes_full += 1,
    }
}

/// Seals the request that is all of `out`, where it stands. What comes from now on answers it.
#[inline]
pub(super) fn seal(layer: &RefCell<TlsLayer>, out: &mut Vec<u8>) -> Result<(), ExchangeError> {
    let mut layer = layer.borrow_mut();
    layer.begin();
    layer
        .seal(out, 0)
        .map_err(|broken| ExchangeError::Unsent(io::Error::other(broken)))
}

/// Whether something came that answers nothing.
#[inline]
pub(super) fn is_followed(layer: &RefCell<TlsLayer>) -> bool {
    layer.borrow().is_unsolicited()
}

/// What a connection on `ring`, in `place`, is while no request is in flight.
pub(super) fn idle_on_ring(layer: &RefCell<TlsLayer>, ring: &SocketRing, place: u32) -> IdleState {
    through(layer, ring.idle(place))
}

/// The same of one that nobody listens to.
#[cold]
pub(super) fn idle_beneath(layer: &RefCell<TlsLayer>, descriptor: RawFd) -> IdleState {
    let mut beneath = look_at_idle(descriptor);
    while beneath == IdleState::Unsolicited && through(layer, IdleState::Quiet) == IdleState::Quiet
    {
        let mut arrived = take_room();
        let received = receive_now(descriptor, &mut arrived);
        layer.borrow_mut().open_idle(&mut arrived);
        keep_room(arrived);
        beneath = match received {
            Ok(_) => look_at_idle(descriptor),
            Err(_) => IdleState::Closed,
        };
    }
    through(layer, beneath)
}

/// The same as far as is known without a look.
pub(super) fn heard_idle(layer: &SharedLayer) -> IdleState {
    through(layer, IdleState::Quiet)
}

/// Whether nothing more can be sealed.
pub(super) fn is_worn(layer: &SharedLayer) -> bool {
    layer.borrow().is_over()
}

/// What a connection is that is `beneath` the layer.
fn through(layer: &RefCell<TlsLayer>, beneath: IdleState) -> IdleState {
    let layer = layer.borrow();
    match (layer.is_unsolicited(), layer.end().is_some()) {
        (true, _) => IdleState::Unsolicited,
        (false, true) => IdleState::Closed,
        (false, false) => beneath,
    }
}
