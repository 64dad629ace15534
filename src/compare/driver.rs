//! Runs one plan against several configurations in turns. Every run is a process of its own, so
//! that none inherits anything of the one before.

use super::comparison::Side;
use super::evidence::{RunEvidence, Unusable};
use super::gathering::{GatheringError, gather};
use super::hook::{Duty, Hook, HookError, Occasion};
use super::process::{self, End, Stop};
use super::schedule::rounds;
use crate::pieces::{duration_text, rate_text, tell, time_left_text};
use crate::plan::ExitCode;
use crate::report::Ticking;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A configuration of the shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// What it is called.
    pub name: String,
    /// What brings it up and down; `None` when it is there already, or comes with the run's flags.
    pub hook: Option<Hook>,
    /// Flags of its runs, beside those of all runs.
    pub flags: Vec<OsString>,
}

/// Turns running in which every attempt was spoiled, after which it is no use going on.
const SPOILED_TURNS: usize = 2;

/// What is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparisonSetup {
    /// The configurations, the baseline first.
    pub configurations: Vec<Configuration>,
    /// Runs of each.
    pub repetitions: usize,
    /// Rounds before them that do not count.
    pub warm_up: usize,
    /// What comes before them: how a fleet is led that makes the runs, or nothing.
    pub before: Vec<OsString>,
    /// Flags of every run.
    pub flags: Vec<OsString>,
    /// How often a run that the generator spoiled is made again.
    pub retries: usize,
    /// The comparison's directory; must not be there yet.
    pub directory: PathBuf,
    /// Makes the runs' seeds: one a round, the same for all configurations.
    pub seed: u64,
    /// How long a run is to take.
    pub run_time: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct DrivenRuns {
    /// The sides, as many runs in each: those of complete rounds.
    pub sides: Vec<Side>,
    /// What a reader has to know.
    pub notes: Vec<String>,
    /// Why it ended before its time.
    pub cut_short: Option<DriveError>,
}

/// Why a comparison ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// A directory or file cannot be made.
    #[error("cannot make {}: {error}", path.display())]
    Create {
        /// What could not be made.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A hook failed.
    #[error("{0}")]
    Hook(#[from] HookError),
    /// A run did not take place.
    #[error("{name}, {round}: the run did not take place (exit {code}); it said, in {}:\n{said}", log.display())]
    Run {
        /// The configuration.
        name: String,
        /// The round, like `round 3`.
        round: String,
        /// Its exit code; −1 when it was killed.
        code: i32,
        /// Where its output went.
        log: PathBuf,
        /// The end of it.
        said: String,
    },
    /// A record cannot be read.
    #[error(transparent)]
    Record(#[from] GatheringError),
    /// The generator is the limit again and again.
    #[error(
        "{0}: the generator was at its limit in every attempt of two turns running; give it more cores (--cores) or a machine of its own, or lower the load"
    )]
    Saturated(String),
    /// Ctrl-C.
    #[error("interrupted: what was measured is compared")]
    Interrupted,
}

impl DriveError {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Interrupted => ExitCode::Interrupted,
            Self::Saturated(_) => ExitCode::GeneratorSaturated,
            Self::Hook(_) | Self::Run { code: 107, .. } => ExitCode::Unreachable,
            _ => ExitCode::BadPlan,
        }
    }
}

/// Carries the comparison out. Whatever happens, what was brought up is torn down.
///
/// # Errors
/// When nothing could be begun.
pub fn drive(setup: &ComparisonSetup, stop: &Stop) -> Result<DrivenRuns, DriveError> {
    std::fs::create_dir_all(&setup.directory).map_err(|error| DriveError::Create {
        path: setup.directory.clone(),
        error,
    })?;
    let mut stage = ComparisonDriver {
        setup,
        stop,
        up: None,
        spoiled: 0,
        notes: Vec::new(),
        began: Instant::now(),
        done: 0,
    };
    let mut sides: Vec<Side> = setup
        .configurations
        .iter()
        .map(|configuration| Side {
            name: configuration.name.clone(),
            runs: Vec::new(),
        })
        .collect();
    let mut cut_short = None;
    let order = rounds(sides.len(), setup.warm_up + setup.repetitions);
    'rounds: for (turn, order) in order.into_iter().enumerate() {
        for configuration in order {
            let ran = stage.turn(configuration, DriveRound::of(turn, setup.warm_up));
            stage.done += 1;
            match ran {
                Ok(_) if turn < setup.warm_up => {}
                Ok(run) => sides[configuration].runs.push(run),
                Err(error) => {
                    cut_short = Some(error);
                    break 'rounds;
                }
            }
        }
    }
    stage.clear();
    let complete = sides.iter().map(|side| side.runs.len()).min().unwrap_or(0);
    sides
        .iter_mut()
        .for_each(|side| side.runs.truncate(complete));
    Ok(DrivenRuns {
        sides,
        notes: std::mem::take(&mut stage.notes),
        cut_short,
    })
}

