//! The leader of a fleet: it has members prepare, starts them together, merges what they measure, passes on
//! what is asked of the run, and gathers their records.

mod records;
mod running;

use super::assignment::Assignment;
use super::bus::{
    ClockOffset, LeaderBus, LeaderEvent, LeaderTerms, MeetingPlace, Order, PlaceNews, Report,
    ShopsRedis, refuse_the_shops,
};
use super::handed_over::HandedOver;
use super::merging::Merging;
use super::own_name::who;
use super::plan_text::PlanText;
use super::request::Leading;
use super::roll::{Roll, Standing, exit_code_of};
use super::shown_members::{MembersFace, ShownMembers};
use super::words::{Prepared, REFUSED, Refused, SET_UP, Said, SetUp};
use crate::engine::EventSampling;
use crate::pieces::{counted, tell};
use crate::plan::{ExitCode, LONGEST_DURATION};
use crate::run::{FleetOrder, PreparedMember, RunControl, RunError, RunState};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Longest wait for something to hear.
const WAIT: Duration = Duration::from_millis(20);
/// How long members go on without a leader where the plan has no end.
const LEADERLESS: Duration = Duration::from_secs(15);
/// How long the first shard may take to set up what all share, once everybody has joined.
const SET_UP_WAIT: Duration = Duration::from_secs(600);

/// A leader that has its run's name.
pub struct Leader {
    bus: LeaderBus,
    leading: Leading,
    roll: Roll,
    /// What happened and was not dealt with.
    events: VecDeque<LeaderEvent>,
    /// Which of the runs is next, or goes on.
    round: u32,
    is_first: bool,
    run: Option<LedRun>,
    is_quiet: bool,
    shown: ShownMembers,
}

/// The run that goes on.
struct LedRun {
    control: RunControl,
    /// Hash of the plan.
    hash: String,
    start_ns: u64,
    /// How long the plan's load is.
    lasts: Duration,
    /// How this machine's clock is to the server's; `None` before the start.
    clock: Option<ClockOffset>,
    /// Where replies are handed in whose events are followed here.
    events: Option<EventSampling>,
    /// What the first shard set up for all, as it is passed on.
    set_up: Option<Vec<u8>>,
    /// Whether the first shard was told that nobody needs any more what it set up.
    is_cleared: bool,
    /// Commands that were passed on.
    passed_on: usize,
    /// When it was asked to end.
    stopped_ns: Option<u64>,
    is_cut: bool,
    is_spread_told: bool,
    are_odd_events_told: bool,
    lost_since: Option<Instant>,
    losses: Vec<String>,
}

fn fleet_error(why: impl Into<String>, exit_code: ExitCode) -> RunError {
    RunError::Fleet {
        why: why.into(),
        exit_code,
    }
}

impl Leader {
    /// Takes the run's name.
    ///
    /// # Errors
    /// When somebody else has it, or Redis cannot be reached.
    pub fn claim(leading: Leading, is_quiet: bool) -> Result<Self, RunError> {
        let meeting = &leading.meeting;
        let place = meeting.place();
        if !meeting.insists {
            let known: Vec<&str> = meeting.shops_keys.iter().map(String::as_str).collect();
            let observed = meeting.observed.as_ref();
            match refuse_the_shops(&meeting.redis, &place, observed, &known) {
                // Why it cannot be asked claiming tells.
                Ok(()) | Err(ShopsRedis::Store(_)) => {}
                Err(error) => return Err(fleet_error(error.to_string(), ExitCode::BadPlan)),
            }
        }
        Self::over(Box::new(place), leading, is_quiet)
    }

    /// The same at a place that is known.
    ///
    /// # Errors
    /// As [`Leader::claim`].
    fn over(
        place: Box<dyn MeetingPlace>,
        leading: Leading,
        is_quiet: bool,
    ) -> Result<Self, RunError> {
        let meeting = &leading.meeting;
        let terms = LeaderTerms {
            run: meeting.run.clone(),
            secret: meeting.secret.clone(),
            who: who(),
            shards: leading.shards,
        };
        let bus = LeaderBus::claim(place, terms);
        let bus = bus.map_err(|error| fleet_error(error.to_string(), ExitCode::BadPlan))?;
        Ok(Self {
            bus,
            roll: Roll::of(leading.shards),
            events: VecDeque::new(),
            round: 0,
            is_first: true,
            run: None,
            is_quiet,
            leading,
            shown: ShownMembers::default(),
        })
    }

