//! The leader's end of the bus: it holds the run's name, tells members what to do, hears what they say, and
//! notices who is silent.

use super::cards::{Begun, Claim, EXPIRY, LEADER_EXPIRY, LeaderCard, leader_card, sealed};
use super::clock::ClockOffset;
use super::dropped::{Dropped, DroppedCounts};
use super::envelope::{Envelope, Kind, Seal, Sender};
use super::error::MeetingError;
use super::keys::{SessionKeys, leader_key};
use super::link::{Link, PlaceState};
use super::message::{MOST_PLAN_BYTES, Order, Unsayable, Who, encode};
use super::name::{RunName, Token};
use super::roster::{LeaderEvent, Member, RECORDS, REPORTS, Roster};
use super::secret::FleetSecret;
use super::store::{EntryId, MeetingPlace, StoreError};
use crate::plan::MOST_SHARDS;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How often the leader shows that it is there.
pub(super) const BEAT_EVERY: Duration = Duration::from_secs(1);
/// Longest wait of a turn: who waits longer hears nobody, and is not heard.
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// Most entries of a stream that are read at once.
const MOST_ENTRIES: usize = 16;

/// What a leader brings along.
#[derive(Clone, Debug)]
pub struct LeaderTerms {
    /// The run.
    pub run: RunName,
    /// What signs.
    pub secret: FleetSecret,
    /// Who leads.
    pub who: Who,
    /// Into how many shards the run is dealt.
    pub shards: u32,
}

/// See the module's documentation.
pub struct LeaderBus {
    link: Link,
    terms: LeaderTerms,
    card: LeaderCard,
    lock: String,
    keys: SessionKeys,
    plan: Option<Vec<u8>>,
    begun: Option<Begun>,
    /// Orders that were not sent yet.
    waiting: VecDeque<(u64, Vec<u8>)>,
    /// Orders that not every member has heard yet, and where they lie.
    sent: VecDeque<(u64, Vec<u8>, EntryId)>,
    next_order: u64,
    beats: u64,
    next_beat_ns: u64,
    read_up_to: [EntryId; 2],
    /// The connection is new: what Redis may have forgotten has to be put there again.
    is_to_restore: bool,
    roster: Roster,
    is_outranked: bool,
    /// Until when the name is surely this leader's, on the own clock: nobody else can take it before.
    held_until_ns: u64,
}

impl LeaderBus {
    /// Takes the run's name.
    ///
    /// # Errors
    /// When somebody else has it, or Redis cannot be reached.
    pub fn claim(place: Box<dyn MeetingPlace>, terms: LeaderTerms) -> Result<Self, MeetingError> {
        if !(1..=MOST_SHARDS).contains(&terms.shards) {
            let (shards, most) = (terms.shards, MOST_SHARDS);
            return Err(MeetingError::Shards { shards, most });
        }
        let mut link = Link::new(place);
        link.open()?;
        link.take_is_new();
        let lock = leader_key(&terms.run);
        let card = LeaderCard {
            who: terms.who.clone(),
            session: Token::new()?,
            shards: terms.shards,
            since_us: link.read(|store| store.time_us())?,
        };
        let now_ns = link.now_ns();
        let roster = Roster::new(terms.shards, &terms.who.version, now_ns);
        let mut bus = Self {
            keys: SessionKeys::of(&terms.run, &card.session),
            link,
            lock,
            terms,
            card,
            plan: None,
            begun: None,
            waiting: VecDeque::new(),
            sent: VecDeque::new(),
            next_order: 1,
            beats: 0,
            next_beat_ns: now_ns,
            read_up_to: [EntryId::START; 2],
            is_to_restore: false,
            roster,
            is_outranked: false,
            held_until_ns: 0,
        };
        match bus.take_lock()? {
            None => Ok(bus),
            Some(other) => {
                let since_us = bus.card.since_us.saturating_sub(other.since_us);
                Err(MeetingError::Led {
                    run: bus.terms.run.clone(),
                    by: other.who,
                    since_s: since_us / 1_000_000,
                })
            }
        }
    }

    /// Says what is to be done: machines can join from now on.
    ///
    /// # Errors
    /// When it is too large, or Redis does not take it.
    pub fn publish_plan(&mut self, plan: &[u8]) -> Result<(), MeetingError> {
        let (bytes, most) = (plan.len(), MOST_PLAN_BYTES);
        if bytes > most {
            return Err(Unsayable::TooLarge { bytes, most }.into());
        }
        let sealed = self.seal(&self.keys.plan).close(&Envelope {
            author: self.card.session,
            sender: Sender::Leader,
            kind: Kind::Plan,
            sequence: 1,
            payload: plan.to_vec(),
        });
        let key = self.keys.plan.clone();
        self.link
            .write(|store| store.put_new(&key, &sealed, EXPIRY))?;
        self.plan = Some(sealed);
        Ok(())
    }

