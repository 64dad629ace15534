//! Exporters, one a file: each writes down or shows what was measured.

mod figures;
mod live;
mod locust_csv;
mod locust_history;
mod record_directory;
mod recording;
mod rewrite;
mod run_record;
mod summary;
mod verdict;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod made_up;

pub use figures::{counted, duration_text, percent_text, rate_text};
pub use live::{LiveFace, live_line};
pub use locust_csv::LocustCsv;
pub use record_directory::{RecordDirectory, RecordError};
pub use recording::{RunFacts, RunJson, write_record};
pub use run_record::{
    Connections, CoreRecord, ErrorRecord, Figures, Generator, HostFacts, NameRecord, PhaseRecord,
    RunRecord, SCHEMA_VERSION,
};
pub use summary::{SummaryStyle, brief_text, summary_text};
pub use verdict::{Circumstances, Verdict, exit_meaning, verdict};
