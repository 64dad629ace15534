//! `compare.json`: everything that a comparison found. Table and page are made of it.
//!
//! The JSON schema in `schema/compare.schema.json` is generated from these types.

use crate::record::Record;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A comparison of groups of runs. The unit is the run: figures are those of whole runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparisonRecord {
    /// Version of this layout.
    pub schema_version: u32,
    /// Version of shopblast.
    pub shopblast: String,
    /// The command line.
    pub command: String,
    /// Chance, 0 to 1, that all intervals of a table hold, and that equal sides are not said to differ.
    pub confidence: f64,
    /// Relative difference that matters: 0.02 is 2 %.
    pub margin: f64,
    /// Difference of shares that matters: 0.001 is 0.1 percentage points.
    pub share_margin: f64,
    /// Seed of the permutations.
    pub seed: u64,
    /// Hash of the offered load, when all runs have the same.
    pub plan_hash: Option<String>,
    /// Which part of the runs the headline figures are of: `steady` or `whole`.
    pub phase: String,
    /// The groups of runs; the first is the baseline.
    pub sides: Vec<SideRecord>,
    /// Runs of one configuration that show how much runs differ by themselves; null without.
    pub noise: Option<SideRecord>,
    /// Every other side against the baseline.
    pub comparisons: Vec<PairRecord>,
    /// What a reader has to know; a sentence each.
    pub notes: Vec<String>,
    /// The outcome in a sentence.
    pub sentence: String,
    /// Exit code of the process.
    pub exit_code: i32,
}

/// A group of runs of one configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SideRecord {
    /// What it is called.
    pub name: String,
    /// Runs that were compared.
    pub runs: Vec<RunEntry>,
    /// Runs that were not.
    pub left_out: Vec<LeftOut>,
}

/// A run that was compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunEntry {
    /// Where it was read from.
    pub path: String,
    /// Who measured it.
    pub source: Source,
    /// Its id; null when it has none.
    pub run_id: Option<String>,
    /// When it began (RFC 3339, UTC); null when that is not known.
    pub started: Option<String>,
    /// Hash of the offered load; null when that is not known.
    pub plan_hash: Option<String>,
    /// Measured seconds; null when that is not known.
    pub measured_s: Option<f64>,
    /// Requests that ended.
    pub requests: u64,
}

/// A run that was not compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Where it was read from.
    pub path: String,
    /// Why.
    pub why: String,
}

/// Who measured a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// shopblast: its record.
    #[default]
    Shopblast,
    /// Locust: its CSV files.
    Locust,
}

/// One side against the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PairRecord {
    /// Name of the baseline.
    pub baseline: String,
    /// Name of the other side.
    pub candidate: String,
    /// Whether the n-th runs of both sides were compared with each other.
    pub paired: bool,
    /// All requests together.
    pub overall: TableRecord,
    /// By statistic name.
    pub by_name: TableRecord,
    /// The candidate, in a word.
    pub verdict: Overall,
    /// Runs a side that would decide all headline figures that are inconclusive now (a difference of
    /// the margin is then found with a chance of 80 %); null when none is, or none would.
    pub runs_needed: Option<usize>,
    /// The outcome in a sentence.
    pub sentence: String,
}

/// Rows that were tested together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TableRecord {
    /// The rows.
    pub rows: Vec<RowRecord>,
    /// Standard errors that the intervals reach to either side at least; null without intervals.
    pub critical: Option<f64>,
    /// Arrangements of the runs that were tried; 0 without a test.
    pub arrangements: usize,
    /// Whether these were all that there are.
    pub exact: bool,
    /// Names and figures that are not compared, and why.
    pub left_out: Vec<String>,
}

/// A quantity of both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RowRecord {
    /// HTTP method; `event` of what a kind of event took; empty over all names.
    pub method: String,
    /// Statistic name, or kind of event like `Ordering.OrderCreated`; empty over all names.
    pub name: String,
    /// What is compared: `throughput`, `response p99`, `failed`, `event done p99`, `drain rate identity` and
    /// so on.
    pub quantity: String,
    /// Unit of the values.
    pub unit: String,
    /// How the difference is formed.
    pub scale: Scale,
    /// Which direction is good.
    pub better: Better,
    /// Value of every baseline run.
    pub baseline_values: Vec<f64>,
    /// Value of every candidate run.
    pub candidate_values: Vec<f64>,
    /// Mean of the baseline: geometric for ratios, arithmetic for points.
    pub baseline: f64,
    /// Mean of the candidate.
    pub candidate: f64,
    /// The difference: for ratios 0.05 when the candidate is 5 % higher, for points that of the shares.
    pub difference: f64,
    /// Interval of the difference; null with one run a side.
    pub interval: Option<Interval>,
    /// Chance of such a difference in any row of the table if the sides were equal; null with one run a side.
    pub p: Option<f64>,
    /// Difference that the runs given as noise show between groups of these sizes; null without.
    pub noise_floor: Option<f64>,
    /// The candidate in this row.
    pub verdict: RowVerdict,
    /// For an inconclusive row: runs a side that would decide it. Null when it is decided, or more than 10,000 were needed, or rounding hides the difference.
    pub runs_needed: Option<usize>,
}

/// The ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How a difference is formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Relative to the baseline, of geometric means.
    Ratio,
    /// Of shares, in the same unit.
    Points,
}

/// Which direction is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: refusals and lost version races are answers of the business.
    Neither,
}

/// What a row says of the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowVerdict {
    /// It is better, by a difference that matters.
    Better,
    /// It is worse, by a difference that matters.
    Worse,
    /// It differs, where neither direction is good.
    Changed,
    /// If there is a difference, it is smaller than what matters.
    NoDifference,
    /// The runs do not tell.
    Inconclusive,
    /// One run a side: nothing can be said about chance.
    NotJudged,
}

/// What all headline rows say of the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// Better in some rows, worse in none.
    Better,
    /// Worse in some rows, better in none.
    Worse,
    /// Better in some rows, worse in others.
    Mixed,
    /// No difference that matters in any row.
    NoDifference,
    /// Nothing was found, but some rows could hide a difference that matters.
    Inconclusive,
    /// One run a side: nothing can be said about chance.
    NotJudged,
}

impl Record for ComparisonRecord {
    const VERSION: u32 = 1;
}
