//! Brings the record of a run from where its leader ran: an archive that a program writes, unpacked here.

use super::error::LaunchError;
use super::program::Program;
use crate::pieces::tell;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Largest record that is brought, and most files of it.
const MOST_BYTES: u64 = 8 << 30;
const MOST_FILES: usize = 10_000;

/// Unpacks below `results` what `program` writes, and tells where.
///
/// # Errors
/// When it cannot be read or written. What came by then is kept.
pub(super) fn bring_home(program: &Program, results: &str) -> Result<(), LaunchError> {
    let (mut running, output) = program.begin_heard()?;
    let results = Path::new(results);
    let records = unpacked(output, results).map_err(|source| LaunchError::System {
        what: format!(
            "the record could not be brought to {}, by `{}`",
            results.display(),
            program.line()
        ),
        source,
    })?;
    running.wait();
    for record in records {
        tell(format!("record: {}", results.join(record).display()));
    }
    Ok(())
}

/// Unpacks an archive of a directory `results` into `into`; the result has the directories in it.
fn unpacked(archive: impl Read, into: &Path) -> io::Result<Vec<PathBuf>> {
    let mut archive = tar::Archive::new(archive.take(MOST_BYTES));
    let mut records: Vec<PathBuf> = Vec::new();
    for (index, entry) in archive.entries()?.enumerate() {
        let mut entry = entry?;
        if index >= MOST_FILES {
            return Err(io::Error::other("it has more files than any record"));
        }
        let path = entry.path()?.into_owned();
        let Some(inside) = below_results(&path) else {
            continue;
        };
        // No links, devices or pipes: a record has none.
        let (is_directory, is_file) = {
            let kind = entry.header().entry_type();
            (kind.is_dir(), kind.is_file())
        };
        let place = into.join(&inside);
        if is_directory {
            std::fs::create_dir_all(&place)?;
        } else if is_file {
            if let Some(parent) = place.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let mut file = std::fs::File::create(&place)?;
            io::copy(&mut entry, &mut file)?;
        }
        let record = inside
            .components()
            .next()
            .map(|first| PathBuf::from(first.as_os_str()));
        if let Some(record) = record.filter(|record| !records.contains(record)) {
            records.push(record);
        }
    }
    Ok(records)
}

/// The path below the archive's `results`; `None` for that directory itself and for all that would lead
/// elsewhere.
fn below_results(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    let mut is_below = false;
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) if !is_below => {
                is_below = true;
                if name != "results" {
                    return None;
                }
            }
            Component::Normal(name) => inside.push(name),
            _ => return None,
        }
    }
    (!inside.as_os_str().is_empty()).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            // By hand, since the writer refuses paths that lead elsewhere.
            let name = header.as_old_mut();
            name.name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            builder.append(&header, text.as_bytes()).expect("written");
        }
        builder.into_inner().expect("whole")
    }

    #[test]
    fn a_record_comes_to_the_results_and_nothing_leads_elsewhere() {
        let home = tempfile::tempdir().expect("a directory");
        let results = home.path().join("results");
        let files = [
            ("results/one/run.json", "{}"),
            ("./results/one/a/b.csv", "1"),
            ("results/../escaped", "x"),
            ("elsewhere/file", "x"),
            ("/results/absolute", "x"),
        ];
        let records = unpacked(archive(&files).as_slice(), &results).expect("unpacked");
        assert_eq!(records, [PathBuf::from("one")]);
        let text = std::fs::read_to_string(results.join("one/run.json"));
        assert_eq!(text.expect("there"), "{}");
        assert!(results.join("one/a/b.csv").exists());
        let mut there: Vec<_> = std::fs::read_dir(home.path())
            .expect("read")
            .flatten()
            .collect();
        assert_eq!(
            there.pop().map(|entry| entry.file_name()),
            Some("results".into())
        );
        assert!(there.is_empty());
    }

    #[test]
    fn an_archive_that_is_cut_off_is_an_error() {
        let home = tempfile::tempdir().expect("a directory");
        let whole = archive(&[("results/one/run.json", "{\"a\": 1}")]);
        assert!(unpacked(&whole[..515], home.path()).is_err());
    }
}
