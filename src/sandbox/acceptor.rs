//! The acceptor of one server thread: takes connections in until it is closed, and is closed and opened
//! again with a shop that falls over.

use super::accepted_connections::AcceptedConnections;
use super::client_stream::{ClientStream, TlsStream};
use super::connection;
use super::connection_table::{ConnectionGuard, ConnectionTable};
use super::fixed;
use super::http2;
use super::overload::OverloadState;
use super::served_shop::ServedShop;
use crate::engine::{Listener, Pacer, Tcp, now_ns, shut_down, spawn};
use rustls::ServerConfig;
use std::cell::Cell;
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
    Shop(ServedShop, WorkerNumbers),
    Fixed(Rc<ConnectionTable>),
}

/// The workers of a thread, as all workers are counted.
pub struct WorkerNumbers {
    /// Number of the thread's first one.
    pub first: usize,
    /// Where it is written down who accepted what.
    pub accepted_connections: Arc<AcceptedConnections>,
}

/// What one connection is served.
enum Served {
    Shop(ServedShop),
    Fixed(Rc<ConnectionTable>),
}

impl Service {
    fn serve(&self, tcp: Tcp, tls: Option<&Arc<ServerConfig>>) {
        let descriptor = ClientStream::descriptor(&tcp);
        let (served, guard) = match self {
            Self::Shop(shop, worker_numbers) => {
                let worker = shop.service_queue.accept();
                if let (Some(worker), Ok(client)) = (worker, tcp.peer()) {
                    worker_numbers
                        .accepted_connections
                        .note(client, worker_numbers.first + worker);
                }
                let guard = shop.connection_table.register(descriptor);
                let shop = ServedShop {
                    worker,
                    ..shop.clone()
                };
                (Served::Shop(shop), guard)
            }
            Self::Fixed(connection_table) => {
                let guard = connection_table.register(descriptor);
                (Served::Fixed(Rc::clone(connection_table)), guard)
            }
        };
        match (tls, served) {
            (Some(config), served) => {
                drop(spawn(greet(tcp, Arc::clone(config), guard, served)));
            }
            (None, Served::Shop(shop)) => drop(spawn(connection::serve(tcp, guard, shop))),
            (None, Served::Fixed(table)) => drop(spawn(fixed::serve(tcp, guard, table))),
        }
    }

    /// Loses all connections, and what is served or waits.
    fn lose_everything(&self) {
        if let Self::Shop(shop, _) = self {
            shop.connection_table.reset();
            shop.service_queue.lose_everything();
        }
    }
}

/// Greets the client, and serves it by the protocol that it has chosen.
async fn greet(tcp: Tcp, config: Arc<ServerConfig>, guard: ConnectionGuard, served: Served) {
    guard.is_greeting();
    // One that was refused has been told why.
    let Ok(stream) = TlsStream::accept(tcp, &config).await else {
        return;
    };
    guard.is_busy();
    guard.has_last_words();
    match served {
        Served::Shop(shop) if stream.is_http_2() => {
            http2::serve(stream.into_polled(Vec::new()), guard, shop).await;
        }
        Served::Shop(shop) => connection::serve(stream, guard, shop).await,
        Served::Fixed(table) => fixed::serve(stream, guard, table).await,
    }
}

/// See the module's documentation.
pub struct Acceptor {
    address: SocketAddr,
    service: Service,
    /// Of a server that speaks TLS.
    tls: Option<Arc<ServerConfig>>,
    pacer: Pacer,
    stop: Arc<AtomicBool>,
    /// Of a shop that falls over.
    overload: Option<Arc<OverloadState>>,
    /// The listener's descriptor, while it is open.
    open: Cell<Option<RawFd>>,
}

impl Acceptor {
    /// An acceptor for `service` at `address`, with the real port; nobody keeps it yet.
    pub fn new(
        address: SocketAddr,
        service: Service,
        tls: Option<Arc<ServerConfig>>,
        pacer: Pacer,
        stop: Arc<AtomicBool>,
        overload: Option<Arc<OverloadState>>,
    ) -> Self {
        Self {
            address,
            service,
            tls,
            pacer,
            stop,
            overload,
            open: Cell::new(None),
        }
    }

    /// Takes in what comes to `listener`, and to the one after each fall, until the sandbox stops.
    pub async fn keep(self: Rc<Self>, listener: Listener) {
        let mut next = Some(listener);
        while let Some(listener) = next {
            self.accept(listener).await;
            next = match &self.overload {
                Some(overload) if !self.stops() => {
                    self.service.lose_everything();
                    self.listen_again(overload).await
                }
                _ => None,
            };
        }
    }

    /// Has [`Acceptor::keep`] end, once the sandbox is to stop.
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
        let overload = self.overload.as_ref();
        overload.is_some_and(|overload| overload.down_until_ns().is_some())
    }

    /// Accepts until the listener is shut down.
    async fn accept(&self, listener: Listener) {
        let descriptor = listener.descriptor();
        self.open.set(Some(descriptor));
        let falls = self.falls();
        if let Some(overload) = &self.overload {
            overload.opened(descriptor);
        }
        // A fall before the listener was known has spared it.
        while self.falls() == falls && !self.is_down() {
            match listener.accept().await {
                Ok(stream) => self.service.serve(stream, self.tls.as_ref()),
                Err(_) if self.stops() => break,
                Err(_) if self.falls() != falls => break,
                Err(_) => self.pacer.until(now_ns() + ACCEPT_PAUSE_NS).await,
            }
        }
        if let Some(overload) = &self.overload {
            overload.closing(descriptor);
        }
        self.open.set(None);
    }

    fn falls(&self) -> u32 {
        let overload = self.overload.as_ref();
        overload.map_or(0, |overload| overload.falls())
    }

    /// The next listener, when the shop is back; `None` when the sandbox stops.
    async fn listen_again(&self, overload: &OverloadState) -> Option<Listener> {
        while !self.stops() {
            let wake_ns = match overload.down_until_ns() {
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
