//! What will be done: the validated, immutable plan of one run and its arithmetic.
//!
//! Pure: nothing here does I/O, reads a clock or draws from global randomness.

mod activity;
mod address;
mod address_choice;
mod address_kind;
mod allowed_targets;
mod arrivals;
mod class_share;
mod cores;
mod duration;
mod event_sample;
mod event_stretch;
mod excursion;
mod exit;
mod failure_rule;
mod foreign_text;
mod http_choice;
mod interfaces;
mod load;
mod load_schedule;
mod memory;
mod observed_metric;
mod offered;
mod outcome;
mod peer_address;
mod placement;
mod port;
mod races;
mod random;
mod request_headers;
mod run_id;
mod shard;
mod suggestion;
mod target;
mod text_position;
mod threshold;
mod tls;
mod topology;
mod unwritable;
mod wait;

pub use address::{AddressPolicy, PublicAddress, is_loopback_host};
pub use address_choice::{AddressChoice, AddressOrder, MOST_ADDRESSES};
pub use address_kind::AddressKind;
pub use allowed_targets::{AllowedTarget, AllowedTargets, Network, NoAllowedTarget, TargetRefused};
pub use arrivals::{Arrival, ArrivalSchedule};
pub use class_share::{ClassShare, ClassShareError};
pub use cores::{CoreChoice, CoreError, CpuList, MOST_WORKERS};
pub use duration::{DurationError, LONGEST_DURATION, parse_duration};
pub use event_sample::{EventSample, MOST_SAMPLED_PER_S, NoEventSample};
pub use event_stretch::EventStretch;
pub use excursion::Excursion;
pub use exit::ExitCode;
pub use failure_rule::FailureRule;
pub use foreign_text::{TAKEN_OUT, is_harmful, shown, shown_lines, shown_start};
pub use http_choice::HttpChoice;
pub use interfaces::{Interface, InterfaceTextError, Interfaces, MOST_INTERFACES, Route};
pub use load::{Activity, Arrivals, HIGHEST_RATE_PER_S, Load, LoadError, MOST_USERS, Stage};
pub use load_schedule::{LoadSchedule, SteeringError};
pub use memory::{Bytes, Grouped, MemoryLeft, MemoryLimit, MemoryNeed, NotEnoughMemory, RunSize};
pub use observed_metric::{ObservedMetric, UnknownMetric};
pub use offered::differing_fields;
pub use outcome::Outcome;
pub use peer_address::{MOST_SOCKET_PATH_BYTES, PeerAddress, SocketPath, SocketPathError};
pub use placement::{CoreChoiceKind, Placement, oversubscribed};
pub use port::{PortError, port_of};
pub use races::{PlannedRaces, RaceOffset, RaceOffsetError, RaceOver, RaceRelease, RaceRules};
pub use random::{arrival_seed, user_seed};
pub use request_headers::{HeaderError, HeaderField, RequestHeaders};
pub use run_id::{RunId, UNIQUE_TEXT_BYTES, UniqueNumbers};
pub use shard::{ClockOffset, MOST_SHARDS, Shard, ShardError, Slot};
pub use suggestion::Suggestion;
pub use target::{ConnectTo, Target, TargetError, in_ascii, socket_url};
pub use text_position::TextPosition;
pub use threshold::{
    JourneyMeasure, LONGEST_WINDOW_S, LatencyMetric, Matcher, Operator, OutcomeMetric, Producible,
    RaceMeasure, Selector, Statistic, Tag, Tally, Threshold, ThresholdError, ThresholdQuantity,
    Unit,
};
pub use tls::{TlsFiles, TlsIdentity, TlsRoots, TlsSettings};
pub use topology::{Cpu, LARGEST_CPU, Topology};
pub use unwritable::Unwritable;
pub use wait::{WaitTime, WaitTimeError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// How users are paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pacing {
    /// The user class's own wait times, as in the Locust suite.
    Class,
    /// No waiting: the next request is due the moment the previous one is done.
    Max,
}

/// Which kernel interface carries the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// io_uring (the default).
    Uring,
    /// io_uring by the runtime's own sends and receives, one each a request: what is used where the
    /// kernel has no receives that last (before 6.1), chosen knowingly with `--driver plain-uring`.
    PlainUring,
    /// epoll, chosen knowingly with `--driver epoll`.
    Epoll,
}

