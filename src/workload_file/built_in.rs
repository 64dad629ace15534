//! Workloads that are compiled in, as the text that they are.

use super::error::FileError;
use super::parts::Parts;

/// Files of a workload, by name; the first one names the others.
type Files = &'static [(&'static str, &'static str)];

/// Names of the workloads, and their files.
pub const BUILT_IN: &[(&str, Files)] = &[
    ("shopstream", SHOPSTREAM),
    (
        "other-shop",
        &[(
            "other-shop.toml",
            include_str!("../../workloads/other-shop.toml"),
        )],
    ),
    (
        "single-url",
        &[(
            "single-url.toml",
            include_str!("../../workloads/single-url.toml"),
        )],
    ),
];

const SHOPSTREAM: Files = &[
    (
        "workload.toml",
        include_str!("../../workloads/shopstream/workload.toml"),
    ),
    (
        "identity.toml",
        include_str!("../../workloads/shopstream/identity.toml"),
    ),
    (
        "catalogue.toml",
        include_str!("../../workloads/shopstream/catalogue.toml"),
    ),
    (
        "ordering.toml",
        include_str!("../../workloads/shopstream/ordering.toml"),
    ),
    (
        "inventory.toml",
        include_str!("../../workloads/shopstream/inventory.toml"),
    ),
    (
        "payments.toml",
        include_str!("../../workloads/shopstream/payments.toml"),
    ),
    (
        "whole_orders.toml",
        include_str!("../../workloads/shopstream/whole_orders.toml"),
    ),
    (
        "races.toml",
        include_str!("../../workloads/shopstream/races.toml"),
    ),
    (
        "floods.toml",
        include_str!("../../workloads/shopstream/floods.toml"),
    ),
    (
        "fulfillment.toml",
        include_str!("../../workloads/shopstream/fulfillment.toml"),
    ),
    (
        "reviews.toml",
        include_str!("../../workloads/shopstream/reviews.toml"),
    ),
    (
        "notifications.toml",
        include_str!("../../workloads/shopstream/notifications.toml"),
    ),
    (
        "fulfillment_races.toml",
        include_str!("../../workloads/shopstream/fulfillment_races.toml"),
    ),
    (
        "reviews_races.toml",
        include_str!("../../workloads/shopstream/reviews_races.toml"),
    ),
    (
        "notifications_races.toml",
        include_str!("../../workloads/shopstream/notifications_races.toml"),
    ),
    (
        "inventory_races.toml",
        include_str!("../../workloads/shopstream/inventory_races.toml"),
    ),
    (
        "todays_race_user.toml",
        include_str!("../../workloads/shopstream/todays_race_user.toml"),
    ),
    (
        "priority_lanes.toml",
        include_str!("../../workloads/shopstream/priority_lanes.toml"),
    ),
    (
        "full_shop.toml",
        include_str!("../../workloads/shopstream/full_shop.toml"),
    ),
];

/// The text of the workload called `name`; `None` when none that is compiled in is.
#[must_use]
pub fn built_in(name: &str) -> Option<Result<Parts, FileError>> {
    let (_, files) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    let (first, text) = files.first()?;
    let beside = |name: &str| {
        let mut files = files.iter();
        let found = files.find(|(known, _)| *known == name);
        let found = found.map(|(_, text)| (*text).to_owned());
        found.ok_or_else(|| "it is not compiled in".to_owned())
    };
    let origin = format!("{name}/{first}");
    let parts = Parts::read((*text).to_owned(), &origin, beside);
    Some(parts.map(Parts::of_program))
}
