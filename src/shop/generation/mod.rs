//! Generations of ShopStream: what a version of it is, as data. A new one is an entry here; see
//! `docs/generations.md`.

mod contexts;
mod contract;
mod dialect;
mod drift;
mod recognition;
mod shape;

use crate::stats::Event;
pub use contexts::{CONTEXTS, Context, Domain};
pub use contract::{Contract, NoContract, OperationContract};
pub use dialect::{Dialect, FORM_FIELDS, Form, FormField};
pub use drift::{Drift, DriftChange};
pub use recognition::{Recognised, contexts_of_health, recognise};
pub use shape::ValueShape;

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A version of ShopStream that shopblast knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// Five contexts and 76 operations: commit f89b2f5 with Protean 0fbb7582.
    Five,
    /// Eight contexts and 124 operations: commit 9688fde with Protean ca9c7fdc (0.14.2).
    #[default]
    Today,
}

impl Generation {
    /// All of them, oldest first.
    pub const ALL: [Self; 2] = [Self::Five, Self::Today];

    /// The word for it in flags and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Five => "five",
            Self::Today => "today",
        }
    }

    /// Its contexts.
    #[must_use]
    pub fn contexts(self) -> &'static [Context] {
        match self {
            Self::Five => &CONTEXTS[..Domain::Fulfillment as usize],
            Self::Today => &CONTEXTS,
        }
    }

    /// Whether events of this type get a row in their context's outbox, and so have to be worked
    /// off by the pipeline. In the older generation only those of relational aggregates do, because
    /// handlers of the others open no database session; theirs stay in the event store.
    #[must_use]
    pub const fn publishes(self, event: &Event) -> bool {
        match self {
            Self::Five => event.outbox,
            Self::Today => true,
        }
    }

    /// What it takes and answers: its description, parsed once in the life of the process.
    ///
    /// # Panics
    /// When the description that is compiled in cannot be read: a test reads it.
    #[must_use]
    pub fn contract(self) -> &'static Contract {
        static CONTRACTS: LazyLock<[Contract; Generation::ALL.len()]> = LazyLock::new(|| {
            Generation::ALL.map(|generation| {
                Contract::read(generation.openapi(), "")
                    .expect("a test reads the descriptions that are compiled in")
            })
        });
        &CONTRACTS[self as usize]
    }

    /// Its description of itself (OpenAPI), byte for byte as the shop serves it at
    /// [`crate::shop::OPENAPI_PATH`].
    #[must_use]
    pub const fn openapi(self) -> &'static str {
        match self {
            Self::Five => include_str!("openapi-five.json"),
            Self::Today => include_str!("openapi-today.json"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_description_is_json_and_names_its_operations() {
        for (generation, operations) in [(Generation::Five, 76), (Generation::Today, 124)] {
            let document: serde_json::Value = serde_json::from_str(generation.openapi()).unwrap();
            let paths = document["paths"].as_object().unwrap();
            let methods = |path: &serde_json::Value| path.as_object().unwrap().len();
            let found: usize = paths.values().map(methods).sum();
            assert_eq!(found, operations, "{generation:?}");
            assert_eq!(generation.contract().len(), operations);
        }
    }

    #[test]
    fn contexts_of_older_generations_come_first() {
        let mut before: &[Context] = &[];
        for generation in Generation::ALL {
            let contexts = generation.contexts();
            assert_eq!(&contexts[..before.len()], before);
            before = contexts;
        }
    }
}
