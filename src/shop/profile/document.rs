//! A profile as its TOML says it: keys, values and the places they stand at. What the keys mean
//! together is judged in the room above.

use super::error::{ProfileError, ProfileFault};
use crate::plan::{
    Arrivals, ClassShare, FailureRule, HIGHEST_RATE_PER_S, MOST_USERS, Pacing, Suggestion,
    TextPosition, Threshold, parse_duration,
};
use crate::shop::JourneyOption;
use schemars::JsonSchema;
use serde::Deserialize;
use std::ops::Range;
use std::time::Duration;
use toml::Value;
use toml::de::{DeTable, DeValue};

/// Keys of a profile; a test holds them against [`Keys`].
const PROFILE_KEYS: &[&str] = &[
    "name",
    "aliases",
    "description",
    "about",
    "classes",
    "users",
    "spawn_rate",
    "run_time",
    "pacing",
    "failures",
    "thresholds",
    "with",
    "rounds",
    "round_every",
    "stock",
    "stages",
    "rate",
    "arrivals",
    "max_users",
    "connections",
    "timeout",
    "stop_timeout",
];

/// Keys of a stage; a test holds them against [`StageKeys`].
const STAGE_KEYS: &[&str] = &["users", "spawn_rate", "duration"];

/// Keys of a profile; others are errors.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    /// Letters, digits, `-` and `_`; part of the record's directory name.
    #[schemars(required)]
    pub name: Option<Name>,
    /// Other names, for built-in profiles.
    pub aliases: Option<Vec<Name>>,
    /// One line, for lists.
    #[schemars(required)]
    pub description: Option<Line>,
    /// What it is for, at length.
    pub about: Option<String>,
    /// User classes, with a weight if you like: ["SpikeUser", "IdentityUser=3"].
    #[schemars(required, length(min = 1), with = "Option<Vec<Class>>")]
    pub classes: Option<Vec<toml::Spanned<Class>>>,
    /// Users at the same time; without it 1.
    pub users: Option<Count>,
    /// Users started a second; without it 1.
    pub spawn_rate: Option<Rate>,
    /// Length of the run: 90, "90s", "3m" or "1h20m"; without it that of the stages, or 60 s.
    pub run_time: Option<Length>,
    /// Whether users wait between steps; without it as their class says.
    pub pacing: Option<Pacing>,
    /// What counts as a failure.
    pub failures: Option<FailureRule>,
    /// What must hold of the run, else it exits with 99.
    pub thresholds: Option<Vec<ThresholdText>>,
    /// How journeys differ from the Locust suite's.
    pub with: Option<Vec<JourneyOptionWord>>,
    /// Rounds of the flash sale; without it rounds until the run ends.
    pub rounds: Option<Count>,
    /// Rounds by the clock, each so long after the one before: "200ms" to "1h"; without it each begins when the
    /// one before is over, and on several machines every second.
    pub round_every: Option<Length>,
    /// Pieces in each round of the flash sale; without it 10.
    pub stock: Option<Count>,
    /// Several levels instead of users and spawn_rate, one after the other.
    pub stages: Option<Vec<StageKeys>>,
    /// Journeys that arrive a second (open model) instead of users and spawn_rate.
    pub rate: Option<JourneyRate>,
    /// With rate: how arrivals are spread; without it constant.
    pub arrivals: Option<Arrivals>,
    /// With rate: users that carry the arrivals out; without it one second's arrivals, 50 to 2000.
    pub max_users: Option<Count>,
    /// Connections that the users share; without it one for each user.
    pub connections: Option<Count>,
    /// A request without a full reply is given up after this; without it 30 s.
    pub timeout: Option<Length>,
    /// Requests in flight at the end are waited for this long; without it 5 s.
    pub stop_timeout: Option<LengthOrZero>,
}

/// A level of users.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StageKeys {
    /// Users at the end of the ramp; 0 is allowed.
    pub users: CountOrZero,
    /// Users started, or stopped, a second.
    pub spawn_rate: Rate,
    /// Length of the stage, ramp included.
    pub duration: Length,
}

