//! What a run's target was, as its record says it.

use super::address_record::AddressRecord;
use super::tls_record::TlsRecord;
use crate::engine::TargetFacts;
use crate::stats::AddressTable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Differences that are kept of each kind.
const KEPT: usize = 100;

/// What the target was, and how it differed from its generation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// The addresses that connections went to, at most 64.
    #[serde(default)]
    pub addresses: Vec<AddressRecord>,
    /// The flags of `shopblast sandbox` that make a shop like the one that the run brought along; null when
    /// its target was another.
    #[serde(default)]
    pub sandbox: Option<Vec<String>>,
    /// How TLS was spoken with it; null when it was not, or when that was not seen.
    #[serde(default)]
    pub tls: Option<TlsRecord>,
}

impl TargetRecord {
    /// The record of the target at `url`, of which these `facts` are known.
    #[must_use]
    pub fn of(url: String, facts: TargetFacts) -> Self {
        let kept = |mut differences: Vec<String>| {
            differences.truncate(KEPT);
            differences
        };
        Self {
            url,
            generation: facts.generation,
            recognised_by: facts.recognised_by.word().to_owned(),
            exact: facts.exact,
            schema_hash: facts.schema_hash,
            contexts: facts.contexts,
            operations: facts.operations,
            hindrances: kept(facts.hindrances),
            adapted: kept(facts.adapted),
            unfelt: facts.unfelt,
            additions: facts.additions,
            says: facts.says,
            addresses: Vec::new(),
            sandbox: None,
            tls: None,
        }
    }

    /// The same, with what was seen of TLS.
    #[must_use]
    pub fn seen_over_tls(self, tls: Option<TlsRecord>) -> Self {
        Self { tls, ..self }
    }

    /// The same of a target that the run brought along, which these words make.
    #[must_use]
    pub fn brought(self, sandbox: Option<Vec<String>>) -> Self {
        Self { sandbox, ..self }
    }

    /// The same, with what went to which of its addresses.
    #[must_use]
    pub fn reached_at(self, table: &AddressTable) -> Self {
        Self {
            addresses: AddressRecord::of(table),
            ..self
        }
    }
}
