//! What journeys find out after a race: probes, and rules that held or did not.

use super::call_parts::CallParts;
use super::marks::mark_request;
use super::user_values::UserValues;
use super::{Abort, Session};
use crate::engine::exchange_log::{MarkedLog, Shown};
use crate::engine::{
    Broken, Exchange, ExchangeLog, Link, LoggedExchange, Reading, ReplyText, Step, uncounted,
};
use crate::plan::WaitTime;
use crate::stats::{
    Corrections, Outcome, Part, Reason, Rule, RuleCheck, RuleFinding, SharedTake, ShownExchanges,
};

/// How often a user looks for what another one does.
const LOOK_NS: u64 = 100_000;

impl<L: Link> Session<L> {
    /// Whether an arrival of `due_ns` that is given up now, since it waited longer than
    /// `longest_wait_ns`, would have been in time if the generator had not been late.
    #[must_use]
    pub fn gives_up_late(&self, due_ns: u64, now_ns: u64, longest_wait_ns: u64) -> bool {
        let free_ns = self.free_ns.max(self.rested_ns);
        let lateness = &self.lateness;
        lateness.made_too_late(due_ns, free_ns, (now_ns, longest_wait_ns))
    }

    /// Waits for something that another user does, looking again and again. The user is not free
    /// before, so that the time is nobody's lag.
    ///
    /// # Errors
    /// When the run is over before.
    pub async fn wait_for<T>(&mut self, look: impl Fn() -> Option<T>) -> Result<T, Abort> {
        loop {
            let now_ns = self.link.now_ns();
            if let Some(seen) = look() {
                // A step that is not due yet is not waited for here: that is the user's own wait.
                let ready_ns = self.free_ns.max(self.due_ns);
                if now_ns > ready_ns {
                    let waited_ns = (now_ns - ready_ns) as i64;
                    self.recorder.borrow_mut().interval().counters.beside_ns += waited_ns;
                    self.free_ns = now_ns;
                }
                return Ok(seen);
            }
            if let Err(stopped) = self.link.until(now_ns + LOOK_NS).await {
                self.stop(stopped, stopped.end_ns);
                return Err(Abort);
            }
        }
    }

    /// Does nothing for `rest_ns`, beside the user's schedule: before it asks the shop again.
    ///
    /// # Errors
    /// When the run is over before.
    pub async fn rest(&mut self, rest_ns: u64) -> Result<(), Abort> {
        let since_ns = self.link.now_ns();
        if self.link.until(since_ns + rest_ns).await.is_err() {
            self.stopped = true;
            return Err(Abort);
        }
        let now_ns = self.link.now_ns();
        let mut from_ns = self.free_ns.min(since_ns);
        if !matches!(self.wait, WaitTime::ConstantPacing { .. }) {
            // As long as nothing is due it is the user's own wait, which counts for itself.
            from_ns = from_ns.max(self.due_ns);
            self.due_ns = self.due_ns.max(now_ns);
        }
        let rested_ns = now_ns.saturating_sub(from_ns) as i64;
        self.recorder.borrow_mut().interval().counters.beside_ns += rested_ns;
        self.free_ns = now_ns;
        Ok(())
    }

    /// From now on, to the end of the journey, what is asked and answered is kept.
    pub fn begin_log(&mut self) {
        self.log.begin();
    }

    /// What was asked and answered since the log was begun.
    #[must_use]
    pub fn log(&self) -> &ExchangeLog {
        &self.log
    }

    /// Keeps the request that is in the link's buffer.
    #[cold]
    pub(super) fn keep_request(&mut self, parts: &CallParts<'_>, body: usize, due_ns: u64) {
        let part = match self.last_race {
            None => Part::Before,
            Some(_) => Part::After,
        };
        self.keep_request_as(part, parts, body, due_ns);
    }

