//! `shopblast fleet join`: a machine that carries out its part of a run that another one leads.

use super::assignment::{Assignment, AssignmentError};
use super::bus::{
    ClockOffset as BusClock, JoinStep, JoinTerms, JoinWait, Joining, MeetingError, MemberBus,
    Report, Token,
};
use super::courier::{CarriedRun, Courier};
use super::handed_events::EventsCourier;
use super::handed_over::HandedOver;
use super::own_name::who;
use super::packed::packed;
use super::part_face::PartFace;
use super::plan_text::PlanText;
use super::request::FleetJoinRequest;
use super::words::{REDIS_PATIENCE, REFUSED, Refused, STARTED, Said, Settled, Started};
use crate::engine::{EventSampling, now_ns};
use crate::pieces::{counted, number_text, tell};
use crate::plan::{ClockOffset, ExitCode};
use crate::run::{
    self, Carriers, Face, Finished, PreparedPart, RunControl, RunError, RunRequest, StartAgreement,
};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Time between two looks whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(50);
/// Without a leader for so long it is told.
const LEADERLESS_TOLD: Duration = Duration::from_secs(3);
/// How long a leader that is gone is waited for where there is no load.
const LEADER_PATIENCE: Duration = Duration::from_secs(15);
/// Beyond the stop timeout, how long the others are waited for before what was set up is cleared away.
const CLEAR_PATIENCE: Duration = Duration::from_secs(30);

/// Joins a run, carries out this machine's part of it, and hands its record over.
///
/// # Errors
/// When it cannot join, or its part cannot be carried out.
pub fn join(request: FleetJoinRequest, command: String) -> Result<ExitCode, RunError> {
    let stops = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&stops);
    let _listening = run::listen(move || {
        if heard.fetch_add(1, Ordering::Relaxed) >= 2 {
            run::exit_at_once();
        }
    });
    let mut left = None;
    loop {
        let bus = match meet(&request, left, &stops) {
            Ok(Some(bus)) => bus,
            Ok(None) => return Ok(ExitCode::Interrupted),
            Err(MeetingError::NoLeader { .. }) if left.is_some() => return Ok(ExitCode::Ok),
            Err(error) => return Err(fleet_error(error, ExitCode::BadPlan)),
        };
        left = Some(bus.session());
        let exit_code = match take_part(&request, bus, &stops, &command) {
            Err(error) if request.stays && error.exit_code() == ExitCode::Interrupted => {
                // Its leader tries again: nothing is wrong here.
                tell(format!("not begun: {error}"));
                ExitCode::Interrupted
            }
            outcome => outcome?,
        };
        if !request.stays || stops.load(Ordering::Relaxed) > 0 {
            return Ok(exit_code);
        }
    }
}

/// Carries out this machine's part of the runs of one leader.
fn take_part(
    request: &FleetJoinRequest,
    bus: MemberBus,
    stops: &Arc<AtomicU32>,
    command: &str,
) -> Result<ExitCode, RunError> {
    let shard = (bus.shard(), bus.shards());
    if !request.quiet {
        let (run, leader) = (&request.meeting.run, bus.leader());
        tell(format!(
            "joined {run} as shard {} of {}, led by {leader}",
            shard.0 + 1,
            shard.1
        ));
    }
    let first = bus.plan().to_vec();
    let (courier, thread) = Courier::start(bus, request.quiet);
    let member = Membership {
        request,
        courier: courier.clone(),
        shard,
        stops: Arc::clone(stops),
        command: command.to_owned(),
    };
    let outcome = member.carry_out_all(first);
    let why = match &outcome {
        Ok(_) => "its part is over".to_owned(),
        Err(error) => error.to_string(),
    };
    courier.leave(&why);
    // It panics only by a defect, which it has told itself.
    let _ = thread.join();
    outcome
}

fn fleet_error(why: impl ToString, exit_code: ExitCode) -> RunError {
    RunError::Fleet {
        why: why.to_string(),
        exit_code,
    }
}

