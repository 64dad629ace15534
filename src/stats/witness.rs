//! What shows that a rule was broken: the exchanges that led there.

use super::{Outcome, RuleCheck};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What part an exchange has in a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Came before the race: makes what is contended for.
    Before,
    /// Was let go together with the others.
    Racer,
    /// Came after the race.
    After,
    /// Asked the shop for the state, without changing it.
    Probe,
}

/// One request and what was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WitnessExchange {
    /// Its part.
    pub part: Part,
    /// Whether it belongs to the smallest set that shows the violation; the others make what is
    /// contended for.
    pub shows: bool,
    /// Statistic name.
    pub name: String,
    /// HTTP method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Headers beside `host`, `content-type` and `content-length`.
    pub headers: Vec<(String, String)>,
    /// Body of the request; empty without one.
    pub body: String,
    /// When it was due, in microseconds from the start of the run.
    pub due_us: i64,
    /// When it was sent; null when it never was.
    pub sent_us: Option<i64>,
    /// When it was answered or given up.
    pub done_us: i64,
    /// HTTP status; null without a reply.
    pub status: Option<u16>,
    /// What became of it.
    pub outcome: Outcome,
    /// Body of the reply.
    pub reply: String,
    /// Field and value of the id that the reply gave, if later requests may hold it.
    pub gave: Option<(String, String)>,
    /// Side of a racer that a rule of a workload file is about, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<u8>,
    /// What was read of the reply for later requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<ReadValue>,
    /// Where path, headers and body hold what was read before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<HeldValue>,
}

/// What was read of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadValue {
    /// What it is called.
    pub name: String,
    /// Where it stands: a JSON pointer, `header NAME`, or `body`.
    pub from: String,
    /// What it was; its name in braces where that is kept secret.
    pub told: String,
}

/// A place in a request that holds what was read of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldValue {
    /// What it is called.
    pub name: String,
    /// `path`, `body`, or the name of a header.
    pub part: String,
    /// Where it begins, in bytes.
    pub at: usize,
    /// How long it is, in bytes.
    pub bytes: usize,
    /// How it is written there.
    pub form: HeldForm,
}

/// How a place writes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeldForm {
    /// As it is.
    Plain,
    /// Without what would end a line.
    Header,
    /// With percent signs.
    Encoded,
    /// As a path.
    Location,
    /// Within a text of JSON.
    JsonText,
    /// As a value of JSON.
    Json,
}

/// A broken rule, with what shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// Name of the rule.
    pub rule: String,
    /// The race after which it was found broken, if there was one.
    pub race: Option<String>,
    /// When it was found, in microseconds from the start of the run.
    pub at_us: i64,
    /// What is wrong.
    pub why: String,
    /// Every exchange that led there, in the order of sending.
    pub exchanges: Vec<WitnessExchange>,
    /// What the rule says, where it is one of a workload file: it is judged again when the witness is
    /// fired again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<RuleCheck>,
}