    fn keep_request_as(&mut self, part: Part, parts: &CallParts<'_>, body: usize, due_ns: u64) {
        let written = self.link.written();
        let entry = LoggedExchange::asked(parts.step, part, 0, due_ns);
        self.log.ask(entry, |text| text.extend_from_slice(written));
        let head = self.heads.of(parts.step);
        let filled = (parts.body.map(|arena| (arena, body)), parts.with);
        mark_request(&mut self.log, head, &mut self.values, filled);
    }

    /// Keeps the reply to the request that was kept last, and what the user kept of it.
    #[cold]
    pub(super) fn keep_reply(&mut self, exchange: &Exchange, outcome: Outcome) {
        self.keep_probed(exchange, outcome);
        let index = self.log.entries().len() - 1;
        let reading = self.log.entries()[index].step.operation.reading;
        if let Some(reading) = reading.filter(|_| outcome == Outcome::Success) {
            let UserValues { own, marks, .. } = &mut *self.values;
            reading.each_kept(&mut |value, _, _| marks.keep(index, value, own.raw(value)));
        }
    }

    /// Keeps the reply to the request that was kept last.
    fn keep_probed(&mut self, exchange: &Exchange, outcome: Outcome) {
        let index = self.log.entries().len() - 1;
        let entry = self.log.entry_mut(index);
        entry.sent_ns = (exchange.result != Err(Broken::NotSent)).then_some(exchange.sent_ns);
        entry.done_ns = exchange.done_ns;
        entry.outcome = outcome;
        if let Ok(head) = exchange.result {
            entry.status = head.status;
            self.log.answer(index, self.link.body());
        }
    }

    /// What was kept of the journey so far is kept for good, before what later journeys keep.
    pub fn keep_as_first(&mut self) {
        let marks = std::mem::take(&mut self.values.marks);
        self.values.first = Some((std::mem::take(&mut self.log), marks));
    }

    /// Asks the shop, off the record of the load. Gives the place of the reply in the log.
    pub(super) async fn probe(&mut self, parts: &CallParts<'_>) -> Result<Option<usize>, Abort> {
        let due_ns = self.free_ns;
        if self.link.until(due_ns).await.is_err() {
            self.stopped = true;
            return Err(Abort);
        }
        let (_, body) = self.write_request(parts);
        self.keep_request_as(Part::Probe, parts, body, due_ns);
        let exchange = self.link.exchange().await;
        let outcome = match (exchange.result, parts.step.operation.reading) {
            (Ok(head), Some(reading)) => self.told_by(reading, head.status),
            (Ok(head), None) if head.status == parts.step.operation.success => Outcome::Success,
            (Ok(_), None) => Outcome::Refused,
            (Err(Broken::NotSent), _) => Outcome::Failed,
            (Err(Broken::Lost), _) => Outcome::Unknown,
        };
        self.keep_probed(&exchange, outcome);
        self.note_cookies(&exchange);
        let busy_ns = exchange.done_ns.saturating_sub(due_ns) as i64;
        self.free_ns = exchange.done_ns;
        // A fixed schedule goes on as it was; any other wait begins anew.
        if !matches!(self.wait, WaitTime::ConstantPacing { .. }) {
            self.due_ns = self.due_ns.max(exchange.done_ns);
        }
        let mut recorder = self.recorder.borrow_mut();
        let interval = recorder.interval();
        let probes = &mut interval.contests.probes;
        probes.sent += 1;
        probes.told += u64::from(exchange.result.is_ok());
        probes.unknown += u64::from(exchange.result.is_err());
        interval.counters.beside_ns += busy_ns;
        let told = exchange.result.is_ok();
        Ok(told.then(|| self.log.entries().len() - 1))
    }

    /// What became of a probe; what its reading keeps is not the user's.
    fn told_by(&mut self, reading: &dyn Reading, status: u16) -> Outcome {
        self.make_race_values();
        let reply = ReplyText {
            status,
            head: self.link.head(),
            body: self.link.body(),
        };
        let UserValues { own, raced, .. } = &mut *self.values;
        let read = reading.read(reply, Some(&*own), raced, &mut self.rng);
        // Who asks for a state does not rest for it.
        self.values.raced.take_rest();
        read.map_or_else(|(outcome, _)| outcome, |()| Outcome::Success)
    }