/// A round, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DriveRound {
    /// From 1, warm-up rounds on their own.
    number: usize,
    counts: bool,
}

impl DriveRound {
    fn of(turn: usize, warm_up: usize) -> Self {
        match turn.checked_sub(warm_up) {
            Some(turn) => Self {
                number: turn + 1,
                counts: true,
            },
            None => Self {
                number: turn + 1,
                counts: false,
            },
        }
    }
}

impl DriveRound {
    /// How many of its kind there are.
    fn among(self, setup: &ComparisonSetup) -> usize {
        match self.counts {
            true => setup.repetitions,
            false => setup.warm_up,
        }
    }
}

impl fmt::Display for DriveRound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.counts { "round" } else { "warm-up" };
        write!(formatter, "{word} {}", self.number)
    }
}

/// Where one configuration at a time is up.
struct ComparisonDriver<'a> {
    setup: &'a ComparisonSetup,
    stop: &'a Stop,
    /// The configuration that is up (or half up), and the round it was brought up in.
    up: Option<(usize, DriveRound)>,
    /// Turns running in which every attempt was spoiled.
    spoiled: usize,
    notes: Vec<String>,
    began: Instant,
    /// Turns that are over.
    done: usize,
}

/// Whatever happens: also when something panics.
impl Drop for ComparisonDriver<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

