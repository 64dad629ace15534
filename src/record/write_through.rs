//! Writing to what is no regular file: a device, a pipe with a name, a descriptor, a symbolic link.
//! It is written through, never replaced; and nobody who does not read can hold the program up.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long a reader may take nothing before it is given up.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two looks for a reader that is still to come.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// What a pipe takes at once when it takes anything.
const PIECE: usize = 4096;

/// What stands where an output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing yet, or a regular file: it may be replaced as a whole.
    Regular,
    /// A descriptor of this process, like `/dev/stdout` or what `>(…)` of a shell is.
    Descriptor,
    /// A link, device or pipe.
    Other,
}

impl Place {
    /// What stands at `path`.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        if is_descriptor(path) {
            return Self::Descriptor;
        }
        match path.symlink_metadata() {
            Ok(found) if !found.is_file() && !found.is_dir() => Self::Other,
            // A directory is no place at all: replacing it fails, as it should.
            _ => Self::Regular,
        }
    }
}

/// Writes `content` to what stands at `path`.
///
/// # Errors
/// When it cannot be opened, or its reader takes nothing for seconds. A reader that goes has read
/// what it wanted.
pub fn write_through(path: &Path, content: &[u8]) -> io::Result<()> {
    match path.to_str() {
        Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => {
            io::stdout().flush()?;
            write_patiently(io::stdout(), content)
        }
        Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => {
            write_patiently(io::stderr(), content)
        }
        _ => write_patiently(open(path, PATIENCE)?, content),
    }
}

/// Opens what stands at `path` for writing, without being held up by it. A pipe that nobody reads is
/// tried for `patience`.
///
/// # Errors
/// When it cannot be opened.
pub fn open(path: &Path, patience: Duration) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    // A descriptor may stand in the middle of a file: what is there stays.
    match Place::of(path) {
        Place::Descriptor => options.append(true),
        _ => options.truncate(true),
    };
    let give_up = Instant::now() + patience;
    loop {
        match options.open(path) {
            Err(error) if is_unread(&error) && is_pipe(path) => {
                if Instant::now() >= give_up {
                    return Err(io::Error::new(
                        ErrorKind::TimedOut,
                        "nobody reads this pipe",
                    ));
                }
                thread::sleep(LOOK_EVERY);
            }
            opened => return opened,
        }
    }
}

/// Whether a pipe could not be opened because it has no reader.
pub fn is_unread(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENXIO)
}

fn is_pipe(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|found| found.file_type().is_fifo())
}

/// Whether `path` names an open descriptor.
fn is_descriptor(path: &Path) -> bool {
    let Some(path) = path.to_str() else {
        return false;
    };
    let of_process = path
        .strip_prefix("/proc/")
        .and_then(|rest| rest.split_once('/'));
    let number = match of_process {
        Some((process, rest))
            if process == "self" || process.parse::<u32>().is_ok_and(|id| id > 0) =>
        {
            rest.strip_prefix("fd/")
        }
        _ => path.strip_prefix("/dev/fd/"),
    };
    matches!(path, "/dev/stdout" | "/dev/stderr")
        || number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Writes as the reader takes it, whether or not the descriptor would block.
fn write_patiently(out: impl AsFd, content: &[u8]) -> io::Result<()> {
    let mut left = content;
    while !left.is_empty() {
        if !is_writable(&out, PATIENCE)? {
            let why = "its reader takes nothing any more";
            return Err(io::Error::new(ErrorKind::TimedOut, why));
        }
        match write_some(&out, &left[..left.len().min(PIECE)]) {
            Ok(written) => left = &left[written..],
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes as much as goes at once; 0 when that is nothing.
///
/// # Errors
/// When the system says so.
pub fn write_some(out: impl AsFd, content: &[u8]) -> io::Result<usize> {
    match rustix::io::write(out, content) {
        Ok(0) if !content.is_empty() => Err(ErrorKind::WriteZero.into()),
        Ok(written) => Ok(written),
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Whether something can be written within `patience`.
fn is_writable(out: impl AsFd, patience: Duration) -> io::Result<bool> {
    let limit = Timespec::try_from(patience).unwrap_or_default();
    let mut looked = [PollFd::new(&out, PollFlags::OUT)];
    match poll(&mut looked, Some(&limit)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn descriptors_are_known_by_their_names() {
        let named = [
            ("/dev/stdout", true),
            ("/dev/fd/63", true),
            ("/proc/self/fd/3", true),
            ("/proc/1234/fd/3", true),
            ("/dev/fd/", false),
            ("/dev/fd/x", false),
            ("/proc/self/status", false),
            ("dev/fd/3", false),
        ];
        for (path, expected) in named {
            assert_eq!(is_descriptor(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn a_reader_that_goes_has_read_what_it_wanted() {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let path = format!("/dev/fd/{}", writer.as_raw_fd());
        write_through(Path::new(&path), b"text").expect("a normal end");
        write_patiently(&writer, b"text").expect("a normal end");
    }
}
