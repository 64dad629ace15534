//! The link of a real user: the pacer for waiting, a connection of its own or a shared one for
//! requests.

use super::clock::now_ns;
use super::codec::ReplyParser;
use super::connection::{Connection, ExchangeBuffers};
use super::inbox::Inbox;
use super::link::{AwaitedStart, CalledOff, Exchange, Link, RaceRequest, ReplyHead, Stopped};
use super::pacer::Pacer;
use super::pool::Pool;
use super::race_connection::RaceGroup;
use super::race_pool::{RacePool, RaceStart};
use super::transport::Transport;
use crate::stats::Reason;
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

/// Most racers of one user's race.
pub const MOST_RACERS: usize = 64;

/// Where a user's requests go out.
pub enum UserConnection {
    /// A connection of its own.
    Own(Connection),
    /// Whichever of the core's shared connections is free.
    Shared(Rc<Pool<Connection>>),
}

/// A user's way to the shop over sockets.
pub struct SocketLink {
    connection: UserConnection,
    transport: Rc<Transport>,
    pacer: Pacer,
    /// End of the run; drawn nearer when the user of the program interrupts it.
    run_end_ns: Rc<Cell<u64>>,
    /// End of this user's activity.
    activity_end_ns: Rc<Cell<u64>>,
    out: Vec<u8>,
    inbox: Inbox,
    body: Range<usize>,
    parser: ReplyParser,
    /// Apart: hardly ever touched, and larger than all that is.
    reason: Box<Reason>,
    done_ns: u64,
    /// Where its races take place, when it has any.
    race_pool: Option<Rc<RacePool>>,
    /// Its race connections in the current race.
    race_connections: Vec<u32>,
    group: Rc<RaceGroup>,
}

impl SocketLink {
    /// A link over `connection` that accepts reply bodies of up to `max_body_bytes`.
    #[must_use]
    pub fn new(
        connection: UserConnection,
        transport: Rc<Transport>,
        pacer: Pacer,
        run_end_ns: Rc<Cell<u64>>,
        max_body_bytes: usize,
    ) -> Self {
        let parser = ReplyParser::sharing(max_body_bytes, Rc::clone(&transport.known_heads));
        Self {
            connection,
            transport,
            pacer,
            run_end_ns,
            activity_end_ns: Rc::new(Cell::new(u64::MAX)),
            out: Vec::new(),
            inbox: Inbox::default(),
            body: 0..0,
            parser,
            reason: Box::default(),
            done_ns: 0,
            race_pool: None,
            race_connections: Vec::new(),
            group: Rc::default(),
        }
    }

    /// The same, with connections for races.
    #[must_use]
    pub fn with_race_pool(self, race_pool: Option<Rc<RacePool>>) -> Self {
        let race_connections =
            Vec::with_capacity(if race_pool.is_some() { MOST_RACERS } else { 0 });
        Self {
            race_pool,
            race_connections,
            ..self
        }
    }

    fn race_pool(&self) -> &RacePool {
        self.race_pool
            .as_deref()
            .expect("a script that races asks for race connections")
    }

    /// Where its requests went out, when the user is done.
    #[must_use]
    pub fn into_user_connection(self) -> UserConnection {
        self.connection
    }

    /// The end of the user's activity: nothing becomes due at or after it. Whoever moves it nearer
    /// has the pacer [`Pacer::recall`].
    #[must_use]
    pub fn activity_end(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.activity_end_ns)
    }

    /// Waits until `due_ns`, the end of the run, or [`Pacer::recall`]. Returns whether the run goes
    /// on.
    pub async fn pause(&self, due_ns: u64) -> bool {
        let due_ns = due_ns.min(self.run_end_ns.get());
        self.pacer.until_or_recalled(due_ns).await;
        now_ns() < self.run_end_ns.get()
    }

    async fn wait_until(&self, due_ns: u64) -> Result<(), Stopped> {
        loop {
            let due_or_end_ns = due_ns.min(self.end_ns());
            self.pacer.until_or_recalled(due_or_end_ns).await;
            let (now_ns, end_ns) = (now_ns(), self.end_ns());
            if now_ns >= end_ns {
                return Err(Stopped { end_ns });
            }
            if now_ns >= due_ns {
                return Ok(());
            }
        }
    }

    fn end_ns(&self) -> u64 {
        self.run_end_ns.get().min(self.activity_end_ns.get())
    }
}

