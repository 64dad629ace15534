//! The shop as one connection meets it: a request goes in, and its reply comes out or is lost.

use super::chaos::Mishap;
use super::connection_table::ConnectionTable;
use super::next::AfterReply;
use super::request_handler::{Outgoing, RequestHandler};
use super::service_queue::ServiceQueue;
use crate::engine::codec::Request;
use std::cell::RefCell;
use std::rc::Rc;

/// See the module's documentation.
#[derive(Clone)]
pub struct ServedShop {
    /// The worker that the connection belongs to, if to any.
    pub worker: Option<usize>,
    pub handler: Rc<RefCell<RequestHandler>>,
    pub service_queue: Rc<ServiceQueue>,
    pub connection_table: Rc<ConnectionTable>,
    /// Requests that one connection may make.
    pub keepalive_requests: Option<u32>,
}

/// What has become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The reply is written.
    Replied(AfterReply),
    /// There is none, and nobody knows whether the request was lost or its reply.
    Lost(Mishap),
    /// The shop is down, or falls over by the request: no connection stays.
    Down,
}

impl ServedShop {
    /// Answers `request`, of which the last byte came at `received_ns` (0 when nobody wants to know);
    /// appends the reply to `replies`.
    #[inline]
    pub async fn answer(
        &self,
        request: &Request<'_>,
        received_ns: u64,
        replies: &mut Vec<u8>,
    ) -> Answer {
        if received_ns > 0 {
            let connection_table = &self.connection_table;
            connection_table.note_arrival(received_ns, request.method, request.target);
        }
        let service_queue = &self.service_queue;
        if !service_queue.admits_another() {
            return Answer::Down;
        }
        let mishap = service_queue.mishap(request.target);
        // Of what gets lost nobody knows whether it was the request or the reply.
        if let Some(mishap @ (Mishap::Reset | Mishap::Stall)) = mishap
            && fastrand::bool()
        {
            return Answer::Lost(mishap);
        }
        let written = replies.len();
        let mut out = Outgoing {
            date: &self.connection_table.date(),
            bytes: replies,
        };
        let next = if service_queue.is_immediate() {
            self.handler.borrow_mut().answer(request, &mut out)
        } else {
            service_queue
                .serve(self.worker, &self.handler, request, &mut out)
                .await
        };
        if next == AfterReply::Reset {
            return Answer::Down;
        }
        match mishap {
            Some(Mishap::Slow) => service_queue.dawdle().await,
            Some(mishap) => {
                replies.truncate(written);
                return Answer::Lost(mishap);
            }
            None => {}
        }
        Answer::Replied(next)
    }
}
