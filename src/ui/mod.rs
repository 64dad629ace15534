//! Faces of a live run, and the choice among them.

mod metrics;
pub mod web;

use crate::plan::ExitCode;
use crate::report::LiveFace;
pub use metrics::MetricsFace;

use crate::run::{self, Face, RunControl, RunError, RunRequest};

/// Carries a run out, with the face that its output allows.
///
/// # Errors
/// When nothing could be sent; see [`run::carry_out`].
pub fn carry_out(request: RunRequest, command: String) -> Result<ExitCode, RunError> {
    let muted = request.output.quiet || request.output.only_summary;
    let live_line = LiveFace::new(muted, request.plan.run_time.as_secs_f64());
    let control = RunControl::new(&request);
    let mut faces: Vec<Box<dyn Face>> = vec![Box::new(live_line)];
    if let Some(metrics) = MetricsFace::start(&request.output.metrics)? {
        faces.push(Box::new(metrics));
    }
    let finished = run::carry_out(&request, command, &control, &mut faces)?;
    Ok(finished.exit_code)
}
