//! A connection that speaks TLS: how it is opened, and what it is while no request is in flight on it.
//!
//! What comes then may be a ticket, which is heard and forgotten, the end, or data that nobody asked for.

use super::breakage::ExchangeError;
use super::clock::now_ns;
use super::dialling::dial_beside;
use super::net::{IdleState, Tcp, look_at_idle, receive_now};
use super::socket_ring::{RingSocket, SocketRing};
use super::tls::{Secured, TlsLayer, keep_room, shake_hands, take_room};
use super::transport::Transport;
use crate::plan::Route;
use crate::stats::CoreInterval;
use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;

/// A layer, which a connection and the race that it takes part in both use.
pub type SharedLayer = Rc<RefCell<TlsLayer>>;

/// A handshake that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shaken {
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// Whether a session was resumed.
    pub is_resumed: bool,
}

/// Shares a layer.
pub(super) fn share(layer: Box<TlsLayer>) -> SharedLayer {
    Rc::new(RefCell::new(*layer))
}

/// Connects by a route of the target's, and shakes hands where TLS is spoken with it; `is_connected` tells
/// when it has come to that. The number is the connection's turn among those of the route.
///
/// # Errors
/// When either fails.
pub(super) async fn connect(
    (route, turn): (&Route, usize),
    transport: &Transport,
    is_connected: &Cell<bool>,
) -> io::Result<(Tcp, Option<(Box<TlsLayer>, Shaken)>)> {
    let mut tcp = dial_beside(route, turn, &transport.pacer).await?;
    let Some(client) = &transport.tls else {
        return Ok((tcp, None));
    };
    is_connected.set(true);
    let began_ns = now_ns();
    // Boxed, so that what is rare takes no room in what opens connections.
    let Secured { layer, agreed } = Box::pin(shake_hands(&mut tcp, client)).await?;
    let shaken = Shaken {
        took_us: now_ns().saturating_sub(began_ns) / 1_000,
        is_resumed: agreed.is_resumed,
    };
    Ok((tcp, Some((layer, shaken))))
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

/// Whether something came after the reply on `socket` that answers nothing.
#[inline]
pub(super) fn is_followed(layer: &RefCell<TlsLayer>, socket: &RingSocket) -> bool {
    hear(layer, socket.ring(), socket.place());
    layer.borrow().is_unsolicited()
}

/// What a connection on `ring`, in `place`, is while no request is in flight.
pub(super) fn idle_on_ring(layer: &RefCell<TlsLayer>, ring: &SocketRing, place: u32) -> IdleState {
    hear(layer, ring, place);
    through(layer, ring.idle(place))
}

/// The same of one that nobody listens to.
#[cold]
pub(super) fn idle_beneath(layer: &RefCell<TlsLayer>, descriptor: RawFd) -> IdleState {
    let mut beneath = look_at_idle(descriptor);
    while beneath == IdleState::Unsolicited && through(layer, IdleState::Quiet) == IdleState::Quiet
    {
        let mut arrived = take_room();
        if receive_now(descriptor, &mut arrived).is_ok() {
            layer.borrow_mut().open_idle(&mut arrived);
        }
        keep_room(arrived);
        beneath = look_at_idle(descriptor);
    }
    through(layer, beneath)
}

/// The same as far as is known without a look.
pub(super) fn heard_idle(layer: &SharedLayer) -> IdleState {
    through(layer, IdleState::Quiet)
}

fn hear(layer: &RefCell<TlsLayer>, ring: &SocketRing, place: u32) {
    if let Some(mut heard) = ring.take_heard(place) {
        layer.borrow_mut().open_idle(&mut heard);
    }
}

/// What a connection is that is `beneath` the layer.
fn through(layer: &RefCell<TlsLayer>, beneath: IdleState) -> IdleState {
    let layer = layer.borrow();
    match (layer.is_unsolicited(), layer.is_over()) {
        (true, _) => IdleState::Unsolicited,
        (false, true) => IdleState::Closed,
        (false, false) => beneath,
    }
}
