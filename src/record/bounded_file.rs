//! Files of which no more is read than there can be: a name that was typed may stand for anything.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Largest `run.json` and its like.
pub const MOST_DOCUMENT_BYTES: u64 = 64 << 20;
/// Largest table and log of a record: a day of seconds of many names has some 100 MiB.
pub const MOST_TABLE_BYTES: u64 = 1 << 30;

/// What is in the file at `path`.
///
/// # Errors
/// When it cannot be read, or has more than `most_bytes`.
pub fn read_bounded(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(most_bytes + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most_bytes {
        true => Err(io::Error::other(format!(
            "it has more than the {} MiB that are read",
            most_bytes >> 20
        ))),
        false => Ok(bytes),
    }
}

/// The same of a file of text.
///
/// # Errors
/// As [`read_bounded`]; and when it is no UTF-8.
pub fn read_text_bounded(path: &Path, most_bytes: u64) -> io::Result<String> {
    String::from_utf8(read_bounded(path, most_bytes)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_is_allowed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
        assert_eq!(read_bounded(&path, 1 << 20).unwrap().len(), 1 << 20);
        assert_eq!(read_text_bounded(&path, 1 << 20).unwrap().len(), 1 << 20);
        std::fs::write(&path, vec![b'x'; (1 << 20) + 1]).unwrap();
        let error = read_bounded(&path, 1 << 20).unwrap_err().to_string();
        assert_eq!(error, "it has more than the 1 MiB that are read");
        std::fs::write(&path, [0xff]).unwrap();
        assert!(read_text_bounded(&path, 1 << 20).is_err());
        assert!(read_bounded(&directory.path().join("none"), 1).is_err());
    }

    /// As a device without end does, which no test may touch.
    #[test]
    fn a_pipe_without_end_is_given_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let writing = path.clone();
        let writer = std::thread::spawn(move || {
            use std::io::Write;
            let mut pipe = std::fs::OpenOptions::new()
                .write(true)
                .open(writing)
                .unwrap();
            while pipe.write_all(&[0; 64 << 10]).is_ok() {}
        });
        let error = read_bounded(&path, 1 << 20).unwrap_err().to_string();
        assert!(error.contains("1 MiB"), "{error}");
        writer.join().unwrap();
    }
}
