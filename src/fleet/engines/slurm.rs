//! A fleet on Slurm: one job with a task for each machine, the leader and Redis on its first node, handed to
//! `sbatch`.

use super::error::LaunchError;
use super::launch::Launch;
use super::program::Program;
use super::quoting::{shell_line, shell_word};
use super::remote::{LeaderState, Remote};
use askama::Template;
use std::fmt::Write;

/// What Slurm needs to know beyond the fleet.
#[derive(Clone, Debug)]
pub struct Slurm {
    /// The program, as the nodes find it.
    pub program: String,
    /// Whether machines may share a node.
    pub same_node: bool,
}

#[derive(Template)]
#[template(path = "fleet/slurm/fleet.sbatch", escape = "none")]
struct Batch<'a> {
    name: &'a str,
    shards: u32,
    cores: u32,
    same_node: bool,
    longest_minutes: u64,
    program: String,
    joining: String,
    leading: String,
}

/// A fleet on Slurm.
pub(super) struct OnSlurm<'a> {
    launch: &'a Launch,
    batch: String,
    job: Option<String>,
}

impl<'a> OnSlurm<'a> {
    pub fn new(launch: &'a Launch, slurm: &'a Slurm) -> Result<Self, LaunchError> {
        let line = |words: Vec<String>| shell_line(words.iter().map(String::as_str));
        let batch = Batch {
            name: &launch.name(),
            shards: launch.shards,
            cores: launch.cores,
            same_node: slurm.same_node,
            longest_minutes: launch.longest.as_secs().div_ceil(60).max(1),
            program: shell_word(&slurm.program),
            joining: line(launch.joining()),
            leading: line(launch.leading()),
        };
        let batch = batch.render().map_err(|error| LaunchError::System {
            what: "the batch file could not be written".to_owned(),
            source: std::io::Error::other(error),
        })?;
        Ok(Self {
            launch,
            batch: batch + "\n",
            job: None,
        })
    }

    fn output(&self) -> String {
        format!("{}.out", self.launch.name())
    }

    /// Its number once there is one; before, all jobs of its name.
    fn job(&self) -> Vec<String> {
        match &self.job {
            Some(job) => vec![job.clone()],
            None => vec!["--name".to_owned(), self.launch.name()],
        }
    }
}

impl Remote for OnSlurm<'_> {
    fn printed(&self) -> String {
        self.batch.clone()
    }

    fn before(&self) -> Vec<Program> {
        Vec::new()
    }

    fn apply(&self) -> Vec<Program> {
        let output = self.output();
        let words = ["--parsable", "--output", &output, "--open-mode", "truncate"];
        let flags = self.launch.engine_flags.iter().cloned();
        let words = words.into_iter().map(str::to_owned);
        let mut variables = vec![("SHOPBLAST_FLEET_SECRET", self.launch.secret.as_str())];
        if let Some(redis) = &self.launch.redis {
            variables.push(("SHOPBLAST_REDIS", redis));
        }
        let submit = Program::new("sbatch", flags.chain(words)).knowing(variables);
        vec![submit.reading(self.batch.as_str())]
    }

    fn applied(&mut self, answer: &str) -> Result<(), LaunchError> {
        let job = answer.split([';', '\n']).next().unwrap_or_default().trim();
        let is_number = !job.is_empty() && job.bytes().all(|digit| digit.is_ascii_digit());
        self.job = is_number.then(|| job.to_owned());
        match &self.job {
            Some(_) => Ok(()),
            None => Err(LaunchError::Gone {
                state: format!("sbatch told no number of a job, but `{}`", answer.trim()),
            }),
        }
    }

    fn state(&mut self) -> Result<LeaderState, LaunchError> {
        let mut words = vec!["show".to_owned(), "--oneliner".to_owned(), "job".to_owned()];
        words.extend(self.job.clone());
        let answer = Program::new("scontrol", words).answer()?;
        Ok(state_of(&answer))
    }

    fn stream(&self, again: bool) -> Program {
        let lines = if again { "0" } else { "+1" };
        let output = self.output();
        // Shared file systems show a file some time after it was made.
        let words = [
            "--lines",
            lines,
            "--follow=name",
            "--retry",
            "--quiet",
            &output,
        ];
        Program::new("tail", words).unheard()
    }

    fn stop(&mut self) -> Option<Program> {
        let words = ["--batch", "--signal", "TERM"].map(str::to_owned);
        Some(Program::new("scancel", words.into_iter().chain(self.job())))
    }

    fn fetch(&self) -> Option<Program> {
        None
    }

    fn clean(&self) -> Vec<Program> {
        vec![Program::new("scancel", self.job())]
    }

    fn look(&self) -> String {
        let words = ["show", "job"].map(str::to_owned);
        Program::new("scontrol", words.into_iter().chain(self.job.clone())).line()
    }
}

/// What Slurm says of the job, which is the leader's: its words are KEY=VALUE.
fn state_of(answer: &str) -> LeaderState {
    let value = |key: &str| {
        let mut words = answer.split_whitespace();
        words
            .find_map(|word| word.strip_prefix(key))
            .unwrap_or_default()
    };
    let (state, reason) = (value("JobState="), value("Reason="));
    let mut numbers = value("ExitCode=").split(':').map(str::parse);
    let code = match (numbers.next(), numbers.next()) {
        (Some(Ok(0)), Some(Ok(signal))) if signal != 0 => 128 + signal,
        (Some(Ok(code)), _) => code,
        _ => -1,
    };
    match state {
        "PENDING" | "CONFIGURING" | "REQUEUED" | "SUSPENDED" => {
            LeaderState::Waiting(format!("{state} {reason}"))
        }
        "RUNNING" | "COMPLETING" => LeaderState::Running,
        "COMPLETED" | "FAILED" => LeaderState::Ended(code),
        _ => {
            let mut text = String::new();
            // Writing into a text cannot fail.
            let _ = write!(text, "{state} {reason}");
            LeaderState::Gone(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leader_waits_runs_ends_or_is_gone_as_its_job_says() {
        let state = |answer: &str| format!("{:?}", state_of(answer));
        let pending = "JobId=7 JobState=PENDING Reason=Resources ExitCode=0:0";
        assert_eq!(state(pending), "Waiting(\"PENDING Resources\")");
        assert_eq!(
            state("JobId=7 JobState=RUNNING Reason=None ExitCode=0:0"),
            "Running"
        );
        assert_eq!(
            state("JobState=COMPLETED Reason=None ExitCode=0:0"),
            "Ended(0)"
        );
        assert_eq!(
            state("JobState=FAILED Reason=NonZeroExitCode ExitCode=99:0"),
            "Ended(99)"
        );
        assert_eq!(state("JobState=FAILED Reason=x ExitCode=0:9"), "Ended(137)");
        assert_eq!(
            state("JobState=TIMEOUT Reason=TimeLimit"),
            "Gone(\"TIMEOUT TimeLimit\")"
        );
    }
}