/// Waits for a leader and becomes a member; `None` when the user does not want to any more.
/// The leader of the session that was `left` is none.
fn meet(
    request: &FleetJoinRequest,
    left: Option<Token>,
    stops: &AtomicU32,
) -> Result<Option<MemberBus>, MeetingError> {
    let meeting = &request.meeting;
    let place = meeting.place();
    let terms = JoinTerms {
        run: meeting.run.clone(),
        secret: meeting.secret.clone(),
        who: who(),
        wish: request.shard,
        patience: request.wait,
        leaderless: LEADERLESS_TOLD,
        left,
        stays: request.stays,
    };
    let mut joining = Joining::new(Box::new(place), terms)?;
    let mut told = None;
    loop {
        if stops.load(Ordering::Relaxed) > 0 {
            return Ok(None);
        }
        let step = joining.turn(LOOK)?;
        for dropped in joining.take_dropped() {
            tell(format!("warning: {dropped}"));
        }
        let waits = match step {
            JoinStep::Joined(bus) => return Ok(Some(*bus)),
            JoinStep::Waiting(waits) => waits,
        };
        let kind = std::mem::discriminant(&waits);
        if told.replace(kind) != Some(kind) && !request.quiet {
            let (run, place) = (&meeting.run, &meeting.redis);
            match &waits {
                JoinWait::Place { why } => tell(format!("waiting for Redis: {why}")),
                JoinWait::Leader => tell(format!("waiting for the leader of {run} at {place}")),
                JoinWait::Plan => tell(format!("waiting for the plan of {run}")),
                JoinWait::Welcome { .. } => {}
            }
        }
    }
}

struct Membership<'a> {
    request: &'a FleetJoinRequest,
    courier: Courier,
    /// Which shard of how many.
    shard: (u32, u32),
    /// How often the user wanted to stop.
    stops: Arc<AtomicU32>,
    command: String,
}

/// What comes after a run.
enum Then {
    Next(u32, Vec<u8>),
    End,
}

