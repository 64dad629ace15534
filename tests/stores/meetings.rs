//! Leaders and members that meet at a real Redis, all in one thread: each takes its turns.

use crate::servers::{PASSWORD, Redis};
use shopblast::fleet::bus::{
    FleetSecret, JoinStep, JoinTerms, Joining, LeaderBus, LeaderEvent, LeaderTerms, MeetingError,
    MemberBus, MemberEvent, Order, PlaceNews, RedisPlace, Report, RunName, StoreError, Who,
};
use shopblast::observe::RedisAddress;
use shopblast::plan::{AddressPolicy, TlsSettings};
use std::time::{Duration, Instant};

/// The secret that signs.
pub const SECRET: &str = "the secret that all machines have";
/// A wait of one who has nothing else to do.
const WAIT: Duration = Duration::from_millis(5);
/// Longest that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Redis as leaders and members come to it.
pub struct Meeting {
    pub url: String,
    pub tls: TlsSettings,
    pub run: RunName,
    pub secret: String,
    pub version: String,
}

impl Meeting {
    /// At this address, for the run `night`.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            tls: TlsSettings::default(),
            run: RunName::parse("night").expect("a name"),
            secret: SECRET.to_owned(),
            version: "0.1.0".to_owned(),
        }
    }

    /// The way to it.
    pub fn place(&self) -> Box<RedisPlace> {
        let address = RedisAddress::parse(&self.url).expect("an address");
        Box::new(RedisPlace::new(
            address,
            AddressPolicy::default(),
            self.tls.clone(),
        ))
    }

    fn secret(&self) -> FleetSecret {
        FleetSecret::parse(self.secret.as_bytes()).expect("a secret")
    }

    /// One who leads so many shards, and has published a plan.
    pub fn leader(&self, shards: u32) -> Result<LeaderBus, MeetingError> {
        let terms = LeaderTerms {
            run: self.run.clone(),
            secret: self.secret(),
            who: Who::new("leader", std::process::id(), &self.version),
            shards,
        };
        let mut leader = LeaderBus::claim(self.place(), terms)?;
        leader.publish_plan(b"the plan")?;
        Ok(leader)
    }

    /// One who wants to join.
    pub fn joining(&self, host: &str, wish: Option<u32>) -> Joining {
        let terms = JoinTerms {
            run: self.run.clone(),
            secret: self.secret(),
            who: Who::new(host, std::process::id(), &self.version),
            wish,
            patience: Duration::from_secs(5),
            leaderless: Duration::from_secs(15),
            left: None,
            stays: false,
        };
        Joining::new(self.place(), terms).expect("random numbers")
    }

    /// Lets one join whom `leader` welcomes.
    pub fn join(
        &self,
        leader: &mut LeaderBus,
        host: &str,
        wish: Option<u32>,
    ) -> Result<MemberBus, MeetingError> {
        let mut joining = self.joining(host, wish);
        let give_up = Instant::now() + PATIENCE;
        while Instant::now() < give_up {
            if let JoinStep::Joined(member) = joining.turn(WAIT)? {
                return Ok(*member);
            }
            for event in leader.turn(WAIT) {
                if let LeaderEvent::Place(PlaceNews::Refused { why }) = event {
                    return Err(StoreError::Refused(why).into());
                }
            }
        }
        panic!("it is never welcomed");
    }

    /// A leader and its members, of a run that has begun.
    pub fn fleet(&self, shards: u32) -> Result<Fleet, MeetingError> {
        let mut leader = self.leader(shards)?;
        let mut members = Vec::new();
        for shard in 0..shards {
            members.push(self.join(&mut leader, &format!("host-{shard}"), None)?);
        }
        leader.begin()?;
        let told = (Vec::new(), members.iter().map(|_| Vec::new()).collect());
        Ok(Fleet {
            leader,
            members,
            heard: told.0,
            told: told.1,
        })
    }
}

/// A run, and what was told to whom.
pub struct Fleet {
    pub leader: LeaderBus,
    pub members: Vec<MemberBus>,
    pub heard: Vec<LeaderEvent>,
    pub told: Vec<Vec<MemberEvent>>,
}

impl Fleet {
    /// Everybody takes a turn.
    pub fn turn(&mut self) {
        for (member, told) in self.members.iter_mut().zip(&mut self.told) {
            told.extend(member.turn(WAIT));
        }
        self.heard.extend(self.leader.turn(WAIT));
    }

    /// Everybody takes turns until this is so.
    #[track_caller]
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let give_up = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(
                Instant::now() < give_up,
                "never {what}: {:?} {:?}",
                self.heard,
                self.told
            );
            self.turn();
        }
    }

    /// Everybody takes turns for so long.
    pub fn for_some_time(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn();
        }
    }

    /// The orders that a member has heard.
    pub fn orders(&self, member: usize) -> Vec<&Order> {
        let told = self.told[member].iter();
        told.filter_map(|event| match event {
            MemberEvent::Ordered(order) => Some(order),
            _ => None,
        })
        .collect()
    }

    /// What members have said.
    pub fn said(&self) -> Vec<(u32, &Report)> {
        let heard = self.heard.iter();
        heard
            .filter_map(|event| match event {
                LeaderEvent::Said { shard, report } => Some((*shard, report)),
                _ => None,
            })
            .collect()
    }

    /// Whether a member was lost.
    pub fn has_lost(&self) -> bool {
        let is_lost = |event: &LeaderEvent| matches!(event, LeaderEvent::Lost { .. });
        self.heard.iter().any(is_lost)
    }
}

/// The keys that a Redis has.
pub fn keys(redis: &Redis) -> Vec<String> {
    let answer = redis.answers("KEYS *").expect("keys");
    let mut keys: Vec<String> = redis::from_redis_value(answer).expect("texts");
    keys.sort_unstable();
    keys
}

/// The one key that ends so.
pub fn key(redis: &Redis, end: &str) -> String {
    let mut keys = keys(redis).into_iter().filter(|key| key.ends_with(end));
    keys.next().expect("such a key")
}

/// What went wrong, without a password or a secret in it.
#[track_caller]
pub fn refused<T>(result: Result<T, MeetingError>, part: &str) {
    let Err(error) = result else {
        panic!("it must be refused: {part}");
    };
    let says = error.to_string();
    assert!(says.contains(part), "{part}: {says}");
    assert!(!says.contains(PASSWORD) && !says.contains(SECRET), "{says}");
}
