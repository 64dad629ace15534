//! The user classes: weighted journeys and a wait time each.

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
}

/// Every user class.
pub static USER_CLASSES: &[UserClass] = &[
    UserClass {
        name: "IdentityUser",
        summary: "registrations, account lifecycles and tier upgrades",
        wait: WaitTime::Between {
            min_us: 500_000,
            max_us: 2_000_000,
        },
    },
    UserClass {
        name: "SpikeUser",
        summary: "rapid registrations, at most 20 a second and user",
        wait: WaitTime::ConstantPacing {
            interval_us: 50_000,
        },
    },
];

/// The class called `name`.
#[must_use]
pub fn user_class(name: &str) -> Option<&'static UserClass> {
    USER_CLASSES.iter().find(|class| class.name == name)
}
