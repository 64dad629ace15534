//! Latency counts as an HDR histogram: encoding V2, as every reader of such histograms knows it, and
//! what it loses beside it (the exact sum, least and most).
//!
//! See <https://github.com/HdrHistogram/HdrHistogram>, `AbstractHistogram.encodeIntoByteBuffer`: a head of
//! 40 bytes, then counts from index 0 on as signed LEB128 (ZigZag, at most 9 bytes), where what is below 0
//! stands for so many empty ones.

use super::bytes::{Coded, CodedBytes, Garbled, put_number};
use crate::stats::latency::{FilledByBucket, MAX_LATENCY_US, SIGNIFICANT_DIGITS};
use crate::stats::{Forget, LatencyCounts, ToldLatencies};

/// Encoding V2 with the word size that it always has.
const COOKIE: u32 = 0x1c84_9303 | 0x10;
/// Offset, digits, lowest and highest value, ratio.
const AFTER_LENGTH: usize = 4 + 4 + 8 + 8 + 8;

fn put_zig_zag(number: i64, out: &mut Vec<u8>) {
    put_number(((number << 1) ^ (number >> 63)) as u64, out);
}

/// An empty one is one byte; another one its HDR histogram, then sum, least and most.
macro_rules! coded_as_hdr {
    ($($latencies:ty)*) => {
        $(
            impl Coded for $latencies {
                fn put(&self, out: &mut Vec<u8>) {
                    let Some(least_us) = self.min_us() else {
                        out.push(0);
                        return;
                    };
                    put_histogram(self.indexed(), out);
                    self.sum_us().put(out);
                    put_number(least_us, out);
                    put_number(self.max_us(), out);
                }

                fn read(&mut self, bytes: &mut CodedBytes<'_>) -> Result<(), Garbled> {
                    self.forget();
                    read_latencies(self, bytes)
                }
            }
        )*
    };
}
coded_as_hdr!(LatencyCounts ToldLatencies);

/// The byte that says that there is one, and the histogram of these buckets (index, count), in ascending order.
fn put_histogram(buckets: impl Iterator<Item = (usize, u32)>, out: &mut Vec<u8>) {
    out.push(1);
    out.extend_from_slice(&COOKIE.to_be_bytes());
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&0_u32.to_be_bytes());
    out.extend_from_slice(&u32::from(SIGNIFICANT_DIGITS).to_be_bytes());
    out.extend_from_slice(&1_u64.to_be_bytes());
    out.extend_from_slice(&MAX_LATENCY_US.to_be_bytes());
    out.extend_from_slice(&1_f64.to_be_bytes());
    let counts_at = out.len();
    let mut next = 0;
    for (index, count) in buckets {
        if index > next {
            put_zig_zag(-((index - next) as i64), out);
        }
        put_zig_zag(i64::from(count), out);
        next = index + 1;
    }
    let length = (out.len() - counts_at) as u32;
    out[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
}

fn read_latencies(
    latencies: &mut impl FilledByBucket,
    bytes: &mut CodedBytes<'_>,
) -> Result<(), Garbled> {
    match bytes.byte()? {
        0 => return Ok(()),
        1 => {}
        _ => return Err(Garbled::Figure),
    }
    let mut counts = counts_of(bytes)?;
    let mut index = 0_usize;
    while !counts.is_empty() {
        let coded = counts.number()?;
        let number = (coded >> 1) as i64 ^ -((coded & 1) as i64);
        let skipped = usize::try_from(number.unsigned_abs()).map_err(|_| Garbled::Figure)?;
        match number {
            ..0 => index = index.checked_add(skipped).ok_or(Garbled::Figure)?,
            // As others write a single empty one.
            0 => index += 1,
            1.. => {
                let count = u32::try_from(number).map_err(|_| Garbled::Figure)?;
                latencies.put(index, count).ok_or(Garbled::Figure)?;
                index += 1;
            }
        }
    }
    let mut sum_us = 0_u64;
    sum_us.read(bytes)?;
    let (least_us, most_us) = (bytes.number()?, bytes.number()?);
    match latencies.finish(sum_us, (least_us, most_us)) {
        true => Ok(()),
        false => Err(Garbled::Figure),
    }
}

/// The counts behind a head that is looked at.
fn counts_of<'a>(bytes: &mut CodedBytes<'a>) -> Result<CodedBytes<'a>, Garbled> {
    let mut word = || {
        let word = bytes.take(4)?;
        Ok(u32::from_be_bytes([word[0], word[1], word[2], word[3]]))
    };
    if word()? != COOKIE {
        return Err(Garbled::Figure);
    }
    let length = word()? as usize;
    let (offset, digits) = (word()?, word()?);
    if offset != 0 {
        return Err(Garbled::Figure);
    }
    if digits != u32::from(SIGNIFICANT_DIGITS) {
        return Err(Garbled::Digits);
    }
    bytes.take(AFTER_LENGTH - 8)?;
    Ok(CodedBytes::new(bytes.take(length)?))
}
