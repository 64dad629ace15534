//! A run that goes on: what members measure is merged, who is silent is lost, what is asked of the run is
//! passed on.

use super::Leader;
use crate::fleet::bus::{LeaderEvent, Order, Report};
use crate::fleet::handed_events::HandedEvents;
use crate::fleet::handed_over::HandedOver;
use crate::fleet::merging::Merging;
use crate::fleet::request::OnLost;
use crate::fleet::roll::{RollEntry, Standing, TOLD_SPREAD};
use crate::fleet::words::{
    CLEAR, CUT, Clear, EVENTS, REDIS_PATIENCE, REFUSED, Refused, STARTED, STEER, Said, Settled,
    Started, Steering,
};
use crate::pieces::{counted, tell};
use crate::run::RunState;
use crate::stats::{IntervalSink, RunContext, SteeringCommand};
use std::time::{Duration, Instant};

/// How long a member that was lost is waited for at the end.
const LOST_PATIENCE: Duration = Duration::from_secs(10);
/// A clock that was looked at longer ago is looked at again.
const CLOCK_AGE: Duration = Duration::from_secs(20);

impl Leader {
    /// Merges what comes; see [`crate::run::Fleet::collect`].
    pub fn collect_some(&mut self, merging: &mut Merging) -> bool {
        let events = self.heard();
        let is_news = !events.is_empty();
        for event in events {
            self.heed_running(event, merging);
        }
        if is_news {
            self.show(Some(merging));
        }
        merging.hand_on();
        self.pass_on();
        self.let_clear_away();
        self.give_up_redis(merging);
        self.tell_spread();
        let is_over = self.roll.all_over() && !self.waits_for_lost();
        if is_over {
            merging.hand_on_rest();
        }
        is_over
    }

    /// Whether somebody who was lost may still come back with what it measured.
    fn waits_for_lost(&self) -> bool {
        let run = self.run.as_ref();
        let since = run.and_then(|run| run.lost_since);
        let is_silent =
            |(_, entry): (u32, &RollEntry)| entry.lost.is_some() && !entry.has_told_all();
        self.roll.members().any(is_silent)
            && since.is_some_and(|since| since.elapsed() < LOST_PATIENCE)
    }

    /// Without Redis nobody is heard, and nobody lost: but once its load is over no member waits for it for ever,
    /// nor does the leader.
    fn give_up_redis(&mut self, merging: &mut Merging) {
        let (Some(away_for), Some(run)) = (self.bus.away_for(), &self.run) else {
            return;
        };
        let lasts_ns = u64::try_from(run.lasts.as_nanos()).unwrap_or(u64::MAX);
        let planned_ns = run.start_ns.saturating_add(lasts_ns);
        let end_ns = run.stopped_ns.map_or(planned_ns, |it| it.min(planned_ns));
        let since_end = Duration::from_nanos(self.bus.now_ns().saturating_sub(end_ns));
        if away_for.min(since_end) < REDIS_PATIENCE + LOST_PATIENCE {
            return;
        }
        for shard in 0..self.roll.shards() {
            let entry = self.roll.entry(shard);
            if entry.is_some_and(|entry| !entry.is_over()) {
                let at_s = self.told_s(shard);
                let why = "Redis stays away; it does what the plan says, and keeps its record";
                self.lose(shard, at_s, why.to_owned(), merging);
            }
        }
        // They were waited for already.
        if let Some(run) = &mut self.run {
            run.lost_since = None;
        }
    }

    fn heed_running(&mut self, event: LeaderEvent, merging: &mut Merging) {
        match event {
            LeaderEvent::Said { shard, report } => self.hear(shard, report, merging),
            LeaderEvent::Lost { shard, silent_for } => {
                let told_s = self.told_s(shard);
                let why = format!("silent for {:.0} s", silent_for.as_secs_f64());
                self.lose(shard, told_s, why, merging);
            }
            LeaderEvent::HeardAgain { shard } => {
                tell(format!("{} is heard again", self.named(shard)));
                if let Some(entry) = self.roll.entry(shard) {
                    entry.lost = None;
                }
            }
            LeaderEvent::Missing { shard, reports } => {
                if let Some(entry) = self.roll.entry(shard) {
                    entry.missing += reports;
                }
                tell(format!(
                    "warning: {} of {} never came: Redis forgot them",
                    counted(reports, "report"),
                    self.named(shard)
                ));
            }
            other => self.heed_place(other),
        }
    }

