//! Latencies in bands of equal width on a logarithmic axis: four a doubling, for heat maps and
//! histograms. Percentiles are never taken from them.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Bands a doubling of the latency.
pub const BANDS_A_DOUBLING: u32 = 4;
/// That of the longest latency that is told apart, 10 minutes.
const LAST_BAND: u32 = 116;

/// The band of a latency: band `i` holds what is at least 2^(i/4) µs and less than 2^((i+1)/4) µs.
#[must_use]
pub fn band_of(latency_us: u64) -> u32 {
    ((latency_us.max(1) as f64).log2() * f64::from(BANDS_A_DOUBLING)) as u32
}

/// Counts by band: `12:5 13:80`, ascending, bands without a count left out. `buckets` come in
/// ascending order of their values, in microseconds.
#[must_use]
pub fn bands_text(buckets: impl Iterator<Item = (u64, u64)>) -> String {
    let mut bands: Vec<(u32, u64)> = Vec::new();
    for (value_us, count) in buckets {
        let band = band_of(value_us);
        match bands.last_mut() {
            Some((last, sum)) if *last == band => *sum += count,
            _ => bands.push((band, count)),
        }
    }
    let mut text = String::new();
    for (band, count) in bands {
        let gap = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{gap}{band}:{count}");
    }
    text
}

/// Reads what [`bands_text`] wrote, by band; what is no band of a latency is left out.
#[must_use]
pub fn parse_bands(text: &str) -> BTreeMap<u32, u64> {
    let mut bands = BTreeMap::new();
    let pairs = text.split(' ').filter_map(|pair| {
        let (band, count) = pair.split_once(':')?;
        Some((band.parse().ok()?, count.parse().ok()?))
    });
    for (band, count) in pairs.filter(|(band, _)| *band <= LAST_BAND) {
        add_to_band(&mut bands, band, count);
    }
    bands
}

/// Adds a count to a band.
pub fn add_to_band(bands: &mut BTreeMap<u32, u64>, band: u32, count: u64) {
    let sum = bands.entry(band).or_default();
    *sum = sum.saturating_add(count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bands_a_doubling() {
        let bands = [0, 1, 2, 4, 1_000, 1_024, 1_217, 1_218, 600_000_000].map(band_of);
        assert_eq!(bands, [0, 0, 4, 8, 39, 40, 40, 41, 116]);
    }

    #[test]
    fn counts_are_read_as_they_were_written() {
        let text = bands_text([(1, 2), (1_000, 3), (1_010, 4), (1_024, 1)].into_iter());
        assert_eq!(text, "0:2 39:7 40:1");
        assert_eq!(
            parse_bands(&text),
            BTreeMap::from([(0, 2), (39, 7), (40, 1)])
        );
        assert!(parse_bands("").is_empty());
        assert!(parse_bands("x:1 4: 5:-2 117:3").is_empty());
        assert_eq!(band_of(600_000_000), LAST_BAND);
    }
}
