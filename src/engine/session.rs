//! One virtual user as its journeys see it: due moments, calls, and what came of them.
//!
//! A journey reads like its table in the documentation, one line an exchange:
//!
//! ```ignore
//! let customer = user.call(&REGISTER).body(&payloads.identity.registrations).id().await?;
//! user.call(&UPDATE_PROFILE).on(&customer).body(&payloads.identity.profiles).or_continue().await?;
//! ```
//!
//! Every call is a step of its own and waits for its due moment first; `at_once` makes it follow
//! the previous reply without a wait, as several requests of one Locust task do.

mod beside_head;
mod call;
mod call_parts;
mod judgement;
mod kept;
mod kept_cookies;
mod marks;
mod race;
mod race_judgement;
mod schedule;
mod success;
mod user_values;
mod withheld;

use beside_head::BesideHead;
pub use call::Call;
use call_parts::CallParts;
pub use race::{MakesUp, Racer, RacerRange};
pub use success::Trouble;
use success::{note_trouble, read_by, read_success};
use user_values::UserValues;

use super::ExchangeLog;
use super::cookies::{CookieJar, CookieRoom};
use super::recorder::ObservedExchange;
use super::redirect;
use super::{Broken, Exchange, Id, Link, PreparedHeads, RaceRequest, Recorder, ReplyText, Step};
use crate::plan::{RaceRules, UNIQUE_TEXT_BYTES, UniqueNumbers, WaitTime};
use crate::stats::{Outcome, OwnLateness, Race};
use fastrand::Rng;
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

/// The journey ends here: a step that it depends on did not succeed, or the run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort;

/// How a journey ended.
pub type Journey = Result<(), Abort>;

/// What users do. Implemented by a workload; the engine only calls it.
pub trait Script: 'static {
    /// Every step that a journey may take, in the order of [`Step::index`].
    fn steps(&self) -> &'static [Step];

    /// Connections of one core that races use, beside those of its `users`; 0 without races.
    fn race_connections(&self, _users: usize) -> usize {
        0
    }

    /// Paths of two reads that change nothing: one that takes a process of the target long, one that
    /// takes it a moment. `None` when its processes are not to be looked for.
    fn questions(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// How many values a user keeps from one request for the next.
    fn values(&self) -> usize {
        0
    }

    /// How races are carried out.
    fn race_rules(&self) -> RaceRules {
        RaceRules::default()
    }

    /// Room for the cookies that each user keeps of replies and sends with later requests; `None` when
    /// `set-cookie` is not heeded.
    fn cookies(&self) -> Option<CookieRoom> {
        None
    }

    /// Prepares what all users share: carried out once a run, by one user, before the clock
    /// starts.
    ///
    /// # Errors
    /// When the run cannot do without it: it is not started.
    fn set_up<L: Link>(
        &self,
        _user: &mut Session<L>,
    ) -> impl Future<Output = Result<(), SetUpFailure>> {
        async { Ok(()) }
    }

    /// Whether there is anything to prepare for all users: whether [`Script::set_up`] does anything.
    fn sets_up(&self) -> bool {
        false
    }

    /// What the set-up made that users of other machines are to have as well: a short text that only the
    /// same plan understands. `None` before the set-up, or when it makes nothing of that kind.
    fn shared(&self) -> Option<String> {
        None
    }

    /// Takes over what the set-up of another machine made ([`Script::shared`] there): there is none here
    /// then, and nothing is cleared away. False when `shared` is not of this plan.
    fn take_over(&self, _shared: &str) -> bool {
        false
    }

    /// Whether it did.
    fn has_taken_over(&self) -> bool {
        false
    }

    /// Whether this core clears away what was set up. Asked once by each core, when its users are gone.
    fn tears_down(&self) -> bool {
        false
    }

    /// Clears away what was set up: carried out once a run, by one user, when those of all cores are
    /// gone.
    fn tear_down<L: Link>(&self, _user: &mut Session<L>) -> impl Future<Output = ()> {
        async {}
    }

    /// One pass: draws a journey of the user's class by the user's own random stream, announces
    /// it with [`Session::begin_journey`] and carries it out.
    fn pass<L: Link>(&self, user: &mut Session<L>) -> impl Future<Output = Journey>;
}