    /// The same, which shows its members to `face`.
    #[must_use]
    pub fn showing_to(mut self, face: Option<MembersFace>) -> Self {
        self.shown = ShownMembers::to(face);
        self.show(None);
        self
    }

    /// Shows what is known of the members.
    fn show(&mut self, merging: Option<&Merging>) {
        let is_started = self.run.as_ref().is_some_and(|run| run.start_ns > 0);
        self.shown.show(&self.roll, is_started, merging);
    }

    /// Whether no other run can be carried out with these members.
    #[must_use]
    pub fn is_spoiled(&self) -> bool {
        let mut members = self.bus.members().values();
        self.roll.has_lost() || members.any(|member| member.has_left || member.is_lost())
    }

    /// Shows that the leader is there, while nothing else is done.
    pub fn keep(&mut self) {
        let events = self.bus.turn(Duration::ZERO);
        self.events.extend(events);
    }

    fn give(&mut self, order: &Order) {
        if let Err(error) = self.bus.give(order) {
            tell(format!("warning: not told to the shards: {error}"));
        }
    }

    fn tell(&self, text: impl Into<String>) {
        if !self.is_quiet {
            tell(text.into());
        }
    }

    /// What happened since, waiting a little.
    fn heard(&mut self) -> Vec<LeaderEvent> {
        let mut events: Vec<LeaderEvent> = self.events.drain(..).collect();
        let wait = if events.is_empty() {
            WAIT
        } else {
            Duration::ZERO
        };
        events.extend(self.bus.turn(wait));
        events
    }

    fn named(&self, shard: u32) -> String {
        let (number, of) = (shard + 1, self.roll.shards());
        let mut members = self.roll.members();
        match members.find(|(known, _)| *known == shard) {
            Some((_, entry)) => format!("shard {number} of {of} on {}", entry.who),
            None => format!("shard {number} of {of}"),
        }
    }

    /// Has all members prepare; see [`crate::run::Fleet::prepare`].
    ///
    /// # Errors
    /// When one of them cannot, or the run was called off.
    pub fn prepare(
        &mut self,
        order: &FleetOrder<'_>,
        text: (Option<PlanText>, &str),
    ) -> Result<Vec<PreparedMember>, RunError> {
        self.assign(order, text)?;
        let gathered = self.gather();
        if let Err(error) = &gathered {
            let why = error.to_string();
            self.end(&why);
        }
        gathered
    }

    /// Tells members what they are to do.
    fn assign(
        &mut self,
        order: &FleetOrder<'_>,
        text: (Option<PlanText>, &str),
    ) -> Result<(), RunError> {
        let mut assignment = Assignment::of(order.plan, text.0, text.1, order.room);
        let is_endless = order.plan.run_time >= LONGEST_DURATION;
        let leaderless = self.leading.leaderless.or(is_endless.then_some(LEADERLESS));
        assignment.leaderless_us = leaderless.map(|time| time.as_micros() as u64);
        assignment.event_sample = order.events.map(|events| events.sample().to_string());
        self.run = Some(LedRun {
            control: order.control.clone(),
            hash: assignment.hash.clone(),
            start_ns: 0,
            lasts: order.plan.run_time,
            clock: None,
            events: order.events.cloned(),
            set_up: None,
            is_cleared: false,
            passed_on: 0,
            stopped_ns: None,
            is_cut: false,
            is_spread_told: false,
            are_odd_events_told: false,
            lost_since: None,
            losses: Vec::new(),
        });
        let bytes = assignment.to_bytes();
        match std::mem::replace(&mut self.is_first, false) {
            true => {
                let published = self.bus.publish_plan(&bytes);
                published.map_err(|error| fleet_error(error.to_string(), ExitCode::BadPlan))?;
                self.tell(format!(
                    "waiting for {}: shopblast fleet join --redis {} --run {}",
                    counted(self.leading.shards.into(), "join"),
                    self.bus.shown_place(),
                    self.leading.meeting.run
                ));
            }
            false => {
                if self.roll.has_lost() {
                    let why =
                        "a shard of this fleet is lost, and its part has nobody; start it anew";
                    return Err(fleet_error(why, ExitCode::GeneratorSaturated));
                }
                self.round += 1;
                self.roll.begin_again();
                self.show(None);
                self.give(&Order::Next {
                    round: self.round,
                    body: bytes,
                });
            }
        }
        Ok(())
    }

