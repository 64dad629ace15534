//! Rows of one table, tested together and put into words.

use super::comparison_record::{Interval, RowRecord, RowVerdict, Scale, TableRecord};
use super::evidence::{MeasuredValue, MeasuredValues, SHORTEST_DRAIN_S};
use super::inference::{
    Design, MaxT, Needed, Sample, TestedRow, least_runs, noise_reach, run_variance, runs_needed,
};
use super::judge::{JudgedDifference, judge};
use super::quantity::ComparedQuantity;
use std::collections::{BTreeMap, BTreeSet};

/// How rows are judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judging {
    /// 1 − confidence.
    pub alpha: f64,
    /// Relative difference that matters.
    pub margin: f64,
    /// Difference of shares that matters.
    pub share_margin: f64,
    /// Seed of the permutations.
    pub seed: u64,
    /// Which runs belong together.
    pub design: Design,
}

impl Judging {
    /// What matters, on the scale on which differences add up.
    fn margin_of(&self, scale: Scale) -> f64 {
        match scale {
            Scale::Ratio => self.margin.ln_1p(),
            Scale::Points => self.share_margin,
        }
    }
}

/// The rows of a table.
pub struct TableTest<'a> {
    /// One a statistic name, or one over all names.
    pub sections: Vec<Section>,
    /// How they are judged.
    pub judging: &'a Judging,
}

/// The rows of a statistic name.
pub struct Section {
    /// Method and name; empty over all names.
    pub name: (String, String),
    /// Values of the baseline's and the candidate's runs.
    pub sides: [Vec<MeasuredValues>; 2],
    /// Values of the runs that show the noise.
    pub noise: Vec<MeasuredValues>,
}

/// What is not compared, by reason.
type LeftOutBy = BTreeMap<&'static str, Vec<String>>;

/// A row before the test.
struct Candidate<'a> {
    name: &'a (String, String),
    quantity: &'a ComparedQuantity,
    values: [Vec<MeasuredValue>; 2],
    noise: Option<Vec<f64>>,
    sample: Sample,
}

/// Tests all rows together, and judges each.
#[must_use]
pub fn table(test: &TableTest<'_>) -> TableRecord {
    let mut left_out = LeftOutBy::new();
    let mut candidates = Vec::new();
    for Section { name, sides, noise } in &test.sections {
        let before = candidates.len();
        let mut missing = Vec::new();
        for quantity in quantities(sides) {
            match candidate(name, quantity, sides, noise) {
                Ok(row) => candidates.extend(row),
                Err(why) => missing.push((why, quantity)),
            }
        }
        let is_name = !name.1.is_empty();
        match missing.first() {
            None if is_name && candidates.len() == before => {
                left_out
                    .entry("too few requests")
                    .or_default()
                    .push(name.1.clone());
            }
            Some((why, _)) if is_name && candidates.len() == before => {
                left_out.entry(why).or_default().push(name.1.clone());
            }
            _ => {
                for (why, quantity) in missing {
                    let what = format!("{} {quantity}", name.1).trim_start().to_owned();
                    left_out.entry(why).or_default().push(what);
                }
            }
        }
    }
    let left_out: Vec<String> = left_out
        .into_iter()
        .map(|(why, what)| format!("{why}: {}", what.join(", ")))
        .collect();
    let runs = |side: usize| candidates.first().map_or(0, |row| row.values[side].len());
    let judging = test.judging;
    if runs(0) < 2 || runs(1) < 2 {
        return TableRecord {
            rows: candidates.iter().map(|row| untested(row)).collect(),
            left_out,
            exact: true,
            ..TableRecord::default()
        };
    }
    let samples: Vec<Sample> = candidates.iter().map(|row| row.sample.clone()).collect();
    let result = MaxT::of(&samples, judging.design, 1.0 - judging.alpha, judging.seed);
    let rows = candidates.iter().zip(&result.rows);
    TableRecord {
        rows: rows
            .map(|(candidate, row)| tested(candidate, row, &result, judging))
            .collect(),
        critical: Some(digits(result.critical)).filter(|critical| *critical > 0.0),
        arrangements: result.arrangements,
        exact: result.exact,
        left_out,
    }
}

/// The quantities that any run has.
fn quantities(sides: &[Vec<MeasuredValues>; 2]) -> BTreeSet<&ComparedQuantity> {
    sides
        .iter()
        .flatten()
        .flat_map(|values| values.keys())
        .collect()
}

