//! Whether a server answers one request after the other, or several at once, from how long they
//! take alone and together.

use std::fmt;

/// Answers faster than this say nothing: the noise of the machine is as large.
const SHORTEST_ALONE_US: u64 = 1_000;
/// From this many at once on a server is not called serial.
const LEAST_PARALLEL: f64 = 1.5;

/// How many requests a server works on at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Concurrency {
    /// It answers too fast to tell: the median of a request alone, in microseconds.
    TooFast(u64),
    /// One after the other, like the shop with one API worker.
    Serial,
    /// About so many.
    Parallel(f64),
}

impl Concurrency {
    /// Of a server where a request alone took `alone_us` (a time a round), and `together` requests
    /// sent at the same time on connections of their own were all answered after `together_us` (a
    /// time a round). One worker needs `together` times as long as for one, W workers a W-th of
    /// that. Medians count; `None` without any times.
    #[must_use]
    pub fn of(alone_us: &[u64], together_us: &[u64], together: u32) -> Option<Self> {
        let alone_us = median(alone_us)?;
        let together_us = median(together_us)?.max(1);
        if alone_us < SHORTEST_ALONE_US {
            return Some(Self::TooFast(alone_us));
        }
        let at_once = f64::from(together) * alone_us as f64 / together_us as f64;
        Some(if at_once < LEAST_PARALLEL {
            Self::Serial
        } else {
            Self::Parallel(at_once)
        })
    }
}

impl fmt::Display for Concurrency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFast(alone_us) => write!(
                formatter,
                "answers too fast to tell whether it is serial ({alone_us} µs a request)"
            ),
            Self::Serial => formatter.write_str(
                "looks serial (one API worker): version conflicts cannot happen, races show refusals only",
            ),
            Self::Parallel(at_once) => write!(
                formatter,
                "answers about {at_once:.0} requests at once: version conflicts can happen"
            ),
        }
    }
}

fn median(times: &[u64]) -> Option<u64> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_all_together_tells_how_many_there_are() {
        let of = |alone: u64, together: u64| Concurrency::of(&[alone; 5], &[together; 5], 8);
        assert_eq!(of(20_000, 160_000), Some(Concurrency::Serial));
        assert_eq!(of(20_000, 120_000), Some(Concurrency::Serial));
        assert_eq!(of(20_000, 80_000), Some(Concurrency::Parallel(2.0)));
        assert_eq!(of(20_000, 20_000), Some(Concurrency::Parallel(8.0)));
        assert_eq!(of(300, 2_400), Some(Concurrency::TooFast(300)));
        assert_eq!(Concurrency::of(&[], &[1], 8), None);
    }

    #[test]
    fn one_odd_round_does_not_matter() {
        let alone = [20_000, 900_000, 21_000];
        let together = [161_000, 159_000, 20_000];
        assert_eq!(
            Concurrency::of(&alone, &together, 8),
            Some(Concurrency::Serial)
        );
    }
}
