//! ShopStream as a workload: how a shop is met, and what its record says of it.

use super::inspection::inspect;
use super::ledger::ONE_OUTBOX_ROW;
use super::{
    CONTEXTS, Contract, Drift, Generation, HEALTH_PATH, JourneyFitness, Recognised, ShopScript,
    total_weight, user_class,
};
use crate::engine::inquiry::{Inquiry, NotRecognised, Recognition};
use crate::engine::{DomainName, JourneyShares, TargetFacts, Unprepared, Workload};
use crate::plan::Plan;
use crate::shop::{JourneyOption, JourneyOptions, Suite};
use crate::stats::Rule;
use serde_json::{Map, Value};

/// ShopStream, of whatever generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShopStream {
    /// The generation that a shop is compared with, or is taken for where it does not tell; `None`
    /// compares it with the one that it is most like.
    pub expected: Option<Generation>,
}

impl Workload for ShopStream {
    type Script = ShopScript;
    type Target = Recognised;

    fn health_path(&self) -> &'static str {
        HEALTH_PATH
    }

    fn recognise(&self, inquiry: &dyn Inquiry) -> Result<Recognition<Recognised>, NotRecognised> {
        inspect(inquiry, self.expected)
    }

    fn presumed(&self) -> Recognised {
        Recognised::told(self.expected.unwrap_or_default())
    }

    fn script(&self, plan: &Plan, target: &Recognised) -> Result<ShopScript, Unprepared> {
        ShopScript::new(plan, target.dialect).map_err(|why| Unprepared(why.to_string()))
    }

    fn outline(&self, plan: &Plan, target: &Recognised) -> Result<ShopScript, Unprepared> {
        ShopScript::outline(plan, target.dialect).map_err(|why| Unprepared(why.to_string()))
    }

    fn facts(&self, script: &ShopScript, target: &Recognised) -> TargetFacts {
        let fitness = JourneyFitness::of(script, target);
        let written = |drifts: &[Drift]| drifts.iter().map(Drift::to_string).collect();
        TargetFacts {
            generation: target.generation().name().to_owned(),
            recognised_by: target.evidence,
            exact: target.exact,
            schema_hash: target.schema_hash.clone(),
            contexts: target.contexts.clone(),
            operations: target
                .contract
                .as_ref()
                .map(|it: &Contract| it.len() as u64),
            hindrances: written(&fitness.hindrances),
            adapted: written(&fitness.adapted),
            unfelt: fitness.unfelt as u64,
            additions: target.additions as u64,
            says: match script.suite() == Suite::of(target.generation()) {
                true => target.to_string(),
                false => format!("{target}; suite {}", script.suite().name()),
            },
        }
    }

    fn domains(&self) -> Vec<DomainName> {
        let contexts = CONTEXTS.iter();
        contexts
            .map(|context| DomainName {
                name: context.name,
                title: context.title,
            })
            .collect()
    }

    fn outbox_rule(&self) -> Option<&'static Rule> {
        Some(ONE_OUTBOX_ROW)
    }

    /// Of the users of each class alike. Nothing when a class is not known to this version. Records of
    /// before there were two suites name no suite, and ran the older one.
    fn planned_shares(&self, plan: &Map<String, Value>, generation: &str) -> JourneyShares {
        let classes = classes(plan);
        let (options, suite) = options(plan);
        let mut generations = Generation::ALL.into_iter();
        let of_target = generations.find(|known| known.name() == generation);
        let of_target = of_target.map_or(Suite::Five, Suite::of);
        let options = options.in_suite(suite.unwrap_or(of_target));
        let weights: u64 = classes.iter().map(|(_, weight)| weight).sum();
        let mut planned: Vec<(&'static str, f64)> = Vec::new();
        for (name, weight) in classes {
            let Some(class) = user_class(name) else {
                return Vec::new();
            };
            let of_class = weight as f64 / weights.max(1) as f64;
            let journeys = class.journeys_with(options);
            let all = f64::from(total_weight(journeys));
            for entry in journeys {
                let share = of_class * f64::from(entry.weight) / all;
                let mut known = planned.iter_mut();
                match known.find(|(name, _)| *name == entry.journey.name()) {
                    Some((_, sum)) => *sum += share,
                    None => planned.push((entry.journey.name(), share)),
                }
            }
        }
        planned
    }
}

