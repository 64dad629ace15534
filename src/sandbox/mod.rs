//! The embedded ShopStream: a server that answers as the measured shop does.
//!
//! A request's way: the `acceptor` accepts, `connection` receives and sends over a `client_stream` (TCP
//! or TLS), or `http2` does over a `polled_stream`; `request_handler` answers (by `router`, `schema` and
//! the handlers in `shop`), `reply` and `refusal` write. What it raises goes to the `pipeline`, which the
//! `observatory` shows. `fixed` is the other mode: one prepared reply to everything. `server` has the
//! threads, which share the `overload` of a shop that falls over.

mod accepted_connections;
mod acceptor;
mod arrivals;
mod bugs;
mod chaos;
mod client_stream;
mod connection;
mod connection_table;
mod fixed;
mod http2;
mod in_process;
mod json_text;
mod moments;
mod next;
mod observatory;
mod overload;
mod own_target;
mod pipeline;
mod polled_stream;
mod python_text;
mod refusal;
mod reply;
mod request_handler;
mod request_target;
mod router;
mod schema;
mod served_shop;
mod server;
mod service_queue;
mod shop;
mod tls_serving;
mod tls_session;
mod version_conflict;
mod words;

pub use bugs::{Bug, Bugs, UnknownBug};
pub use chaos::{Chaos, Mishap, UnknownMishap};
pub use in_process::{Arrival, InProcessReply, InProcessShop};
pub use observatory::{Names, ObservatoryConfig};
pub use overload::FallsOver;
pub use pipeline::{
    DOMAINS, Domain, DrainRate, EventTruth, HIGHEST_DRAIN_RATE_PER_S, MOST_ENGINES, OutboxBacklog,
    Pipeline, PipelineConfig, Truths,
};
pub use request_handler::Conflicts;
pub use server::{Sandbox, SandboxConfig, SandboxError, SandboxMode, ShopConfig, Stopper};
pub use service_queue::ServiceTime;
pub use shop::fulfillment_item_id;
pub use tls_serving::TlsServing;
