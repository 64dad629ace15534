//! A member's end of the bus: it says what happens here, hears the leader's orders, and notices when nobody
//! leads.

use super::cards::EXPIRY;
use super::clock::ClockOffset;
use super::dropped::{Dropped, DroppedCounts};
use super::envelope::{Envelope, Fault, Kind, Seal, Sender, claimed_sender};
use super::error::MeetingError;
use super::keys::SessionKeys;
use super::leader::{BEAT_EVERY, LONGEST_WAIT};
use super::link::{Link, PlaceNews, PlaceState};
use super::liveness::{Heard, Hearing, Looks};
use super::message::{Order, Report, Unsayable, Who, decode, encode};
use super::name::{RunName, Token};
use super::record_pieces::RecordCutter;
use super::roster::REPEATS_FOR;
use super::secret::FleetSecret;
use super::store::{Entry, EntryId, StoreError};
use std::collections::VecDeque;
use std::io::Read;
use std::time::Duration;

/// Most entries of the leader's stream that are read at once.
const MOST_ORDERS: usize = 64;
/// Reports of all members that may wait to be heard by the leader: of each shard so many, and some.
const MOST_UNHEARD_PER_SHARD: u64 = 16;
const MOST_UNHEARD: u64 = 128;
/// Pieces of records of all members that may lie in Redis: 16 MiB.
const MOST_PIECES: u64 = 32;
/// Pieces that are sent in one turn: beats and intervals go before the next ones.
const PIECES_A_TURN: usize = 4;
/// Reports that wait here at most, and how many bytes they have together.
const MOST_WAITING: usize = 1_200;
const MOST_WAITING_BYTES: usize = 64 << 20;

/// What a member knows of the run that it has joined.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub run: RunName,
    pub secret: FleetSecret,
    pub leader: Who,
    pub session: Token,
    pub member: Token,
    pub shard: u32,
    pub shards: u32,
    pub leaderless: Duration,
    pub plan: Vec<u8>,
    /// The last report's sequence, and the last order that was heard.
    pub said: u64,
    pub heard_order: u64,
}

/// What happened on the bus.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberEvent {
    /// The leader told something.
    Ordered(Order),
    /// Nobody has led for so long. Where the plan has no end, it is time to end.
    Leaderless {
        /// For so long.
        silent_for: Duration,
        /// Whether that is since Redis cannot be reached.
        is_redis_away: bool,
    },
    /// The leader is heard again.
    LeaderBack,
    /// The leader hears nothing, or more slowly than it is told: so many reports wait here.
    Unheard {
        /// How many wait.
        waiting: usize,
    },
    /// The leader has caught up.
    CaughtUp,
    /// Too much waited, and an interval is left to the record alone.
    LeftOut {
        /// How many intervals, in all.
        intervals: u64,
    },
    /// The whole record was sent.
    RecordSent {
        /// Of which run.
        round: u32,
    },
    /// The record cannot be sent.
    RecordNotSent {
        /// Of which run.
        round: u32,
        /// Why.
        why: String,
    },
    /// A message was dropped.
    Dropped(Dropped),
    /// What became of the way to Redis.
    Place(PlaceNews),
}

/// See the module's documentation.
pub struct MemberBus {
    link: Link,
    joined: Joined,
    keys: SessionKeys,
    waiting: VecDeque<(u64, Report, Vec<u8>)>,
    waiting_bytes: usize,
    is_unheard: bool,
    left_out: u64,
    record: Option<(u32, RecordCutter)>,
    /// A piece that was not taken yet, sealed.
    piece: Option<Vec<u8>>,
    pieces_said: u64,
    next_beat_ns: u64,
    read_up_to: EntryId,
    repeats_until_ns: u64,
    beat: u64,
    leader: Hearing,
    away_since_ns: Option<u64>,
    looks: Looks,
    dropped: DroppedCounts,
}

