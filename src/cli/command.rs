//! What the user wants done.

use super::manual::ManualPages;
use super::sandbox_options::SandboxOptions;
use crate::compare::CompareRequest;
use crate::doctor::DoctorRequest;
use crate::draft::DraftRequest;
use crate::fleet::MergeRequest;
use crate::fleet::engines::UpRequest;
use crate::fleet::{FleetHuntRequest, FleetJoinRequest, FleetPageRequest, FleetRunRequest};
use crate::hunt::HuntRequest;
use crate::report::ReportRequest;
use crate::run::{ReplayRequest, RunRequest};
use crate::ui::web::WebRequest;

/// What the user wants done.
#[derive(Debug)]
pub enum CliCommand {
    /// Carry out a load test.
    Run(Box<RunRequest>),
    /// Serve the web page, which carries load tests out.
    Web(Box<WebRequest>),
    /// Serve the embedded shop.
    Sandbox(Box<SandboxOptions>),
    /// Look at a target before a run.
    Doctor(Box<DoctorRequest>),
    /// Compare runs, or make runs and compare them.
    Compare(Box<CompareRequest>),
    /// Search for the breaking point.
    Hunt(Box<HuntRequest>),
    /// Lead a run that several machines carry out.
    FleetRun(Box<FleetRunRequest>),
    /// Serve the web page, whose load tests several machines carry out.
    FleetPage(Box<FleetPageRequest>),
    /// Search for the breaking point with several machines.
    FleetHunt(Box<FleetHuntRequest>),
    /// Carry out a part of a run that another machine leads.
    FleetJoin(Box<FleetJoinRequest>),
    /// Launch a fleet on an engine, and follow it to its end.
    FleetUp(Box<UpRequest>),
    /// Fire a witness again.
    Replay(Box<ReplayRequest>),
    /// Make one record of those of shards.
    Merge(Box<MergeRequest>),
    /// Make a report from a record.
    Report(ReportRequest),
    /// Make a workload file.
    Draft(Box<DraftRequest>),
    /// Write manual pages.
    Manual(ManualPages),
    /// Print this on standard output, and exit with 0.
    Print(String),
}