    fn gather(&mut self) -> Result<Vec<PreparedMember>, RunError> {
        let give_up = Instant::now() + self.leading.join_wait;
        let mut all_joined = None;
        while !self.gather_some()? {
            let joined = self.roll.joined();
            if Instant::now() > give_up && joined < self.leading.shards as usize {
                return Err(fleet_error(
                    format!(
                        "{joined} of {} joined within {} s (--join-wait); nothing was sent",
                        counted(self.leading.shards.into(), "shard"),
                        self.leading.join_wait.as_secs()
                    ),
                    ExitCode::Unreachable,
                ));
            }
            if joined < self.leading.shards as usize || self.is_set_up() {
                continue;
            }
            let since = *all_joined.get_or_insert_with(Instant::now);
            if since.elapsed() > SET_UP_WAIT {
                let why = format!(
                    "{} did not set up what all share within {} s; nothing was sent",
                    self.named(HandedOver::MAKER),
                    SET_UP_WAIT.as_secs()
                );
                return Err(fleet_error(why, ExitCode::Unreachable));
            }
        }
        Ok(self.roll.prepared_members())
    }

    /// Hears what is there; whether all are prepared.
    fn gather_some(&mut self) -> Result<bool, RunError> {
        if self.is_called_off() {
            return Err(RunError::CalledOff);
        }
        let events = self.heard();
        let is_news = !events.is_empty();
        for event in events {
            self.heed_before_start(event)?;
        }
        if is_news {
            self.show(None);
        }
        Ok(self.roll.all_prepared())
    }

