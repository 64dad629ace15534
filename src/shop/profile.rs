//! Profiles: named load tests, written in TOML.
//!
//! The profiles that ship with the program are compiled in. A file of the same name elsewhere does
//! not take their place: who wants another profile names its file.

mod document;
mod error;
mod schema;

pub use crate::plan::TextPosition;
pub use error::{ProfileError, ProfileFault};

use super::{JourneyOptions, ShopSettings};
use crate::plan::{Arrivals, ClassShare, FailureRule, Load, Pacing, Stage, Threshold};
use document::{Keys, ProfileDocument, StageKeys};
use std::num::NonZeroU64;
use std::time::Duration;

/// The profiles that are compiled in: where each text is kept, and the text.
const BUILT_IN: &[(&str, &str)] = &[
    (
        "profiles/smoke.toml",
        include_str!("../../profiles/smoke.toml"),
    ),
    (
        "profiles/load.toml",
        include_str!("../../profiles/load.toml"),
    ),
    (
        "profiles/cross-domain.toml",
        include_str!("../../profiles/cross-domain.toml"),
    ),
    (
        "profiles/race-conditions.toml",
        include_str!("../../profiles/race-conditions.toml"),
    ),
    (
        "profiles/flash-sale.toml",
        include_str!("../../profiles/flash-sale.toml"),
    ),
    (
        "profiles/race-audit.toml",
        include_str!("../../profiles/race-audit.toml"),
    ),
    (
        "profiles/stress.toml",
        include_str!("../../profiles/stress.toml"),
    ),
    (
        "profiles/cross-flood.toml",
        include_str!("../../profiles/cross-flood.toml"),
    ),
    (
        "profiles/spike.toml",
        include_str!("../../profiles/spike.toml"),
    ),
    (
        "profiles/recover.toml",
        include_str!("../../profiles/recover.toml"),
    ),
    (
        "profiles/endurance.toml",
        include_str!("../../profiles/endurance.toml"),
    ),
];

/// A named load test. What is `None` is left to the command line and its defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Letters, digits, `-` and `_`.
    pub name: String,
    /// Other names that find the profile.
    pub aliases: Vec<String>,
    /// One line for lists.
    pub description: String,
    /// What the profile is for, at length.
    pub about: Option<String>,
    /// At least one user class, none twice; whether they exist is for the caller to say.
    pub classes: Vec<ProfileClass>,
    /// The load.
    pub load: ProfileLoad,
    /// How long requests may become due, at least 1 µs.
    pub run_time: Option<Duration>,
    /// Whether users wait between steps.
    pub pacing: Option<Pacing>,
    /// Which requests count as failures.
    pub failures: Option<FailureRule>,
    /// What must hold of the run.
    pub thresholds: Vec<Threshold>,
    /// How journeys differ from those of the Locust suite.
    pub options: JourneyOptions,
    /// Connections shared by all users, at least 1.
    pub connections: Option<u32>,
    /// Rounds of the flash sale.
    pub rounds: Option<NonZeroU64>,
    /// Time between rounds that go by the clock, as [`ShopSettings::is_time_between_rounds`] says.
    pub round_every: Option<Duration>,
    /// Pieces in each round of the flash sale.
    pub stock: Option<u32>,
    /// Request timeout, at least 1 µs.
    pub timeout: Option<Duration>,
    /// How long requests in flight at the end are waited for; zero does not wait.
    pub stop_timeout: Option<Duration>,
    /// Where the text came from.
    pub origin: String,
}

/// A user class of a profile, and where the profile names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileClass {
    /// The class and its weight.
    pub share: ClassShare,
    /// Its place in the profile's text.
    pub position: TextPosition,
}

/// The load of a profile.
#[derive(Clone, Debug, PartialEq)]
pub enum ProfileLoad {
    /// One level of users.
    Level {
        /// Users, at least 1.
        users: Option<u32>,
        /// Users started a second, above 0.
        spawn_rate_per_s: Option<f64>,
    },
    /// Several levels, one after the other: what [`Load::closed`] takes.
    Stages(Vec<Stage>),
    /// Journeys that arrive at a rate.
    Arrivals {
        /// Journeys a second: what [`Load::open`] takes.
        rate_per_s: f64,
        /// Spread of the arrivals.
        arrivals: Option<Arrivals>,
        /// Users that carry them out, at least 1.
        max_users: Option<u32>,
    },
}

