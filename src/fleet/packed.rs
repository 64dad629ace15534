//! A record as one stream of bytes, and back: each file with its name and its length before it. Bounded,
//! and never written anywhere but below the folder that it is unpacked into.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const MARK: &[u8; 8] = b"SBRECRD1";
/// Most files of a record.
const MOST_FILES: usize = 200;
const MOST_NAME_BYTES: usize = 200;
/// Most bytes of a record that is unpacked.
const MOST_BYTES: u64 = 2 << 30;

/// What reads the files of `directory`, one after the other. Folders in it are left out.
///
/// # Errors
/// When it cannot be read, or has too many files.
pub fn packed(directory: &Path) -> io::Result<Box<dyn Read + Send>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort_unstable();
    if files.len() > MOST_FILES {
        return Err(io::Error::other("it has more files than a record has"));
    }
    Ok(Box::new(Packing {
        files: files.into_iter(),
        head: MARK.to_vec(),
        at: 0,
        file: None,
    }))
}

struct Packing {
    files: std::vec::IntoIter<PathBuf>,
    /// What comes before the file.
    head: Vec<u8>,
    at: usize,
    file: Option<io::Take<File>>,
}

impl Read for Packing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.at < self.head.len() {
                let read = (&self.head[self.at..]).read(buffer)?;
                self.at += read;
                return Ok(read);
            }
            if let Some(file) = &mut self.file {
                match file.read(buffer)? {
                    0 if file.limit() > 0 => {
                        return Err(io::Error::other("a file became shorter"));
                    }
                    0 => self.file = None,
                    read => return Ok(read),
                }
            }
            let Some(path) = self.files.next() else {
                return Ok(0);
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let file = File::open(&path)?;
            let length = file.metadata()?.len();
            self.head.clear();
            self.at = 0;
            self.head
                .extend_from_slice(&(name.len() as u16).to_be_bytes());
            self.head.extend_from_slice(name.as_bytes());
            self.head.extend_from_slice(&length.to_be_bytes());
            self.file = Some(file.take(length));
        }
    }
}

/// Writes the files that `source` holds into `directory`, which is made.
///
/// # Errors
/// When it is no packed record, is too large, or cannot be written.
pub fn unpack(mut source: impl Read, directory: &Path) -> io::Result<()> {
    let garbled = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let mut mark = [0; MARK.len()];
    source.read_exact(&mut mark)?;
    if mark != *MARK {
        return Err(garbled("it is no record of shopblast"));
    }
    fs::create_dir_all(directory)?;
    let mut left = MOST_BYTES;
    for _ in 0..=MOST_FILES {
        let mut length = [0; 2];
        if source.read(&mut length[..1])? == 0 {
            return Ok(());
        }
        source.read_exact(&mut length[1..])?;
        let mut name = vec![0; usize::from(u16::from_be_bytes(length))];
        if name.len() > MOST_NAME_BYTES {
            return Err(garbled("a file of it has too long a name"));
        }
        source.read_exact(&mut name)?;
        let name = String::from_utf8(name).map_err(|_| garbled("a file of it has no name"))?;
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
            return Err(garbled("a file of it has a name that no record's file has"));
        }
        let mut bytes = [0; 8];
        source.read_exact(&mut bytes)?;
        let bytes = u64::from_be_bytes(bytes);
        left = left
            .checked_sub(bytes)
            .ok_or_else(|| garbled("it is larger than a record"))?;
        let mut file = File::create_new(directory.join(name))?;
        if io::copy(&mut (&mut source).take(bytes), &mut file)? < bytes {
            return Err(garbled("it is cut off"));
        }
        file.flush()?;
    }
    Err(garbled("it has more files than a record has"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_out_as_it_went_in() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to/1"));
        fs::create_dir_all(from.join("shards")).unwrap();
        let long: Vec<u8> = (0..100_000).map(|at| (at % 251) as u8).collect();
        for (name, text) in [
            ("run.json", &b"{}"[..]),
            ("empty.csv", b""),
            ("intervals.bin", &long),
        ] {
            fs::write(from.join(name), text).unwrap();
        }
        unpack(packed(&from).unwrap(), &to).unwrap();
        for name in ["run.json", "empty.csv", "intervals.bin"] {
            assert_eq!(
                fs::read(from.join(name)).unwrap(),
                fs::read(to.join(name)).unwrap()
            );
        }
        assert!(!to.join("shards").exists(), "folders stay");
    }

    #[test]
    fn what_would_be_written_elsewhere_or_is_garbled_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let entry = |name: &str, length: u64, text: &[u8]| {
            let head = [&(name.len() as u16).to_be_bytes()[..], name.as_bytes()].concat();
            [&MARK[..], &head, &length.to_be_bytes(), text].concat()
        };
        for bad in [
            entry("../x", 1, b"x"),
            entry("a/b", 1, b"x"),
            entry(".bashrc", 1, b"x"),
            entry("x", 2, b"x"),
            entry("x", u64::MAX, b"x"),
            entry(&"x".repeat(300), 1, b"x"),
            b"something".to_vec(),
            MARK[..4].to_vec(),
        ] {
            let into = tempfile::tempdir_in(place.path()).unwrap();
            assert!(
                unpack(&bad[..], &into.path().join("in")).is_err(),
                "{bad:?}"
            );
        }
        assert!(!place.path().join("x").exists());
    }
}
