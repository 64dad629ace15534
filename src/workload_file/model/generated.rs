//! How generators make what they make: the same draws, in the same order, whenever a seed comes again.

use super::distributions;
use super::generators::{Generator, days_between};
use crate::plan::RunId;
use crate::words;
use fastrand::Rng;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::fmt::Write;

/// Dates are of these years, the same whenever a workload is run again.
const DATE_YEARS: std::ops::RangeInclusive<i16> = 2020..=2029;

impl Generator {
    /// Appends one of what it makes, but for what is unique.
    pub fn draw(&self, rng: &mut Rng, turn: Turn<'_>, out: &mut String) {
        // Writing into memory does not fail.
        let _ = self.write(rng, turn, out);
    }

    fn write(&self, rng: &mut Rng, turn: Turn<'_>, out: &mut String) -> std::fmt::Result {
        match self {
            Self::Unique | Self::Serial | Self::Email | Self::Handle(_) | Self::Sum(_) => Ok(()),
            // Made where it is sent, or of the rest of the body.
            Self::Counter(_) | Self::Total(_) => Ok(()),
            Self::Distributed(distribution) => distribution.write(rng, out),
            Self::FirstName => out.write_str(words::first_name(rng)),
            Self::LastName => out.write_str(words::last_name(rng)),
            Self::Name => {
                let first = words::first_name(rng);
                write!(out, "{first} {}", words::last_name(rng))
            }
            Self::Phone => write!(
                out,
                "+1-555-{:03}-{:04}",
                rng.u16(..1_000),
                rng.u16(..10_000)
            ),
            Self::Street => out.write_str(&words::street(rng)),
            Self::City => out.write_str(&words::city(rng)),
            Self::Company => out.write_str(&words::company(rng)),
            Self::State => out.write_str(words::state_code(rng)),
            Self::Words(count) => several(*count, out, |out| out.write_str(words::word(rng))),
            Self::Title(count) => {
                several(*count, out, |out| out.write_str(&words::capitalised(rng)))
            }
            Self::Sentence => out.write_str(&words::sentence(rng)),
            Self::Paragraph(most) => out.write_str(&words::paragraph(rng, *most)),
            Self::Uuid => {
                let uuid = uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes());
                write!(out, "{}", uuid.as_uuid())
            }
            Self::Date => {
                let day = rng.i8(1..=28);
                write!(
                    out,
                    "{}-{:02}-{day:02}",
                    rng.i16(DATE_YEARS),
                    rng.u8(1..=12)
                )
            }
            Self::Bool => write!(out, "{}", rng.bool()),
            Self::Digits(count) => (0..*count).try_for_each(|_| write!(out, "{}", rng.u8(..10))),
            Self::Letters(count) => (0..*count).try_for_each(|_| out.write_char(rng.uppercase())),
            Self::Hex(digits) => {
                let drawn = match digits {
                    8.. => rng.u32(..),
                    digits => rng.u32(..1 << (4 * digits)),
                };
                write!(out, "{drawn:0width$x}", width = *digits as usize)
            }
            Self::Day(from, to) => {
                let days = between(rng, 0, i64::from(days_between(*from, *to)));
                write!(out, "{}", from.saturating_add(days.days()))
            }
            Self::InDays(from, to) => {
                let days = between(rng, *from, *to);
                let started = Timestamp::from_millisecond(turn.run_id.unix_ms() as i64);
                let started = started.unwrap_or_default().to_zoned(TimeZone::UTC).date();
                write!(out, "{}", started.saturating_add(days.days()))
            }
            Self::Int(from, to) => write!(out, "{}", between(rng, *from, *to)),
            Self::Padded(from, to, digits) => {
                write!(out, "{:0digits$}", between(rng, *from, *to))
            }
            Self::Decimal(from, to, decimals) => {
                distributions::write_units(out, between(rng, *from, *to), *decimals)
            }
            Self::Float(from, to, decimals) => {
                write_units(between(rng, *from, *to), *decimals, out);
                Ok(())
            }
            Self::Text(made) | Self::Number(made) => made.write(rng, turn, out),
            Self::Each(values, _) => out.write_str(&values[turn.place % values.len()]),
            Self::Null => out.write_str("null"),
            Self::Choice(choices) => match chosen(choices, rng) {
                Some(place) => out.write_str(&choices[place].0),
                None => Ok(()),
            },
        }
    }
}

/// Which body is being made, and for which run.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// How many bodies of its kind were made before.
    pub place: usize,
    /// The run.
    pub run_id: &'a RunId,
}

impl<'a> Turn<'a> {
    /// Of the first body.
    #[must_use]
    pub fn first(run_id: &'a RunId) -> Self {
        Self { place: 0, run_id }
    }
}

/// Appends so many units of the last of `decimals` digits behind the point, as programs write numbers:
/// the quotient is the double nearest to the decimal number, whose shortest form is that number.
pub fn write_units(units: i64, decimals: u32, out: &mut String) {
    let number = units as f64 / 10_f64.powi(decimals as i32);
    out.push_str(&serde_json::json!(number).to_string());
}

/// Which of `choices` is taken.
pub fn chosen(choices: &[(String, u32)], rng: &mut Rng) -> Option<usize> {
    let first = choices.first()?.1;
    if choices.iter().all(|(_, weight)| *weight == first) {
        return Some(rng.usize(..choices.len()));
    }
    let all: u32 = choices.iter().map(|(_, weight)| weight).sum();
    let mut drawn = rng.u32(..all);
    choices.iter().position(|(_, weight)| {
        let is_it = drawn < *weight;
        drawn = drawn.wrapping_sub(*weight);
        is_it
    })
}

/// A number from `from` to `to`. Small spans take half of what is drawn for large ones.
fn between(rng: &mut Rng, from: i64, to: i64) -> i64 {
    match u32::try_from(from.abs_diff(to)) {
        Ok(span) => from + i64::from(rng.u32(0..=span)),
        Err(_) => rng.i64(from..=to),
    }
}

fn several(
    count: usize,
    out: &mut String,
    mut write: impl FnMut(&mut String) -> std::fmt::Result,
) -> std::fmt::Result {
    for place in 0..count {
        if place > 0 {
            out.push(' ');
        }
        write(out)?;
    }
    Ok(())
}
