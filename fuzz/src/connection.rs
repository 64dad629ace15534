//! Connections on a ring, with kernel, server and time played: any interleaving of bytes, ends,
//! time-outs, sends and cancellations.

use super::played_kernel::{BUFFERS, KernelWithShelf, Line, PlayedKernel, Shelf};
use shopblast::engine::Destination;
use shopblast::engine::codec::ReplyParser;
use shopblast::engine::sans_io::{
    Arrival, Arrivals, Concluded, FilledBuffer, IdleState, InFlight, Inbox, Offers, RingState,
    conclude, reply_on_ring,
};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

const SOCKETS: usize = 3;
const MOST_BODY_BYTES: usize = 200;
const TIMEOUT_NS: u64 = 1_000;
/// What a number is that no request has.
const NOBODY: u32 = u32::MAX;
const ECONNRESET: i32 = 104;

/// A server's end of a connection.
#[derive(Default)]
struct Server {
    /// Bytes of requests that it has read.
    read: usize,
    /// The requests that it has answered.
    answered: Vec<u32>,
    /// What it has written and did not arrive yet.
    outbox: Vec<u8>,
    /// It closes when all of that has arrived.
    closes: bool,
    /// It wrote what cannot be told from the reply to the request in flight.
    is_tainted: bool,
    /// It wrote what answers nothing, while no reply was awaited.
    is_unasked: bool,
    /// Its side ended before all that it wrote had arrived.
    is_cut_short: bool,
}

struct World {
    ring: RefCell<RingState<KernelWithShelf>>,
    shelf: Rc<Shelf>,
    servers: RefCell<BTreeMap<i32, Server>>,
    in_flight: InFlight,
    now_ns: Cell<u64>,
    /// The connection that each socket is.
    open: [Cell<Option<i32>>; SOCKETS],
    /// The request in flight on each.
    awaited: [Cell<Option<u32>>; SOCKETS],
    /// Whether its end was heard.
    is_over: [Cell<bool>; SOCKETS],
    last_descriptor: Cell<i32>,
    ends: Cell<Ends>,
}

/// How requests ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// With the reply that was theirs, on a connection that went on.
    pub answered: u32,
    /// With a reply that was the last on its connection.
    pub answered_last: u32,
    /// Without one.
    pub broken: u32,
}

/// A buffer with what came, held.
struct Piece {
    shelf: Rc<Shelf>,
    filled: FilledBuffer,
    bytes: Vec<u8>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let FilledBuffer { buffer, bytes } = self.filled;
        if !std::thread::panicking() {
            assert_eq!(self.shelf.read(buffer, bytes), self.bytes);
            self.shelf.offer(buffer);
        }
    }
}

struct Socket<'a> {
    world: &'a World,
    place: usize,
}

impl Arrivals for Socket<'_> {
    type Piece = Piece;

    fn arrival(&self) -> impl Future<Output = Arrival<Piece>> {
        std::future::poll_fn(|context| self.poll(context))
    }
}

impl Socket<'_> {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Arrival<Piece>> {
        let World { ring, shelf, .. } = self.world;
        let next = ring.borrow_mut().next(self.place as u32, context.waker());
        let Some(arrival) = next else {
            return Poll::Pending;
        };
        let is_over = &self.world.is_over[self.place];
        Poll::Ready(match arrival {
            Arrival::Buffer(filled) => {
                assert!(!is_over.get(), "bytes after the end");
                Arrival::Buffer(Piece {
                    shelf: Rc::clone(shelf),
                    filled,
                    bytes: shelf.read(filled.buffer, filled.bytes),
                })
            }
            Arrival::Closed => Arrival::Closed,
            Arrival::Broken(errno) => Arrival::Broken(errno),
            Arrival::Unsent(errno) => Arrival::Unsent(errno),
            Arrival::SentInPart(errno) => Arrival::SentInPart(errno),
        })
        .map(|arrival| {
            is_over.set(!matches!(arrival, Arrival::Buffer(_)));
            arrival
        })
    }
}

