//! From groups of runs to everything that can be said of them.

use super::comparison_record::{
    ComparisonRecord, LeftOut, Overall, PairRecord, RunEntry, SideRecord, Source,
};
use super::evidence::{MeasuredValues, RunEvidence, Unusable};
use super::inference::Design;
use super::sentence::{of_all, of_pair};
use super::table_test::{Judging, Section, TableTest, table};
use crate::plan::{ExitCode, differing_fields};
use crate::record::Record;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A named group of runs of one configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// What it is called.
    pub name: String,
    /// Its runs, usable or not.
    pub runs: Vec<RunEvidence>,
}

/// What is asked of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonQuestion {
    /// The command line.
    pub command: String,
    /// Chance, 0 to 1, that all intervals of a table hold.
    pub confidence: f64,
    /// Relative difference that matters.
    pub margin: f64,
    /// Difference of shares that matters.
    pub share_margin: f64,
    /// Seed of the permutations.
    pub seed: u64,
    /// Whether the n-th runs of all sides were made beside each other.
    pub paired: bool,
    /// Whether runs of different plans may be compared.
    pub different_plans: bool,
    /// Whether a candidate that is worse is an error.
    pub fail_on_worse: bool,
    /// Whether a run that the generator spoiled is an error.
    pub fail_on_saturation: bool,
}

/// Why runs cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum Incomparable {
    /// Several plans.
    #[error(
        "the runs do not have the same plan, so that their difference would be the load's:\n{0}\ncompare runs of one plan, or say that you mean it with --different-plans"
    )]
    Plans(String),
    /// A run on several sides.
    #[error("{} is named twice; every run counts once", .0.display())]
    Twice(PathBuf),
    /// A side without a usable run.
    #[error("side {side} has no run that can be compared:\n{why}")]
    Nothing {
        /// The side.
        side: String,
        /// Its runs, and what is wrong with them, a line each.
        why: String,
        /// Whether the generator was at its limit in all of them.
        saturated: bool,
    },
    /// Pairs that are none.
    #[error(
        "--paired compares the n-th runs of all sides with each other, but {0} has {1} and {2} has {3}"
    )]
    Unpaired(String, usize, String, usize),
}

impl Incomparable {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Nothing {
                saturated: true, ..
            } => ExitCode::GeneratorSaturated,
            _ => ExitCode::BadPlan,
        }
    }
}

/// Compares every further side with the first; `noise` are runs of one configuration that show how
/// much runs differ by themselves.
///
/// # Errors
/// When that would not be a comparison.
pub fn compare(
    sides: &[Side],
    noise: Option<&Side>,
    question: &ComparisonQuestion,
) -> Result<(ComparisonRecord, ExitCode), Incomparable> {
    let sides = if question.paired {
        &whole_rounds(sides)?
    } else {
        sides
    };
    let all: Vec<&Side> = sides.iter().chain(noise).collect();
    reject_repeats(&all)?;
    let usable: Vec<Vec<&RunEvidence>> = sides.iter().map(usable_runs).collect();
    for (side, runs) in sides.iter().zip(&usable) {
        reject_nothing(side, runs)?;
    }
    let quiet = noise.map(usable_runs).unwrap_or_default();
    let plan_hash = common_plan(&all);
    if plan_hash.is_none() && !question.different_plans {
        return Err(Incomparable::Plans(plans_text(&all)));
    }
    let steady = usable
        .iter()
        .flatten()
        .chain(&quiet)
        .all(|run| run.steady.is_some());
    let mut comparisons = Vec::new();
    for (side, runs) in sides.iter().zip(&usable).skip(1) {
        let judging = Judging {
            // Bonferroni over the sides, so that the confidence is that of the whole comparison.
            alpha: (1.0 - question.confidence) / (sides.len() - 1) as f64,
            margin: question.margin,
            share_margin: question.share_margin,
            seed: question.seed,
            design: if question.paired {
                Design::Paired
            } else {
                Design::Independent
            },
        };
        let names = [&sides[0].name, &side.name];
        comparisons.push(pair(names, [&usable[0], runs], &quiet, steady, &judging));
    }
    let exit_code = exit_code(&comparisons, &all, question);
    let record = ComparisonRecord {
        schema_version: ComparisonRecord::VERSION,
        shopblast: env!("CARGO_PKG_VERSION").to_owned(),
        command: question.command.clone(),
        confidence: question.confidence,
        margin: question.margin,
        share_margin: question.share_margin,
        seed: question.seed,
        plan_hash,
        phase: if steady { "steady" } else { "whole" }.to_owned(),
        sides: sides.iter().map(side_record).collect(),
        noise: noise.map(side_record),
        sentence: of_all(&comparisons),
        comparisons,
        notes: notes(&all),
        exit_code: i32::from(exit_code.value()),
    };
    Ok((record, exit_code))
}

