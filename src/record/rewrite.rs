//! Writing an output, the one way for all of them: a file is replaced as a whole, so that a killed run
//! leaves the old one or the new one, never half of one; everything else is written through.

use super::write_through::{Place, write_through};
use rustix::fs::{Access, access};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file that could not be replaced.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", path.display())]
pub struct NotWritten {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

impl From<NotWritten> for io::Error {
    fn from(not_written: NotWritten) -> Self {
        naming(&not_written.path, &not_written.error)
    }
}

/// Puts `content` in place of the file at `path`. What is no regular file there, such as a device, a
/// pipe or a link, is written through and stays what it is.
///
/// # Errors
/// When it cannot be written. Nothing stays behind beside it then.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), NotWritten> {
    let failed = |error| NotWritten {
        path: path.to_owned(),
        error,
    };
    if Place::of(path) != Place::Regular {
        return write_through(path, content).map_err(failed);
    }
    let beside = beside(path);
    let file = match open_beside(&beside) {
        Ok(file) => file,
        // A file may be writable where its directory is not, or its name too long for another.
        Err(error) if path.is_file() => {
            return write_through(path, content).map_err(|_| failed(error));
        }
        Err(error) => return Err(failed(error)),
    };
    let written = (&file)
        .write_all(content)
        .and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        // Of no use to anybody; that it cannot be removed would be no news.
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })
}

/// Whether what is at `path` is replaced as a whole, as often as one likes; what is written through has a
/// reader who gets it once.
#[must_use]
pub fn is_replaceable(path: &Path) -> bool {
    Place::of(path) == Place::Regular
}

/// Whether [`replace`] may write to `path`, as far as can be told without writing: nothing is changed,
/// and no pipe opened, whose reader would take that for the end.
///
/// # Errors
/// When it cannot be written.
pub fn try_out(path: &Path) -> io::Result<()> {
    let found = match path.metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return try_new(path),
        Err(error) => return Err(error),
    };
    let kind = found.file_type();
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if kind.is_socket() && Place::of(path) != Place::Descriptor {
        return Err(io::Error::other("a socket is no place to write to"));
    }
    if kind.is_file() {
        return OpenOptions::new().write(true).open(path).map(drop);
    }
    Ok(access(path, Access::WRITE_OK)?)
}

/// Nothing is there yet: it is made, and taken away again.
fn try_new(path: &Path) -> io::Result<()> {
    let is_link = path.symlink_metadata().is_ok();
    let tried = match is_link {
        true => path.to_owned(),
        false => beside(path),
    };
    match is_link {
        true => OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&tried)
            .map(drop)?,
        false => open_beside(&tried).map(drop)?,
    }
    std::fs::remove_file(tried.canonicalize()?)
}

fn beside(path: &Path) -> PathBuf {
    let mut beside = OsString::from(path);
    beside.push(".tmp");
    PathBuf::from(beside)
}

fn open_beside(beside: &Path) -> io::Result<File> {
    if beside.file_name().is_none_or(|name| name == ".tmp") {
        let why = "this is no name of a file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // Whoever put a link there did not mean it to be followed.
    options
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(beside)
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

#[cfg(test)]
mod tests;
