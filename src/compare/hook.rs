//! The user's commands that bring a configuration up, reset it and tear it down.

use super::process::{self, End, Stop};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a hook is asked to do: its last argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Bring the configuration up, and return when it is ready.
    Up,
    /// Bring it into the state in which every run has to find it.
    Reset,
    /// Tear it down. Also after a failure, and after Ctrl-C.
    Down,
}

impl Duty {
    /// The argument.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Reset => "reset",
            Self::Down => "down",
        }
    }
}

/// Why a hook did not do its duty.
#[derive(Debug, thiserror::Error)]
#[error("{name}: `{command}` {why}; what it said is in {}", log.display())]
pub struct HookError {
    /// The configuration.
    pub name: String,
    /// The command with its argument.
    pub command: String,
    /// What happened.
    pub why: String,
    /// Where its output went.
    pub log: PathBuf,
}

/// What a hook is told through its environment.
#[derive(Clone, Debug)]
pub struct Occasion<'a> {
    /// Name of the configuration: `COMPARE_NAME`.
    pub name: &'a str,
    /// Round, like `round 3` or `warm-up 1`: `COMPARE_ROUND`.
    pub round: String,
    /// Directory of the comparison: `COMPARE_DIRECTORY`.
    pub directory: &'a Path,
    /// Directory that the next run's record is made in: `COMPARE_RECORDS`.
    pub records: &'a Path,
}

/// A command for the shell, to which the duty is appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The command.
    pub command: String,
    /// Longest time that it may take.
    pub limit: Duration,
}

impl Hook {
    /// Has the hook do its duty. Its output goes to `hooks.log` of the comparison. With `stop` it is
    /// interrupted when the user asks for it.
    ///
    /// # Errors
    /// When it cannot be started, fails or takes too long.
    pub fn call(
        &self,
        duty: Duty,
        occasion: &Occasion<'_>,
        stop: Option<&Stop>,
    ) -> Result<(), HookError> {
        let command = format!("{} {}", self.command, duty.word());
        let log = occasion.directory.join("hooks.log");
        let failed = |why: String| HookError {
            name: occasion.name.to_owned(),
            command: command.clone(),
            why,
            log: log.clone(),
        };
        let (out, err) = outputs(&log).map_err(|error| failed(error.to_string()))?;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &command])
            .env("COMPARE_NAME", occasion.name)
            .env("COMPARE_ROUND", &occasion.round)
            .env("COMPARE_DIRECTORY", occasion.directory)
            .env("COMPARE_RECORDS", occasion.records)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        match process::run(&mut shell, Some(self.limit), stop) {
            Ok(End::Exited(status)) if status.success() => Ok(()),
            Ok(End::Exited(status)) => Err(failed(format!("failed ({status})"))),
            Ok(End::TimedOut) => Err(failed(format!(
                "did not end within {} s (--hook-timeout)",
                self.limit.as_secs_f64()
            ))),
            Err(error) => Err(failed(format!("cannot be run: {error}"))),
        }
    }
}

/// The log, twice, both at its end.
fn outputs(log: &Path) -> io::Result<(File, File)> {
    let file = OpenOptions::new().create(true).append(true).open(log)?;
    Ok((file.try_clone()?, file))
}
