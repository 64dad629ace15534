//! How a machine comes to a run: it finds the leader, takes a shard's number, and is welcomed.

use super::cards::{Begun, Claim, EXPIRY, LeaderCard, leader_card, opened, sealed};
use super::dropped::{Dropped, DroppedCounts};
use super::envelope::{Envelope, Fault, Kind, Seal, Sender, claimed_sender};
use super::error::MeetingError;
use super::keys::{SessionKeys, leader_key};
use super::leader::LONGEST_WAIT;
use super::link::Link;
use super::member::{Joined, MemberBus};
use super::message::{Order, Report, Who, decode, encode};
use super::name::{RunName, Token};
use super::secret::FleetSecret;
use super::store::{EntryId, MeetingPlace, StoreError};
use std::time::Duration;

/// How long a leader may take to welcome a machine.
const WELCOME_WITHIN: Duration = Duration::from_secs(15);
/// Variables in which launchers tell each of their tasks its number.
pub const INDEX_VARIABLES: [&str; 2] = ["JOB_COMPLETION_INDEX", "SLURM_PROCID"];
const MOST_ORDERS: usize = 64;
/// Holders of shards that a refusal names.
const MOST_HOLDERS: u32 = 3;

/// What a joining machine brings along.
#[derive(Clone, Debug)]
pub struct JoinTerms {
    /// The run.
    pub run: RunName,
    /// What signs.
    pub secret: FleetSecret,
    /// Who joins.
    pub who: Who,
    /// The number that the launcher gave it: it is taken if nobody has it.
    pub wish: Option<u32>,
    /// How long it waits for a leader, and for Redis.
    pub patience: Duration,
    /// Without a leader for so long, [`super::MemberEvent::Leaderless`] is told.
    pub leaderless: Duration,
    /// The session that this machine has just left, whose leader may still be there: it is not waited for,
    /// nor taken for one that refuses.
    pub left: Option<Token>,
    /// Whether a run that has begun is waited out, since the next one may need this machine.
    pub stays: bool,
}

/// The number that a launcher gave this machine, of what is asked for and [`INDEX_VARIABLES`].
#[must_use]
pub fn wished_number(asked: Option<u32>, variable: impl Fn(&str) -> Option<String>) -> Option<u32> {
    let of_launcher = || {
        let mut values = INDEX_VARIABLES.iter().filter_map(|name| variable(name));
        values.find_map(|value| value.trim().parse().ok())
    };
    asked.or_else(of_launcher)
}

/// What a joining machine waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinWait {
    /// A Redis that can be reached.
    Place {
        /// Why it cannot.
        why: String,
    },
    /// Somebody who leads.
    Leader,
    /// A plan.
    Plan,
    /// The leader's welcome.
    Welcome {
        /// The shard that was taken.
        shard: u32,
    },
}

/// How far it is.
pub enum JoinStep {
    /// It waits.
    Waiting(JoinWait),
    /// It is a member.
    Joined(Box<MemberBus>),
}

/// A machine that is joining.
pub struct Joining {
    link: Option<Link>,
    terms: JoinTerms,
    member: Token,
    /// Since when it waits, or the latest moment that somebody led without a plan yet.
    began_ns: u64,
    /// Whether somebody leads who has no plan yet.
    is_led: bool,
    claimed: Option<Claimed>,
    dropped: DroppedCounts,
    dropped_now: Vec<Dropped>,
}

struct Claimed {
    card: LeaderCard,
    keys: SessionKeys,
    plan: Vec<u8>,
    shard: u32,
    at_ns: u64,
    is_introduced: bool,
    read_up_to: EntryId,
    heard_order: u64,
}

