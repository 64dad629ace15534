//! Which part of a plan one machine carries out, where several carry it out together.
//!
//! A plan is dealt by arithmetic alone: what has global index i belongs to shard i mod N, and within
//! the shard its j-th thing belongs to worker j mod W. Whoever knows the plan knows all parts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most shards of one run.
pub const MOST_SHARDS: u32 = 1_000;

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Its position among the shards, from 0.
    pub index: u32,
    /// How many shards there are; 1 for a run on one machine.
    pub of: u32,
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

/// How far the clock of a machine was ahead of the one that all shards of a run go by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockOffset {
    /// By so much it was ahead, in microseconds; below 0 it was behind.
    pub offset_us: i64,
    /// That is true to so much.
    pub bound_us: u64,
}

/// Why a text names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// Not two numbers with a stroke between them.
    #[error("a shard is written like 2/4: the second of four")]
    Shape,
    /// More shards than there may be, or none.
    #[error("a run has 1 to {MOST_SHARDS} shards")]
    Of,
    /// A shard that there is not.
    #[error("shards are counted from 1: the last of {of} is {of}/{of}")]
    Index {
        /// How many there are.
        of: u32,
    },
}

/// Every `step`-th of a row of things, from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Global index of the first one.
    pub first: usize,
    /// From one to the next.
    pub step: usize,
}

impl Slot {
    /// How many of `whole` things are its own.
    #[must_use]
    pub fn part_of(self, whole: usize) -> usize {
        whole / self.step + usize::from(self.first < whole % self.step)
    }
}

impl Shard {
    /// All of the plan.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Shard `index`, from 0, of `of`.
    ///
    /// # Errors
    /// When there is no such shard.
    pub fn new(index: u32, of: u32) -> Result<Self, ShardError> {
        if of == 0 || of > MOST_SHARDS {
            return Err(ShardError::Of);
        }
        if index >= of {
            return Err(ShardError::Index { of });
        }
        Ok(Self { index, of })
    }

    /// Reads `I/N`, with I from 1 to N, as it is displayed.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn parse(text: &str) -> Result<Self, ShardError> {
        let (number, of) = text.split_once('/').ok_or(ShardError::Shape)?;
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if ![number, of].into_iter().all(is_number) {
            return Err(ShardError::Shape);
        }
        let [number, of] = [number, of].map(str::parse::<u32>);
        let (Ok(number), Ok(of)) = (number, of) else {
            return Err(ShardError::Shape);
        };
        let index = number.checked_sub(1).ok_or(ShardError::Index { of })?;
        Self::new(index, of)
    }

    /// Whether it is the whole plan.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.of == 1
    }

    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.index + 1
    }

    /// What of all things is the shard's own.
    #[must_use]
    pub fn slot(self) -> Slot {
        Slot {
            first: self.index as usize,
            step: self.of as usize,
        }
    }

    /// What of all things belongs to the worker at `position` of the `workers` of this shard.
    #[must_use]
    pub fn slot_of(self, position: usize, workers: usize) -> Slot {
        let (index, of) = (self.index as usize, self.of as usize);
        Slot {
            first: index + of * position,
            step: of * workers,
        }
    }

    /// How many of `whole` things, as users or connections, are its own.
    #[must_use]
    pub fn part_of(self, whole: u32) -> u32 {
        whole / self.of + u32::from(self.index < whole % self.of)
    }
}

/// As it is written on the command line, counted from 1: `2/4`.
impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.number(), self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shards_are_written_from_one_on() {
        let shard = Shard::parse("2/4").unwrap();
        assert_eq!((shard.index, shard.of, shard.number()), (1, 4, 2));
        assert_eq!(shard.to_string(), "2/4");
        assert_eq!(Shard::parse("1/1"), Ok(Shard::WHOLE));
        for (text, error) in [
            ("0/4", ShardError::Index { of: 4 }),
            ("5/4", ShardError::Index { of: 4 }),
            ("1/0", ShardError::Of),
            ("1/1001", ShardError::Of),
            ("2", ShardError::Shape),
            ("/4", ShardError::Shape),
            ("+1/4", ShardError::Shape),
            ("1/99999999999", ShardError::Shape),
        ] {
            assert_eq!(Shard::parse(text), Err(error), "{text}");
        }
    }

    proptest! {
        /// Everything belongs to one worker of one shard, and in each shard it goes round the workers.
        #[test]
        fn all_things_are_dealt_once(whole in 0_usize..500, of in 1_u32..9, workers in 1_usize..5) {
            let mut owners = vec![0; whole];
            for index in 0..of {
                let shard = Shard::new(index, of).unwrap();
                let mut of_shard = 0;
                for position in 0..workers {
                    let slot = shard.slot_of(position, workers);
                    let own: Vec<usize> = (slot.first..whole).step_by(slot.step).collect();
                    prop_assert_eq!(own.len(), slot.part_of(whole));
                    for (turn, &thing) in own.iter().enumerate() {
                        owners[thing] += 1;
                        prop_assert_eq!(thing as u32 % of, index);
                        prop_assert_eq!(thing / of as usize, turn * workers + position);
                    }
                    of_shard += own.len();
                }
                prop_assert_eq!(of_shard, shard.part_of(whole as u32) as usize);
                prop_assert_eq!(of_shard, shard.slot().part_of(whole));
            }
            prop_assert!(owners.iter().all(|&times| times == 1));
        }
    }
}
