//! Replacing a file as a whole: a killed run leaves the old one or the new one, never half of one.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Puts `content` in place of the file at `path`.
///
/// # Errors
/// When the file or its neighbour `PATH.tmp` cannot be written; the message names it.
pub(crate) fn rewrite(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = OsString::from(path);
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, content).map_err(|error| naming(&beside, &error))?;
    std::fs::rename(&beside, path).map_err(|error| naming(path, &error))
}

/// The same error with the file in its message.
pub(crate) fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
