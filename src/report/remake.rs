//! `shopblast report`: makes a report again from the record of a run, however old and whether or not
//! the run came to its end.

use crate::engine::PlannedShares;
use crate::pieces::{SummaryStyle, print_whole, tell};
use crate::record::rewrite::{naming, rewrite};
use crate::record::{Recorded, UnreadableRecord};
use crate::report::console::detailed_text;
use crate::report::export::hgrm::hgrm_text;
use crate::report::export::junit::junit_text;
use crate::report::export::k6_summary::k6_summary_text;
use crate::report::export::locust_json_file::locust_json_text;
use crate::report::export::markdown_text;
use crate::report::export::stats_again::stats_text_again;
use crate::report::html::html_report;
use std::io;
use std::path::{Path, PathBuf};

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// One self-contained page.
    Html,
    /// All that the console can tell.
    Text,
    /// A summary in Markdown.
    Markdown,
    /// Locust's statistics as CSV.
    Csv,
    /// What Locust's `--json-file` writes.
    LocustJson,
    /// What k6's `--summary-export` writes.
    K6Summary,
    /// Test cases for JUnit's readers.
    Junit,
    /// The distribution of response times, for `HdrHistogram`'s readers.
    Hgrm,
}

impl ReportFormat {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Html,
        Self::Text,
        Self::Markdown,
        Self::Csv,
        Self::LocustJson,
        Self::K6Summary,
        Self::Junit,
        Self::Hgrm,
    ];

    /// The file in the record's directory that it goes to when nobody says where; `None` for
    /// standard output.
    fn usual_file(self) -> Option<&'static str> {
        match self {
            Self::Html => Some("report.html"),
            _ => None,
        }
    }

    /// The report's text; `planned` tells what part of the passes its plan gave each journey.
    ///
    /// # Errors
    /// When it cannot be made; writing into memory does not fail.
    pub fn text(self, recorded: &Recorded, planned: PlannedShares<'_>) -> io::Result<String> {
        Ok(match self {
            Self::Html => html_report(recorded, planned),
            Self::Text => {
                let directory = format!("{}/", recorded.directory.display());
                detailed_text(&recorded.run, &[directory], &SummaryStyle::PLAIN)
            }
            Self::Markdown => markdown_text(&recorded.run),
            Self::Csv => stats_text_again(recorded)?,
            Self::LocustJson => locust_json_text(recorded),
            Self::K6Summary => k6_summary_text(&recorded.run),
            Self::Junit => junit_text(&recorded.run),
            Self::Hgrm => hgrm_text(&recorded.requests.all()),
        })
    }
}

/// Which report of which record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRequest {
    /// A record's directory, or its `run.json`.
    pub record: PathBuf,
    /// What it is written as.
    pub format: ReportFormat,
    /// Where to; `-` is standard output, `None` the format's usual place.
    pub out: Option<PathBuf>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum RemakeError {
    /// The record cannot be read.
    #[error(transparent)]
    Record(#[from] UnreadableRecord),
    /// The report cannot be written.
    #[error("--out: cannot write {0}; choose another place")]
    Write(io::Error),
}

/// Makes a report, and says on standard error where it is.
///
/// # Errors
/// When the record cannot be read or the report not be written.
pub fn remake(request: &ReportRequest, planned: PlannedShares<'_>) -> Result<(), RemakeError> {
    let recorded = Recorded::read(&request.record)?;
    let text = request.format.text(&recorded, planned);
    let text = text.map_err(RemakeError::Write)?;
    let usual = request.format.usual_file();
    let place = match &request.out {
        Some(out) => Some(out.clone()),
        None => usual.map(|file| recorded.directory.join(file)),
    };
    match place {
        Some(path) if path != Path::new("-") => {
            rewrite(&path, text.as_bytes()).map_err(RemakeError::Write)?;
            tell(path.display().to_string());
            Ok(())
        }
        _ => print(&text).map_err(RemakeError::Write),
    }
}

/// Makes a report of a record and writes it to `path`. But for the page, which is for people, its
/// directory is made when it is missing.
///
/// # Errors
/// When it cannot be written.
pub fn write_report(
    recorded: &Recorded,
    format: ReportFormat,
    path: &Path,
    planned: PlannedShares<'_>,
) -> io::Result<()> {
    if format != ReportFormat::Html
        && let Some(parent) = path.parent()
    {
        std::fs::create_dir_all(parent).map_err(|error| naming(parent, &error))?;
    }
    rewrite(path, format.text(recorded, planned)?.as_bytes())
}

fn print(text: &str) -> io::Result<()> {
    print_whole(text).map_err(|error| naming(Path::new("standard output"), &error))
}