    /// Nobody joins any more.
    ///
    /// # Errors
    /// When Redis does not take that.
    pub fn begin(&mut self) -> Result<(), MeetingError> {
        let at_us = self.link.read(|store| store.time_us())?;
        self.begun = Some(Begun { at_us });
        self.roster.is_closed = true;
        self.put_begun().map_err(MeetingError::Store)
    }

    /// Tells all members something, at the next [`Self::turn`] at which Redis can be reached.
    ///
    /// # Errors
    /// When it is too large.
    pub fn give(&mut self, order: &Order) -> Result<(), Unsayable> {
        let payload = encode(order)?;
        let sequence = self.next_order;
        self.next_order += 1;
        let sealed = self.seal(&self.keys.orders).close(&Envelope {
            author: self.card.session,
            sender: Sender::Leader,
            kind: Kind::Order,
            sequence,
            payload,
        });
        self.waiting.push_back((sequence, sealed));
        Ok(())
    }

    /// Sends what is to be said, hears what was said, for at most about so long where there is nothing, and
    /// tells what happened. It never fails: Redis may go and come back.
    pub fn turn(&mut self, wait: Duration) -> Vec<LeaderEvent> {
        let mut events = Vec::new();
        let wait = wait.min(LONGEST_WAIT);
        // An error is news of the link, which tells it.
        if !self.link.is_open() || self.speak_and_hear(wait, &mut events).is_err() {
            self.link.rest(wait);
        }
        let could_hear = self.link.state() == PlaceState::Reachable;
        self.roster
            .look(self.link.now_ns(), could_hear, &mut events);
        events.extend(self.link.take_news().into_iter().map(LeaderEvent::Place));
        events
    }

