//! Numbers and texts as bytes, and what is written as bytes and read back.

use crate::stats::{Outcome, OutcomeCounts};

/// Layout of a second's message; another one is refused.
pub const INTERVAL_VERSION: u8 = 1;

/// Why bytes are not what they are said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Garbled {
    /// They end in the middle.
    #[error("it is cut off")]
    Short,
    /// There are more of them than there should be.
    #[error("something follows its end")]
    Long,
    /// A number or a word that there is not.
    #[error("it holds a figure that cannot be")]
    Figure,
    /// More of something than there can be.
    #[error("it holds more than there can be")]
    Many,
    /// Figures of another plan: other names, journeys, races or rules.
    #[error("it is of another plan")]
    Shape,
    /// Histograms of another precision.
    #[error("its histograms have another precision than 3 significant digits")]
    Digits,
    /// Written by another version.
    #[error("it has layout {0}, and this shopblast reads layout {INTERVAL_VERSION}")]
    Version(u8),
}

/// Bytes that are still to be read.
#[derive(Clone, Copy, Debug)]
pub struct CodedBytes<'a>(&'a [u8]);

impl<'a> CodedBytes<'a> {
    /// All of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Garbled> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Garbled::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next byte.
    ///
    /// # Errors
    /// When there is none.
    pub fn byte(&mut self) -> Result<u8, Garbled> {
        Ok(self.take(1)?[0])
    }

    /// The next number.
    ///
    /// # Errors
    /// When it is cut off, or longer than 64 bits.
    pub fn number(&mut self) -> Result<u64, Garbled> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Garbled::Figure);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Garbled::Figure)
    }

    /// The next number, of which there is room for the type.
    ///
    /// # Errors
    /// When it is cut off or too large.
    pub fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Garbled> {
        T::try_from(self.number()?).map_err(|_| Garbled::Figure)
    }

    /// How many of something follow, `most` of them and no more than there are bytes.
    ///
    /// # Errors
    /// When there are more.
    pub fn count(&mut self, most: usize) -> Result<usize, Garbled> {
        let count = self.small()?;
        match count {
            _ if count > most => Err(Garbled::Many),
            _ if count > self.0.len() => Err(Garbled::Short),
            _ => Ok(count),
        }
    }

    /// The next text, of `most` bytes.
    ///
    /// # Errors
    /// When it is longer, cut off, or no text.
    pub fn text(&mut self, most: usize) -> Result<&'a str, Garbled> {
        let count = self.count(most)?;
        std::str::from_utf8(self.take(count)?).map_err(|_| Garbled::Figure)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing must be left.
    ///
    /// # Errors
    /// When something is.
    pub fn end(&self) -> Result<(), Garbled> {
        match self.0 {
            [] => Ok(()),
            _ => Err(Garbled::Long),
        }
    }
}

/// Appends a number.
pub fn put_number(number: u64, out: &mut Vec<u8>) {
    let mut left = number;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

/// Appends a text.
pub fn put_text(text: &str, out: &mut Vec<u8>) {
    put_number(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// What is written as bytes and read back, into a value that is empty and has the rows of the plan.
pub trait Coded {
    /// Appends itself.
    fn put(&self, out: &mut Vec<u8>);

    /// Becomes what is read.
    ///
    /// # Errors
    /// When the bytes are something else.
    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled>;
}

impl Coded for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(*self, out);
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        *self = bytes.number()?;
        // What is added up later must not overflow: no run counts to 2⁵⁶.
        match *self >> 56 {
            0 => Ok(()),
            _ => Err(Garbled::Figure),
        }
    }
}

impl Coded for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(((*self << 1) ^ (*self >> 63)) as u64, out);
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        let mut coded = 0_u64;
        coded.read(bytes)?;
        *self = (coded >> 1) as i64 ^ -((coded & 1) as i64);
        Ok(())
    }
}

impl<One: Coded, const N: usize> Coded for [One; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|one| one.put(out));
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        self.iter_mut().try_for_each(|one| one.read(bytes))
    }
}

/// Row by row: as many as the plan has.
impl<One: Coded> Coded for Vec<One> {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.len() as u64, out);
        self.iter().for_each(|one| one.put(out));
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        if bytes.number()? != self.len() as u64 {
            return Err(Garbled::Shape);
        }
        self.iter_mut().try_for_each(|one| one.read(bytes))
    }
}

impl Coded for OutcomeCounts {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|(_, count)| count.put(out));
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        let mut counts = [0_u64; Outcome::COUNT];
        counts.read(bytes)?;
        *self = counts.into();
        Ok(())
    }
}

/// The outcome at a place among all.
pub(super) fn outcome_at(place: u8) -> Result<Outcome, Garbled> {
    let all = Outcome::ALL;
    all.get(usize::from(place)).copied().ok_or(Garbled::Figure)
}
