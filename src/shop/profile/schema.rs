//! The JSON schema of profiles, for editors: made from the types that profiles are read into.

use super::document::{
    Class, Count, CountOrZero, JourneyOptionWord, JourneyRate, Keys, Length, LengthOrZero, Line,
    Name, Rate, ThresholdKeys, ThresholdText,
};
use crate::plan::{HIGHEST_RATE_PER_S, MOST_USERS};
use crate::shop::JourneyOption;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A length of time as [`crate::plan::parse_duration`] reads it, but for the order of its units.
const LENGTH: &str = r"^\s*[0-9]+(\.[0-9]+)?((h|m|s|ms|us)([0-9]+(\.[0-9]+)?(m|s|ms|us))*)?\s*$";

/// The schema as text, with a final line end.
pub(super) fn text() -> String {
    let mut schema = SchemaGenerator::default()
        .into_root_schema_for::<Keys>()
        .to_value();
    without_null(&mut schema);
    schema["title"] = "A load test of shopblast".into();
    schema["allOf"] = exclusions();
    let mut text = format!("{schema:#}");
    text.push('\n');
    text
}

/// Keys that exclude each other, and keys that need another.
fn exclusions() -> Value {
    let not_both = |key: &str, other: &str| json!({ "not": { "required": [key, other] } });
    json!([
        not_both("users", "stages"),
        not_both("spawn_rate", "stages"),
        not_both("rate", "stages"),
        not_both("users", "rate"),
        not_both("spawn_rate", "rate"),
        { "dependentRequired": { "arrivals": ["rate"], "max_users": ["rate"] } },
    ])
}

/// TOML has no null: what may be left out is never that.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            if let Some(Value::Array(types)) = keywords.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    keywords.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = keywords.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(only)] = &choices[..] {
                    let only = only.clone();
                    keywords.remove("anyOf");
                    keywords.extend(only);
                }
            }
            keywords.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// Gives a type of values its schema, which is written out wherever the type is used.
macro_rules! schema_of {
    ($type:ty, $generator:ident => $schema:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

schema_of!(Name, _generator => json_schema!({
    "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
}));
schema_of!(Line, _generator => json_schema!({
    "type": "string", "pattern": r"^[^\r\n]*\S[^\r\n]*$"
}));
schema_of!(Class, _generator => json_schema!({
    "type": "string", "pattern": r"^\s*[^=\s][^=]*(=\s*\+?0*[1-9][0-9]*\s*)?$"
}));
schema_of!(JourneyOptionWord, _generator => json_schema!({
    "type": "string", "enum": JourneyOption::ALL.map(JourneyOption::word)
}));
schema_of!(Count, _generator => count(1));
schema_of!(CountOrZero, _generator => count(0));
schema_of!(Rate, _generator => json_schema!({ "type": "number", "exclusiveMinimum": 0 }));
schema_of!(JourneyRate, _generator => json_schema!({
    "type": "number", "exclusiveMinimum": 0, "maximum": HIGHEST_RATE_PER_S
}));
schema_of!(Length, _generator => json_schema!({
    "anyOf": [
        { "type": "string", "pattern": LENGTH },
        { "type": "number", "exclusiveMinimum": 0 },
    ]
}));
schema_of!(LengthOrZero, _generator => json_schema!({
    "anyOf": [{ "type": "string", "pattern": LENGTH }, { "type": "number", "minimum": 0 }]
}));
schema_of!(ThresholdText, generator => {
    let table = ThresholdKeys::json_schema(generator);
    json_schema!({ "anyOf": [{ "type": "string", "minLength": 1 }, table] })
});

fn count(least: u32) -> Schema {
    json_schema!({ "type": "integer", "minimum": least, "maximum": MOST_USERS })
}

#[cfg(test)]
mod tests {
    use super::super::{BUILT_IN, Profile};
    use super::*;

    fn validator() -> jsonschema::Validator {
        let schema: Value = serde_json::from_str(&text()).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }

    /// What an editor makes of a profile.
    fn value(text: &str) -> Value {
        toml::from_str(text).unwrap()
    }

    fn with(lines: &str) -> String {
        format!("name = \"x\"\ndescription = \"d\"\nclasses = [\"SpikeUser\"]\n{lines}")
    }

    #[test]
    fn profiles_that_are_compiled_in_fit() {
        let validator = validator();
        for (place, text) in BUILT_IN {
            let complaints: Vec<String> = validator
                .iter_errors(&value(text))
                .map(|error| error.to_string())
                .collect();
            assert!(complaints.is_empty(), "{place}: {complaints:?}");
        }
    }

    #[test]
    fn what_a_profile_may_say_fits() {
        let validator = validator();
        for lines in [
            "users = 3\nspawn_rate = 0.5\nrun_time = \"1h20m\"",
            "run_time = 90\nstop_timeout = 0\ntimeout = \"500ms\"",
            "stages = [{ users = 5, spawn_rate = 5, duration = 9 }, { users = 0, spawn_rate = 5, duration = \"1m\" }]",
            "rate = 20\narrivals = \"poisson\"\nmax_users = 9",
            "pacing = \"max\"\nfailures = \"locust\"\nwith = [\"strict\"]",
            "thresholds = [\"failures: rate < 1%\", { expr = \"failures: count < 1\", abort_on_fail = true, delay = \"3s\" }]",
            "rounds = 1\nround_every = \"500ms\"\nstock = 5\nconnections = 1\naliases = [\"y\"]\nabout = \"\"\"\na\nb\"\"\"",
        ] {
            let text = with(lines);
            Profile::parse(&text, "x.toml").unwrap();
            assert!(validator.is_valid(&value(&text)), "{lines}");
        }
        let weighted = with("").replace("SpikeUser", "SpikeUser = 3");
        Profile::parse(&weighted, "x.toml").unwrap();
        assert!(validator.is_valid(&value(&weighted)));
    }

    #[test]
    fn what_is_refused_does_not_fit() {
        let validator = validator();
        for lines in [
            "user = 3",
            "users = 0",
            "users = 1.5",
            "spawn_rate = 0",
            "run_time = \"soon\"",
            "run_time = 0",
            "rate = 1e9",
            "pacing = \"fast\"",
            "with = [\"stict\"]",
            "users = 3\nrate = 5",
            "users = 3\nstages = [{ users = 1, spawn_rate = 5, duration = 9 }]",
            "stages = [{ users = 1, duration = 9 }]",
            "arrivals = \"poisson\"",
            "thresholds = [{ exp = \"failures: count < 1\" }]",
        ] {
            let text = with(lines);
            assert!(Profile::parse(&text, "x.toml").is_err(), "{lines}");
            assert!(!validator.is_valid(&value(&text)), "{lines}");
        }
        for missing in ["name", "description", "classes"] {
            let lines: Vec<String> = with("").lines().map(str::to_owned).collect();
            let rest = lines.iter().filter(|line| !line.starts_with(missing));
            let text: String = rest.map(|line| format!("{line}\n")).collect();
            assert!(!validator.is_valid(&value(&text)), "{missing}");
        }
    }
}