/// Keys of a threshold; a test holds them against [`ThresholdKeys`].
#[cfg(test)]
const THRESHOLD_KEYS: &[&str] = &["expr", "abort_on_fail", "delay"];

/// A threshold that is written as a table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ThresholdKeys {
    /// The threshold, like "response: p(99) < 300ms".
    expr: String,
    /// Whether crossing it ends the run.
    #[serde(default)]
    abort_on_fail: bool,
    /// With abort_on_fail: not before this much of the run has passed.
    delay: Option<LengthOrZero>,
}

impl ThresholdKeys {
    /// The same in one text.
    fn text(self) -> Result<String, String> {
        let Self { expr, .. } = self;
        match (self.abort_on_fail, self.delay) {
            (false, None) => Ok(expr),
            (false, Some(_)) => Err(
                "`delay` means nothing without `abort_on_fail = true`; add that, or drop `delay`"
                    .to_owned(),
            ),
            (true, None) => Ok(format!("{expr} abort")),
            (true, Some(delay)) => Ok(format!("{expr} abort after {}s", delay.0.as_secs_f64())),
        }
    }
}

/// Defines the type of a value by the function that reads it, so that the message about a wrong
/// value says what was expected in the words of this program.
macro_rules! value_type {
    ($(#[$doc:meta])* $name:ident($inner:ty) = $read:expr) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(try_from = "Value")]
        pub(super) struct $name(pub $inner);

        impl TryFrom<Value> for $name {
            type Error = String;

            fn try_from(value: Value) -> Result<Self, String> {
                $read(value).map(Self)
            }
        }
    };
}

value_type!(
    /// A name that is safe in a command and in a directory's name.
    Name(String) = read_name
);
value_type!(
    /// One line of text.
    Line(String) = read_line
);
value_type!(
    /// A user class and its weight.
    Class(ClassShare) = read_class
);
value_type!(
    /// An option of journeys.
    JourneyOptionWord(JourneyOption) = read_option
);
value_type!(
    /// A threshold, as one text or as a table.
    ThresholdText(Threshold) = read_threshold
);
value_type!(
    /// Users or connections.
    Count(u32) = |value| read_count(value, 1)
);
value_type!(
    /// Users at the end of a stage.
    CountOrZero(u32) = |value| read_count(value, 0)
);
value_type!(
    /// Users started a second.
    Rate(f64) = |value| read_rate(value, f64::MAX)
);
value_type!(
    /// Journeys a second.
    JourneyRate(f64) = |value| read_rate(value, HIGHEST_RATE_PER_S)
);
value_type!(
    /// A length of time that is not zero.
    Length(Duration) = read_length
);
value_type!(
    /// A length of time.
    LengthOrZero(Duration) = read_length_or_zero
);

fn read_name(value: Value) -> Result<String, String> {
    let is_safe = |text: &str| {
        text.len() <= 64
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    match value {
        Value::String(text) if is_safe(&text) => Ok(text),
        other => Err(format!(
            "a name has 1 to 64 letters, digits, `-` and `_`, and starts with a letter or digit; {other} does not"
        )),
    }
}

fn read_line(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.trim().is_empty() && !text.contains(['\n', '\r']) => Ok(text),
        other => Err(format!("must be one line of text, not {other}")),
    }
}

fn read_class(value: Value) -> Result<ClassShare, String> {
    match value {
        Value::String(text) => ClassShare::parse(&text).map_err(|error| error.to_string()),
        other => Err(format!(
            "must be texts like \"SpikeUser\" or \"IdentityUser=3\", not {other}"
        )),
    }
}

fn read_option(value: Value) -> Result<JourneyOption, String> {
    match value {
        Value::String(text) => JourneyOption::parse(&text).map_err(|error| error.to_string()),
        other => Err(format!("must be texts like \"strict\", not {other}")),
    }
}

/// A text, or k6's table with the parts that end the run.
fn read_threshold(value: Value) -> Result<Threshold, String> {
    let text = match value {
        Value::String(text) => text,
        Value::Table(table) => {
            let keys = table.try_into::<ThresholdKeys>();
            keys.map_err(|error| error.message().to_owned())?.text()?
        }
        other => {
            return Err(format!(
                "must be texts like \"response: p(99) < 300ms\", or tables like {{ expr = \"…\", abort_on_fail = true }}, not {other}"
            ));
        }
    };
    Threshold::parse(&text).map_err(|error| error.to_string())
}

fn read_count(value: Value, least: u32) -> Result<u32, String> {
    value
        .as_integer()
        .and_then(|number| u32::try_from(number).ok())
        .filter(|count| (least..=MOST_USERS).contains(count))
        .ok_or_else(|| format!("must be a whole number from {least} to {MOST_USERS}, not {value}"))
}

fn read_rate(value: Value, highest: f64) -> Result<f64, String> {
    let number = match value {
        Value::Integer(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        _ => None,
    };
    match number {
        Some(rate) if rate > 0.0 && rate <= highest => Ok(rate),
        _ if highest < f64::MAX => Err(format!(
            "must be a number above 0 and at most {highest} (a second), not {value}"
        )),
        _ => Err(format!("must be a number above 0 (a second), not {value}")),
    }
}

fn read_length_or_zero(value: Value) -> Result<Duration, String> {
    match &value {
        Value::String(text) => parse_duration(text).map_err(|error| error.to_string()),
        Value::Integer(_) | Value::Float(_) => parse_duration(&value.to_string())
            .map_err(|_| format!("must be a length of time like 20 or \"2m\", not {value}")),
        _ => Err(format!(
            "must be a length of time like 20 or \"2m\", not {value}"
        )),
    }
}

fn read_length(value: Value) -> Result<Duration, String> {
    match read_length_or_zero(value)? {
        length if length.as_micros() == 0 => Err("must be longer than 0".to_owned()),
        length => Ok(length),
    }
}

/// A key of the document and where it and its value stand, in bytes.
struct KeyPlace {
    key: String,
    key_span: Range<usize>,
    value_span: Range<usize>,
    is_top_level: bool,
}

/// A text that is a TOML document with the keys of a profile.
pub(super) struct ProfileDocument<'a> {
    text: &'a str,
    origin: &'a str,
    places: Vec<KeyPlace>,
}

impl<'a> ProfileDocument<'a> {
    /// Reads the keys and values of `text`, which came from `origin`.
    pub fn read(text: &'a str, origin: &'a str) -> Result<(Self, Keys), ProfileError> {
        let table = Self::empty(text, origin).parse()?;
        Self::of_table(text, origin, table)
    }

    /// The profiles that the table `profiles` of `text` holds, each with its name.
    pub fn read_within(
        text: &'a str,
        origin: &'a str,
    ) -> Result<Vec<(String, Self, Keys)>, ProfileError> {
        let document = Self::empty(text, origin);
        let mut file = document.parse()?.into_inner();
        let wrong = |span: Range<usize>, key: &str, why: String| {
            let key = key.to_owned();
            document.error(Some(span), ProfileFault::Value { key, why })
        };
        let Some(profiles) = file.remove("profiles") else {
            return Ok(Vec::new());
        };
        let span = profiles.span();
        let DeValue::Table(profiles) = profiles.into_inner() else {
            return Err(wrong(
                span,
                "profiles",
                "must be a table of names".to_owned(),
            ));
        };
        let mut read = Vec::new();
        for (name, value) in profiles {
            let (name_span, span) = (name.span(), value.span());
            let name = name.into_inner().into_owned();
            let named = read_name(Value::String(name.clone()));
            let name = named.map_err(|why| wrong(name_span, &name, why))?;
            let DeValue::Table(table) = value.into_inner() else {
                return Err(wrong(span, &name, "must be a table".to_owned()));
            };
            let table = toml::Spanned::new(span, table);
            let (document, keys) = Self::of_table(text, origin, table)?;
            read.push((name, document, keys));
        }
        Ok(read)
    }

    fn empty(text: &'a str, origin: &'a str) -> Self {
        Self {
            text,
            origin,
            places: Vec::new(),
        }
    }

    fn parse(&self) -> Result<toml::Spanned<DeTable<'a>>, ProfileError> {
        DeTable::parse(self.text).map_err(|error| {
            let why = error.message().to_owned();
            self.error(error.span(), ProfileFault::Syntax { why })
        })
    }

    fn of_table(
        text: &'a str,
        origin: &'a str,
        table: toml::Spanned<DeTable<'a>>,
    ) -> Result<(Self, Keys), ProfileError> {
        let mut document = Self::empty(text, origin);
        document.note_keys(table.get_ref(), PROFILE_KEYS)?;
        let keys = Keys::deserialize(toml::Deserializer::from(table))
            .map_err(|error| document.value_error(&error))?;
        Ok((document, keys))
    }

    /// An error at the top-level key `key`.
    pub fn error_at_key(&self, key: &str, fault: ProfileFault) -> ProfileError {
        let place = self
            .places
            .iter()
            .find(|place| place.is_top_level && place.key == key);
        self.error(place.map(|place| place.key_span.clone()), fault)
    }

    /// The place of byte `offset`.
    pub fn position(&self, offset: usize) -> TextPosition {
        TextPosition::of_offset(self.text, offset)
    }

    fn error(&self, span: Option<Range<usize>>, fault: ProfileFault) -> ProfileError {
        ProfileError {
            origin: self.origin.to_owned(),
            position: span.map(|span| self.position(span.start)),
            fault,
        }
    }

    fn note_keys(
        &mut self,
        table: &DeTable<'_>,
        known: &'static [&'static str],
    ) -> Result<(), ProfileError> {
        for (key, value) in table {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let fault = ProfileFault::UnknownKey {
                    key: name.to_owned(),
                    suggestion: Suggestion::for_word(name, known.iter().copied()),
                    known,
                };
                return Err(self.error(Some(key.span()), fault));
            }
            self.places.push(KeyPlace {
                key: name.to_owned(),
                key_span: key.span(),
                value_span: value.span(),
                is_top_level: known == PROFILE_KEYS,
            });
            if let ("stages", DeValue::Array(stages)) = (name, value.get_ref()) {
                for stage in stages {
                    if let DeValue::Table(stage) = stage.get_ref() {
                        self.note_keys(stage, STAGE_KEYS)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The error about a value of the wrong kind, with the innermost key that it stands under.
    fn value_error(&self, error: &toml::de::Error) -> ProfileError {
        let span = error.span();
        let why = error.message().to_owned();
        let innermost = span.as_ref().and_then(|span| {
            self.places
                .iter()
                .filter(|place| place.value_span.contains(&span.start))
                .min_by_key(|place| place.value_span.len())
        });
        let fault = match innermost {
            Some(place) => ProfileFault::Value {
                key: place.key.clone(),
                why,
            },
            None => ProfileFault::Syntax { why },
        };
        self.error(span, fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<'de, T: Deserialize<'de>>() -> String {
        let table = DeTable::parse("no_such_key = 1").unwrap();
        let error = T::deserialize(toml::Deserializer::from(table))
            .err()
            .unwrap();
        error.message().to_owned()
    }

    #[test]
    fn the_lists_of_keys_are_complete() {
        for (message, known) in [
            (fields::<Keys>(), PROFILE_KEYS),
            (fields::<StageKeys>(), STAGE_KEYS),
            (fields::<ThresholdKeys>(), THRESHOLD_KEYS),
        ] {
            let known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
            let expected = format!(
                "unknown field `no_such_key`, expected one of {}",
                known.join(", ")
            );
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn every_key_is_documented() {
        let documentation = include_str!("../../../profiles/README.md");
        for key in PROFILE_KEYS.iter().chain(STAGE_KEYS).chain(THRESHOLD_KEYS) {
            assert!(documentation.contains(&format!("| `{key}` |")), "{key}");
        }
    }
}
