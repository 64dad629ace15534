//! A program of an engine: its words are handed over as they are, without a shell between. Each runs in a
//! group of its own, so that Ctrl-C reaches this process first.

use super::error::LaunchError;
use super::quoting::{shell_line, shell_word};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

/// Most bytes of what a program answers, and of what it complains about.
const MOST_ANSWERED: u64 = 1 << 20;
/// What is told of a complaint.
const MOST_TOLD: usize = 600;

/// A program, what it is called with, and what it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    name: String,
    words: Vec<String>,
    input: Option<String>,
    variables: Vec<(String, String)>,
    is_heard: bool,
}

impl Program {
    pub fn new(name: &str, words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            name: name.to_owned(),
            words: words.into_iter().map(Into::into).collect(),
            input: None,
            variables: Vec::new(),
            is_heard: true,
        }
    }

    /// The same, with further variables in its environment.
    pub fn knowing<'v>(mut self, variables: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        let variables = variables.into_iter();
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.variables.extend(owned);
        self
    }

    /// The same, whose complaints nobody hears.
    pub fn unheard(mut self) -> Self {
        self.is_heard = false;
        self
    }

    /// The same, which reads `input` on its standard input.
    pub fn reading(mut self, input: impl Into<String>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// The command as a person would type it.
    pub fn line(&self) -> String {
        let words = self.words.iter().map(String::as_str);
        shell_line(std::iter::once(self.name.as_str()).chain(words))
    }

    /// The command with what it reads, for a shell.
    pub fn script(&self) -> String {
        let Some(input) = &self.input else {
            return format!("{}\n", self.line());
        };
        let mut end = "END".to_owned();
        while input.lines().any(|line| line == end) {
            end.push('_');
        }
        // A here-document always ends a line; what is read may not.
        match input.ends_with('\n') {
            true => format!("{} <<'{end}'\n{input}{end}\n", self.line()),
            false => format!("printf %s {} | {}\n", shell_word(input), self.line()),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.name);
        command.args(&self.words).process_group(0);
        let variables = self.variables.iter();
        command.envs(variables.map(|(name, value)| (name, value)));
        if !self.is_heard {
            command.stderr(Stdio::null());
        }
        command.stdin(match &self.input {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        });
        command
    }

    fn spawned(&self, command: &mut Command) -> Result<Child, LaunchError> {
        let mut child = command.spawn().map_err(|source| self.missing(source))?;
        if let (Some(text), Some(mut input)) = (&self.input, child.stdin.take()) {
            let text = text.clone();
            // A program that does not read it says itself why.
            thread::spawn(move || input.write_all(text.as_bytes()));
        }
        Ok(child)
    }

    fn missing(&self, source: io::Error) -> LaunchError {
        let remedy = match source.kind() {
            io::ErrorKind::NotFound => {
                "install it, or put it on the PATH, or take another --engine"
            }
            _ => "see to it that it can be run",
        };
        LaunchError::Missing {
            program: self.name.clone(),
            source,
            remedy: remedy.to_owned(),
        }
    }

    /// Runs it to its end, and has what it answers.
    ///
    /// # Errors
    /// When it cannot be started, or fails: with what it complained about.
    pub fn answer(&self) -> Result<String, LaunchError> {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.spawned(&mut command)?;
        let complaints = child
            .stderr
            .take()
            .map(|pipe| thread::spawn(move || text_of(pipe)));
        let answer = child.stdout.take().map(text_of).unwrap_or_default();
        let complaints = complaints
            .and_then(|read| read.join().ok())
            .unwrap_or_default();
        let status = child.wait().map_err(|source| self.unwatched(source))?;
        if status.success() {
            return Ok(answer);
        }
        Err(LaunchError::Failed {
            command: self.line(),
            status: status.to_string(),
            said: said(&complaints),
        })
    }

    /// Begins it. What it says goes to where this program speaks.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn begin(&self) -> Result<Running, LaunchError> {
        let child = self.spawned(&mut self.command())?;
        Ok(Running {
            child: Some(child),
            is_apart: true,
        })
    }

    /// Begins it in the terminal's own group, which Ctrl-C reaches, too.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn begin_in_terminal(&self) -> Result<Running, LaunchError> {
        let mut command = Command::new(&self.name);
        let variables = self.variables.iter();
        command.envs(variables.map(|(name, value)| (name, value)));
        command.args(&self.words);
        // Without a terminal there is none whose Ctrl-C reaches both.
        let is_apart = !io::stdin().is_terminal();
        if is_apart {
            command.process_group(0).stdin(Stdio::null());
        }
        let child = command.spawn().map_err(|source| self.missing(source))?;
        Ok(Running {
            child: Some(child),
            is_apart,
        })
    }

    /// Begins it, and has its standard input, which reads `first`, left open.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn begin_held(&self, first: &str) -> Result<(Running, Option<ChildStdin>), LaunchError> {
        let mut command = self.command();
        command.stdin(Stdio::piped());
        let mut child = command.spawn().map_err(|source| self.missing(source))?;
        let mut input = child.stdin.take();
        if let Some(input) = &mut input {
            // A program that has ended by now says itself why.
            let _ = input.write_all(first.as_bytes());
        }
        Ok((
            Running {
                child: Some(child),
                is_apart: true,
            },
            input,
        ))
    }

    /// Begins it, and has what it says on its standard output.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn begin_heard(&self) -> Result<(Running, impl Read + Send + use<>), LaunchError> {
        let mut command = self.command();
        command.stdout(Stdio::piped());
        let mut child = self.spawned(&mut command)?;
        let output = child.stdout.take();
        let output = output.ok_or_else(|| self.unwatched(io::Error::other("it has no output")))?;
        Ok((
            Running {
                child: Some(child),
                is_apart: true,
            },
            output,
        ))
    }

    fn unwatched(&self, source: io::Error) -> LaunchError {
        LaunchError::System {
            what: format!("`{}` could not be watched", self.line()),
            source,
        }
    }
}