/// What all users share could not be prepared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} could not be set up: {why}")]
pub struct SetUpFailure {
    /// What was to be prepared, for example `the flash sale's item`.
    pub what: &'static str,
    /// Why it is not there, and what to do.
    pub why: String,
}

/// A user that sits out looks this often whether the run is over, so that its idle time is known as it
/// passes.
const SIT_OUT_LOOK_NS: u64 = 100_000_000;

/// A virtual user. See the module's documentation.
pub struct Session<L> {
    link: L,
    recorder: Rc<RefCell<Recorder>>,
    heads: Arc<PreparedHeads>,
    class: u32,
    /// The user's index among all users of the run.
    user: u32,
    wait: WaitTime,
    rng: Rng,
    unique: UniqueNumbers,
    /// When the current step was due, for waits that count from due to due.
    step_due_ns: u64,
    /// When the next step is due.
    due_ns: u64,
    /// When the user last became free.
    free_ns: u64,
    /// What the generator's own lateness cost so far.
    lateness: OwnLateness,
    stopped: bool,
    /// Whether every failed step ends its journey.
    strict: bool,
    /// Position of the journey that the current pass carries out.
    journey: u16,
    /// Whether the current pass has not called anything yet.
    pass_begins: bool,
    /// Why the last call did not succeed; kept only for those that did not.
    trouble: Option<Box<Trouble>>,
    /// Requests in a row that could not be sent.
    unsent: u32,
    /// Until when the user keeps away from a target that could not be reached.
    rested_ns: u64,
    /// The first step of a fixed schedule that fell into the current back-off.
    skipped_from_ns: Option<u64>,
    /// How races are carried out.
    race_rules: RaceRules,
    /// What was asked and answered in the current journey, if that is kept.
    log: ExchangeLog,
    /// The racers of the current race.
    race_requests: Vec<RaceRequest>,
    /// When the last racer of the last race had left.
    last_left_ns: u64,
    /// The race that the journey had last, and its place in the sweep.
    last_race: Option<(&'static Race, Option<u32>)>,
    /// Whether the user takes part in a crowd.
    is_in_crowd: bool,
    /// What the target had it keep, where that is kept.
    cookies: Option<Box<CookieJar>>,
    /// What the user keeps from one request for the next, if the script has values.
    values: Box<UserValues>,
    /// Spreads back-offs, and gives trace ids; apart from `rng`, so that neither changes what is asked.
    jitter: Rng,
}

/// What a session starts with.
pub struct SessionStart {
    /// Index of the user's class in the plan.
    pub class: usize,
    /// Wait after each step.
    pub wait: WaitTime,
    /// Seed of the user's random stream.
    pub seed: u64,
    /// The user's span of unique numbers.
    pub unique: UniqueNumbers,
    /// When its first step is due.
    pub due_ns: u64,
}

impl<L: Link> Session<L> {
    /// A user that acts over `link` and is recorded by `recorder`.
    pub fn new(
        link: L,
        recorder: Rc<RefCell<Recorder>>,
        heads: Arc<PreparedHeads>,
        start: SessionStart,
    ) -> Self {
        Self {
            link,
            recorder,
            heads,
            // A plan has few.
            class: start.class as u32,
            user: start.unique.user_index(),
            wait: start.wait,
            rng: Rng::with_seed(start.seed),
            jitter: Rng::with_seed(!start.seed),
            unique: start.unique,
            step_due_ns: start.due_ns,
            due_ns: start.due_ns,
            free_ns: start.due_ns,
            lateness: OwnLateness::default(),
            stopped: false,
            strict: false,
            journey: 0,
            // Until the first pass: what a set-up calls is no journey.
            pass_begins: false,
            trouble: None,
            unsent: 0,
            rested_ns: 0,
            skipped_from_ns: None,
            race_rules: RaceRules::default(),
            log: ExchangeLog::default(),
            race_requests: Vec::new(),
            last_left_ns: 0,
            last_race: None,
            is_in_crowd: false,
            cookies: None,
            values: Box::default(),
        }
    }

