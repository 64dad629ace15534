//! How load is made on one core: connections, HTTP codec, sessions, pacer, arenas, clock.
//!
//! Nothing here knows ShopStream. All that is monoio's stands behind the types of this room.

mod arena;
mod clock;
pub mod codec;
mod id;
mod link;
mod net;
mod operation;
mod pacer;
mod recorder;
mod request;
mod runtime;
mod session;

pub use arena::{Arena, ArenaBuilder, BodyWriter};
pub use clock::now_ns;
pub use id::Id;
pub use link::{Broken, Exchange, Link, ReplyHead, Stopped};
pub use net::{ByteStream, Listener, Tcp, is_stale, ring_entries, shut_down};
pub use operation::{Judge, Method, Operation, Step};
pub use pacer::{Pacer, sharpen_timers};
pub use recorder::{Observation, Recorder};
pub use request::{PathError, PreparedHead, PreparedHeads};
pub use runtime::{Runtime, RuntimeError, Task, spawn};
pub use session::{Abort, Call, Journey, Script, Session, SessionStart};
