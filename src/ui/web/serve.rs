//! `shopblast --web`: serves the page until Ctrl-C.

use super::board::Board;
use super::offer::Offer;
use super::order::SwarmOrder;
use super::server::{WebError, WebServer, WebSettings};
use super::session::{PageSession, PlanOrder};
use crate::engine::Subject;
use crate::pieces::{print, tell};
use crate::plan::{ExitCode, Placement};
use crate::run;
use crossbeam_channel::bounded;
use std::fmt;
use std::sync::Arc;

/// What `--web` asks for.
pub struct WebRequest {
    /// Where and for whom.
    pub settings: WebSettings,
    /// What is known of its load tests; others may tell it more.
    pub board: Arc<Board>,
    /// What the start form offers.
    pub offer: Offer,
    /// Where its threads run: those of a load test choose anew.
    pub placement: Placement,
    /// Makes plans of its orders.
    pub planner: Box<dyn PlanOrder>,
    /// What is tested: it knows what the plans of records give their journeys.
    pub subject: Subject,
    /// The order that is carried out at once, with `--autostart`.
    pub first: Option<SwarmOrder>,
}

impl fmt::Debug for WebRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("WebRequest");
        shown.field("settings", &self.settings);
        shown.field("first", &self.first).finish_non_exhaustive()
    }
}

/// Serves the page until Ctrl-C, which ends the load test that is on its way, too. Returns the exit
/// code of the latest load test.
///
/// # Errors
/// When the page cannot be served.
pub fn serve(request: WebRequest) -> Result<ExitCode, WebError> {
    run::step_aside(&request.placement);
    let (interrupt, interrupted) = bounded::<()>(1);
    let _listening = run::listen(move || {
        // One is enough.
        let _ = interrupt.try_send(());
    });
    let session = PageSession::new(Arc::clone(&request.board), request.planner);
    let session = Arc::new(session);
    let server = WebServer::start(
        &request.settings,
        request.board,
        Arc::clone(&session),
        request.offer,
        request.subject,
    )?;
    print(format!(
        "the web page is on {} (Ctrl-C ends it)\n",
        server.url()
    ));
    if let Some(token) = server.made_up_token() {
        print(format!(
            "token: {token} (made up, since others can reach this address; --web-token chooses one)\n"
        ));
    }
    if let Some(order) = request.first
        && let Err(why) = session.start(&order)
    {
        // The page and the console tell; another try may be made there.
        tell(format!("not started: {why}"));
    }
    // The listener lives as long as this function: nobody else hangs up.
    let _ = interrupted.recv();
    let exit_code = session.settle();
    drop(server);
    Ok(exit_code)
}