impl Link for SocketLink {
    fn now_ns(&self) -> u64 {
        now_ns()
    }

    #[inline]
    async fn until(&mut self, due_ns: u64) -> Result<(), Stopped> {
        let end_ns = self.end_ns();
        if due_ns <= self.done_ns && self.done_ns < end_ns {
            return Ok(());
        }
        self.wait_until(due_ns).await
    }

    fn request_buffer(&mut self) -> &mut Vec<u8> {
        if self.out.capacity() == 0 {
            self.out = self.transport.request_buffer();
        }
        self.out.clear();
        &mut self.out
    }

    fn written(&self) -> &[u8] {
        &self.out
    }

    #[inline]
    async fn exchange(&mut self) -> Exchange {
        self.parser.set_bodiless(self.out.starts_with(b"HEAD "));
        let buffers = ExchangeBuffers {
            out: &mut self.out,
            inbox: &mut self.inbox,
            parser: &mut self.parser,
            reason: &mut self.reason,
        };
        let exchange = match &mut self.connection {
            UserConnection::Own(connection) => connection.exchange(buffers).await,
            UserConnection::Shared(pool) => {
                let mut connection = pool.lend().await;
                let lent_ns = now_ns();
                let mut exchange = connection.exchange(buffers).await;
                pool.give_back(connection);
                exchange.ready_ns = exchange.ready_ns.max(lent_ns);
                exchange
            }
        };
        self.done_ns = now_ns();
        let result = exchange.result.map(|reply| {
            self.body = reply.body;
            ReplyHead {
                status: reply.status,
                bytes: reply.wire_bytes,
            }
        });
        Exchange {
            ready_ns: exchange.ready_ns,
            sent_ns: exchange.sent_ns,
            done_ns: self.done_ns,
            again: exchange.again,
            result,
        }
    }

    async fn reserve(&mut self, racers: usize) {
        let mut race_connections = std::mem::take(&mut self.race_connections);
        self.race_pool()
            .reserve(racers)
            .into(&mut race_connections)
            .await;
        self.race_connections = race_connections;
    }

    async fn race(
        &mut self,
        text: &[u8],
        race_requests: &mut [RaceRequest],
        crowd: Option<AwaitedStart<'_>>,
    ) -> Result<u64, CalledOff> {
        let start = RaceStart {
            connections: &self.race_connections,
            group: &self.group,
            text,
        };
        let crowd = self.race_pool().race(start, race_requests, crowd).await?;
        self.done_ns = now_ns();
        Ok(crowd)
    }

    fn with_racer_body<T>(&self, racer: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        self.race_pool()
            .get(self.race_connections[racer])
            .with_body(read)
    }

    fn with_racer_head<T>(&self, racer: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        self.race_pool()
            .get(self.race_connections[racer])
            .with_head(read)
    }

    fn racer_reason(&self, racer: usize) -> Reason {
        self.race_pool().get(self.race_connections[racer]).reason()
    }

    fn return_connections(&mut self) {
        let mut race_connections = std::mem::take(&mut self.race_connections);
        self.race_pool().leave(&mut race_connections);
        self.race_connections = race_connections;
    }

    fn head(&self) -> &[u8] {
        &self.inbox.bytes()[..self.body.start]
    }

    fn body(&self) -> &[u8] {
        &self.inbox.bytes()[self.body.clone()]
    }

    #[inline]
    fn forget_reply(&mut self) {
        self.body = 0..0;
        self.inbox.clear();
        if self.transport.ring.is_some() && self.inbox.has_room() {
            self.transport
                .keep_gathering_room(self.inbox.give_up_room());
        }
    }

    fn reason(&self) -> &Reason {
        &self.reason
    }
}
