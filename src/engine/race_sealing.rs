//! Requests of a race over TLS: sealed before the start, each in two runs of records, so that only the last
//! record of each waits for it.

use super::clock::now_ns;
use super::link::RaceRequest;
use super::race_pool::{RacePool, RaceStart};

impl RacePool {
    /// What of a request leaves before the start, and what waits for it.
    pub(super) fn parts<'a>(
        &self,
        start: RaceStart<'a>,
        connection: u32,
        racer: &RaceRequest,
    ) -> (&'a [u8], &'a [u8]) {
        let request = start.request(racer);
        match start.sealed {
            None => request.split_at(request.len() - self.held_back(request)),
            Some(sealed) => self.get(connection).sealed().parts(sealed),
        }
    }

    /// Seals the requests of those that are not at the start yet, for connections that are ready.
    pub(super) fn seal(&self, start: RaceStart<'_>, racers: &[RaceRequest], sealed: &mut Vec<u8>) {
        let now_ns = now_ns();
        for (connection, racer) in start.each(racers) {
            let connection = self.get(connection);
            if racer.result.is_ok() || connection.ready_descriptor(now_ns).is_none() {
                continue;
            }
            let request = start.request(racer);
            if connection
                .seal(request, self.held_back(request), sealed)
                .is_err()
            {
                connection.spoil();
            }
        }
    }

    /// The same of one `request` for all of `connections`, whole; `None` where no TLS is spoken.
    pub(super) fn sealed_for(&self, connections: &[u32], request: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = self.sealed_room()?;
        for &connection in connections {
            let connection = self.get(connection);
            if connection.seal(request, 0, &mut sealed).is_err() {
                connection.spoil();
            }
        }
        Some(sealed)
    }

    /// Room for sealed requests; `None` where no TLS is spoken.
    pub(super) fn sealed_room(&self) -> Option<Vec<u8>> {
        let is_secure = self.transport.tls.is_some();
        is_secure.then(|| self.transport.gathering_room())
    }

    /// Takes such room back.
    pub(super) fn keep_sealed_room(&self, room: Option<Vec<u8>>) {
        if let Some(mut room) = room {
            room.clear();
            self.transport.keep_gathering_room(room);
        }
    }
}