impl World {
    fn new() -> Self {
        let shelf = Rc::new(Shelf::default());
        let kernel = KernelWithShelf {
            kernel: PlayedKernel::new(SOCKETS),
            shelf: Rc::clone(&shelf),
        };
        Self {
            ring: RefCell::new(RingState::new(kernel, SOCKETS, BUFFERS)),
            shelf,
            servers: RefCell::default(),
            in_flight: InFlight::new(SOCKETS),
            now_ns: Cell::new(0),
            open: Default::default(),
            awaited: Default::default(),
            is_over: Default::default(),
            last_descriptor: Cell::new(2),
            ends: Cell::default(),
        }
    }

    fn with_line<T>(&self, descriptor: i32, work: impl FnOnce(&mut Line) -> T) -> Option<T> {
        let mut ring = self.ring.borrow_mut();
        ring.kernel.kernel.lines.get_mut(&descriptor).map(work)
    }

    fn turn(&self) -> usize {
        self.ring.borrow_mut().turn(&*self.shelf)
    }

    fn close(&self, place: usize) {
        let Some(descriptor) = self.open[place].take() else {
            return;
        };
        let mut ring = self.ring.borrow_mut();
        ring.close(place as u32, &*self.shelf);
        ring.kernel.kernel.lines.remove(&descriptor);
        self.servers.borrow_mut().remove(&descriptor);
    }

    fn reopen(&self, place: usize) {
        self.close(place);
        let descriptor = self.last_descriptor.get() + 1;
        self.last_descriptor.set(descriptor);
        let mut ring = self.ring.borrow_mut();
        let lines = &mut ring.kernel.kernel.lines;
        lines.insert(descriptor, Line::default());
        ring.open(place as u32, descriptor, &*self.shelf);
        let mut servers = self.servers.borrow_mut();
        servers.insert(descriptor, Server::default());
        self.open[place].set(Some(descriptor));
        self.is_over[place].set(false);
    }

    /// Before a request: a connection that is of use, which none is that something unasked for came on.
    fn ready(&self, place: usize) -> i32 {
        let idle = self.ring.borrow().idle(place as u32);
        if self.open[place].get().is_none() || idle != IdleState::Quiet {
            self.reopen(place);
        }
        let descriptor = self.open[place].get().expect("it was opened");
        let ring = self.ring.borrow();
        let mut servers = self.servers.borrow_mut();
        let server = servers.get_mut(&descriptor).expect("it has a server");
        let is_coming = !server.outbox.is_empty() || ring.kernel.kernel.has_untold(descriptor);
        assert!(!server.is_unasked || is_coming, "it was taken for quiet");
        if is_coming {
            (server.is_tainted, server.is_unasked) = (true, false);
        }
        descriptor
    }

    /// Sends a request, alone or as a race does. Returns whether a reply can come.
    fn send(&self, place: usize, descriptor: i32, text: &[u8], races: bool) -> bool {
        let place = place as u32;
        let mut ring = self.ring.borrow_mut();
        if !races {
            let mut request = ring.request_buffer();
            assert!(request.is_empty());
            request.extend_from_slice(text);
            ring.send(place, request);
            return true;
        }
        let mut results = Vec::new();
        ring.begin_race();
        ring.begin(place);
        ring.queue_racer(Destination { descriptor, place }, text);
        ring.release(&*self.shelf, &mut results);
        assert_eq!(results.len(), 1);
        results[0] == text.len() as i32
    }