/// Classes of a recorded plan, with their weights.
fn classes(plan: &Map<String, Value>) -> Vec<(&str, u64)> {
    let shares = plan.get("classes").and_then(Value::as_array);
    let shares = shares.into_iter().flatten();
    let pairs = shares.filter_map(|share| {
        Some((
            share.get("class")?.as_str()?,
            share.get("weight")?.as_u64()?,
        ))
    });
    pairs.collect()
}

/// Options of a recorded plan.
fn options(plan: &Map<String, Value>) -> (JourneyOptions, Option<Suite>) {
    let words = plan.get("options").and_then(Value::as_array);
    let words = words.into_iter().flatten().filter_map(Value::as_str);
    let options = words
        .clone()
        .filter_map(|word| JourneyOption::parse(word).ok());
    (
        options.collect(),
        words.clone().find_map(Suite::of_plan_word),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Described, Script};
    use crate::plan::{ClassShare, Load, Stage};
    use serde_json::json;
    use std::time::Duration;

    fn shares(plan: &Value) -> Vec<(&'static str, f64)> {
        let fields = plan.as_object().cloned().unwrap();
        let shares = ShopStream::default().planned_shares(&fields, "five");
        let rounded = |share: f64| (share * 1e6).round() / 1e6;
        shares
            .into_iter()
            .map(|(name, share)| (name, rounded(share)))
            .collect()
    }

    #[test]
    fn passes_are_shared_by_the_weights_of_classes_and_of_their_journeys() {
        let plan = json!({"classes": [
            {"class": "RaceConditionUser", "weight": 3},
            {"class": "FlashSaleUser", "weight": 1},
        ]});
        assert_eq!(
            shares(&plan),
            [
                ("CancelDuringPaymentJourney", 0.3),
                ("ConcurrentOrderModificationJourney", 0.3),
                ("FlashSaleStampede", 0.4),
            ]
        );
    }

    #[test]
    fn an_outline_takes_as_much_as_the_script_and_holds_nothing_to_send() {
        let load = Load::closed(
            vec![Stage {
                users: 1,
                spawn_rate_per_s: 1.0,
                duration_us: 1_000_000,
            }],
            Duration::from_secs(1),
        );
        let plan = Plan {
            classes: ["FullShopUser", "TodaysRaceUser", "FlashSaleUser"]
                .map(|class| ClassShare {
                    class: class.to_owned(),
                    weight: 1,
                })
                .to_vec(),
            ..Plan::of_load(load.unwrap(), Duration::from_secs(1))
        };
        let script = ShopScript::new(&plan, Generation::Today).unwrap();
        let outline = ShopScript::outline(&plan, Generation::Today).unwrap();
        let takes = |script: &ShopScript| {
            let connections = Script::race_connections(script, 9);
            (connections, script.shape(), script.cookies())
        };
        assert_eq!(takes(&outline), takes(&script));
        assert!(script.files().supplies().memory_bytes() > 1 << 20);
        assert_eq!(outline.files().supplies().memory_bytes(), 0);
    }

    #[test]
    fn options_change_the_shares_and_unknown_classes_have_none() {
        let flood = |options: &[&str], class: &str| {
            let classes = [json!({"class": class, "weight": 1})];
            shares(&json!({"classes": classes, "options": options}))
        };
        let first = |options: &[&str]| flood(options, "CrossDomainFloodUser")[0].1;
        assert_eq!(first(&[]), 0.2);
        assert_eq!(first(&["by-request"]), 0.333_333);
        assert_eq!(flood(&[], "NobodyUser"), []);
        assert_eq!(shares(&json!({})), []);
    }
}
