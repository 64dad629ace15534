//! Exporters, one a file: each writes down or shows what was measured.

mod back_end_section;
mod bands_csv;
mod console_style;
mod contest_record;
mod csv_columns;
mod distribution_csv;
mod events_csv;
mod figures;
mod github;
mod hgrm;
mod html;
mod junit;
mod k6_summary;
mod latency_bands;
mod ledger_log;
mod live;
mod locust_csv;
mod locust_figures;
mod locust_history;
mod locust_json;
mod locust_json_file;
mod markdown;
mod metric_families;
mod observed_csv;
mod observed_record;
mod observing;
mod openmetrics;
mod otlp;
mod outcomes_csv;
mod process_text;
mod race_sections;
mod raised;
mod record_directory;
mod recorded;
mod recording;
mod recovery_backlog;
mod recovery_record;
mod recovery_section;
mod recovery_text;
mod remake;
mod request_log;
mod rewrite;
mod run_record;
mod series_csv;
mod stats_again;
mod steering_record;
mod stored_events;
mod stored_events_record;
mod stored_events_section;
mod summary;
mod target_record;
mod threshold_record;
mod threshold_section;
mod verdict;
mod witness_text;
mod work_done;

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
pub(crate) mod made_up;

pub use bands_csv::BandsCsv;
pub use console_style::{SummaryStyle, bold as bold_text, numbers_right, plain_table};
pub use contest_record::{
    EndingRecord, InvariantRecord, OffsetRecord, RaceRecord, RoundsRecord, WitnessRecord,
};
pub use csv_columns::CsvColumns;
pub use distribution_csv::DistributionCsv;
pub use events_csv::EventsCsv;
pub use figures::{counted, duration_text, percent_text, rate_text};
pub use github::{github_annotations, without_commands};
pub use html::{StaticText, html_report, html_report_policy, json_for_html, policy};
pub use ledger_log::{LedgerLog, RoundsCsv};
pub use live::{LiveFace, live_line};
pub use locust_csv::{LocustCsv, NO_EXCEPTIONS, failures_text, stats_text};
pub use locust_json::{LocustError, LocustRow, LocustStats};
pub use markdown::markdown_text;
pub use metric_families::{
    BUCKET_EDGES_US, Buckets, Labels, MetricFamily, MetricPoints, MetricsFollower,
};
pub use observed_csv::ObservedCsv;
pub use observed_record::{
    BacklogRecord, FigureRecord, ObservedRecord, ProblemRecord, SourceRecord,
};
pub use observing::observed_record;
pub use openmetrics::{OPEN_METRICS_TYPE, open_metrics_text};
pub use otlp::otlp_json;
pub use process_text::{ProcessKind, ProcessesRecord};
pub use record_directory::{RecordDirectory, RecordError};
pub use recorded::{Recorded, UnreadableRecord};
pub use recording::{RunFacts, RunJson, write_record};
pub use recovery_record::{RecoveryFigure, RecoveryRecord};
pub use remake::{
    RemakeError, ReportFormat, ReportRequest, remake, write_html_report, write_reports,
};
pub use request_log::{NameLog, RequestLog};
pub use run_record::{
    Connections, CoreRecord, DomainRecord, ErrorRecord, EventRecord, Figures, Generator, HostFacts,
    JourneyRecord, NameRecord, PhaseRecord, RunRecord, SCHEMA_VERSION, pretty_json,
};
pub use series_csv::SeriesCsv;
pub use steering_record::{SteeringRecord, SteeringWish};
pub use stored_events::write_stored_events;
pub use stored_events_record::{StoredEventRecord, StoredEventsRecord};
pub use summary::{brief_text, summary_text};
pub use target_record::TargetRecord;
pub use threshold_record::{ThresholdRecord, threshold_records};
pub use verdict::{Circumstances, Verdict, exit_meaning, verdict};
pub use witness_text::{part_word, witness_text};