/// The row of a quantity; nothing when there is nothing of it anywhere: a share of 0, no backlog.
///
/// # Errors
/// Why it cannot be compared.
fn candidate<'a>(
    name: &'a (String, String),
    quantity: &'a ComparedQuantity,
    sides: &[Vec<MeasuredValues>; 2],
    noise: &[MeasuredValues],
) -> Result<Option<Candidate<'a>>, &'static str> {
    let of = |runs: &[MeasuredValues]| -> Option<Vec<MeasuredValue>> {
        runs.iter()
            .map(|values| values.get(quantity).copied())
            .collect()
    };
    let [Some(baseline), Some(candidate)] = [of(&sides[0]), of(&sides[1])] else {
        return Err("not measured in every run");
    };
    let scale = quantity.scale();
    let all = || baseline.iter().chain(&candidate);
    let nothing = match quantity {
        ComparedQuantity::DrainTime(_) => SHORTEST_DRAIN_S,
        _ => 0.0,
    };
    if all().all(|value| value.value == nothing) {
        return Ok(None);
    }
    if scale == Scale::Ratio && all().any(|value| value.value <= 0.0) {
        return Err("0 in some runs, which has no ratio");
    }
    let sample = Sample {
        baseline: on_scale(&baseline, scale),
        candidate: on_scale(&candidate, scale),
        rounding_variance: rounding_variance(&baseline, scale)
            + rounding_variance(&candidate, scale),
    };
    let noise = of(noise)
        .filter(|runs| {
            runs.len() > 1 && (scale == Scale::Points || runs.iter().all(|run| run.value > 0.0))
        })
        .map(|runs| on_scale(&runs, scale));
    Ok(Some(Candidate {
        name,
        quantity,
        values: [baseline, candidate],
        noise,
        sample,
    }))
}

fn on_scale(values: &[MeasuredValue], scale: Scale) -> Vec<f64> {
    let scaled = values.iter().map(|value| match scale {
        Scale::Ratio => value.value.ln(),
        Scale::Points => value.value,
    });
    scaled.collect()
}

/// Variance of an error that is uniform within ± the half step, the same in all runs of a side: the
/// largest of them.
fn rounding_variance(values: &[MeasuredValue], scale: Scale) -> f64 {
    let half_step = values.iter().map(|value| match scale {
        Scale::Ratio => value.half_step / value.value,
        Scale::Points => value.half_step,
    });
    half_step.fold(0.0, f64::max).powi(2) / 3.0
}

/// A row of single runs.
fn untested(row: &Candidate<'_>) -> RowRecord {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let difference = mean(&row.sample.candidate) - mean(&row.sample.baseline);
    record(row, difference, RowVerdict::NotJudged)
}

fn tested(candidate: &Candidate<'_>, row: &TestedRow, test: &MaxT, judging: &Judging) -> RowRecord {
    let scale = candidate.quantity.scale();
    let estimate = row.estimate;
    let margin = judging.margin_of(scale);
    let runs = [0, 1].map(|side| candidate.values[side].len());
    let floor = candidate
        .noise
        .as_ref()
        .map(|noise| noise_reach(noise, runs, 1.0 - judging.alpha));
    let verdict = if test.can_tell {
        judge(&JudgedDifference {
            difference: estimate.difference,
            interval: Interval {
                low: row.low,
                high: row.high,
            },
            p: row.p,
            alpha: judging.alpha,
            margin,
            noise_floor: floor.unwrap_or_default(),
            better: candidate.quantity.better(),
        })
    } else {
        RowVerdict::Inconclusive
    };
    let least = least_runs(judging.design, judging.alpha);
    let needed = || {
        // Only the number of runs is in the way.
        if !test.can_tell && (row.low > margin || row.high < -margin) {
            return Some(least);
        }
        runs_needed(&Needed {
            design: judging.design,
            variance: run_variance(&candidate.sample, judging.design),
            rounding_variance: candidate.sample.rounding_variance,
            difference: margin,
            critical: (row.high - estimate.difference) / estimate.standard_error,
            degrees: estimate.degrees,
            least,
        })
    };
    RowRecord {
        interval: Some(Interval {
            low: shown(row.low, scale),
            high: shown(row.high, scale),
        }),
        p: Some(digits(row.p)),
        noise_floor: floor.map(|floor| shown(floor, scale)),
        runs_needed: (verdict == RowVerdict::Inconclusive).then(needed).flatten(),
        ..record(candidate, estimate.difference, verdict)
    }
}

fn record(row: &Candidate<'_>, difference: f64, verdict: RowVerdict) -> RowRecord {
    let scale = row.quantity.scale();
    let values = |side: usize| row.values[side].iter().map(|value| value.value).collect();
    let mean = |logs: &[f64]| {
        let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
        digits(match scale {
            Scale::Ratio => mean.exp(),
            Scale::Points => mean,
        })
    };
    RowRecord {
        method: row.name.0.clone(),
        name: row.name.1.clone(),
        quantity: row.quantity.to_string(),
        unit: row.quantity.unit().to_owned(),
        scale,
        better: row.quantity.better(),
        baseline_values: values(0),
        candidate_values: values(1),
        baseline: mean(&row.sample.baseline),
        candidate: mean(&row.sample.candidate),
        difference: shown(difference, scale),
        interval: None,
        p: None,
        noise_floor: None,
        verdict,
        runs_needed: None,
    }
}

/// A difference as it is shown: relative for ratios.
fn shown(difference: f64, scale: Scale) -> f64 {
    digits(match scale {
        Scale::Ratio => difference.exp_m1(),
        Scale::Points => difference,
    })
}

/// Nine significant digits: more would be the mathematics library's, which differs between systems.
fn digits(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}
