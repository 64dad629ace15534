//! The door of one server thread: takes connections in until it is closed, and is closed and opened
//! again with a shop that falls over.

use super::connection;
use super::desk::Desk;
use super::fixed;
use super::footing::Footing;
use super::reception::Reception;
use super::roster::Roster;
use super::station::Station;
use crate::engine::{Listener, Pacer, Tcp, now_ns, shut_down, spawn};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Pause after an accept that failed: descriptors have run out, and looking again at once would
/// not bring them back. The same after a failure to listen again.
const ACCEPT_PAUSE_NS: u64 = 20_000_000;

/// What a thread does with a connection.
pub enum Service {
    Shop(Rc<RefCell<Desk>>, Rc<Station>, Rc<Reception>, Staff),
    Fixed(Rc<Reception>),
}

/// The workers of a thread, as all workers are counted.
pub struct Staff {
    /// Number of the thread's first one.
    pub first: usize,
    /// Where it is written down who accepted what.
    pub roster: Arc<Roster>,
}

impl Service {
    fn serve(&self, stream: Tcp) {
        match self {
            Self::Shop(desk, station, reception, staff) => {
                let worker = station.accept();
                if let (Some(worker), Ok(client)) = (worker, stream.peer()) {
                    staff.roster.note(client, staff.first + worker);
                }
                spawn(connection::serve(
                    stream,
                    worker,
                    Rc::clone(desk),
                    Rc::clone(station),
                    Rc::clone(reception),
                ));
            }
            Self::Fixed(reception) => {
                spawn(fixed::serve(stream, Rc::clone(reception)));
            }
        }
    }

    /// Loses all connections, and what is served or waits.
    fn lose_everything(&self) {
        if let Self::Shop(_, station, reception, _) = self {
            reception.reset();
            station.lose_everything();
        }
    }
}

/// See the module's documentation.
pub struct Door {
    address: SocketAddr,
    service: Service,
    pacer: Pacer,
    stop: Arc<AtomicBool>,
    /// Of a shop that falls over.
    footing: Option<Arc<Footing>>,
    /// The listener's descriptor, while it is open.
    open: Cell<Option<RawFd>>,
}

impl Door {
    /// A door to `service` at `address`, with the real port; nobody keeps it yet.
    pub fn new(
        address: SocketAddr,
        service: Service,
        pacer: Pacer,
        stop: Arc<AtomicBool>,
        footing: Option<Arc<Footing>>,
    ) -> Self {
        Self {
            address,
            service,
            pacer,
            stop,
            footing,
            open: Cell::new(None),
        }
    }

    /// Takes in what comes to `listener`, and to the one after each fall, until the sandbox stops.
    pub async fn keep(self: Rc<Self>, listener: Listener) {
        let mut next = Some(listener);
        while let Some(listener) = next {
            self.accept(listener).await;
            next = match &self.footing {
                Some(footing) if !self.stops() => {
                    self.service.lose_everything();
                    self.listen_again(footing).await
                }
                _ => None,
            };
        }
    }

    /// Has [`Door::keep`] end, once the sandbox is to stop.
    pub fn close(&self) {
        // An accept that is left to the end of the runtime keeps the port for a while.
        if let Some(descriptor) = self.open.get() {
            shut_down(descriptor);
        }
        self.pacer.recall();
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn is_down(&self) -> bool {
        let footing = self.footing.as_ref();
        footing.is_some_and(|footing| footing.down_until_ns().is_some())
    }

    /// Accepts until the listener is shut down.
    async fn accept(&self, listener: Listener) {
        let descriptor = listener.descriptor();
        self.open.set(Some(descriptor));
        let falls = self.falls();
        if let Some(footing) = &self.footing {
            footing.opened(descriptor);
        }
        // A fall before the listener was known has spared it.
        while self.falls() == falls && !self.is_down() {
            match listener.accept().await {
                Ok(stream) => self.service.serve(stream),
                Err(_) if self.stops() => break,
                Err(_) if self.falls() != falls => break,
                Err(_) => self.pacer.until(now_ns() + ACCEPT_PAUSE_NS).await,
            }
        }
        if let Some(footing) = &self.footing {
            footing.closing(descriptor);
        }
        self.open.set(None);
    }

    fn falls(&self) -> u32 {
        let footing = self.footing.as_ref();
        footing.map_or(0, |footing| footing.falls())
    }

    /// The next listener, when the shop is back; `None` when the sandbox stops.
    async fn listen_again(&self, footing: &Footing) -> Option<Listener> {
        while !self.stops() {
            let wake_ns = match footing.down_until_ns() {
                Some(back_ns) => back_ns,
                None => match Listener::bind(self.address) {
                    Ok(listener) => return Some(listener),
                    Err(_) => now_ns() + ACCEPT_PAUSE_NS,
                },
            };
            self.pacer.until_or_recalled(wake_ns).await;
        }
        None
    }
}