impl Membership<'_> {
    /// Run after run, until the leader ends it.
    fn carry_out_all(&self, first: Vec<u8>) -> Result<ExitCode, RunError> {
        let folder = tempfile::Builder::new().prefix("shopblast-plan-").tempdir();
        let folder = folder.map_err(|error| {
            let why = format!("cannot make a folder for the plan: {error}");
            self.refused(why, ExitCode::BadPlan)
        })?;
        let (mut round, mut bytes) = (0, first);
        let mut plan = PlanText::default();
        loop {
            let assignment = Assignment::read(&bytes);
            let request = assignment.and_then(|mut assignment| {
                if let Some(text) = assignment.plan.take() {
                    plan = text;
                }
                let place = folder.path().join(round.to_string());
                Ok((self.request_of(&assignment, &plan, &place)?, assignment))
            });
            let (request, assignment) =
                request.map_err(|error| self.refused(error.to_string(), ExitCode::BadPlan))?;
            let finished = self.carry_out(request, &assignment, round)?;
            match self.afterwards(round, &finished)? {
                Then::Next(next, assigned) => (round, bytes) = (next, assigned),
                Then::End => break,
            }
            if self.stops.load(Ordering::Relaxed) > 0 {
                break;
            }
        }
        Ok(match self.stops.load(Ordering::Relaxed) {
            0 => ExitCode::Ok,
            _ => ExitCode::Interrupted,
        })
    }

    /// Tells the leader that this machine cannot.
    fn refused(&self, why: String, exit_code: ExitCode) -> RunError {
        let body = Refused {
            why: why.clone(),
            exit_code: exit_code.value(),
        };
        self.courier.say(Report::Other {
            topic: REFUSED.to_owned(),
            body: body.to_bytes(),
        });
        fleet_error(why, exit_code)
    }

    /// The run that was assigned, as this machine understands it and allows it.
    fn request_of(
        &self,
        assignment: &Assignment,
        plan: &PlanText,
        folder: &Path,
    ) -> Result<RunRequest, AssignmentError> {
        let words = assignment.words(plan, self.shard, folder, &self.request.own_words)?;
        let mut request = (self.request.parser.0)(words).map_err(AssignmentError::NotHere)?;
        let allowed = self.request.targets.check_target(&request.plan.target);
        allowed.map_err(|error| AssignmentError::NotHere(error.to_string()))?;
        assignment.apply(&mut request)?;
        request.output.silent = true;
        request.output.results.clone_from(&self.request.results);
        request.addresses = self.request.policy.clone();
        request.observers = crate::observe::ObserverConfig::default();
        Ok(request)
    }

    fn carry_out(
        &self,
        mut request: RunRequest,
        assignment: &Assignment,
        round: u32,
    ) -> Result<Finished, RunError> {
        let leaderless = assignment.leaderless_us.map(Duration::from_micros);
        let events = Arc::new(EventsCourier::new(
            self.courier.clone(),
            round,
            assignment.event_sample(),
        ));
        request.carriers = Carriers::Agreed(Arc::new(Agreement {
            courier: self.courier.clone(),
            round,
            leaderless,
            events: Arc::clone(&events),
            shards: self.shard.1,
        }));
        request.clock = self.courier.clock().map(|clock| ClockOffset {
            offset_us: wall_ahead_us(&clock),
            bound_us: clock.bound_ns.div_ceil(1_000),
        });
        let control = RunControl::new(&request);
        request.plan.shares_set_up = true;
        request.shared = Some(Arc::new(HandedOver {
            courier: self.courier.clone(),
            round,
            shard: self.shard.0,
            control: control.clone(),
            patience: request.plan.stop_timeout + CLEAR_PATIENCE,
            asked_since: OnceLock::new(),
        }));
        if self.stops.load(Ordering::Relaxed) > 0 {
            control.interrupt();
        }
        let face = PartFace::new(self.courier.clone(), round);
        let seconds = face.seconds();
        let mut faces: Vec<Box<dyn Face>> = vec![Box::new(face)];
        if !self.request.quiet {
            let shard = request.plan.shard;
            tell(format!(
                "shard {shard}: preparing {} of {} for {}",
                counted(request.plan.own_users().into(), "user"),
                request.plan.profile,
                request.plan.target.url()
            ));
        }
        let outcome = run::carry_out(&request, self.command.clone(), &control, &mut faces);
        self.courier.board(|board| board.run = None);
        // Before it is said that all was told.
        events.end();
        let finished = match outcome {
            Ok(finished) => finished,
            Err(error) => {
                self.refused(error.to_string(), error.exit_code());
                return Err(error);
            }
        };
        let record = &finished.record;
        if !self.request.quiet {
            let requests = number_text(record.totals.requests as f64);
            tell(format!(
                "shard {}: {requests} requests in {:.1} s; record: {}",
                request.plan.shard,
                record.measured_s,
                finished.directory.display()
            ));
        }
        let body = Settled {
            directory: finished.directory.display().to_string(),
            interrupted: record.interrupted,
            losses: record.losses.clone(),
            measured_s: record.measured_s,
            seconds: seconds.load(Ordering::Relaxed),
            generator: record.generator.clone(),
        };
        self.courier.say(Report::Settled {
            round,
            clock: self.courier.clock(),
            body: body.to_bytes(),
        });
        Ok(finished)
    }

    /// Hands the record over if it is wanted, and waits for what comes next.
    fn afterwards(&self, round: u32, finished: &Finished) -> Result<Then, RunError> {
        loop {
            let found = self.courier.wait_for(LOOK, |board| {
                let is_wanted = board.wanted == Some(round);
                let next = board.next.take_if(|(next, _)| *next > round);
                Some(match (is_wanted, next, &board.ended) {
                    (true, ..) => {
                        board.wanted = None;
                        Some(After::Wanted)
                    }
                    (false, Some((next, body)), _) => Some(After::Then(Then::Next(next, body))),
                    (false, None, Some(_)) => Some(After::Then(Then::End)),
                    (false, None, None) => None,
                })
                .flatten()
            });
            match found {
                Some(After::Then(then)) => return Ok(then),
                Some(After::Wanted) => self.hand_over(round, finished),
                None => {}
            }
            if let Some(why) = self.nobody_comes() {
                tell(format!(
                    "{why}: this shard's record stays in {}; `shopblast merge` makes one record of those of all \
                     shards",
                    finished.directory.display()
                ));
                return Ok(Then::End);
            }
        }
    }

    fn hand_over(&self, round: u32, finished: &Finished) {
        match packed(&finished.directory) {
            Ok(source) => self.courier.send_record(round, source),
            Err(error) => tell(format!(
                "warning: the record in {} cannot be sent: {error}",
                finished.directory.display()
            )),
        }
    }

    /// Why nobody is to be waited for any more; `None` while somebody is.
    fn nobody_comes(&self) -> Option<String> {
        if self.stops.load(Ordering::Relaxed) > 1 {
            return Some("stopped".to_owned());
        }
        self.courier.board(|board| {
            let silent_for = board.leaderless_since?.elapsed();
            let (limit, why) = match board.is_redis_away {
                true => (REDIS_PATIENCE, "Redis is away"),
                false => (LEADER_PATIENCE, "the leader is gone"),
            };
            (silent_for >= limit).then(|| why.to_owned())
        })
    }
}

