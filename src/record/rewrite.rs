//! Replacing a file as a whole: a killed run leaves the old one or the new one, never half of one.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// A file that could not be replaced.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", path.display())]
pub struct NotWritten {
    /// The file, or its neighbour `PATH.tmp`.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

impl From<NotWritten> for io::Error {
    fn from(not_written: NotWritten) -> Self {
        naming(&not_written.path, &not_written.error)
    }
}

/// Puts `content` in place of the file at `path`.
///
/// # Errors
/// When the file or its neighbour `PATH.tmp` cannot be written.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), NotWritten> {
    let failed = |path: &Path, error| NotWritten {
        path: path.to_owned(),
        error,
    };
    let mut beside = OsString::from(path);
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, content).map_err(|error| failed(&beside, error))?;
    std::fs::rename(&beside, path).map_err(|error| failed(path, error))
}

/// The same; the message of the error names the file.
///
/// # Errors
/// See [`replace`].
pub(crate) fn rewrite(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content).map_err(io::Error::from)
}

/// The same error with the file in its message.
pub(crate) fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
