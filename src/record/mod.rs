//! The record of a run: what it consists of, the directory that it is written to as the run goes, and
//! how it is read again. Reports and comparisons are made of it, and of nothing else.

mod address_record;
mod bands_csv;
mod bounded_file;
mod caught_up;
mod connections_record;
mod contest_record;
mod csv_columns;
mod csv_text;
mod distribution_again;
pub(crate) mod distribution_csv;
mod document;
mod event_latency_record;
mod events_csv;
mod generator_record;
mod growing_file;
mod interval_log;
pub(crate) mod latency_bands;
mod ledger_log;
mod live;
mod live_sink;
pub(crate) mod locust_csv;
pub(crate) mod locust_figures;
mod locust_history;
mod log_histogram;
mod observed_csv;
mod observed_record;
pub(crate) mod observing;
mod outcomes_csv;
mod possible_figures;
mod process_text;
pub(crate) mod raised;
mod record_directory;
mod recorded;
mod recording;
mod recovery_backlog;
pub(crate) mod recovery_record;
mod request_log;
pub(crate) mod rewrite;
mod rounds_across;
mod run_record;
mod series_csv;
mod shard_head;
mod shard_log;
mod shard_record;
mod shards_told;
mod shortfall;
mod spoken_http;
mod steering_record;
mod stored_events;
mod stored_events_record;
mod tags_csv;
mod target_record;
mod threshold_record;
mod tls_record;
mod verdict;
mod write_through;

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
pub(crate) mod made_up;

pub use address_record::{AddressRecord, RefusedAddress};
pub use bands_csv::BandsCsv;
pub use bounded_file::{MOST_DOCUMENT_BYTES, MOST_TABLE_BYTES, read_bounded, read_text_bounded};
pub use connections_record::Connections;
pub use contest_record::{
    EndingRecord, InvariantRecord, OffsetRecord, RaceRecord, RoundsRecord, WitnessRecord,
};
pub use csv_columns::CsvColumns;
pub use distribution_csv::DistributionCsv;
pub use document::Record;
#[cfg(test)]
pub(crate) use event_latency_record::made_up as event_latency_made_up;
pub use event_latency_record::{
    AllEventsRecord, EventLatencyRecord, EventLatencyRow, EventSourceRecord, HandledRecord,
    StretchRecord, event_latency_csv,
};
pub use events_csv::EventsCsv;
pub use generator_record::{CoreRecord, Generator};
pub use interval_log::{IntervalLog, LatencyKind, tag_of, tag_text};
pub use ledger_log::{LedgerLog, RoundsCsv};
pub use live::{Live, LiveRow};
pub use live_sink::LiveSink;
pub use locust_csv::{LocustCsv, NO_EXCEPTIONS, locust_csv_paths, recorded_stats_text};
pub use observed_csv::ObservedCsv;
pub use observed_record::{
    BacklogRecord, FigureRecord, ObservedRecord, ProblemRecord, SourceRecord,
};
pub use observing::observed_record;
pub use process_text::{ProcessKind, ProcessesRecord};
pub use record_directory::{BACK_END_CSVS, RecordDirectory, RecordError};
pub use recorded::{Recorded, UnreadableRecord};
pub use recording::RunFacts;
pub use recovery_record::{RecoveryFigure, RecoveryRecord};
pub use request_log::{NameLog, RequestLog};
pub use rewrite::{NotWritten, is_replaceable, replace, try_out};
pub use run_record::{
    DomainRecord, ErrorRecord, EventRecord, Figures, HostFacts, JourneyRecord, NameRecord,
    PauseRecord, PhaseRecord, RunRecord, TagRecord,
};
pub use series_csv::SeriesCsv;
pub use shard_head::{CountedRecord, SHARD_LAYOUT, ShardHead};
pub use shard_log::{INTERVALS_BIN, ShardLog, ShardLogError, ShardLogReader};
pub use shard_record::{ShardRecord, ShardRow, host_name};
pub use shortfall::absent_users;
pub use steering_record::{SteeringRecord, SteeringWish};
pub use stored_events::write_stored_events;
pub use stored_events_record::{StoredEventRecord, StoredEventsRecord};
pub use tags_csv::TagsCsv;
pub use target_record::TargetRecord;
pub use threshold_record::ThresholdRecord;
pub use tls_record::{CertificateRecord, TlsRecord};
pub use verdict::{Circumstances, Verdict, exit_meaning, exit_meaning_of, verdict};
