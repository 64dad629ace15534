//! Which worker each connection belongs to, for those who want to check what they found out by
//! themselves. No request shows it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

/// Connections that are remembered; further ones are left out.
const MOST_CONNECTIONS: usize = 1 << 16;

/// See the module's documentation.
#[derive(Default)]
pub struct AcceptedConnections(Mutex<HashMap<SocketAddr, usize>>);

impl AcceptedConnections {
    /// The connection from `client` was accepted by `worker`.
    pub fn note(&self, client: SocketAddr, worker: usize) {
        let mut workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if workers.len() < MOST_CONNECTIONS {
            workers.insert(client, worker);
        }
    }

    /// Who accepted the last connection from `client`.
    pub fn worker_of(&self, client: SocketAddr) -> Option<usize> {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.get(&client).copied()
    }

    /// Connections by worker.
    pub fn spread(&self) -> Vec<usize> {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spread = Vec::new();
        for &worker in workers.values() {
            if spread.len() <= worker {
                spread.resize(worker + 1, 0);
            }
            spread[worker] += 1;
        }
        spread
    }
}
