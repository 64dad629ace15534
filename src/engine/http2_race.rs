//! Races over HTTP/2: all racers of one race have streams of one connection, and their last frames leave in
//! one send, which is one segment: what is late on the way is late for all of them.
//!
//! Everything of a request but its last frame is with the server before, which says so (PING); of a request
//! with a body that is one with its last byte, of one without an empty one. (Or, when asked for, whole requests leave at the
//! start, or each racer has a connection of its own.)

use super::allocations::make_room;
use super::awaited_start::AwaitedStart;
use super::barrier::CommonStart;
use super::clock::now_ns;
use super::http2::StreamKey;
use super::http2_connection::Http2Connection;
use super::http2_live::Http2Live;
use super::line::Line;
use super::link::{Broken, CalledOff, RaceRequest, ReplyHead, Stopped};
use super::pacer::Pacer;
use super::race_connection::{Ended, RaceGroup};
use super::release::{Release, Released};
use super::transport::Transport;
use crate::plan::RaceRelease;
use crate::stats::Reason;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

/// Least pause between what goes before and the last frames, in which the server reads the former.
const SETTLE_NS: u64 = 100_000;
/// The pacer may wake this late; the rest of a wait for an exact moment is spent looking at the clock.
const WAKE_EARLY_NS: u64 = 60_000;
/// How often a race is brought to the start again, on a fresh connection.
const ATTEMPTS: usize = 3;
/// How often it is looked whether what goes before was read, and for how long.
const LOOK_NS: u64 = 50_000;
const LONGEST_LOOK_NS: u64 = 1_000_000_000;

/// What the races of a core share.
pub struct Http2Races {
    transport: Rc<Transport>,
    pacer: Pacer,
    run_end_ns: Rc<Cell<u64>>,
    style: RaceRelease,
    /// One for each racer, where they are not to share one.
    connections: Vec<Rc<Http2Connection>>,
    free: RefCell<Vec<u32>>,
    line: Line,
    /// Users of this core that wait for a common start.
    barrier: RefCell<Vec<WaitingRacer>>,
    /// The moment that they wait for, where it was fixed before.
    gathers_for: Cell<Option<u64>>,
    /// What lets racers go.
    release: RefCell<Release>,
    sends: RefCell<Vec<RaceSend>>,
}

struct WaitingRacer {
    lane: Option<Lane>,
    group: Rc<RaceGroup>,
}

/// A send of last frames, all those of one connection.
struct RaceSend {
    live: Rc<Http2Live>,
    bytes: Vec<u8>,
}

/// A racer's stream.
#[derive(Clone)]
struct Lane {
    live: Rc<Http2Live>,
    key: StreamKey,
    /// Given by a server that has read all that goes before; 0 when it was not asked.
    sign: u64,
}

/// What came of a racer.
#[derive(Default)]
struct RacerReply {
    room: Vec<u8>,
    body: Range<usize>,
    reason: Reason,
}

/// One user's race.
#[derive(Default)]
pub(super) struct Http2Race {
    lanes: Vec<Option<Lane>>,
    replies: Vec<RacerReply>,
    /// Connections of the core's that it has, where racers do not share one.
    taken: Vec<u32>,
    group: Rc<RaceGroup>,
}

impl Http2Race {
    /// Room for a race of so many racers.
    pub(super) fn with_room(racers: usize) -> Self {
        Self {
            lanes: Vec::with_capacity(racers),
            replies: (0..racers).map(|_| RacerReply::default()).collect(),
            taken: Vec::with_capacity(racers),
            group: Rc::default(),
        }
    }

    /// Body of the reply to a racer.
    pub(super) fn body(&self, racer: usize) -> &[u8] {
        let reply = &self.replies[racer];
        reply.room.get(reply.body.clone()).unwrap_or_default()
    }

    /// Head of the reply to a racer, in words.
    pub(super) fn head(&self, racer: usize) -> &[u8] {
        let reply = &self.replies[racer];
        reply.room.get(..reply.body.start).unwrap_or_default()
    }

    /// Why there is none.
    pub(super) fn reason(&self, racer: usize) -> Reason {
        self.replies[racer].reason
    }
}

impl Http2Races {
    /// Races on one core, over the users' own connections or, racer by racer, over these.
    pub fn new(
        transport: &Rc<Transport>,
        style: RaceRelease,
        connections: Vec<Rc<Http2Connection>>,
        (release, run_end_ns): (Release, &Rc<Cell<u64>>),
    ) -> Self {
        Self {
            transport: Rc::clone(transport),
            pacer: transport.pacer.clone(),
            run_end_ns: Rc::clone(run_end_ns),
            style,
            free: RefCell::new((0..connections.len() as u32).rev().collect()),
            connections,
            line: Line::default(),
            barrier: RefCell::default(),
            gathers_for: Cell::default(),
            release: RefCell::new(release),
            sends: RefCell::default(),
        }
    }

