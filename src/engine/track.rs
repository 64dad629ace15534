//! A core's track: warmed connections that only races use, and how racers are let go.
//!
//! Everything of a request but its last byte is in the kernel before the start; the last bytes of
//! all racers leave in one submission. (Or, when asked for, whole requests do.) Users that gather
//! on one core are let go together as well.

use super::clock::now_ns;
use super::codec::ReplyParser;
use super::connection::{Connection, Transport, unsent_reason};
use super::gathering::CommonStart;
use super::lane::{Ended, Heat, Lane, Order, keep_lane};
use super::line_up::{Deal, Free, LineUp};
use super::link::{CalledOff, Crowd, Runner, Stopped};
use super::net::ByteStream;
use super::pacer::Pacer;
use super::release::{Release, Released};
use super::runtime::{Task, spawn};
use super::survey::Opened;
use crate::plan::{Driver, RaceRelease};
use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;

/// Pause between the heads and the last bytes, in which the server reads the heads: what is left
/// is the same for all racers then, a byte each.
const SETTLE_NS: u64 = 100_000;
/// How often one user of a core looks whether the common start is set.
const LOOK_NS: u64 = 100_000;
/// The pacer may wake this late; the rest of a wait for an exact moment is spent looking at the
/// clock.
const WAKE_EARLY_NS: u64 = 60_000;
/// How often a head is sent again on a fresh connection.
const ATTEMPTS: usize = 2;

/// See the module's documentation.
pub struct Track {
    pub(super) lanes: Box<[Rc<Lane>]>,
    pub(super) free: RefCell<Free>,
    pub(super) deal: Deal,
    release: RefCell<Release>,
    gate: RefCell<Gate>,
    style: RaceRelease,
    pub(super) transport: Rc<Transport>,
    pub(super) pacer: Pacer,
    run_end_ns: Rc<Cell<u64>>,
}

/// What a track is made of.
pub struct TrackParts {
    /// In which the lanes have slots.
    pub transport: Rc<Transport>,
    /// The first of these slots.
    pub first_slot: usize,
    /// How many lanes there are.
    pub lanes: usize,
    /// What lets racers go.
    pub driver: Driver,
    /// What of a request waits for the start.
    pub style: RaceRelease,
    /// Wakes the core's users.
    pub pacer: Pacer,
    /// When the run ends.
    pub run_end_ns: Rc<Cell<u64>>,
}

/// A race as it is carried out: a lane for each runner, and what the runners send.
#[derive(Clone, Copy)]
pub struct RaceStart<'a> {
    /// The lanes, one a runner.
    pub lanes: &'a [u32],
    /// What tells when all lanes are done.
    pub heat: &'a Rc<Heat>,
    /// The requests, at [`Runner::request`].
    pub text: &'a [u8],
}

impl<'a> RaceStart<'a> {
    /// Each runner with its lane.
    fn each<R>(self, runners: R) -> impl Iterator<Item = (u32, R::Item)>
    where
        R: IntoIterator + 'a,
    {
        self.lanes.iter().copied().zip(runners)
    }

    fn request(self, runner: &Runner) -> &'a [u8] {
        &self.text[runner.request.clone()]
    }
}

/// Users of this core that wait for a common start.
#[derive(Default)]
struct Gate {
    waiting: Vec<Waiting>,
    /// What each of them still has to send.
    text: Vec<u8>,
}

struct Waiting {
    lane: u32,
    descriptor: RawFd,
    end: usize,
    heat: Rc<Heat>,
}

impl Track {
    /// A track none of whose lanes is open yet.
    ///
    /// # Errors
    /// When the kernel gives no ring.
    pub fn new(parts: TrackParts) -> io::Result<Self> {
        let TrackParts {
            transport,
            first_slot,
            lanes,
            driver,
            style,
            pacer,
            run_end_ns,
        } = parts;
        Ok(Self {
            lanes: (0..lanes)
                .map(|lane| Rc::new(Lane::new(first_slot + lane)))
                .collect(),
            free: RefCell::new(Free::new(lanes)),
            deal: Deal::default(),
            release: RefCell::new(Release::new(driver, lanes)?),
            gate: RefCell::new(Gate {
                waiting: Vec::with_capacity(lanes),
                text: Vec::with_capacity(lanes),
            }),
            style,
            transport,
            pacer,
            run_end_ns,
        })
    }

