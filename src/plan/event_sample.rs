//! How many of the events that replies tell of are followed to their end.

use std::fmt;
use std::str::FromStr;

/// Most events a second that can be followed.
pub const MOST_SAMPLED_PER_S: u32 = 5_000;

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EventSample {
    /// None.
    Off,
    /// About so many a second, all cores together, evenly over what there is.
    PerSecond(u32),
    /// This share of them, from 0 to 1; never more than [`MOST_SAMPLED_PER_S`].
    Share(f64),
}

impl Default for EventSample {
    fn default() -> Self {
        Self::PerSecond(50)
    }
}

impl EventSample {
    /// Most events a second that are followed.
    #[must_use]
    pub fn most_per_s(self) -> u32 {
        match self {
            Self::Off => 0,
            Self::PerSecond(events) => events.min(MOST_SAMPLED_PER_S),
            Self::Share(_) => MOST_SAMPLED_PER_S,
        }
    }

    /// Largest share of the events that is followed.
    #[must_use]
    pub fn largest_share(self) -> f64 {
        match self {
            Self::Off => 0.0,
            Self::PerSecond(_) => 1.0,
            Self::Share(share) => share,
        }
    }
}

/// A text is no sample of events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither a number of events a second like 50/s (at most {MOST_SAMPLED_PER_S}/s), nor a share like 10%, nor `off`"
)]
pub struct NoEventSample(String);

impl FromStr for EventSample {
    type Err = NoEventSample;

    fn from_str(text: &str) -> Result<Self, NoEventSample> {
        let text = text.trim();
        let wrong = || NoEventSample(text.chars().take(40).collect());
        if text == "off" {
            return Ok(Self::Off);
        }
        if let Some(percent) = text.strip_suffix('%') {
            let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
            let is_share = percent > 0.0 && percent <= 100.0;
            return is_share
                .then_some(Self::Share(percent / 100.0))
                .ok_or_else(wrong);
        }
        let number = text.strip_suffix("/s").ok_or_else(wrong)?;
        let number: u32 = number.trim().parse().map_err(|_| wrong())?;
        let is_rate = (1..=MOST_SAMPLED_PER_S).contains(&number);
        is_rate.then_some(Self::PerSecond(number)).ok_or_else(wrong)
    }
}

impl fmt::Display for EventSample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => formatter.write_str("off"),
            Self::PerSecond(events) => write!(formatter, "{events}/s"),
            Self::Share(share) => write!(formatter, "{}%", share * 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_a_share_or_nothing() {
        for (text, expected) in [
            ("off", EventSample::Off),
            ("50/s", EventSample::PerSecond(50)),
            (" 5000/s ", EventSample::PerSecond(5_000)),
            ("100%", EventSample::Share(1.0)),
            ("12.5%", EventSample::Share(0.125)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for wrong in [
            "", "50", "0/s", "5001/s", "-1/s", "0%", "101%", "NaN%", "all",
        ] {
            let error = wrong.parse::<EventSample>().unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("`{wrong}` is")),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_shown_is_read_again() {
        for sample in [
            EventSample::Off,
            EventSample::PerSecond(7),
            EventSample::Share(0.1),
        ] {
            assert_eq!(sample.to_string().parse(), Ok(sample));
        }
    }
}
