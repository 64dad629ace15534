//! Exporters, one a file: each writes down or shows what was measured.

mod back_end_section;
mod bands_csv;
mod contest_record;
mod csv_columns;
mod distribution_csv;
mod events_csv;
mod figures;
mod html;
mod latency_bands;
mod ledger_log;
mod live;
mod locust_csv;
mod locust_history;
mod observed_csv;
mod observed_record;
mod observing;
mod race_sections;
mod raised;
mod record_directory;
mod recorded;
mod recording;
mod remake;
mod rewrite;
mod run_record;
mod series_csv;
mod summary;
mod threshold_record;
mod verdict;
mod witness_text;
mod work_done;

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
mod made_up;

pub use bands_csv::BandsCsv;
pub use contest_record::{
    EndingRecord, InvariantRecord, OffsetRecord, RaceRecord, RoundsRecord, RuleVerdict,
    WitnessRecord,
};
pub use csv_columns::CsvColumns;
pub use distribution_csv::DistributionCsv;
pub use events_csv::EventsCsv;
pub use figures::{counted, duration_text, percent_text, rate_text};
pub use html::{StaticText, html_report, json_for_html, policy};
pub use ledger_log::{LedgerLog, RoundsCsv};
pub use live::{LiveFace, live_line};
pub use locust_csv::LocustCsv;
pub use observed_csv::ObservedCsv;
pub use observed_record::{
    BacklogRecord, FigureRecord, ObservedRecord, ProblemRecord, SourceRecord,
};
pub use observing::observed_record;
pub use record_directory::{RecordDirectory, RecordError};
pub use recorded::{Recorded, UnreadableRecord};
pub use recording::{RunFacts, RunJson, write_record};
pub use remake::{RemakeError, ReportFormat, ReportRequest, remake, write_html_report};
pub use run_record::{
    Connections, CoreRecord, DomainRecord, ErrorRecord, EventRecord, Figures, Generator, HostFacts,
    JourneyRecord, NameRecord, PhaseRecord, RunRecord, SCHEMA_VERSION,
};
pub use series_csv::SeriesCsv;
pub use summary::{
    SummaryStyle, bold as bold_text, brief_text, numbers_right, plain_table, summary_text,
};
pub use threshold_record::{ThresholdRecord, ThresholdVerdict};
pub use verdict::{Circumstances, Verdict, exit_meaning, verdict};
pub use witness_text::{part_word, witness_text};