    /// Ends the tasks that look after the lanes: nobody may race any more.
    pub fn end(&self) {
        self.lanes.iter().for_each(|lane| lane.end());
        if let Some(mender) = self.free.borrow_mut().mender.take() {
            mender.wake();
        }
    }

    /// Whether its lanes are those of several processes.
    #[must_use]
    pub fn is_spread(&self) -> bool {
        self.deal.processes() > 1
    }

    /// Starts the tasks that look after the lanes, until [`Track::end`]. The first lanes get the
    /// connections that are `opened` already.
    pub fn keep<S: ByteStream>(&self, max_body_bytes: usize, opened: Vec<Opened>) -> Vec<Task<()>> {
        let processes = opened
            .iter()
            .map(|opened| opened.process)
            .max()
            .unwrap_or(0);
        self.deal.set_processes(processes);
        let mut opened = opened.into_iter();
        let keep = |lane: &Rc<Lane>| {
            let mut connection = Connection::<S>::new(Rc::clone(&self.transport), lane.slot);
            if let Some(opened) = opened.next() {
                let process = opened.process;
                if connection.adopt(opened).is_ok() {
                    lane.adopt(&connection, process);
                }
            }
            let parser =
                ReplyParser::sharing(max_body_bytes, Rc::clone(&self.transport.known_heads));
            let is_mended = processes > 1;
            spawn(keep_lane(Rc::clone(lane), connection, parser, is_mended))
        };
        self.lanes.iter().map(keep).collect()
    }

    /// Opens those of the first `lanes` lanes that are not open yet, `at_once` of them at a time; the
    /// others are opened when they are needed. Returns how many are open.
    pub async fn warm_up(&self, lanes: usize, at_once: usize) -> usize {
        let heat = Rc::new(Heat::default());
        let now_ns = now_ns();
        let warmed = &self.lanes[..lanes.min(self.lanes.len())];
        let closed: Vec<&Rc<Lane>> = warmed
            .iter()
            .filter(|lane| lane.ready_descriptor(now_ns).is_none())
            .collect();
        for lanes in closed.chunks(at_once.max(1)) {
            lanes
                .iter()
                .for_each(|lane| lane.give(Order::Reopen, &heat));
            heat.all_done().await;
        }
        let is_open = |lane: &&Rc<Lane>| lane.ready_descriptor(now_ns).is_some();
        self.lanes.iter().filter(is_open).count()
    }

