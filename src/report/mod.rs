//! Reports, made of records: for the console, as a page, and as other programs want them.

mod connections_text;
mod console;
mod export;
mod html;
mod http2_text;
mod recovery_text;
mod remake;
mod shards_text;
mod tls_text;

pub(crate) use console::witness_text::{CurlTarget, curl_commands, replay_command};
pub use console::{
    LiveFace, ProgressLine, Ticking, brief_text, detailed_text, live_line, part_word, summary_text,
    witness_text,
};
pub use export::{
    FamilyLabels, LocustFailureRow, LocustRow, LocustStats, MetricFamily, MetricPoints,
    OPEN_METRICS_TYPE, PROMETHEUS_TEXT_TYPE, github_annotations, markdown_text, metric_families,
    open_metrics_text, otlp_json, prometheus_text, without_commands,
};
pub use html::{html_report, html_report_policy};
pub use remake::{RemakeError, ReportFormat, ReportRequest, remake, write_report};
