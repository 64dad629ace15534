//! A world of virtual time: users live through hours in moments, without sockets, threads or a
//! clock, and the same users give the same history every time.
//!
//! Time jumps from event to event. Events of the same moment happen in the order in which they were
//! scheduled, so a simulation is a function of its users and its shop.

use super::{AwaitedStart, Broken, CalledOff, Exchange, Link, PreparedHeads, Recorder, ReplyHead};
use super::{RaceRequest, Script, Session};
use super::{SessionStart, Stopped};
use crate::stats::Reason;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What a simulated shop does with one request.
pub struct SimulatedAnswer {
    /// Time from sent to done; 0 counts as 1 ns, so that a user without waits cannot stop time.
    pub after_ns: u64,
    /// Status and body of the reply, or that there is none.
    pub result: Result<(u16, Vec<u8>), Broken>,
    /// Why there is none.
    pub reason: Reason,
    /// Header lines of the reply, each with its end; usually none.
    pub head: Vec<u8>,
}

impl SimulatedAnswer {
    /// A reply after `after_ns`.
    #[must_use]
    pub fn reply(after_ns: u64, status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            after_ns,
            result: Ok((status, body.into())),
            reason: Reason::default(),
            head: Vec::new(),
        }
    }

    /// The same with this header line.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: &str) -> Self {
        for part in [name, ": ", value, "\r\n"] {
            self.head.extend_from_slice(part.as_bytes());
        }
        self
    }

    /// No reply, because of `reason`; known after `after_ns`.
    #[must_use]
    pub fn broken(after_ns: u64, broken: Broken, reason: &str) -> Self {
        Self {
            after_ns,
            result: Err(broken),
            reason: Reason::new(reason),
            head: Vec::new(),
        }
    }
}

/// Moment, position among the events ever scheduled, and the task that is woken.
type ScheduledPoll = Reverse<(u64, u64, usize)>;

/// What a spawned user still has to do.
type SimulatedTask = Pin<Box<dyn Future<Output = ()>>>;

/// Answers a request that is sent at a moment of virtual time.
type SimulatedShop = Box<dyn FnMut(&[u8], u64) -> SimulatedAnswer>;

/// Answers requests that are let go together, each at its moment of virtual time: one answer each, in their
/// order.
type SimulatedContest = Box<dyn FnMut(&[(&[u8], u64)]) -> Vec<SimulatedAnswer>>;

struct World {
    now_ns: u64,
    /// Events ever scheduled.
    scheduled: u64,
    events: BinaryHeap<ScheduledPoll>,
    /// The task being polled: whoever waits is woken as this one.
    current: usize,
    shop: SimulatedShop,
    /// The same shop where it serves several at once; without it, racers are answered one after the other.
    contest: Option<SimulatedContest>,
    /// A request buffer between two users: only requests being written hold one.
    spare: Vec<u8>,
}

impl World {
    fn schedule(&mut self, at_ns: u64, task: usize) {
        self.events.push(Reverse((at_ns, self.scheduled, task)));
        self.scheduled += 1;
    }
}

/// Users, a shop, and the time that passes for them.
pub struct Simulation {
    world: Rc<RefCell<World>>,
    /// Tasks by number; `None` once they are done.
    tasks: Vec<Option<SimulatedTask>>,
    recorder: Rc<RefCell<Recorder>>,
    heads: Arc<PreparedHeads>,
}

impl Simulation {
    /// A world at `start_ns` whose users are recorded by `recorder` and whose requests have
    /// `heads`. The `shop` answers the bytes of a request and the moment it was sent, in
    /// nanoseconds of virtual time; requests come to it in the order of their moments.
    #[must_use]
    pub fn new(
        start_ns: u64,
        recorder: Recorder,
        heads: PreparedHeads,
        shop: impl FnMut(&[u8], u64) -> SimulatedAnswer + 'static,
    ) -> Self {
        Self {
            world: Rc::new(RefCell::new(World {
                now_ns: start_ns,
                scheduled: 0,
                events: BinaryHeap::new(),
                current: 0,
                shop: Box::new(shop),
                contest: None,
                spare: Vec::new(),
            })),
            tasks: Vec::new(),
            recorder: Rc::new(RefCell::new(recorder)),
            heads: Arc::new(heads),
        }
    }

    /// The same, where the requests of a race are answered by `contest`, which sees all of them: what one
    /// does can come between what another looks at and what it does. One answer is given for each request;
    /// whoever is given none has lost its reply.
    #[must_use]
    pub fn with_contest(
        self,
        contest: impl FnMut(&[(&[u8], u64)]) -> Vec<SimulatedAnswer> + 'static,
    ) -> Self {
        self.world.borrow_mut().contest = Some(Box::new(contest));
        self
    }

