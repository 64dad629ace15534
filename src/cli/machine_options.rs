//! The flags that say what carries the load: of runs, and of the probes of hunts.

use super::values;
use crate::plan::{CoreChoice, Driver};
use clap::Args;

/// What carries the load.
#[derive(Clone, Debug, Args)]
pub(super) struct MachineFlags {
    /// Cores: how many, all, or which CPUs, like 2-5 or 0,2 (only CPU 3: 3-3)
    ///
    /// A number takes whole cores first, fast ones before efficient ones, on as few memory nodes as it
    /// can, and their second threads last; `all` takes every CPU that this process may use, as far as
    /// its control group gives it the time. Isolated CPUs are taken only by name. All else (collector,
    /// faces, observers, the embedded shop) goes where no worker is. By default all; half of the cores
    /// when the shop is on this machine. There are never more workers than users.
    #[arg(
        long, value_name = "N|all|LIST", help_heading = "Machine",
        value_parser = CoreChoice::parse, allow_hyphen_values = true
    )]
    pub cores: Option<CoreChoice>,

    /// Allow more workers than CPUs; no figure is to be trusted then
    ///
    /// To try out with --cores N what many workers do on a small machine. The record, the summary and every report say
    /// that the generator was at its limit.
    #[arg(
        long,
        help_heading = "Machine",
        requires = "cores",
        hide_short_help = true
    )]
    pub oversubscribe: bool,

    /// Kernel interface: uring, plain-uring or epoll
    ///
    /// plain-uring is what kernels before 6.1 get in any case: a send and a receive a request, without receives that
    /// last as long as their connection. epoll is for where io_uring is forbidden.
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