/// How far this machine's wall clock is ahead of the server's: what people would see, and nothing that the
/// run goes by.
fn wall_ahead_us(clock: &BusClock) -> i64 {
    let wall = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let server_us = clock.server_us(now_ns());
    (wall.as_micros() as i64).saturating_sub_unsigned(server_us)
}

enum After {
    Wanted,
    Then(Then),
}

/// How this member comes to the start of all.
#[derive(Debug)]
struct Agreement {
    courier: Courier,
    round: u32,
    leaderless: Option<Duration>,
    events: Arc<EventsCourier>,
    /// Machines of the run.
    shards: u32,
}

impl StartAgreement for Agreement {
    fn event_sampling(&self, cores: usize) -> Option<EventSampling> {
        // What is followed is of all machines together, which have about as many cores as this one.
        self.events
            .begin(cores.saturating_mul(self.shards as usize))
    }

    fn agree(&self, part: &PreparedPart<'_>) -> Result<u64, RunError> {
        let away = || {
            fleet_error(
                "Redis is away before the start; nothing was sent",
                ExitCode::Unreachable,
            )
        };
        let clock = self.courier.clock().ok_or_else(away)?;
        let body = super::words::Prepared {
            hash: part.plan.hash(),
            cpus: part.plan.cores.clone(),
            connections: part.connections,
            delay_us: part.delay.as_micros() as u64,
            wall_ahead_us: wall_ahead_us(&clock),
        };
        self.courier.board(|board| {
            board.run = Some(CarriedRun {
                round: self.round,
                control: part.control.clone(),
                leaderless: self.leaderless,
            });
        });
        self.courier.say(Report::Prepared {
            round: self.round,
            clock,
            body: body.to_bytes(),
        });
        let at_us = loop {
            let found = self.courier.wait_for(LOOK, |board| {
                if let Some(why) = &board.ended {
                    return Some(Err(why.clone()));
                }
                let (round, at_us) = board.start?;
                (round == self.round).then_some(Ok(at_us))
            });
            match found {
                Some(Ok(at_us)) => break at_us,
                Some(Err(why)) => {
                    let why = format!("the leader ended it before the start: {why}");
                    return Err(fleet_error(why, ExitCode::Interrupted));
                }
                None if part.control.state() == run::RunState::Stopping => {
                    return Err(RunError::CalledOff);
                }
                None => {}
            }
            let gone = self.courier.board(|board| board.leaderless_since);
            if gone.is_some_and(|since| since.elapsed() >= LEADER_PATIENCE) {
                let why = "nobody leads any more; nothing was sent";
                return Err(fleet_error(why, ExitCode::Unreachable));
            }
        };
        let start_ns = clock.own_ns(at_us);
        let late_ns = now_ns().saturating_sub(start_ns);
        self.courier.say(Report::Other {
            topic: STARTED.to_owned(),
            body: Started {
                round: self.round,
                late_ns,
            }
            .to_bytes(),
        });
        Ok(start_ns)
    }
}