impl ComparisonDriver<'_> {
    /// One configuration's run of a round, repeated while the generator is the limit.
    fn turn(&mut self, configuration: usize, round: DriveRound) -> Result<RunEvidence, DriveError> {
        let name = &self.setup.configurations[configuration].name;
        for attempt in 0.. {
            self.bring_up(configuration, round)?;
            self.call(configuration, round, Duty::Reset)?;
            self.heed()?;
            let run = self.run(configuration, round, attempt)?;
            let spoiled = run.unusable == Some(Unusable::Saturated);
            self.tell(name, round, &run);
            if !spoiled || attempt == self.setup.retries {
                self.spoiled = if spoiled { self.spoiled + 1 } else { 0 };
                if self.spoiled == SPOILED_TURNS {
                    return Err(DriveError::Saturated(name.clone()));
                }
                if attempt > 0 {
                    self.notes.push(format!(
                        "{name}, {round}: the generator was at its limit in {attempt} {}, which {} made again",
                        if attempt == 1 { "run" } else { "runs" },
                        if attempt == 1 { "was" } else { "were" },
                    ));
                }
                return Ok(run);
            }
        }
        unreachable!("the attempts are bounded")
    }

    fn heed(&self) -> Result<(), DriveError> {
        match self.stop.asked() {
            0 => Ok(()),
            _ => Err(DriveError::Interrupted),
        }
    }

    /// Makes this configuration, and no other, the one that is up.
    fn bring_up(&mut self, configuration: usize, round: DriveRound) -> Result<(), DriveError> {
        if self.up.is_some_and(|(up, _)| up == configuration) {
            return Ok(());
        }
        self.clear();
        self.heed()?;
        // From here on there is something to tear down, even when this fails.
        self.up = Some((configuration, round));
        self.call(configuration, round, Duty::Up)
    }

    fn call(&self, configuration: usize, round: DriveRound, duty: Duty) -> Result<(), DriveError> {
        let Some(hook) = &self.setup.configurations[configuration].hook else {
            return Ok(());
        };
        let records = self.records(configuration, round, 0);
        let occasion = Occasion {
            name: &self.setup.configurations[configuration].name,
            round: round.to_string(),
            directory: &self.setup.directory,
            records: &records,
        };
        // Tearing down is not to be interrupted.
        let stop = (duty != Duty::Down).then_some(self.stop);
        let done = hook.call(duty, &occasion, stop);
        if duty != Duty::Down {
            self.heed()?;
        }
        Ok(done?)
    }

    /// Tears down what is up. A failure is told, and does not keep anything from going on.
    fn clear(&mut self) {
        let Some((configuration, round)) = self.up.take() else {
            return;
        };
        if let Err(error) = self.call(configuration, round, Duty::Down) {
            tell(format!("warning: {error}"));
            self.notes.push(error.to_string());
        }
    }

    /// Directory that an attempt's record is made in.
    fn records(&self, configuration: usize, round: DriveRound, attempt: usize) -> PathBuf {
        let name = &self.setup.configurations[configuration].name;
        let again = "-again".repeat(attempt);
        let place = match round.counts {
            true => format!("{:02}", round.number),
            false => format!("warm-up-{:02}", round.number),
        };
        self.setup.directory.join(format!("{place}-{name}{again}"))
    }

    fn run(
        &self,
        configuration: usize,
        round: DriveRound,
        attempt: usize,
    ) -> Result<RunEvidence, DriveError> {
        let records = self.records(configuration, round, attempt);
        let log = records.with_extension("log");
        let failed = |path: &Path, error| DriveError::Create {
            path: path.to_owned(),
            error,
        };
        let out = File::create(&log).map_err(|error| failed(&log, error))?;
        let err = out.try_clone().map_err(|error| failed(&log, error))?;
        let program =
            std::env::current_exe().map_err(|error| failed(Path::new("shopblast"), error))?;
        let mut command = Command::new(program);
        // What the user typed comes later and wins, but for the record's place.
        command
            .args(&self.setup.before)
            .args(["--only-summary", "--seed"])
            .arg(
                self.setup
                    .seed
                    .wrapping_add(round.number as u64)
                    .to_string(),
            )
            .args(&self.setup.flags)
            .args(&self.setup.configurations[configuration].flags)
            .arg("--results")
            .arg(&records)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        let told = self.tell_progress(configuration, round);
        let end = process::run(&mut command, None, Some(self.stop))
            .map_err(|error| failed(&log, error))?;
        drop(told);
        self.heed()?;
        let code = match end {
            End::Exited(status) => status.code().unwrap_or(-1),
            End::TimedOut => -1,
        };
        if !records.is_dir() {
            return Err(DriveError::Run {
                name: self.setup.configurations[configuration].name.clone(),
                round: round.to_string(),
                code,
                said: last_lines(&log),
                log,
            });
        }
        let mut runs = gather(&[records])?;
        Ok(runs.swap_remove(0))
    }

    /// Tells while a run goes on which it is, and how long all of them still take.
    fn tell_progress(&self, configuration: usize, round: DriveRound) -> Ticking {
        let setup = self.setup;
        let all = (setup.warm_up + setup.repetitions) * setup.configurations.len();
        let planned_s = setup.run_time.as_secs_f64();
        let turn_s = match self.done {
            0 => planned_s,
            done => self.began.elapsed().as_secs_f64() / done as f64,
        };
        let turn_s = turn_s.max(planned_s);
        let name = setup.configurations[configuration].name.clone();
        let of = round.among(setup);
        let (number, after) = (self.done + 1, (all - self.done.min(all)) as f64 - 1.0);
        Ticking::start(false, move |so_far| {
            let so_far_s = so_far.as_secs_f64();
            let left_s = (turn_s - so_far_s).max(0.0) + after.max(0.0) * turn_s;
            format!(
                "{round} of {of}, {name} (run {number} of {all}): for {so_far_s:.0} s, its load takes {planned_s:.0} s; about {} left in all",
                time_left_text(left_s)
            )
        })
    }

    fn tell(&self, name: &str, round: DriveRound, run: &RunEvidence) {
        use super::quantity::{ComparedQuantity, Percentile, Time};
        let values = run.steady.as_ref().unwrap_or(&run.whole);
        let value =
            |quantity: &ComparedQuantity| values.get(quantity).map_or(0.0, |value| value.value);
        let p99 = ComparedQuantity::Latency(Time::Response, Percentile::P99);
        let figures = match &run.unusable {
            Some(unusable) => unusable.why().to_owned(),
            None => format!(
                "{}/s, response p99 {}",
                rate_text(value(&ComparedQuantity::Throughput)),
                duration_text(value(&p99).round() as u64)
            ),
        };
        let of = round.among(self.setup);
        tell(format!("{round} of {of}, {name}: {figures}"));
    }
}

/// The end of a log, for a message.
fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    let lines: Vec<String> = lines.iter().rev().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
