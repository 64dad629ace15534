//! The link of a real user: the pacer for waiting, a connection of its own or a shared one for
//! requests.

use super::awaited_start::AwaitedStart;
use super::clock::now_ns;
use super::codec::ReplyParser;
use super::connection::Connection;
use super::exchange_buffers::ExchangeBuffers;
use super::http2_connection::Http2Connection;
use super::http2_race::{Http2Race, Http2Races};
use super::inbox::Inbox;
use super::link::{CalledOff, Exchange, Link, RaceRequest, ReplyHead, Stopped};
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
    /// A connection with a stream for each request, its own or shared.
    Http2(Rc<Http2Connection>),
}

/// A user's way to the shop over sockets.
pub struct SocketLink {
    connection: UserConnection,
    transport: Rc<Transport>,
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
    /// Where its races take place, when it has any, and how far the current one is.
    races: Option<Box<UserRaces>>,
}

/// A user's races.
enum UserRaces {
    /// On connections of their own.
    Pool {
        pool: Rc<RacePool>,
        /// Those of the current race.
        connections: Vec<u32>,
        group: Rc<RaceGroup>,
    },
    /// On streams.
    Http2 {
        of_core: Rc<Http2Races>,
        race: Http2Race,
    },
}

impl SocketLink {
    /// A link over `connection` that accepts reply bodies of up to `max_body_bytes`.
    #[must_use]
    pub fn new(
        connection: UserConnection,
        transport: Rc<Transport>,
        run_end_ns: Rc<Cell<u64>>,
        max_body_bytes: usize,
    ) -> Self {
        let parser = ReplyParser::sharing(max_body_bytes, Rc::clone(&transport.known_heads));
        Self {
            connection,
            transport,
            run_end_ns,
            activity_end_ns: Rc::new(Cell::new(u64::MAX)),
            out: Vec::new(),
            inbox: Inbox::default(),
            body: 0..0,
            parser,
            reason: Box::default(),
            done_ns: 0,
            races: None,
        }
    }

    /// The same, with connections for races.
    #[must_use]
    pub fn with_race_pool(self, pool: Option<Rc<RacePool>>) -> Self {
        self.racing(pool.map(|pool| UserRaces::Pool {
            pool,
            connections: Vec::with_capacity(MOST_RACERS),
            group: Rc::default(),
        }))
    }

    /// The same, with races over HTTP/2.
    #[must_use]
    pub fn with_http2_races(self, of_core: Option<Rc<Http2Races>>) -> Self {
        self.racing(of_core.map(|of_core| UserRaces::Http2 {
            of_core,
            race: Http2Race::with_room(MOST_RACERS),
        }))
    }

    fn racing(self, races: Option<UserRaces>) -> Self {
        let races = races.map(Box::new).or(self.races);
        Self { races, ..self }
    }

    fn races(&self) -> &UserRaces {
        self.races
            .as_deref()
            .expect("a script that races asks for race connections")
    }

    /// Where its requests went out, when the user is done.
    #[must_use]
    pub fn into_user_connection(self) -> UserConnection {
        self.connection
    }

    /// The end of the user's activity: nothing becomes due at or after it. Whoever moves it nearer
    /// has the pacer [`super::Pacer::recall`].
    #[must_use]
    pub fn activity_end(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.activity_end_ns)
    }

    /// Waits until `due_ns`, the end of the run, or [`super::Pacer::recall`]. Returns whether the run goes
    /// on.
    pub async fn pause(&self, due_ns: u64) -> bool {
        let due_ns = due_ns.min(self.run_end_ns.get());
        self.transport.pacer.until_or_recalled(due_ns).await;
        now_ns() < self.run_end_ns.get()
    }

    async fn wait_until(&self, due_ns: u64) -> Result<(), Stopped> {
        loop {
            let due_or_end_ns = due_ns.min(self.end_ns());
            self.transport.pacer.until_or_recalled(due_or_end_ns).await;
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
            UserConnection::Http2(connection) => connection.exchange(buffers).await,
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
        match self.races.as_deref_mut() {
            Some(UserRaces::Pool {
                pool, connections, ..
            }) => pool.reserve(racers).into(connections).await,
            Some(UserRaces::Http2 { of_core, race }) => of_core.reserve(race, racers).await,
            None => {}
        }
    }

    async fn race(
        &mut self,
        text: &[u8],
        race_requests: &mut [RaceRequest],
        crowd: Option<AwaitedStart<'_>>,
    ) -> Result<u64, CalledOff> {
        let crowd = match (self.races.as_deref_mut(), &self.connection) {
            (Some(UserRaces::Http2 { of_core, race }), UserConnection::Http2(connection)) => {
                let of_user = (race, connection);
                of_core.race(of_user, text, race_requests, crowd).await?
            }
            (
                Some(UserRaces::Pool {
                    pool,
                    connections,
                    group,
                }),
                _,
            ) => {
                let start = RaceStart {
                    connections,
                    group,
                    text,
                    sealed: None,
                };
                pool.race(start, race_requests, crowd).await?
            }
            _ => 0,
        };
        self.done_ns = now_ns();
        Ok(crowd)
    }

    fn with_racer_body<T>(&self, racer: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        match self.races() {
            UserRaces::Pool {
                pool, connections, ..
            } => pool.get(connections[racer]).with_body(read),
            UserRaces::Http2 { race, .. } => read(race.body(racer)),
        }
    }

    fn with_racer_head<T>(&self, racer: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        match self.races() {
            UserRaces::Pool {
                pool, connections, ..
            } => pool.get(connections[racer]).with_head(read),
            UserRaces::Http2 { race, .. } => read(race.head(racer)),
        }
    }

    fn racer_reason(&self, racer: usize) -> Reason {
        match self.races() {
            UserRaces::Pool {
                pool, connections, ..
            } => pool.get(connections[racer]).reason(),
            UserRaces::Http2 { race, .. } => race.reason(racer),
        }
    }

    fn return_connections(&mut self) {
        match self.races.as_deref_mut() {
            Some(UserRaces::Pool {
                pool, connections, ..
            }) => pool.leave(connections),
            Some(UserRaces::Http2 { of_core, race }) => of_core.leave(race),
            None => {}
        }
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