    /// What requests of `step` raised is known better than their outcomes told.
    pub fn correct(&mut self, step: &Step, corrections: &Corrections) {
        self.recorder.borrow_mut().correct(step, corrections);
    }

    /// Counts a check of `rule` on the user's own log. What is broken is kept with its witness;
    /// what cannot be told because the run is over was cut short.
    pub fn settle(&mut self, rule: &'static Rule, finding: RuleFinding) {
        let log = std::mem::take(&mut self.log);
        self.settle_by(rule, finding, &log);
        self.log = log;
    }

    /// The same for a rule of a workload file, which is kept with its witness.
    pub fn settle_check(&mut self, rule: &'static Rule, finding: RuleFinding, check: &RuleCheck) {
        let log = std::mem::take(&mut self.log);
        self.settle_with((rule, Some(check)), finding, &log);
        self.log = log;
    }

    /// Counts what the request of the log, its only one, took of a thing that all users share and of
    /// which there is `stock`: what is granted beyond that is found where all users are added up.
    pub fn take_shared(
        &mut self,
        (rule, thing): (&'static Rule, &str),
        stock: u64,
        (granted, unknown): (u64, u64),
    ) {
        let mut recorder = self.recorder.borrow_mut();
        let start_ns = recorder.start_ns();
        let now_ns = self.link.now_ns();
        let shared = &mut recorder.interval().contests.ledger.shared;
        let Some(taken) = uncounted(move || shared.of((thing, rule.name), stock)) else {
            return;
        };
        taken.granted += granted;
        taken.unknown += unknown;
        if granted > 0 && taken.keeps() {
            uncounted(|| {
                let shown = Shown {
                    rule,
                    race: None,
                    check: None,
                    why: &Reason::default(),
                    shown_by: &ShownExchanges::from_slice(&[0]),
                    moments: (start_ns, now_ns),
                };
                let marked = MarkedLog {
                    log: &self.log,
                    marks: &self.values.marks,
                };
                let exchanges = marked.violation_after(None, &shown).exchanges;
                let takes = exchanges.into_iter().map(|exchange| SharedTake {
                    amount: granted,
                    exchange,
                });
                taken.takes.extend(takes.take(1));
            });
        }
    }

    /// The same on another log.
    pub fn settle_by(&mut self, rule: &'static Rule, finding: RuleFinding, log: &ExchangeLog) {
        self.settle_with((rule, None), finding, log);
    }

    fn settle_with(
        &mut self,
        (rule, check): (&'static Rule, Option<&RuleCheck>),
        finding: RuleFinding,
        log: &ExchangeLog,
    ) {
        let finding = finding.unless_over(self.stopped);
        let mut recorder = self.recorder.borrow_mut();
        let start_ns = recorder.start_ns();
        let is_kept = recorder.count(rule, &finding);
        let RuleFinding::Broken { why, shown_by } = finding else {
            return;
        };
        if let Some((race, Some(bin))) = self.last_race {
            recorder.broken_at(race, bin as usize);
        }
        if is_kept {
            let race = self.last_race.map(|(race, _)| race.name);
            let now_ns = self.link.now_ns();
            let violations = &mut recorder.interval().contests.ledger.violations;
            let first = self.values.first.as_ref().filter(|_| check.is_some());
            let first = first.map(|(log, marks)| MarkedLog { log, marks });
            let marks = &self.values.marks;
            uncounted(|| {
                let shown = Shown {
                    rule,
                    race,
                    check,
                    why: &why,
                    shown_by: &shown_by,
                    moments: (start_ns, now_ns),
                };
                let marked = MarkedLog { log, marks };
                violations.push(marked.violation_after(first, &shown));
            });
        }
    }
}
