//! What leader and shards hand each other once the bus has passed it on: assignments, records, replies whose
//! events are followed. Whoever has the secret can have written anything into it.

use super::scratch::Scratch;
use shopblast::engine::EventSampling;
use shopblast::fleet::bus::ClockOffset;
use shopblast::fleet::{Assignment, HandedEvents, packed, unpack};
use shopblast::plan::{Arrivals, EventSample, Load, Plan};
use shopblast::run::RunRequest;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Names, from `folder` on, and texts of all files below it.
fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(directory) = left.pop() {
        let entries = std::fs::read_dir(&directory).into_iter().flatten();
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("it is below");
            let text = std::fs::read(&path).expect("a file");
            found.insert(name.display().to_string(), text);
        }
    }
    found
}

/// An assignment that is read is read again, its files lie below their folder, and whatever load it has a
/// plan takes or refuses.
pub fn assignment(bytes: &[u8]) {
    let Ok(read) = Assignment::read(bytes) else {
        return;
    };
    assert!(Assignment::read(&read.to_bytes()).is_ok(), "as it was read");
    let _ = read.event_sample();
    let load = Load::open(1.0, Arrivals::Constant, 1).expect("a load");
    let plan = Plan::of_load(load, Duration::from_secs(1));
    let mut request = RunRequest::of_plan(plan, shopblast::cli::subject(None));
    if read.apply(&mut request).is_err() {
        // It comes to another plan, which is told; its load was taken all the same.
        let _ = (request.plan.max_users(), request.plan.load.spawned_us());
    }
    let Some(text) = &read.plan else {
        return;
    };
    let scratch = Scratch::new(&[], &[]);
    let folder = scratch.path().join("within/plan");
    if let Ok(words) = read.words(text, (0, 2), &folder, &[]) {
        assert!(words.len() >= 3 + text.words.len());
    }
    let outside = files_below(scratch.path());
    let is_within = |name: &String| name.starts_with("within/plan/");
    assert!(outside.keys().all(is_within), "{:?}", outside.keys());
}

/// What is unpacked lies in its folder, is no larger than what came, and is packed as the same.
pub fn packed_record(bytes: &[u8]) {
    let scratch = Scratch::new(&[], &[]);
    let folder = scratch.path().join("record");
    let unpacked = unpack(bytes, &folder);
    let all = files_below(scratch.path());
    let is_within = |name: &String| name.starts_with("record/") && name.matches('/').count() == 1;
    assert!(all.keys().all(is_within), "{:?}", all.keys());
    let size: usize = all.values().map(Vec::len).sum();
    assert!(size <= bytes.len(), "{size} bytes of {}", bytes.len());
    if unpacked.is_err() {
        return;
    }
    let again = scratch.path().join("again");
    let source = packed(&folder).expect("a record");
    unpack(source, &again).expect("what was packed");
    assert_eq!(files_below(&again), files_below(&folder));
}

/// Replies of a shard, whatever moments and ids they have, are taken or counted.
pub fn events(bytes: &[u8]) {
    use shopblast::fleet::Said;
    let Some(handed) = HandedEvents::read(bytes) else {
        return;
    };
    assert_eq!(
        HandedEvents::read(&handed.to_bytes()).as_ref(),
        Some(&handed)
    );
    let (sampling, replies) = EventSampling::new(EventSample::Share(1.0), 1);
    for offset_ns in [0, i64::MAX, i64::MIN] {
        let clock = ClockOffset {
            offset_ns,
            bound_ns: 1,
            measured_ns: 1,
        };
        let _ = handed.clone().take_in(0, &clock, &sampling);
    }
    for reply in replies.try_iter() {
        assert!(reply.done_ns >= reply.sent_ns);
    }
}
