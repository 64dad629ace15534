//! Launching, following the leader to its end, and taking everything away again.

use super::engine::{Engine, UpRequest};
use super::error::LaunchError;
use super::kubernetes::OnKubernetes;
use super::launch::Launch;
use super::program::Program;
use super::record_home::bring_home;
use super::remote::{LeaderState, Remote};
use super::slurm::OnSlurm;
use super::ssh;
use super::stopping::Stopping;
use super::swarm::OnSwarm;
use crate::pieces::tell;
use crate::plan::{ExitCode, shown_lines};
use std::thread;
use std::time::{Duration, Instant};

/// How often a leader is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often looking may fail in a row.
const MOST_FAILED_LOOKS: u32 = 10;
/// How long the last words of a leader that has ended may take.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How often taking something away is tried, and how long is waited between.
const CLEANING: (u32, Duration) = (10, Duration::from_millis(500));

/// What launching would apply: as the engine's own program takes it.
///
/// # Errors
/// When it cannot be written.
pub fn printed(request: &UpRequest) -> Result<String, LaunchError> {
    let UpRequest { engine, launch } = request;
    Ok(match engine {
        Engine::Kubernetes(kubernetes) => OnKubernetes::new(launch, kubernetes)?.printed(),
        Engine::Swarm(swarm) => OnSwarm::new(launch, swarm)?.printed(),
        Engine::Slurm(slurm) => OnSlurm::new(launch, slurm)?.printed(),
        Engine::Ssh(hosts) => ssh::printed(launch, hosts),
    })
}

/// Launches a fleet, says what its leader says, brings its record here, and takes everything away. The
/// result is the leader's exit code.
///
/// What went wrong is told; what was launched by then is taken away nevertheless.
#[must_use]
pub fn carry_out(request: &UpRequest) -> ExitCode {
    carried_out(request).map_or_else(
        |error| {
            tell(format!("error: {}", shown_lines(&error.to_string())));
            error.exit_code()
        },
        ExitCode::told,
    )
}

fn carried_out(request: &UpRequest) -> Result<i32, LaunchError> {
    let UpRequest { engine, launch } = request;
    match engine {
        Engine::Kubernetes(kubernetes) => {
            follow(&mut OnKubernetes::new(launch, kubernetes)?, launch)
        }
        Engine::Swarm(swarm) => follow(&mut OnSwarm::new(launch, swarm)?, launch),
        Engine::Slurm(slurm) => follow(&mut OnSlurm::new(launch, slurm)?, launch),
        Engine::Ssh(hosts) => ssh::carry_out(launch, hosts),
    }
}

/// Takes everything away when it is dropped.
struct Cleaning {
    programs: Vec<Program>,
}

impl Drop for Cleaning {
    fn drop(&mut self) {
        for program in &self.programs {
            clean(program);
        }
    }
}

/// Something may still be in use a moment after what used it was taken away.
fn clean(program: &Program) {
    let (times, pause) = CLEANING;
    let mut last = None;
    for _ in 0..times {
        match program.answer() {
            Ok(_) => return,
            Err(missing @ LaunchError::Missing { .. }) => {
                last = Some(missing);
                break;
            }
            // What was never made, or went by itself, needs no more.
            Err(LaunchError::Failed { said, .. }) if is_absence(&said) => return,
            Err(error) => last = Some(error),
        }
        thread::sleep(pause);
    }
    if let Some(error) = last {
        tell(format!("warning: something is left: {error}"));
    }
}

fn is_absence(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    let absences = [
        "not found",
        "no such service",
        "nothing found",
        "no such secret",
    ];
    absences.iter().any(|absence| said.contains(absence))
}

fn follow(remote: &mut impl Remote, launch: &Launch) -> Result<i32, LaunchError> {
    let stopping = Stopping::listen();
    let mut cleaning = Cleaning {
        programs: Vec::new(),
    };
    let mut programs = remote.before();
    programs.extend(remote.apply());
    let mut answer = String::new();
    for program in &programs {
        answer = program.answer().inspect_err(|error| {
            // Without its program there is nothing to take away, and nothing to do it with.
            if !matches!(error, LaunchError::Missing { .. }) {
                cleaning.programs = remote.clean();
            }
        })?;
    }
    let heard = remote.applied(&answer);
    cleaning.programs = remote.clean();
    heard?;
    tell(format!(
        "{}: {} shards are launched; Ctrl-C stops the run",
        launch.name(),
        launch.shards
    ));
    begun(remote, launch, &stopping)?;
    let code = ended(remote, &stopping)?;
    if let (Some(code), Some(program)) = (code, remote.fetch()) {
        bring_home(&program, &launch.results)?;
        return Ok(code);
    }
    Ok(code.unwrap_or_else(|| ExitCode::Interrupted.value().into()))
}

/// Waits until the leader has begun.
fn begun(
    remote: &mut impl Remote,
    launch: &Launch,
    stopping: &Stopping,
) -> Result<(), LaunchError> {
    let since = Instant::now();
    let mut told = String::new();
    loop {
        if stopping.asked() > 0 {
            return Err(LaunchError::Stopped);
        }
        let (state, is_hopeless) = match remote.state()? {
            LeaderState::Running | LeaderState::Ended(_) => return Ok(()),
            LeaderState::Gone(state) => return Err(LaunchError::Gone { state }),
            LeaderState::Waiting(state) => (state, false),
            LeaderState::Hopeless(state) => (state, true),
        };
        if is_hopeless || since.elapsed() > launch.start_limit {
            return Err(LaunchError::NotBegun {
                waited_s: since.elapsed().as_secs(),
                state,
                look: remote.look(),
            });
        }
        if state != told {
            tell(format!("waiting for the leader: {state}"));
            told = state;
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Says what the leader says, to its end; `None` when it was cut off.
fn ended(remote: &mut impl Remote, stopping: &Stopping) -> Result<Option<i32>, LaunchError> {
    let mut stream = remote.stream(false).begin()?;
    let mut heard_stops = 0;
    let mut failed_looks = 0;
    let code = loop {
        let asked = stopping.asked();
        if asked > 1 {
            return Ok(None);
        }
        if asked > heard_stops {
            heard_stops = asked;
            let stop = remote.stop().map(|program| program.answer());
            if let Some(Err(error)) = stop {
                tell(format!("warning: the leader could not be asked: {error}"));
            }
        }
        match remote.state() {
            Ok(LeaderState::Ended(code)) => break code,
            Ok(LeaderState::Gone(state)) => return Err(LaunchError::Gone { state }),
            Ok(_) => {
                failed_looks = 0;
                if stream.ended().is_some() {
                    stream = remote.stream(true).begin()?;
                }
            }
            Err(error) => {
                failed_looks += 1;
                if failed_looks >= MOST_FAILED_LOOKS {
                    return Err(error);
                }
            }
        }
        thread::sleep(LOOK_EVERY);
    };
    let since = Instant::now();
    while stream.ended().is_none() && since.elapsed() < LAST_WORDS {
        thread::sleep(LOOK_EVERY / 5);
    }
    Ok(Some(code))
}
