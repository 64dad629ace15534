//! What a plan of ShopStream says beyond the load, in words that a plan keeps and does not interpret.

use super::timed_sale::RoundClock;
use super::{JourneyOption, JourneyOptions, Suite, UnknownOption};
use crate::plan::{Plan, PlannedRaces, RaceRules};
use serde_json::{Map, Value};
use std::num::NonZeroU64;
use std::time::Duration;

/// What [`PlannedRaces::own`] calls them.
const ROUNDS: &str = "rounds";
const STOCK: &str = "stock";
const ROUND_EVERY_MS: &str = "round_every_ms";

/// How journeys differ from those of the Locust suite, and how the flash sale goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShopSettings {
    /// How journeys differ.
    pub options: JourneyOptions,
    /// The suite; `None` for that of the target's generation.
    pub suite: Option<Suite>,
    /// Rounds of the flash sale; `None` goes on until the run ends. One round is the Locust suite's
    /// sale: one item for the whole run, and nobody waits for anybody.
    pub rounds: Option<NonZeroU64>,
    /// Time from one round to the next where they go by the clock, `RoundClock::LEAST` to
    /// `RoundClock::MOST`, in whole milliseconds; `None` where nothing was said of it.
    pub round_every: Option<Duration>,
    /// Pieces in each round of the flash sale, 1 to [`ShopSettings::MOST_STOCK`].
    pub stock: u32,
}

/// A plan says what ShopStream does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownSetting {
    /// No option of journeys.
    #[error(transparent)]
    Option(#[from] UnknownOption),
    /// No number of rounds, or of pieces.
    #[error("{name} of the flash sale cannot be {value}")]
    Sale {
        /// What it is called.
        name: &'static str,
        /// What was said.
        value: String,
    },
}

impl Default for ShopSettings {
    fn default() -> Self {
        Self {
            options: JourneyOptions::default(),
            suite: None,
            rounds: None,
            round_every: None,
            stock: 10,
        }
    }
}

impl ShopSettings {
    /// Most pieces of a round.
    pub const MOST_STOCK: u32 = 1_000_000;
    /// How far apart rounds may be that go by the clock, for people.
    pub const BETWEEN_ROUNDS: &str = "rounds go every 200ms to 1h, in whole milliseconds";

    /// Whether rounds may go `every` so long.
    #[must_use]
    pub fn is_time_between_rounds(every: Duration) -> bool {
        (RoundClock::LEAST..=RoundClock::MOST).contains(&every)
            && every.subsec_nanos().is_multiple_of(1_000_000)
    }

    /// Those of `plan`; what it does not say is as it is without flags.
    ///
    /// # Errors
    /// When it says something that there is not.
    pub fn of(plan: &Plan) -> Result<Self, UnknownSetting> {
        let default = Self::default();
        let words = plan.options.iter();
        let suite = words.clone().find_map(|word| Suite::of_plan_word(word));
        let options = words.filter(|word| Suite::of_plan_word(word).is_none());
        let options = options.map(|word| JourneyOption::parse(word));
        let own = &plan.races.own;
        let rounds = number(own, ROUNDS, u64::MAX)?;
        let stock = number(own, STOCK, u64::from(Self::MOST_STOCK))?;
        let most_ms = RoundClock::MOST.as_millis() as u64;
        let every_ms = number(own, ROUND_EVERY_MS, most_ms)?;
        Ok(Self {
            options: options.collect::<Result<_, _>>()?,
            suite,
            rounds: rounds.or(default.rounds),
            round_every: every_ms.map(|ms| Duration::from_millis(ms.get())),
            stock: stock.map_or(default.stock, |stock| stock.get() as u32),
        })
    }

