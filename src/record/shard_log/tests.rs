//! Tests of a shard's seconds on disk: what is read makes the record that what was written makes.

use super::*;
use crate::plan::{ClockOffset, Load, Plan, Shard, Stage};
use crate::record::made_up;
use crate::record::shard_head::CountedRecord;
use crate::record::shard_record::ShardRecord;
use crate::stats::RunContext;
use std::sync::Arc;
use std::time::Duration;

fn head(context: &RunContext) -> ShardHead {
    let run_time = Duration::from_secs(3);
    let stage = Stage {
        users: 3,
        spawn_rate_per_s: 3.0,
        duration_us: 3_000_000,
    };
    let shard = Shard::new(1, 4).expect("a shard");
    let plan = Plan {
        shard,
        ..Plan::of_load(
            Load::closed(vec![stage], run_time).expect("a load"),
            run_time,
        )
    };
    let clock = ClockOffset {
        offset_us: -1_200,
        bound_us: 300,
    };
    let shard = ShardRecord::of(shard, plan.hash(), Some(clock));
    ShardHead::of(&plan, shard, CountedRecord::of(context))
}

/// Writes the seconds of the made-up run into a new directory.
fn written(context: &RunContext) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(INTERVALS_BIN);
    let mut log = ShardLog::create(&path, &head(context)).expect("created");
    let mut totals = Totals::new(Arc::new(context.clone()));
    for second in made_up::seconds() {
        totals.absorb(&second);
        log.second(&second, &totals).expect("written");
    }
    log.finish(&totals).expect("written");
    directory
}

#[test]
fn what_is_read_makes_the_record_that_what_was_written_makes() {
    let context = made_up::context();
    let directory = written(&context);
    let mut reader = ShardLogReader::open(directory.path()).expect("a shard");
    assert_eq!(*reader.head(), head(&context));
    let again = reader.head().counted.context(context.cpus.clone());
    assert_eq!(CountedRecord::of(&again), CountedRecord::of(&context));
    let mut totals = Totals::new(Arc::new(again));
    while let Some(second) = reader.next_second().expect("a second") {
        totals.absorb(second);
    }
    let record = made_up::facts().record(&totals);
    assert_eq!(record, made_up::facts().record(&made_up::totals()));
    assert!(record.totals.requests > 0);
}

#[test]
fn a_file_that_was_cut_off_holds_the_seconds_that_are_whole() {
    let directory = written(&made_up::context());
    let path = directory.path().join(INTERVALS_BIN);
    let whole = std::fs::read(&path).expect("written");
    let count = |bytes: &[u8]| -> Result<usize, ShardLogError> {
        std::fs::write(&path, bytes).expect("written");
        let mut reader = ShardLogReader::open(directory.path())?;
        let mut seconds = 0;
        while reader.next_second()?.is_some() {
            seconds += 1;
        }
        Ok(seconds)
    };
    assert_eq!(count(&whole).expect("whole"), 4);
    assert_eq!(count(&whole[..whole.len() - 1]).expect("cut off"), 3);
    assert!(matches!(
        count(&whole[..40]),
        Err(ShardLogError::Garbled { .. })
    ));
    assert!(matches!(
        count(b"something else"),
        Err(ShardLogError::Garbled { .. })
    ));
    let text = String::from_utf8_lossy(&whole[..200]).into_owned();
    let own = format!("\"shopblast\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let at = text.find(&own).expect("its version");
    let mut other = whole.clone();
    other[at + own.len() - 2] = b'x';
    let error = count(&other).expect_err("another version").to_string();
    assert!(error.contains("was written by shopblast"), "{error}");
    let mut changed = whole;
    let last = changed.len() - 60;
    changed[last] ^= 0x55;
    // It is a second of something, or none; neither harms.
    let _ = count(&changed);
}
