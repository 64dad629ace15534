//! The one thread that merges what workers hand over.
//!
//! Workers and collector swap boxed sets through bounded channels that can never be full: each
//! worker owns three sets in all, one that it fills and two that are on their way. It makes all three
//! on its own thread, so that their memory is that of its node, and no line of it another worker's.

use super::round_join::RoundJoin;
use super::seconds::Seconds;
use super::shared_judge::SharedJudge;
use super::sink::Sinks;
use super::{
    CoreInterval, IntervalSink, LiveSchedule, MergedInterval, Phase, RuleFinding, RunContext,
    SetShape, SinkFailure, Totals,
};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::Arc;

/// Empty sets that wait for each worker beside the one that it starts with.
const SPARE_SETS: usize = 2;

/// A worker's end of the exchange.
pub struct WorkerHandover {
    /// Takes the full sets. Never blocks: there is room for every set of the worker.
    pub full: Sender<Box<CoreInterval>>,
    /// Gives empty ones. Empty only when the collector is two seconds behind.
    pub empty: Receiver<Box<CoreInterval>>,
    /// What the spare sets are put in by, until they are.
    spares: Option<Sender<Box<CoreInterval>>>,
    core: usize,
    shape: SetShape,
}

impl WorkerHandover {
    /// Makes the worker's spare sets: on its own thread, before anything is handed over. Until then
    /// there is no empty one.
    pub fn bring_spares(&mut self) {
        let Some(spares) = self.spares.take() else {
            return;
        };
        for _ in 0..SPARE_SETS {
            let set = Box::new(CoreInterval::new(self.core, self.shape));
            // There is room for all, and the other end is this handover's own.
            let _ = spares.try_send(set);
        }
    }
}

/// The collector's end of the exchange.
pub struct CollectorInbox {
    full: Receiver<Box<CoreInterval>>,
    empty: Vec<Sender<Box<CoreInterval>>>,
}

/// A whole run, merged.
pub struct Merged {
    /// What was measured.
    pub totals: Totals,
    /// Sinks that could not write.
    pub sink_failures: Vec<SinkFailure>,
    /// Positions of workers that ended without their last set: they crashed.
    pub lost_workers: Vec<usize>,
}

/// The meeting point of workers and collector.
pub struct Collector;

impl Collector {
    /// The channels between `workers` workers (in the order of their positions) and the collector,
    /// for sets of this `shape`. A worker makes its sets itself, the first with
    /// [`CoreInterval::new`], the others with [`WorkerHandover::bring_spares`], sends the one with
    /// [`CoreInterval::last`] at the end, and then drops its handover.
    #[must_use]
    pub fn channels(workers: usize, shape: SetShape) -> (Vec<WorkerHandover>, CollectorInbox) {
        let (full_sender, full) = bounded(workers * (SPARE_SETS + 1));
        let mut handovers = Vec::with_capacity(workers);
        let mut empty = Vec::with_capacity(workers);
        for core in 0..workers {
            let (empty_sender, empty_receiver) = bounded(SPARE_SETS + 1);
            handovers.push(WorkerHandover {
                full: full_sender.clone(),
                empty: empty_receiver,
                spares: Some(empty_sender.clone()),
                core,
                shape,
            });
            empty.push(empty_sender);
        }
        (handovers, CollectorInbox { full, empty })
    }
}

impl CollectorInbox {
    /// Merges until every worker has sent its last set, or is gone. Each second that is complete
    /// goes to the sinks, in their order.
    #[must_use]
    pub fn run(self, context: RunContext, sinks: Vec<Box<dyn IntervalSink>>) -> Merged {
        let mut seconds = Seconds::new(self.empty.len(), context.shape(), context.spawned_us);
        let mut merging = Merging::new(context, sinks);
        while !seconds.all_done() {
            let Ok(set) = self.full.recv() else { break };
            // All that is there: a set that waited behind another one is not late.
            for set in std::iter::once(set).chain(self.full.try_iter()) {
                seconds.accept(&set);
                self.give_back(set);
            }
            while let Some(mut interval) = seconds.next_complete() {
                merging.second(&mut interval);
                seconds.recycle(interval);
            }
        }
        while let Some(mut interval) = seconds.next_left() {
            merging.second(&mut interval);
            seconds.recycle(interval);
        }
        merging.finish(seconds.unfinished())
    }

    /// Returns a set empty. A worker that is gone needs it no more.
    fn give_back(&self, mut set: Box<CoreInterval>) {
        set.clear();
        if let Some(worker) = self.empty.get(set.core) {
            let _ = worker.try_send(set);
        }
    }
}

/// A run that is being merged: seconds go in, in order, and to those who write them down. Whoever has
/// seconds that are not from workers of this process, but from shards, merges them by this as well.
pub struct Merging {
    totals: Totals,
    sinks: Sinks,
    shared: SharedJudge,
    rounds: RoundJoin,
}

impl Merging {
    /// Nothing yet of the run of this `context`.
    #[must_use]
    pub fn new(context: RunContext, sinks: Vec<Box<dyn IntervalSink>>) -> Self {
        Self {
            sinks: Sinks::new(sinks, context.live.tell),
            totals: Totals::new(Arc::new(context)),
            shared: SharedJudge::default(),
            rounds: RoundJoin::default(),
        }
    }

    /// What was measured so far.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Adds the next second.
    pub fn second(&mut self, interval: &mut MergedInterval) {
        if let Some(load_schedule) = &self.totals.context.live.load_schedule {
            interval.phase = phase_of(load_schedule, interval);
        }
        // A part of a run cannot tell; it is judged where all parts are.
        let is_part = self.totals.context.live.is_part;
        if !is_part {
            self.shared.second(interval, &self.totals.context);
        }
        self.totals.absorb(interval);
        self.totals.contests.ledger.shared.forget_old_takes();
        let rounds = &mut self.totals.contests.rounds;
        self.rounds.second(interval, (rounds, is_part));
        self.sinks.second(interval, &self.totals);
    }

    /// The whole run; `lost_workers` are the positions of those that ended without their last set.
    #[must_use]
    pub fn finish(mut self, lost_workers: Vec<usize>) -> Merged {
        self.judge_shared();
        Merged {
            sink_failures: self.sinks.finish(&self.totals),
            totals: self.totals,
            lost_workers,
        }
    }
}

impl Merging {
    /// Counts the checks of what all users share and was not given beyond what there was.
    fn judge_shared(&mut self) {
        let rules = self.totals.context.rules;
        for (name, is_known) in self.shared.held() {
            let Some(rule) = rules.iter().find(|rule| rule.name == name) else {
                continue;
            };
            let finding = match is_known {
                true => RuleFinding::Held,
                false => RuleFinding::Undecided("nobody knows what became of some requests"),
            };
            self.totals.contests.ledger.count(rule, &finding);
        }
    }
}

/// The phase of a second of a run that is steered.
fn phase_of(load_schedule: &LiveSchedule, interval: &MergedInterval) -> Phase {
    match load_schedule.is_growing(interval.start_us, interval.end_us) {
        true => Phase::Spawning,
        false => Phase::Steady,
    }
}

#[cfg(test)]
mod tests;
