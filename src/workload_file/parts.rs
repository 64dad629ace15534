//! A workload in several files: they are read as one text, and what is wrong is told with the file that it
//! is in.

use super::error::FileError;
use crate::workload_file::format::document::{Document, is_name};
use crate::workload_file::format::read::{MOST_FILE_BYTES, read_as};
use crate::workload_file::model::definitions::Model;
use std::path::Path;
use toml::de::DeValue;

/// Files of one workload, at most.
const MOST_FILES: usize = 100;

/// The text of a workload.
#[derive(Clone, Debug)]
pub struct Parts {
    text: String,
    /// The line that each file begins with, and what it is called.
    starts: Vec<(usize, String)>,
    /// Whether it comes with the program.
    comes_with_program: bool,
}

impl Parts {
    /// The text of a file that is called `origin`, with those that it names as its `files`: `beside`
    /// reads one of them by its name.
    ///
    /// # Errors
    /// When `files` are no names of files, one of them cannot be read, or does not begin with a table.
    pub fn read(
        mut text: String,
        origin: &str,
        beside: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Self, FileError> {
        let names = names(&text, origin)?;
        let mut starts = vec![(1, origin.to_owned())];
        for (name, offset) in names {
            let wrong = |says: String| {
                let (mut document, _) = Document::parse("", origin)?;
                document.mistake(0, says);
                let mut error = document.error(origin).unwrap_or_else(|| FileError {
                    origin: origin.to_owned(),
                    mistakes: Vec::new(),
                });
                let position = crate::plan::TextPosition::of_offset(&text, offset);
                error
                    .mistakes
                    .iter_mut()
                    .for_each(|it| it.position = position);
                Err(error)
            };
            let part = match beside(&name) {
                Ok(part) => part,
                Err(why) => return wrong(format!("`{name}` cannot be read: {why}")),
            };
            let mut lines = part.lines().map(str::trim_start);
            let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
            if first.is_some_and(|line| !line.starts_with('[')) {
                let says = "the first thing in it has to be a table like [operations.home]: only the file that names \
                            the others says what is of all of them";
                return wrong(format!("`{name}`: {says}"));
            }
            if text.len() + part.len() > MOST_FILE_BYTES {
                return wrong(format!(
                    "a workload has at most {} MiB",
                    MOST_FILE_BYTES >> 20
                ));
            }
            if !text.ends_with('\n') {
                text.push('\n');
            }
            let called = match origin.rsplit_once('/') {
                Some((directory, _)) => format!("{directory}/{name}"),
                None => name,
            };
            starts.push((text.matches('\n').count() + 1, called));
            text.push_str(&part);
        }
        Ok(Self {
            text,
            starts,
            comes_with_program: false,
        })
    }

    /// The same, of a workload that comes with the program.
    #[must_use]
    pub fn of_program(self) -> Self {
        Self {
            comes_with_program: true,
            ..self
        }
    }

    /// All of it as one text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The workload that it is.
    ///
    /// # Errors
    /// When anything in it is wrong: see [`super::read_within`].
    pub fn model(&self) -> Result<Model, FileError> {
        self.model_within(None)
    }

    /// The same of one that may name files of rows and a description: those in `folder`.
    ///
    /// # Errors
    /// As [`Self::model`], and when anything is wrong with those: see [`super::read_within`].
    pub fn model_within(&self, folder: Option<&Path>) -> Result<Model, FileError> {
        let origin = &self.starts[0].1;
        let read = read_as(&self.text, origin, folder, self.comes_with_program);
        read.map_err(|mut error| {
            for mistake in &mut error.mistakes {
                let line = mistake.position.line;
                let mut starts = self.starts.iter().rev();
                if let Some((start, origin)) = starts.find(|(start, _)| *start <= line) {
                    mistake.position.line = line + 1 - start;
                    mistake.origin.clone_from(origin);
                }
            }
            error
        })
    }
}

/// The files that `text` names, and where it does.
fn names(text: &str, origin: &str) -> Result<Vec<(String, usize)>, FileError> {
    let (mut document, table) = Document::parse(text, origin)?;
    let mut names = Vec::new();
    if let Some(value) = table.get_ref().get("files") {
        let files = match value.get_ref() {
            DeValue::Array(files) if files.len() <= MOST_FILES => files.iter().collect(),
            _ => {
                let says = format!("`files` is a list of at most {MOST_FILES} names of files");
                document.mistake(value.span().start, says);
                Vec::new()
            }
        };
        for file in files {
            let name = file.get_ref().as_str().unwrap_or_default();
            let at = file.span().start;
            match name.strip_suffix(".toml").is_some_and(is_name) {
                true if names.iter().all(|(known, _)| known != name) => {
                    names.push((name.to_owned(), at));
                }
                true => document.mistake(at, format!("`{name}` is named twice")),
                false => document.mistake(
                    at,
                    format!("`{name}` is no file beside this one, like \"orders.toml\""),
                ),
            }
        }
    }
    match document.error(origin) {
        Some(error) => Err(error),
        None => Ok(names),
    }
}
