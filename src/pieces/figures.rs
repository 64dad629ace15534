//! How figures are written for people.

/// Microseconds in the unit that fits, with three digits: `850µs`, `1.23ms`, `12.3s`.
#[must_use]
pub fn duration_text(us: u64) -> String {
    match us {
        0..1_000 => format!("{us}µs"),
        // From the value on that would round up to 1000 ms.
        1_000..999_500 => format!("{}ms", three_digits(us as f64 / 1e3)),
        _ => format!("{}s", three_digits(us as f64 / 1e6)),
    }
}

/// Three digits of a number from 1 to 999, more of a larger one.
fn three_digits(value: f64) -> String {
    // Rounding may carry: 9.996 is 10.0 and not 10.00.
    if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// A rate: one decimal below 1000, none above.
#[must_use]
pub fn rate_text(per_s: f64) -> String {
    if per_s < 999.95 {
        format!("{per_s:.1}")
    } else {
        format!("{per_s:.0}")
    }
}

/// A count with its noun in singular or plural: `1 request`, `2 requests`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// A share from 0 to 1 in percent: `12 %`, and `0.3 %` below one percent.
#[must_use]
pub fn percent_text(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 0.995 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits_in_the_unit_that_fits() {
        let table = [
            (0, "0µs"),
            (999, "999µs"),
            (1_000, "1.00ms"),
            (1_234, "1.23ms"),
            (9_994, "9.99ms"),
            (9_996, "10.0ms"),
            (99_960, "100ms"),
            (123_456, "123ms"),
            (999_499, "999ms"),
            (999_500, "1.00s"),
            (12_340_000, "12.3s"),
            (600_000_000, "600s"),
        ];
        for (us, text) in table {
            assert_eq!(duration_text(us), text);
        }
    }

    #[test]
    fn rates_counts_and_shares() {
        assert_eq!(
            (rate_text(0.04), rate_text(999.9), rate_text(98_765.4)),
            ("0.0".into(), "999.9".into(), "98765".into())
        );
        assert_eq!(
            (counted(1, "request"), counted(0, "request")),
            ("1 request".into(), "0 requests".into())
        );
        assert_eq!(
            (percent_text(0.0), percent_text(0.003), percent_text(0.424)),
            ("0 %".into(), "0.3 %".into(), "42 %".into())
        );
    }
}
