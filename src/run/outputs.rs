//! Everything that a run is asked to write beside its record: tried before there is any load, so that
//! nobody measures for hours what cannot be written.

use super::error::RunError;
use super::request::Output;
use crate::record::{locust_csv_paths, try_out};
use crate::report::ReportFormat;
use std::io;
use std::path::{Path, PathBuf};

/// One output, and the flag that asked for it.
#[derive(Debug, PartialEq, Eq)]
struct AskedOutput {
    flag: &'static str,
    path: PathBuf,
    /// Whether its directory is made when it is missing.
    makes_directory: bool,
}

/// Tries every output of `output`, and whether the record's directory can be made. Nothing is changed.
///
/// # Errors
/// For the first that cannot be written.
pub fn try_outputs(output: &Output) -> Result<(), RunError> {
    let refused = |flag, path: &Path, error| RunError::Output {
        flag,
        path: path.to_owned(),
        error,
    };
    try_directory(&output.results).map_err(|error| refused("--results", &output.results, error))?;
    for asked in asked_of(output) {
        let tried = match asked.path.parent() {
            Some(parent) if asked.makes_directory && !is_there(parent) => try_directory(parent),
            _ => try_out(&asked.path),
        };
        tried.map_err(|error| refused(asked.flag, &asked.path, error))?;
    }
    Ok(())
}

fn asked_of(output: &Output) -> Vec<AskedOutput> {
    let html = output.html.iter().map(|path| AskedOutput {
        flag: "--html",
        path: path.clone(),
        makes_directory: false,
    });
    let prefix = output.csv_prefix.iter();
    let csv = prefix
        .flat_map(|prefix| locust_csv_paths(prefix))
        .map(|path| AskedOutput {
            flag: "--csv",
            path,
            makes_directory: true,
        });
    let exports = output.exports.iter().map(|(format, path)| AskedOutput {
        flag: flag_of(*format),
        path: path.clone(),
        makes_directory: true,
    });
    let github = output.github.iter();
    let summary = github.filter_map(|github| github.step_summary.clone());
    let summary = summary.map(|path| AskedOutput {
        flag: STEP_SUMMARY,
        path,
        makes_directory: false,
    });
    html.chain(csv).chain(exports).chain(summary).collect()
}

fn flag_of(format: ReportFormat) -> &'static str {
    match format {
        ReportFormat::Html => "--html",
        ReportFormat::LocustJson => "--json-file",
        ReportFormat::K6Summary => "--summary-export",
        ReportFormat::Junit => "--junit",
        ReportFormat::Text | ReportFormat::Markdown | ReportFormat::Csv | ReportFormat::Hgrm => {
            "--out"
        }
    }
}

/// The current directory is there, whatever it is called.
fn is_there(directory: &Path) -> bool {
    directory == Path::new("") || directory.exists()
}

/// Whether a directory at `path` can be written into, or made: what is there of its path tells.
fn try_directory(path: &Path) -> io::Result<()> {
    let nearest = path.ancestors().find(|ancestor| is_there(ancestor));
    let nearest = nearest.unwrap_or(Path::new(""));
    if path.symlink_metadata().is_ok() && !path.exists() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "it is a link that leads nowhere",
        ));
    }
    match nearest == Path::new("") || nearest.is_dir() {
        // Members of a fleet on one machine try it at the same moment.
        true => try_out(&nearest.join(format!("{TRIED}-{}", std::process::id()))),
        false => Err(io::ErrorKind::NotADirectory.into()),
    }
}

/// The variable with the file that GitHub Actions shows.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";
/// A name in the record's place that is nobody's.
const TRIED: &str = ".shopblast-tries-this-place";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ExitCode;
    use crate::run::GithubActions;

    /// An output at `place`, alone.
    fn alone(make: impl FnOnce(&mut Output), results: &Path) -> Output {
        let mut output = Output {
            results: results.to_owned(),
            ..Output::default()
        };
        make(&mut output);
        output
    }

    type Ask = fn(&mut Output, PathBuf);

    const ASKS: &[(&str, Ask)] = &[
        ("--results", |output, path| output.results = path),
        ("--html", |output, path| output.html = Some(path)),
        ("--csv", |output, path| output.csv_prefix = Some(path)),
        ("--json-file", |output, path| {
            output.exports.push((ReportFormat::LocustJson, path));
        }),
        ("--summary-export", |output, path| {
            output.exports.push((ReportFormat::K6Summary, path));
        }),
        ("--junit", |output, path| {
            output.exports.push((ReportFormat::Junit, path));
        }),
        (STEP_SUMMARY, |output, path| {
            let step_summary = Some(path);
            output.github = Some(GithubActions { step_summary });
        }),
    ];

    #[test]
    fn every_output_is_tried_and_leaves_no_trace() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("file");
        std::fs::write(&file, "text").expect("written");
        for (flag, ask) in ASKS {
            let good = alone(|output| ask(output, place.path().join("new")), place.path());
            try_outputs(&good).unwrap_or_else(|error| panic!("{flag}: {error}"));
            let below = file.join("deep/name");
            let bad = alone(|output| ask(output, below.clone()), place.path());
            let error = try_outputs(&bad).expect_err(flag);
            assert_eq!(error.exit_code(), ExitCode::BadPlan, "{flag}");
            let message = error.to_string();
            assert!(
                message.starts_with(&format!("{flag}: cannot write ")),
                "{message}"
            );
            assert!(message.contains(&below.display().to_string()), "{message}");
            let names: Vec<_> = std::fs::read_dir(place.path())
                .expect("it is there")
                .collect();
            assert_eq!(names.len(), 1, "{flag}: {names:?}");
        }
    }

    #[test]
    fn a_missing_directory_is_made_but_not_for_what_people_read() {
        let place = tempfile::tempdir().expect("a directory");
        for (flag, ask) in ASKS {
            let path = place.path().join("missing/name");
            let output = alone(|output| ask(output, path), place.path());
            let is_refused = ["--html", STEP_SUMMARY].contains(flag);
            assert_eq!(try_outputs(&output).is_err(), is_refused, "{flag}");
            assert!(!place.path().join("missing").exists());
        }
    }
}