    /// Index of the user's class in the plan.
    #[must_use]
    pub fn class(&self) -> usize {
        self.class as usize
    }

    /// The user's own random stream.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Whether the run, or this user's part in it, is over.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// The user's way to the shop.
    pub fn link(&mut self) -> &mut L {
        &mut self.link
    }

    /// Until when the user keeps away from a target that could not be reached; 0 when it does not.
    #[must_use]
    pub fn rested_ns(&self) -> u64 {
        self.rested_ns
    }

    /// Where the user is recorded.
    #[must_use]
    pub fn recorder(&self) -> &RefCell<Recorder> {
        &self.recorder
    }

    /// One pass of the script: its first call starts a journey, and its result ends it. A journey
    /// that the end of the run cuts short is neither completed nor aborted.
    pub async fn pass<S: Script>(&mut self, script: &S) -> Journey {
        self.pass_begins = true;
        self.log.forget();
        self.last_race = None;
        self.set_race_rules(script.race_rules());
        self.make_values(script.values());
        let ended = script.pass(self).await;
        if !self.pass_begins && !self.stopped {
            let mut recorder = self.recorder.borrow_mut();
            let counts = &mut recorder.interval().journeys[usize::from(self.journey)];
            match ended {
                Ok(()) => counts.completed += 1,
                Err(Abort) => counts.aborted += 1,
            }
        }
        ended
    }

    /// Prepares what all users share. Its calls belong to no journey.
    ///
    /// # Errors
    /// When the run cannot do without what could not be prepared.
    pub async fn set_up<S: Script>(&mut self, script: &S) -> Result<(), SetUpFailure> {
        self.pass_begins = false;
        self.make_values(script.values());
        script.set_up(self).await
    }

    /// Clears away what was set up. Its calls belong to no journey.
    pub async fn tear_down<S: Script>(&mut self, script: &S) {
        self.pass_begins = false;
        self.make_values(script.values());
        script.tear_down(self).await;
    }

    /// The user's way to the shop, when the user is done.
    #[must_use]
    pub fn into_link(self) -> L {
        self.link
    }

    /// Tells which journey the current pass carries out: its position among the plan's journeys.
    pub fn begin_journey(&mut self, position: u16) {
        self.journey = position;
    }

    /// From now on every step that failed, or that nobody knows the outcome of, ends its journey,
    /// or none does but those that say so. A step of a race that was refused has not failed.
    pub fn set_strict(&mut self, strict: bool) {
        self.strict = strict;
    }

    /// From now on races are carried out so; a pass takes the script's rules.
    pub fn set_race_rules(&mut self, rules: RaceRules) {
        self.race_rules = rules;
    }

    /// Does nothing until the run, or this user's part in it, is over.
    ///
    /// # Errors
    /// Always: there is nothing left to do.
    pub async fn sit_out(&mut self) -> Journey {
        loop {
            let since_ns = self.link.now_ns();
            let waited = self.link.until(since_ns + SIT_OUT_LOOK_NS).await;
            let idle_ns = self.link.now_ns().saturating_sub(since_ns) as i64;
            self.recorder.borrow_mut().interval().counters.beside_ns += idle_ns;
            if let Err(stopped) = waited {
                self.stop(stopped, u64::MAX);
                return Err(Abort);
            }
        }
    }