    /// Now, in nanoseconds of virtual time.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.world.borrow().now_ns
    }

    /// Where all users of the simulation write down what happened.
    #[must_use]
    pub fn recorder(&self) -> Rc<RefCell<Recorder>> {
        Rc::clone(&self.recorder)
    }

    /// A user for a task that drives it by itself; stopped at `end_ns`.
    #[must_use]
    pub fn session(&self, start: SessionStart, end_ns: u64) -> Session<SimulatedLink> {
        let link = SimulatedLink {
            world: Rc::clone(&self.world),
            end_ns,
            request: Vec::new(),
            head: Vec::new(),
            body: Vec::new(),
            reason: Reason::default(),
            racers: Vec::new(),
        };
        Session::new(link, self.recorder(), Arc::clone(&self.heads), start)
    }

    /// Adds a task that begins now. It may await nothing but what sessions and links of this
    /// simulation give it.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        let mut world = self.world.borrow_mut();
        let now_ns = world.now_ns;
        world.schedule(now_ns, self.tasks.len());
        self.tasks.push(Some(Box::pin(task)));
    }

    /// Adds a user that makes passes through `script` until `end_ns`.
    pub fn spawn_user<S: Script>(&mut self, script: &Arc<S>, start: SessionStart, end_ns: u64) {
        let script = Arc::clone(script);
        let mut user = self.session(start, end_ns).with_cookies(script.cookies());
        self.spawn(async move {
            while !user.is_stopped() {
                // How a pass ended is in the record; the next one begins either way.
                let _ = user.pass(&*script).await;
            }
        });
    }

    /// Lets time pass until nothing is left to happen.
    pub fn run(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        while let Some(task) = self.advance() {
            let Some(future) = self.tasks[task].as_mut() else {
                continue;
            };
            if future.as_mut().poll(&mut context).is_ready() {
                self.tasks[task] = None;
            }
        }
    }

    /// Goes on to the next event and gives the task to poll.
    fn advance(&self) -> Option<usize> {
        let mut world = self.world.borrow_mut();
        let Reverse((at_ns, _, task)) = world.events.pop()?;
        world.now_ns = at_ns;
        world.current = task;
        Some(task)
    }
}

/// A user's way to the simulated shop.
pub struct SimulatedLink {
    world: Rc<RefCell<World>>,
    /// From here on no request may become due.
    end_ns: u64,
    request: Vec<u8>,
    head: Vec<u8>,
    body: Vec<u8>,
    reason: Reason,
    /// The answers of the last race.
    racers: Vec<SimulatedRacer>,
}

/// What one racer was answered.
#[derive(Clone, Default)]
struct SimulatedRacer {
    head: Vec<u8>,
    body: Vec<u8>,
    reason: Reason,
}

/// How often a user looks whether its crowd may start.
const LOOK_NS: u64 = 100_000;

impl SimulatedLink {
    fn sleep_until(&self, at_ns: u64) -> Sleep<'_> {
        Sleep {
            world: &self.world,
            at_ns,
            scheduled: false,
        }
    }

    /// Waits for the common start of the crowd; gives its moment and size.
    async fn gather(&mut self, crowd: AwaitedStart<'_>) -> Result<(u64, u64), CalledOff> {
        let arrived = crowd.arrive(self.now_ns());
        arrived.map_err(|_| CalledOff::Missed)?;
        loop {
            let now_ns = self.now_ns();
            if let Some(start) = crowd.start(now_ns) {
                return Ok((start.at_ns, start.crowd));
            }
            if let Err(stopped) = self.until(crowd.next_look_ns(now_ns, LOOK_NS)).await {
                crowd.withdraw();
                return Err(CalledOff::Stopped(stopped));
            }
        }
    }

    /// Has the shop answer one racer now.
    fn run(&mut self, racer: usize, race_request: &mut RaceRequest, text: &[u8]) {
        let mut world = self.world.borrow_mut();
        let now_ns = world.now_ns;
        let answer = (world.shop)(&text[race_request.request.clone()], now_ns);
        drop(world);
        self.take((racer, now_ns), race_request, answer);
    }

    /// Has the shop answer all racers, each at its moment after `start_ns`; `false` when this shop answers
    /// one request after the other.
    fn run_together(
        &mut self,
        start_ns: u64,
        race_requests: &mut [RaceRequest],
        text: &[u8],
    ) -> bool {
        let mut world = self.world.borrow_mut();
        let Some(contest) = world.contest.as_mut() else {
            return false;
        };
        let sent_ns = |it: &RaceRequest| start_ns + it.shift_ns;
        let requests: Vec<(&[u8], u64)> = race_requests
            .iter()
            .map(|it| (&text[it.request.clone()], sent_ns(it)))
            .collect();
        let mut answers = contest(&requests).into_iter();
        drop(world);
        for (racer, race_request) in race_requests.iter_mut().enumerate() {
            let lost = || SimulatedAnswer::broken(1, Broken::Lost, "no answer is simulated");
            let answer = answers.next().unwrap_or_else(lost);
            self.take((racer, sent_ns(race_request)), race_request, answer);
        }
        true
    }

    /// Notes what the racer that was sent at that moment was answered.
    fn take(
        &mut self,
        (racer, sent_ns): (usize, u64),
        race_request: &mut RaceRequest,
        answer: SimulatedAnswer,
    ) {
        race_request.sent_ns = sent_ns;
        race_request.left_ns = sent_ns;
        race_request.done_ns = race_request.sent_ns + answer.after_ns.max(1);
        race_request.result = answer.result.map(|(status, body)| {
            let bytes = body.len() as u64;
            self.racers[racer].body = body;
            ReplyHead { status, bytes }
        });
        self.racers[racer].head = answer.head;
        self.racers[racer].reason = answer.reason;
    }

    /// Hands the request over; gives the moment it was sent, and the answer.
    fn send(&mut self) -> (u64, SimulatedAnswer) {
        let mut world = self.world.borrow_mut();
        let sent_ns = world.now_ns;
        let answer = (world.shop)(&self.request, sent_ns);
        world.spare = std::mem::take(&mut self.request);
        (sent_ns, answer)
    }
}

