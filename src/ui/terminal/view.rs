//! What the view shows: the latest second, and what the user chose to look at.

use super::theme::Theme;
use crate::record::Live;
use crate::run::{LiveRun, RunControl, RunState};
use std::sync::Arc;

/// How long it is shown what a key came to.
const MESSAGE_SECONDS: u8 = 4;

/// A page of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Charts, and the top of everything.
    Overview,
    /// Every statistic name, every journey.
    Names,
    /// Errors, races, rules, violations.
    Findings,
    /// The generator, thresholds, backlog.
    Generator,
}

impl Page {
    /// All pages, in the order of their keys.
    pub const ALL: [Self; 4] = [Self::Overview, Self::Names, Self::Findings, Self::Generator];

    /// What the page is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Names => "names",
            Self::Findings => "findings",
            Self::Generator => "generator",
        }
    }
}

/// Everything that a drawing is made of.
#[derive(Debug)]
pub struct View {
    /// Colours.
    pub theme: Theme,
    /// Name of the profile.
    pub profile: String,
    /// Where the load goes.
    pub target_url: String,
    /// Where the run is recorded.
    pub directory: String,
    /// The latest second; `None` before the first.
    pub live: Option<Arc<Live>>,
    /// How far the run is.
    pub state: RunState,
    /// Users that the run goes to, and how many are started or stopped a second; `None` when
    /// arrivals come at a rate.
    pub target: Option<(u32, f64)>,
    /// Which page is shown.
    pub page: Page,
    /// Lines of its table that are above the screen.
    pub scroll: u16,
    /// Whether it is covered by what keys do.
    pub shows_help: bool,
    /// What the last key came to, and for how many more seconds it is shown.
    pub(super) message: Option<(String, u8)>,
}

impl View {
    /// The view of a run that is about to start.
    #[must_use]
    pub fn of(run: &LiveRun<'_>, theme: Theme) -> Self {
        Self {
            theme,
            profile: run.plan.profile.clone(),
            target_url: run.plan.target.url(),
            directory: run.directory.display().to_string(),
            live: None,
            state: run.control.state(),
            target: run.control.target(),
            page: Page::Overview,
            scroll: 0,
            shows_help: false,
            message: None,
        }
    }

    /// Looks at how the run is being steered.
    pub fn look_at(&mut self, control: &RunControl) {
        self.state = control.state();
        self.target = control.target();
    }

    /// Shows another second of the run.
    pub fn show(&mut self, live: &Arc<Live>) {
        self.live = Some(Arc::clone(live));
        self.message = self
            .message
            .take()
            .and_then(|(text, seconds)| Some((text, seconds.checked_sub(1)?)));
    }

    /// Tells what a key came to.
    pub fn say(&mut self, text: impl Into<String>) {
        self.message = Some((text.into(), MESSAGE_SECONDS));
    }

    /// What the last key came to, if that was not long ago.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_ref().map(|(text, _)| text.as_str())
    }

    /// Shows `page` from its top.
    pub fn turn_to(&mut self, page: Page) {
        self.page = page;
        self.scroll = 0;
        self.shows_help = false;
    }

    /// Shows the page `by` pages on, round and round.
    pub fn leaf(&mut self, by: i8) {
        let pages = Page::ALL.len() as i8;
        let next = (self.page as i8 + by).rem_euclid(pages);
        self.turn_to(Page::ALL[next as usize]);
    }
}
