//! The flags that say what users do: of runs, and of the probes of hunts.

use super::values;
use crate::plan::{ClassShare, Pacing, parse_duration};
use crate::shop::Suite;
use crate::workload_file::{SingleUrl, Statuses};
use clap::Args;
use std::time::Duration;

/// What users do.
#[derive(Clone, Debug, Args)]
pub(super) struct WorkloadFlags {
    /// User classes to run instead of the profile's, with a weight if you like
    #[arg(value_name = "USER_CLASS[=WEIGHT]", value_parser = ClassShare::parse)]
    pub classes: Vec<ClassShare>,

    /// Read this URL instead of testing ShopStream; no file is needed
    ///
    /// Like http://localhost:8080/search?q=tea, by users of the class Visitor. A reply is a success by its
    /// status: see --expect.
    #[arg(
        long, value_name = "URL", help_heading = "Target", value_parser = values::parse_url,
        conflicts_with_all = ["host", "sandbox", "with", "generation"]
    )]
    pub url: Option<SingleUrl>,

    /// With --url: statuses of success, like 200, 2xx or 200..304; may be repeated [default: 2xx]
    ///
    /// Redirects are not followed, so that what is measured is what was asked for: they are failures
    /// that name the other address, unless 3xx is expected.
    #[arg(
        long, value_name = "STATUS", help_heading = "Target", hide_short_help = true,
        value_parser = Statuses::parse, value_delimiter = ',', requires = "url"
    )]
    pub expect: Vec<Statuses>,

    /// Test what this TOML file says, instead of ShopStream
    ///
    /// It has operations, journeys, user classes and profiles, which take the place of the built-in ones.
    /// See docs/workloads.md.
    #[arg(
        long, value_name = "FILE", help_heading = "Load",
        conflicts_with_all = ["url", "generation"]
    )]
    pub workload: Option<String>,

    /// Load test by name, or the path of a TOML file (see `shopblast list`)
    ///
    /// A value with a `/` or the ending `.toml` is a path. A file does not take the place of a
    /// built-in profile just because it has its name: give its path, like ./profiles/spike.toml.
    #[arg(
        long,
        value_name = "NAME|FILE",
        help_heading = "Load",
        display_order = 0
    )]
    pub profile: Option<String>,

    /// Whether users wait: class (as their class says) or max (not at all)
    ///
    /// [default: the profile's, or class]
    #[arg(
        long, value_name = "HOW", help_heading = "Load", hide_possible_values = true,
        value_parser = values::pacing()
    )]
    pub pacing: Option<Pacing>,

    /// Whose journeys and weights: five or today [default: as the target is]
    ///
    /// The load tests that ShopStream comes with, of the shop of five contexts or of today's. Without it
    /// they are those of the target's generation, once that is known; before, in lists and forms, those
    /// of --generation, or today's.
    #[arg(
        long, value_name = "NAME", help_heading = "Load", hide_possible_values = true,
        value_parser = values::suite(), conflicts_with_all = ["url", "workload"]
    )]
    pub suite: Option<Suite>,

    /// Change what journeys do, like strict (see `shopblast list`)
    ///
    /// strict, release-probe, matching-count, repeated-key, tolerant-saga, by-request or as-written; with
    /// --workload strict and the options of the file. May be repeated, and adds to the profile's.
    #[arg(
        long, value_name = "OPTION", help_heading = "Load",
        value_parser = values::parse_option, value_delimiter = ','
    )]
    pub with: Vec<String>,

    /// Share N connections among the users [default: one for each user]
    #[arg(
        long, value_name = "N", help_heading = "Load",
        value_parser = values::parse_count, allow_hyphen_values = true
    )]
    pub connections: Option<u32>,

    /// Give a request up after this long [default: the profile's, or 30s]
    ///
    /// The full reply has to be there by then.
    #[arg(
        long, value_name = "TIME", help_heading = "Load",
        value_parser = values::parse_time, allow_hyphen_values = true
    )]
    pub timeout: Option<Duration>,

    /// Wait for requests in flight at the end [default: the profile's, or 5s]
    #[arg(
        short, long, value_name = "TIME", help_heading = "Load",
        value_parser = parse_duration, allow_hyphen_values = true
    )]
    pub stop_timeout: Option<Duration>,

    /// Largest reply body that is accepted, in bytes, or like 64k or 1m
    #[arg(
        long, value_name = "BYTES", help_heading = "Load", default_value = "1m",
        hide_short_help = true, value_parser = values::parse_bytes, allow_hyphen_values = true
    )]
    pub max_body: usize,
}

impl WorkloadFlags {
    /// The statuses that count as success.
    pub(super) fn expected(&self) -> Statuses {
        let mut expected = self.expect.iter().cloned();
        match expected.next() {
            None => Statuses::successes(),
            Some(first) => expected.fold(first, |mut all, statuses| {
                all.add(statuses);
                all
            }),
        }
    }
}
