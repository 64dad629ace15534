//! What was contended for, as bytes: endings, offsets, rounds.

use super::bytes::{Coded, CodedBytes, Garbled, put_number};
use crate::stats::races::MOST_ENDINGS;
use crate::stats::{
    Ending, EndingCount, Endings, MOST_SIDES, OFFSET_BINS, OffsetBin, Offsets, Outcome, Round,
    RoundsTotal,
};

impl Coded for Ending {
    fn put(&self, out: &mut Vec<u8>) {
        for side in 0..MOST_SIDES {
            for outcome in Outcome::ALL {
                put_number(self.of(side as u8, outcome).into(), out);
            }
        }
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        let mut counts = [[0_u16; Outcome::COUNT]; MOST_SIDES];
        for count in counts.iter_mut().flatten() {
            *count = bytes.small()?;
        }
        *self = Self::of_counts(counts);
        Ok(())
    }
}

impl Coded for Endings {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.rows.len() as u64, out);
        for row in &self.rows {
            row.ending.put(out);
            row.count.put(out);
        }
        self.cut.put(out);
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        self.rows.clear();
        for _ in 0..bytes.count(MOST_ENDINGS)? {
            let (mut ending, mut count) = (Ending::default(), 0_u64);
            ending.read(bytes)?;
            count.read(bytes)?;
            self.rows.push(EndingCount { ending, count });
        }
        self.cut.read(bytes)
    }
}

impl Coded for Offsets {
    fn put(&self, out: &mut Vec<u8>) {
        self.bins.put(out);
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        self.bins.clear();
        match bytes.number()? {
            0 => Ok(()),
            bins if bins == OFFSET_BINS as u64 => {
                self.bins.resize(OFFSET_BINS, OffsetBin::default());
                self.bins.iter_mut().try_for_each(|bin| bin.read(bytes))
            }
            _ => Err(Garbled::Shape),
        }
    }
}

impl Coded for Round {
    fn put(&self, out: &mut Vec<u8>) {
        self.numbers().put(out);
        out.push(u8::from(self.overlapped) | u8::from(self.left.is_some()) << 1);
        if let Some(left) = self.left {
            left.put(out);
        }
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        let mut numbers = [0_u64; Self::NUMBERS];
        numbers.read(bytes)?;
        *self = Self::of_numbers(numbers);
        let flags = bytes.byte()?;
        if flags > 3 {
            return Err(Garbled::Figure);
        }
        self.overlapped = flags & 1 != 0;
        if flags & 2 != 0 {
            let mut left = 0_i64;
            left.read(bytes)?;
            self.left = Some(left);
        }
        Ok(())
    }
}

impl Coded for RoundsTotal {
    fn put(&self, out: &mut Vec<u8>) {
        [self.rounds, self.contested, self.sold_out].put(out);
        self.sums.put(out);
    }

    fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
        self.rounds.read(bytes)?;
        self.contested.read(bytes)?;
        self.sold_out.read(bytes)?;
        self.sums.read(bytes)
    }
}

impl Round {
    const NUMBERS: usize = 13;

    fn numbers(&self) -> [u64; Self::NUMBERS] {
        [
            self.round,
            self.at_us,
            self.stock,
            self.crowd,
            self.demand,
            self.granted,
            self.unknown_pieces,
            self.winners,
            self.refused,
            self.conflicts,
            self.failed,
            self.spread_us,
            self.shard.into(),
        ]
    }

    fn of_numbers(numbers: [u64; Self::NUMBERS]) -> Self {
        let [
            round,
            at_us,
            stock,
            crowd,
            demand,
            granted,
            unknown_pieces,
            winners,
            refused,
            conflicts,
            failed,
            spread_us,
            shard,
        ] = numbers;
        Self {
            round,
            at_us,
            stock,
            crowd,
            demand,
            granted,
            unknown_pieces,
            winners,
            refused,
            conflicts,
            failed,
            spread_us,
            overlapped: false,
            left: None,
            shard: u32::try_from(shard).unwrap_or(u32::MAX),
        }
    }
}
