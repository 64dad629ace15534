//! How load is made on one core: connections, HTTP codec, sessions, pacer, arenas, clock.
//!
//! Nothing here knows ShopStream. All that is monoio's stands behind the types of this room.

mod arena;
mod id;
mod link;
mod operation;
mod recorder;
mod request;
mod session;
mod simulation;

pub use arena::{Arena, ArenaBuilder, BodyWriter};
pub use id::Id;
pub use link::{Broken, Exchange, Link, ReplyHead, Stopped};
pub use operation::{Judge, Method, Operation, Step};
pub use recorder::{Observation, Recorder};
pub use request::{PathError, PreparedHead, PreparedHeads};
pub use session::{Abort, Call, Journey, Script, Session, SessionStart};
pub use simulation::{Answer, SimulatedLink, Simulation};
