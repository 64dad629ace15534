//! Which engine launches which fleet.

use super::kubernetes::Kubernetes;
use super::launch::Launch;
use super::slurm::Slurm;
use super::ssh::Ssh;
use super::swarm::Swarm;

/// What launches a fleet, and what it needs to know beyond the fleet.
#[derive(Clone, Debug)]
pub enum Engine {
    /// Kubernetes, by `kubectl`.
    Kubernetes(Kubernetes),
    /// Docker Swarm, by `docker`.
    Swarm(Swarm),
    /// Slurm, by `sbatch`.
    Slurm(Slurm),
    /// Hosts, by `ssh`.
    Ssh(Ssh),
}

/// A fleet to launch on an engine.
#[derive(Debug)]
pub struct UpRequest {
    /// The engine.
    pub engine: Engine,
    /// The fleet.
    pub launch: Launch,
}
