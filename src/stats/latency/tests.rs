//! The counts against hdrhistogram's own.

use super::*;
use proptest::prelude::*;

fn latency_us() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..4_096_u64,
        0..MAX_LATENCY_US + 10_000_000,
        (0..30_u32, -1..=1_i64)
            .prop_map(|(power, off)| (1_u64 << power).saturating_add_signed(off)),
    ]
}

fn counted(latencies_us: &[u64]) -> LatencyCounts {
    let mut counts = LatencyCounts::default();
    latencies_us.iter().for_each(|&us| counts.record_us(us));
    counts
}

fn recorded(latencies_us: &[u64]) -> Histogram<u64> {
    let mut histogram = LatencyCounts::histogram();
    for &us in latencies_us {
        histogram
            .record(us.clamp(1, MAX_LATENCY_US))
            .expect("in range");
    }
    histogram
}

fn exported(counts: &LatencyCounts) -> Histogram<u64> {
    let mut histogram = LatencyCounts::histogram();
    counts.add_to(&mut histogram);
    histogram
}

fn clamped(latencies_us: &[u64]) -> impl Iterator<Item = u64> {
    latencies_us.iter().map(|us| (*us).clamp(1, MAX_LATENCY_US))
}

proptest! {
    #[test]
    fn every_value_lies_in_the_bucket_that_hdrhistogram_gives_it(us in 1..=MAX_LATENCY_US) {
        let histogram = LatencyCounts::histogram();
        prop_assert_eq!(value_of(index_of(us)), histogram.lowest_equivalent(us));
        prop_assert_eq!(value_of(index_of(us) + 1), histogram.next_non_equivalent(us));
    }

    #[test]
    fn counts_export_as_if_recorded_directly(values in prop::collection::vec(latency_us(), 0..200)) {
        prop_assert_eq!(exported(&counted(&values)), recorded(&values));
    }

    #[test]
    fn merging_is_lossless_in_any_grouping(
        values in prop::collection::vec((0..5_usize, latency_us()), 0..300),
    ) {
        let mut groups: Vec<Vec<u64>> = vec![Vec::new(); 5];
        values.iter().for_each(|&(group, us)| groups[group].push(us));
        let all: Vec<u64> = values.iter().map(|&(_, us)| us).collect();

        let mut merged = LatencyCounts::default();
        let mut exported_apart = LatencyCounts::histogram();
        for group in groups.iter().rev() {
            merged.absorb(&counted(group));
            counted(group).add_to(&mut exported_apart);
        }
        prop_assert_eq!(&exported(&merged), &recorded(&all));
        prop_assert_eq!(&exported_apart, &recorded(&all));
        prop_assert_eq!(merged.len(), all.len() as u64);
        prop_assert_eq!(merged.sum_us(), clamped(&all).sum::<u64>());
        prop_assert_eq!(merged.max_us(), clamped(&all).max().unwrap_or(0));
        prop_assert_eq!(merged.min_us(), clamped(&all).min());
    }

    #[test]
    fn a_cleared_set_is_as_good_as_new(
        before in prop::collection::vec(latency_us(), 0..100),
        after in prop::collection::vec(latency_us(), 0..100),
    ) {
        let mut counts = counted(&before);
        counts.clear();
        prop_assert!(counts.is_empty());
        prop_assert!(counts.counts.iter().all(|&count| count == 0));
        after.iter().for_each(|&us| counts.record_us(us));
        prop_assert_eq!(exported(&counts), recorded(&after));
        prop_assert_eq!(counts.min_us(), clamped(&after).min());
    }

    #[test]
    fn quantiles_are_hdrhistograms_but_never_above_the_maximum(
        values in prop::collection::vec(latency_us(), 1..200),
        quantile in 0.001..=1.0_f64,
    ) {
        let counts = counted(&values);
        let expected = recorded(&values).value_at_quantile(quantile).min(counts.max_us());
        prop_assert_eq!(counts.quantile_us(quantile), expected);
    }
}

#[test]
fn zero_counts_as_one_microsecond() {
    let counts = counted(&[0]);
    assert_eq!(counts.min_us(), Some(1));
    assert_eq!(counts.buckets().collect::<Vec<_>>(), [(1, 1)]);
}

#[test]
fn longer_than_ten_minutes_counts_as_ten_minutes() {
    let counts = counted(&[u64::MAX, MAX_LATENCY_US + 1]);
    assert_eq!(counts.max_us(), MAX_LATENCY_US);
    assert_eq!(counts.sum_us(), 2 * MAX_LATENCY_US);
    assert_eq!(exported(&counts).len(), 2);
}

#[test]
fn nothing_counted_has_no_figures() {
    let counts = LatencyCounts::default();
    assert_eq!(counts.min_us(), None);
    assert_eq!((counts.max_us(), counts.quantile_us(0.5)), (0, 0));
    assert_eq!(counts.buckets().count(), 0);
}
