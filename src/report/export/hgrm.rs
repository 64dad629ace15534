//! The percentile distribution as text, in the format of `HdrHistogram`'s
//! `outputPercentileDistribution`, for its plotter and every tool that reads `.hgrm` files.

use hdrhistogram::Histogram;
use std::fmt::Write;

/// Steps for each halving of the distance to 100 %.
const TICKS_PER_HALF_DISTANCE: u32 = 5;
const US_PER_MS: f64 = 1e3;

/// The distribution of latencies in microseconds; the text's values are milliseconds.
#[must_use]
pub fn hgrm_text(latencies: &Histogram<u64>) -> String {
    let ms = |us: u64| us as f64 / US_PER_MS;
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut seen = 0;
    for step in latencies.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        seen += step.count_since_last_iteration();
        let (value, share) = (ms(step.value_iterated_to()), step.quantile_iterated_to());
        // Writing into a text never fails.
        let _ = match share < 1.0 {
            true => writeln!(
                text,
                "{value:12.3} {share:14.12} {seen:10} {:14.2}",
                1.0 / (1.0 - share)
            ),
            false => writeln!(text, "{value:12.3} {share:14.12} {seen:10}"),
        };
    }
    let _ = writeln!(
        text,
        "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]",
        latencies.mean() / US_PER_MS,
        latencies.stdev() / US_PER_MS
    );
    let _ = writeln!(
        text,
        "#[Max     = {:12.3}, Total count    = {:12}]",
        ms(latencies.max()),
        latencies.len()
    );
    let _ = writeln!(
        text,
        "#[Buckets = {:12}, SubBuckets     = {:12}]",
        latencies.buckets(),
        2_048
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::LatencyCounts;

    #[test]
    fn the_text_has_the_columns_and_the_footer_of_the_format() {
        let mut latencies = LatencyCounts::histogram();
        for us in 1..=1_000 {
            latencies.record(us).unwrap();
        }
        let text = hgrm_text(&latencies);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "       Value     Percentile TotalCount 1/(1-Percentile)"
        );
        assert_eq!(
            lines[2],
            "       0.001 0.000000000000          1           1.00"
        );
        let columns = |line: &str| {
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let last = columns(lines[lines.len() - 4]);
        assert_eq!(last, ["1.000", "1.000000000000", "1000"]);
        let median = lines
            .iter()
            .find(|line| line.contains(" 0.500000000000 "))
            .unwrap();
        assert_eq!(columns(median), ["0.500", "0.500000000000", "500", "2.00"]);
        assert_eq!(
            lines[lines.len() - 3],
            "#[Mean    =        0.500, StdDeviation   =        0.289]"
        );
        assert!(lines[lines.len() - 2].ends_with("Total count    =         1000]"));
    }
}
