//! `/tasks`: which share each user class and each of its journeys has, in Locust's shape.

use super::offer::{Offer, OfferedClass};
use crate::plan::ClassShare;
use serde_json::{Map, Value, json};

/// `per_class`: shares of a class's own passes. `total`: shares of all users' passes.
#[must_use]
pub fn ratios(offer: &Offer, running: &[ClassShare]) -> Value {
    let weight: u32 = running.iter().map(|share| share.weight).sum();
    let mut per_class = Map::new();
    let mut total = Map::new();
    for share in running {
        let Some(class) = offer.classes.iter().find(|class| class.name == share.class) else {
            continue;
        };
        let ratio = f64::from(share.weight) / f64::from(weight.max(1));
        per_class.insert(class.name.clone(), entry(class, ratio, 1.0));
        total.insert(class.name.clone(), entry(class, ratio, ratio));
    }
    json!({"per_class": per_class, "total": total})
}

fn entry(class: &OfferedClass, ratio: f64, of: f64) -> Value {
    let journeys = class.journeys.iter();
    let tasks: Map<String, Value> = journeys
        .map(|(name, share)| (name.clone(), json!({"ratio": share * of})))
        .collect();
    json!({"ratio": ratio, "tasks": tasks})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_class_and_of_all() {
        let class = |name: &str, journeys: &[(&str, f64)]| OfferedClass {
            name: name.to_owned(),
            journeys: journeys
                .iter()
                .map(|&(name, share)| (name.to_owned(), share))
                .collect(),
            ..OfferedClass::default()
        };
        let offer = Offer {
            classes: vec![
                class("A", &[("Buy", 0.75), ("Look", 0.25)]),
                class("B", &[("Buy", 1.0)]),
                class("Idle", &[("Sleep", 1.0)]),
            ],
            ..Offer::default()
        };
        let share = |class: &str, weight| ClassShare {
            class: class.to_owned(),
            weight,
        };
        let told = ratios(&offer, &[share("A", 1), share("B", 3)]);
        let expected = json!({
            "per_class": {
                "A": {"ratio": 0.25, "tasks": {"Buy": {"ratio": 0.75}, "Look": {"ratio": 0.25}}},
                "B": {"ratio": 0.75, "tasks": {"Buy": {"ratio": 1.0}}},
            },
            "total": {
                "A": {"ratio": 0.25, "tasks": {"Buy": {"ratio": 0.1875}, "Look": {"ratio": 0.0625}}},
                "B": {"ratio": 0.75, "tasks": {"Buy": {"ratio": 0.75}}},
            },
        });
        assert_eq!(told, expected);
        assert_eq!(ratios(&offer, &[]), json!({"per_class": {}, "total": {}}));
    }
}