    /// The first of the connections that only racers use.
    #[must_use]
    pub fn connections(&self, most: usize) -> &[Rc<Http2Connection>] {
        &self.connections[..most.min(self.connections.len())]
    }

    /// Waits until so many connections are free, where racers do not share one.
    pub(super) async fn reserve(&self, race: &mut Http2Race, racers: usize) {
        if self.connections.is_empty() {
            return;
        }
        let racers = racers.min(self.connections.len());
        let taken = self.line.wait_for(|| {
            let mut free = self.free.borrow_mut();
            let left = free.len().checked_sub(racers)?;
            Some(free.split_off(left))
        });
        race.taken = taken.await;
    }

    /// Gives them back, and the room of the replies.
    pub(super) fn leave(&self, race: &mut Http2Race) {
        if !race.taken.is_empty() {
            self.free.borrow_mut().append(&mut race.taken);
            self.line.wake_first();
        }
        race.lanes.clear();
        for reply in &mut race.replies {
            reply.body = 0..0;
            let mut room = std::mem::take(&mut reply.room);
            if room.capacity() > 0 {
                room.clear();
                self.transport.keep_gathering_room(room);
            }
        }
    }

    /// Carries out a race of which `connection` is its user's.
    ///
    /// # Errors
    /// When its crowd did not start, or not with it.
    pub(super) async fn race(
        &self,
        (race, connection): (&mut Http2Race, &Rc<Http2Connection>),
        text: &[u8],
        racers: &mut [RaceRequest],
        crowd: Option<AwaitedStart<'_>>,
    ) -> Result<u64, CalledOff> {
        race.lanes.clear();
        race.replies
            .resize_with(race.replies.len().max(racers.len()), RacerReply::default);
        for attempt in 1..=ATTEMPTS {
            self.open_lanes(race, connection, text, racers).await;
            self.settle(race).await;
            // A server that says goodbye refuses what it has not begun with.
            let is_refused = |lane: &Lane| lane.live.is_refused(lane.key);
            if attempt == ATTEMPTS || !race.lanes.iter().flatten().any(is_refused) {
                break;
            }
            self.call_off(race).await;
        }
        self.drop_late(race, racers).await;
        let crowd = match crowd {
            None => {
                self.release(race, racers).await;
                racers.len() as u64
            }
            Some(crowd) => self.start_with(crowd, race, racers).await?,
        };
        for (nth, racer) in racers.iter_mut().enumerate() {
            let Some(lane) = &race.lanes[nth] else {
                racer.done_ns = racer.done_ns.max(racer.ready_ns);
                continue;
            };
            let reply = &mut race.replies[nth];
            let (ended, cut, done_ns) = lane.live.ended(lane.key, &mut reply.room).await;
            racer.done_ns = done_ns;
            let concluded = connection.conclude(&ended, cut, &mut reply.reason);
            racer.result = concluded.map(|answer| {
                reply.body = answer.body;
                ReplyHead {
                    status: answer.status,
                    bytes: answer.wire_bytes,
                }
            });
        }
        Ok(crowd)
    }

    /// Opens a stream for each racer; without one a racer has no lane.
    async fn open_lanes(
        &self,
        race: &mut Http2Race,
        connection: &Rc<Http2Connection>,
        text: &[u8],
        racers: &mut [RaceRequest],
    ) {
        let is_held = self.style == RaceRelease::LastByte;
        for (nth, racer) in racers.iter_mut().enumerate() {
            racer.result = Err(Broken::NotSent);
            let own = race
                .taken
                .get(nth)
                .map(|&at| &self.connections[at as usize]);
            let connection = own.unwrap_or(connection);
            let request = &text[racer.request.clone()];
            let lane = self
                .open_lane(&race.lanes, connection, (request, is_held))
                .await;
            let lane = lane.map(|(lane, ready_ns)| {
                racer.ready_ns = ready_ns;
                lane
            });
            race.lanes.push(match lane {
                Ok(lane) => Some(lane),
                Err(reason) => {
                    race.replies[nth].reason = reason;
                    racer.done_ns = now_ns();
                    None
                }
            });
        }
        if !is_held {
            race.lanes
                .iter()
                .flatten()
                .for_each(|lane| lane.live.hold());
            return;
        }
        let mut asked: Option<(Rc<Http2Live>, u64)> = None;
        for lane in race.lanes.iter_mut().flatten() {
            lane.sign = match &asked {
                Some((live, sign)) if Rc::ptr_eq(live, &lane.live) => *sign,
                _ => lane.live.ask_for_sign(),
            };
            asked = Some((Rc::clone(&lane.live), lane.sign));
        }
    }

