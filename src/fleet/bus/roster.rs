//! The members of a run, as their leader knows them: what they say is checked, who is new is welcomed, and
//! who is silent is lost.

use super::dropped::{Dropped, DroppedCounts};
use super::envelope::{Fault, Kind, Seal, Sender, claimed_sender};
use super::link::PlaceNews;
use super::liveness::{Heard, Hearing, Looks, SILENT_AFTER};
use super::message::{Order, Report, Who, decode};
use super::name::Token;
use super::store::Entry;
use std::collections::BTreeMap;
use std::time::Duration;

/// The streams that members write, by their place in what is read.
pub(super) const REPORTS: usize = 0;
pub(super) const RECORDS: usize = 1;
/// After a connection was opened again, what was heard before may come again for so long.
pub(super) const REPEATS_FOR: Duration = Duration::from_secs(15);

/// A machine that has a shard.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who it is.
    pub who: Who,
    /// Whether it said that it goes.
    pub has_left: bool,
    pub(super) token: Token,
    hearing: Hearing,
    /// The last sequence of each stream.
    last: [u64; 2],
    /// The last order that it has heard.
    pub(super) heard_order: u64,
}

impl Member {
    /// Whether it is silent for too long.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.hearing.is_silent()
    }
}

/// What happened on the bus.
#[derive(Clone, Debug, PartialEq)]
pub enum LeaderEvent {
    /// A machine has taken a shard.
    Joined {
        /// Which one.
        shard: u32,
        /// The machine.
        who: Who,
    },
    /// A member said something.
    Said {
        /// Which one.
        shard: u32,
        /// What.
        report: Report,
    },
    /// A member is silent for so long: it is lost.
    Lost {
        /// Which one.
        shard: u32,
        /// For so long.
        silent_for: Duration,
    },
    /// A member that was lost is heard again.
    HeardAgain {
        /// Which one.
        shard: u32,
    },
    /// So many reports of a member got lost, since Redis forgot them.
    Missing {
        /// Which one.
        shard: u32,
        /// How many.
        reports: u64,
    },
    /// A message was dropped.
    Dropped(Dropped),
    /// What became of the way to Redis.
    Place(PlaceNews),
    /// Another leader has taken the run's name, while this one could not be seen.
    Outranked {
        /// Who.
        by: Who,
    },
}

/// See the module's documentation.
pub(super) struct Roster {
    shards: u32,
    version: String,
    /// Whether nobody joins any more.
    pub is_closed: bool,
    members: BTreeMap<u32, Member>,
    looks: Looks,
    dropped: DroppedCounts,
    repeats_until_ns: u64,
}

impl Roster {
    /// That of so many shards, whose leader is of this version.
    pub fn new(shards: u32, version: &str, now_ns: u64) -> Self {
        Self {
            shards,
            version: version.to_owned(),
            is_closed: false,
            members: BTreeMap::new(),
            looks: Looks::from(now_ns),
            dropped: DroppedCounts::default(),
            repeats_until_ns: 0,
        }
    }

    pub fn members(&self) -> &BTreeMap<u32, Member> {
        &self.members
    }

    pub fn dropped(&self) -> &DroppedCounts {
        &self.dropped
    }

    /// What was heard before may come again.
    pub fn expect_repeats(&mut self, now_ns: u64) {
        self.repeats_until_ns = now_ns + REPEATS_FOR.as_nanos() as u64;
    }

    /// The last order that all have heard who are there; `None` while somebody is missing.
    pub fn heard_by_all(&self) -> Option<u64> {
        let present = self.members.values();
        let present = present.filter(|member| !member.has_left && !member.is_lost());
        let heard = present.map(|member| member.heard_order).min();
        heard.filter(|_| self.members.len() == self.shards as usize)
    }

    /// Takes what lies in a stream; what is to be answered.
    pub fn take(
        &mut self,
        seal: &Seal<'_>,
        entry: &Entry,
        now_ns: u64,
        events: &mut Vec<LeaderEvent>,
    ) -> Option<Order> {
        self.heard(seal, entry, now_ns, events)
            .unwrap_or_else(|why| {
                let dropped = Dropped {
                    place: seal.place.to_owned(),
                    id: Some(entry.id),
                    claims: claimed_sender(&entry.message),
                    why,
                };
                self.drop_it(dropped, events);
                None
            })
    }

