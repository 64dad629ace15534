//! Whether the journeys of a run can be carried out at a shop that differs from its generation.

use super::Contract;
use super::ShopScript;
use super::generation::{Drift, DriftChange, Recognised, ValueShape};
use super::sent::{Sending, Sent, SentField, sendings};
use crate::engine::Operation;
use regex_lite::Regex;

/// What of a shop's differences the journeys of a run feel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JourneyFitness {
    /// Differences that make requests of the journeys be refused.
    pub hindrances: Vec<Drift>,
    /// Differences that bodies of the journeys are adapted to.
    pub adapted: Vec<Drift>,
    /// How many other differences there are.
    pub unfelt: usize,
}

impl JourneyFitness {
    /// Of the journeys of `script` at the shop that was `recognised`.
    #[must_use]
    pub fn of(script: &ShopScript, recognised: &Recognised) -> Self {
        let sendings = sendings(script);
        let mut fitness = Self::default();
        // Reading all bodies takes some milliseconds: at most once for each operation.
        let mut known: Option<(&str, &str, Sent)> = None;
        for drift in &recognised.drifts {
            let place = (drift.method.as_str(), drift.path.as_str());
            let called = sendings.iter().find(|it| it.is_to(place.0, place.1));
            let Some(called) = called else {
                fitness.unfelt += 1;
                continue;
            };
            let sent = match known.take() {
                Some((method, path, sent)) if (method, path) == place => sent,
                _ => Sent::to(script, &sendings, place.0, place.1),
            };
            if is_felt(drift, called.operation, &sent) {
                fitness.hindrances.push(drift.clone());
            } else if drift.is_adapted() && sent.field(&drift.field).is_some() {
                fitness.adapted.push(drift.clone());
            } else {
                fitness.unfelt += 1;
            }
            known = Some((place.0, place.1, sent));
        }
        fitness.hindrances.extend(unknown(&sendings, recognised));
        fitness
    }

    /// Of all journeys.
    #[must_use]
    pub fn of_all(recognised: &Recognised) -> Self {
        ShopScript::of_all(recognised.dialect)
            .map(|script| Self::of(&script, recognised))
            .unwrap_or_default()
    }
}

/// What the generation of the shop does not have, and this shop does not either: a suite or a class may be
/// of a newer one.
fn unknown(sendings: &[Sending<'_>], recognised: &Recognised) -> Vec<Drift> {
    let of_generation = recognised.generation().contract();
    let mut unknown: Vec<Drift> = Vec::new();
    for called in sendings {
        let (method, path) = (called.operation.method.word(), called.path);
        let has = |contract: &Contract| contract.operation(method, path).is_some();
        let is_told = |known: &Drift| (&*known.method, &*known.path) == (method, path);
        if !has(of_generation)
            && !recognised.contract.as_ref().is_some_and(has)
            && !unknown.iter().any(is_told)
        {
            unknown.push(Drift {
                method: method.to_owned(),
                path: path.to_owned(),
                field: String::new(),
                change: DriftChange::Gone,
            });
        }
    }
    unknown
}

/// Whether requests that send this are refused, or their success is not recognised.
fn is_felt(drift: &Drift, called: &Operation, sent: &Sent) -> bool {
    let field = sent.field(&drift.field);
    match &drift.change {
        DriftChange::Gone | DriftChange::Parameter(_) => true,
        DriftChange::NoJson => sent.has_bodies(),
        DriftChange::Successes { theirs, .. } => !theirs.contains(&called.success.to_string()),
        DriftChange::FieldRequired => !sent.always_has(&drift.field),
        DriftChange::FieldGone => field.is_some(),
        DriftChange::Types { theirs, .. } => field.is_some_and(|sent| !passes_types(sent, theirs)),
        DriftChange::Bound { name, theirs, .. } => {
            field.is_some_and(|sent| !passes_bound(sent, name, *theirs))
        }
        DriftChange::Pattern(pattern) => field.is_some_and(|sent| !passes_pattern(sent, pattern)),
        DriftChange::Values(values) => {
            field.is_some_and(|sent| sent.values.iter().any(|value| !values.contains(value)))
        }
    }
}

fn passes_types(sent: &SentField, theirs: &ValueShape) -> bool {
    sent.types.iter().all(|json_type| theirs.takes(json_type))
}

fn passes_bound(sent: &SentField, name: &str, bound: f64) -> bool {
    let (range, passes): (_, fn(f64, f64, f64) -> bool) = match name {
        "maxLength" => (sent.characters, |_, most, bound| most <= bound),
        "minLength" => (sent.characters, |least, _, bound| least >= bound),
        "maximum" => (sent.numbers, |_, most, bound| most <= bound),
        "exclusiveMaximum" => (sent.numbers, |_, most, bound| most < bound),
        "minimum" => (sent.numbers, |least, _, bound| least >= bound),
        "exclusiveMinimum" => (sent.numbers, |least, _, bound| least > bound),
        "maxItems" => (sent.elements, |_, most, bound| most <= bound),
        "minItems" => (sent.elements, |least, _, bound| least >= bound),
        _ => return false,
    };
    range.is_none_or(|(least, most)| passes(least, most, bound))
}

/// What cannot be tried is taken for a hindrance.
fn passes_pattern(sent: &SentField, pattern: &str) -> bool {
    let Ok(pattern) = Regex::new(pattern) else {
        return false;
    };
    let texts = sent.values.iter();
    let mut texts = texts.filter_map(|value| serde_json::from_str::<String>(value).ok());
    texts.all(|text| pattern.is_match(&text))
}

#[cfg(test)]
mod tests;