impl MemberBus {
    pub(super) fn over(link: Link, joined: Joined, read_up_to: EntryId) -> Self {
        let now_ns = link.now_ns();
        Self {
            keys: SessionKeys::of(&joined.run, &joined.session),
            joined,
            link,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            is_unheard: false,
            left_out: 0,
            record: None,
            piece: None,
            pieces_said: 0,
            next_beat_ns: now_ns,
            read_up_to,
            repeats_until_ns: 0,
            beat: 0,
            leader: Hearing::at(now_ns),
            away_since_ns: None,
            looks: Looks::from(now_ns),
            dropped: DroppedCounts::default(),
        }
    }

    /// The session of the leader.
    #[must_use]
    pub fn session(&self) -> Token {
        self.joined.session
    }

    /// The number of this member's shard, from 0 on.
    #[must_use]
    pub fn shard(&self) -> u32 {
        self.joined.shard
    }

    /// How many shards there are.
    #[must_use]
    pub fn shards(&self) -> u32 {
        self.joined.shards
    }

    /// Who leads.
    #[must_use]
    pub fn leader(&self) -> &Who {
        &self.joined.leader
    }

    /// What is to be done, as the leader published it.
    #[must_use]
    pub fn plan(&self) -> &[u8] {
        &self.joined.plan
    }

    /// Tells the leader something, at the next [`Self::turn`] at which Redis can be reached and the leader
    /// keeps up.
    ///
    /// # Errors
    /// When it is too large.
    pub fn say(&mut self, report: Report) -> Result<(), Unsayable> {
        let payload = encode(&report)?;
        self.joined.said += 1;
        let sealed = self.sealed(&self.keys.reports, self.joined.said, payload);
        self.waiting_bytes += sealed.len();
        self.waiting.push_back((self.joined.said, report, sealed));
        Ok(())
    }

    /// Sends a record, piece by piece, at the turns to come. One record at a time: a second one takes the
    /// place of the first.
    pub fn send_record(&mut self, round: u32, source: Box<dyn Read + Send>) {
        self.record = Some((round, RecordCutter::new(round, source)));
        self.piece = None;
    }

    /// Sends what is to be said, hears what was said, for at most about so long where there is nothing, and
    /// tells what happened. It never fails: Redis may go and come back.
    pub fn turn(&mut self, wait: Duration) -> Vec<MemberEvent> {
        let mut events = Vec::new();
        let wait = wait.min(LONGEST_WAIT);
        // An error is news of the link, which tells it.
        if !self.link.is_open() || self.speak_and_hear(wait, &mut events).is_err() {
            self.link.rest(wait);
        }
        self.look_after_leader(&mut events);
        self.leave_out(&mut events);
        events.extend(self.link.take_news().into_iter().map(MemberEvent::Place));
        events
    }

