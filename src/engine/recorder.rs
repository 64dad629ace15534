//! Where the sessions of one core write down what happened.

use super::event_sampler::EventSampler;
use super::{Id, SampledReply, Step, Values};
use crate::plan::FailureRule;
use crate::stats::{
    Absorb, CoreInterval, Correction, Corrections, ErrorKey, Outcome, Race, RaceSeen, Reason, Rule,
    RuleFinding,
};

/// Witnesses of one rule that a worker keeps in a run; further violations are only counted.
const WITNESSES_A_RULE: u32 = 64;
/// Replies from which on the shortest of them is taken for that of an idle target.
const ENOUGH_REPLIES: u64 = 200;

/// One part in so many of what a core knows of its attention is forgotten with each new sample.
const FORGETS: u64 = 8;
/// No sample of it counts as more than this in the mean.
const LONGEST_INATTENTION_NS: u64 = 10_000_000_000;

/// One request as it is recorded. Times are in nanoseconds on the monotonic clock.
pub struct ObservedExchange<'a> {
    /// What was called.
    pub step: &'a Step,
    /// When it was due.
    pub due_ns: u64,
    /// When the user was free to send it.
    pub free_ns: u64,
    /// When it was sent; `None` when it never left.
    pub sent_ns: Option<u64>,
    /// When it was answered or given up.
    pub done_ns: u64,
    /// What the generator is known to have added to the response time; nothing when it never left.
    pub own_ns: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// HTTP status, 0 when there was none.
    pub status: u16,
    /// Why it did not succeed.
    pub reason: Option<&'a Reason>,
    /// Bytes of the request.
    pub bytes_out: u64,
    /// Bytes of the reply.
    pub bytes_in: u64,
    /// Bytes of the reply's body.
    pub body_bytes_in: u64,
}

/// The current interval of one core, and where each step is counted in it.
pub struct Recorder {
    interval: Box<CoreInterval>,
    start_ns: u64,
    /// Row by [`Step::index`]; `u16::MAX` for steps that the plan cannot produce.
    rows: Box<[u16]>,
    /// Row by [`Race::index`]; `u16::MAX` for races that the plan has not.
    race_rows: Box<[u16]>,
    /// Witnesses kept so far, by [`Rule::index`].
    witnesses: Box<[u32]>,
    /// Shortest service time of a reply, and replies so far.
    floor_ns: u64,
    replies: u64,
    /// When the last request of this core was done.
    last_done_ns: u64,
    /// How late this core usually notices that a reply has come: a mean that forgets.
    attention_ns: u64,
    /// Whether a conflict that shows as a server error counts as failed.
    server_errors_fail: bool,
    /// Chooses events that are followed to their end, where any are.
    events: Option<Box<EventSampler>>,
}

impl Recorder {
    /// A recorder that writes into `interval`, whose names stand in the order of `rows`.
    #[must_use]
    pub fn new(interval: Box<CoreInterval>, rows: Box<[u16]>) -> Self {
        let rules = interval.contests.ledger.rules.len();
        Self {
            interval,
            start_ns: 0,
            rows,
            race_rows: Box::default(),
            witnesses: vec![0; rules].into_boxed_slice(),
            floor_ns: u64::MAX,
            replies: 0,
            last_done_ns: 0,
            attention_ns: 0,
            server_errors_fail: false,
            events: None,
        }
    }

    /// The same, with races in the order of `race_rows`.
    #[must_use]
    pub fn with_races(self, race_rows: Box<[u16]>) -> Self {
        Self { race_rows, ..self }
    }

    /// The same, judging by `rule`: Locust takes a conflict that shows as a server error (status
    /// 500 and above) for a failure.
    #[must_use]
    pub fn judging_by(mut self, rule: FailureRule) -> Self {
        self.server_errors_fail = rule == FailureRule::Locust;
        self
    }

    /// The same, choosing events that are followed to their end.
    #[must_use]
    pub fn choosing_events(self, events: Option<EventSampler>) -> Self {
        Self {
            events: events.map(Box::new),
            ..self
        }
    }

    /// Lets the event be followed that the success `seen` has raised: of the thing `given` by its reply, or of
    /// the one that it was sent `on`. Allocates nothing.
    #[inline]
    pub fn follow(
        &mut self,
        seen: &ObservedExchange<'_>,
        (given, on): (Option<Id>, Option<&Id>),
        values: &Values,
    ) {
        let Some(events) = &mut self.events else {
            return;
        };
        if seen.outcome != Outcome::Success || seen.step.raises.is_empty() {
            return;
        }
        let reply = SampledReply {
            step: seen.step.index,
            sent_ns: seen.sent_ns.unwrap_or(seen.done_ns),
            done_ns: seen.done_ns,
            given,
            on: on.copied(),
            within_us: 0,
        };
        events.look(reply, values);
    }

    fn outcome_of(&self, seen: &ObservedExchange<'_>) -> Outcome {
        match seen.outcome {
            Outcome::Conflict if self.server_errors_fail && seen.status >= 500 => Outcome::Failed,
            outcome => outcome,
        }
    }