/// The immutable description of one run. Built by `cli`, carried out by `run`.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Name of the profile, or `custom` when only user classes were named.
    pub profile: String,
    /// The user classes, distributed to users by weight (see [`Plan::class_of`]).
    pub classes: Vec<ClassShare>,
    /// Where the requests go.
    pub target: Target,
    /// Which of its addresses connections go to. No part of [`Plan::hash`], as the target is none.
    pub addresses: AddressChoice,
    /// How many users there are when, or how many journeys arrive.
    pub load: Load,
    /// Whether users wait between steps.
    pub pacing: Pacing,
    /// Words that the workload knows: how its journeys differ from what they are without. Recorded and
    /// hashed; what they mean is for the workload to say.
    pub options: Vec<&'static str>,
    /// How races are carried out.
    pub races: PlannedRaces,
    /// Which requests count as failures.
    pub failures: FailureRule,
    /// What must hold of the run. No part of [`Plan::hash`]: the load is the same without.
    pub thresholds: Vec<Threshold>,
    /// How much of the run is start-up at least, whatever the load: steady state begins after it. No
    /// part of [`Plan::hash`]: the load is the same without.
    #[serde(serialize_with = "as_seconds")]
    pub warm_up: Duration,
    /// How long requests may become due, from the moment the clock starts.
    #[serde(serialize_with = "as_seconds")]
    pub run_time: Duration,
    /// How long requests in flight at the end are waited for.
    #[serde(serialize_with = "as_seconds")]
    pub stop_timeout: Duration,
    /// After this long without a full reply a request counts as unknown.
    #[serde(serialize_with = "as_seconds")]
    pub request_timeout: Duration,
    /// Connections shared by all users; `None` gives each user its own.
    pub connections: Option<u32>,
    /// Largest reply body that is accepted.
    pub max_body_bytes: usize,
    /// The kernel interface.
    pub driver: Driver,
    /// Kernel CPU numbers of the workers, one worker each.
    pub cores: Vec<usize>,
    /// Where all else is, and why. In the record it is a fact of the host.
    #[serde(skip)]
    pub placement: Placement,
    /// Seed of every user's behaviour.
    pub seed: u64,
    /// What makes this run's unique values differ from every other run's.
    pub run_id: RunId,
    /// Which part of all this is done here, where several machines do it together. No part of
    /// [`Plan::hash`], nor of the plan's fields: the plan is that of all of them.
    #[serde(skip)]
    pub shard: Shard,
    /// Whether what is set up once is handed on among those machines. No part of [`Plan::hash`] either.
    #[serde(skip)]
    pub shares_set_up: bool,
}

impl Plan {
    /// A plan of this load and length with nothing else chosen: no user classes, a shop on this
    /// machine, one worker on CPU 0, the limits of a run without flags, and always the same seed and
    /// run id. What tests start from, so that a new field is theirs only where they mean it.
    #[must_use]
    pub fn of_load(load: Load, run_time: Duration) -> Self {
        Self {
            profile: "custom".to_owned(),
            classes: Vec::new(),
            target: Target::at("localhost", 8000),
            addresses: AddressChoice::All,
            load,
            pacing: Pacing::Class,
            options: Vec::new(),
            races: PlannedRaces::default(),
            failures: FailureRule::Default,
            thresholds: Vec::new(),
            warm_up: Duration::ZERO,
            run_time,
            stop_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            connections: None,
            max_body_bytes: 1 << 20,
            driver: Driver::Uring,
            cores: vec![0],
            placement: Placement::default(),
            seed: 1,
            run_id: RunId::new(1, 2, 3),
            shard: Shard::WHOLE,
            shares_set_up: false,
        }
    }

    /// The same plan against another target: for one that is known only once it listens. Its requests
    /// carry what they were to carry.
    #[must_use]
    pub fn with_target(self, target: Target) -> Self {
        let target = Target {
            headers: self.target.headers,
            is_traced: self.target.is_traced,
            interfaces: self.target.interfaces,
            http2: self.target.http2,
            http_by_alpn: self.target.http_by_alpn,
            ..target
        };
        Self { target, ..self }
    }

    /// Most users that are ever active at once, on all machines together.
    #[must_use]
    pub fn max_users(&self) -> u32 {
        self.load.max_users()
    }

    /// Most users that are ever active at once on this machine.
    #[must_use]
    pub fn own_users(&self) -> u32 {
        self.shard.part_of(self.max_users())
    }

    /// Connections that the users of this machine share; `None` gives each its own.
    #[must_use]
    pub fn own_connections(&self) -> Option<u32> {
        self.connections
            .map(|connections| self.shard.part_of(connections))
    }

    /// How many users of each class are on this machine when all are active, in the order of
    /// [`Plan::classes`].
    #[must_use]
    pub fn own_users_by_class(&self) -> Vec<u32> {
        let mut users = vec![0; self.classes.len()];
        let slot = self.shard.slot();
        for index in (0..self.max_users()).skip(slot.first).step_by(slot.step) {
            if let Some(count) = users.get_mut(self.class_of(index)) {
                *count += 1;
            }
        }
        users
    }

    /// Index into [`Plan::classes`] of the class that user `user_index` belongs to.
    ///
    /// Users are distributed in rounds of the summed weights, so that every prefix of the users holds
    /// the classes in proportion.
    #[must_use]
    pub fn class_of(&self, user_index: u32) -> usize {
        let total: u32 = self.classes.iter().map(|share| share.weight).sum();
        let mut position = user_index % total.max(1);
        for (index, share) in self.classes.iter().enumerate() {
            if position < share.weight {
                return index;
            }
            position -= share.weight;
        }
        0
    }

    /// Its fields, as the record keeps them.
    #[must_use]
    pub fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) | Err(_) => Map::new(),
        }
    }

    /// Hash of everything that decides what load is offered: classes, load, pacing, options, races, times
    /// and connections. Seed, run id, target and cores are left out, so that runs of one plan
    /// against several configurations compare as equal. 16 hex digits (FNV-1a, 64 bit).
    #[must_use]
    pub fn hash(&self) -> String {
        let offered = serde_json::json!({
            "classes": self.classes,
            "load": self.load,
            "pacing": self.pacing,
            "options": self.options,
            "races": self.races,
            "run_time_s": self.run_time.as_secs_f64(),
            "request_timeout_s": self.request_timeout.as_secs_f64(),
            "connections": self.connections,
        });
        format!("{:016x}", fnv1a(offered.to_string().as_bytes()))
    }
}

/// FNV-1a, 64 bit (<http://www.isthe.com/chongo/tech/comp/fnv/>): stable across builds and machines.
#[must_use]
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn as_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
