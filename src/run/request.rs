//! What a run is asked to do, beside its plan.

use super::carriers::Carriers;
use super::control::RunControl;
use super::error::RunError;
use super::lookup::Resolver;
use crate::engine::{Clearance, MetSubject, OwnTarget, Subject};
use crate::observe::ObserverConfig;
use crate::plan::{AddressPolicy, ClockOffset, Plan, TlsIdentity, TlsSettings};
use crate::report::ReportFormat;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// A load test and what to do around it.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// What will be done. With `sandbox` its target is a placeholder, port 0 of 127.0.0.1, to be
    /// replaced by [`Plan::with_target`] once the sandbox listens.
    pub plan: Plan,
    /// Users that there is to be room for, so that faces can change their number while the run goes
    /// (see [`super::room_for`]); `None` for a run that nobody steers.
    pub room: Option<u32>,
    /// What is tested.
    pub subject: Subject,
    /// The same with its target, when that has been looked at already.
    pub met: Option<MetSubject>,
    /// Start this target in this process and send the load there.
    pub sandbox: Option<Arc<dyn OwnTarget>>,
    /// The target of this process that stands already: the runs of a hunt share one.
    pub brought: Option<Arc<dyn OwnTarget>>,
    /// What is written where.
    pub output: Output,
    /// Exit code when some requests failed; 0 does not tell.
    pub exit_code_on_error: u8,
    /// Whether a generator that was at its limit is an error.
    pub fail_on_saturation: bool,
    /// Whether to look what the target is before the clock starts.
    pub preflight: bool,
    /// Whether journeys are tried that the target cannot carry out, by its own description.
    pub allow_drift: bool,
    /// Decides about the addresses that the target's name resolves to. A target that is written
    /// as an address has passed already.
    pub addresses: AddressPolicy,
    /// Looks that name up.
    pub resolver: Resolver,
    /// What is observed of the shop's back end.
    pub observers: ObserverConfig,
    /// What shards set up once and share; `None` when each run sets up what its users share.
    pub shared: Option<Arc<dyn SharedSetUp>>,
    /// How far this machine's clock is ahead of the one that all shards go by; `None` when nobody looked.
    pub clock: Option<ClockOffset>,
    /// Whether the seconds of a plan that is carried out here alone are kept for a merge, as those of a part
    /// are.
    pub keeps_seconds: bool,
    /// Who carries the load.
    pub carriers: Carriers,
}

impl RunRequest {
    /// A run of `plan` by the users of `subject`, with nothing else asked for: against its target,
    /// looked at before, recorded in the current directory, exit code 1 when requests failed.
    #[must_use]
    pub fn of_plan(plan: Plan, subject: Subject) -> Self {
        Self {
            plan,
            room: None,
            subject,
            met: None,
            sandbox: None,
            brought: None,
            output: Output::default(),
            exit_code_on_error: 1,
            fail_on_saturation: false,
            preflight: true,
            allow_drift: false,
            addresses: AddressPolicy::default(),
            resolver: Resolver::default(),
            observers: ObserverConfig::default(),
            shared: None,
            clock: None,
            keeps_seconds: false,
            carriers: Carriers::Own,
        }
    }
}

/// How shards come to what is set up once for all of them, and when it may be cleared away again.
pub trait SharedSetUp: Clearance {
    /// What another shard set up: waits for it. `None` when it is this shard's to set up.
    ///
    /// # Errors
    /// When it does not come.
    fn given(&self) -> Result<Option<String>, RunError>;

    /// This shard has set up what all share; `None` when its users share nothing.
    ///
    /// # Errors
    /// When the others cannot be told.
    fn made(&self, shared: Option<&str>) -> Result<(), RunError>;
}

impl RunControl {
    /// The handle of the run that `request` asks for.
    #[must_use]
    pub fn new(request: &RunRequest) -> Self {
        let lead = request.carriers.fleet().map(|fleet| fleet.lead());
        Self::of_plan(&request.plan, request.room, lead)
    }
}

/// What a run writes where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Prefix of Locust's CSV files; `None` leaves them in the record's directory.
    pub csv_prefix: Option<PathBuf>,
    /// Whether the CSV history has a row for each statistic name each second.
    pub csv_full_history: bool,
    /// Directory that the record's directory is made in.
    pub results: PathBuf,
    /// Where the HTML report goes beside the record's directory.
    pub html: Option<PathBuf>,
    /// Reports of other formats, and where they go.
    pub exports: Vec<(ReportFormat, PathBuf)>,
    /// What GitHub Actions is told; `None` elsewhere.
    pub github: Option<GithubActions>,
    /// Where live figures go for others to read.
    pub metrics: MetricsTargets,
    /// Print lines where there could be the terminal view.
    pub no_tui: bool,
    /// Print no live figures, only the summary.
    pub only_summary: bool,
    /// Print the verdict and errors only.
    pub quiet: bool,
    /// Print all tables, and not only the first lines of the summary.
    pub details: bool,
    /// What was chosen that nobody named, in one line, for the user to know.
    pub remark: Option<String>,
    /// Print no summary at all: the run is a step of something larger, which tells of it.
    pub silent: bool,
}

impl Output {
    /// Whether nothing but the verdict and errors is printed, or less.
    #[must_use]
    pub fn is_muted(&self) -> bool {
        self.quiet || self.only_summary || self.silent
    }
}

/// A step of GitHub Actions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GithubActions {
    /// The file that the step's summary is appended to.
    pub step_summary: Option<PathBuf>,
}

/// The address of a collector of figures, which may hold a password: it is shown without.
#[derive(Clone, PartialEq, Eq)]
pub struct CollectorUrl(pub String);

impl fmt::Display for CollectorUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let place = authority.rsplit('@').next().unwrap_or_default();
        write!(formatter, "{scheme}://{place}/{path}")
    }
}

impl fmt::Debug for CollectorUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Where live figures go for others to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsTargets {
    /// Address that `/metrics` is served on for Prometheus.
    pub prometheus: Option<SocketAddr>,
    /// The certificate that it is served with; `None` serves it without TLS.
    pub identity: Option<TlsIdentity>,
    /// Where figures are pushed to, by OTLP over HTTP in JSON.
    pub otlp: Option<CollectorUrl>,
    /// How the collector there is trusted, where that speaks TLS.
    pub otlp_tls: TlsSettings,
}

impl MetricsTargets {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prometheus.is_none() && self.otlp.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_shown_without_its_password() {
        for (text, shown) in [
            ("http://h:4318/v1/metrics", "http://h:4318/v1/metrics"),
            ("https://u:s3cret@h/v1/a@b", "https://h/v1/a@b"),
        ] {
            let url = CollectorUrl(text.to_owned());
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }
}