    /// Waits until `racers` lanes are free, and takes them; first come first served. A track has as
    /// many as the widest race needs.
    pub fn line_up(&self, racers: usize) -> LineUp<'_> {
        LineUp::new(&self.lanes, &self.free, &self.deal, racers)
    }

    /// Gives lanes back. Where processes matter, those that were closed, or of whose process nothing is
    /// believed, are opened again first.
    pub fn leave(&self, lanes: &mut Vec<u32>) {
        let mut free = self.free.borrow_mut();
        if self.deal.processes() < 2 {
            free.lanes.append(lanes);
        } else {
            let free = &mut *free;
            for lane in lanes.drain(..) {
                match self.lane(lane).is_torn() {
                    true => free.torn.push(lane),
                    false => free.lanes.push(lane),
                }
            }
            if !free.torn.is_empty()
                && let Some(mender) = &free.mender
            {
                mender.wake_by_ref();
            }
        }
        free.wake_first();
    }

    /// Sends `request` on these lanes at once, each of which then receives the reply for `heat`.
    pub(super) fn ask(&self, lanes: &[u32], request: &[u8], heat: &Rc<Heat>) {
        let now_ns = now_ns();
        let mut release = self.release.borrow_mut();
        for &lane in lanes {
            self.mark_in_flight(lane, now_ns);
        }
        release.fire(lanes.iter().map(|&lane| (self.descriptor(lane), request)));
        for (&lane, &taken) in lanes.iter().zip(release.results()) {
            if taken == request.len() as i32 {
                self.lane(lane).give(Order::Receive(now_ns), heat);
            } else {
                self.transport.in_flight().remove(self.lane(lane).slot);
                self.lane(lane).spoil();
            }
        }
    }

    /// Lane number `lane`.
    #[must_use]
    pub fn lane(&self, lane: u32) -> &Lane {
        &self.lanes[lane as usize]
    }

    /// Carries out a race.
    ///
    /// # Errors
    /// When its crowd did not start, or not with it.
    pub async fn race(
        &self,
        start: RaceStart<'_>,
        runners: &mut [Runner],
        crowd: Option<Crowd<'_>>,
    ) -> Result<u64, CalledOff> {
        self.send_heads(start, runners).await;
        let crowd = match crowd {
            None => {
                self.settle_and_release(start, runners).await;
                runners.len() as u64
            }
            Some(crowd) => self.start_with(crowd, start, runners).await?,
        };
        for (lane, runner) in start.each(&*runners) {
            if runner.result.is_ok() {
                self.lane(lane)
                    .give(Order::Receive(runner.sent_ns), start.heat);
            }
        }
        start.heat.all_done().await;
        for (lane, runner) in start.each(runners) {
            (runner.done_ns, runner.result) = self.lane(lane).finish();
        }
        Ok(crowd)
    }

    /// How many bytes of a request wait for the start.
    fn held_back(&self, request: &[u8]) -> usize {
        match self.style {
            RaceRelease::LastByte => 1,
            RaceRelease::Whole => request.len(),
        }
    }

    /// Sends all but what is held back, on connections that are ready. From here on
    /// [`Runner::result`] tells whether the runner is at the start.
    async fn send_heads(&self, start: RaceStart<'_>, runners: &mut [Runner]) {
        runners.iter_mut().for_each(|runner| {
            runner.result = Err(super::Broken::NotSent);
        });
        for attempt in 0..ATTEMPTS {
            if self.make_ready(start, runners).await {
                let ready_ns = now_ns();
                runners
                    .iter_mut()
                    .for_each(|runner| runner.ready_ns = ready_ns);
            }
            if self.try_heads(start, runners) || attempt + 1 == ATTEMPTS {
                return;
            }
        }
    }

    /// Opens what is not open. Returns whether there was anything to open.
    async fn make_ready(&self, start: RaceStart<'_>, runners: &[Runner]) -> bool {
        let now_ns = now_ns();
        let mut opens = false;
        for (lane, runner) in start.each(runners) {
            let lane = self.lane(lane);
            if runner.result.is_err() && lane.ready_descriptor(now_ns).is_none() {
                lane.give(Order::Reopen, start.heat);
                opens = true;
            }
        }
        if opens {
            start.heat.all_done().await;
        }
        opens
    }

    /// Sends the heads of those that are not at the start yet. Returns whether all are now.
    fn try_heads(&self, start: RaceStart<'_>, runners: &mut [Runner]) -> bool {
        let now_ns = now_ns();
        let descriptor = |lane: u32| self.lane(lane).ready_descriptor(now_ns);
        let head = |runner: &Runner| {
            let request = start.request(runner);
            &request[..request.len() - self.held_back(request)]
        };
        let mut release = self.release.borrow_mut();
        let waiting = |runner: &Runner| runner.result.is_err() && !head(runner).is_empty();
        release.fire(
            start
                .each(&*runners)
                .filter(|(_, runner)| waiting(runner))
                .filter_map(|(lane, runner)| Some((descriptor(lane)?, head(runner)))),
        );
        let mut results = release.results().iter();
        let mut all_there = true;
        for (lane, runner) in start.each(runners) {
            if runner.result.is_ok() {
                continue;
            }
            let length = head(runner).len();
            let taken = match descriptor(lane) {
                None => None,
                Some(_) if length == 0 => Some(0),
                Some(_) => results.next().copied(),
            };
            match taken {
                Some(taken) if taken == length as i32 => runner.result = Ok(NO_REPLY_YET),
                Some(taken) => {
                    all_there = false;
                    self.note_unsent(lane, runner, taken);
                }
                None => {
                    all_there = false;
                    runner.done_ns = now_ns;
                }
            }
        }
        all_there
    }

    /// The kernel did not take what it was given: nobody can act on half a request.
    fn note_unsent(&self, lane: u32, runner: &mut Runner, taken: i32) {
        let error = match taken {
            ..0 => io::Error::from_raw_os_error(-taken),
            0.. => io::ErrorKind::WriteZero.into(),
        };
        let lane = self.lane(lane);
        lane.note_unsent(unsent_reason(&error));
        lane.spoil();
        runner.result = Err(super::Broken::NotSent);
    }

    /// Lets everybody go: those without a shift now, the others when they are due.
    async fn settle_and_release(&self, start: RaceStart<'_>, runners: &mut [Runner]) {
        if self.style == RaceRelease::LastByte {
            self.pacer.until(now_ns() + SETTLE_NS).await;
        }
        let mut first_ns = None;
        while let Some(shift_ns) = next_shift(runners) {
            if let Some(first_ns) = first_ns {
                self.until_exactly(first_ns + shift_ns).await;
            }
            let released = self.release_shift(shift_ns, start, runners);
            first_ns = first_ns.or(Some(released.first_ns - shift_ns.min(released.first_ns)));
        }
    }

    /// Waits to the microsecond.
    async fn until_exactly(&self, moment_ns: u64) {
        self.pacer
            .until(moment_ns.saturating_sub(WAKE_EARLY_NS))
            .await;
        while now_ns() < moment_ns {
            std::hint::spin_loop();
        }
    }

    /// Lets those with this shift go, in one submission.
    fn release_shift(
        &self,
        shift_ns: u64,
        start: RaceStart<'_>,
        runners: &mut [Runner],
    ) -> Released {
        let now_ns = now_ns();
        let is_due = |runner: &Runner| is_at_start(runner) && runner.shift_ns == shift_ns;
        let due = |(_, runner): &(u32, &Runner)| is_due(runner);
        for (lane, _) in start.each(&*runners).filter(due) {
            self.mark_in_flight(lane, now_ns);
        }
        let mut release = self.release.borrow_mut();
        let due = start.each(&*runners).filter(due);
        let released = release.fire(due.map(|(lane, runner)| {
            let request = start.request(runner);
            let held_back = &request[request.len() - self.held_back(request)..];
            (self.descriptor(lane), held_back)
        }));
        let mut results = release.results().iter();
        for (lane, runner) in start.each(runners) {
            if is_due(runner) {
                let taken = results.next().copied().unwrap_or_default();
                self.note_released(lane, runner, released);
                if taken != self.held_back(start.request(runner)) as i32 {
                    self.note_lost(lane, runner, taken);
                }
            }
        }
        released
    }

    fn note_released(&self, lane: u32, runner: &mut Runner, released: Released) {
        (runner.sent_ns, runner.left_ns) = (released.first_ns, released.last_ns);
        runner.process = self.lane(lane).process();
    }

    /// What was to be let go did not leave.
    fn note_lost(&self, lane: u32, runner: &mut Runner, taken: i32) {
        self.transport.in_flight().remove(self.lane(lane).slot);
        self.note_unsent(lane, runner, taken);
    }

    fn descriptor(&self, lane: u32) -> RawFd {
        // A lane at the start was ready when its head was sent; if it broke since, sending fails.
        self.lane(lane).ready_descriptor(0).unwrap_or(-1)
    }

    fn mark_in_flight(&self, lane: u32, now_ns: u64) {
        let deadline_ns = now_ns + self.transport.request_timeout_ns();
        let (slot, descriptor) = (self.lane(lane).slot, self.descriptor(lane));
        self.transport
            .in_flight()
            .add(slot, descriptor, deadline_ns);
    }

    /// Gathers with the crowd. The first one of a core that comes lets all of them go.
    async fn start_with(
        &self,
        crowd: Crowd<'_>,
        start: RaceStart<'_>,
        runners: &mut [Runner],
    ) -> Result<u64, CalledOff> {
        let heat = start.heat;
        let call_off = |why| {
            start.lanes.iter().for_each(|&lane| self.lane(lane).spoil());
            Err(why)
        };
        if crowd.gathering.arrive(crowd.start, now_ns()).is_err() {
            return call_off(CalledOff::Missed);
        }
        heat.started.set(None);
        let leads = self.enter_gate(start, runners);
        if leads {
            self.lead(crowd).await;
        }
        let started = heat.wait_for(|| heat.started.get()).await;
        let Ok(released) = started else {
            let end_ns = self.run_end_ns.get();
            return call_off(CalledOff::Stopped(Stopped { end_ns }));
        };
        for (lane, runner) in start.each(runners) {
            if is_at_start(runner) {
                self.note_released(lane, runner, released);
                if self.lane(lane).finish().1 == Err(super::Broken::NotSent) {
                    self.note_lost(lane, runner, 0);
                }
            }
        }
        let common = crowd.gathering.start(crowd.start, now_ns());
        Ok(common.map_or(0, |common| common.crowd))
    }

    /// Returns whether nobody else of this core waits yet.
    fn enter_gate(&self, start: RaceStart<'_>, runners: &[Runner]) -> bool {
        let mut gate = self.gate.borrow_mut();
        let is_first = gate.waiting.is_empty();
        for (lane, runner) in start.each(runners) {
            let request = start.request(runner);
            if is_at_start(runner) {
                let held_back = &request[request.len() - self.held_back(request)..];
                gate.text.extend_from_slice(held_back);
            }
            let end = gate.text.len();
            gate.waiting.push(Waiting {
                lane,
                descriptor: self.descriptor(lane),
                end,
                heat: Rc::clone(start.heat),
            });
        }
        is_first
    }

    /// Waits for the common start and lets everybody at the gate go, or sends them home when the
    /// run is over.
    async fn lead(&self, crowd: Crowd<'_>) {
        let start = loop {
            let (now_ns, end_ns) = (now_ns(), self.run_end_ns.get());
            if let Some(start) = crowd.gathering.start(crowd.start, now_ns) {
                break start;
            }
            if now_ns >= end_ns {
                let mut gate = self.gate.borrow_mut();
                for waiting in gate.waiting.drain(..) {
                    crowd.gathering.withdraw(crowd.start);
                    waiting.heat.started.set(Some(Err(Ended)));
                    waiting.heat.wake();
                }
                gate.text.clear();
                return;
            }
            self.pacer.until((now_ns + LOOK_NS).min(end_ns)).await;
        };
        self.open_gate(start).await;
    }

    async fn open_gate(&self, start: CommonStart) {
        self.until_exactly(start.at_ns).await;
        let now_ns = now_ns();
        let mut gate = self.gate.borrow_mut();
        let gate = &mut *gate;
        for waiting in &gate.waiting {
            self.mark_in_flight(waiting.lane, now_ns);
        }
        let mut release = self.release.borrow_mut();
        let begun = Cell::new(0);
        let released = release.fire(gate.waiting.iter().map(|waiting| {
            let begin = begun.replace(waiting.end);
            (waiting.descriptor, &gate.text[begin..waiting.end])
        }));
        let mut begin = 0;
        for (waiting, &taken) in gate.waiting.iter().zip(release.results()) {
            let expected = (waiting.end - std::mem::replace(&mut begin, waiting.end)) as i32;
            self.lane(waiting.lane)
                .note_taken(taken == expected && expected > 0);
            waiting.heat.started.set(Some(Ok(released)));
            waiting.heat.wake();
        }
        gate.waiting.clear();
        gate.text.clear();
    }
}

/// Stands for the reply of a runner whose request is on its way.
const NO_REPLY_YET: super::ReplyHead = super::ReplyHead {
    status: 0,
    bytes: 0,
};

/// A runner that was let go has left the start; one that could not get there never was at it.
fn is_at_start(runner: &Runner) -> bool {
    runner.result.is_ok() && runner.left_ns == 0
}

fn next_shift(runners: &[Runner]) -> Option<u64> {
    let waiting = runners.iter().filter(|runner| is_at_start(runner));
    waiting.map(|runner| runner.shift_ns).min()
}
