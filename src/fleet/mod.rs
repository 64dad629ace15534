//! One run over several machines: claim, clock, start, merge, loss.

mod assignment;
pub mod bus;
mod courier;
pub mod engines;
mod handed_events;
mod handed_over;
mod leader;
mod led;
mod member;
mod merge;
mod merging;
mod own_name;
mod packed;
mod page;
mod part_face;
mod plan_text;
mod request;
mod roll;
mod shown_members;
mod words;

// For fuzzing: what comes over the bus and is unpacked.
#[doc(hidden)]
pub use assignment::{Assignment, AssignmentError};
pub use bus::{FleetSecret, RunName};
#[doc(hidden)]
pub use handed_events::HandedEvents;
pub use led::{LedRuns, Session};
pub use member::join;
pub use merge::{MergeError, MergeRequest, merge};
#[doc(hidden)]
pub use packed::{packed, unpack};
pub use page::{FleetPageError, serve};
pub use plan_text::{FileText, PlanText, PlanTextError, Word};
pub use request::{
    FleetHuntRequest, FleetJoinRequest, FleetPageRequest, FleetRunRequest, Leading, Meeting,
    MembersRecords, OnLost, PlanParser, PlanTransfer,
};
#[doc(hidden)]
pub use words::Said;

use crate::hunt::{self, HuntError};
use crate::plan::ExitCode;
use crate::run::{Carriers, RunError};
use crate::ui;
use std::sync::Arc;

/// Leads a run that several machines carry out.
///
/// # Errors
/// When nothing could be sent.
pub fn lead(request: FleetRunRequest, command: String) -> Result<ExitCode, RunError> {
    let FleetRunRequest { mut run, leading } = request;
    let output = &run.output;
    let session = Session::of(leading, output.quiet);
    session.claim()?;
    let runs = session.runs(session.plan().clone(), run.plan.hash());
    run.carriers = Carriers::Others(Arc::new(runs));
    let outcome = ui::carry_out(run, command);
    let why = match &outcome {
        Ok(_) => "the run is over".to_owned(),
        Err(error) => error.to_string(),
    };
    session.end(&why);
    outcome
}

/// Searches for the breaking point with a fleet, which stays joined between probes.
///
/// # Errors
/// When nothing could be found at all.
pub fn hunt(request: FleetHuntRequest) -> Result<ExitCode, HuntError> {
    let FleetHuntRequest { mut hunt, leading } = request;
    // The hunt tells how far it is; the fleet tells who joined.
    let session = Session::of(leading, hunt.template.output.quiet);
    session.claim()?;
    let template = &mut hunt.template;
    let runs = session.runs(session.plan().clone(), template.plan.hash());
    template.carriers = Carriers::Others(Arc::new(runs));
    let outcome = hunt::carry_out(&hunt);
    let why = match &outcome {
        Ok(_) => "the hunt is over".to_owned(),
        Err(error) => error.to_string(),
    };
    session.end(&why);
    outcome
}