/// The sides, without the runs whose partner cannot be compared.
fn whole_rounds(sides: &[Side]) -> Result<Vec<Side>, Incomparable> {
    let count = |side: &Side| side.runs.len();
    if let Some(other) = sides.iter().find(|side| count(side) != count(&sides[0])) {
        return Err(Incomparable::Unpaired(
            sides[0].name.clone(),
            count(&sides[0]),
            other.name.clone(),
            count(other),
        ));
    }
    let mut sides = sides.to_vec();
    for round in 0..count(&sides[0]) {
        if sides.iter().any(|side| side.runs[round].unusable.is_some()) {
            for side in &mut sides {
                let why = Unusable::Incomplete("the run beside it cannot be compared");
                side.runs[round].unusable.get_or_insert(why);
            }
        }
    }
    Ok(sides)
}

fn usable_runs(side: &Side) -> Vec<&RunEvidence> {
    let usable = side.runs.iter().filter(|run| run.unusable.is_none());
    usable.collect()
}

fn reject_repeats(sides: &[&Side]) -> Result<(), Incomparable> {
    let mut seen = BTreeSet::new();
    for run in sides.iter().flat_map(|side| &side.runs) {
        let path = run.path.canonicalize().unwrap_or_else(|_| run.path.clone());
        let identity = run
            .run_id
            .clone()
            .unwrap_or_else(|| path.to_string_lossy().into_owned());
        if !seen.insert(identity) {
            return Err(Incomparable::Twice(run.path.clone()));
        }
    }
    Ok(())
}

fn reject_nothing(side: &Side, usable: &[&RunEvidence]) -> Result<(), Incomparable> {
    if !usable.is_empty() {
        return Ok(());
    }
    let is_saturated = |run: &RunEvidence| run.unusable == Some(Unusable::Saturated);
    let line = |run: &LeftOut| format!("  {}: {}", run.path, run.why);
    let lines: Vec<String> = left_out(side).iter().map(line).collect();
    Err(Incomparable::Nothing {
        side: side.name.clone(),
        why: lines.join("\n"),
        saturated: !side.runs.is_empty() && side.runs.iter().all(is_saturated),
    })
}

/// The plan that all usable runs have; `None` when there are several, or one is not known.
fn common_plan(sides: &[&Side]) -> Option<String> {
    let mut plans = sides
        .iter()
        .flat_map(|side| usable_runs(side))
        .map(|run| &run.plan_hash);
    let first = plans.next()?.as_ref()?;
    plans
        .all(|plan| plan.as_ref() == Some(first))
        .then(|| first.clone())
}

/// A line for each side and plan.
fn plans_text(sides: &[&Side]) -> String {
    let mut lines = Vec::new();
    for side in sides {
        let mut plans: BTreeMap<String, usize> = BTreeMap::new();
        for run in usable_runs(side) {
            let plan = match (&run.plan_hash, run.source) {
                (Some(hash), _) => format!("plan {hash} (profile {})", run.profile),
                (None, Source::Locust) => "Locust does not say its plan".to_owned(),
                (None, Source::Shopblast) => "no plan".to_owned(),
            };
            *plans.entry(plan).or_default() += 1;
        }
        for (plan, runs) in plans {
            lines.push(format!("  {}: {runs} × {plan}", side.name));
        }
    }
    let differences = differences(sides);
    if !differences.is_empty() {
        lines.push("they differ in".to_owned());
        lines.extend(differences.iter().map(|line| format!("  {line}")));
    }
    lines.join("\n")
}

/// In what the plans differ that are known, each by the side that has it first.
fn differences(sides: &[&Side]) -> Vec<String> {
    let mut plans: BTreeMap<&str, (&str, &Map<String, Value>)> = BTreeMap::new();
    let mut order = Vec::new();
    for side in sides {
        for run in usable_runs(side) {
            let hash = run.plan_hash.as_deref();
            let Some(hash) = hash.filter(|hash| !plans.contains_key(hash)) else {
                continue;
            };
            plans.insert(hash, (&side.name, &run.plan));
            order.push(hash);
        }
    }
    let plans: Vec<_> = order.iter().map(|hash| plans[hash]).collect();
    differing_fields(&plans)
}

