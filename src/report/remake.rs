//! `shopblast report`: makes a report again from the record of a run, however old and whether or not
//! the run came to its end.

use super::html::html_report;
use super::recorded::{Recorded, UnreadableRecord};
use super::rewrite::{naming, rewrite};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// One self-contained page.
    Html,
}

impl ReportFormat {
    /// The file in the record's directory that it goes to when nobody says where; `None` for
    /// standard output.
    fn usual_file(self) -> Option<&'static str> {
        match self {
            Self::Html => Some("report.html"),
        }
    }

    fn text(self, recorded: &Recorded) -> String {
        match self {
            Self::Html => html_report(recorded),
        }
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
    #[error("cannot write the report: {0}; name another place with --out FILE")]
    Write(io::Error),
}

/// Makes a report, and says on standard error where it is.
///
/// # Errors
/// When the record cannot be read or the report not be written.
pub fn remake(request: &ReportRequest) -> Result<(), RemakeError> {
    let recorded = Recorded::read(&request.record)?;
    let text = request.format.text(&recorded);
    let usual = request.format.usual_file();
    let place = match &request.out {
        Some(out) => Some(out.clone()),
        None => usual.map(|file| recorded.directory.join(file)),
    };
    match place {
        Some(path) if path != Path::new("-") => {
            rewrite(&path, text.as_bytes()).map_err(RemakeError::Write)?;
            eprintln!("{}", path.display());
            Ok(())
        }
        _ => print(&text).map_err(RemakeError::Write),
    }
}

/// Makes the HTML report of the record in `directory` and writes it to `path`.
///
/// # Errors
/// When the record cannot be read or the report not be written.
pub fn write_html_report(directory: &Path, path: &Path) -> Result<(), RemakeError> {
    let recorded = Recorded::read(directory)?;
    rewrite(path, html_report(&recorded).as_bytes()).map_err(RemakeError::Write)
}

/// A reader that went away needs no more of it.
fn print(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(naming(Path::new("standard output"), &error))
        }
        _ => Ok(()),
    }
}
