//! The flags that say how much load there is, and how journeys arrive.

use super::values;
use crate::plan::Arrivals;
use clap::Args;
use std::time::Duration;

/// How much load a run has, and for how long. A hunt decides that itself.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct LoadFlags {
    /// Users at the same time [default: the profile's, or 1]
    #[arg(
        short, long, value_name = "N", help_heading = "Load",
        value_parser = values::parse_count, allow_hyphen_values = true
    )]
    pub users: Option<u32>,

    /// Users started a second [default: the profile's, or 1]
    #[arg(
        short = 'r', long, value_name = "N", help_heading = "Load",
        value_parser = values::parse_spawn_rate, allow_hyphen_values = true
    )]
    pub spawn_rate: Option<f64>,

    /// Length, like 20 (seconds), 3m or 1h20m [default: the profile's, or 60s]
    #[arg(
        short = 't', long, value_name = "TIME", help_heading = "Load",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    pub run_time: Option<Duration>,

    /// Let N journeys arrive a second, whether or not replies came
    ///
    /// This is the open model.
    #[arg(
        long, value_name = "N", help_heading = "Load", conflicts_with_all = ["users", "spawn_rate"],
        value_parser = values::parse_journey_rate, allow_hyphen_values = true
    )]
    pub rate: Option<f64>,
}

/// How journeys arrive in the open model.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ArrivalFlags {
    /// Spread of arrivals, with --rate: constant or poisson
    ///
    /// [default: constant]
    #[arg(
        long, value_name = "HOW", help_heading = "Load", hide_possible_values = true,
        value_parser = values::arrivals()
    )]
    pub arrivals: Option<Arrivals>,

    /// Users for arrivals [default: one second's arrivals, 50 to 2000]
    #[arg(
        long, value_name = "N", help_heading = "Load", hide_short_help = true,
        value_parser = values::parse_count, allow_hyphen_values = true
    )]
    pub max_users: Option<u32>,
}