    /// An id that the user makes up itself, unique over users, cores and runs when `prefix` holds
    /// the run id: `prefix` and the user's next unique number.
    ///
    /// # Panics
    /// When the two are longer than an id can be, or `prefix` has characters that an id cannot
    /// have: programming errors.
    pub fn local_id(&mut self, prefix: &Id) -> Id {
        let mut number = [0; UNIQUE_TEXT_BYTES];
        self.unique.write_next(&mut number);
        prefix
            .followed_by(&number)
            .expect("a prefix leaves room for a unique number")
    }

    /// Waits for `pause_ns` before the next call may be due. For waits between the attempts of a
    /// set-up.
    pub fn pause(&mut self, pause_ns: u64) {
        self.due_ns = self.link.now_ns() + pause_ns;
    }

    /// Why the last call that did not succeed did not; `None` before the first one.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_deref()
    }

    /// Begins an open-model journey: it is due at `due_ns`, whenever the user became free, and its
    /// random stream and unique numbers are the arrival's, whoever carries it out; it has no cookies.
    pub fn begin_arrival(&mut self, due_ns: u64, seed: u64, unique: UniqueNumbers) {
        self.rng = Rng::with_seed(seed);
        self.values.begin_arrival(Some(unique.arrival_index()));
        self.unique = unique;
        self.due_ns = due_ns;
        self.forget_cookies();
    }

    /// Begins a span of activity: the user is free and its first step is due at `due_ns`. It is a new one,
    /// without cookies.
    pub fn begin_activity(&mut self, due_ns: u64) {
        self.forget_cookies();
        self.due_ns = due_ns;
        self.free_ns = due_ns;
        self.lateness = OwnLateness::default();
        self.stopped = false;
    }

    /// Waits for the due moment, sends, judges and records one call.
    async fn carry_out(&mut self, parts: &CallParts<'_>) -> Result<(Outcome, Option<Id>), Abort> {
        let due_ns = if parts.at_once {
            self.free_ns
        } else {
            self.step_due_ns = self.due_ns;
            self.due_ns
        };
        self.start_step(due_ns).await?;
        if parts.at_once {
            self.recorder.borrow_mut().interval().counters.followers += 1;
        }
        let drawn = (self.rng.clone(), self.unique.clone());
        let (mut bytes_out, body) = self.write_request(parts);
        let is_kept = self.log.is_kept() && self.log.has_room();
        if is_kept {
            self.keep_request(parts, body, due_ns);
        }
        let mut exchange = self.link.exchange().await;
        if exchange.again {
            // The same request once more, byte for byte.
            (self.rng, self.unique) = drawn;
            (bytes_out, _) = self.write_request(parts);
            exchange = self.link.exchange().await;
        }
        let (outcome, id) = self.record(parts, due_ns, bytes_out, &exchange);
        self.note_cookies(&exchange);
        if is_kept {
            self.keep_reply(&exchange, outcome);
        }
        self.link.forget_reply();
        self.free_ns = exchange.done_ns;
        if !parts.aside || exchange.result == Err(Broken::NotSent) {
            self.schedule_next(&exchange);
        }
        Ok((outcome, id))
    }

    /// What came of a call after which the journey goes on, unless the user is strict and it failed.
    fn goes_on(&self, came_of_it: (Outcome, Option<Id>)) -> Result<(Outcome, Option<Id>), Abort> {
        match came_of_it {
            (Outcome::Failed | Outcome::Unknown, _) if self.strict => Err(Abort),
            came_of_it => Ok(came_of_it),
        }
    }

    /// Waits until a step is due. The first one of a pass starts its journey.
    #[inline]
    async fn start_step(&mut self, due_ns: u64) -> Result<(), Abort> {
        if let Err(stopped) = self.link.until(due_ns).await {
            self.stop(stopped, due_ns);
            return Err(Abort);
        }
        if let Some(skipped_from_ns) = self.skipped_from_ns.take() {
            self.shed(skipped_from_ns, due_ns);
        }
        if std::mem::take(&mut self.pass_begins) {
            self.recorder.borrow_mut().interval().journeys[usize::from(self.journey)].started += 1;
        }
        Ok(())
    }