    fn told_s(&mut self, shard: u32) -> f64 {
        let told_us = self.roll.entry(shard).map_or(0, |entry| entry.told_us);
        told_us as f64 / 1e6
    }

    fn note_loss(&mut self, loss: String) {
        if let Some(run) = &mut self.run {
            run.losses.push(loss);
        }
    }

    fn lose(&mut self, shard: u32, at_s: f64, why: String, merging: &mut Merging) {
        let then = match self.leading.on_lost {
            OnLost::Continue => "the others go on, and nobody takes its part",
            OnLost::Stop => "the run ends (--on-lost stop)",
        };
        tell(format!(
            "warning: {} is lost from second {at_s:.0} on: {why}; {then}",
            self.named(shard)
        ));
        if let Some(entry) = self.roll.entry(shard) {
            entry.lost = Some((at_s, why));
        }
        merging.lose(shard);
        let stops = self.leading.on_lost == OnLost::Stop;
        if let Some(run) = &mut self.run {
            run.lost_since = Some(Instant::now());
            if stops {
                run.control.stop();
            }
        }
    }

    fn hear(&mut self, shard: u32, report: Report, merging: &mut Merging) {
        match report {
            Report::Interval { round, body, .. } if round == self.round => {
                match merging.add(shard, &body) {
                    Ok(Some(end_us)) => {
                        if let Some(entry) = self.roll.entry(shard) {
                            entry.told_us = entry.told_us.max(end_us);
                            entry.told += 1;
                        }
                    }
                    Ok(None) => {}
                    Err(error) => {
                        if let Some(entry) = self.roll.entry(shard) {
                            entry.missing += 1;
                        }
                        tell(format!(
                            "warning: a second of {}: {error}",
                            self.named(shard)
                        ));
                    }
                }
            }
            Report::Settled { round, clock, body } if round == self.round => {
                if let Some(settled) = Settled::read(&body) {
                    let early = settled.interrupted && !self.is_called_off();
                    if early {
                        let at_s = settled.measured_s;
                        tell(format!(
                            "warning: {} was stopped there at second {at_s:.0}",
                            self.named(shard)
                        ));
                        if let Some(entry) = self.roll.entry(shard) {
                            entry.stopped_s = Some(at_s);
                        }
                    }
                    let losses = settled.losses.iter();
                    let losses: Vec<String> = losses
                        .map(|loss| format!("{}: {loss}", self.named(shard)))
                        .collect();
                    losses.into_iter().for_each(|loss| self.note_loss(loss));
                    if let Some(entry) = self.roll.entry(shard) {
                        entry.clock_at_end = clock;
                        entry.standing = Standing::Settled(Box::new(settled));
                    }
                    merging.finish(shard);
                }
            }
            Report::Other { topic, body } if topic == STARTED => {
                let said = Started::read(&body).filter(|said| said.round == self.round);
                if let Some((said, entry)) = said.zip(self.roll.entry(shard)) {
                    entry.late_ns = Some(said.late_ns);
                }
            }
            Report::Other { topic, body } if topic == EVENTS => self.hand_in(shard, &body),
            Report::Other { topic, body } if topic == REFUSED => {
                let why = Refused::read(&body).map_or_else(String::new, |said| said.why);
                let at_s = self.told_s(shard);
                self.lose(shard, at_s, why, merging);
            }
            Report::Leaving { why } => {
                let is_over = self.roll.entry(shard).is_none_or(|entry| entry.is_over());
                if !is_over {
                    let at_s = self.told_s(shard);
                    self.lose(shard, at_s, format!("it left: {why}"), merging);
                }
            }
            Report::Trouble { says } => tell(format!("{}: {says}", self.named(shard))),
            _ => {}
        }
    }