impl Joining {
    /// One that begins.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn new(place: Box<dyn MeetingPlace>, terms: JoinTerms) -> Result<Self, MeetingError> {
        let link = Link::new(place);
        Ok(Self {
            member: Token::new()?,
            began_ns: link.now_ns(),
            is_led: false,
            link: Some(link),
            terms,
            claimed: None,
            dropped: DroppedCounts::default(),
            dropped_now: Vec::new(),
        })
    }

    /// Goes a step further, and waits at most about so long for it.
    ///
    /// # Errors
    /// When it cannot join; once it was welcomed; or after its patience.
    pub fn turn(&mut self, wait: Duration) -> Result<JoinStep, MeetingError> {
        let wait = wait.min(LONGEST_WAIT);
        let Some(mut link) = self.link.take() else {
            return Err(StoreError::Refused("it has joined already".to_owned()).into());
        };
        let step = match link.open() {
            Ok(()) => self.step(&mut link, wait),
            Err(error) => Err(error.into()),
        };
        link.take_news();
        match step {
            Ok(Some(joined)) => {
                let read_up_to = self.claimed.as_ref().map(|it| it.read_up_to);
                let bus = MemberBus::over(link, joined, read_up_to.unwrap_or_default());
                Ok(JoinStep::Joined(Box::new(bus)))
            }
            Ok(None) => self.waits(link, None, wait),
            Err(MeetingError::Store(StoreError::Away(why) | StoreError::Full(why))) => {
                self.waits(link, Some(why), wait)
            }
            Err(error) => Err(error),
        }
    }

    /// What was dropped since this was asked before.
    pub fn take_dropped(&mut self) -> Vec<Dropped> {
        std::mem::take(&mut self.dropped_now)
    }

    fn waits(
        &mut self,
        mut link: Link,
        why: Option<String>,
        wait: Duration,
    ) -> Result<JoinStep, MeetingError> {
        let now_ns = link.now_ns();
        let since = |then_ns: u64| Duration::from_nanos(now_ns.saturating_sub(then_ns));
        let run = self.terms.run.clone();
        let (waited, patience) = match &self.claimed {
            Some(claimed) => (
                since(claimed.at_ns),
                WELCOME_WITHIN.max(self.terms.patience),
            ),
            None => (since(self.began_ns), self.terms.patience),
        };
        if waited >= patience {
            return Err(match (why, &self.claimed) {
                (Some(why), _) => StoreError::Away(why).into(),
                (None, Some(claimed)) => MeetingError::NoAnswer {
                    run,
                    by: claimed.card.who.clone(),
                    waited,
                },
                (None, None) => MeetingError::NoLeader {
                    run,
                    place: link.shown(),
                    waited,
                },
            });
        }
        let for_what = match (why, &self.claimed) {
            (Some(why), _) => JoinWait::Place { why },
            (None, Some(claimed)) => JoinWait::Welcome {
                shard: claimed.shard,
            },
            (None, None) if self.is_led => JoinWait::Plan,
            (None, None) => JoinWait::Leader,
        };
        if self.claimed.is_none() {
            link.pause(wait);
        }
        self.link = Some(link);
        Ok(JoinStep::Waiting(for_what))
    }

    fn seal<'a>(&'a self, place: &'a str) -> Seal<'a> {
        Seal {
            secret: &self.terms.secret,
            run: &self.terms.run,
            place,
        }
    }

    fn step(&mut self, link: &mut Link, wait: Duration) -> Result<Option<Joined>, MeetingError> {
        if self.claimed.is_none() {
            let Some(claimed) = self.claim(link)? else {
                return Ok(None);
            };
            self.claimed = Some(claimed);
        }
        self.introduce(link)?;
        self.hear_welcome(link, wait)
    }

    /// Finds the leader and the plan, and takes a number; `None` when one of them is not there yet.
    fn claim(&mut self, link: &mut Link) -> Result<Option<Claimed>, MeetingError> {
        let lock = leader_key(&self.terms.run);
        self.is_led = false;
        let Some(bytes) = link.read(|store| store.get(&lock))? else {
            return Ok(None);
        };
        let untrusted = |place: &str, fault: Fault| MeetingError::Untrusted {
            place: place.to_owned(),
            fault,
        };
        let card =
            leader_card(&self.seal(&lock), &bytes).map_err(|fault| untrusted(&lock, fault))?;
        if self.terms.left == Some(card.session) {
            return Ok(None);
        }
        if card.who.version != self.terms.who.version {
            return Err(MeetingError::OtherVersion {
                theirs: card.who.version.clone(),
                by: card.who,
                ours: self.terms.who.version.clone(),
            });
        }
        let keys = SessionKeys::of(&self.terms.run, &card.session);
        if let Some(bytes) = link.read(|store| store.get(&keys.begun))? {
            if self.terms.stays {
                return Ok(None);
            }
            let seal = self.seal(&keys.begun);
            let (_, begun) = opened::<Begun>(&seal, Kind::Begun, &bytes)
                .map_err(|fault| untrusted(&keys.begun, fault))?;
            let now_us = link.read(|store| store.time_us())?;
            return Err(MeetingError::Begun {
                run: self.terms.run.clone(),
                since_s: now_us.saturating_sub(begun.at_us) / 1_000_000,
            });
        }
        let Some(bytes) = link.read(|store| store.get(&keys.plan))? else {
            // A page leads before its user says what is to be done: that may take its time.
            self.is_led = true;
            self.began_ns = link.now_ns();
            return Ok(None);
        };
        let plan = self.plan(&keys.plan, &card, &bytes);
        let plan = plan.map_err(|fault| untrusted(&keys.plan, fault))?;
        let shard = self.take_number(link, &card, &keys)?;
        Ok(Some(Claimed {
            card,
            keys,
            plan,
            shard,
            at_ns: link.now_ns(),
            is_introduced: false,
            read_up_to: EntryId::START,
            heard_order: 0,
        }))
    }

    fn plan(&self, place: &str, card: &LeaderCard, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let envelope = self.seal(place).open(bytes)?;
        match (envelope.kind, envelope.sender) {
            (Kind::Plan, Sender::Leader) if envelope.author == card.session => Ok(envelope.payload),
            _ => Err(Fault::Misplaced),
        }
    }

    /// The wished number if nobody has it, or else the first that nobody has.
    fn take_number(
        &self,
        link: &mut Link,
        card: &LeaderCard,
        keys: &SessionKeys,
    ) -> Result<u32, MeetingError> {
        let wish = self.terms.wish.filter(|wish| *wish < card.shards);
        let claim = Claim {
            member: self.member,
            who: self.terms.who.clone(),
        };
        for shard in wish.into_iter().chain(0..card.shards) {
            let key = keys.shard(shard);
            let seal = self.seal(&key);
            let claim = sealed(
                &seal,
                self.member,
                Sender::Shard(shard),
                Kind::Claim,
                &claim,
            );
            if link.write(|store| store.put_new(&key, &claim, EXPIRY))? {
                return Ok(shard);
            }
        }
        let mut holders = Vec::new();
        for shard in 0..card.shards.min(MOST_HOLDERS) {
            let key = keys.shard(shard);
            let bytes = link.read(|store| store.get(&key))?.unwrap_or_default();
            if let Ok((_, claim)) = opened::<Claim>(&self.seal(&key), Kind::Claim, &bytes) {
                holders.push(format!("{shard} to {}", claim.who));
            }
        }
        if card.shards > MOST_HOLDERS {
            holders.push("…".to_owned());
        }
        Err(MeetingError::Complete {
            run: self.terms.run.clone(),
            shards: card.shards,
            holders: holders.join(", "),
        })
    }

    /// Says once who has taken the number.
    fn introduce(&mut self, link: &mut Link) -> Result<(), MeetingError> {
        let claimed = self.claimed.as_ref();
        let Some(claimed) = claimed.filter(|claimed| !claimed.is_introduced) else {
            return Ok(());
        };
        let payload = encode(&Report::Joined {
            member: self.member,
            who: self.terms.who.clone(),
        })?;
        let sealed = self.seal(&claimed.keys.reports).close(&Envelope {
            author: self.member,
            sender: Sender::Shard(claimed.shard),
            kind: Kind::Report,
            sequence: 1,
            payload,
        });
        link.write(|store| store.append(&claimed.keys.reports, &sealed, EXPIRY))?;
        if let Some(claimed) = &mut self.claimed {
            claimed.is_introduced = true;
        }
        Ok(())
    }

    fn hear_welcome(
        &mut self,
        link: &mut Link,
        wait: Duration,
    ) -> Result<Option<Joined>, MeetingError> {
        if link.take_is_new()
            && let Some(claimed) = &mut self.claimed
        {
            claimed.read_up_to = EntryId::START;
        }
        let Some(claimed) = &self.claimed else {
            return Ok(None);
        };
        let orders = claimed.keys.orders.clone();
        let asked = [(orders.as_str(), claimed.read_up_to)];
        let entries = link.read(|store| store.read_after(&asked, MOST_ORDERS, wait))?;
        for entry in entries {
            let heard = self.heard(&orders, &entry.message);
            let Some(claimed) = &mut self.claimed else {
                break;
            };
            claimed.read_up_to = entry.id;
            let order = match heard {
                Ok((sequence, order)) => {
                    claimed.heard_order = claimed.heard_order.max(sequence);
                    order
                }
                Err(why) => {
                    let dropped = Dropped {
                        place: orders.clone(),
                        id: Some(entry.id),
                        claims: claimed_sender(&entry.message),
                        why,
                    };
                    if self.dropped.add(&dropped) {
                        self.dropped_now.push(dropped);
                    }
                    continue;
                }
            };
            match order {
                Order::Welcome { member } if member == self.member => {
                    return Ok(Some(Joined {
                        run: self.terms.run.clone(),
                        secret: self.terms.secret.clone(),
                        leader: claimed.card.who.clone(),
                        session: claimed.card.session,
                        member: self.member,
                        shard: claimed.shard,
                        shards: claimed.card.shards,
                        leaderless: self.terms.leaderless,
                        plan: std::mem::take(&mut claimed.plan),
                        said: 1,
                        heard_order: claimed.heard_order,
                    }));
                }
                Order::Unwelcome { member, why } if member == self.member => {
                    return Err(MeetingError::Unwelcome { why });
                }
                // What was said to others, or before: what a new member has to know comes after its welcome.
                _ => {}
            }
        }
        Ok(None)
    }

    fn heard(&self, place: &str, bytes: &[u8]) -> Result<(u64, Order), Fault> {
        let envelope = self.seal(place).open(bytes)?;
        let session = self.claimed.as_ref().map(|claimed| claimed.card.session);
        if envelope.kind != Kind::Order || envelope.sender != Sender::Leader {
            return Err(Fault::Misplaced);
        }
        if Some(envelope.author) != session {
            return Err(Fault::OtherAuthor);
        }
        let order = decode(&envelope.payload).map_err(Fault::Unreadable)?;
        Ok((envelope.sequence, order))
    }
}
