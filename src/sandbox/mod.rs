//! The embedded ShopStream: a server that answers as the measured shop does.
//!
//! A request's way: the `door` accepts, `connection` receives and sends, `desk` answers (by `router`,
//! `schema` and the handlers in `shop`), `reply` and `refusal` write. What it raises goes to the
//! `pipeline`, which the `observatory` shows. `fixed` is the other mode: one prepared reply to
//! everything. `server` has the threads, which share the `footing` of a shop that falls over.

mod arrivals;
mod bugs;
mod chaos;
mod connection;
mod desk;
mod door;
mod fixed;
mod footing;
mod in_process;
mod json_text;
mod next;
mod observatory;
mod own_target;
mod pipeline;
mod python_text;
mod reception;
mod refusal;
mod reply;
mod request_target;
mod roster;
mod router;
mod schema;
mod server;
mod shop;
mod station;
mod version_conflict;

pub use bugs::{Bug, Bugs, UnknownBug};
pub use chaos::{Chaos, Mishap, UnknownMishap};
pub use desk::Conflicts;
pub use footing::FallsOver;
pub use in_process::{InProcessReply, InProcessShop};
pub use observatory::{Names, ObservatoryConfig};
pub use pipeline::{
    Backlog, DOMAINS, Domain, DrainRate, HIGHEST_DRAIN_RATE_PER_S, MOST_ENGINES, Pipeline,
    PipelineConfig,
};
pub use server::{Mode, Sandbox, SandboxConfig, SandboxError, ShopConfig, Stopper};
pub use station::ServiceTime;