    /// Tells the first shard, once, when no other one needs any more what it set up.
    fn let_clear_away(&mut self) {
        let is_settled = |entry: &RollEntry| matches!(entry.standing, Standing::Settled(_));
        let mut lost = Vec::new();
        let others = self.roll.members();
        for (shard, entry) in others.filter(|(shard, _)| *shard != HandedOver::MAKER) {
            match (is_settled(entry), &entry.lost) {
                (true, _) => {}
                (false, Some(_)) => lost.push(shard + 1),
                (false, None) => return,
            }
        }
        let round = self.round;
        let Some(run) = self.run.as_mut().filter(|run| !run.is_cleared) else {
            return;
        };
        run.is_cleared = true;
        self.give(&Order::Other {
            topic: CLEAR.to_owned(),
            body: Clear { round, lost }.to_bytes(),
        });
    }

    /// Hands in replies of a shard whose events are followed here.
    fn hand_in(&mut self, shard: u32, body: &[u8]) {
        let now_ns = self.bus.now_ns();
        let round = self.round;
        let Some(run) = &mut self.run else {
            return;
        };
        let (Some(events), Some(known)) = (&run.events, run.clock) else {
            return;
        };
        let is_old = now_ns.saturating_sub(known.measured_ns) > CLOCK_AGE.as_nanos() as u64;
        // Without Redis the last one stands, and is wrong by more and more.
        let clock = match is_old {
            true => self.bus.clock().unwrap_or(known),
            false => known,
        };
        run.clock = Some(clock);
        let odd = HandedEvents::read(body).map(|handed| handed.take_in(round, &clock, events));
        if odd != Some(0) && !std::mem::replace(&mut run.are_odd_events_told, true) {
            let named = self.named(shard);
            tell(format!("warning: events that {named} handed over are none"));
        }
    }

    /// Passes on what was asked of the run since.
    fn pass_on(&mut self) {
        let Some(run) = &mut self.run else {
            return;
        };
        let round = self.round;
        let commands = run.control.commands();
        let mut orders = Vec::new();
        for (at_us, command) in &commands[run.passed_on.min(commands.len())..] {
            if let SteeringCommand::Users {
                users,
                spawn_rate_per_s,
            } = command
            {
                let steering = Steering {
                    round,
                    at_us: *at_us,
                    users: *users,
                    spawn_rate_per_s: Some(*spawn_rate_per_s).filter(|rate| rate.is_finite()),
                };
                orders.push(Order::Other {
                    topic: STEER.to_owned(),
                    body: steering.to_bytes(),
                });
            }
        }
        run.passed_on = commands.len();
        let state = run.control.state();
        if matches!(state, RunState::Stopping | RunState::Over) && run.stopped_ns.is_none() {
            run.stopped_ns = Some(self.bus.now_ns());
            let why = match run.control.interruptions() {
                0 => "the leader ends the run",
                _ => "the leader was interrupted",
            };
            orders.push(Order::Stop {
                round,
                why: why.to_owned(),
            });
        }
        if run.control.interruptions() > 1 && !run.is_cut {
            run.is_cut = true;
            let cut = Steering {
                round,
                at_us: 0,
                users: 0,
                spawn_rate_per_s: None,
            };
            orders.push(Order::Other {
                topic: CUT.to_owned(),
                body: cut.to_bytes(),
            });
        }
        orders.iter().for_each(|order| self.give(order));
    }

    /// Says it once when the clocks started too far apart.
    fn tell_spread(&mut self) {
        let Some(spread) = self.roll.spread() else {
            return;
        };
        let Some(run) = &mut self.run else {
            return;
        };
        if !std::mem::replace(&mut run.is_spread_told, true) && spread.most > TOLD_SPREAD {
            let told = format!(
                "the shards' clocks started up to {:.1} ms apart",
                spread.most.as_secs_f64() * 1e3
            );
            tell(format!("warning: {told}"));
        }
    }

    /// Takes a context's sinks, and merges into them.
    pub fn merging(&self, context: RunContext, sinks: Vec<Box<dyn IntervalSink>>) -> Merging {
        Merging::new(&self.roll.prepared_members(), context, sinks)
    }

    /// Notes what came of each member.
    pub fn note_told(&mut self, merging: &Merging) {
        for shard in 0..self.roll.shards() {
            let (requests, told_us) = merging.told(shard);
            if let Some(entry) = self.roll.entry(shard) {
                (entry.requests, entry.told_us) = (requests, told_us);
            }
        }
    }
}
