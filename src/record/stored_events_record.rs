//! What stores hold of the events of a run, as the record tells it.

use crate::pieces::grouped;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What stores hold of the events of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredEventsRecord {
    /// Where the events were counted: `message-db`, or outboxes like `outbox:identity`.
    pub source: String,
    /// Whether every event that the shop's engines added is told apart. An outbox alone does not
    /// tell which commands were an engine's.
    pub engines_told: bool,
    /// By domain and type, those first that requests told.
    pub events: Vec<StoredEventRecord>,
    /// What the figures do not show, a sentence each.
    pub remarks: Vec<String>,
}

/// Events of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredEventRecord {
    /// Name of the domain.
    pub domain: String,
    /// Name of the event.
    pub name: String,
    /// Those that requests made the shop raise, as far as replies tell.
    pub told: u64,
    /// So many of them for certain.
    pub at_least: u64,
    /// Not more than these: with requests whose outcome nobody knows, and replies that do not tell.
    pub at_most: u64,
    /// Those that were stored because of a request.
    pub stored: u64,
    /// How far `stored` is above `at_most`, or, below zero, under `at_least`. 0: as told.
    pub difference: i64,
    /// Those that the shop's engines added by themselves: sagas, notifications and so on.
    pub by_engines: u64,
}

impl StoredEventRecord {
    /// What was told, and between what it lies where replies do not tell: `19 (18–21)`.
    #[must_use]
    pub fn told_text(&self) -> String {
        let (at_least, told, at_most) = (self.at_least, self.told, self.at_most);
        match at_least == at_most {
            true => grouped(told),
            false => {
                let (told, least, most) = (grouped(told), grouped(at_least), grouped(at_most));
                format!("{told} ({least}–{most})")
            }
        }
    }
}
