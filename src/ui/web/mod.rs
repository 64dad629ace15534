//! The web page that runs load tests: Locust's page and endpoints, and more.
//!
//! A server on a thread of its own. What it shows comes from a [`Board`], which the collector hands the
//! live value once a second; what it is asked to do goes to a [`PageSession`]. No worker knows of it.

mod access;
mod app;
mod board;
mod downloads;
mod journal;
mod live;
mod locust;
mod login;
mod marks;
mod members;
mod multipart;
mod names;
mod offer;
mod order;
mod origin;
mod page;
mod ratio;
mod records;
mod reports;
mod security;
mod serve;
mod server;
mod session;
mod state;
mod stream;
mod tick;
mod tries;
mod wire;

pub use access::SHORTEST_TOKEN;
pub use board::Board;
pub use members::{MemberRow, MemberState};
pub use names::{WebBase, WebName, WrongBase, WrongName};
pub use offer::{FormDefaults, Offer, OfferedClass, OfferedOption, OfferedProfile};
pub use order::{FormField, Refusal, SwarmOrder};
pub use serve::{WebRequest, serve};
pub use server::{WebError, WebServer, WebSettings};
pub use session::{PageSession, PlanOrder, Planned};
pub use state::State;
