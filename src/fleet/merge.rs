//! `shopblast merge`: the records of all shards of a run become the record of the run.
//!
//! Merging is absorbing: the seconds that each shard wrote down are read again, those of one number are
//! put together, and the whole goes where the seconds of a run of one machine go. What a run is judged
//! by, thresholds and rules that need all of it, is judged then.

mod parts;

pub use parts::MergeError;

use crate::engine::PlannedShares;
use crate::fleet::merge::parts::Part;
use crate::record::{Circumstances, RecordDirectory, RunFacts, RunRecord, ShardLogError, ShardRow};
use crate::run::{Closing, Finished, Output};
use crate::stats::{GeneratorState, Merged, Merging, RunContext, ShardJoin, ShardProgress};
use parts::{facts, read_parts};
use std::path::PathBuf;

/// What is merged, and where to.
#[derive(Clone, Debug)]
pub struct MergeRequest {
    /// Directories of the shards' records, in any order.
    pub directories: Vec<PathBuf>,
    /// Where the run's record goes: a directory that holds nothing yet.
    pub out: PathBuf,
    /// What is written and printed beside it.
    pub output: Output,
    /// Exit code when some requests failed; 0 does not tell.
    pub exit_code_on_error: u8,
    /// Whether a generator that was at its limit is an error.
    pub fail_on_saturation: bool,
}

/// Makes one record of those of the shards of a run, and judges it; `planned` is what the plan gives each
/// journey.
///
/// # Errors
/// When they are no shards of one run, or nothing can be written. A shard that is missing is none: the
/// record says so.
pub fn merge(request: &MergeRequest, planned: PlannedShares<'_>) -> Result<Finished, MergeError> {
    let mut parts = read_parts(&request.directories)?;
    let directory = RecordDirectory::at(&request.out)?;
    let facts = facts(&parts);
    let context = context_of(&parts);
    let sinks = directory.sinks(&facts, &context, None, false)?;
    let mut merging = Merging::new(context, sinks);
    let progress = absorb_all(&mut parts, &mut merging)?;
    let merged = merging.finish(Vec::new());
    let mut record = record_of(&facts, &parts, &progress, &merged);
    take_observed(&parts, &directory, &mut record);
    let closing = Closing {
        output: &request.output,
        planned,
        directory: &directory,
        circumstances: Circumstances {
            fail_on_saturation: request.fail_on_saturation,
            exit_code_on_error: request.exit_code_on_error,
        },
    };
    Ok(closing.close(record))
}

/// What the run of all shards counts, on the workers of all of them.
fn context_of(parts: &[Part]) -> RunContext {
    let cpus = parts.iter().flat_map(|part| part.head().cpus.clone());
    let mut context = parts[0].head().counted.context(cpus.collect());
    let machines = parts.iter().flat_map(|part| {
        let head = part.head();
        head.cpus.iter().map(|_| head.shard.number)
    });
    context.live.machines = machines.collect();
    context
}

/// Gives every second of every shard to `merging`, joined. What each shard came to is told.
fn absorb_all(
    parts: &mut [Part],
    merging: &mut Merging,
) -> Result<Vec<ShardProgress>, ShardLogError> {
    let workers: Vec<usize> = parts.iter().map(|part| part.head().cpus.len()).collect();
    let mut join = ShardJoin::new(merging.totals().context.shape(), &workers, u64::MAX);
    // Whoever is farthest behind is read next, so that few seconds are in memory at once.
    while let Some(next) = farthest_behind(&join) {
        match parts[next].log.next_second()? {
            Some(second) => join.push(next, second),
            None => join.done(next),
        }
        while let Some(mut second) = join.next_complete() {
            merging.second(&mut second);
            join.recycle(second);
        }
    }
    while let Some(mut second) = join.next_left() {
        merging.second(&mut second);
        join.recycle(second);
    }
    Ok(join.shards().to_vec())
}

fn farthest_behind(join: &ShardJoin) -> Option<usize> {
    let shards = join.shards().iter().enumerate();
    let reading = shards.filter(|(_, shard)| !shard.done);
    let next = reading.min_by_key(|(_, shard)| shard.reported_us);
    next.map(|(index, _)| index)
}

