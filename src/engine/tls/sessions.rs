//! Sessions that can be resumed, of one core: as many tickets as connections may want at once. (That of
//! rustls keeps eight for a server, so that of a crowd that reconnects all but eight would pay in full.)

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tickets that are kept for a server: the newest.
const MOST_TICKETS: usize = 1_024;
/// Servers that are remembered: a target has one name, and may point to another.
const MOST_SERVERS: usize = 8;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct CoreSessions(Mutex<VecDeque<(ServerName<'static>, ServerSessions)>>);

#[derive(Default)]
struct ServerSessions {
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tickets: VecDeque<Tls13ClientSessionValue>,
}

impl CoreSessions {
    fn servers(&self) -> MutexGuard<'_, VecDeque<(ServerName<'static>, ServerSessions)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find<T>(
        &self,
        name: &ServerName<'_>,
        look: impl FnOnce(&mut ServerSessions) -> Option<T>,
    ) -> Option<T> {
        let mut servers = self.servers();
        let server = servers.iter_mut().find(|(known, _)| known == name);
        server.and_then(|(_, sessions)| look(sessions))
    }

    fn edit(&self, name: ServerName<'static>, edit: impl FnOnce(&mut ServerSessions)) {
        let mut servers = self.servers();
        if let Some((_, sessions)) = servers.iter_mut().find(|(known, _)| *known == name) {
            return edit(sessions);
        }
        if servers.len() == MOST_SERVERS {
            servers.pop_front();
        }
        let mut sessions = ServerSessions::default();
        edit(&mut sessions);
        servers.push_back((name, sessions));
    }
}

/// Tells of no secrets.
impl std::fmt::Debug for CoreSessions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CoreSessions")
    }
}

impl ClientSessionStore for CoreSessions {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.edit(name, |sessions| sessions.group = Some(group));
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.find(name, |sessions| sessions.group)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.edit(name, |sessions| sessions.tls12 = Some(value));
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.find(name, |sessions| sessions.tls12.clone())
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.find(name, |sessions| sessions.tls12.take());
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.edit(name, |sessions| {
            if sessions.tickets.len() == MOST_TICKETS {
                sessions.tickets.pop_front();
            }
            sessions.tickets.push_back(value);
        });
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.find(name, |sessions| sessions.tickets.pop_back())
    }
}
