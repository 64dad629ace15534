//! `shopblast workload init`: a description is fetched where it is asked for, and a file is written.

use crate::pieces::{counted, print_whole, tell};
use crate::plan::{AddressPolicy, ExitCode, Target, Unwritable, shown_lines};
use crate::run::{ReachError, ask_target, not_answered, resolve};
use crate::workload_file::{
    MOST_DESCRIPTION_BYTES, Start, StartError, from_description, from_recording,
};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);

/// What a start is made of.
#[derive(Clone, Debug)]
pub enum DraftSource {
    /// A text that is a file already.
    Text(&'static str),
    /// A description, as text, with where it came from.
    Description(String, String),
    /// A recording, as text, with where it came from and the origin that is asked for.
    Recording(String, String, Option<String>),
    /// A description that a target has at this path, and which of its addresses may be asked.
    Target(Box<Target>, String, AddressPolicy),
}

/// A file to be made.
#[derive(Clone, Debug)]
pub struct DraftRequest {
    /// Of what.
    pub source: DraftSource,
    /// Where it goes; without it, it is printed.
    pub out: Option<PathBuf>,
}

/// Why no file was made.
#[derive(Debug, thiserror::Error)]
enum NotDrafted {
    /// The target cannot be asked.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// It answers otherwise.
    #[error("{0}")]
    Answer(String),
    /// Nothing can be made of what was read.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The file is there.
    #[error("{0} is there already, and is not written over; name another one with --out")]
    Exists(String),
    /// The file cannot be written.
    #[error("{}", Unwritable { flag: "--out", path, error })]
    Unwritten {
        /// The path.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Nobody takes what is printed.
    #[error("it cannot be printed: {0}")]
    Unsaid(io::Error),
}

impl NotDrafted {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Reach(error) => error.exit_code(),
            _ => ExitCode::BadPlan,
        }
    }
}

/// Makes the file that `request` asks for; says why where it does not. Gives the exit code.
#[must_use]
pub fn carry_out(request: &DraftRequest) -> ExitCode {
    match draft(request) {
        Ok(()) => ExitCode::Ok,
        Err(error) => {
            // A target may have written a part of it.
            tell(format!("error: {}", shown_lines(&error.to_string())));
            error.exit_code()
        }
    }
}

fn draft(request: &DraftRequest) -> Result<(), NotDrafted> {
    let made = match &request.source {
        DraftSource::Text(text) => Err(*text),
        DraftSource::Description(text, origin) => Ok(from_description(text, origin)?),
        DraftSource::Recording(text, origin, of) => {
            Ok(from_recording(text, origin, of.as_deref())?)
        }
        DraftSource::Target(target, path, policy) => Ok(fetched(target, path, policy)?),
    };
    let text = match &made {
        Ok(start) => start.text.as_str(),
        Err(text) => text,
    };
    let Some(path) = &request.out else {
        return print_whole(text).map_err(NotDrafted::Unsaid);
    };
    let new = OpenOptions::new().write(true).create_new(true).open(path);
    let written = new.and_then(|mut file| file.write_all(text.as_bytes()));
    let shown = path.display();
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => NotDrafted::Exists(shown.to_string()),
        _ => NotDrafted::Unwritten {
            path: path.clone(),
            error,
        },
    })?;
    tell(match &made {
        Ok(start) => told(start, &shown.to_string()),
        Err(_) => format!("{shown}: a start; next: shopblast check {shown}"),
    });
    Ok(())
}

fn told(start: &Start, path: &str) -> String {
    let called = start.operations.iter().filter(|it| it.left_out.is_none());
    let left_out = start.operations.len() - called.clone().count();
    let left_out = match left_out {
        0 => String::new(),
        more => format!(" ({more} more in no journey, the file says why)"),
    };
    format!(
        "{path}: {}{left_out}, {}; next: shopblast check {path}",
        counted(called.count() as u64, "operation"),
        counted(start.errands.len() as u64, "journey"),
    )
}

/// Asks `target` for its description, once.
fn fetched(target: &Target, path: &str, policy: &AddressPolicy) -> Result<Start, NotDrafted> {
    let addresses = resolve(target, policy)?;
    let origin = format!("{}{path}", target.url());
    let answer = ask_target(target, &addresses, path, TIMEOUT, MOST_DESCRIPTION_BYTES);
    let answer = answer.map_err(|why| not_answered(target, path, why))?;
    let wrong = |why: String| NotDrafted::Answer(format!("{origin} {why}"));
    if answer.status != 200 {
        let location = match answer.location.is_empty() {
            true => String::new(),
            false => format!(" (it points to {})", answer.location),
        };
        return Err(wrong(format!(
            "answers with {}{location}; name the URL at which the description is",
            answer.status
        )));
    }
    if !answer.encoding.is_empty() {
        return Err(wrong(format!(
            "is packed with {}, which nobody asked for",
            answer.encoding
        )));
    }
    let text =
        String::from_utf8(answer.body).map_err(|_| wrong("is no text in UTF-8".to_owned()))?;
    Ok(from_description(&text, &origin)?)
}
