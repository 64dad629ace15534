//! The shop's own figures during a run: what its Observatory, Redis and PostgreSQL say of the work
//! that it has accepted and not yet done.
//!
//! Every source is read once a second by a thread of its own, off the workers' cores where there is
//! another one, and for at most a fifth of the time: a source that is slow is read less often, and
//! blocks no other. One more thread gathers the figures. Everything is read only. A source that
//! fails, is slow or does not show everything is named, and the run goes on; what was not seen is
//! absent, never zero.

mod account;
mod address_error;
mod aliases;
#[doc(hidden)]
pub mod answers;
mod backlog;
mod broker;
mod cadence;
mod clock_offset;
mod config;
mod consumer;
mod event_account;
mod event_rows;
mod event_streams;
mod event_trail;
mod followed;
mod followed_event;
mod gatherer;
mod history;
mod http;
mod https;
mod message_store;
mod meter;
mod metered_stream;
mod observatory;
mod outbox;
mod postgres_session;
mod postgres_tls;
mod problem;
mod progress;
mod prometheus;
mod redis_channel;
mod redis_door;
mod redis_link;
mod roster;
mod source;
mod store_address;
mod tls_channel;
mod trust;
mod visible;
mod visible_source;
mod watch;

pub use account::{Account, OutboxRows, RepeatedId, SourceAccount, StoredEvents};
pub use address_error::AddressError;
pub use clock_offset::ClockOffset;
pub use config::{ObservatoryChoice, ObserverConfig};
pub use event_account::{EventSource, FollowedAccount};
#[doc(hidden)]
pub use event_streams::read_entry;
pub use event_trail::{EventTrail, Followable, OTHERS_HEARD_WITHIN};
pub use history::{
    BacklogPoint, DomainHistory, FigureHistory, Observation, SourceHistory, Troubled,
};
pub use http::{HttpReply, agent, get, no_answer_text};
pub use observatory::ObservatorySource;
pub use progress::{DrainProgress, WatchSink};
pub use prometheus::{METRICS_PATH, PrometheusError, PrometheusSample, parse_prometheus};
pub use redis_door::RedisDoor;
pub use redis_link::RedisLink;
pub use source::{FigureSource, ObservedFigure, Readout};
pub use store_address::{PostgresAddress, RedisAddress};
pub use trust::SpokenInTls;
pub use watch::Watch;

pub use broker::RedisStreams;
pub use message_store::MessageStore;
pub use outbox::OutboxSource;
pub use problem::Problem;
