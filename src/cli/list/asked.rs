//! What is to be listed.

use super::super::values;
use crate::shop::Suite;
use clap::Args;

/// What is described; everything in one line each when nothing is named.
#[derive(Debug, Default, Args)]
pub struct ListFlags {
    /// Describe a profile: the name of one that is built in, or the path of a TOML file
    #[arg(long, value_name = "NAME|FILE", conflicts_with_all = ["class", "journey"])]
    pub profile: Option<String>,

    /// Describe a user class
    #[arg(long, value_name = "NAME", conflicts_with = "journey")]
    pub class: Option<String>,

    /// Describe a journey
    #[arg(long, value_name = "NAME")]
    pub journey: Option<String>,

    /// Whose journeys and weights: five or today [default: today]
    #[arg(
        long, value_name = "NAME", hide_possible_values = true, value_parser = values::suite(),
        conflicts_with = "workload"
    )]
    pub suite: Option<Suite>,

    /// List what this workload file has, instead of what is built in
    #[arg(long, value_name = "FILE")]
    pub workload: Option<String>,
}