fn pair(
    names: [&String; 2],
    sides: [&[&RunEvidence]; 2],
    quiet: &[&RunEvidence],
    steady: bool,
    judging: &Judging,
) -> PairRecord {
    let headline = |run: &RunEvidence| match (&run.steady, steady) {
        (Some(values), true) => values.clone(),
        _ => run.whole.clone(),
    };
    let of_headline = |runs: &[&RunEvidence]| -> Vec<MeasuredValues> {
        runs.iter().map(|run| headline(run)).collect()
    };
    let overall = table(&TableTest {
        sections: vec![Section {
            name: (String::new(), String::new()),
            sides: sides.map(of_headline),
            noise: of_headline(quiet),
        }],
        judging,
    });
    let by_name = table(&TableTest {
        sections: name_sections(sides, quiet),
        judging,
    });
    let words: Vec<_> = overall.rows.iter().map(|row| row.verdict).collect();
    let verdict = super::judge::overall(&words);
    let needed = overall.rows.iter().filter_map(|row| row.runs_needed).max();
    let mut record = PairRecord {
        baseline: names[0].clone(),
        candidate: names[1].clone(),
        paired: judging.design == Design::Paired,
        overall,
        by_name,
        verdict,
        runs_needed: needed,
        sentence: String::new(),
    };
    record.sentence = of_pair(&record, judging);
    record
}

/// The names that any run has, with the values of each run; a run without the name has none.
fn name_sections(sides: [&[&RunEvidence]; 2], quiet: &[&RunEvidence]) -> Vec<Section> {
    let names: BTreeSet<&(String, String)> = sides
        .iter()
        .flat_map(|runs| runs.iter())
        .flat_map(|run| run.names.keys())
        .collect();
    let values = |runs: &[&RunEvidence], name: &(String, String)| -> Vec<MeasuredValues> {
        let of_run = |run: &&RunEvidence| run.names.get(name).cloned().unwrap_or_default();
        runs.iter().map(of_run).collect()
    };
    names
        .into_iter()
        .map(|name| Section {
            name: name.clone(),
            sides: sides.map(|runs| values(runs, name)),
            noise: values(quiet, name),
        })
        .collect()
}

fn side_record(side: &Side) -> SideRecord {
    let entry = |run: &&RunEvidence| RunEntry {
        path: run.path.display().to_string(),
        source: run.source,
        run_id: run.run_id.clone(),
        started: run.started.clone(),
        plan_hash: run.plan_hash.clone(),
        measured_s: run.measured_s,
        requests: run.requests,
    };
    SideRecord {
        name: side.name.clone(),
        runs: usable_runs(side).iter().map(entry).collect(),
        left_out: left_out(side),
    }
}

fn left_out(side: &Side) -> Vec<LeftOut> {
    let out = side.runs.iter().filter_map(|run| {
        Some(LeftOut {
            path: run.path.display().to_string(),
            why: run.unusable.as_ref()?.why().to_owned(),
        })
    });
    out.collect()
}

fn notes(sides: &[&Side]) -> Vec<String> {
    let mut notes = Vec::new();
    for side in sides {
        for run in usable_runs(side) {
            for note in &run.notes {
                notes.push(format!("{}: {note}", run.path.display()));
            }
        }
    }
    let runs: Vec<&RunEvidence> = sides.iter().flat_map(|side| usable_runs(side)).collect();
    if runs.iter().any(|run| run.source == Source::Locust) {
        notes.push(
            "Locust's percentiles are rounded to two digits (1 ms below 100 ms): the intervals allow for it"
                .to_owned(),
        );
        notes.push(
            "Locust counts from the moment of sending and loses its last second; service time, unknown requests and the plan are not in its files, and not compared"
                .to_owned(),
        );
    }
    let made_with: BTreeSet<&str> = runs.iter().map(|run| run.made_with.as_str()).collect();
    if made_with.len() > 1 {
        let list: Vec<&str> = made_with.into_iter().collect();
        notes.push(format!(
            "the runs were not made by the same generator: {}",
            list.join("; ")
        ));
    }
    let rules: BTreeSet<&String> = runs
        .iter()
        .filter_map(|run| run.failure_rule.as_ref())
        .collect();
    if rules.len() > 1 {
        notes.push("the runs do not count the same requests as failures (--failures)".to_owned());
    }
    notes
}

fn exit_code(
    comparisons: &[PairRecord],
    sides: &[&Side],
    question: &ComparisonQuestion,
) -> ExitCode {
    let is_worse = |pair: &PairRecord| matches!(pair.verdict, Overall::Worse | Overall::Mixed);
    let mut runs = sides.iter().flat_map(|side| &side.runs);
    let saturated = runs.any(|run| run.unusable == Some(Unusable::Saturated));
    let found = [
        (
            saturated && question.fail_on_saturation,
            ExitCode::GeneratorSaturated,
        ),
        (
            question.fail_on_worse && comparisons.iter().any(is_worse),
            ExitCode::ThresholdCrossed,
        ),
    ];
    ExitCode::settle(
        found
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, code)| code),
    )
}
