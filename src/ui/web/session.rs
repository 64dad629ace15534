//! The load tests of a page, one after the other: started, steered and stopped by what it asks for.

use super::board::{Board, Card};
use super::marks::Ramp;
use super::order::{FormField, Refusal, SwarmOrder};
use crate::pieces::tell;
use crate::plan::{
    ClassShare, ExitCode, LONGEST_DURATION, Load, Pacing, Plan, RunId, Stage, Target,
    parse_duration,
};
use crate::record::RunFacts;
use crate::report::LiveFace;
use crate::run::{self, Face, Follower, LiveRun, RunControl, RunRequest, RunState};
use crate::ui::{MetricsFace, crowd};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};

/// Connections to the page at the same time, beside which its load tests have to do.
pub const MOST_CONNECTIONS: usize = 256;
/// Descriptors that the page takes at most.
const DESCRIPTORS: u64 = crowd::descriptors(MOST_CONNECTIONS);

/// Makes plans of the start form's orders.
pub trait PlanOrder: Send + Sync {
    /// The run that `order` asks for, with this seed and run id where none was typed.
    ///
    /// # Errors
    /// When it cannot be: in one sentence, for the user.
    fn plan(&self, order: &SwarmOrder, seed: u64, run_id: RunId) -> Result<Planned, Refusal>;
}

/// A run that is planned.
#[derive(Debug)]
pub struct Planned {
    /// What is to be done.
    pub request: RunRequest,
    /// The command that does the same without a page, as a shell takes it and without passwords.
    pub command: String,
    /// Its words, with all that stands in them.
    pub words: Vec<String>,
}

/// Carries out what the page asks for. Its methods may block for as long as a run takes to start.
pub struct PageSession {
    board: Arc<Board>,
    planner: Box<dyn PlanOrder>,
    current: Mutex<Option<Current>>,
}

/// The latest load test.
struct Current {
    control: RunControl,
    director: JoinHandle<ExitCode>,
}

impl PageSession {
    /// Shows what it does on `board`.
    #[must_use]
    pub fn new(board: Arc<Board>, planner: Box<dyn PlanOrder>) -> Self {
        Self {
            board,
            planner,
            current: Mutex::new(None),
        }
    }

    /// Starts a load test, and waits until its clock starts.
    ///
    /// # Errors
    /// When one is on its way, the order is wrong, or the target cannot be reached or may not be:
    /// in one sentence, for the user.
    pub fn start(&self, order: &SwarmOrder) -> Result<(), Refusal> {
        let mut current = self.lock();
        if current
            .as_ref()
            .is_some_and(|test| !test.director.is_finished())
        {
            return Err("a load test is on its way; stop it first".into());
        }
        let (seed, run_id) = fresh();
        let Planned {
            mut request,
            command,
            words: _,
        } = self.planner.plan(order, seed, run_id)?;
        let of_metrics = MetricsFace::descriptors_for(&request.output.metrics);
        request.room = Some(run::room_for(&request, DESCRIPTORS + of_metrics));
        let control = RunControl::new(&request);
        let (starting, started) = bounded(1);
        let test = Test {
            board: Arc::clone(&self.board),
            control: control.clone(),
            starting,
        };
        self.board.begin();
        let director = thread::Builder::new()
            .name("director".to_owned())
            .spawn(move || test.carry_out(&request, command))
            .map_err(|error| {
                let why = format!("no thread for the load test: {error}");
                self.board.failed(&why);
                why
            })?;
        let thread = director.thread().id();
        *current = Some(Current { control, director });
        drop(current);
        wait_for_start(&started).inspect_err(|_| self.lay_aside(thread))?;
        Ok(())
    }

    /// Waits for the end of the load test that `thread` directs and that did not start: whoever is told so may
    /// start another one at once.
    fn lay_aside(&self, thread: ThreadId) {
        let mut current = self.lock();
        let is_it = |test: &mut Current| test.director.thread().id() == thread;
        if let Some(test) = current.take_if(is_it) {
            // How it ended was told.
            let _ = test.director.join();
        }
    }