/// The record of all, not yet judged.
fn record_of(
    facts: &RunFacts,
    parts: &[Part],
    progress: &[ShardProgress],
    merged: &Merged,
) -> RunRecord {
    let mut record = facts.record(&merged.totals);
    record.finished = true;
    record.interrupted = parts.iter().any(|part| part.record.interrupted);
    let first = &parts[0].record;
    record.steering = first.steering.clone();
    record.absent_users = parts.iter().map(|part| part.record.absent_users).sum();
    let failures = merged.sink_failures.iter();
    record.losses = failures.map(ToString::to_string).collect();
    for part in parts {
        let number = part.head().shard.number;
        record.pauses.extend(&part.record.pauses);
        let losses = part.record.losses.iter();
        let told = losses.map(|loss| format!("shard {number}: {loss}"));
        record.losses.extend(told);
        let withheld_s = part.record.generator.withheld_s;
        record.generator.withheld_s = record.generator.withheld_s.max(withheld_s);
    }
    let by_time = |one: &f64, other: &f64| one.total_cmp(other);
    record
        .pauses
        .sort_by(|one, other| by_time(&one.at_s, &other.at_s));
    record.shards = rows(parts, progress);
    record.bound_rounds_across();
    tell_of_limits(&mut record);
    record
}

/// What one shard read of the back end, which all of them share, tells of the whole.
fn take_observed(parts: &[Part], directory: &RecordDirectory, record: &mut RunRecord) {
    let observing = parts.iter().find(|part| part.record.observed.is_some());
    let Some(part) = observing else {
        return;
    };
    record.observed.clone_from(&part.record.observed);
    for (name, from) in part.back_end_files() {
        if let Err(error) = std::fs::copy(&from, directory.path().join(name)) {
            let told = format!("cannot copy {}: {error}", from.display());
            record.losses.push(told);
        }
    }
}

/// A shard at its limit spoils the figures of all: it is named.
fn tell_of_limits(record: &mut RunRecord) {
    let of = record.shards.len();
    let limited = record
        .shards
        .iter()
        .filter(|row| row.state == Some(GeneratorState::AtItsLimit));
    let reasons: Vec<String> = limited
        .map(|row| {
            format!(
                "shard {} of {of} on {} was at its limit",
                row.number, row.host
            )
        })
        .collect();
    if !reasons.is_empty() {
        record.generator.state = GeneratorState::AtItsLimit;
        record.generator.reasons.extend(reasons);
    }
}

/// One row a shard of the run, those that are missing as well.
fn rows(parts: &[Part], progress: &[ShardProgress]) -> Vec<ShardRow> {
    let of = parts[0].head().shard.of;
    let starts_ns: Vec<Option<i128>> = parts.iter().map(Part::started_ns).collect();
    let first_ns = starts_ns.iter().flatten().copied().min();
    let everybody = parts.iter().all(|part| part.record.interrupted);
    let row = |number: u32| {
        let found = parts
            .iter()
            .position(|part| part.head().shard.number == number);
        let Some(index) = found else {
            return ShardRow::absent(number, "is missing".to_owned());
        };
        let (part, told) = (&parts[index], &progress[index]);
        let last_s = told.reported_us as f64 / 1e6;
        let missing = match (part.record.finished, part.record.interrupted) {
            (false, _) => Some(format!("was cut off after {last_s:.1} s")),
            // It ended well, and what it kept for the merge is not all that it measured.
            (true, _) if told.requests != part.record.totals.requests => {
                Some(format!("kept its seconds only until {last_s:.1} s"))
            }
            (true, true) if !everybody => Some(format!("was interrupted after {last_s:.1} s")),
            _ => None,
        };
        let shard = &part.head().shard;
        ShardRow {
            number,
            missing,
            host: shard.host.clone(),
            cores: part.head().cpus.len(),
            requests: told.requests,
            started_after_s: starts_ns[index]
                .zip(first_ns)
                .map_or(0.0, |(start, first)| (start - first) as f64 / 1e9),
            clock: shard.clock,
            last_s,
            ..ShardRow::default()
        }
        .with_generator(&part.record.generator)
    };
    (1..=of).map(row).collect()
}

#[cfg(test)]
mod tests;
