//! What is compared: quantities of a run, on which scale, and which direction is good.

use super::comparison_record::{Better, Scale};
use crate::plan::EventStretch;
use std::fmt;

/// A kind of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Time {
    /// done − due.
    Response,
    /// done − sent.
    Service,
}

/// A percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Percentile {
    /// Median.
    P50,
    /// 95th.
    P95,
    /// 99th.
    P99,
}

impl Percentile {
    fn word(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }
}

/// Something that every run has one value of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComparedQuantity {
    /// Requests that ended, a second.
    Throughput,
    /// A percentile of a time, in microseconds.
    Latency(Time, Percentile),
    /// Share of requests with an outcome, 0 to 1: its name as in the record.
    Share(&'static str),
    /// Events that left a domain's backlog, a second of the load.
    DrainRate(String),
    /// A percentile of what events took after their replies until something, in microseconds.
    EventLatency(EventStretch, Percentile),
    /// Seconds after the load until a domain's backlog was no larger than before it.
    DrainTime(String),
}

impl ComparedQuantity {
    /// How differences are formed.
    #[must_use]
    pub fn scale(&self) -> Scale {
        match self {
            Self::Share(_) => Scale::Points,
            _ => Scale::Ratio,
        }
    }

    /// Which direction is good.
    #[must_use]
    pub fn better(&self) -> Better {
        match self {
            Self::Throughput | Self::DrainRate(_) => Better::Higher,
            Self::Share("refused" | "conflict") => Better::Neither,
            Self::Latency(..) | Self::EventLatency(..) | Self::Share(_) | Self::DrainTime(_) => {
                Better::Lower
            }
        }
    }

    /// Unit of the values.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Throughput => "requests/s",
            Self::Latency(..) | Self::EventLatency(..) => "µs",
            Self::Share(_) => "share",
            Self::DrainRate(_) => "events/s",
            Self::DrainTime(_) => "s",
        }
    }
}

impl fmt::Display for ComparedQuantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throughput => formatter.write_str("throughput"),
            Self::Latency(time, percentile) => {
                let time = match time {
                    Time::Response => "response",
                    Time::Service => "service",
                };
                write!(formatter, "{time} {}", percentile.word())
            }
            Self::EventLatency(stretch, percentile) => {
                write!(formatter, "event {} {}", stretch.word(), percentile.word())
            }
            Self::Share(outcome) => write!(formatter, "{outcome}"),
            Self::DrainRate(domain) => write!(formatter, "drain rate {domain}"),
            Self::DrainTime(domain) => write!(formatter, "drain time {domain}"),
        }
    }
}
