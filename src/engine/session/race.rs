//! A race as journeys write it: several requests that leave together, and what came of each.

use super::beside_head::BesideHead;
use super::marks::mark_request;
use super::race_judgement::{body_of, judge};
use super::user_values::UserValues;
use super::{Abort, Session};
use crate::engine::allocations::make_room;
use crate::engine::awaited_start::AwaitedStart;
use crate::engine::link::{CalledOff, RaceRequest};
use crate::engine::recorder::ObservedExchange;
use crate::engine::socket_link::MOST_RACERS;
use crate::engine::{
    Arena, Barrier, Broken, Exchange, Id, Judge, Link, LoggedExchange, ReplyHead, Step, Values,
};
use crate::plan::{RaceOffset, UniqueNumbers};
use crate::stats::{
    Ending, OFFSET_BINS, Outcome, PROCESSES_COUNTED, Part, Race, RaceSeen, Reason, Round,
};
use fastrand::Rng;
use std::ops::Range;

/// A target that takes less for a request alone is too fast to tell from times alone whether it
/// handled two at once.
const TELLING_NS: u64 = 1_000_000;

/// A side of a race: so many requests that are alike.
#[derive(Clone, Copy)]
pub struct Racer<'a> {
    step: &'static Step,
    on: Option<&'a Id>,
    body: Option<&'a Arena>,
    chosen: Option<usize>,
    with: &'a [Id],
    judge: Judge,
    side: u8,
    times: usize,
    made: Option<&'a dyn MakesUp>,
}

/// Makes up what each request of a side has for itself.
pub trait MakesUp {
    /// Puts it among the user's values, and gives the body that goes with it; `None` for any.
    fn make_up(
        &self,
        values: &mut Values,
        drawn_from: (&mut Rng, &mut UniqueNumbers),
    ) -> Option<usize>;
}

impl<'a> Racer<'a> {
    /// One request of `step`, on side 0.
    #[must_use]
    pub fn of(step: &'static Step) -> Self {
        Self {
            step,
            on: None,
            body: None,
            chosen: None,
            with: &[],
            judge: step.operation.judge,
            side: 0,
            times: 1,
            made: None,
        }
    }

    /// The id in the path.
    #[must_use]
    pub fn on(self, id: &'a Id) -> Self {
        let on = Some(id);
        Self { on, ..self }
    }

    /// The body: one of the arena's for each request, drawn by the user's random stream.
    #[must_use]
    pub fn body(self, arena: &'a Arena) -> Self {
        let body = Some(arena);
        Self { body, ..self }
    }

    /// The body at `index` of the arena.
    #[must_use]
    pub fn body_at(self, arena: &'a Arena, index: usize) -> Self {
        Self {
            body: Some(arena),
            chosen: Some(index),
            ..self
        }
    }

    /// The ids that the body holds, in the order of their places.
    #[must_use]
    pub fn with(self, ids: &'a [Id]) -> Self {
        Self { with: ids, ..self }
    }

    /// The side of the race.
    #[must_use]
    pub fn side(self, side: u8) -> Self {
        Self { side, ..self }
    }

    /// So many requests, each on a connection of its own.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// What is made up anew for each request.
    #[must_use]
    pub fn making(self, made: &'a dyn MakesUp) -> Self {
        let made = Some(made);
        Self { made, ..self }
    }

    /// Whether this race or another decides what a refusal means.
    #[must_use]
    pub fn judged_by(self, judge: Judge) -> Self {
        Self { judge, ..self }
    }
}

/// Where the racers of a race stand in the user's exchange log: those of each side in the order in which
/// they were named.
pub type RacerRange = Range<usize>;

/// How a race was let go.
struct Start {
    due_ns: u64,
    /// When the user was ready for it.
    free_ns: u64,
    /// From when on the user was busy with it.
    since_ns: u64,
    offset_us: Option<i64>,
}

