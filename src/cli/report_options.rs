//! `shopblast report`: which record, and what of it.

use super::values;
use crate::report::{ReportFormat, ReportRequest};
use clap::Args;
use std::path::PathBuf;

/// The flags as typed.
#[derive(Debug, Args)]
pub(super) struct ReportFlags {
    /// Directory of a record, or its run.json
    #[arg(value_name = "RUN")]
    record: PathBuf,

    /// What the report is written as
    ///
    /// html: one self-contained page. text: all that the console can tell. md: a summary in Markdown. csv: Locust's statistics. json: what
    /// Locust's --json-file writes. summary: what k6's --summary-export writes. junit: test cases.
    /// hgrm: the distribution of response times, for HdrHistogram's plotter.
    #[arg(long, value_name = "FORMAT", default_value = "html", value_parser = values::report_format())]
    format: ReportFormat,

    /// File to write, - for standard output [default: report.html in the record for html, standard
    /// output for the others]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn resolve(flags: ReportFlags) -> ReportRequest {
    ReportRequest {
        record: flags.record,
        format: flags.format,
        out: flags.out,
    }
}