    /// The run starts at `start_ns`. What was counted before (connects) stays in the first interval.
    pub fn begin(&mut self, start_ns: u64) {
        self.start_ns = start_ns;
    }

    /// When the run started.
    #[must_use]
    pub fn start_ns(&self) -> u64 {
        self.start_ns
    }

    /// Shortest service time that any user of this core saw: what a request takes that does not
    /// stand in line. `None` until there were enough to tell.
    #[must_use]
    pub fn floor_ns(&self) -> Option<u64> {
        (self.replies >= ENOUGH_REPLIES).then_some(self.floor_ns)
    }

    /// Takes a timer of the core's own, which ran out at `wake_ns` and is noticed now, for a sample of
    /// how late this core notices a reply: only while it `waits` for one, or did at that moment, since
    /// that is when the target competes for the CPU. A wait that was cut short is none.
    pub fn notice(&mut self, wake_ns: u64, now_ns: u64, waits: bool) {
        if now_ns < wake_ns || !(waits || self.last_done_ns >= wake_ns) {
            return;
        }
        let late_ns = now_ns - wake_ns;
        self.interval.timings.attention.record_us(late_ns / 1_000);
        let (known, seen) = (self.attention_ns, late_ns.min(LONGEST_INATTENTION_NS));
        self.attention_ns = known - known / FORGETS + seen / FORGETS;
    }

    /// How late this core usually notices that a reply has come.
    #[must_use]
    pub fn attention_ns(&self) -> u64 {
        self.attention_ns
    }

    /// Counts one race. Allocates nothing.
    pub fn observe_race(&mut self, race: &Race, seen: &RaceSeen) {
        let row = self.race_rows[usize::from(race.index)];
        self.interval.contests.races[usize::from(row)].observe(seen);
    }

    /// Counts a check of `rule`. Returns whether its witness is to be kept: only of what is broken,
    /// and the first few of each rule.
    pub fn count(&mut self, rule: &Rule, finding: &RuleFinding) -> bool {
        self.interval.contests.ledger.count(rule, finding);
        let kept = &mut self.witnesses[usize::from(rule.index)];
        let keeps = matches!(finding, RuleFinding::Broken { .. }) && *kept < WITNESSES_A_RULE;
        *kept += u32::from(keeps);
        keeps
    }

    /// After the race of this offset a rule was broken.
    pub fn broken_at(&mut self, race: &Race, bin: usize) {
        let row = self.race_rows[usize::from(race.index)];
        let race = &mut self.interval.contests.races[usize::from(row)];
        race.counts.broken_at(bin);
    }

    /// What a request of `step` raised is known better than its outcome told.
    pub fn correct(&mut self, step: &Step, correction: &Corrections) {
        let row = self.rows[usize::from(step.index)];
        let name = &mut self.interval.names[usize::from(row)];
        name.corrections.absorb(correction);
    }

    /// The interval being filled.
    pub fn interval(&mut self) -> &mut CoreInterval {
        &mut self.interval
    }

    /// Ends the current interval at `now_ns`, puts `empty` in its place and returns it.
    pub fn swap(&mut self, mut empty: Box<CoreInterval>, now_ns: u64) -> Box<CoreInterval> {
        let end_us = now_ns.saturating_sub(self.start_ns) / 1_000;
        self.interval.end_us = end_us;
        empty.start_us = end_us;
        std::mem::replace(&mut self.interval, empty)
    }

    /// Counts one request. Allocates nothing.
    #[inline]
    pub fn observe(&mut self, seen: &ObservedExchange<'_>) {
        let row = self.rows[usize::from(seen.step.index)];
        let outcome = self.outcome_of(seen);
        let interval = &mut *self.interval;
        let name = &mut interval.names[usize::from(row)];
        let response_ns = seen.done_ns.saturating_sub(seen.due_ns);
        name.response.record_us(response_ns / 1_000);
        interval
            .timings
            .undelayed
            .record_us(response_ns.saturating_sub(seen.own_ns) / 1_000);
        self.last_done_ns = self.last_done_ns.max(seen.done_ns);
        if let Some(sent_ns) = seen.sent_ns {
            name.service
                .record_us(seen.done_ns.saturating_sub(sent_ns) / 1_000);
            name.lag
                .record_us(sent_ns.saturating_sub(seen.due_ns) / 1_000);
            if seen.status > 0 {
                let service_ns = seen.done_ns.saturating_sub(sent_ns);
                self.floor_ns = self.floor_ns.min(service_ns);
                self.replies += 1;
            }
            if seen.due_ns > seen.free_ns {
                interval
                    .timings
                    .tardiness
                    .record_us(sent_ns.saturating_sub(seen.due_ns) / 1_000);
            }
        }
        name.outcomes[outcome] += 1;
        name.bytes_out += seen.bytes_out;
        name.bytes_in += seen.bytes_in;
        name.body_bytes_in += seen.body_bytes_in;
        if seen.outcome != Outcome::Success && !seen.step.raises.is_empty() {
            name.corrections.absorb(&left_behind(seen));
        }
        if let Some(reason) = seen.reason {
            self.observe_error(seen, outcome, row, *reason);
        }
    }

