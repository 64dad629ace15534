//! The built binary, run as a user would run it, in an empty directory of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than any of these commands may take; one that takes it hangs.
const PATIENCE: Duration = Duration::from_secs(90);
/// Stands for a space inside a word.
pub const SPACE: char = '\u{1}';

/// A command that has begun.
pub struct Begun {
    child: Child,
    directory: TempDir,
    line: String,
}

/// A command that has ended.
pub struct Ended {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    line: String,
    directory: TempDir,
}

/// Runs `shopblast` with the words of `line` to its end.
pub fn run(line: &str) -> Ended {
    Begun::of(line).end()
}

impl Begun {
    /// Starts `shopblast` with the words of `line`.
    pub fn of(line: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |name: &str| std::fs::File::create(directory.path().join(name)).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopblast"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("SHOPBLAST_") || text.starts_with("LOCUST_") {
                command.env_remove(&name);
            }
        }
        let words = line.split_whitespace();
        let child = command
            .args(words.map(|word| word.replace(SPACE, " ")))
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .expect("the binary starts");
        Self {
            child,
            directory,
            line: line.to_owned(),
        }
    }

    /// Interrupts it as Ctrl-C does.
    pub fn interrupt(&self) {
        let kill = format!("kill -INT {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.expect("a shell").success());
    }

    /// Waits for the end; panics when there is none, or the program panicked.
    pub fn end(mut self) -> Ended {
        let give_up = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                break status;
            }
            if Instant::now() > give_up {
                let _ = self.child.kill();
                panic!("`shopblast {}` does not end", self.line);
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let text = |name: &str| {
            let bytes = std::fs::read(self.directory.path().join(name)).expect("the output");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let ended = Ended {
            code: status.code().unwrap_or(-1),
            out: text("out"),
            err: text("err"),
            line: self.line,
            directory: self.directory,
        };
        assert!(!ended.err.contains("panicked"), "{}", ended.told());
        ended
    }
}

impl Ended {
    /// All that there is to say when something is not as expected.
    pub fn told(&self) -> String {
        let Self {
            code,
            out,
            err,
            line,
            ..
        } = self;
        format!("`shopblast {line}` ended with {code}\n{err}\n{out}")
    }

    /// Directory of the record that a run made.
    pub fn record_directory(&self) -> PathBuf {
        let results = std::fs::read_dir(self.directory.path().join("results"));
        let first = results.ok().and_then(|mut records| records.next());
        let record = first.unwrap_or_else(|| panic!("no record: {}", self.told()));
        record.expect("a record").path()
    }
}