    /// One request and what came of it.
    async fn exchange(
        self: Rc<Self>,
        place: usize,
        (number, padding, races): (u32, usize, bool),
        (mut inbox, mut parser): (Inbox<Piece>, ReplyParser),
    ) -> (Inbox<Piece>, ReplyParser) {
        let descriptor = self.ready(place);
        let deadline_ns = self.now_ns.get() + TIMEOUT_NS;
        self.in_flight.add(place, descriptor, deadline_ns);
        let text = format!("GET /{number}{} HTTP/1.1\r\n\r\n", "?".repeat(padding));
        self.awaited[place].set(Some(number));
        if !self.send(place, descriptor, text.as_bytes(), races) {
            self.in_flight.remove(place);
            self.awaited[place].set(None);
            self.close(place);
            return (inbox, parser);
        }
        let socket = Socket {
            world: &self,
            place,
        };
        let result = reply_on_ring(&socket, Vec::new, &mut inbox, &mut parser).await;
        let cut = self.in_flight.remove(place);
        self.awaited[place].set(None);
        let leftover = {
            let mut ring = self.ring.borrow_mut();
            ring.finish(place as u32, &*self.shelf)
        };
        let mut ends = self.ends.get();
        let (reply, goes_on, count) = match conclude(result, leftover, cut) {
            Concluded::GoesOn(reply) => (Some(reply), true, &mut ends.answered),
            Concluded::Ends(reply, _) => (Some(reply), false, &mut ends.answered_last),
            Concluded::Broken(_) => (None, false, &mut ends.broken),
        };
        *count += 1;
        self.ends.set(ends);
        assert!(!goes_on || cut.is_none());
        assert!(!goes_on || !self.is_over[place].get());
        if let Some(reply) = reply {
            let servers = self.servers.borrow();
            let server = &servers[&descriptor];
            let body = &inbox.bytes()[reply.body.clone()];
            assert!(body.len() <= MOST_BODY_BYTES);
            assert!(!reply.lasted_until_close || cut.is_none());
            if !server.is_tainted {
                let whole = number.to_string();
                // Of a body that lasts until the close nobody can tell that some of it is missing.
                match reply.lasted_until_close && server.is_cut_short {
                    true => assert!(whole.as_bytes().starts_with(body), "another's reply"),
                    false => assert_eq!(body, whole.as_bytes(), "another's reply"),
                }
                assert!(server.answered.contains(&number), "nobody answered");
            }
        }
        if !goes_on {
            self.close(place);
        }
        inbox.clear();
        (inbox, parser)
    }

    /// The server reads a request, if a whole one has come, and writes the answer; else it answers
    /// nobody.
    fn answer(&self, place: usize, variant: u8) {
        let Some(descriptor) = self.open[place].get() else {
            return;
        };
        let sent = self.with_line(descriptor, |line| line.sent.clone());
        let sent = sent.unwrap_or_default();
        let mut servers = self.servers.borrow_mut();
        let server = servers.get_mut(&descriptor).expect("it has a server");
        if server.closes {
            return;
        }
        let unread = &sent[server.read..];
        let whole = unread.windows(4).position(|four| four == b"\r\n\r\n");
        let number = whole.map(|end| {
            let text = std::str::from_utf8(&unread[..end]).expect("a request");
            let digits = text.strip_prefix("GET /").expect("it begins");
            let digits = digits.split(['?', ' ']).next().expect("a number");
            server.read += end + 4;
            digits.parse().expect("a number")
        });
        match number {
            Some(number) => server.answered.push(number),
            None => self.write_unasked(place, server),
        }
        let (text, closes) = reply_text(number.unwrap_or(NOBODY), variant);
        server.outbox.extend_from_slice(text.as_bytes());
        server.closes = closes;
    }

    /// What is written now answers nothing.
    fn write_unasked(&self, place: usize, server: &mut Server) {
        let awaited = self.awaited[place].get();
        match awaited.is_some_and(|number| !server.answered.contains(&number)) {
            true => server.is_tainted = true,
            false => server.is_unasked = true,
        }
    }

