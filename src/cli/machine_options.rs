//! The flags that say what carries the load: of runs, and of the probes of hunts.

use super::values;
use crate::plan::{CoreChoice, Driver};
use clap::Args;

/// What carries the load.
#[derive(Clone, Debug, Args)]
pub(super) struct MachineFlags {
    /// Cores: how many, or which CPUs, like 2-5 or 0,2 (only CPU 3: 3-3)
    ///
    /// By default all CPUs that this process may use; half of them when the shop is on this machine.
    /// There are never more workers than users.
    #[arg(
        long, value_name = "N|LIST", help_heading = "Machine",
        value_parser = CoreChoice::parse, allow_hyphen_values = true
    )]
    pub cores: Option<CoreChoice>,

    /// Kernel interface that carries the requests: uring or epoll
    #[arg(
        long, value_name = "NAME", help_heading = "Machine", default_value = "uring",
        hide_possible_values = true, value_parser = values::driver()
    )]
    pub driver: Driver,

    /// Seed of the users' behaviour [default: a new one each run]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Machine",
        allow_hyphen_values = true
    )]
    pub seed: Option<u64>,
}
