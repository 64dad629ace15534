//! The web page that runs load tests: Locust's page and endpoints, and more.
//!
//! A server on a thread of its own. What it shows comes from a [`Board`], which the collector
//! writes once a second; what it is asked to do goes to a [`Stage`]. No worker knows of it.

mod access;
mod board;
mod crowd;
mod downloads;
mod face;
mod journal;
mod live;
mod locust;
mod login;
mod order;
mod origin;
mod page;
mod ratio;
mod records;
mod security;
mod series;
mod server;
mod stage;
mod state;
mod stream;
mod tick;

pub use access::SHORTEST_TOKEN;
pub use board::{Board, Card};
pub use face::BoardFace;
pub use journal::Level;
pub use order::SwarmOrder;
pub use server::{WebError, WebServer, WebSettings};
pub use stage::{FormDefaults, Offer, OfferedClass, OfferedProfile, Stage};
pub use state::State;
