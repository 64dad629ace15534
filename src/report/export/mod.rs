//! A run as other programs want it, a format a file.

mod github;
pub(crate) mod hgrm;
pub(crate) mod junit;
pub(crate) mod k6_summary;
mod locust_json;
pub(crate) mod locust_json_file;
mod markdown;
mod metric_families;
mod openmetrics;
mod otlp;
mod prometheus_text;
pub(crate) mod stats_again;

pub use github::{github_annotations, without_commands};
pub use locust_json::{LocustFailureRow, LocustRow, LocustStats};
pub use markdown::markdown_text;
pub use metric_families::{FamilyLabels, MetricFamily, MetricPoints, metric_families};
pub use openmetrics::{OPEN_METRICS_TYPE, open_metrics_text};
pub use otlp::otlp_json;
pub use prometheus_text::{PROMETHEUS_TEXT_TYPE, prometheus_text};
