//! Which generation a shop is of: told by what it takes and answers.

use super::drift::{additions, drifts};
use super::{CONTEXTS, Contract, Dialect, Drift, Generation};
use crate::engine::RecognisedBy;
use std::fmt;

/// A shop, as far as it was recognised.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognised {
    /// How it is spoken to.
    pub dialect: Dialect,
    /// What the generation was told by.
    pub evidence: RecognisedBy,
    /// Whether it is of the generation to the letter; false when that is not known.
    pub exact: bool,
    /// What it takes and answers, if it told.
    pub contract: Option<Contract>,
    /// Hash of that.
    pub schema_hash: Option<String>,
    /// Names of the contexts that it has.
    pub contexts: Vec<String>,
    /// What it does differently from the generation; what it has more is not among them.
    pub drifts: Vec<Drift>,
    /// Operations and fields that it has more than the generation.
    pub additions: usize,
}

/// Recognises a shop with `contract`, whose `/health` names `contexts`: it is compared with
/// `expected`, or with the generation that it is most like.
#[must_use]
pub fn recognise(
    contract: Contract,
    contexts: Vec<String>,
    expected: Option<Generation>,
) -> Recognised {
    let compared = |generation: Generation| {
        let ours = generation.contract();
        (
            generation,
            drifts(ours, &contract),
            additions(ours, &contract),
        )
    };
    let candidates = Generation::ALL.into_iter().rev();
    let candidates = candidates.filter(|it| expected.is_none_or(|expected| expected == *it));
    let nearest = candidates
        .map(compared)
        .min_by_key(|(_, drifts, additions)| drifts.len() + additions);
    let (generation, drifts, additions) =
        nearest.unwrap_or_else(|| compared(expected.unwrap_or_default()));
    let schema_hash = contract.hash();
    Recognised {
        dialect: Dialect::of(generation, &contract),
        evidence: RecognisedBy::Description,
        exact: schema_hash == generation.contract().hash(),
        schema_hash: Some(schema_hash),
        contexts,
        drifts,
        additions,
        contract: Some(contract),
    }
}

impl Recognised {
    /// A shop that does not describe itself: of `expected`, or of the newest generation whose
    /// contexts are all among `contexts`, or else of the oldest one.
    #[must_use]
    pub fn by_contexts(contexts: Vec<String>, expected: Option<Generation>) -> Self {
        let has_all = |generation: &Generation| {
            let mut own = generation.contexts().iter();
            own.all(|own| contexts.iter().any(|name| name == own.name))
        };
        let newest = || Generation::ALL.into_iter().rev().find(has_all);
        let generation = expected.or_else(newest).unwrap_or(Generation::ALL[0]);
        Self {
            contexts,
            evidence: RecognisedBy::Contexts,
            ..Self::told(generation)
        }
    }

    /// A shop that nobody looked at.
    #[must_use]
    pub fn told(generation: Generation) -> Self {
        Self {
            dialect: generation.into(),
            evidence: RecognisedBy::Told,
            exact: false,
            contract: None,
            schema_hash: None,
            contexts: generation
                .contexts()
                .iter()
                .map(|own| own.name.to_owned())
                .collect(),
            drifts: Vec::new(),
            additions: 0,
        }
    }

    /// Its generation, or the one that it is most like.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.dialect.generation
    }

    /// Differences that bodies are adapted to.
    pub fn adapted(&self) -> impl Iterator<Item = &Drift> {
        self.drifts.iter().filter(|drift| drift.is_adapted())
    }
}

impl fmt::Display for Recognised {
    /// One line without an end: `ShopStream "today" (8 contexts, 124 operations; schema 3fa9…)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.generation().name();
        match self.evidence {
            RecognisedBy::Told => {
                return write!(out, "taken for ShopStream \"{name}\", not looked at");
            }
            RecognisedBy::Contexts => {
                return write!(
                    out,
                    "ShopStream \"{name}\" by its {} contexts (it does not describe itself)",
                    self.contexts.len()
                );
            }
            RecognisedBy::Description => {}
        }
        if !self.exact {
            write!(out, "most like ")?;
        }
        write!(
            out,
            "ShopStream \"{name}\" ({} contexts, {} operations; schema {})",
            self.contexts.len(),
            self.contract.as_ref().map_or(0, Contract::len),
            self.schema_hash.as_deref().unwrap_or_default(),
        )?;
        if self.exact {
            return Ok(());
        }
        let adapted = self.adapted().count();
        let counts = [
            (self.drifts.len() - adapted, "differences", "difference"),
            (
                adapted,
                "fields that bodies are adapted to",
                "field that bodies are adapted to",
            ),
            (self.additions, "additions", "addition"),
        ];
        let told = counts.into_iter().filter(|(count, ..)| *count > 0);
        let told: Vec<String> = told
            .map(|(count, many, one)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
        match told.is_empty() {
            true => write!(out, ", only wider"),
            false => write!(out, ", {}", told.join(", ")),
        }
    }
}

/// Names of the contexts that the body of `/health` names, or `None` when it names none
/// that a ShopStream has.
#[must_use]
pub fn contexts_of_health(body: &str) -> Option<Vec<String>> {
    let says: serde_json::Value = serde_json::from_str(body).ok()?;
    let named: Vec<String> = match &says["domains"] {
        serde_json::Value::Object(domains) => domains.keys().cloned().collect(),
        serde_json::Value::Array(domains) => domains
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        _ => return None,
    };
    let mut known = CONTEXTS.iter();
    known
        .any(|context| named.iter().any(|name| name == context.name))
        .then_some(named)
}