    async fn open_lane(
        &self,
        lanes: &[Option<Lane>],
        connection: &Rc<Http2Connection>,
        (request, is_held): (&[u8], bool),
    ) -> Result<(Lane, u64), Reason> {
        let is_full = |lane: &Lane| {
            let on_it = lanes
                .iter()
                .flatten()
                .filter(|other| Rc::ptr_eq(&other.live, &lane.live));
            on_it.count() >= lane.live.client.borrow().most_streams()
        };
        if lanes.iter().flatten().any(is_full) {
            return Err(Reason::new(
                "not sent: the server takes fewer streams at once",
            ));
        }
        // Another user may come first.
        loop {
            let (live, ready_ns) = connection.ready_for_race().await?;
            if let Some(key) = connection.open_held(&live, request, is_held) {
                let lane = Lane { live, key, sign: 0 };
                return Ok((lane, ready_ns));
            }
            if live.is_closed() || !live.goes_on() {
                return Err(Reason::new("not sent: the connection closed"));
            }
        }
    }

    /// Waits until all but the last frames are with the server.
    async fn settle(&self, race: &Http2Race) {
        if self.style == RaceRelease::Whole {
            return;
        }
        let ends_ns = now_ns() + LONGEST_LOOK_NS;
        self.pacer.until(now_ns() + SETTLE_NS).await;
        while now_ns() < ends_ns && !race.lanes.iter().flatten().all(|lane| lane.is_settled()) {
            self.pacer.until(now_ns() + LOOK_NS).await;
        }
    }

    /// Who is not so far is no racer.
    async fn drop_late(&self, race: &mut Http2Race, racers: &mut [RaceRequest]) {
        if self.style == RaceRelease::Whole {
            return;
        }
        for (nth, racer) in racers.iter_mut().enumerate() {
            if let Some(lane) = &race.lanes[nth]
                && !lane.is_at_start()
            {
                lane.live.client.borrow_mut().cancel(lane.key);
                lane.live.wake_task();
                let mut room = Vec::new();
                let _ = lane.live.ended(lane.key, &mut room).await;
                let reason = "not sent: it was not at the start in time";
                race.replies[nth].reason = Reason::new(reason);
                racer.done_ns = now_ns();
                race.lanes[nth] = None;
            }
        }
    }

    /// Lets everybody go: those without a shift now, the others when they are due.
    async fn release(&self, race: &Http2Race, racers: &mut [RaceRequest]) {
        let mut first_ns = None;
        let mut done_ns = None;
        loop {
            let waits =
                |racer: &&RaceRequest| done_ns.is_none_or(|done_ns| racer.shift_ns > done_ns);
            let Some(shift_ns) = racers
                .iter()
                .filter(waits)
                .map(|racer| racer.shift_ns)
                .min()
            else {
                return;
            };
            if let Some(first_ns) = first_ns {
                self.until_exactly(first_ns + shift_ns).await;
            }
            let released = self.send_last_frames(|| {
                let due = racers.iter().zip(&race.lanes);
                let due = due.filter(|(racer, _)| racer.shift_ns == shift_ns);
                due.filter_map(|(_, lane)| lane.as_ref())
            });
            for (racer, lane) in racers.iter_mut().zip(&race.lanes) {
                if racer.shift_ns == shift_ns && lane.is_some() {
                    (racer.sent_ns, racer.left_ns) = (released.first_ns, released.last_ns);
                }
            }
            first_ns = first_ns.or(Some(released.first_ns - shift_ns.min(released.first_ns)));
            done_ns = Some(shift_ns);
        }
    }

    async fn until_exactly(&self, moment_ns: u64) {
        self.pacer
            .until(moment_ns.saturating_sub(WAKE_EARLY_NS))
            .await;
        while now_ns() < moment_ns {
            std::hint::spin_loop();
        }
    }

    /// Hands over what others have written on the connections of `sends`: before last frames in one send it
    /// would take the room of their segment.
    fn send_queued(&self, sends: &mut [RaceSend]) {
        let mut release = self.release.borrow_mut();
        for send in sends {
            let queued = send.live.take_out();
            if !queued.is_empty() {
                let to = send.live.destination();
                release.send_all(std::iter::once((to, &queued[..])));
                let taken = release.results().first().copied().unwrap_or_default();
                send.live.note_taken(queued, taken);
            }
        }
    }

