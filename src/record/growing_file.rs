//! A file of the record that grows by some lines a second. What finds no room waits until there is
//! some; a file that was taken away is put back; half a line never stays.

use super::write_through::{Place, is_unread, open, write_some};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes that wait for room in one file; what is more is lost.
const MOST_WAITING: usize = 16 << 20;
/// How long whoever reads a pipe is waited for in the end.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
/// Time between two tries meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A file that lines are appended to.
#[derive(Debug)]
pub(super) struct GrowingFile {
    path: PathBuf,
    file: Option<File>,
    /// Whether it is a regular file, that can be cut and read again.
    is_regular: bool,
    /// Bytes of it that are whole lines.
    kept: u64,
    /// Lines that are not in it yet.
    waiting: Vec<u8>,
    /// Whether lines were lost, because too much waited.
    is_holed: bool,
    /// Whether its reader is gone, who needs no more of it.
    is_unwanted: bool,
}

impl GrowingFile {
    /// Starts the file at `path`, in place of what it holds, with `head`. What is no regular file is
    /// written through; nobody is waited for who is to read it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn create(path: &Path, head: &[u8]) -> io::Result<Self> {
        let is_regular = Place::of(path) == Place::Regular || path.is_file();
        let file = match is_regular {
            true => open_regular(path).map(Some),
            false => open_other(path),
        };
        let mut growing = Self {
            path: path.to_owned(),
            file: file?,
            is_regular,
            kept: 0,
            waiting: Vec::new(),
            is_holed: false,
            is_unwanted: false,
        };
        growing.append(head)?;
        Ok(growing)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends whole lines, and those that wait.
    ///
    /// # Errors
    /// When they found no room: they wait, and are tried again with the next ones.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.is_unwanted {
            return Ok(());
        }
        let fits = |waiting: &[u8]| waiting.len() + lines.len() <= MOST_WAITING;
        let settled = match fits(&self.waiting) {
            true => Ok(()),
            false => self.settle(),
        };
        if !fits(&self.waiting) {
            self.is_holed = true;
            return settled;
        }
        self.waiting.extend_from_slice(lines);
        self.settle()
    }

    /// Brings in what waits, for the last time.
    ///
    /// # Errors
    /// When something is missing in it.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let give_up = Instant::now() + LAST_PATIENCE;
        self.append(&[])?;
        while !self.waiting.is_empty() && Instant::now() < give_up {
            std::thread::sleep(LOOK_EVERY);
            self.append(&[])?;
        }
        let why = match (self.waiting.is_empty(), self.is_holed) {
            (false, _) => "its reader did not take all of it",
            (true, true) => "it has a gap: there was no room for too long",
            (true, false) => return Ok(()),
        };
        Err(io::Error::other(why))
    }

    fn settle(&mut self) -> io::Result<()> {
        match self.is_regular {
            true => self.settle_regular(),
            false => self.settle_other(),
        }
    }

    fn settle_regular(&mut self) -> io::Result<()> {
        self.put_back()?;
        let Some(file) = &self.file else {
            return Err(ErrorKind::NotFound.into());
        };
        if self.waiting.is_empty() {
            return Ok(());
        }
        if let Err(error) = file.write_all_at(&self.waiting, self.kept) {
            // Half a line would end up in the middle; what cannot be cut is written over later.
            let _ = file.set_len(self.kept);
            return Err(error);
        }
        self.kept += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Puts the file back with all that it held, when somebody took it away. One that another stands in
    /// the place of was moved, and is written on where it is.
    fn put_back(&mut self) -> io::Result<()> {
        match self.path.metadata() {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let Some(before) = &self.file else {
            return Err(ErrorKind::NotFound.into());
        };
        if before.metadata()?.nlink() > 0 {
            return Ok(());
        }
        if let Some(directory) = self.path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let again = open_regular(&self.path)?;
        if let Err(error) = copy(before, &again, self.kept) {
            // The one that is open still has everything.
            let _ = std::fs::remove_file(&self.path);
            return Err(error);
        }
        self.file = Some(again);
        Ok(())
    }

    fn settle_other(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = open_other(&self.path)?;
        }
        let Some(file) = &self.file else {
            return Ok(());
        };
        while !self.waiting.is_empty() {
            match write_some(file, &self.waiting) {
                Ok(0) => return Ok(()),
                Ok(written) => drop(self.waiting.drain(..written)),
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    self.is_unwanted = true;
                    self.waiting = Vec::new();
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    options.custom_flags(libc::O_NONBLOCK).open(path)
}

/// `None` for a pipe that nobody reads yet.
fn open_other(path: &Path) -> io::Result<Option<File>> {
    match open(path, Duration::ZERO) {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_unread(&error) || error.kind() == ErrorKind::TimedOut => Ok(None),
        Err(error) => Err(error),
    }
}

fn copy(from: &File, mut to: &File, length: u64) -> io::Result<()> {
    let mut piece = vec![0; 1 << 16];
    let mut at = 0;
    while at < length {
        let wanted = piece.len().min((length - at) as usize);
        from.read_exact_at(&mut piece[..wanted], at)?;
        to.write_all(&piece[..wanted])?;
        at += wanted as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may be in the way of a file, and how it is taken away again.
    struct Trouble {
        what: &'static str,
        begin: fn(&Path),
        end: fn(&Path),
    }

    fn nothing(_: &Path) {}

    fn directory_of(path: &Path) -> &Path {
        path.parent().expect("a directory")
    }

    const TROUBLES: &[Trouble] = &[
        Trouble {
            what: "the file is removed",
            begin: |path| std::fs::remove_file(path).expect("removed"),
            end: nothing,
        },
        Trouble {
            what: "its directory is removed",
            begin: |path| std::fs::remove_dir_all(directory_of(path)).expect("removed"),
            end: nothing,
        },
        Trouble {
            what: "its directory is removed and something else is there",
            begin: |path| {
                std::fs::remove_dir_all(directory_of(path)).expect("removed");
                std::fs::write(directory_of(path), "in the way").expect("written");
            },
            end: |path| std::fs::remove_file(directory_of(path)).expect("removed"),
        },
    ];

    #[test]
    fn nothing_is_missing_once_the_trouble_is_over() {
        for Trouble { what, begin, end } in TROUBLES {
            let place = tempfile::tempdir().expect("a directory");
            let path = place.path().join("record/lines.csv");
            std::fs::create_dir(directory_of(&path)).expect("made");
            let mut file = GrowingFile::create(&path, b"head\n").expect("made");
            file.append(b"1\n").expect("there is room");
            begin(&path);
            for line in [b"2\n", b"3\n"] {
                // Told as long as it lasts, if it does.
                let _ = file.append(line);
            }
            end(&path);
            file.append(b"4\n").expect(what);
            file.finish().expect(what);
            let text = std::fs::read_to_string(&path).expect(what);
            assert_eq!(text, "head\n1\n2\n3\n4\n", "{what}");
        }
    }

    #[test]
    fn what_is_missing_in_the_end_is_told() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("record/lines.csv");
        std::fs::create_dir(directory_of(&path)).expect("made");
        let mut file = GrowingFile::create(&path, b"head\n").expect("made");
        (TROUBLES[2].begin)(&path);
        assert!(file.append(b"1\n").is_err());
        file.finish().expect_err("there is no place");
    }

    #[test]
    fn a_file_that_was_moved_away_is_written_on() {
        let place = tempfile::tempdir().expect("a directory");
        let (path, moved) = (place.path().join("a"), place.path().join("b"));
        let mut file = GrowingFile::create(&path, b"1\n").expect("made");
        std::fs::rename(&path, &moved).expect("moved");
        file.append(b"2\n").expect("written");
        file.finish().expect("finished");
        assert_eq!(std::fs::read_to_string(moved).expect("read"), "1\n2\n");
        assert!(!path.exists());
    }

    #[test]
    fn too_much_that_waits_is_a_gap_that_is_told() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("record/lines.csv");
        std::fs::create_dir(directory_of(&path)).expect("made");
        let mut file = GrowingFile::create(&path, b"head\n").expect("made");
        (TROUBLES[2].begin)(&path);
        let mebibyte = vec![b'x'; 1 << 20];
        for _ in 0..=MOST_WAITING >> 20 {
            file.append(&mebibyte).expect_err("no place");
        }
        (TROUBLES[2].end)(&path);
        file.append(b"last\n").expect("there is room again");
        let error = file.finish().expect_err("a gap");
        assert!(error.to_string().contains("gap"), "{error}");
        assert!(std::fs::read(&path).expect("read").ends_with(b"last\n"));
    }

    #[test]
    fn a_pipe_is_written_as_it_is_read_and_holds_nobody_up() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("pipe");
        let (kind, mode) = (
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        );
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).expect("a pipe");
        let mut file = GrowingFile::create(&path, b"head\n").expect("nobody reads it yet");
        let lines = b"0123456789abcde\n".repeat(10_000);
        file.append(&lines).expect("they wait");
        let reader = std::thread::spawn({
            let path = path.clone();
            move || std::fs::read_to_string(path).expect("read")
        });
        file.finish().expect("it is read");
        drop(file);
        let text = reader.join().expect("read");
        assert_eq!(text.len(), 5 + lines.len());
    }
}