impl Profile {
    /// Reads a profile from TOML; `origin` says in messages where the text came from.
    ///
    /// # Errors
    /// When the text is not TOML, has a key that profiles do not have or a value that the key
    /// cannot have, lacks `name`, `description` or `classes`, or has keys that exclude each other.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ProfileError> {
        let (document, keys) = ProfileDocument::read(text, origin)?;
        Self::of(&document, keys, origin)
    }

    /// The profiles in the table `profiles` of a document that holds more: a workload file. Each is called
    /// what its table is, and has `classes` unless it names others.
    ///
    /// # Errors
    /// As of [`Profile::parse`]; and when one has a key that only ShopStream's own journeys have a use for.
    pub fn parse_within(
        text: &str,
        origin: &str,
        classes: &[ClassShare],
    ) -> Result<Vec<Self>, ProfileError> {
        let mut profiles = Vec::new();
        for (name, document, mut keys) in ProfileDocument::read_within(text, origin)? {
            let of_shop = [
                ("with", keys.with.is_some()),
                ("rounds", keys.rounds.is_some()),
                ("round_every", keys.round_every.is_some()),
                ("stock", keys.stock.is_some()),
            ];
            if let Some((key, _)) = of_shop.into_iter().find(|(_, is_there)| *is_there) {
                let why = "is of the built-in journeys alone; drop it".to_owned();
                let key_name = key.to_owned();
                let fault = ProfileFault::Value { key: key_name, why };
                return Err(document.error_at_key(key, fault));
            }
            keys.name.get_or_insert(document::Name(name));
            keys.description
                .get_or_insert(document::Line(String::new()));
            keys.classes.get_or_insert_with(|| {
                let classes = classes.iter().cloned().map(document::Class);
                classes
                    .map(|class| toml::Spanned::new(0..0, class))
                    .collect()
            });
            profiles.push(Self::of(&document, keys, origin)?);
        }
        Ok(profiles)
    }

    fn of(document: &ProfileDocument<'_>, keys: Keys, origin: &str) -> Result<Self, ProfileError> {
        let load = load_of(document, &keys)?;
        let missing =
            |key, example| document.error_at_key(key, ProfileFault::Missing { key, example });
        let name = keys
            .name
            .ok_or_else(|| missing("name", "name = \"my-test\""))?;
        let description = keys
            .description
            .ok_or_else(|| missing("description", "description = \"what it is for\""))?;
        let classes: Vec<ProfileClass> = keys
            .classes
            .ok_or_else(|| missing("classes", "classes = [\"SpikeUser\"]"))?
            .into_iter()
            .map(|class| ProfileClass {
                position: document.position(class.span().start),
                share: class.into_inner().0,
            })
            .collect();
        check_classes(document, &classes)?;
        let round_every = keys.round_every.map(|length| length.0);
        if round_every.is_some_and(|every| !ShopSettings::is_time_between_rounds(every)) {
            let key = "round_every";
            let why = ShopSettings::BETWEEN_ROUNDS.to_owned();
            let key_name = key.to_owned();
            let fault = ProfileFault::Value { key: key_name, why };
            return Err(document.error_at_key(key, fault));
        }
        Ok(Self {
            name: name.0,
            aliases: keys
                .aliases
                .into_iter()
                .flatten()
                .map(|alias| alias.0)
                .collect(),
            description: description.0,
            about: keys.about,
            classes,
            load,
            run_time: keys.run_time.map(|length| length.0),
            pacing: keys.pacing,
            failures: keys.failures,
            thresholds: keys
                .thresholds
                .into_iter()
                .flatten()
                .map(|threshold| threshold.0)
                .collect(),
            options: keys
                .with
                .into_iter()
                .flatten()
                .map(|option| option.0)
                .collect(),
            connections: keys.connections.map(|count| count.0),
            rounds: keys
                .rounds
                .and_then(|count| NonZeroU64::new(count.0.into())),
            round_every,
            stock: keys.stock.map(|count| count.0),
            timeout: keys.timeout.map(|length| length.0),
            stop_timeout: keys.stop_timeout.map(|length| length.0),
            origin: origin.to_owned(),
        })
    }

    /// The JSON schema of profiles, for editors, as text with a final line end. It knows less than
    /// [`Profile::parse`]: not the grammar of thresholds, nor which user classes there are.
    #[must_use]
    pub fn schema_text() -> String {
        schema::text()
    }

    /// Most users at once, as far as the profile says.
    #[must_use]
    pub fn most_users(&self) -> u32 {
        match &self.load {
            ProfileLoad::Level { users, .. } => users.unwrap_or(1),
            ProfileLoad::Stages(stages) => {
                stages.iter().map(|stage| stage.users).max().unwrap_or(1)
            }
            ProfileLoad::Arrivals { max_users, .. } => max_users.unwrap_or(1),
        }
    }

    /// The profiles that are compiled in, by name.
    pub fn built_in() -> impl Iterator<Item = Self> {
        BUILT_IN.iter().map(|(origin, text)| {
            Self::parse(text, origin).expect("a test parses every profile that is compiled in")
        })
    }

    /// The compiled-in profile that is called `name` or has it as an alias.
    #[must_use]
    pub fn find_built_in(name: &str) -> Option<Self> {
        Self::built_in().find(|profile| profile.names().any(|known| known == name))
    }

    /// The profile's name and aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name)
            .chain(&self.aliases)
            .map(String::as_str)
    }

    /// How long the profile runs: its run time, or that of its stages; `None` when it says neither.
    #[must_use]
    pub fn length(&self) -> Option<Duration> {
        self.run_time.or(match &self.load {
            ProfileLoad::Stages(stages) => Some(total(stages)),
            ProfileLoad::Level { .. } | ProfileLoad::Arrivals { .. } => None,
        })
    }
}

