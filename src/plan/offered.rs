//! In which of the fields that decide the offered load plans differ, as people name them.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The fields of a recorded plan that its hash is made of.
const OFFERED: [&str; 8] = [
    "classes",
    "load",
    "pacing",
    "options",
    "races",
    "run_time",
    "request_timeout",
    "connections",
];
/// Differences that are told.
const TOLD: usize = 12;

/// A line for each field of the offered load in which `plans`, each with its name, differ: the field and
/// what each has there, like `load.closed.stages[0].users: 50 (before), 100 (after)`.
#[must_use]
pub fn differing_fields(plans: &[(&str, &Map<String, Value>)]) -> Vec<String> {
    let fields: Vec<BTreeMap<String, String>> =
        plans.iter().map(|(_, plan)| offered(plan)).collect();
    let mut names: Vec<&String> = fields.iter().flat_map(BTreeMap::keys).collect();
    names.sort_unstable();
    names.dedup();
    let values = |name: &String| -> Vec<&str> {
        fields
            .iter()
            .map(|fields| fields.get(name).map_or("nothing", String::as_str))
            .collect()
    };
    let mut lines: Vec<String> = names
        .into_iter()
        .filter_map(|name| {
            let values = values(name);
            if values.windows(2).all(|pair| pair[0] == pair[1]) {
                return None;
            }
            let told: Vec<String> = values
                .iter()
                .zip(plans)
                .map(|(value, (plan, _))| format!("{value} ({plan})"))
                .collect();
            Some(format!("{name}: {}", told.join(", ")))
        })
        .collect();
    let hidden = lines.len().saturating_sub(TOLD);
    if hidden > 0 {
        lines.truncate(TOLD);
        lines.push(format!("and {hidden} more"));
    }
    lines
}

fn offered(plan: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for name in OFFERED {
        if let Some(value) = plan.get(name) {
            flatten(name.to_owned(), value, &mut fields);
        }
    }
    fields
}

fn flatten(name: String, value: &Value, fields: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            for (key, value) in inner {
                flatten(format!("{name}.{key}"), value, fields);
            }
        }
        Value::Array(inner) if inner.iter().any(|value| value.is_object()) => {
            for (place, value) in inner.iter().enumerate() {
                flatten(format!("{name}[{place}]"), value, fields);
            }
        }
        Value::Array(inner) => {
            let words: Vec<String> = inner.iter().map(word).collect();
            let words = if words.is_empty() {
                "none".to_owned()
            } else {
                words.join(" ")
            };
            fields.insert(name, words);
        }
        value => {
            fields.insert(name, word(value));
        }
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Arrivals, ClassShare, Driver, Load, Pacing, Plan, RunId, Target};
    use std::time::Duration;

    type Change = fn(&mut Plan);

    fn plan() -> Plan {
        let load = Load::Open {
            rate_per_s: 5.0,
            arrivals: Arrivals::Constant,
            max_users: 50,
        };
        Plan::of_load(load, Duration::from_secs(60))
    }

    fn class(name: &str) -> ClassShare {
        ClassShare {
            class: name.to_owned(),
            weight: 1,
        }
    }

    /// A field of the plan is a line here: what is changed, and the difference that is told, or nothing
    /// where it decides nothing of the load.
    const CHANGES: &[(Change, &str)] = &[
        (
            |plan| plan.pacing = Pacing::Max,
            "pacing: class (a), max (b)",
        ),
        (
            |plan| plan.run_time = Duration::from_secs(90),
            "run_time: 60.0 (a), 90.0 (b)",
        ),
        (
            |plan| plan.request_timeout = Duration::from_secs(1),
            "request_timeout: 30.0 (a), 1.0 (b)",
        ),
        (
            |plan| plan.connections = Some(7),
            "connections: none (a), 7 (b)",
        ),
        (
            |plan| plan.options = vec!["strict"],
            "options: none (a), strict (b)",
        ),
        (
            |plan| plan.classes = vec![class("SpikeUser")],
            "classes[0].class: nothing (a), SpikeUser (b)",
        ),
        (
            |plan| plan.races.rules.sequential = true,
            "races.sequential: false (a), true (b)",
        ),
        (
            |plan| {
                plan.load = Load::Open {
                    rate_per_s: 6.0,
                    arrivals: Arrivals::Poisson,
                    max_users: 50,
                }
            },
            "load.open.rate_per_s: 5.0 (a), 6.0 (b)",
        ),
        (|plan| plan.seed = 99, ""),
        (|plan| plan.run_id = RunId::new(9, 9, 9), ""),
        (|plan| plan.cores = vec![1], ""),
        (|plan| plan.driver = Driver::Epoll, ""),
        (|plan| plan.stop_timeout = Duration::ZERO, ""),
        (|plan| plan.target = Target::of_this_process(), ""),
        (|plan| plan.profile = "other".to_owned(), ""),
        (|plan| plan.max_body_bytes = 1, ""),
    ];

    #[test]
    fn what_changes_the_hash_is_named_and_nothing_else() {
        let usual = plan();
        for (change, told) in CHANGES {
            let mut changed = plan();
            change(&mut changed);
            let lines = differing_fields(&[("a", &usual.fields()), ("b", &changed.fields())]);
            assert_eq!(changed.hash() == usual.hash(), told.is_empty(), "{told}");
            assert_eq!(lines.is_empty(), told.is_empty(), "{lines:?}");
            assert!(
                told.is_empty() || lines.iter().any(|line| line == told),
                "{told}: {lines:?}"
            );
        }
    }

    #[test]
    fn many_differences_are_cut() {
        let one = Map::from_iter((0..30).map(|number| (number.to_string(), Value::from(number))));
        let plan = Map::from_iter([("options".to_owned(), Value::Object(one))]);
        let lines = differing_fields(&[("a", &plan), ("b", &Map::new())]);
        assert_eq!(lines.len(), TOLD + 1);
        assert_eq!(lines[TOLD], "and 18 more");
    }
}
