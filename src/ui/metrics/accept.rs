//! Which form of the metrics a reader wants.

use crate::report::{OPEN_METRICS_TYPE, PROMETHEUS_TEXT_TYPE};

/// A form of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsForm {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' text format 0.0.4.
    PrometheusText,
}

impl MetricsForm {
    /// The form that the header `Accept` asks for: OpenMetrics where that is named and nothing else
    /// is liked better, or where nothing is said.
    pub fn of_accept(accept: Option<&str>) -> Self {
        let Some(accept) = accept else {
            return Self::OpenMetrics;
        };
        let liked = |names: &[&str]| {
            let ranges = accept.split(',').map(range);
            let named = ranges.filter(|(name, _)| names.contains(&name.as_str()));
            named.map(|(_, weight)| weight).fold(0.0, f64::max)
        };
        let open = liked(&["application/openmetrics-text"]);
        let text = liked(&["text/plain", "text/*", "*/*"]);
        match open > 0.0 && open >= text {
            true => Self::OpenMetrics,
            false => Self::PrometheusText,
        }
    }

    /// Its content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => OPEN_METRICS_TYPE,
            Self::PrometheusText => PROMETHEUS_TEXT_TYPE,
        }
    }
}

/// The media type of a range, and how much it is liked.
fn range(text: &str) -> (String, f64) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
    (name, weight.unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::MetricsForm::{OpenMetrics, PrometheusText};
    use super::*;

    #[test]
    fn a_reader_gets_the_form_that_it_likes_best() {
        for (accept, form) in [
            (None, OpenMetrics),
            (Some("text/plain;version=0.0.4"), PrometheusText),
            (Some("*/*"), PrometheusText),
            (Some(""), PrometheusText),
            (Some("text/html"), PrometheusText),
            (Some("application/openmetrics-text"), OpenMetrics),
            (
                Some("Application/OpenMetrics-Text; version=1.0.0; charset=utf-8"),
                OpenMetrics,
            ),
            // What Prometheus 2.53 and 3 send.
            (
                Some(
                    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                ),
                OpenMetrics,
            ),
            (
                Some("text/plain;version=0.0.4;q=1,application/openmetrics-text;q=0.1"),
                PrometheusText,
            ),
            (Some("application/openmetrics-text;q=0"), PrometheusText),
            (
                Some("application/openmetrics-text;q=x,text/plain;q=0.9"),
                OpenMetrics,
            ),
        ] {
            assert_eq!(MetricsForm::of_accept(accept), form, "{accept:?}");
        }
    }
}
