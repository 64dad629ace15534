//! How load is made on one core: connections, HTTP codec, sessions, pacer, arenas, clock.
//!
//! Nothing here knows ShopStream. All that is monoio's stands behind the types of this room.

mod addresses;
mod affinity;
mod allocations;
mod arena;
mod awaited_start;
mod barrier;
mod breakage;
mod clearance;
mod clock;
pub mod codec;
mod conclusion;
mod connection;
mod cookies;
mod crowd;
mod destination;
mod dialling;
mod doubt;
mod event_sampler;
mod exchange_buffers;
mod exchange_log;
mod fetch_ahead;
mod health;
pub mod http2;
mod http2_connection;
mod http2_live;
mod http2_race;
mod http2_runtime;
mod http2_wire;
mod id;
mod in_flight;
mod inbox;
pub mod inquiry;
mod interruption;
mod kept_waker;
mod line;
mod link;
mod local_barrier;
mod manners;
mod net;
mod openings;
mod operation;
mod own_target;
mod pacer;
mod pool;
mod preallocation;
mod race_connection;
mod race_crowd;
mod race_pool;
mod race_reservation;
mod race_sealing;
mod recorder;
mod redirect;
mod release;
mod reopening;
mod request;
mod request_buffers;
mod ring_reply;
mod ring_trial;
mod roster;
mod runtime;
mod runtime_exchange;
#[doc(hidden)]
pub mod sans_io;
mod secured;
mod session;
mod shared_connection;
mod signal_manners;
mod simulation;
mod socket_link;
mod socket_ring;
mod subject;
mod survey;
mod tcp_halves;
pub mod tls;
mod tls_reply;
mod trace;
mod transport;
mod user;
mod values;
mod watch;
mod worker;
mod worker_config;
mod workload;

pub use addresses::{ConnectionPositions, TargetAddresses};
pub use affinity::{confine, confines};
pub use allocations::{CountingAllocator, WeighingAllocator, allocations, most_held, uncounted};
pub use arena::{Arena, ArenaBuilder, BodyWriter};
pub use awaited_start::AwaitedStart;
pub use barrier::{Barrier, CommonStart, Missed};
pub use clearance::Clearance;
pub use clock::now_ns;
pub use cookies::{CookieHost, CookieJar, CookieRoom};
pub use destination::Destination;
pub use dialling::{NoInterface, check_interfaces, dial, prepare_stream};
pub use event_sampler::{EventSampling, SampleTally, SampledReply};
pub use exchange_log::{ExchangeLog, LoggedExchange};
pub use health::ThreadGauge;
pub use id::Id;
pub use interruption::Interruption;
pub use link::{Broken, CalledOff, Exchange, Link, RaceRequest, ReplyHead, Stopped};
pub use net::{
    ByteStream, Listener, Tcp, is_stale, reset_on_close, ring_entries, shut_down, stop_receiving,
};
pub use openings::Ready;
pub use operation::{
    HeadPart, HeadTemplate, Judge, KeptFrom, Method, Operation, Reading, ReplyText, Step,
};
pub use own_target::{NotStarted, OwnTarget, Standing};
pub use pacer::{Pacer, sharpen_timers};
pub use recorder::{ObservedExchange, Recorder};
pub use release::{Release, Released};
pub use request::{PathError, PreparedHead, PreparedHeads};
pub use ring_trial::{RingTrial, try_rings};
pub use roster::{MADE_BEFORE_START, made_at_start};
pub use runtime::{Runtime, RuntimeError, Task, spawn};
pub use session::{
    Abort, Call, Journey, MakesUp, Racer, RacerRange, Script, Session, SessionStart, SetUpFailure,
    Trouble,
};
pub use signal_manners::{ignore_size_limits, is_ignored, keeping_ignored};
pub use simulation::{SimulatedAnswer, SimulatedLink, Simulation};
pub use socket_link::MOST_RACERS;
pub use subject::{Description, MetSubject, PreparedScript, ScriptSize, Subject};
pub use survey::{
    LONGEST as LONGEST_SURVEY, Opened, Processes, Questions, SHORTEST as SHORTEST_SURVEY, Spread,
    Survey, Surveyor,
};
pub use tcp_halves::{TcpReader, TcpWriter};
pub use user::UserConfig;
pub use values::{Form, MOST_VALUE_BYTES, Mark, Values, encode};
pub use worker::{WorkerError, WorkerHandle, work};
pub use worker_config::{
    ArrivalConfig, CountingConfig, LoadConfig, PlacementConfig, TargetConfig, WorkerConfig,
};
pub use workload::{
    Described, DomainName, JourneyShares, PlannedShares, RecognisedBy, TargetFacts, Unprepared,
    Workload,
};