    /// Hands the last frames of these to the kernel: one send for each connection, all of them in one
    /// submission.
    fn send_last_frames<'a, I>(&self, lanes: impl Fn() -> I) -> Released
    where
        I: Iterator<Item = &'a Lane>,
    {
        let deadline_ns = now_ns() + self.transport.request_timeout_ns;
        let mut sends = self.sends.borrow_mut();
        for lane in lanes() {
            if !sends.iter().any(|send| Rc::ptr_eq(&send.live, &lane.live)) {
                let (live, bytes) = (Rc::clone(&lane.live), Vec::new());
                make_room(&mut sends, 1);
                sends.push(RaceSend { live, bytes });
            }
        }
        if self.style == RaceRelease::LastByte {
            self.send_queued(&mut sends);
        }
        for lane in lanes() {
            lane.live.client.borrow_mut().release(lane.key);
            lane.live.wait_until(lane.key, deadline_ns);
            lane.live.note_request();
        }
        for send in sends.iter_mut() {
            send.bytes = send.live.take_out();
        }
        let mut release = self.release.borrow_mut();
        let each = sends.iter().filter(|send| !send.bytes.is_empty());
        let released =
            release.send_all(each.map(|send| (send.live.destination(), &send.bytes[..])));
        let mut results = release.results().iter();
        for send in sends.drain(..) {
            let taken = match send.bytes.is_empty() {
                true => 0,
                false => results.next().copied().unwrap_or_default(),
            };
            send.live.note_taken(send.bytes, taken);
        }
        released
    }

    /// Gathers with the crowd. The first one of a core that comes lets all of them go.
    async fn start_with(
        &self,
        crowd: AwaitedStart<'_>,
        race: &mut Http2Race,
        racers: &mut [RaceRequest],
    ) -> Result<u64, CalledOff> {
        let is_alone = self.barrier.borrow().is_empty();
        let is_with_others = is_alone || self.gathers_for.get() == crowd.due_ns();
        if !is_with_others || crowd.arrive(now_ns()).is_err() {
            self.call_off(race).await;
            return Err(CalledOff::Missed);
        }
        self.gathers_for.set(crowd.due_ns());
        race.group.started.set(None);
        let leads = {
            let mut barrier = self.barrier.borrow_mut();
            let leads = barrier.is_empty();
            for lane in &race.lanes {
                let (lane, group) = (lane.clone(), Rc::clone(&race.group));
                make_room(&mut barrier, 1);
                barrier.push(WaitingRacer { lane, group });
            }
            leads
        };
        if leads {
            self.lead(crowd).await;
        }
        let started = race.group.wait_for(|| race.group.started.get()).await;
        let Ok(released) = started else {
            self.call_off(race).await;
            let end_ns = self.run_end_ns.get();
            return Err(CalledOff::Stopped(Stopped { end_ns }));
        };
        for (racer, lane) in racers.iter_mut().zip(&race.lanes) {
            if lane.is_some() {
                (racer.sent_ns, racer.left_ns) = (released.first_ns, released.last_ns);
            }
        }
        let common = crowd.start(now_ns());
        Ok(common.map_or(0, |common| common.crowd))
    }

    async fn call_off(&self, race: &mut Http2Race) {
        for lane in race.lanes.drain(..).flatten() {
            lane.live.client.borrow_mut().cancel(lane.key);
            lane.live.wake_task();
            let _ = lane.live.ended(lane.key, &mut Vec::new()).await;
        }
    }

    async fn lead(&self, crowd: AwaitedStart<'_>) {
        let start: CommonStart = loop {
            let (now_ns, end_ns) = (now_ns(), self.run_end_ns.get());
            if let Some(start) = crowd.start(now_ns) {
                break start;
            }
            if now_ns >= end_ns {
                for waiting in self.barrier.borrow_mut().drain(..) {
                    crowd.withdraw();
                    waiting.group.started.set(Some(Err(Ended)));
                    waiting.group.wake();
                }
                return;
            }
            let look_ns = crowd.next_look_ns(now_ns, 2 * LOOK_NS);
            self.pacer.until(look_ns.min(end_ns)).await;
        };
        self.until_exactly(start.at_ns).await;
        let mut barrier = self.barrier.borrow_mut();
        let released =
            self.send_last_frames(|| barrier.iter().filter_map(|waiting| waiting.lane.as_ref()));
        for waiting in barrier.drain(..) {
            waiting.group.started.set(Some(Ok(released)));
            waiting.group.wake();
        }
    }
}

impl Lane {
    /// Whether all but its last frame has been read by the server, which then has said goodbye if it will
    /// have nothing of it.
    fn is_settled(&self) -> bool {
        self.live.is_closed()
            || self.live.is_refused(self.key)
            || (self.is_at_start() && self.live.client.borrow().has_sign(self.sign))
    }

    fn is_at_start(&self) -> bool {
        self.live.client.borrow_mut().is_at_start(self.key)
    }
}
