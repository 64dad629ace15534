//! What must hold of everything that reads foreign bytes, whatever it is given: the bodies of the fuzz
//! targets.
//!
//! Each takes any bytes and panics when something does not hold, or when it held more memory than the
//! room that is stated for it. `tests/inprocess/fuzz_bodies.rs` compiles this file too and runs the
//! bodies over `fuzz/seeds` and made-up inputs, on the stable toolchain.

pub mod connection;
pub mod fleet;
pub mod handed;
pub mod http2;
pub mod hunts;
pub mod kept;
pub mod locust;
pub mod machine;
pub mod memory;
pub mod mistakes;
pub mod page;
pub mod played_kernel;
pub mod records;
pub mod replies;
pub mod requests;
pub mod scratch;
pub mod shop;
pub mod shops;
pub mod stores;
pub mod tls;
pub mod typed;
pub mod workloads;

use memory::Room;

/// A body and what it may hold.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its file and of the directory of its seeds.
    pub name: &'static str,
    body: fn(&[u8]),
    room: Room,
}

impl Target {
    /// Gives it `bytes`.
    pub fn run(&self, bytes: &[u8]) {
        self.room.hold(self.name, self.body, bytes);
    }
}

const fn target(name: &'static str, body: fn(&[u8]), room: Room) -> Target {
    Target { name, body, room }
}

/// Every target; the files in `fuzz_targets` have the same names.
pub const TARGETS: &[Target] = &[
    target("assignment", handed::assignment, Room::new(16 << 10, 64)),
    target("bus", fleet::bus, Room::new(1 << 10, 64)),
    target("connection", connection::connection, Room::new(256, 64)),
    target("environment", machine::environment, Room::new(16 << 10, 64)),
    target("form", page::form, Room::new(4 << 10, 64)),
    target("forms", shops::forms, Room::new(64, 16)),
    target("handed_events", handed::events, Room::new(8 << 10, 64)),
    target("hlog", kept::hlog, Room::new(16 << 10, 4_096)),
    target("http2", http2::http2, Room::new(4 << 10, 64)),
    target("hunt", hunts::hunt, Room::new(1 << 10, 256)),
    target("id", replies::id, Room::new(64, 16)),
    target("interval", kept::interval, Room::new(256 << 10, 256)),
    target("judge", shop::judge, Room::new(64, 32)),
    target("keys", machine::keys, Room::new(16, 64)),
    target("locust_csv", locust::csv, Room::new(256, 256)),
    target("metrics", typed::metrics, Room::new(64, 64)),
    target("mistakes", mistakes::mistakes, Room::new(16 << 10, 64)),
    target("observatory", stores::observatory, Room::new(512, 256)),
    target("openapi", shops::openapi, Room::new(1 << 10, 512)),
    target("packed", handed::packed_record, Room::new(256, 64)),
    target("postgres", stores::postgres, Room::new(64 << 10, 64)),
    target("profile", typed::profile, Room::new(256, 256)),
    target("record", kept::record, Room::new(16 << 10, 4_096)),
    target("redis", stores::redis, Room::new(2 << 10, 64)),
    target("reply", replies::reply, Room::new(1 << 10, 8)),
    target("report", records::report, Room::new(8 << 10, 1_024)),
    target("request", requests::request, Room::new(64, 16)),
    target("sandbox", shops::sandbox, Room::new(8 << 10, 512)),
    target("shard_log", kept::shard_log, Room::new(256 << 10, 16 << 10)),
    target("starts", workloads::starts, Room::new(16 << 10, 1_024)),
    target("target", typed::target, Room::new(64, 64)),
    target("threshold", typed::threshold, Room::new(64, 64)),
    target("tls", tls::records, Room::new(512, 64)),
    target("topology", machine::topology, Room::new(1 << 10, 64)),
    target("witness", kept::witness, Room::new(64, 64)),
    target("workload", workloads::workload, Room::new(512, 1_024)),
];

/// Gives `bytes` to the target of this name.
///
/// # Panics
/// When something does not hold, or there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    target.expect("a target").run(bytes);
}
