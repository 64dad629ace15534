//! `shopblast fleet`: one run on several machines.

use super::fleet_up::{self, FleetUpFlags};
use super::surroundings::Surroundings;
use super::{CliCommand, CliError};
use clap::{Args, Subcommand};

/// What is done with a fleet.
#[derive(Debug, Args)]
pub(super) struct FleetFlags {
    #[command(subcommand)]
    pub command: FleetCommand,
}

/// What is done with a fleet.
#[derive(Debug, Subcommand)]
pub(super) enum FleetCommand {
    /// Launch a fleet on Kubernetes, Docker Swarm, Slurm or by ssh, and follow it to its end
    ///
    /// The machines, the leader and a Redis for them are launched by the engine's own program (kubectl,
    /// docker, sbatch or ssh). What the leader says is said here, its record comes here, its exit code is this
    /// command's, and everything is taken away at the end; Ctrl-C stops the run, twice takes everything
    /// away at once. --print shows what would be applied. See docs/fleet.md.
    Up(Box<FleetUpFlags>),
}

/// What is asked of a fleet.
pub(super) fn resolve(
    flags: FleetFlags,
    around: &Surroundings<'_>,
) -> Result<CliCommand, CliError> {
    match flags.command {
        FleetCommand::Up(flags) => fleet_up::resolve(*flags, around),
    }
}