    /// How this machine's clock is to the server's.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub fn clock(&mut self) -> Result<ClockOffset, MeetingError> {
        Ok(self.link.clock()?)
    }

    /// The machines that have a shard.
    #[must_use]
    pub fn members(&self) -> &BTreeMap<u32, Member> {
        self.roster.members()
    }

    /// What was dropped.
    #[must_use]
    pub fn dropped(&self) -> &DroppedCounts {
        self.roster.dropped()
    }

    /// Whether Redis can be used.
    #[must_use]
    pub fn place_state(&self) -> PlaceState {
        self.link.state()
    }

    /// How long Redis has been away; `None` when it is there.
    #[must_use]
    pub fn away_for(&self) -> Option<Duration> {
        self.link.away_for()
    }

    /// This machine's `CLOCK_MONOTONIC`, in nanoseconds.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.link.now_ns()
    }

    /// Where all meet, without a password.
    #[must_use]
    pub fn shown_place(&self) -> String {
        self.link.shown()
    }

    /// Orders that were given and not sent yet.
    #[must_use]
    pub fn waiting_orders(&self) -> usize {
        self.waiting.len()
    }

    /// Takes the run's keys away. What members have not heard yet is gone then.
    ///
    /// # Errors
    /// When Redis cannot be reached: they go by themselves, later.
    pub fn leave(mut self) -> Result<(), MeetingError> {
        let keys = self.keys.all(self.terms.shards);
        let is_ours = self.renew_lock()?;
        // What nobody else can have taken meanwhile is taken away; else it goes by itself.
        if is_ours && self.link.now_ns() < self.held_until_ns {
            let lock = [self.lock.clone()];
            self.link.read(|store| store.forget(&lock))?;
        }
        Ok(self.link.read(|store| store.forget(&keys))?)
    }

    fn seal<'a>(&'a self, place: &'a str) -> Seal<'a> {
        Seal {
            secret: &self.terms.secret,
            run: &self.terms.run,
            place,
        }
    }

    /// Keeps the run's name, if it is still this leader's: whether it is.
    ///
    /// Two commands are not one, and a name may expire and be taken between them. So it is kept first and read
    /// then: what is this leader's afterwards was so when it was kept, since a name that is lost never comes
    /// back by itself. A name that may have expired already is looked at before it is kept.
    fn renew_lock(&mut self) -> Result<bool, StoreError> {
        let is_sure = self.link.now_ns() < self.held_until_ns;
        if !is_sure && !self.has_lock()? {
            return Ok(false);
        }
        let asked_ns = self.link.now_ns();
        let lock = [self.lock.clone()];
        self.link.read(|store| store.keep(&lock, LEADER_EXPIRY))?;
        let is_ours = self.has_lock()?;
        self.held_until_ns = match is_ours {
            true => asked_ns + LEADER_EXPIRY.as_nanos() as u64,
            false => 0,
        };
        Ok(is_ours)
    }

    fn has_lock(&mut self) -> Result<bool, StoreError> {
        let bytes = self.link.read(|store| store.get(&self.lock))?;
        let seal = self.seal(&self.lock);
        Ok(bytes.is_some_and(|bytes| {
            leader_card(&seal, &bytes).is_ok_and(|card| card.session == self.card.session)
        }))
    }

    /// Takes the run's name where nobody has it; else who has it, if that is another leader.
    fn take_lock(&mut self) -> Result<Option<LeaderCard>, MeetingError> {
        let seal = self.seal(&self.lock);
        let own = sealed(
            &seal,
            self.card.session,
            Sender::Leader,
            Kind::Leader,
            &self.card,
        );
        let lock = self.lock.clone();
        let asked_ns = self.link.now_ns();
        if self
            .link
            .write(|store| store.put_new(&lock, &own, LEADER_EXPIRY))?
        {
            self.held_until_ns = asked_ns + LEADER_EXPIRY.as_nanos() as u64;
            return Ok(None);
        }
        let Some(bytes) = self.link.read(|store| store.get(&lock))? else {
            // It expired in between; the next beat takes it.
            return Ok(None);
        };
        let place = || lock.clone();
        let card = leader_card(&self.seal(&self.lock), &bytes).map_err(|fault| {
            MeetingError::Untrusted {
                place: place(),
                fault,
            }
        })?;
        Ok((card.session != self.card.session).then_some(card))
    }

    fn put_begun(&mut self) -> Result<(), StoreError> {
        let Some(begun) = self.begun else {
            return Ok(());
        };
        let seal = self.seal(&self.keys.begun);
        let sealed = sealed(
            &seal,
            self.card.session,
            Sender::Leader,
            Kind::Begun,
            &begun,
        );
        let key = self.keys.begun.clone();
        self.link.write(|store| store.put(&key, &sealed, EXPIRY))
    }

    fn speak_and_hear(
        &mut self,
        wait: Duration,
        events: &mut Vec<LeaderEvent>,
    ) -> Result<(), StoreError> {
        self.is_to_restore |= self.link.take_is_new();
        let spoke = self.speak(events);
        if let Err(StoreError::Away(_)) = spoke {
            return spoke;
        }
        // A Redis without room can still be read, and what is read makes room.
        self.hear(wait, events)?;
        // What was heard may have to be answered.
        match spoke {
            Err(StoreError::Full(_)) => Ok(()),
            spoke => spoke.and_then(|()| self.send_orders()),
        }
    }

    fn speak(&mut self, events: &mut Vec<LeaderEvent>) -> Result<(), StoreError> {
        if self.is_to_restore {
            self.restore(events)?;
            self.is_to_restore = false;
        }
        if self.link.now_ns() >= self.next_beat_ns {
            self.beat(events)?;
        }
        self.send_orders()
    }

    /// After a connection was lost: what Redis forgot is put there again, orders included. A member that has
    /// heard one does not heed it twice.
    fn restore(&mut self, events: &mut Vec<LeaderEvent>) -> Result<(), StoreError> {
        self.read_up_to = [EntryId::START; 2];
        self.roster.expect_repeats(self.link.now_ns());
        let plan = [self.keys.plan.clone()];
        let knows_lock = self.renew_lock()?;
        let knows_plan = self.link.read(|store| store.keep(&plan, EXPIRY))? > 0;
        if !knows_lock {
            self.hold_lock(events)?;
        }
        if knows_plan {
            return Ok(());
        }
        if let Some(plan) = self.plan.clone() {
            let key = self.keys.plan.clone();
            self.link
                .write(|store| store.put_new(&key, &plan, EXPIRY))?;
        }
        self.put_begun()?;
        let claims: Vec<(String, Vec<u8>)> = self
            .roster
            .members()
            .iter()
            .map(|(&index, member)| {
                let key = self.keys.shard(index);
                let claim = Claim {
                    member: member.token,
                    who: member.who.clone(),
                };
                let seal = self.seal(&key);
                let sealed = sealed(
                    &seal,
                    self.card.session,
                    Sender::Leader,
                    Kind::Claim,
                    &claim,
                );
                (key, sealed)
            })
            .collect();
        for (key, claim) in claims {
            self.link
                .write(|store| store.put_new(&key, &claim, EXPIRY))?;
        }
        let unheard = std::mem::take(&mut self.sent).into_iter();
        let again: Vec<(u64, Vec<u8>)> = unheard
            .map(|(sequence, order, _)| (sequence, order))
            .collect();
        again
            .into_iter()
            .rev()
            .for_each(|order| self.waiting.push_front(order));
        Ok(())
    }

    fn hold_lock(&mut self, events: &mut Vec<LeaderEvent>) -> Result<(), StoreError> {
        match self.take_lock() {
            Ok(None) => self.is_outranked = false,
            Ok(Some(other)) if !self.is_outranked => {
                self.is_outranked = true;
                events.push(LeaderEvent::Outranked { by: other.who });
            }
            Ok(Some(_)) => {}
            Err(MeetingError::Store(error)) => return Err(error),
            Err(MeetingError::Untrusted { place, fault }) => {
                let dropped = Dropped {
                    place,
                    id: None,
                    claims: None,
                    why: fault,
                };
                self.roster.drop_it(dropped, events);
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Shows that the leader is there, and keeps the run's keys.
    fn beat(&mut self, events: &mut Vec<LeaderEvent>) -> Result<(), StoreError> {
        self.next_beat_ns = self.link.now_ns() + BEAT_EVERY.as_nanos() as u64;
        self.beats += 1;
        let sealed = self.seal(&self.keys.beat).close(&Envelope {
            author: self.card.session,
            sender: Sender::Leader,
            kind: Kind::Beat,
            sequence: self.beats,
            payload: Vec::new(),
        });
        let key = self.keys.beat.clone();
        let beaten = self.link.write(|store| store.put(&key, &sealed, EXPIRY));
        // A Redis without room takes no beat, but keeps what it has.
        if !self.renew_lock()? {
            self.hold_lock(events)?;
        }
        // The rest stays for ten minutes: each tenth beat is enough.
        if self.beats % 10 == 1 {
            let keys = self.keys.all(self.terms.shards);
            self.link.read(|store| store.keep(&keys, EXPIRY))?;
            self.forget_heard_orders()?;
        }
        beaten
    }

    fn send_orders(&mut self) -> Result<(), StoreError> {
        let key = self.keys.orders.clone();
        while let Some((sequence, order)) = self.waiting.front() {
            let (id, _) = self.link.write(|store| store.append(&key, order, EXPIRY))?;
            let sequence = *sequence;
            if let Some((_, order)) = self.waiting.pop_front() {
                self.sent.push_back((sequence, order, id));
            }
        }
        Ok(())
    }

    /// Takes orders away that every member has heard.
    fn forget_heard_orders(&mut self) -> Result<(), StoreError> {
        let Some(heard) = self.roster.heard_by_all() else {
            return Ok(());
        };
        let still = self
            .sent
            .partition_point(|(sequence, _, _)| *sequence <= heard);
        let last = self.sent.drain(..still).map(|(_, _, id)| id).next_back();
        let orders = &self.keys.orders;
        match last {
            Some(last) => self.link.read(|store| store.trim_up_to(orders, last)),
            None => Ok(()),
        }
    }

    fn hear(&mut self, wait: Duration, events: &mut Vec<LeaderEvent>) -> Result<(), StoreError> {
        let streams = [self.keys.reports.clone(), self.keys.records.clone()];
        let asked = [
            (streams[REPORTS].as_str(), self.read_up_to[REPORTS]),
            (streams[RECORDS].as_str(), self.read_up_to[RECORDS]),
        ];
        let entries = self
            .link
            .read(|store| store.read_after(&asked, MOST_ENTRIES, wait))?;
        let now_ns = self.link.now_ns();
        let mut read = [None; 2];
        for entry in entries {
            let stream = entry.stream.min(RECORDS);
            self.read_up_to[stream] = entry.id;
            read[stream] = Some(entry.id);
            let seal = Seal {
                secret: &self.terms.secret,
                run: &self.terms.run,
                place: &streams[stream],
            };
            let answer = self.roster.take(&seal, &entry, now_ns, events);
            // An answer is a few words: it is never too large.
            let _ = answer.map(|answer| self.give(&answer));
        }
        // What is read makes room for those who wait to write.
        for (stream, last) in streams.iter().zip(read) {
            if let Some(last) = last {
                self.link.read(|store| store.trim_up_to(stream, last))?;
            }
        }
        Ok(())
    }
}
