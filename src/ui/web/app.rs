//! What all requests share.

use super::access::Access;
use super::board::Board;
use super::names::WebBase;
use super::offer::Offer;
use super::origin::KnownNames;
use super::records::Records;
use super::session::PageSession;
use super::tries::Tries;
use crate::engine::Subject;
use crate::ui::visit::Patience;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Largest form.
pub const LARGEST_FORM_BYTES: usize = 64 << 10;

/// What all requests share.
pub struct App {
    /// What is known of the load test.
    pub board: Arc<Board>,
    /// Carries out what the page asks for.
    pub session: Arc<PageSession>,
    /// What the start form offers.
    pub offer: Offer,
    /// What is tested.
    pub subject: Subject,
    /// Who may come in.
    pub access: Access,
    /// Looks at tokens.
    pub tries: Tries,
    /// How long guests are waited for.
    pub patience: Patience,
    /// What the server is called.
    pub names: KnownNames,
    /// What proxies put before its addresses.
    pub base: WebBase,
    /// The records.
    pub records: Records,
    /// Places for readers of live updates.
    pub readers: Arc<Semaphore>,
    pub(super) closing: watch::Sender<bool>,
}

impl App {
    /// Returns when the server is being closed.
    pub async fn closing(&self) {
        let mut closing = self.closing.subscribe();
        // An error means the same: nobody is there to say it any more.
        let _ = closing.wait_for(|is_closing| *is_closing).await;
    }

    /// Whether `run` is the record of the load test that is on its way.
    pub fn is_current(&self, run: &str) -> bool {
        self.board.look(|inside| {
            let is_its = inside.card.as_ref().is_some_and(|card| card.run() == run);
            is_its && inside.state.is_busy()
        })
    }
}