    /// Changes the users of the load test that is on its way.
    ///
    /// # Errors
    /// When none is, or it cannot have that many: in one sentence, for the user.
    pub fn set_users(&self, order: &SwarmOrder) -> Result<(), Refusal> {
        let number = |field, text: &Option<String>| -> Result<Option<f64>, Refusal> {
            let read = text.as_ref().map(|text| match text.parse::<f64>() {
                Ok(number) if number > 0.0 => Ok(number),
                _ => Err(Refusal {
                    field: Some(field),
                    why: format!("{field} `{text}`: give a number above 0"),
                }),
            });
            read.transpose()
        };
        let missing = || Refusal::of(FormField::Users, "say how many users");
        let users = number(FormField::Users, &order.users)?.ok_or_else(missing)?;
        if users.fract() != 0.0 || users > f64::from(u32::MAX) {
            return Err(Refusal::of(FormField::Users, "give a whole number"));
        }
        let spawn_rate = number(FormField::SpawnRate, &order.spawn_rate)?;
        let control = self.control().ok_or("no load test is on its way")?;
        self.board.look(|inside| {
            inside
                .card
                .as_ref()
                .map_or(Ok(()), |card| keeps(order, card))
        })?;
        let before = control.target().map(|(_, rate)| rate);
        let rate = spawn_rate.or(before).unwrap_or(f64::INFINITY);
        let users = users as u32;
        control.set_users(users, rate).map_err(|error| Refusal {
            field: Some(FormField::Users),
            why: error.to_string(),
        })?;
        self.board.retargeted(users, spawn_rate);
        Ok(())
    }

    /// Stops the load test, if one is on its way, and returns at once.
    pub fn stop(&self) {
        if let Some(control) = self.control() {
            self.board.stopping();
            control.stop();
        }
    }

    /// Lets the figures start again from nothing.
    ///
    /// # Errors
    /// When no load test is on its way: in one sentence, for the user.
    pub fn reset(&self) -> Result<(), String> {
        let control = self
            .control()
            .filter(|control| control.state() == RunState::Running);
        control
            .ok_or("no load test is on its way: its figures stay as they are")?
            .reset();
        Ok(())
    }