    fn write(&self, place: usize, bytes: &[u8]) {
        let descriptor = self.open[place].get();
        let mut servers = self.servers.borrow_mut();
        let server = descriptor.and_then(|it| servers.get_mut(&it));
        let Some(server) = server.filter(|server| !server.closes && !bytes.is_empty()) else {
            return;
        };
        self.write_unasked(place, server);
        server.outbox.extend_from_slice(bytes);
    }

    /// So many bytes arrive.
    fn deliver(&self, place: usize, count: usize) {
        let Some(descriptor) = self.open[place].get() else {
            return;
        };
        let mut servers = self.servers.borrow_mut();
        let server = servers.get_mut(&descriptor).expect("it has a server");
        let count = count.min(server.outbox.len());
        let bytes: Vec<u8> = server.outbox.drain(..count).collect();
        let ends = server.closes && server.outbox.is_empty();
        self.with_line(descriptor, |line| {
            if line.ended.is_none() {
                line.arrived.extend(bytes);
                line.ended = ends.then_some(0);
            }
        });
    }

    fn end(&self, place: usize, errno: i32) {
        if let Some(descriptor) = self.open[place].get() {
            let mut servers = self.servers.borrow_mut();
            let server = servers.get_mut(&descriptor).expect("it has a server");
            server.is_cut_short |= !server.outbox.is_empty();
            self.with_line(descriptor, |line| line.ended = line.ended.or(Some(errno)));
        }
    }

    fn pass_time(&self, by_ns: u64) {
        self.now_ns.set(self.now_ns.get() + by_ns);
        self.in_flight.cut_late_by(self.now_ns.get(), |descriptor| {
            self.with_line(descriptor, Line::shut);
        });
    }
}

/// A reply to `number`, and whether the server closes after it.
fn reply_text(number: u32, variant: u8) -> (String, bool) {
    let body = number.to_string();
    let length = body.len();
    let status = if variant & 0x40 == 0 { 200 } else { 503 };
    let head = format!("HTTP/1.1 {status} X\r\n");
    match variant % 6 {
        0 => (
            format!("{head}content-length: {length}\r\n\r\n{body}"),
            false,
        ),
        1 => (
            format!(
                "{head}transfer-encoding: chunked\r\n\r\n{length:x};x=y\r\n{body}\r\n0\r\n\r\n"
            ),
            false,
        ),
        2 => (format!("{head}\r\n{body}"), true),
        3 => (
            format!("{head}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"),
            true,
        ),
        4 => (
            format!("HTTP/1.1 100 Go\r\n\r\n{head}content-length: {length}\r\n\r\n{body}"),
            false,
        ),
        _ => (
            format!(
                "{head}transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n{:x}\r\n{}\r\n0\r\nt: u\r\n\r\n",
                &body[..1],
                // A body of one digit has no second chunk, but an empty one is the last.
                length.max(2) - 1,
                if length > 1 { &body[1..] } else { "\t" },
            ),
            false,
        ),
    }
}

#[derive(Default)]
struct Alarm(AtomicBool);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

type Exchanging = Pin<Box<dyn Future<Output = (Inbox<Piece>, ReplyParser)>>>;

/// Who sends requests on a socket.
struct User {
    exchanging: Option<Exchanging>,
    kept: Option<(Inbox<Piece>, ReplyParser)>,
    alarm: Arc<Alarm>,
    begun: u32,
    ended: u32,
}

impl User {
    fn new() -> Self {
        Self {
            exchanging: None,
            kept: None,
            alarm: Arc::default(),
            begun: 0,
            ended: 0,
        }
    }

    fn begin(&mut self, world: &Rc<World>, place: usize, padding: usize, races: bool) {
        if self.exchanging.is_some() {
            return;
        }
        // With two digits at least: see `reply_text`.
        let number = 10 + self.begun * SOCKETS as u32 + place as u32;
        let fresh = || (Inbox::default(), ReplyParser::new(MOST_BODY_BYTES));
        let kept = self.kept.take().unwrap_or_else(fresh);
        let world = Rc::clone(world);
        self.exchanging = Some(Box::pin(world.exchange(
            place,
            (number, padding, races),
            kept,
        )));
        self.begun += 1;
        self.alarm.0.store(true, Ordering::Relaxed);
    }

