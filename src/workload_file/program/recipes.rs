//! What is made up while load is made, for heads and by steps: from texts that are ready beforehand.

use crate::engine::Values;
use crate::plan::{RunId, UNIQUE_TEXT_BYTES, UniqueNumbers};
use crate::workload_file::model::generated::{Turn, chosen};
use crate::workload_file::model::generators::Generator;
use crate::workload_file::model::texts::Part;
use fastrand::Rng;
use smallvec::SmallVec;

/// Texts of something that is made up.
const TEXTS: usize = 1_024;
/// Bytes that they have at most.
const TEXTS_BYTES: usize = 256 << 10;

/// A text that is put together.
type Joined = SmallVec<[u8; 96]>;

/// What one generator makes up.
#[derive(Debug)]
pub enum MadeUp {
    /// One of these.
    Drawn {
        /// The texts.
        texts: Vec<Box<[u8]>>,
        /// Whether they are no texts in JSON.
        is_bare: bool,
    },
    /// One of these, each with its weight.
    Chosen(Vec<(String, u32)>),
    /// A number that no other request has, between these.
    Unique {
        /// What comes before it.
        before: Vec<u8>,
        /// What comes after it.
        after: Vec<u8>,
    },
    /// The next number of the user.
    Counted {
        /// The first one.
        from: u32,
        /// Whether it is a number in JSON.
        is_bare: bool,
    },
}

impl MadeUp {
    /// Texts of `generator`, drawn by `rng`.
    pub fn new(generator: &Generator, run_id: &RunId, rng: &mut Rng) -> Self {
        if generator.is_unique() {
            let (before, after) = generator.around_unique(run_id);
            return Self::Unique {
                before: before.into_bytes(),
                after: after.as_bytes().to_vec(),
            };
        }
        if let Some(from) = generator.counts_from() {
            return Self::Counted {
                from,
                is_bare: generator.is_bare(),
            };
        }
        if let Generator::Choice(choices) = generator {
            return Self::Chosen(choices.clone());
        }
        let mut draw = |_| {
            let mut text = String::new();
            generator.draw(rng, Turn::first(run_id), &mut text);
            text.into_bytes().into_boxed_slice()
        };
        let texts = TEXTS
            .min(TEXTS_BYTES / generator.most_bytes().max(1))
            .max(1);
        Self::Drawn {
            texts: (0..texts).map(&mut draw).collect(),
            is_bare: generator.is_bare(),
        }
    }

    /// Makes it up for the value `value`.
    #[inline]
    pub fn make(
        &self,
        value: u16,
        (rng, unique): (&mut Rng, &mut UniqueNumbers),
        values: &mut Values,
    ) {
        match self {
            Self::Drawn { texts, is_bare } => {
                values.set(value, &texts[rng.usize(..texts.len())], *is_bare);
            }
            Self::Chosen(choices) => {
                let text = chosen(choices, rng).map_or("", |place| &choices[place].0);
                values.set(value, text.as_bytes(), false);
            }
            Self::Counted { from, is_bare } => {
                let number = u64::from(*from) + u64::from(values.next_turn(value));
                let mut digits = itoa::Buffer::new();
                values.set(value, digits.format(number).as_bytes(), *is_bare);
            }
            Self::Unique { .. } => {
                let mut text = Joined::new();
                self.append((rng, unique), &mut text);
                values.set(value, &text, false);
            }
        }
    }

    fn append(&self, (rng, unique): (&mut Rng, &mut UniqueNumbers), out: &mut Joined) {
        match self {
            Self::Drawn { texts, .. } => {
                out.extend_from_slice(&texts[rng.usize(..texts.len())]);
            }
            Self::Chosen(choices) => {
                let text = chosen(choices, rng).map_or("", |place| &choices[place].0);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Unique { before, after } => {
                let mut number = [0; UNIQUE_TEXT_BYTES];
                unique.write_next(&mut number);
                out.extend_from_slice(before);
                out.extend_from_slice(&number);
                out.extend_from_slice(after);
            }
            // What is counted has a value of its own.
            Self::Counted { .. } => {}
        }
    }
}

/// What a step makes up for one value.
#[derive(Debug)]
pub enum Recipe {
    /// What another value is.
    Copy(u16),
    /// One thing made up.
    Made(MadeUp),
    /// Several pieces, one after the other.
    Joined(Box<[Piece]>),
}

/// A piece of a text.
#[derive(Debug)]
pub enum Piece {
    /// Always the same.
    Text(Box<[u8]>),
    /// What a value is.
    Value(u16),
    /// Something made up.
    Made(MadeUp),
}

impl Recipe {
    /// Of `parts`, with what they make up drawn by `rng`.
    pub fn new(parts: &[Part], run_id: &RunId, rng: &mut Rng) -> Self {
        match parts {
            [Part::Value(position)] => return Self::Copy(*position),
            [Part::Made(generator)] => return Self::Made(MadeUp::new(generator, run_id, rng)),
            _ => {}
        }
        let pieces = parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(Piece::Text(text.as_bytes().into())),
            Part::Value(position) => Some(Piece::Value(*position)),
            Part::Made(generator) => Some(Piece::Made(MadeUp::new(generator, run_id, rng))),
            // Only bodies draw.
            Part::Drawn(_) | Part::Handle(_) | Part::Sum(_) => None,
        });
        Self::Joined(pieces.collect())
    }

    /// Makes it up for the value `value`.
    #[inline]
    pub fn make(
        &self,
        value: u16,
        (rng, unique): (&mut Rng, &mut UniqueNumbers),
        values: &mut Values,
    ) {
        match self {
            Self::Copy(from) => values.copy(*from, value),
            Self::Made(made) => made.make(value, (rng, unique), values),
            Self::Joined(pieces) => {
                let mut text = Joined::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(same) => text.extend_from_slice(same),
                        Piece::Value(position) => text.extend_from_slice(values.raw(*position)),
                        Piece::Made(made) => made.append((rng, unique), &mut text),
                    }
                }
                values.set(value, &text, false);
            }
        }
    }
}