    #[cold]
    fn observe_error(
        &mut self,
        seen: &ObservedExchange<'_>,
        outcome: Outcome,
        row: u16,
        reason: Reason,
    ) {
        let key = ErrorKey {
            name: row,
            outcome,
            status: seen.status,
            reason,
        };
        let at_us = seen.done_ns.saturating_sub(self.start_ns) / 1_000;
        self.interval.record_error(key, at_us);
    }
}

/// What a request without success may have raised all the same.
///
/// A business refusal leaves what the target did before it looked. The loser of a version race does
/// too, and may have stored all but the last of its events: they are stored one after the other, and
/// somebody else can come in between; its rows in the outbox are committed before. Of a request whose
/// reply was lost, or that broke down on the way, nothing is known. One that was never sent, or
/// refused before it was looked at, raised nothing.
#[cold]
fn left_behind(seen: &ObservedExchange<'_>) -> Corrections {
    let step = seen.step;
    let last = step.raises.len() - 1;
    let mut corrections = Corrections::default();
    for (place, correction) in corrections[..=last].iter_mut().enumerate() {
        let stays = i64::from(place < step.stays);
        *correction = match (seen.outcome, seen.status) {
            _ if seen.sent_ns.is_none() => Correction::default(),
            (Outcome::Unknown, _) | (Outcome::Failed, 500..) => Correction {
                may_be_more: 1,
                ..Correction::default()
            },
            // Accepted, and only told in a way that was not expected.
            (Outcome::Failed, 200..300) => Correction {
                beside: 1,
                ..Correction::default()
            },
            (Outcome::Conflict, _) => Correction {
                beside: stays,
                may_be_more: i64::from(stays == 0 && place < last),
                stray_rows: i64::from(stays == 0 && place == last),
                ..Correction::default()
            },
            (_, 400) => Correction {
                beside: stays,
                ..Correction::default()
            },
            _ => Correction::default(),
        };
    }
    corrections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Method, Operation};
    use crate::stats::{OutcomeCounts, SetShape};

    static OPERATION: Operation = Operation {
        method: Method::Post,
        path: "/",
        success: 201,
        id_field: None,
        headers: &[],
        judge: |_, _| (Outcome::Conflict, Reason::new("lost")),
        ..Operation::PLAIN
    };
    static STEP: Step = Step {
        index: 0,
        operation: &OPERATION,
        name: "POST /",
        raises: &[],
        stays: 0,
    };

    fn outcomes(rule: FailureRule) -> OutcomeCounts {
        let shape = SetShape {
            names: 1,
            journeys: 0,
            races: 0,
            rules: 0,
        };
        let set = Box::new(CoreInterval::new(0, shape));
        let mut recorder = Recorder::new(set, Box::new([0])).judging_by(rule);
        for status in [409, 500, 500] {
            recorder.observe(&ObservedExchange {
                step: &STEP,
                due_ns: 0,
                free_ns: 0,
                sent_ns: Some(0),
                done_ns: 1,
                own_ns: 0,
                outcome: Outcome::Conflict,
                status,
                reason: Some(&Reason::new("lost")),
                bytes_out: 1,
                bytes_in: 1,
                body_bytes_in: 1,
            });
        }
        assert_eq!(recorder.interval().errors.len(), 2);
        recorder.interval().names[0].outcomes
    }

    #[test]
    fn locust_takes_a_server_error_for_a_failure_even_in_a_race() {
        assert_eq!(outcomes(FailureRule::Default), [0, 0, 3, 0, 0].into());
        assert_eq!(outcomes(FailureRule::Strict), [0, 0, 3, 0, 0].into());
        assert_eq!(outcomes(FailureRule::Locust), [0, 0, 1, 2, 0].into());
    }

    #[test]
    fn attention_is_sampled_only_while_a_reply_is_waited_for() {
        let set = Box::new(CoreInterval::new(0, SetShape::default()));
        let mut recorder = Recorder::new(set, Box::default());
        recorder.notice(1_000_000, 5_000_000, false);
        recorder.notice(1_000_000, 999_999, true);
        assert!(recorder.interval().timings.attention.is_empty());
        assert_eq!(recorder.attention_ns(), 0);
        // It came while the timer ran out unnoticed.
        recorder.last_done_ns = 1_000_000;
        recorder.notice(1_000_000, 5_000_000, false);
        for _ in 0..100 {
            recorder.notice(1_000_000, 5_000_000, true);
        }
        assert_eq!(recorder.interval().timings.attention.len(), 101);
        assert_eq!(recorder.interval().timings.attention.max_us(), 4_000);
        assert!((3_900_000..=4_000_000).contains(&recorder.attention_ns()));
    }
}
