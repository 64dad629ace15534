//! A plan as it goes from the leader to the members: the words of its command line, and the texts of the
//! files that they name. Every member reads them with the same parser as the leader did, and comes to the
//! same plan or says what differs.

use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

/// Most bytes of all files of a plan.
pub const MOST_FILE_BYTES: usize = 3 << 20;
/// Most files of a plan.
const MOST_FILES: usize = 200;
/// Most words of a plan.
const MOST_WORDS: usize = 2_000;

/// A word of the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// The word, or what of it is before the name of a file.
    pub text: String,
    /// Which file's name follows, by its place among [`PlanText::files`]' names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A file that a word names, or that such a file names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileText {
    /// Where it lies, below the folder that all are written into.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanText {
    /// The words, without the program's name and without all that is of one machine.
    pub words: Vec<Word>,
    /// The files.
    pub files: Vec<FileText>,
}

/// Why a plan cannot go over, or was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PlanTextError {
    /// More than is carried.
    #[error(
        "the files of this plan have more than {} MiB: put what is larger on every machine at the same place, or send \
         fewer rows",
        MOST_FILE_BYTES >> 20
    )]
    TooLarge,
    /// Not what a leader sends.
    #[error("the plan that came is not one of shopblast's: {0}")]
    Malformed(&'static str),
    /// It cannot be written down for the parser.
    #[error("cannot write the plan's files to {}: {error}", path.display())]
    Unwritable {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl PlanText {
    /// Adds a word.
    pub fn push(&mut self, text: impl Into<String>) {
        self.words.push(Word {
            text: text.into(),
            file: None,
        });
    }

    /// Adds a word that ends with the path of the file called `name`.
    pub fn push_file(&mut self, text: impl Into<String>, name: &str) {
        self.words.push(Word {
            text: text.into(),
            file: Some(name.to_owned()),
        });
    }

    /// Adds a file, unless it is there.
    ///
    /// # Errors
    /// When all together are too large.
    pub fn add_file(&mut self, name: &str, text: String) -> Result<(), PlanTextError> {
        if self.files.iter().any(|known| known.name == name) {
            return Ok(());
        }
        let so_far: usize = self.files.iter().map(|file| file.text.len()).sum();
        if so_far + text.len() > MOST_FILE_BYTES || self.files.len() >= MOST_FILES {
            return Err(PlanTextError::TooLarge);
        }
        self.files.push(FileText {
            name: name.to_owned(),
            text,
        });
        Ok(())
    }

    /// That it is within its bounds, as what a leader sends is.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self) -> Result<(), PlanTextError> {
        let file_bytes: usize = self.files.iter().map(|file| file.text.len()).sum();
        if self.words.len() > MOST_WORDS || self.files.len() > MOST_FILES {
            return Err(PlanTextError::Malformed("it has too many words or files"));
        }
        if file_bytes > MOST_FILE_BYTES {
            return Err(PlanTextError::TooLarge);
        }
        if !self.files.iter().all(|file| is_below(&file.name)) {
            return Err(PlanTextError::Malformed("a file of it leads elsewhere"));
        }
        let is_there = |name: &String| self.files.iter().any(|file| file.name == *name);
        match self
            .words
            .iter()
            .filter_map(|word| word.file.as_ref())
            .all(is_there)
        {
            true => Ok(()),
            false => Err(PlanTextError::Malformed("a file that it names is missing")),
        }
    }

    /// Writes the files below `folder`, which is this user's alone, and gives the words with their paths.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn unpack(&self, folder: &Path) -> Result<Vec<OsString>, PlanTextError> {
        for file in &self.files {
            let path = folder.join(&file.name);
            let written = match path.parent() {
                Some(parent) => made(parent).and_then(|()| std::fs::write(&path, &file.text)),
                None => Ok(()),
            };
            written.map_err(|error| PlanTextError::Unwritable { path, error })?;
        }
        let words = self.words.iter().map(|word| {
            let mut text = OsString::from(&word.text);
            if let Some(name) = &word.file {
                text.push(folder.join(name));
            }
            text
        });
        Ok(words.collect())
    }
}

fn made(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// Whether a name leads to a place below the folder that it is taken in, and nowhere else.
fn is_below(name: &str) -> bool {
    let path = Path::new(name);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    !name.is_empty() && name.len() <= 512 && !name.contains('\0') && path.components().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> PlanText {
        let mut plan = PlanText::default();
        plan.push("--users=7");
        plan.push_file("--workload=", "0/mine.toml");
        plan.add_file("0/mine.toml", "[a]\n".to_owned()).unwrap();
        plan.add_file("0/rows/a.csv", "sku\n1\n".to_owned())
            .unwrap();
        plan
    }

    #[test]
    fn a_plan_comes_over_whole_and_its_words_name_its_files() {
        let plan = plan();
        let text = serde_json::to_string(&plan).unwrap();
        let read: PlanText = serde_json::from_str(&text).unwrap();
        assert_eq!(read, plan);
        read.check().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let words = read.unpack(folder.path()).unwrap();
        let workload = folder.path().join("0/mine.toml");
        assert_eq!(words[0], "--users=7");
        assert_eq!(words[1], *format!("--workload={}", workload.display()));
        assert_eq!(std::fs::read_to_string(workload).unwrap(), "[a]\n");
        let rows = std::fs::read_to_string(folder.path().join("0/rows/a.csv"));
        assert_eq!(rows.unwrap(), "sku\n1\n");
    }

    #[test]
    fn what_leads_elsewhere_is_missing_or_too_much_is_refused() {
        for name in ["../x", "/etc/passwd", "a/../../x", "", "./x"] {
            let mut bad = plan();
            bad.files[1].name = name.to_owned();
            let refused = bad.check().unwrap_err();
            assert!(matches!(refused, PlanTextError::Malformed(_)), "{name}");
        }
        let mut missing = plan();
        missing.files.remove(0);
        assert!(missing.check().is_err());
        let mut large = plan();
        let refused = large
            .add_file("0/b.csv", "x".repeat(MOST_FILE_BYTES))
            .unwrap_err();
        assert!(refused.to_string().contains("3 MiB"), "{refused}");
    }
}
