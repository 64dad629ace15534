//! When a source is read: at every whole second, less often when it is slow or does not answer.

const SECOND_NS: u64 = 1_000_000_000;
/// Rest after a reading, in lengths of the reading: a source is busy with us at most a fifth of the
/// time.
const REST: u64 = 4;
/// Longest rest after failures, in seconds.
const LONGEST_REST_S: u64 = 16;

/// When the next reading is due, in nanoseconds since the start of the run, after one that took
/// `took_ns` and ended at `done_ns`; the last `failures` ones in a row failed.
pub(super) fn next_due_ns(done_ns: u64, took_ns: u64, failures: u32) -> u64 {
    let after_failures_s = match failures {
        0 => 0,
        _ => 1_u64
            .checked_shl(failures - 1)
            .unwrap_or(LONGEST_REST_S)
            .min(LONGEST_REST_S),
    };
    // A full second of rest makes the next second but one.
    let after_failures_ns = after_failures_s.saturating_sub(1) * SECOND_NS;
    let rest_ns = took_ns.saturating_mul(REST).max(after_failures_ns);
    let earliest_ns = done_ns.saturating_add(rest_ns);
    (earliest_ns / SECOND_NS)
        .saturating_add(1)
        .saturating_mul(SECOND_NS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_quick_source_is_read_every_second() {
        assert_eq!(next_due_ns(3_010 * MS, 10 * MS, 0), 4_000 * MS);
        assert_eq!(next_due_ns(3_199 * MS, 199 * MS, 0), 4_000 * MS);
    }

    #[test]
    fn a_slow_one_gets_its_rest() {
        assert_eq!(next_due_ns(4_300 * MS, 1_300 * MS, 0), 10_000 * MS);
    }

    #[test]
    fn one_that_fails_is_asked_less_and_less_often() {
        let due = |failures| next_due_ns(10_001 * MS, MS, failures) / SECOND_NS;
        assert_eq!([1, 2, 3, 4, 5, 9].map(due), [11, 12, 14, 18, 26, 26]);
    }

    proptest! {
        #[test]
        fn it_is_always_a_later_whole_second(done in any::<u64>(), took in any::<u64>(), failures in any::<u32>()) {
            let due = next_due_ns(done, took, failures);
            prop_assert!(due > done || due == u64::MAX);
            prop_assert!(due.is_multiple_of(SECOND_NS) || due == u64::MAX);
        }
    }
}
