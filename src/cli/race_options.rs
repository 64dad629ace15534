//! The flags that say how races are carried out.

use super::values;
use crate::plan::{RaceOffset, RaceOver, RaceRelease, RaceRules};
use crate::shop::{JourneyOptions, Profile, ShopSettings};
use clap::Args;
use std::num::NonZeroU64;
use std::time::Duration;

/// The flags as typed.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct RaceFlags {
    /// What waits for a race's start: last-byte or whole [default: last-byte]
    ///
    /// Of each request its last byte, or all of it. With last-byte everything else is in the kernel, and read by the server, before the start.
    #[arg(
        long, value_name = "PART", help_heading = "Races", hide_possible_values = true,
        value_parser = values::race_release()
    )]
    pub race_release: Option<RaceRelease>,

    /// What racers share with --http2: one-connection or connections [default: one-connection]
    ///
    /// On one connection their last frames leave in one segment, so that nothing on the way parts them. Of a target that is no proxy one connection is one process.
    #[arg(
        long, value_name = "WHAT", help_heading = "Races", hide_short_help = true,
        hide_possible_values = true, value_parser = values::race_over()
    )]
    pub race_over: Option<RaceOver>,

    /// Shift the second side of a race by a time of this range: -5ms..50ms
    ///
    /// Drawn for each two-sided race; 2ms is always the same, sweep is -50ms..50ms.
    #[arg(
        long, value_name = "RANGE", help_heading = "Races", hide_short_help = true,
        value_parser = RaceOffset::parse, allow_hyphen_values = true
    )]
    pub race_offset: Option<RaceOffset>,

    /// Send the requests of a race one after the other, as Locust does
    ///
    /// As the Locust suite's journeys do. There is one flash sale for the whole run, too, as there.
    #[arg(long, help_heading = "Races", conflicts_with_all = ["race_release", "race_offset"])]
    pub sequential_races: bool,

    /// Exit with 96 for rules, too, that today's ShopStream does not enforce
    #[arg(long, help_heading = "Races")]
    pub strict: bool,

    /// Rounds of the flash sale [default: the profile's, or to the run's end]
    ///
    /// Each has a fresh item and a common start; 1 is the Locust suite's sale, one item for the whole
    /// run.
    #[arg(
        long,
        value_name = "N",
        help_heading = "Races",
        hide_short_help = true,
        allow_hyphen_values = true
    )]
    pub rounds: Option<NonZeroU64>,

    /// Rounds by the clock, each so long after the one before [default: the profile's; 1s over machines]
    ///
    /// Round k is due k times this after the start, on all machines of a fleet at one moment; at most 1,000
    /// rounds. Without it, on one machine, each round begins when the one before is over.
    #[arg(
        long, value_name = "TIME", help_heading = "Races", value_parser = parse_round_every,
        allow_hyphen_values = true, hide_short_help = true, conflicts_with = "sequential_races"
    )]
    pub round_every: Option<Duration>,

    /// Pieces in each round of it [default: the profile's, or 10]
    #[arg(
        long, value_name = "N", help_heading = "Races", allow_hyphen_values = true, hide_short_help = true,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(ShopSettings::MOST_STOCK))
    )]
    pub stock: Option<u32>,
}

/// The time between rounds, within what there can be.
fn parse_round_every(text: &str) -> Result<Duration, String> {
    let every = values::parse_time(text).map_err(|error| error.to_string())?;
    match ShopSettings::is_time_between_rounds(every) {
        true => Ok(every),
        false => Err(ShopSettings::BETWEEN_ROUNDS.to_owned()),
    }
}

impl RaceFlags {
    /// The rules that they ask for.
    pub(super) fn rules(&self) -> RaceRules {
        RaceRules {
            release: self.race_release.unwrap_or_default(),
            over: self.race_over.unwrap_or_default(),
            offset: self.race_offset,
            sequential: self.sequential_races,
            strict: self.strict,
        }
    }

    /// What they and the profile say of the flash sale, beside these options of journeys.
    pub(super) fn settings(
        &self,
        options: JourneyOptions,
        profile: Option<&Profile>,
    ) -> ShopSettings {
        let default = ShopSettings::default();
        ShopSettings {
            options,
            suite: None,
            rounds: self.rounds.or_else(|| profile?.rounds),
            round_every: self
                .round_every
                .or_else(|| profile?.round_every)
                .filter(|_| !self.sequential_races),
            stock: self
                .stock
                .or_else(|| profile?.stock)
                .unwrap_or(default.stock),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_go_neither_faster_than_a_crowd_gathers_nor_slower_than_runs_are_long() {
        for (text, ms) in [
            ("200ms", 200),
            ("1s", 1_000),
            ("1500ms", 1_500),
            ("1h", 3_600_000),
        ] {
            assert_eq!(parse_round_every(text), Ok(Duration::from_millis(ms)));
        }
        for text in ["0", "199ms", "1h1s", "0.2005", "often"] {
            assert!(parse_round_every(text).is_err(), "{text}");
        }
    }
}
