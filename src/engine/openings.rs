//! The connections of a core's users: opened before the start, and distributed to the users.

use super::connection::Connection;
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

/// A connection for each of `users`.
pub fn user_connections(
    connections: Vec<Connection>,
    shared: bool,
    users: usize,
) -> Box<dyn Iterator<Item = UserConnection>> {
    if shared {
        let pool = Rc::new(Pool::new(connections, users));
        Box::new(std::iter::repeat_with(move || {
            UserConnection::Shared(Rc::clone(&pool))
        }))
    } else {
        Box::new(connections.into_iter().map(UserConnection::Own))
    }
}
