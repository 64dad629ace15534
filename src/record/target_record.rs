//! What a run's target was, as its record says it.

use crate::shop::{Contract, Drift, Evidence, Fitness, Recognised};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Differences that are kept of each kind.
const KEPT: usize = 100;

/// What the target was, and how it differed from its generation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetRecord {
    /// Its address.
    pub url: String,
    /// Its generation, or the one that it is most like: `five` or `today`.
    pub generation: String,
    /// What the generation was told by: `description` (its own, at /openapi.json), `contexts` (those
    /// that /health names), or `told` (it was not looked at).
    pub recognised_by: String,
    /// Whether it takes and answers what its generation does, to the letter; false when that is not
    /// known.
    pub exact: bool,
    /// Hash of what it takes and answers, operation by operation; null when that is not known.
    pub schema_hash: Option<String>,
    /// Names of its contexts.
    pub contexts: Vec<String>,
    /// How many operations it has; null when that is not known.
    pub operations: Option<u64>,
    /// Differences that the journeys of the run could not cope with; the run went on because of
    /// `--allow-drift`. At most 100.
    pub hindrances: Vec<String>,
    /// Differences that bodies were adapted to. At most 100.
    pub adapted: Vec<String>,
    /// How many other differences there are that the journeys do not feel.
    pub unfelt: u64,
    /// Operations and fields that it has more than its generation.
    pub additions: u64,
    /// All of it in one line.
    pub says: String,
}

impl TargetRecord {
    /// The record of the target at `url`.
    #[must_use]
    pub fn of(url: String, recognised: &Recognised, fitness: &Fitness) -> Self {
        let written = |drifts: &[Drift]| drifts.iter().take(KEPT).map(Drift::to_string).collect();
        Self {
            url,
            generation: recognised.generation().name().to_owned(),
            recognised_by: match recognised.evidence {
                Evidence::Description => "description",
                Evidence::Contexts => "contexts",
                Evidence::Told => "told",
            }
            .to_owned(),
            exact: recognised.exact,
            schema_hash: recognised.schema_hash.clone(),
            contexts: recognised.contexts.clone(),
            operations: recognised
                .contract
                .as_ref()
                .map(|it: &Contract| it.len() as u64),
            hindrances: written(&fitness.hindrances),
            adapted: written(&fitness.adapted),
            unfelt: fitness.unfelt as u64,
            additions: recognised.additions as u64,
            says: recognised.to_string(),
        }
    }
}
