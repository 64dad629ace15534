//! The connections of a core's users: opened before the start, and distributed to the users.

use super::connection::Connection;
use super::http2_connection::{Http2Connection, Sharing, open_all};
use super::interruption::Interruption;
use super::pool::Pool;
use super::runtime::spawn;
use super::socket_link::UserConnection;
use super::survey::Opened;
use super::transport::Transport;
use crate::stats::AddressTable;
use std::rc::Rc;

/// Connections of a core that are being opened at once before the start.
pub const OPENED_AT_ONCE: usize = 64;

/// A worker's preparations.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Ring flags in use.
    pub ring_flags: &'static [&'static str],
    /// Connections that are open.
    pub open_connections: usize,
    /// Why the last connection that is not open could not be opened.
    pub connect_error: Option<String>,
    /// What went to which address of the target so far.
    pub addresses: AddressTable,
}

/// Connections of a core.
#[derive(Clone, Copy)]
pub struct WantedConnections {
    /// All of them.
    pub connections: usize,
    /// Those that are opened before the start; those of users in reserve are opened when they are
    /// needed.
    pub opened: usize,
}

/// Opens the connections of the core that are not open already, some at once, so that neither a far
/// target nor a short backlog of the server makes it slow. Opens no more once the run is called off.
pub async fn open_connections(
    wanted: WantedConnections,
    opened: Vec<Opened>,
    (transport, interruption, ring_flags): (&Rc<Transport>, &Interruption, &'static [&'static str]),
) -> (Vec<Connection>, Ready) {
    let mut connections = Vec::with_capacity(wanted.connections);
    let mut ready = Ready {
        ring_flags,
        open_connections: 0,
        connect_error: None,
        addresses: AddressTable::default(),
    };
    for (slot, opened) in opened.into_iter().take(wanted.opened).enumerate() {
        let mut connection = Connection::new(Rc::clone(transport), slot);
        if connection.adopt(opened).is_ok() {
            ready.open_connections += 1;
        }
        connections.push(connection);
    }
    for first in (connections.len()..wanted.opened).step_by(OPENED_AT_ONCE) {
        let opening: Vec<_> = (first..wanted.opened.min(first + OPENED_AT_ONCE))
            .map(|slot| {
                let mut connection = Connection::new(Rc::clone(transport), slot);
                spawn(async move {
                    let opened = connection.reopen().await;
                    (connection, opened)
                })
            })
            .collect();
        for task in opening {
            let (connection, opened) = task.join().await;
            match opened {
                Ok(()) => ready.open_connections += 1,
                Err(error) => ready.connect_error = Some(error.to_string()),
            }
            connections.push(connection);
        }
        let is_down = ready.open_connections == 0 && ready.connect_error.is_some();
        if is_down || interruption.ends_run() {
            break;
        }
    }
    let in_reserve = connections.len()..wanted.connections;
    connections.extend(in_reserve.map(|slot| Connection::new(Rc::clone(transport), slot)));
    (connections, ready)
}

/// The connections of a core's users.
pub enum CoreConnections {
    /// Each with a request at a time.
    Single(Vec<Connection>),
    /// Each with many streams.
    Http2(Vec<Rc<Http2Connection>>),
}

impl CoreConnections {
    /// Takes the first one, for a user that comes before all others.
    pub fn take_first(&mut self) -> UserConnection {
        match self {
            Self::Single(connections) => UserConnection::Own(connections.remove(0)),
            Self::Http2(connections) => UserConnection::Http2(Rc::clone(&connections[0])),
        }
    }

    /// Takes it back.
    pub fn put_first(&mut self, first: UserConnection) {
        if let (Self::Single(connections), UserConnection::Own(connection)) = (self, first) {
            connections.insert(0, connection);
        }
    }
}

/// The same, of connections that speak HTTP/2 and are shared as `sharing` says.
pub async fn open_http2_connections(
    wanted: WantedConnections,
    (sharing, max_body_bytes): (Sharing, usize),
    (transport, interruption, ring_flags): (&Rc<Transport>, &Interruption, &'static [&'static str]),
) -> (Vec<Rc<Http2Connection>>, Ready) {
    let slots = 0..wanted.connections;
    let connection = |slot| Http2Connection::new(transport, slot, sharing, max_body_bytes);
    let connections: Vec<_> = slots.map(connection).collect();
    transport.look_after(&connections);
    let opened = &connections[..wanted.opened.min(connections.len())];
    let goes_on = || !interruption.ends_run();
    let (open_connections, connect_error) = open_all(opened, OPENED_AT_ONCE, goes_on).await;
    let ready = Ready {
        ring_flags,
        open_connections,
        connect_error,
        addresses: AddressTable::default(),
    };
    (connections, ready)
}

/// A connection for each of `users`.
pub fn user_connections(
    connections: CoreConnections,
    shared: bool,
    users: usize,
) -> Box<dyn Iterator<Item = UserConnection>> {
    let connections = match connections {
        CoreConnections::Single(connections) => connections,
        // A user keeps its connection, whoever else has streams on it.
        CoreConnections::Http2(connections) => {
            return Box::new(connections.into_iter().cycle().map(UserConnection::Http2));
        }
    };
    if shared {
        let pool = Rc::new(Pool::new(connections, users));
        Box::new(std::iter::repeat_with(move || {
            UserConnection::Shared(Rc::clone(&pool))
        }))
    } else {
        Box::new(connections.into_iter().map(UserConnection::Own))
    }
}