impl Link for SimulatedLink {
    fn now_ns(&self) -> u64 {
        self.world.borrow().now_ns
    }

    async fn until(&mut self, due_ns: u64) -> Result<(), Stopped> {
        self.sleep_until(due_ns.min(self.end_ns)).await;
        if self.now_ns() < self.end_ns {
            Ok(())
        } else {
            Err(Stopped {
                end_ns: self.end_ns,
            })
        }
    }

    fn request_buffer(&mut self) -> &mut Vec<u8> {
        if self.request.capacity() == 0 {
            self.request = std::mem::take(&mut self.world.borrow_mut().spare);
        }
        self.request.clear();
        &mut self.request
    }

    fn written(&self) -> &[u8] {
        &self.request
    }

    async fn exchange(&mut self) -> Exchange {
        let (sent_ns, answer) = self.send();
        let done_ns = sent_ns + answer.after_ns.max(1);
        self.sleep_until(done_ns).await;
        self.body.clear();
        self.head = answer.head;
        self.reason = answer.reason;
        let result = answer.result.map(|(status, body)| {
            self.body = body;
            ReplyHead {
                status,
                bytes: self.body.len() as u64,
            }
        });
        Exchange {
            again: false,
            ready_ns: 0,
            sent_ns,
            done_ns,
            result,
        }
    }

    async fn reserve(&mut self, racers: usize) {
        self.racers.clear();
        self.racers.resize(racers, SimulatedRacer::default());
    }

    async fn race(
        &mut self,
        text: &[u8],
        race_requests: &mut [RaceRequest],
        crowd: Option<AwaitedStart<'_>>,
    ) -> Result<u64, CalledOff> {
        let (start_ns, crowd) = match crowd {
            None => (self.now_ns(), race_requests.len() as u64),
            Some(crowd) => self.gather(crowd).await?,
        };
        if !self.run_together(start_ns, race_requests, text) {
            let mut order: Vec<usize> = (0..race_requests.len()).collect();
            order.sort_by_key(|&racer| race_requests[racer].shift_ns);
            for racer in order {
                self.sleep_until(start_ns + race_requests[racer].shift_ns)
                    .await;
                self.run(racer, &mut race_requests[racer], text);
            }
        }
        let done_ns = race_requests
            .iter()
            .map(|race_request| race_request.done_ns)
            .max();
        self.sleep_until(done_ns.unwrap_or(start_ns)).await;
        Ok(crowd)
    }

    fn with_racer_body<T>(&self, racer: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        read(&self.racers[racer].body)
    }

    fn with_racer_head<T>(&self, racer: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        read(&self.racers[racer].head)
    }

    fn racer_reason(&self, racer: usize) -> Reason {
        self.racers[racer].reason
    }

    fn return_connections(&mut self) {}

    fn head(&self) -> &[u8] {
        &self.head
    }

    fn body(&self) -> &[u8] {
        &self.body
    }

    fn reason(&self) -> &Reason {
        &self.reason
    }
}

/// Waits for a moment of virtual time.
struct Sleep<'a> {
    world: &'a RefCell<World>,
    at_ns: u64,
    scheduled: bool,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut world = self.world.borrow_mut();
        if world.now_ns >= self.at_ns {
            return Poll::Ready(());
        }
        if !self.scheduled {
            let task = world.current;
            world.schedule(self.at_ns, task);
            drop(world);
            self.scheduled = true;
        }
        Poll::Pending
    }
}