    /// Goes on if it was woken. Returns whether it was.
    fn poll(&mut self) -> bool {
        if !self.alarm.0.swap(false, Ordering::Relaxed) {
            return false;
        }
        let waker = Waker::from(Arc::clone(&self.alarm));
        if let Some(exchanging) = &mut self.exchanging
            && let Poll::Ready(kept) = exchanging.as_mut().poll(&mut Context::from_waker(&waker))
        {
            self.exchanging = None;
            self.kept = Some(kept);
            self.ended += 1;
        }
        true
    }

    fn cancel(&mut self, world: &World, place: usize) {
        if self.exchanging.take().is_some() {
            self.ended += 1;
            world.in_flight.remove(place);
            world.awaited[place].set(None);
            world.close(place);
        }
    }
}

/// See [`carry_out`].
pub fn connection(bytes: &[u8]) {
    carry_out(bytes);
}

/// Each byte is something that happens on a socket, and some have another one that says how much.
pub fn carry_out(bytes: &[u8]) -> Ends {
    let world = Rc::new(World::new());
    let mut users: [User; SOCKETS] = std::array::from_fn(|_| User::new());
    let mut bytes = bytes.iter().copied();
    while let Some(byte) = bytes.next() {
        let place = usize::from(byte >> 4) % SOCKETS;
        let user = &mut users[place];
        let mut more = || bytes.next().unwrap_or_default();
        match byte & 15 {
            kind @ (0 | 1) => user.begin(&world, place, usize::from(more() % 64), kind == 1),
            2 => {
                world.turn();
            }
            3 => {
                user.poll();
            }
            4 | 5 => world.answer(place, more()),
            6 | 7 => world.deliver(place, usize::from(more())),
            8 => {
                let count = usize::from(more() % 8);
                let garbage: Vec<u8> = bytes.by_ref().take(count).collect();
                world.write(place, &garbage);
            }
            9 => world.end(place, 0),
            10 => world.end(place, ECONNRESET),
            11 => world.pass_time(u64::from(more()) * TIMEOUT_NS / 64),
            12 => user.cancel(&world, place),
            13 => {
                let room = usize::from(more() % 64).checked_sub(1);
                if let Some(descriptor) = world.open[place].get() {
                    world.with_line(descriptor, |line| line.room = room);
                }
            }
            14 => {
                let takes = Some(usize::from(more() % 4));
                world.ring.borrow_mut().kernel.kernel.takes = takes;
            }
            _ => {
                world.deliver(place, usize::MAX);
                world.turn();
                users.iter_mut().for_each(|user| {
                    user.poll();
                });
            }
        }
    }
    end(&world, &mut users);
    world.ends.get()
}

/// Lets everything come to its end: each request has one then, and nothing is left.
fn end(world: &World, users: &mut [User; SOCKETS]) {
    settle(world, users);
    for place in 0..SOCKETS {
        world.deliver(place, usize::MAX);
        world.end(place, 0);
    }
    settle(world, users);
    world.pass_time(u64::MAX / 4);
    settle(world, users);
    for (place, user) in users.iter_mut().enumerate() {
        assert!(user.exchanging.is_none(), "a request without an end");
        assert_eq!(user.begun, user.ended);
        user.kept = None;
        world.close(place);
    }
    settle(world, users);
    assert_eq!(world.shelf.free(), usize::from(BUFFERS), "a buffer is lost");
}

fn settle(world: &World, users: &mut [User; SOCKETS]) {
    for _ in 0..10_000 {
        let reaped = world.turn();
        let polled = users.iter_mut().fold(false, |any, user| user.poll() | any);
        if reaped == 0 && !polled {
            return;
        }
    }
    panic!("it never comes to rest");
}