/// A program that was begun. It is ended when nobody is interested any more.
pub(super) struct Running {
    child: Option<Child>,
    is_apart: bool,
}

impl Running {
    /// Asks it to stop, as Ctrl-C would; one in the terminal's own group has heard it by itself.
    pub fn interrupt(&self) {
        if let Some(child) = self.child.as_ref().filter(|_| self.is_apart) {
            // It may have ended meanwhile: then there is nobody to ask.
            let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM);
        }
    }

    /// The code that it ended with, if it has; one that a signal ended has 128 and the signal's number.
    pub fn ended(&mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt;
        let status = match self.child.as_mut().map(Child::try_wait) {
            Some(Ok(Some(status))) => status,
            Some(Ok(None)) => return None,
            Some(Err(_)) | None => return Some(-1),
        };
        let by_signal = status.signal().map(|signal| 128 + signal);
        status.code().or(by_signal)
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Option<i32> {
        let child = self.child.as_mut()?;
        child.wait().ok()?.code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take()
            && !matches!(child.try_wait(), Ok(Some(_)))
        {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn text_of(pipe: impl Read) -> String {
    let mut bytes = Vec::new();
    let mut pipe = pipe.take(MOST_ANSWERED);
    // What came until it broke is what there is.
    let _ = pipe.read_to_end(&mut bytes);
    // The rest is read and dropped: a full pipe would hold the program up.
    let _ = io::copy(&mut pipe.into_inner(), &mut io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn said(complaints: &str) -> String {
    let text = complaints.trim();
    let start = text.len().saturating_sub(MOST_TOLD);
    let start = text.ceil_char_boundary(start);
    match text.is_empty() {
        true => String::new(),
        false => format!(": {}", &text[start..]),
    }
}