    /// Writes a request; gives its length and which body of its arena it has.
    #[inline]
    fn write_request(&mut self, parts: &CallParts<'_>) -> (u64, usize) {
        let now_ns = self.cookies.as_ref().map(|_| self.link.now_ns());
        let head = self.heads.of(parts.step);
        let mut beside = BesideHead {
            heads: &self.heads,
            jitter: &mut self.jitter,
            cookies: self.cookies.as_deref_mut().zip(now_ns),
        };
        let out = self.link.request_buffer();
        let mut body = 0;
        match parts.body {
            None => {
                head.append_without_body(parts.on, &self.values, out);
                beside.append(out, 0);
            }
            Some(arena) => {
                let index = parts.chosen.unwrap_or_else(|| arena.pick(&mut self.rng));
                let length = arena.patched_len(index, parts.with, &self.values);
                head.append(parts.on, &self.values, length, out);
                beside.append(out, 0);
                let filled = (parts.with, &self.values.own);
                arena.append(index, filled, &mut self.unique, out);
                body = index;
            }
        }
        (out.len() as u64, body)
    }

    #[inline]
    fn record(
        &mut self,
        parts: &CallParts<'_>,
        due_ns: u64,
        bytes_out: u64,
        exchange: &Exchange,
    ) -> (Outcome, Option<Id>) {
        let mut seen = ObservedExchange {
            step: parts.step,
            due_ns,
            free_ns: self.free_ns.max(exchange.ready_ns),
            sent_ns: Some(exchange.sent_ns),
            done_ns: exchange.done_ns,
            own_ns: 0,
            outcome: Outcome::Success,
            status: 0,
            reason: None,
            bytes_out,
            bytes_in: 0,
            body_bytes_in: 0,
        };
        let mut id = None;
        let judged;
        match exchange.result {
            Ok(reply) => {
                let body = self.link.body();
                seen.status = reply.status;
                seen.bytes_in = reply.bytes;
                seen.body_bytes_in = body.len() as u64;
                let pointed = || {
                    let path = parts.step.operation.path;
                    redirect::told(reply.status, self.link.head(), path, parts.on)
                };
                let operation = parts.step.operation;
                let read = match operation.reading {
                    None => read_success(parts.step, parts.judge, (reply.status, body), pointed),
                    Some(reading) => {
                        let reply = ReplyText {
                            status: reply.status,
                            head: self.link.head(),
                            body,
                        };
                        let kept = (None, &mut self.values.own, &mut self.rng);
                        read_by(reading, reply, kept, pointed)
                    }
                };
                match read {
                    Ok(found) => id = found,
                    Err(judgement) => {
                        judged = judgement;
                        seen.outcome = judged.0;
                        seen.reason = Some(&judged.1);
                    }
                }
            }
            Err(Broken::NotSent) => {
                seen.outcome = Outcome::Failed;
                seen.sent_ns = None;
                seen.bytes_out = 0;
                seen.reason = Some(self.link.reason());
            }
            Err(Broken::Lost) => {
                seen.outcome = Outcome::Unknown;
                seen.reason = Some(self.link.reason());
            }
        }
        if seen.sent_ns.is_some() {
            let could_send_ns = (self.free_ns, exchange.ready_ns);
            let lateness = &self.lateness;
            seen.own_ns = lateness.until_sent(due_ns, could_send_ns, exchange.sent_ns);
        }
        let mut recorder = self.recorder.borrow_mut();
        recorder.observe(&seen);
        recorder.follow(&seen, (id, parts.on), &self.values.own);
        self.lateness.hand_on(seen.own_ns, recorder.attention_ns());
        drop(recorder);
        if let Some(&reason) = seen.reason {
            let status = seen.status;
            note_trouble(&mut self.trouble, Trouble { status, reason });
        }
        (seen.outcome, id)
    }
}

#[cfg(test)]
mod cookie_tests;
#[cfg(test)]
mod journey_tests;
#[cfg(test)]
mod tests;
