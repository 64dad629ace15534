//! Faces of a live run, and the choice among them.

mod crowd;
mod guest_stream;
mod metrics;
#[doc(hidden)]
pub mod terminal;
mod visit;
pub mod web;

pub use metrics::MetricsFace;
pub use terminal::{Board, BoardScreen, TerminalView};

use crate::pieces::{fall_silent, print_whole, tell};
use crate::plan::ExitCode;
use crate::report::LiveFace;
use crate::run::{self, Face, RunControl, RunError, RunRequest, room_for};

/// Prints `text`, which is all that was asked for.
#[must_use]
pub fn print_only(text: &str) -> ExitCode {
    print_whole(text).map_or_else(|error| unsaid(&error), |()| ExitCode::Ok)
}

/// Waits for the end of what is being said, as far as somebody listens; gives the code that the process
/// is to exit with.
#[must_use]
pub fn last_words(exit_code: ExitCode) -> ExitCode {
    match fall_silent() {
        Err(error) if exit_code == ExitCode::Ok => unsaid(&error),
        _ => exit_code,
    }
}

/// What was to be printed found no room.
fn unsaid(error: &std::io::Error) -> ExitCode {
    tell(format!("error: cannot write standard output: {error}"));
    // Standard output is known to fail.
    let _ = fall_silent();
    ExitCode::RecordLost
}

/// Carries a run out, with the face that its output allows.
///
/// # Errors
/// When nothing could be sent; see [`run::carry_out`].
pub fn carry_out(mut request: RunRequest, command: String) -> Result<ExitCode, RunError> {
    let output = &request.output;
    let muted = output.quiet || output.only_summary;
    if let Some(remark) = output.remark.as_ref().filter(|_| !output.quiet) {
        tell(remark);
    }
    // Before the faces, whose threads do as this one does.
    run::step_aside(&request.plan.placement);
    let has_view = !muted && !output.no_tui && terminal::is_possible();
    let face: Box<dyn Face> = if has_view {
        let of_faces = MetricsFace::descriptors_for(&request.output.metrics);
        request.room = Some(room_for(&request, of_faces));
        Box::new(TerminalView::default())
    } else {
        let run_time_s = request.plan.run_time.as_secs_f64();
        Box::new(LiveFace::new(muted, run_time_s))
    };
    let control = RunControl::new(&request);
    let mut faces = vec![face];
    if let Some(metrics) = MetricsFace::start(&request.output.metrics)? {
        faces.push(Box::new(metrics));
    }
    let finished = run::carry_out(&request, command, &control, &mut faces)?;
    Ok(finished.exit_code)
}
