//! `shopblast fleet run --web`: the page, whose load tests several machines carry out. They stay joined
//! between tests; a fleet that lost somebody is ended, and its name is kept for those who come next.

use super::led::Session;
use super::plan_text::PlanText;
use super::request::{FleetPageRequest, PlanTransfer};
use super::shown_members::MembersFace;
use crate::plan::{ExitCode, Placement, RunId};
use crate::run::{Carriers, RunError};
use crate::ui::web::{self, FormField, PlanOrder, Planned, Refusal, SwarmOrder, WebError};
use std::ffi::OsString;
use std::sync::Arc;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum FleetPageError {
    /// The fleet has no leader.
    #[error(transparent)]
    Fleet(#[from] RunError),
    /// The page cannot be served.
    #[error(transparent)]
    Page(#[from] WebError),
}

impl FleetPageError {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Fleet(error) => error.exit_code(),
            Self::Page(_) => ExitCode::BadPlan,
        }
    }
}

/// Serves the page until Ctrl-C, which ends the load test that is on its way, and lets the machines go.
/// Returns the exit code of the latest load test.
///
/// # Errors
/// When somebody else leads that name, Redis cannot be reached, or the page cannot be served.
pub fn serve(request: FleetPageRequest) -> Result<ExitCode, FleetPageError> {
    let FleetPageRequest {
        mut page,
        leading,
        transfer,
        quiet,
    } = request;
    let board = Arc::clone(&page.board);
    let face = MembersFace(Arc::new(move |rows| board.members(rows)));
    let shards = leading.shards;
    let session = Session::lasting(leading, quiet, face);
    session.claim()?;
    page.planner = Box::new(FleetPlanner {
        session: Arc::clone(&session),
        planner: page.planner,
        transfer,
        shards,
    });
    // No worker of this process wants a CPU.
    page.placement = Placement::default();
    let served = web::serve(page);
    let why = match &served {
        Ok(_) => "the page was closed".to_owned(),
        Err(error) => error.to_string(),
    };
    session.end(&why);
    Ok(served?)
}

/// Makes plans of the page's orders, and has the fleet carry them out.
struct FleetPlanner {
    session: Arc<Session>,
    /// Makes the plan, as for one machine.
    planner: Box<dyn PlanOrder>,
    transfer: PlanTransfer,
    shards: u32,
}

impl PlanOrder for FleetPlanner {
    fn plan(&self, order: &SwarmOrder, seed: u64, run_id: RunId) -> Result<Planned, Refusal> {
        let mut planned = self.planner.plan(order, seed, run_id)?;
        let plan = &mut planned.request.plan;
        let connections = plan.connections;
        if connections.is_some_and(|connections| connections < self.shards) {
            let why = "too few connections for so many shards, which share none";
            return Err(Refusal::of(FormField::Users, why));
        }
        plan.placement = Placement::default();
        let words: Vec<OsString> = planned.words.iter().map(OsString::from).collect();
        let text: PlanText = (self.transfer.0)(&words)?;
        let runs = self.session.runs(text, plan.hash());
        planned.request.carriers = Carriers::Others(Arc::new(runs));
        Ok(planned)
    }
}