    /// How this machine's clock is to the server's.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub fn clock(&mut self) -> Result<ClockOffset, MeetingError> {
        Ok(self.link.clock()?)
    }

    /// What was dropped.
    #[must_use]
    pub fn dropped(&self) -> &DroppedCounts {
        &self.dropped
    }

    /// Whether Redis can be used.
    #[must_use]
    pub fn place_state(&self) -> PlaceState {
        self.link.state()
    }

    /// This machine's `CLOCK_MONOTONIC`, in nanoseconds.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.link.now_ns()
    }

    /// Whether everything that was said is in Redis, with the record.
    #[must_use]
    pub fn has_said_all(&self) -> bool {
        self.waiting.is_empty() && self.record.is_none()
    }

    fn seal<'a>(&'a self, place: &'a str) -> Seal<'a> {
        Seal {
            secret: &self.joined.secret,
            run: &self.joined.run,
            place,
        }
    }

    fn sealed(&self, place: &str, sequence: u64, payload: Vec<u8>) -> Vec<u8> {
        self.seal(place).close(&Envelope {
            author: self.joined.member,
            sender: Sender::Shard(self.joined.shard),
            kind: Kind::Report,
            sequence,
            payload,
        })
    }

    fn speak_and_hear(
        &mut self,
        wait: Duration,
        events: &mut Vec<MemberEvent>,
    ) -> Result<(), StoreError> {
        if self.link.take_is_new() {
            self.read_up_to = EntryId::START;
            self.repeats_until_ns = self.link.now_ns() + REPEATS_FOR.as_nanos() as u64;
        }
        if self.link.now_ns() >= self.next_beat_ns {
            self.exchange_beats(events)?;
        }
        // A Redis without room can still be read: what cannot be said waits.
        let said = self
            .say_waiting(events)
            .and_then(|()| self.send_pieces(events));
        if let Err(error @ StoreError::Away(_)) = said {
            return Err(error);
        }
        // Who has more to send does not wait for orders.
        let wait = if said == Ok(true) {
            Duration::ZERO
        } else {
            wait
        };
        self.hear(wait, events)?;
        match said {
            Ok(_) | Err(StoreError::Full(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Shows that this member is there, and looks whether the leader is.
    fn exchange_beats(&mut self, events: &mut Vec<MemberEvent>) -> Result<(), StoreError> {
        self.next_beat_ns = self.link.now_ns() + BEAT_EVERY.as_nanos() as u64;
        if self.waiting.is_empty() {
            let heard = self.joined.heard_order;
            // A beat is a few words: it is never too large.
            let _ = self.say(Report::Beat { heard });
        }
        let key = self.keys.beat.clone();
        let Some(bytes) = self.link.read(|store| store.get(&key))? else {
            return Ok(());
        };
        match self.open(&key, Kind::Beat, &bytes) {
            Ok(beat) if beat.sequence > self.beat => {
                self.beat = beat.sequence;
                self.leader_is_heard(events);
            }
            Ok(_) => {}
            Err(fault) => self.drop_it(key, None, claimed_sender(&bytes), fault, events),
        }
        Ok(())
    }

    fn open(&self, place: &str, kind: Kind, bytes: &[u8]) -> Result<Envelope, Fault> {
        let envelope = self.seal(place).open(bytes)?;
        if envelope.kind != kind || envelope.sender != Sender::Leader {
            return Err(Fault::Misplaced);
        }
        match envelope.author == self.joined.session {
            true => Ok(envelope),
            false => Err(Fault::OtherAuthor),
        }
    }

    fn leader_is_heard(&mut self, events: &mut Vec<MemberEvent>) {
        let now_ns = self.link.now_ns();
        if self.leader.hear(now_ns).is_some() {
            events.push(MemberEvent::LeaderBack);
        }
    }

    /// Sends what waits, as long as the leader keeps up.
    fn say_waiting(&mut self, events: &mut Vec<MemberEvent>) -> Result<(), StoreError> {
        let most = MOST_UNHEARD + MOST_UNHEARD_PER_SHARD * u64::from(self.joined.shards);
        let key = self.keys.reports.clone();
        if self.is_unheard {
            let unheard = self.link.read(|store| store.length(&key))?;
            if unheard >= most / 2 {
                return Ok(());
            }
            self.is_unheard = false;
            events.push(MemberEvent::CaughtUp);
        }
        while let Some((_, _, sealed)) = self.waiting.front() {
            let (_, unheard) = self
                .link
                .write(|store| store.append(&key, sealed, EXPIRY))?;
            if let Some((_, _, sealed)) = self.waiting.pop_front() {
                self.waiting_bytes -= sealed.len();
            }
            if unheard >= most {
                self.is_unheard = true;
                let waiting = self.waiting.len();
                events.push(MemberEvent::Unheard { waiting });
                break;
            }
        }
        Ok(())
    }

    /// Sends some pieces of the record; whether there is room for more of them.
    fn send_pieces(&mut self, events: &mut Vec<MemberEvent>) -> Result<bool, StoreError> {
        let key = self.keys.records.clone();
        for _ in 0..PIECES_A_TURN {
            if self.piece.is_none() && !self.cut_piece(events) {
                return Ok(false);
            }
            if self.link.read(|store| store.length(&key))? >= MOST_PIECES {
                return Ok(false);
            }
            if let Some(piece) = &self.piece {
                self.link.write(|store| store.append(&key, piece, EXPIRY))?;
                self.piece = None;
            }
        }
        Ok(true)
    }

    /// Makes the next piece ready; whether there is one.
    fn cut_piece(&mut self, events: &mut Vec<MemberEvent>) -> bool {
        let Some((round, cutter)) = &mut self.record else {
            return false;
        };
        let round = *round;
        let cut = cutter.next_report().map_err(|error| error.to_string());
        let encoded = cut.and_then(|report| {
            let encoded = report.as_ref().map(encode).transpose();
            encoded.map_err(|error| error.to_string())
        });
        match encoded {
            Ok(Some(payload)) => {
                self.pieces_said += 1;
                let sealed = self.sealed(&self.keys.records, self.pieces_said, payload);
                self.piece = Some(sealed);
                return true;
            }
            Ok(None) => events.push(MemberEvent::RecordSent { round }),
            Err(why) => events.push(MemberEvent::RecordNotSent { round, why }),
        }
        self.record = None;
        false
    }

    fn hear(&mut self, wait: Duration, events: &mut Vec<MemberEvent>) -> Result<(), StoreError> {
        let key = self.keys.orders.clone();
        let after = self.read_up_to;
        let asked = [(key.as_str(), after)];
        let entries = self
            .link
            .read(|store| store.read_after(&asked, MOST_ORDERS, wait))?;
        for entry in entries {
            self.read_up_to = entry.id;
            if let Err(fault) = self.take(&key, &entry, events) {
                let claims = claimed_sender(&entry.message);
                self.drop_it(key.clone(), Some(entry.id), claims, fault, events);
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        key: &str,
        entry: &Entry,
        events: &mut Vec<MemberEvent>,
    ) -> Result<(), Fault> {
        let envelope = self.open(key, Kind::Order, &entry.message)?;
        let order: Order = decode(&envelope.payload).map_err(Fault::Unreadable)?;
        let heard = self.joined.heard_order;
        if envelope.sequence <= heard {
            let may_repeat = self.link.now_ns() < self.repeats_until_ns;
            return match may_repeat || envelope.sequence == heard {
                // Heard before the connection was lost, or sent twice since its answer got lost.
                true => Ok(()),
                false => Err(Fault::Replayed(envelope.sequence)),
            };
        }
        self.joined.heard_order = envelope.sequence;
        self.leader_is_heard(events);
        if !matches!(order, Order::Welcome { .. } | Order::Unwelcome { .. }) {
            events.push(MemberEvent::Ordered(order));
        }
        Ok(())
    }

    fn look_after_leader(&mut self, events: &mut Vec<MemberEvent>) {
        let now_ns = self.link.now_ns();
        let is_away = self.link.state() == PlaceState::Away;
        let away_since_ns = match is_away {
            true => *self.away_since_ns.get_or_insert(now_ns),
            false => {
                self.away_since_ns = None;
                now_ns
            }
        };
        // A leader that cannot be heard since Redis is away leads no more than one that is gone.
        let excused = self.looks.look(now_ns, true);
        self.leader.excuse(excused);
        if let Some(Heard::Silent { for_ns }) = self.leader.judge(now_ns, self.joined.leaderless) {
            events.push(MemberEvent::Leaderless {
                silent_for: Duration::from_nanos(for_ns),
                is_redis_away: away_since_ns < now_ns,
            });
        }
    }

    /// What cannot wait any more: intervals are in the record as well.
    fn leave_out(&mut self, events: &mut Vec<MemberEvent>) {
        let before = self.left_out;
        while self.waiting.len() > MOST_WAITING || self.waiting_bytes > MOST_WAITING_BYTES {
            let is_interval = |(_, report, _): &(u64, Report, Vec<u8>)| {
                matches!(report, Report::Interval { .. } | Report::Beat { .. })
            };
            let Some(place) = self.waiting.iter().position(is_interval) else {
                break;
            };
            if let Some((_, _, sealed)) = self.waiting.remove(place) {
                self.waiting_bytes -= sealed.len();
                self.left_out += 1;
            }
        }
        if self.left_out > before {
            let intervals = self.left_out;
            events.push(MemberEvent::LeftOut { intervals });
        }
    }

    fn drop_it(
        &mut self,
        place: String,
        id: Option<EntryId>,
        claims: Option<Sender>,
        why: Fault,
        events: &mut Vec<MemberEvent>,
    ) {
        let dropped = Dropped {
            place,
            id,
            claims,
            why,
        };
        if self.dropped.add(&dropped) {
            events.push(MemberEvent::Dropped(dropped));
        }
    }
}
