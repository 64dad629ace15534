//! Launching a fleet on what people already run: Kubernetes, Docker Swarm, Slurm, ssh. Each engine's own
//! program is called (`kubectl`, `docker`, `sbatch`, `ssh`), with what a person would hand to it; nothing of
//! a run is known here beyond the words that lead it and join it.

mod carry_out;
mod engine;
mod error;
mod kubernetes;
mod launch;
mod program;
mod quoting;
mod record_home;
mod remote;
mod slurm;
mod ssh;
mod stopping;
mod swarm;

pub use carry_out::{carry_out, printed};
pub use engine::{Engine, UpRequest};
pub use error::LaunchError;
pub use kubernetes::{Kubernetes, manifests};
pub use launch::{
    CarriedFile, Launch, REDIS_VARIABLE, WrongRunName, engines_run_name, random_word,
};
pub use quoting::{compose_text, kubernetes_argument, shell_word, yaml_text};
pub use slurm::Slurm;
pub use ssh::Ssh;
pub use swarm::{Swarm, machines_line, stack};

#[cfg(test)]
mod tests;
