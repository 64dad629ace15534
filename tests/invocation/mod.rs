//! The built binary, run as a user would run it, with a results directory of its own. The one place
//! that knows where the program is.

#![allow(dead_code, reason = "each binary uses its part")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than any of these runs may take; a run that takes it hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_shopblast");
/// Stands for a space inside a word of a line.
pub const SPACE: char = '\u{1}';

/// A run that has begun.
pub struct Invocation {
    child: Child,
    directory: TempDir,
    line: String,
}

/// A run that has ended.
pub struct Ended {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// The arguments.
    pub line: String,
    directory: TempDir,
}

/// The program, without the variables that change what it does.
pub fn shopblast() -> Command {
    let mut command = Command::new(PROGRAM);
    without_variables(&mut command);
    command
}

fn without_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("SHOPBLAST_") || text.starts_with("LOCUST_") {
            command.env_remove(&name);
        }
    }
}

/// Runs `shopblast` with the words of `line` to its end.
pub fn run(line: &str) -> Ended {
    Invocation::begin(line).end()
}

/// The same within an empty directory, which alone knows of it: nothing is added to the words.
pub fn run_inside(line: &str) -> Ended {
    Invocation::begin_inside(line).end()
}

/// The same for what is a sequence of runs.
pub fn run_long(line: &str) -> Ended {
    Invocation::begin(line).end_within(10 * PATIENCE)
}

impl Invocation {
    /// Starts `shopblast` with the words of `line`.
    pub fn begin(line: &str) -> Self {
        Self::begin_with(line, &[])
    }

    /// The same with variables.
    pub fn begin_with(line: &str, variables: &[(&str, String)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = shopblast();
        command
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .args(words(line))
            .arg("--results")
            .arg(directory.path().join("results"));
        Self::start(command, directory, line)
    }

    /// Starts `shopblast` with the words of `line`, and nothing more, in an empty directory.
    pub fn begin_inside(line: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = shopblast();
        command.args(words(line)).current_dir(directory.path());
        Self::start(command, directory, line)
    }

    /// Has a shell carry out `script` in an empty directory, where `$RUN` is the program with the words of
    /// `line`.
    pub fn begin_script(script: &str, line: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .env("RUN", format!("{PROGRAM} {line}"))
            .current_dir(directory.path());
        without_variables(&mut command);
        Self::start(command, directory, script)
    }

    /// The path of the run's `run.json`, as soon as there is one.
    pub fn wait_for_record(&self) -> PathBuf {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(path) = self.record_path() {
                return path;
            }
            assert!(Instant::now() < give_up, "`{}` records nothing", self.line);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it prints goes into files, so that a full pipe cannot hold it up.
    fn start(mut command: Command, directory: TempDir, line: &str) -> Self {
        let file = |name: &str| std::fs::File::create(directory.path().join(name)).expect("a file");
        let child = command
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

    /// The directory that holds `results`.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The run's `run.json`, once there is one.
    pub fn record_path(&self) -> Option<PathBuf> {
        record_path(self.directory.path())
    }

    /// Interrupts the run as Ctrl-C does.
    pub fn interrupt(&self) {
        let status = Command::new("sh")
            .arg("-c")
            .arg(format!("kill -INT {}", self.child.id()))
            .status()
            .expect("a shell");
        assert!(status.success());
    }

    /// Kills the run, without a chance to do anything; gives what keeps its record alive.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
        self.directory
    }

    /// Waits for the end; panics when there is none, or the program panicked.
    pub fn end(self) -> Ended {
        self.end_within(PATIENCE)
    }

    /// The same with more or less patience.
    pub fn end_within(mut self, patience: Duration) -> Ended {
        let give_up = Instant::now() + patience;
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

    /// The record.
    pub fn record(&self) -> Value {
        let path = record_path(self.directory.path())
            .unwrap_or_else(|| panic!("no record: {}", self.told()));
        let text = std::fs::read_to_string(path).expect("run.json");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The record's directory.
    pub fn record_directory(&self) -> PathBuf {
        let run_json = record_path(self.directory.path()).expect("a record");
        run_json.parent().expect("its directory").to_owned()
    }

    /// The names of the record's files.
    pub fn record_files(&self) -> Vec<String> {
        names_in(&self.record_directory())
    }

    /// The text of one of the record's files.
    pub fn record_file(&self, name: &str) -> String {
        std::fs::read_to_string(self.record_directory().join(name)).expect("the file")
    }

    /// The directory that holds `results`.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Whether anything was recorded.
    pub fn is_recorded(&self) -> bool {
        self.directory.path().join("results").exists()
    }
}

fn words(line: &str) -> impl Iterator<Item = String> {
    line.split_whitespace().map(|word| word.replace(SPACE, " "))
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn record_path(directory: &Path) -> Option<PathBuf> {
    let results = directory.join("results");
    let run = names_in(&results).into_iter().next()?;
    let path = results.join(run).join("run.json");
    path.exists().then_some(path)
}
