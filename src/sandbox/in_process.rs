//! The shop without sockets and threads: bytes in, bytes out. For simulations in virtual time, in
//! which journeys meet the shop's rules and nothing else.

use super::bugs::Bugs;
use super::connection_table::ConnectionTable;
use super::pipeline::{Pipeline, PipelineConfig};
use super::request_handler::{Conflicts, Outgoing, RequestHandler};
use super::shop::Shop;
use crate::engine::codec::{Incoming, parse};
use crate::shop::Generation;
use std::net::SocketAddr;
use std::sync::Arc;

/// See the module's documentation.
pub struct InProcessShop {
    handler: RequestHandler,
    connection_table: ConnectionTable,
}

/// A reply, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InProcessReply {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl InProcessShop {
    /// An empty shop of `generation` that remembers the `retain` newest things of each kind.
    #[must_use]
    pub fn new(generation: Generation, retain: usize) -> Self {
        Self::with_bugs(generation, retain, Bugs::default())
    }

    /// The same with faults.
    #[must_use]
    pub fn with_bugs(generation: Generation, retain: usize, bugs: Bugs) -> Self {
        let pipeline = Arc::new(Pipeline::new(&PipelineConfig::default(), generation));
        let shop = Shop::new(generation, retain, 1, pipeline).with_bugs(bugs);
        let address = SocketAddr::from(([127, 0, 0, 1], 8_000));
        Self {
            handler: RequestHandler::new(Arc::new(shop), 0, Conflicts::default(), address),
            connection_table: ConnectionTable::new(),
        }
    }

    /// Answers one request; `None` when the bytes are not exactly one request.
    pub fn answer(&mut self, request: &[u8]) -> Option<InProcessReply> {
        let Incoming::Complete {
            request,
            consumed: _,
        } = parse(request)
        else {
            return None;
        };
        let mut bytes = Vec::with_capacity(256);
        let mut out = Outgoing {
            date: &self.connection_table.date(),
            bytes: &mut bytes,
        };
        self.handler.answer(&request, &mut out);
        let head_end = memchr::memmem::find(&bytes, b"\r\n\r\n")? + 4;
        let status = std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok()?;
        Some(InProcessReply {
            status,
            body: bytes.split_off(head_end),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_answered_as_over_a_socket() {
        let mut shop = InProcessShop::new(Generation::Today, 10);
        let reply = shop.answer(b"GET /health HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!(reply.status, 200);
        assert!(reply.body.starts_with(br#"{"status":"ok""#));
        assert_eq!(shop.answer(b"GET /health HTT"), None);
        let unknown = shop
            .answer(b"PUT /customers/x/close HTTP/1.1\r\n\r\n")
            .unwrap();
        assert_eq!(unknown.status, 404);
    }
}
