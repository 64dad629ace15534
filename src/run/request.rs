//! What a run is asked to do, beside its plan.

use crate::observe::ObserverConfig;
use crate::plan::{AddressPolicy, Plan};
use crate::sandbox::ShopConfig;
use std::path::PathBuf;

/// A load test and what to do around it.
#[derive(Debug)]
pub struct RunRequest {
    /// What will be done. With `sandbox` its target is a placeholder, port 0 of 127.0.0.1, to be
    /// replaced by [`Plan::with_target`] once the sandbox listens.
    pub plan: Plan,
    /// Start the embedded shop, like this, in this process and send the load there.
    pub sandbox: Option<ShopConfig>,
    /// What is written where.
    pub output: Output,
    /// Exit code when some requests failed; 0 does not tell.
    pub exit_code_on_error: u8,
    /// Whether a generator that was the bottleneck is an error.
    pub fail_on_saturation: bool,
    /// Whether to look if the shop answers before the clock starts.
    pub preflight: bool,
    /// Decides about the addresses that the target's name resolves to. A target that is written
    /// as an address has passed already.
    pub addresses: AddressPolicy,
    /// What is observed of the shop's back end.
    pub observers: ObserverConfig,
}

/// What a run writes where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Prefix of Locust's CSV files; `None` leaves them in the record's directory.
    pub csv_prefix: Option<PathBuf>,
    /// Whether the CSV history has a row for each statistic name each second.
    pub csv_full_history: bool,
    /// Directory that the record's directory is made in.
    pub results: PathBuf,
    /// Where the HTML report goes beside the record's directory.
    pub html: Option<PathBuf>,
    /// Print no live figures, only the summary.
    pub only_summary: bool,
    /// Print the verdict and errors only.
    pub quiet: bool,
}