    /// What a plan has of them among its options.
    #[must_use]
    pub fn plan_words(&self) -> Vec<&'static str> {
        let suite = self.suite.map(Suite::plan_word);
        self.options.words().into_iter().chain(suite).collect()
    }

    /// The races of a plan with these settings and `rules`.
    #[must_use]
    pub fn races(&self, rules: RaceRules) -> PlannedRaces {
        let own = [
            (ROUNDS, self.rounds.map(NonZeroU64::get).into()),
            (STOCK, self.stock.into()),
        ];
        // Not said, it is no word of the plan: older plans have the same hash.
        let every = self.round_every.map(|every| {
            let ms = Value::from(every.as_millis() as u64);
            (ROUND_EVERY_MS, ms)
        });
        let own = own.into_iter().chain(every);
        let own = own.map(|(name, value): (&str, Value)| (name.to_owned(), value));
        PlannedRaces {
            rules,
            own: own.collect(),
        }
    }

    /// Whether the flash sale goes in rounds, with a common start each, where races go by `rules`.
    #[must_use]
    pub fn has_rounds(&self, rules: &RaceRules) -> bool {
        !rules.sequential && (self.rounds != NonZeroU64::new(1) || self.round_every.is_some())
    }
}

impl ShopSettings {
    /// The rounds of `plan` that go by the clock; `None` where the flash sale has none, or each begins when
    /// the one before is over.
    #[must_use]
    pub fn round_clock(&self, plan: &Plan) -> Option<RoundClock> {
        let most = self.rounds.map(NonZeroU64::get);
        self.has_rounds(&plan.races.rules)
            .then(|| RoundClock::of(plan, self.round_every, most))
            .flatten()
    }
}

/// The number called `name`, from 1 to `most`; `None` when nothing is said.
fn number(
    own: &Map<String, Value>,
    name: &'static str,
    most: u64,
) -> Result<Option<NonZeroU64>, UnknownSetting> {
    let Some(value) = own.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let number = value.as_u64().filter(|number| *number <= most);
    let number = number.and_then(NonZeroU64::new);
    number.map(Some).ok_or_else(|| UnknownSetting::Sale {
        name,
        value: value.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Load, Stage};

    fn plan() -> Plan {
        let run_time = Duration::from_secs(1);
        let stage = Stage {
            users: 1,
            spawn_rate_per_s: 1.0,
            duration_us: 1_000_000,
        };
        Plan::of_load(Load::closed(vec![stage], run_time).unwrap(), run_time)
    }

    #[test]
    fn a_plan_keeps_them_and_they_are_read_again() {
        let settings = ShopSettings {
            options: [JourneyOption::Strict, JourneyOption::ByRequest]
                .into_iter()
                .collect(),
            suite: Some(Suite::Five),
            rounds: NonZeroU64::new(3),
            round_every: Some(Duration::from_millis(1_500)),
            stock: 7,
        };
        for settings in [settings, ShopSettings::default()] {
            let plan = Plan {
                options: settings.plan_words(),
                races: settings.races(RaceRules::default()),
                ..plan()
            };
            assert_eq!(ShopSettings::of(&plan), Ok(settings));
        }
        assert_eq!(ShopSettings::of(&plan()), Ok(ShopSettings::default()));
    }

    #[test]
    fn a_record_has_them_among_the_rules_of_races() {
        let races = ShopSettings::default().races(RaceRules::default());
        assert_eq!(
            serde_json::to_string(&races).unwrap(),
            r#"{"release":"last-byte","offset":null,"sequential":false,"rounds":null,"stock":10}"#
        );
    }

    #[test]
    fn what_there_is_not_is_named() {
        let mut wrong = plan();
        wrong.options = vec!["stict"];
        let message = ShopSettings::of(&wrong).unwrap_err().to_string();
        assert!(message.contains("did you mean `strict`"), "{message}");
        for value in [Value::from(0), Value::from(1_000_001), Value::from("many")] {
            let mut wrong = plan();
            wrong.races.own.insert(STOCK.to_owned(), value.clone());
            let message = ShopSettings::of(&wrong).unwrap_err().to_string();
            assert_eq!(
                message,
                format!("stock of the flash sale cannot be {value}")
            );
        }
    }
}
