//! What is told of the shards of a merged record, the same words wherever it is told.

use crate::pieces::{counted, duration_text, grouped, percent_text};
use crate::record::{RunRecord, ShardRow};

/// Titles of the table's columns.
pub const SHARD_TITLES: [&str; 8] = [
    "Shard",
    "Host",
    "Cores",
    "Requests",
    "Generator",
    "At most its own",
    "Clock",
    "Until",
];

/// One row a shard, those that are missing as well.
#[must_use]
pub fn shard_rows(record: &RunRecord) -> Vec<[String; 8]> {
    record.shards.iter().map(row).collect()
}

fn row(shard: &ShardRow) -> [String; 8] {
    let number = shard.number.to_string();
    let Some(state) = shard.state else {
        let why = shard.missing.clone().unwrap_or_default();
        return [
            number,
            why,
            nothing(),
            nothing(),
            nothing(),
            nothing(),
            nothing(),
            nothing(),
        ];
    };
    let until = format!("{:.1} s", shard.last_s);
    [
        number,
        shard.host.clone(),
        shard.cores.to_string(),
        grouped(shard.requests),
        state.word().to_owned(),
        percent_text(shard.worst_own_share),
        clock_text(shard),
        match &shard.missing {
            None => until,
            Some(why) => why.clone(),
        },
    ]
}

fn nothing() -> String {
    "–".to_owned()
}

fn clock_text(shard: &ShardRow) -> String {
    let ms = |us: f64| us / 1e3;
    shard.clock.map_or_else(nothing, |clock| {
        let (offset, bound) = (clock.offset_us as f64, clock.bound_us as f64);
        format!("{:+.2} ± {:.2} ms", ms(offset), ms(bound))
    })
}

/// How far apart the requests of a round left whose crowd was on several machines; nothing where none was,
/// or no common clock tells.
#[must_use]
pub fn across_sentence(record: &RunRecord) -> Option<String> {
    let across = record.rounds.as_ref()?.across?;
    let clocks = match across.bound_us {
        Some(bound_us) => format!("± {} for their clocks", duration_text(bound_us)),
        None => "give or take what their clocks are apart, which is not known".to_owned(),
    };
    Some(format!(
        "Crowds over {}: in {} from the first to the last request of all machines {} in the middle one, {} at \
         most; {clocks}",
        counted(across.machines, "machine"),
        counted(across.rounds, "round"),
        duration_text(across.median_us),
        duration_text(across.most_us),
    ))
}

/// Which shard was the slowest, and how far apart they started.
#[must_use]
pub fn shards_sentence(record: &RunRecord) -> Option<String> {
    let slowest = record.slowest_shard()?;
    let starts = record.shards.iter().filter(|row| row.state.is_some());
    let spread_s = starts.map(|row| row.started_after_s).fold(0.0, f64::max);
    Some(format!(
        "The least fit generator was that of shard {} on {} (at most {} of a percentile its own); the shards \
         started within {:.1} ms",
        slowest.number,
        slowest.host,
        percent_text(slowest.worst_own_share),
        spread_s * 1e3
    ))
}