    fn heard(
        &mut self,
        seal: &Seal<'_>,
        entry: &Entry,
        now_ns: u64,
        events: &mut Vec<LeaderEvent>,
    ) -> Result<Option<Order>, Fault> {
        let envelope = seal.open(&entry.message)?;
        let (Kind::Report, Sender::Shard(shard)) = (envelope.kind, envelope.sender) else {
            return Err(Fault::Misplaced);
        };
        let report: Report = decode(&envelope.payload).map_err(Fault::Unreadable)?;
        let may_repeat = now_ns < self.repeats_until_ns;
        if let Report::Joined { member, who } = report {
            if member != envelope.author || entry.stream != REPORTS {
                return Err(Fault::Misplaced);
            }
            let known = self.members.get(&shard);
            if known.is_none_or(|known| known.token != member) {
                return Ok(Some(self.welcome(shard, member, who, now_ns, events)));
            }
            return match may_repeat {
                true => Ok(None),
                false => Err(Fault::Replayed(envelope.sequence)),
            };
        }
        let member = self.members.get_mut(&shard).ok_or(Fault::OtherAuthor)?;
        if member.token != envelope.author {
            return Err(Fault::OtherAuthor);
        }
        let last = &mut member.last[entry.stream.min(RECORDS)];
        if envelope.sequence <= *last {
            return match may_repeat || envelope.sequence == *last {
                // Read before the connection was lost, or sent twice since its answer got lost.
                true => Ok(None),
                false => Err(Fault::Replayed(envelope.sequence)),
            };
        }
        let reports = envelope.sequence - *last - 1;
        *last = envelope.sequence;
        if reports > 0 {
            events.push(LeaderEvent::Missing { shard, reports });
        }
        if member.hearing.hear(now_ns).is_some() {
            events.push(LeaderEvent::HeardAgain { shard });
        }
        match report {
            Report::Beat { heard } => {
                member.heard_order = member.heard_order.max(heard);
                return Ok(None);
            }
            Report::Leaving { .. } => member.has_left = true,
            _ => {}
        }
        events.push(LeaderEvent::Said { shard, report });
        Ok(None)
    }

    /// A machine says that it has taken a shard's number.
    fn welcome(
        &mut self,
        shard: u32,
        member: Token,
        who: Who,
        now_ns: u64,
        events: &mut Vec<LeaderEvent>,
    ) -> Order {
        let (shards, ours, theirs) = (self.shards, &self.version, &who.version);
        let why = if shard >= shards {
            format!("there are {shards} shards, and none with the number {shard}")
        } else if theirs != ours {
            format!("the leader is shopblast {ours}, and this is shopblast {theirs}")
        } else if let Some(known) = self.members.get(&shard) {
            let holder = &known.who;
            format!("shard {shard} is that of {holder}; a number is never given twice")
        } else if self.is_closed {
            "the run has begun, and nobody joins it any more".to_owned()
        } else {
            events.push(LeaderEvent::Joined {
                shard,
                who: who.clone(),
            });
            let joined = Member {
                who,
                has_left: false,
                token: member,
                hearing: Hearing::at(now_ns),
                last: [1, 0],
                heard_order: 0,
            };
            self.members.insert(shard, joined);
            return Order::Welcome { member };
        };
        Order::Unwelcome { member, why }
    }

    /// Looks who is silent. They could be heard, or not.
    pub fn look(&mut self, now_ns: u64, could_hear: bool, events: &mut Vec<LeaderEvent>) {
        let excused = self.looks.look(now_ns, could_hear);
        for (&shard, member) in &mut self.members {
            member.hearing.excuse(excused);
            if member.has_left {
                continue;
            }
            if let Some(Heard::Silent { for_ns }) = member.hearing.judge(now_ns, SILENT_AFTER) {
                let silent_for = Duration::from_nanos(for_ns);
                events.push(LeaderEvent::Lost { shard, silent_for });
            }
        }
    }

    /// Counts what is dropped, and names it as long as that tells something new.
    pub fn drop_it(&mut self, dropped: Dropped, events: &mut Vec<LeaderEvent>) {
        if self.dropped.add(&dropped) {
            events.push(LeaderEvent::Dropped(dropped));
        }
    }
}
