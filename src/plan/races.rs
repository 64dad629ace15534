//! How races are carried out.

use super::duration::{DurationError, parse_duration};
use serde::Serialize;
use serde_json::{Map, Value};

/// What of each request waits for the start of a race.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RaceRelease {
    /// Its last byte: the rest is in the kernel before.
    #[default]
    LastByte,
    /// All of it.
    Whole,
}

/// What the racers of a race share where HTTP/2 is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RaceOver {
    /// One connection, so that their last frames leave in one segment.
    #[default]
    OneConnection,
    /// Nothing: each has a connection.
    Connections,
}

impl RaceOver {
    fn is_one(&self) -> bool {
        *self == Self::OneConnection
    }
}

/// How far the second side of a two-sided race is shifted against the first: a moment of this
/// range, drawn anew for each race. Below 0 the first side comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RaceOffset {
    /// From here.
    pub from_us: i64,
    /// To here; never less than `from_us`.
    pub to_us: i64,
}

/// No range of offsets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RaceOffsetError {
    /// Not two times with `..` between them.
    #[error("an offset is a range like -50ms..50ms, one time like 2ms, or the word sweep")]
    Shape,
    /// One of the two is no time.
    #[error(transparent)]
    Time(#[from] DurationError),
    /// Empty or too far.
    #[error("an offset goes from the smaller to the larger time, at most 10s to either side")]
    Bounds,
}

impl RaceOffset {
    /// What `sweep` stands for.
    pub const SWEEP: Self = Self {
        from_us: -50_000,
        to_us: 50_000,
    };
    const FARTHEST_US: i64 = 10_000_000;

    /// Reads `-50ms..50ms`, `2ms` or `sweep`.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn parse(text: &str) -> Result<Self, RaceOffsetError> {
        if text == "sweep" {
            return Ok(Self::SWEEP);
        }
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        if from.is_empty() || to.is_empty() {
            return Err(RaceOffsetError::Shape);
        }
        let (from_us, to_us) = (signed_us(from)?, signed_us(to)?);
        let farthest = from_us.abs().max(to_us.abs());
        if from_us > to_us || farthest > Self::FARTHEST_US {
            return Err(RaceOffsetError::Bounds);
        }
        Ok(Self { from_us, to_us })
    }

    /// The bin, of so many, that an offset falls into; those outside the range fall into the
    /// outermost.
    #[must_use]
    pub fn bin_of(self, offset_us: i64, bins: usize) -> usize {
        let width = (self.to_us - self.from_us).max(1) as f64;
        let place = (offset_us - self.from_us) as f64 / width;
        ((place * bins as f64) as usize).min(bins - 1)
    }

    /// Middle of a bin, in microseconds.
    #[must_use]
    pub fn middle_of(self, bin: usize, bins: usize) -> f64 {
        let width = (self.to_us - self.from_us) as f64;
        self.from_us as f64 + width * (bin as f64 + 0.5) / bins as f64
    }
}

fn signed_us(text: &str) -> Result<i64, DurationError> {
    let (sign, size) = match text.strip_prefix('-') {
        Some(size) => (-1, size),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if size == "0" {
        return Ok(0);
    }
    Ok(sign * parse_duration(size)?.as_micros() as i64)
}

/// How races are carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RaceRules {
    /// What of each request waits for the start.
    pub release: RaceRelease,
    /// What racers share where HTTP/2 is spoken.
    #[serde(skip_serializing_if = "RaceOver::is_one")]
    pub over: RaceOver,
    /// Shift between the sides of two-sided races.
    pub offset: Option<RaceOffset>,
    /// Whether racers are sent one after the other, as the Locust suite does.
    pub sequential: bool,
    /// Whether rules that today's target does not enforce count as violated when broken. Says
    /// nothing about the load, so that it is no part of the plan's hash.
    #[serde(skip)]
    pub strict: bool,
}

/// How the races of a plan are carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PlannedRaces {
    /// What holds of the races of any workload.
    #[serde(flatten)]
    pub rules: RaceRules,
    /// What only the workload knows of its own, by name. Recorded and hashed; what it means is for the
    /// workload to say.
    #[serde(flatten)]
    pub own: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(from_us: i64, to_us: i64) -> RaceOffset {
        RaceOffset { from_us, to_us }
    }

    #[test]
    fn offsets_are_read() {
        for (text, read) in [
            ("-50ms..50ms", offset(-50_000, 50_000)),
            ("sweep", offset(-50_000, 50_000)),
            ("2ms", offset(2_000, 2_000)),
            ("-1s", offset(-1_000_000, -1_000_000)),
            ("0..+3ms", offset(0, 3_000)),
        ] {
            assert_eq!(RaceOffset::parse(text), Ok(read), "{text}");
        }
        for text in [
            "",
            "..",
            "5ms..",
            "..5ms",
            "5ms..-5ms",
            "11s",
            "x..1ms",
            "--1ms",
        ] {
            assert!(RaceOffset::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_offset_has_a_bin() {
        let sweep = RaceOffset::SWEEP;
        let bins = [-60_000, -50_000, 0, 49_999, 50_000, 60_000].map(|us| sweep.bin_of(us, 41));
        assert_eq!(bins, [0, 0, 20, 40, 40, 40]);
        assert!(sweep.middle_of(20, 41).abs() < 1e-6);
        assert_eq!(offset(7, 7).bin_of(7, 41), 0);
    }
}