fn total(stages: &[Stage]) -> Duration {
    let total_us = stages
        .iter()
        .fold(0_u64, |sum, stage| sum.saturating_add(stage.duration_us));
    Duration::from_micros(total_us)
}

fn check_classes(
    document: &ProfileDocument<'_>,
    classes: &[ProfileClass],
) -> Result<(), ProfileError> {
    let wrong = |why: String| {
        let key = "classes".to_owned();
        document.error_at_key("classes", ProfileFault::Value { key, why })
    };
    if classes.is_empty() {
        return Err(wrong(
            "name at least one user class, like \"SpikeUser\"".to_owned(),
        ));
    }
    for (index, class) in classes.iter().enumerate() {
        let name = &class.share.class;
        if classes[..index]
            .iter()
            .any(|earlier| earlier.share.class == *name)
        {
            let why = format!("{name} is named twice; give it a weight instead, like \"{name}=2\"");
            return Err(ProfileError {
                position: Some(class.position),
                ..wrong(why)
            });
        }
    }
    Ok(())
}

fn load_of(document: &ProfileDocument<'_>, keys: &Keys) -> Result<ProfileLoad, ProfileError> {
    check_combination(document, keys)?;
    if let Some(stages) = &keys.stages {
        let stages: Vec<Stage> = stages.iter().map(stage_of).collect();
        let run_time = keys
            .run_time
            .as_ref()
            .map_or_else(|| total(&stages), |length| length.0);
        return match Load::closed(stages.clone(), run_time) {
            Ok(_) => Ok(ProfileLoad::Stages(stages)),
            Err(error) => Err(document.error_at_key("stages", ProfileFault::Stages(error))),
        };
    }
    if let Some(rate) = &keys.rate {
        return Ok(ProfileLoad::Arrivals {
            rate_per_s: rate.0,
            arrivals: keys.arrivals,
            max_users: keys.max_users.as_ref().map(|count| count.0),
        });
    }
    Ok(ProfileLoad::Level {
        users: keys.users.as_ref().map(|count| count.0),
        spawn_rate_per_s: keys.spawn_rate.as_ref().map(|rate| rate.0),
    })
}

/// Stages take the place of users and spawn rate; a rate (open model) excludes both.
fn check_combination(document: &ProfileDocument<'_>, keys: &Keys) -> Result<(), ProfileError> {
    let users = ("users", keys.users.is_some());
    let spawn_rate = ("spawn_rate", keys.spawn_rate.is_some());
    let stages = ("stages", keys.stages.is_some());
    let rate = ("rate", keys.rate.is_some());
    for ((key, is_there), (other, is_other_there)) in [
        (users, stages),
        (spawn_rate, stages),
        (rate, stages),
        (users, rate),
        (spawn_rate, rate),
    ] {
        if is_there && is_other_there {
            return Err(document.error_at_key(key, ProfileFault::Together { key, other }));
        }
    }
    let needed = "rate";
    for (key, is_there) in [
        ("arrivals", keys.arrivals.is_some()),
        ("max_users", keys.max_users.is_some()),
    ] {
        if is_there && keys.rate.is_none() {
            return Err(document.error_at_key(key, ProfileFault::Alone { key, needed }));
        }
    }
    Ok(())
}

fn stage_of(keys: &StageKeys) -> Stage {
    Stage {
        users: keys.users.0,
        spawn_rate_per_s: keys.spawn_rate.0,
        // A length of time that can be written fits.
        duration_us: keys.duration.0.as_micros() as u64,
    }
}

#[cfg(test)]
mod tests;
