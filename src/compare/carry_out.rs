//! A comparison from the request to the last file.

use super::comparison::{ComparisonQuestion, Incomparable, Side, compare};
use super::comparison_record::ComparisonRecord;
use super::console::{comparison_text, detailed_comparison_text};
use super::driver::{ComparisonSetup, DriveError, drive};
use super::gathering::{GatheringError, gather};
use super::page::comparison_page;
use super::process::{Stop, listen};
use crate::pieces::{SummaryStyle, print, tell};
use crate::plan::{ExitCode, Unwritable};
use crate::record::{Record, replace, try_out};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Fewest complete rounds that are compared run by run: with fewer, exchanging the runs of rounds
/// could not tell any difference at 95 %.
const LEAST_ROUNDS: usize = 6;
/// What a comparison leaves: its record, its page, and all that the console can tell.
const FILES: [&str; 3] = ["compare.json", "compare.html", "compare.txt"];

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum ComparisonSource {
    /// Runs that were made already: a name and paths for each side.
    Recorded(Vec<(String, Vec<PathBuf>)>),
    /// Runs that are made for it.
    Driven(ComparisonSetup),
}

/// A comparison that the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareRequest {
    /// What is compared.
    pub subject: ComparisonSource,
    /// Runs of one configuration.
    pub noise: Vec<PathBuf>,
    /// How it is judged.
    pub question: ComparisonQuestion,
    /// Where `compare.json` and `compare.html` go; a driven comparison always has such a place.
    pub output: Option<PathBuf>,
    /// Whether all tables are printed, and not only the first lines.
    pub details: bool,
}

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A path holds no run.
    #[error(transparent)]
    Gathering(#[from] GatheringError),
    /// The runs do not compare.
    #[error(transparent)]
    Incomparable(#[from] Incomparable),
    /// The runs could not be made.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// A result cannot be written.
    #[error("{}", Unwritable { flag: "--output", path, error })]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl CompareError {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Incomparable(error) => error.exit_code(),
            Self::Drive(error) => error.exit_code(),
            Self::Gathering(_) | Self::Write { .. } => ExitCode::BadPlan,
        }
    }
}

/// Compares, prints the tables and writes the files.
///
/// # Errors
/// When nothing can be compared.
pub fn carry_out(request: CompareRequest) -> Result<ExitCode, CompareError> {
    match &request.subject {
        ComparisonSource::Recorded(groups) => {
            let sides = gather_sides(groups)?;
            request.output.as_deref().map_or(Ok(()), try_directory)?;
            conclude(&request, &request.question, &sides, &[])
        }
        ComparisonSource::Driven(setup) => drive_and_conclude(&request, setup),
    }
}

fn gather_sides(groups: &[(String, Vec<PathBuf>)]) -> Result<Vec<Side>, GatheringError> {
    groups
        .iter()
        .map(|(name, paths)| {
            Ok(Side {
                name: name.clone(),
                runs: gather(paths)?,
            })
        })
        .collect()
}

fn drive_and_conclude(
    request: &CompareRequest,
    setup: &ComparisonSetup,
) -> Result<ExitCode, CompareError> {
    // Before the first run: nobody measures for hours what cannot be written.
    try_directory(&setup.directory)?;
    let stop = Arc::new(Stop::default());
    listen(&stop);
    let carried = drive(setup, &stop)?;
    let rounds = carried.sides.first().map_or(0, |side| side.runs.len());
    if let Some(error) = carried.cut_short.as_ref().filter(|_| rounds > 0) {
        tell(format!("error: {error}"));
    }
    let found = match carried.cut_short {
        Some(error) if rounds == 0 => return Err(error.into()),
        Some(error) => vec![error.exit_code()],
        None => Vec::new(),
    };
    let question = ComparisonQuestion {
        paired: rounds >= LEAST_ROUNDS,
        ..request.question.clone()
    };
    let code = conclude(request, &question, &carried.sides, &carried.notes)?;
    Ok(ExitCode::settle(found.into_iter().chain([code])))
}

fn conclude(
    request: &CompareRequest,
    question: &ComparisonQuestion,
    sides: &[Side],
    notes: &[String],
) -> Result<ExitCode, CompareError> {
    let noise = if request.noise.is_empty() {
        None
    } else {
        Some(Side {
            name: "noise".to_owned(),
            runs: gather(&request.noise)?,
        })
    };
    let (mut record, exit_code) = compare(sides, noise.as_ref(), question)?;
    record.notes.extend_from_slice(notes);
    let directory = request.output.as_deref();
    // Who measured for hours is told of it, whatever becomes of the files.
    let written = directory.map_or(Ok(()), |directory| write(directory, &record));
    let style = SummaryStyle::of_stdout();
    let first = comparison_text(&record, directory, style);
    print(match request.details {
        true => format!("{first}\n{}", detailed_comparison_text(&record, style)),
        false => first,
    });
    written?;
    Ok(exit_code)
}

fn failed(path: &Path, error: io::Error) -> CompareError {
    CompareError::Write {
        path: path.to_owned(),
        error,
    }
}

/// Makes the comparison's directory, and tries the files that will be written into it.
fn try_directory(directory: &Path) -> Result<(), CompareError> {
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    for name in FILES {
        let path = directory.join(name);
        try_out(&path).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

/// Writes the comparison's files.
fn write(directory: &Path, record: &ComparisonRecord) -> Result<(), CompareError> {
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    let [json, html, text] = FILES;
    let files = [
        (json, record.json_text()),
        (html, comparison_page(record)),
        (text, detailed_comparison_text(record, SummaryStyle::PLAIN)),
    ];
    for (name, text) in files {
        let path = directory.join(name);
        replace(&path, text.as_bytes()).map_err(|not_written| failed(&path, not_written.error))?;
    }
    Ok(())
}
