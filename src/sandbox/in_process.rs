//! The shop without sockets and threads: bytes in, bytes out. For simulations in virtual time, in
//! which journeys meet the shop's rules and nothing else.

use super::bugs::Bugs;
use super::connection_table::ConnectionTable;
use super::pipeline::{
    DOMAINS, DrainRate, HIGHEST_DRAIN_RATE_PER_S, MOST_ENGINES, Pipeline, PipelineConfig,
};
use super::request_handler::{Conflicts, Considered, Outgoing, RequestHandler};
use super::shop::Shop;
use crate::engine::codec::{Incoming, Request, parse};
use crate::shop::Generation;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::Arc;

/// See the module's documentation.
pub struct InProcessShop {
    shop: Arc<Shop>,
    handler: RequestHandler,
    connection_table: ConnectionTable,
}

/// A request of several that come at about the same time.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Its bytes.
    pub request: &'a [u8],
    /// When it comes, in nanoseconds of whatever clock.
    pub at_ns: u64,
    /// The API worker that it comes to.
    pub worker: usize,
    /// What it takes that worker, in nanoseconds; what the command looks at is looked at in the beginning,
    /// and what it does is done in the end.
    pub service_ns: u64,
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
        Self::of_pipeline(&PipelineConfig::default(), (generation, retain), bugs)
    }

    /// The same with engines of all domains, that do at once what they are for.
    #[must_use]
    pub fn with_swift_engines(generation: Generation, retain: usize, bugs: Bugs) -> Self {
        let config = PipelineConfig {
            engines: [MOST_ENGINES; DOMAINS],
            drain_rate: DrainRate::per_s(HIGHEST_DRAIN_RATE_PER_S).unwrap_or(DrainRate::MEASURED),
        };
        Self::of_pipeline(&config, (generation, retain), bugs)
    }

    fn of_pipeline(
        config: &PipelineConfig,
        (generation, retain): (Generation, usize),
        bugs: Bugs,
    ) -> Self {
        let pipeline = Arc::new(Pipeline::new(config, generation));
        let shop = Arc::new(Shop::new(generation, retain, 1, pipeline).with_bugs(bugs));
        let address = SocketAddr::from(([127, 0, 0, 1], 8_000));
        Self {
            handler: RequestHandler::new(Arc::clone(&shop), 0, Conflicts::default(), address),
            shop,
            connection_table: ConnectionTable::new(),
        }
    }

    /// Has engines do what is due.
    pub fn run_engines(&self) {
        if self.shop.has_engines() {
            self.shop.run_engines(0);
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
        let considered = self.handler.consider(&request);
        self.settle(&request, considered)
    }

    fn settle(&mut self, request: &Request<'_>, considered: Considered) -> Option<InProcessReply> {
        let mut bytes = Vec::with_capacity(256);
        let mut out = Outgoing {
            date: &self.connection_table.date(),
            bytes: &mut bytes,
        };
        self.handler.settle(request, considered, &mut out);
        let head_end = memchr::memmem::find(&bytes, b"\r\n\r\n")? + 4;
        let status = std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok()?;
        Some(InProcessReply {
            status,
            body: bytes.split_off(head_end),
        })
    }

    /// Answers requests that come at about the same time as several API workers would: each serves what
    /// comes to it one after the other, and what one does can come between another's look and its deed.
    /// Tells the reply to each, and when it is there; `None` when the bytes are not exactly one request.
    pub fn answer_together(
        &mut self,
        arrivals: &[Arrival<'_>],
    ) -> Vec<(Option<InProcessReply>, u64)> {
        let mut replies: Vec<(Option<InProcessReply>, u64)> =
            arrivals.iter().map(|it| (None, it.at_ns)).collect();
        let requests: Vec<Option<Request<'_>>> = arrivals
            .iter()
            .map(|it| match parse(it.request) {
                Incoming::Complete { request, .. } => Some(request),
                _ => None,
            })
            .collect();
        let mut order: Vec<usize> = (0..arrivals.len()).collect();
        order.sort_by_key(|&at| arrivals[at].at_ns);
        // Moment, whether something begins then (what ends is done before), and which request.
        let mut moments = BinaryHeap::new();
        let workers = arrivals.iter().map(|it| it.worker + 1).max();
        let mut free_ns = vec![0; workers.unwrap_or_default()];
        for at in order {
            let arrival = arrivals[at];
            let start_ns = arrival.at_ns.max(free_ns[arrival.worker]);
            let end_ns = start_ns + arrival.service_ns;
            free_ns[arrival.worker] = end_ns;
            replies[at].1 = end_ns;
            moments.push(Reverse((start_ns, true, at)));
        }
        let mut open: Vec<Option<Considered>> = arrivals.iter().map(|_| None).collect();
        while let Some(Reverse((_, begins, at))) = moments.pop() {
            let Some(request) = &requests[at] else {
                continue;
            };
            if begins {
                open[at] = Some(self.handler.consider(request));
                moments.push(Reverse((replies[at].1, false, at)));
            } else if let Some(considered) = open[at].take() {
                replies[at].0 = self.settle(request, considered);
            }
        }
        replies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspensions(shop: &mut InProcessShop, workers: usize) -> Vec<u16> {
        let body = r#"{"external_id":"EXT-1","email":"a@b.co","first_name":"A","last_name":"B"}"#;
        let sent = |line: &str, body: &str| {
            let length = body.len();
            format!("{line} HTTP/1.1\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
        };
        let reply = shop.answer(&sent("POST /customers", body)).unwrap();
        let text = String::from_utf8(reply.body).unwrap();
        let id = text.split('"').nth(3).unwrap();
        let line = format!("PUT /customers/{id}/suspend");
        let request = sent(&line, r#"{"reason":"x"}"#);
        let arrivals: Vec<Arrival<'_>> = (0..4)
            .map(|number| Arrival {
                request: &request,
                at_ns: 7,
                worker: number % workers,
                service_ns: 10,
            })
            .collect();
        let replies = shop.answer_together(&arrivals);
        let last = replies.iter().map(|(_, done_ns)| *done_ns).max();
        assert_eq!(last, Some(7 + 40 / workers as u64));
        let replies = replies.into_iter().filter_map(|(reply, _)| reply);
        let mut statuses: Vec<u16> = replies.map(|reply| reply.status).collect();
        statuses.sort_unstable();
        statuses
    }

    #[test]
    fn what_meets_in_different_workers_races_and_what_one_serves_does_not() {
        let mut shop = InProcessShop::new(Generation::Today, 10);
        assert_eq!(suspensions(&mut shop, 1), [200, 400, 400, 400]);
        let mut shop = InProcessShop::new(Generation::Today, 10);
        assert_eq!(suspensions(&mut shop, 2), [200, 400, 400, 500]);
        let mut shop = InProcessShop::new(Generation::Today, 10);
        assert_eq!(suspensions(&mut shop, 4), [200, 500, 500, 500]);
    }

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
