//! What an output may be, and what it may not.

use super::*;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::thread;

/// What an output may be, beside what is written, and how it is read back.
struct Output {
    what: &'static str,
    /// Puts it into the directory, and gives what reads it to its end.
    make: fn(&Path) -> (PathBuf, Reading),
}

type Reading = Box<dyn FnOnce() -> Vec<u8>>;

/// Reads `file` on a thread of its own from now on.
fn reading(mut file: impl Read + Send + 'static) -> Reading {
    let reader = thread::spawn(move || {
        let mut all = Vec::new();
        file.read_to_end(&mut all).expect("read");
        all
    });
    Box::new(move || reader.join().expect("read"))
}

fn later(path: &Path) -> Reading {
    let path = path.to_owned();
    Box::new(move || std::fs::read(path).expect("read"))
}

fn named_pipe(directory: &Path) -> PathBuf {
    let path = directory.join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0)
        .expect("a pipe");
    path
}

const OUTPUTS: &[Output] = &[
    Output {
        what: "a new file",
        make: |directory| (directory.join("new"), later(&directory.join("new"))),
    },
    Output {
        what: "an old file",
        make: |directory| {
            let path = directory.join("old");
            std::fs::write(&path, "older and longer than the new text").expect("written");
            (path.clone(), later(&path))
        },
    },
    Output {
        what: "a file whose name leaves no room for another",
        make: |directory| {
            let path = directory.join("x".repeat(255));
            std::fs::write(&path, "old").expect("written");
            (path.clone(), later(&path))
        },
    },
    Output {
        what: "a link to a file",
        make: |directory| {
            std::fs::write(directory.join("far"), "older and longer than the new text")
                .expect("written");
            symlink("far", directory.join("link")).expect("a link");
            (directory.join("link"), later(&directory.join("far")))
        },
    },
    Output {
        what: "a link to nothing yet",
        make: |directory| {
            symlink("far", directory.join("link")).expect("a link");
            (directory.join("link"), later(&directory.join("far")))
        },
    },
    Output {
        what: "a pipe with a name",
        make: |directory| {
            let path = named_pipe(directory);
            let named = path.clone();
            let reader = thread::spawn(move || std::fs::read(named).expect("read"));
            (path, Box::new(move || reader.join().expect("read")))
        },
    },
    Output {
        what: "a link to a pipe with a name",
        make: |directory| {
            let path = named_pipe(directory);
            symlink("pipe", directory.join("link")).expect("a link");
            let reader = thread::spawn(move || std::fs::read(path).expect("read"));
            (
                directory.join("link"),
                Box::new(move || reader.join().expect("read")),
            )
        },
    },
    Output {
        what: "a descriptor of a pipe",
        make: |_| {
            let (reader, writer) = io::pipe().expect("a pipe");
            let path = PathBuf::from(format!("/dev/fd/{}", writer.as_raw_fd()));
            let read = reading(reader);
            // The writer stays open until all is written, as a shell's does.
            (
                path,
                Box::new(move || {
                    drop(writer);
                    read()
                }),
            )
        },
    },
    Output {
        what: "a descriptor of a file",
        make: |directory| {
            let path = directory.join("held");
            let held = File::create(&path).expect("a file");
            let named = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
            (
                named,
                Box::new(move || {
                    drop(held);
                    std::fs::read(path).expect("read")
                }),
            )
        },
    },
];

fn kind_of(path: &Path) -> Option<std::fs::FileType> {
    path.symlink_metadata().ok().map(|found| found.file_type())
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Longer than what a pipe holds.
fn long_text() -> Vec<u8> {
    b"0123456789abcdef".repeat(20_000)
}

#[test]
fn every_output_is_written_whole_and_stays_what_it_is() {
    for Output { what, make } in OUTPUTS {
        let directory = tempfile::tempdir().expect("a directory");
        let (path, read) = make(directory.path());
        let (kind, names) = (kind_of(&path), names_in(directory.path()));
        try_out(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(names_in(directory.path()), names, "{what}: only tried");
        assert_eq!(kind_of(&path), kind, "{what}: only tried");
        replace(&path, &long_text()).unwrap_or_else(|error| panic!("{what}: {error}"));
        if kind.is_some() {
            assert_eq!(kind_of(&path), kind, "{what}");
        }
        assert!(read() == long_text(), "{what}");
        let left = names_in(directory.path());
        assert!(!left.iter().any(|name| name.ends_with(".tmp")), "{left:?}");
    }
}

#[test]
fn what_cannot_be_written_is_found_out_before_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path();
    std::fs::create_dir(place.join("directory")).expect("made");
    std::fs::write(place.join("file"), "text").expect("written");
    symlink("missing/far", place.join("astray")).expect("a link");
    symlink("round", place.join("round")).expect("a link");
    let _listener = std::os::unix::net::UnixListener::bind(place.join("socket")).expect("a socket");
    let before = names_in(place);
    for path in [
        "missing/file",
        "directory",
        "file/below",
        "astray",
        "round",
        "socket",
        "",
        &"x".repeat(300),
    ] {
        // An empty path is none, wherever it is.
        let path = match path {
            "" => PathBuf::new(),
            path => place.join(path),
        };
        let tried = try_out(&path).expect_err(&format!("{} is tried", path.display()));
        let written = replace(&path, b"text").expect_err(&format!("{} is written", path.display()));
        assert_ne!(tried.kind(), io::ErrorKind::TimedOut, "{}", path.display());
        assert_eq!(written.path, path);
        assert_eq!(names_in(place), before, "{}", path.display());
    }
}

#[test]
fn a_pipe_that_nobody_reads_is_given_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = named_pipe(directory.path());
    try_out(&path).expect("a reader may come");
    let error = replace(&path, b"text").expect_err("nobody reads it");
    assert_eq!(error.error.kind(), io::ErrorKind::TimedOut);
}