    /// Waits for the end of the load test that is on its way, after Ctrl-C. Returns the exit code of
    /// the latest.
    pub fn settle(&self) -> ExitCode {
        let latest = self.lock().take();
        latest.map_or(ExitCode::Ok, |test| {
            // A run listens to Ctrl-C itself only once its target was reached.
            if test.control.state() == RunState::Preparing {
                test.control.stop();
            }
            let ended = test.director.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The handle of the load test that is on its way.
    fn control(&self) -> Option<RunControl> {
        let current = self.lock();
        let test = current.as_ref()?;
        (test.control.state() != RunState::Over).then(|| test.control.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait_for_start(started: &Receiver<Result<(), String>>) -> Result<(), String> {
    let ended = "the load test ended before it started; its log says why";
    started.recv().unwrap_or_else(|_| Err(ended.to_owned()))
}

/// Whether `order` leaves what a running load test cannot change as it is on `card`: a script may
/// send its whole form again.
fn keeps(order: &SwarmOrder, card: &Card) -> Result<(), Refusal> {
    let is_host = |text: &String| Target::parse(text).is_ok_and(|target| target.url() == card.host);
    let length_s = |text: &String| parse_duration(text).ok().map(|length| length.as_secs_f64());
    let classes: Option<Vec<ClassShare>> = order
        .classes
        .iter()
        .map(|text| ClassShare::parse(text).ok())
        .collect();
    let has = |share: &ClassShare| card.classes.contains(share);
    let are_classes = classes
        .is_some_and(|classes| classes.len() == card.classes.len() && classes.iter().all(has));
    let has_option = |word: &String| card.options.contains(&word.as_str());
    for (field, is_kept) in [
        (FormField::Host, order.host.as_ref().is_none_or(is_host)),
        (
            FormField::RunTime,
            order
                .run_time
                .as_ref()
                .is_none_or(|text| length_s(text) == card.run_time_s),
        ),
        (
            FormField::Profile,
            order
                .profile
                .as_ref()
                .is_none_or(|name| *name == card.profile),
        ),
        (
            FormField::Pacing,
            order
                .pacing
                .as_ref()
                .is_none_or(|word| *word == card.pacing),
        ),
        (FormField::Classes, order.classes.is_empty() || are_classes),
        (FormField::With, order.with.iter().all(has_option)),
    ] {
        if !is_kept {
            let why = "a running test keeps its own; stop it first, or send Users and Ramp up only";
            return Err(Refusal::of(field, why));
        }
    }
    Ok(())
}

/// What makes a run unlike others.
fn fresh() -> (u64, RunId) {
    (fastrand::u64(..), run::new_run_id())
}

/// One load test, on its director's thread.
struct Test {
    board: Arc<Board>,
    control: RunControl,
    starting: Sender<Result<(), String>>,
}

impl Test {
    fn carry_out(&self, request: &RunRequest, command: String) -> ExitCode {
        let muted = request.output.quiet || request.output.only_summary;
        let mut faces: Vec<Box<dyn Face>> = vec![
            Box::new(LiveFace::new(muted, request.plan.run_time.as_secs_f64())),
            Box::new(BoardFace {
                board: Arc::clone(&self.board),
                starting: self.starting.clone(),
                output: request.output.clone(),
            }),
        ];
        let metrics = MetricsFace::start(&request.output.metrics);
        let outcome = metrics.and_then(|metrics| {
            faces.extend(metrics.map(|metrics| Box::new(metrics) as Box<dyn Face>));
            run::carry_out(request, command, &self.control, &mut faces)
        });
        match outcome {
            Ok(finished) => {
                self.board.settled(finished.record);
                finished.exit_code
            }
            Err(error) => {
                let why = error.to_string();
                tell(format!("error: {why}"));
                self.board.failed(&why);
                // Nobody waits when the clock had started.
                let _ = self.starting.try_send(Err(why));
                error.exit_code()
            }
        }
    }
}

/// The page as a face: the board is told of the start, and of every second as soon as it is merged.
struct BoardFace {
    board: Arc<Board>,
    starting: Sender<Result<(), String>>,
    output: run::Output,
}

impl Face for BoardFace {
    fn descriptors(&self) -> u64 {
        DESCRIPTORS
    }

    fn follower(&mut self, _facts: &RunFacts) -> Option<Follower> {
        let board = Arc::clone(&self.board);
        Some(Box::new(move |live| board.second(live)))
    }

    fn begin(&mut self, run: &LiveRun<'_>) {
        self.board.started(card(run, &self.output));
        // Nobody waits when the server was closed meanwhile.
        let _ = self.starting.try_send(Ok(()));
    }

    fn finish(&mut self) {
        self.board.stopping();
    }
}

fn card(run: &LiveRun<'_>, output: &run::Output) -> Card {
    let Plan { load, run_time, .. } = run.plan;
    let history = output.csv_full_history.then(|| {
        let prefix = output.csv_prefix.clone();
        let mut path = prefix
            .unwrap_or_else(|| run.directory.join("stats"))
            .into_os_string();
        path.push("_stats_history.csv");
        path.into()
    });
    Card {
        host: run.plan.target.url(),
        profile: run.plan.profile.clone(),
        classes: run.plan.classes.clone(),
        users: run.plan.max_users(),
        spawn_rate: match load {
            Load::Closed { stages } => stages.first().map(|stage| stage.spawn_rate_per_s),
            Load::Open { .. } => None,
        },
        run_time_s: (*run_time < LONGEST_DURATION).then_some(run_time.as_secs_f64()),
        pacing: match run.plan.pacing {
            Pacing::Class => "class",
            Pacing::Max => "max",
        },
        options: run.plan.options.clone(),
        ramps: match load {
            Load::Closed { stages } => ramps(stages),
            Load::Open { .. } => Vec::new(),
        },
        directory: run.directory.to_owned(),
        full_history: history,
    }
}

/// Where the stages after the first begin.
fn ramps(stages: &[Stage]) -> Vec<Ramp> {
    let mut begin_us = 0;
    let later = stages.iter().zip(stages.iter().skip(1));
    let ramps = later.map(|(stage, next)| {
        begin_us += stage.duration_us;
        Ramp {
            at_s: begin_us as f64 / 1e6,
            users: next.users,
        }
    });
    ramps.collect()
}