impl<L: Link> Session<L> {
    /// Waits for the due moment, lets all racers go at once and waits for all replies, each of
    /// which is a request under its step's name. Begins a log, unless the journey has.
    ///
    /// # Errors
    /// When the run is over before the start.
    pub async fn race(
        &mut self,
        race: &'static Race,
        racers: &[Racer<'_>],
    ) -> Result<RacerRange, Abort> {
        self.step_due_ns = self.due_ns;
        self.start_step(self.due_ns).await?;
        if self.race_rules.sequential {
            return self.race_one_by_one(racers).await;
        }
        let start = Start {
            due_ns: self.due_ns,
            free_ns: self.free_ns,
            since_ns: self.due_ns.max(self.free_ns),
            offset_us: self.draw_offset(racers),
        };
        self.write_requests(racers, &start).await;
        let ran = self
            .link
            .race(self.log.text(), &mut self.race_requests, None)
            .await;
        let range = self.finish_race(racers, &start);
        if ran.is_ok() {
            self.observe_racers(race, &range, start.offset_us);
        }
        Ok(range)
    }

    /// Gathers with a crowd and goes when all go; the common start is the due moment. Gives the
    /// place in the log and the size of the crowd; `None` when the crowd went without the user.
    /// Who is in a crowd does not see the whole race: see [`Session::observe_race`].
    ///
    /// # Errors
    /// When the run is over before the start.
    pub async fn race_in_crowd(
        &mut self,
        crowd: AwaitedStart<'_>,
        racer: Racer<'_>,
    ) -> Result<Option<(usize, u64)>, Abort> {
        self.step_due_ns = self.due_ns;
        self.start_step(self.due_ns).await?;
        let mut start = Start {
            due_ns: self.due_ns,
            free_ns: self.free_ns,
            since_ns: self.due_ns.max(self.free_ns),
            offset_us: None,
        };
        self.write_requests(&[racer], &start).await;
        let ran = self
            .link
            .race(self.log.text(), &mut self.race_requests, Some(crowd))
            .await;
        match ran {
            Err(why) => {
                self.link.return_connections();
                self.log.forget();
                self.free_ns = self.link.now_ns();
                match why {
                    CalledOff::Missed => Ok(None),
                    CalledOff::Stopped(stopped) => {
                        self.stop(stopped, start.due_ns);
                        Err(Abort)
                    }
                }
            }
            Ok(size) => {
                // Waiting for the others is no lag: all are due when the crowd is.
                let released_ns = self.race_requests[0].sent_ns.max(start.due_ns);
                start.due_ns = crowd.due_ns().unwrap_or(released_ns);
                let range = self.finish_race(&[racer], &start);
                Ok(Some((range.start, size)))
            }
        }
    }

    /// When the clock of the run started, on the monotonic clock.
    #[must_use]
    pub fn run_start_ns(&self) -> u64 {
        self.recorder.borrow().start_ns()
    }

    /// Takes part in the crowd of `barrier` from now on, if the user does not yet.
    pub fn join_crowd(&mut self, barrier: &Barrier) {
        if !std::mem::replace(&mut self.is_in_crowd, true) {
            barrier.join();
        }
    }

    /// Takes part in the crowd of `barrier` no more.
    pub fn leave_crowd(&mut self, barrier: &Barrier) {
        if std::mem::take(&mut self.is_in_crowd) {
            barrier.leave(self.link.now_ns());
        }
    }

    /// When the last racer of the user's last race had left.
    #[must_use]
    pub fn last_left_ns(&self) -> u64 {
        self.last_left_ns
    }

    /// What a race of `entries` showed of itself; its last request had left at `last_left_ns`.
    #[must_use]
    pub fn seen(&self, entries: &[LoggedExchange], last_left_ns: u64) -> RaceSeen {
        seen(entries, last_left_ns, self.recorder.borrow().floor_ns())
    }

    /// Writes down a round of a crowd, whose first request was sent at `first_ns`.
    pub fn end_round(&mut self, round: Round, first_ns: u64) {
        let mut recorder = self.recorder.borrow_mut();
        let at_us = first_ns.saturating_sub(recorder.start_ns()) / 1_000;
        let interval = recorder.interval();
        interval.end_round(Round { at_us, ..round });
    }

    /// Counts a race that others had a part in.
    pub fn observe_race(&mut self, race: &'static Race, seen: &RaceSeen) {
        self.last_race = Some((race, None));
        self.recorder.borrow_mut().observe_race(race, seen);
    }

    /// The racers one after the other, each due when the one before is done: no race at all.
    async fn race_one_by_one(&mut self, racers: &[Racer<'_>]) -> Result<RacerRange, Abort> {
        let first = self.begin_racers();
        let mut due_ns = self.due_ns;
        let mut last = None;
        for racer in racers {
            for _ in 0..racer.times {
                if let Err(stopped) = self.link.until(due_ns).await {
                    self.stop(stopped, due_ns);
                    return Err(Abort);
                }
                self.recorder.borrow_mut().interval().counters.followers +=
                    u64::from(last.is_some());
                self.ask_racer(racer, due_ns, 0);
                let request = self
                    .race_requests
                    .pop()
                    .map(|race_request| race_request.request);
                let request = &self.log.text()[request.unwrap_or_default()];
                self.link.request_buffer().extend_from_slice(request);
                let exchange = self.link.exchange().await;
                self.note_exchange(racer, self.log.entries().len() - 1, due_ns, &exchange);
                self.note_cookies(&exchange);
                self.free_ns = exchange.done_ns;
                due_ns = exchange.done_ns;
                last = Some(exchange);
                let outcome = self.log.entries().last().map(|entry| entry.outcome);
                if self.strict && matches!(outcome, Some(Outcome::Failed | Outcome::Unknown)) {
                    return Err(Abort);
                }
            }
        }
        if let Some(exchange) = &last {
            self.schedule_next(exchange);
        }
        Ok(first..self.log.entries().len())
    }

    /// Notes one exchange that was carried out alone.
    fn note_exchange(&mut self, racer: &Racer<'_>, index: usize, due_ns: u64, exchange: &Exchange) {
        let race_request = RaceRequest {
            ready_ns: exchange.ready_ns,
            sent_ns: exchange.sent_ns,
            left_ns: exchange.sent_ns,
            done_ns: exchange.done_ns,
            result: exchange.result,
            ..RaceRequest::at_start(0..0, 0)
        };
        let (head, body) = (self.link.head(), self.link.body());
        let UserValues { own, raced, .. } = &mut *self.values;
        let kept = (Some(&*own), raced, &mut self.rng);
        let asked = (racer.step, racer.judge, racer.on);
        let judged = judge(asked, exchange.result, (head, body), kept, || {
            *self.link.reason()
        });
        self.log.answer(index, body_of(exchange.result, body));
        self.rest_as_racers();
        let free_ns = self.free_ns;
        self.note_finish(racer, index, (due_ns, free_ns), &race_request, &judged);
    }

    fn begin_racers(&mut self) -> usize {
        if !self.log.is_kept() {
            self.log.begin();
        }
        self.log.begin_race();
        self.make_race_values();
        self.race_requests.clear();
        make_room(&mut self.race_requests, MOST_RACERS);
        self.log.entries().len()
    }

    fn draw_offset(&mut self, racers: &[Racer<'_>]) -> Option<i64> {
        let RaceOffset { from_us, to_us } = self.race_rules.offset?;
        let sides = racers.iter().map(|racer| racer.side).max();
        (sides == Some(1)).then(|| self.rng.i64(from_us..=to_us))
    }

    /// Writes all requests, and waits for as many connections.
    async fn write_requests(&mut self, racers: &[Racer<'_>], start: &Start) {
        self.begin_racers();
        for racer in racers {
            let shift_us = match (start.offset_us, racer.side) {
                (Some(offset_us), 0) => (-offset_us).max(0),
                (Some(offset_us), _) => offset_us.max(0),
                (None, _) => 0,
            };
            for _ in 0..racer.times {
                self.ask_racer(racer, start.due_ns, shift_us as u64 * 1_000);
            }
        }
        self.link.reserve(self.race_requests.len()).await;
    }

    fn ask_racer(&mut self, racer: &Racer<'_>, due_ns: u64, shift_ns: u64) {
        let now_ns = self.cookies.as_ref().map(|_| self.link.now_ns());
        let head = self.heads.of(racer.step);
        let (rng, unique) = (&mut self.rng, &mut self.unique);
        let made = racer
            .made
            .map(|made| made.make_up(&mut self.values, (rng, unique)));
        let chosen = racer.chosen.or(made.flatten());
        let values = &self.values.own;
        let mut body = None;
        let mut beside = BesideHead {
            heads: &self.heads,
            jitter: &mut self.jitter,
            cookies: self.cookies.as_deref_mut().zip(now_ns),
        };
        let entry = LoggedExchange::asked(racer.step, Part::Racer, racer.side, due_ns + shift_ns);
        let start = self.log.text().len();
        let request = self.log.ask(entry, |out| match racer.body {
            None => {
                head.append_without_body(racer.on, values, out);
                beside.append(out, start);
            }
            Some(arena) => {
                let index = chosen.unwrap_or_else(|| arena.pick(rng));
                let length = arena.patched_len(index, racer.with, values);
                head.append(racer.on, values, length, out);
                beside.append(out, start);
                arena.append(index, (racer.with, values), unique, out);
                body = Some((arena, index));
            }
        });
        mark_request(&mut self.log, head, &mut self.values, (body, racer.with));
        self.race_requests
            .push(RaceRequest::at_start(request, shift_ns));
    }

    /// Records every racer as a request, gives the connections back, and plans the next step.
    fn finish_race(&mut self, racers: &[Racer<'_>], start: &Start) -> RacerRange {
        let mut race_requests = std::mem::take(&mut self.race_requests);
        let first = self.log.entries().len() - race_requests.len();
        let all = racers
            .iter()
            .flat_map(|racer| std::iter::repeat_n(racer, racer.times));
        for (number, (racer, race_request)) in all.zip(&race_requests).enumerate() {
            let index = first + number;
            let (link, log) = (&self.link, &mut self.log);
            let UserValues { own, raced, .. } = &mut *self.values;
            let kept = (Some(&*own), raced, &mut self.rng);
            let judged = link.with_racer_body(number, |body| {
                log.answer(index, body_of(race_request.result, body));
                link.with_racer_head(number, |head| {
                    let asked = (racer.step, racer.judge, racer.on);
                    judge(asked, race_request.result, (head, body), kept, || {
                        link.racer_reason(number)
                    })
                })
            });
            if let (Some(cookies), Ok(_)) = (&mut self.cookies, race_request.result) {
                let host = self.heads.cookie_host();
                let done_ns = race_request.done_ns;
                link.with_racer_head(number, |head| cookies.note(host, head, done_ns));
            }
            let due = (start.due_ns + race_request.shift_ns, start.free_ns);
            self.note_finish(racer, index, due, race_request, &judged);
        }
        self.link.return_connections();
        self.rest_as_racers();
        let done_ns = race_requests
            .iter()
            .map(|race_request| race_request.done_ns)
            .max();
        let done_ns = done_ns.unwrap_or(start.due_ns);
        let left_ns = race_requests
            .iter()
            .map(|race_request| race_request.left_ns)
            .max();
        self.last_left_ns = left_ns.unwrap_or(0);
        self.note_busy_time(&race_requests, start.since_ns, done_ns);
        let owed_ns = self.lateness.carried(start.due_ns, start.free_ns);
        let attention_ns = self.recorder.borrow().attention_ns();
        self.lateness.hand_on(owed_ns, attention_ns);
        self.free_ns = done_ns;
        let unsent = race_requests
            .iter()
            .all(|race_request| race_request.result == Err(Broken::NotSent));
        self.schedule_next(&Exchange {
            again: false,
            ready_ns: 0,
            sent_ns: done_ns,
            done_ns,
            result: match unsent {
                true => Err(Broken::NotSent),
                false => Ok(ReplyHead {
                    status: 0,
                    bytes: 0,
                }),
            },
        });
        race_requests.clear();
        self.race_requests = race_requests;
        first..self.log.entries().len()
    }

    fn note_finish(
        &mut self,
        racer: &Racer<'_>,
        index: usize,
        (due_ns, free_ns): (u64, u64),
        race_request: &RaceRequest,
        (outcome, reason): &(Outcome, Option<Reason>),
    ) {
        let was_sent = race_request.result != Err(Broken::NotSent);
        let body_bytes_in = self.log.reply(index).len() as u64;
        let (status, bytes_in) = match race_request.result {
            Ok(head) => (head.status, head.bytes),
            Err(_) => (0, 0),
        };
        let entry = self.log.entry_mut(index);
        entry.due_ns = due_ns;
        entry.sent_ns = was_sent.then_some(race_request.sent_ns);
        entry.done_ns = race_request.done_ns;
        entry.status = status;
        entry.outcome = *outcome;
        entry.process = race_request.process;
        let bytes_out = race_request.request.len() as u64;
        // Waiting for connections and the common start are what a race is, and no lateness.
        let own_ns = match was_sent {
            true => self.lateness.carried(due_ns, free_ns),
            false => 0,
        };
        self.recorder.borrow_mut().observe(&ObservedExchange {
            step: racer.step,
            due_ns,
            free_ns: free_ns.max(race_request.ready_ns),
            sent_ns: was_sent.then_some(race_request.sent_ns),
            done_ns: race_request.done_ns,
            own_ns,
            outcome: *outcome,
            status,
            reason: reason.as_ref(),
            bytes_out: if was_sent { bytes_out } else { 0 },
            bytes_in,
            body_bytes_in,
        });
    }

    /// For Little's law: the user was busy once, with all racers.
    fn note_busy_time(&mut self, race_requests: &[RaceRequest], since_ns: u64, done_ns: u64) {
        let each = |race_request: &RaceRequest| {
            race_request
                .done_ns
                .saturating_sub(race_request.sent_ns.max(1)) as i64
        };
        let services: i64 = race_requests
            .iter()
            .filter(|race_request| race_request.result != Err(Broken::NotSent))
            .map(each)
            .sum();
        let busy = done_ns.saturating_sub(since_ns) as i64;
        let mut recorder = self.recorder.borrow_mut();
        let interval = recorder.interval();
        interval.counters.beside_ns += busy - services;
        interval.counters.followers += race_requests.len().saturating_sub(1) as u64;
    }

    fn observe_racers(&mut self, race: &'static Race, range: &RacerRange, offset_us: Option<i64>) {
        let entries = &self.log.entries()[range.clone()];
        let mut seen = self.seen(entries, self.last_left_ns);
        let offset_bin = self.race_rules.offset.zip(offset_us).map(|(sweep, _)| {
            let sent_ns = |side: u8| {
                let of_side = entries.iter().find(|entry| entry.side == side);
                of_side.and_then(|entry| entry.sent_ns).unwrap_or(0) as i64
            };
            sweep.bin_of((sent_ns(1) - sent_ns(0)) / 1_000, OFFSET_BINS)
        });
        if offset_us.is_some() {
            seen.spread_us = None;
            seen.offset_bin = offset_bin;
        }
        self.last_race = Some((race, offset_bin.map(|bin| bin as u32)));
        self.recorder.borrow_mut().observe_race(race, &seen);
    }
}

/// What a race of `entries` showed of itself.
fn seen(entries: &[LoggedExchange], last_left_ns: u64, floor_ns: Option<u64>) -> RaceSeen {
    let complete = entries.iter().all(|entry| entry.sent_ns.is_some());
    let first_ns = entries.iter().filter_map(|entry| entry.sent_ns).min();
    let first_done_ns = entries.iter().map(|entry| entry.done_ns).min();
    let replied = entries.iter().filter(|entry| entry.status > 0);
    let mut ending = Ending::default();
    for entry in entries {
        ending.add(entry.side, entry.outcome);
    }
    let spread_us = first_ns.map(|first_ns| last_left_ns.saturating_sub(first_ns) / 1_000);
    RaceSeen {
        ending,
        racers: entries.len() as u32,
        complete,
        spread_us: spread_us.filter(|_| complete),
        together: complete && first_done_ns.is_some_and(|done_ns| last_left_ns <= done_ns),
        overlapped: ending.all(Outcome::Conflict) > 0
            || floor_ns.is_some_and(|floor_ns| overlapped_in_time(entries, floor_ns)),
        first_side: replied
            .min_by_key(|entry| entry.done_ns)
            .map(|entry| entry.side),
        offset_bin: None,
        on: on_processes(entries),
    }
}

/// By process, how many were sent to it.
fn on_processes(entries: &[LoggedExchange]) -> [u16; PROCESSES_COUNTED] {
    let mut on = [0; PROCESSES_COUNTED];
    for entry in entries.iter().filter(|entry| entry.sent_ns.is_some()) {
        let place = usize::from(entry.process).min(PROCESSES_COUNTED - 1);
        on[place] += 1;
    }
    on
}

/// Whether times alone prove that a target handled two requests at once: the second reply came
/// sooner after the first than one request takes alone. Only where a request takes long against
/// the way to the target, and the first one did not stand in line.
fn overlapped_in_time(entries: &[LoggedExchange], floor_ns: u64) -> bool {
    let answered = entries.iter().filter(|entry| entry.status > 0);
    let (mut first_ns, mut second_ns) = (u64::MAX, u64::MAX);
    for entry in answered {
        let service_ns = entry.done_ns.saturating_sub(entry.sent_ns.unwrap_or(0));
        if service_ns < first_ns {
            (first_ns, second_ns) = (service_ns, first_ns);
        } else {
            second_ns = second_ns.min(service_ns);
        }
    }
    second_ns < u64::MAX
        && first_ns >= TELLING_NS
        && first_ns <= floor_ns.saturating_mul(3) / 2
        && second_ns - first_ns < first_ns / 4
}
