//! The user classes: weighted journeys and a wait time each.

use super::JourneyKind;
use crate::plan::WaitTime;

/// A kind of user.
#[derive(Debug)]
pub struct UserClass {
    /// Name as in the Locust suite, for example `SpikeUser`.
    pub name: &'static str,
    /// One line for `--list`.
    pub summary: &'static str,
    /// Wait after each step under `--pacing class`.
    pub wait: WaitTime,
    /// What its users do; at least one journey.
    pub journeys: &'static [WeightedJourney],
}

impl UserClass {
    /// Whether its users make this journey.
    #[must_use]
    pub fn makes(&self, journey: JourneyKind) -> bool {
        self.journeys.iter().any(|entry| entry.journey == journey)
    }
}

/// A journey and its weight among those of a class.
#[derive(Clone, Copy, Debug)]
pub struct WeightedJourney {
    /// The journey.
    pub journey: JourneyKind,
    /// Share of the passes, at least 1.
    pub weight: u32,
}

const fn weighted(weight: u32, journey: JourneyKind) -> WeightedJourney {
    WeightedJourney { journey, weight }
}

/// Think time of all classes that work through one domain.
const HALF_TO_TWO_SECONDS: WaitTime = WaitTime::Between {
    min_us: 500_000,
    max_us: 2_000_000,
};

/// Every user class.
pub static USER_CLASSES: &[UserClass] = &[
    UserClass {
        name: "IdentityUser",
        summary: "registrations, account lifecycles and tier upgrades",
        wait: HALF_TO_TWO_SECONDS,
        journeys: &[
            weighted(5, JourneyKind::NewCustomer),
            weighted(3, JourneyKind::AccountLifecycle),
            weighted(2, JourneyKind::TierProgression),
        ],
    },
    UserClass {
        name: "SpikeUser",
        summary: "rapid registrations, at most 20 a second and user",
        wait: WaitTime::ConstantPacing {
            interval_us: 50_000,
        },
        journeys: &[weighted(1, JourneyKind::RapidRegistration)],
    },
];

/// The class called `name`.
#[must_use]
pub fn user_class(name: &str) -> Option<&'static UserClass> {
    USER_CLASSES.iter().find(|class| class.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_found() {
        let mut names = HashSet::new();
        for class in USER_CLASSES {
            assert!(names.insert(class.name));
            assert_eq!(
                user_class(class.name).map(|found| found.name),
                Some(class.name)
            );
        }
        assert!(user_class("spikeuser").is_none());
    }

    #[test]
    fn every_class_has_journeys_with_weights() {
        for class in USER_CLASSES {
            assert!(!class.journeys.is_empty(), "{}", class.name);
            assert!(
                class.journeys.iter().all(|entry| entry.weight > 0),
                "{}",
                class.name
            );
        }
    }

    #[test]
    fn every_journey_belongs_to_a_class() {
        let used: HashSet<_> = USER_CLASSES
            .iter()
            .flat_map(|class| class.journeys)
            .map(|entry| entry.journey)
            .collect();
        for journey in JourneyKind::ALL {
            assert!(used.contains(journey), "{}", journey.name());
        }
    }
}