    fn is_set_up(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.set_up.is_some())
    }

    /// Passes on what the first shard set up; who joins later is told again.
    fn hand_over(&mut self, shard: u32, body: Vec<u8>) {
        let is_of_now = SetUp::read(&body).is_some_and(|set_up| set_up.round == self.round);
        let run = self.run.as_mut();
        if let Some(run) = run.filter(|_| is_of_now && shard == HandedOver::MAKER) {
            run.set_up = Some(body);
            self.give_set_up();
        }
    }

    fn give_set_up(&mut self) {
        let set_up = self.run.as_ref().and_then(|run| run.set_up.clone());
        if let Some(body) = set_up {
            self.give(&Order::Other {
                topic: SET_UP.to_owned(),
                body,
            });
        }
    }

    fn is_called_off(&self) -> bool {
        let control = self.run.as_ref().map(|run| &run.control);
        control.is_some_and(|control| control.state() == RunState::Stopping)
    }

    fn heed_before_start(&mut self, event: LeaderEvent) -> Result<(), RunError> {
        let refused = |why: String, code| Err(fleet_error(why, code));
        match event {
            LeaderEvent::Joined { shard, who } => {
                self.tell(format!(
                    "shard {} of {} joined: {who}",
                    shard + 1,
                    self.roll.shards()
                ));
                self.roll.join(shard, who);
                self.give_set_up();
            }
            LeaderEvent::Said { shard, report } => match report {
                Report::Prepared { round, clock, body } if round == self.round => {
                    let hash = self.run.as_ref().map(|run| run.hash.clone());
                    let said = Prepared::read(&body);
                    if said.as_ref().map(|said| &said.hash) != hash.as_ref() {
                        let why = format!("{} came to another plan", self.named(shard));
                        return refused(why, ExitCode::BadPlan);
                    }
                    if let Some(entry) = self.roll.entry(shard) {
                        entry.standing = Standing::Prepared;
                        entry.prepared = said;
                        entry.clock = Some(clock);
                    }
                }
                Report::Other { topic, body } if topic == SET_UP => self.hand_over(shard, body),
                Report::Other { topic, body } if topic == REFUSED => {
                    let said = Refused::read(&body);
                    let (why, code) = said
                        .map_or(("it does not say why".to_owned(), 104), |said| {
                            (said.why, said.exit_code)
                        });
                    let why = format!("{} cannot: {why}", self.named(shard));
                    return refused(why, exit_code_of(code));
                }
                Report::Leaving { why } => {
                    let why = format!("{} left before the start: {why}", self.named(shard));
                    return refused(why, ExitCode::Unreachable);
                }
                Report::Trouble { says } => self.tell(format!("{}: {says}", self.named(shard))),
                _ => {}
            },
            LeaderEvent::Lost { shard, .. } => {
                let why = format!("{} is silent; nothing was sent", self.named(shard));
                return refused(why, ExitCode::Unreachable);
            }
            other => self.heed_place(other),
        }
        Ok(())
    }

    /// What is told whenever it happens.
    fn heed_place(&mut self, event: LeaderEvent) {
        match event {
            LeaderEvent::Dropped(dropped) => tell(format!("warning: {dropped}")),
            LeaderEvent::Outranked { by } => tell(format!(
                "warning: {by} has taken this run's name while Redis was away; its shards are its own"
            )),
            LeaderEvent::Place(news) => match news {
                PlaceNews::Away { why } => tell(format!(
                    "warning: Redis is away: {why}; the shards go on, and it is tried again"
                )),
                PlaceNews::Back { after } => {
                    tell(format!("Redis is back after {:.1} s", after.as_secs_f64()));
                }
                PlaceNews::Full { why } => tell(format!(
                    "warning: Redis has no room: {why}; the shards go on and keep their records"
                )),
                PlaceNews::Room { after } => tell(format!(
                    "Redis has room again after {:.1} s",
                    after.as_secs_f64()
                )),
                PlaceNews::Refused { why } => tell(format!("warning: Redis refuses: {why}")),
            },
            LeaderEvent::Joined { .. }
            | LeaderEvent::Said { .. }
            | LeaderEvent::Lost { .. }
            | LeaderEvent::HeardAgain { .. }
            | LeaderEvent::Missing { .. } => {}
        }
    }

    /// Gives the order to start; see [`crate::run::Fleet::start`].
    ///
    /// # Errors
    /// When Redis does not take it.
    pub fn start(&mut self) -> Result<u64, RunError> {
        let started = self.order_start();
        if let Err(error) = &started {
            let why = error.to_string();
            self.end(&why);
        }
        started
    }

    fn order_start(&mut self) -> Result<u64, RunError> {
        let away = |error: String| {
            let why = format!("the start cannot be told to the shards; nothing was sent: {error}");
            fleet_error(why, ExitCode::Unreachable)
        };
        if self.round == 0 {
            self.bus.begin().map_err(|error| away(error.to_string()))?;
        }
        let clock = self.bus.clock().map_err(|error| away(error.to_string()))?;
        let at_us = clock.server_us(self.bus.now_ns() + self.roll.lead().as_nanos() as u64);
        self.give(&Order::Start {
            round: self.round,
            at_us,
        });
        self.keep();
        if self.bus.waiting_orders() > 0 {
            return Err(away("Redis takes nothing".to_owned()));
        }
        let start_ns = clock.own_ns(at_us);
        if let Some(run) = &mut self.run {
            run.start_ns = start_ns;
            run.clock = Some(clock);
        }
        Ok(start_ns)
    }

    /// All is over: members end.
    pub fn end(&mut self, why: &str) {
        self.give(&Order::End {
            why: why.to_owned(),
        });
        self.keep();
    }

    /// Waits until the members have gone, or not for long, and takes the run's keys away.
    pub fn leave(mut self, longest: Duration) {
        let give_up = Instant::now() + longest;
        let is_there = |leader: &Self| {
            let mut members = leader.bus.members().values();
            members.any(|member| !member.has_left && !member.is_lost())
        };
        while is_there(&self) && Instant::now() < give_up {
            for event in self.bus.turn(WAIT) {
                self.heed_place(event);
            }
        }
        // Where Redis is away the keys go by themselves.
        let _ = self.bus.leave();
    }
}

#[cfg(test)]
mod tests;
