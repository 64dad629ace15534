//! A TOML text as the reader of workloads walks it: tables with known keys, values of the kinds that keys
//! take, and a mistake noted wherever something is otherwise. The walk goes on after a mistake.

use super::key::Key;
use crate::plan::{Suggestion, TextPosition, parse_duration};
use crate::workload_file::error::{FileError, Mistake};
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Mistakes that are noted: from then on the walk only goes on to its end.
const MOST_NOTED: usize = 100;
/// Longest sentence about a mistake, in bytes.
const LONGEST_SAID: usize = 1_000;
/// What one body of each kind may have together, in bytes.
const MOST_BODIES_BYTES: usize = 48 << 20;

/// A value and where it stands.
pub type At<'a> = Spanned<DeValue<'a>>;

/// The text that is walked, and what was wrong in it so far.
pub struct Document<'a> {
    text: &'a str,
    mistakes: Vec<(usize, String)>,
    /// Bytes that one body of each kind have together, at most.
    body_bytes: usize,
    /// Values that are added up, and where each sum stands.
    summed: Vec<(usize, u16)>,
}

/// A table whose keys have been looked at.
#[derive(Clone, Copy)]
pub struct Table<'d, 'a> {
    table: &'d DeTable<'a>,
    /// Where it begins.
    pub start: usize,
}

impl<'a> Document<'a> {
    /// The text as TOML.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &'a str, origin: &str) -> Result<(Self, Spanned<DeTable<'a>>), FileError> {
        let document = Self {
            text,
            mistakes: Vec::new(),
            body_bytes: 0,
            summed: Vec::new(),
        };
        DeTable::parse(text)
            .map(|table| (document, table))
            .map_err(|error| FileError {
                origin: origin.to_owned(),
                mistakes: vec![Mistake {
                    origin: origin.to_owned(),
                    position: TextPosition::of_offset(
                        text,
                        error.span().map_or(0, |span| span.start),
                    ),
                    says: format!("this is not TOML: {}", error.message().replace('\n', ", ")),
                }],
            })
    }

    /// Notes that something is wrong at byte `offset`.
    pub fn mistake(&mut self, offset: usize, says: impl Into<String>) {
        if self.mistakes.len() < MOST_NOTED {
            self.mistakes.push((offset, told(says.into())));
        }
    }

    /// Counts a body of so many bytes, at most, which stands at `offset`: one of each kind is there before
    /// the run, however long they are.
    pub fn count_body(&mut self, offset: usize, bytes: usize) {
        let had_room = self.body_bytes <= MOST_BODIES_BYTES;
        self.body_bytes = self.body_bytes.saturating_add(bytes);
        if had_room && self.body_bytes > MOST_BODIES_BYTES {
            let most = MOST_BODIES_BYTES >> 20;
            let says = format!(
                "with this body all bodies together may get longer than {most} MiB; make them shorter, or \
                 have operations share them by `body`"
            );
            self.mistake(offset, says);
        }
    }

    /// The sum at `offset` adds up these values: each has to be a number.
    pub fn note_summed(&mut self, offset: usize, values: impl Iterator<Item = u16>) {
        self.summed.extend(values.map(|value| (offset, value)));
    }

    /// Values that are added up, and where each sum stands.
    pub fn take_summed(&mut self) -> Vec<(usize, u16)> {
        std::mem::take(&mut self.summed)
    }

    /// `result`, or its mistake noted at `offset`.
    pub fn noting<T>(&mut self, offset: usize, result: Result<T, String>) -> Option<T> {
        result.map_err(|says| self.mistake(offset, says)).ok()
    }

    /// Whether so much was wrong that no more is noted.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.mistakes.len() >= MOST_NOTED
    }

    /// Whether anything was wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// What was wrong, in the order of the text; `None` when nothing was.
    #[must_use]
    pub fn error(&self, origin: &str) -> Option<FileError> {
        let mut mistakes = self.mistakes.clone();
        mistakes.sort();
        mistakes.dedup();
        let mistakes = mistakes.into_iter().map(|(offset, says)| Mistake {
            origin: origin.to_owned(),
            position: TextPosition::of_offset(self.text, offset),
            says,
        });
        let mistakes: Vec<Mistake> = mistakes.collect();
        (!mistakes.is_empty()).then(|| FileError {
            origin: origin.to_owned(),
            mistakes,
        })
    }

    /// Where the character at `within` of the text `value` stands, as nearly as that can be told: texts
    /// with escapes are longer than what they mean.
    #[must_use]
    pub fn offset_within(&self, value: Range<usize>, meant: &str, within: usize) -> usize {
        let raw = self.text.get(value.clone()).unwrap_or_default();
        let quotes = raw.len() - raw.trim_start_matches(['"', '\'']).len();
        match raw.get(quotes..quotes + meant.len()) {
            Some(same) if same == meant => value.start + quotes + within,
            _ => value.start,
        }
    }

    /// The table that `value` is, with no key that is not `known`.
    pub fn table<'d, 'v>(
        &mut self,
        value: &'d At<'v>,
        what: &str,
        known: &'static [Key],
    ) -> Option<Table<'d, 'v>> {
        let start = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) => Some(self.known(table, start, known)),
            other => {
                let kind = other.type_str();
                self.mistake(start, format!("{what} is a table, not {}", a(kind)));
                None
            }
        }
    }

    /// `table` with no key that is not `known`.
    pub fn known<'d, 'v>(
        &mut self,
        table: &'d DeTable<'v>,
        start: usize,
        known: &'static [Key],
    ) -> Table<'d, 'v> {
        for (key, _) in table {
            let name: &str = key.get_ref();
            if self.is_full() {
                break;
            }
            if known.iter().all(|key| key.name != name) {
                let names = known.iter().map(|key| key.name);
                let suggestion = Suggestion::for_word(name, names.clone());
                let names: Vec<&str> = names.collect();
                let says = format!(
                    "unknown key `{name}`{suggestion} (known keys: {})",
                    names.join(", ")
                );
                self.mistake(key.span().start, says);
            }
        }
        Table { table, start }
    }

    /// The members of a table whose keys are names that the file gives.
    pub fn named<'d, 'v>(
        &mut self,
        value: &'d At<'v>,
        what: &str,
    ) -> Vec<(&'d str, usize, &'d At<'v>)> {
        let DeValue::Table(table) = value.get_ref() else {
            let kind = value.get_ref().type_str();
            let says = format!("{what} is a table of names, not {}", a(kind));
            self.mistake(value.span().start, says);
            return Vec::new();
        };
        let mut members: Vec<(&'d str, usize, &'d At<'v>)> = table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span().start, value))
            .collect();
        // In the order of the text, which is how people count.
        members.sort_by_key(|(_, offset, _)| *offset);
        for (name, offset, _) in &members {
            if !self.is_full() && !is_path_of_names(name) {
                self.mistake(
                    *offset,
                    format!(
                        "`{name}` is no name: a name has 1 to 64 letters, digits, `-` and `_`, and \
                         starts with a letter or digit"
                    ),
                );
            }
        }
        members
    }

    /// The text that `value` is.
    pub fn text<'d>(&mut self, value: &'d At<'_>, key: &str, example: &str) -> Option<&'d str> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.as_ref()),
            other => {
                let kind = a(other.type_str());
                let says = format!("`{key}` is a text, like {example}, not {kind}");
                self.mistake(value.span().start, says);
                None
            }
        }
    }

    /// A line of text.
    pub fn line(&mut self, value: &At<'_>, key: &str) -> Option<String> {
        let text = self.text(value, key, "\"a word or two\"")?;
        match text.trim().is_empty() || text.contains(['\n', '\r']) || text.len() > 200 {
            false => Some(text.to_owned()),
            true => {
                let says = format!("`{key}` is one line of at most 200 characters");
                self.mistake(value.span().start, says);
                None
            }
        }
    }

    /// A whole number of these.
    pub fn count(&mut self, value: &At<'_>, key: &str, of: Range<u32>) -> Option<u32> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => {
                u32::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
            }
            _ => None,
        };
        let number = number.filter(|number| of.contains(number));
        if number.is_none() {
            let (least, most) = (of.start, of.end - 1);
            let says = format!("`{key}` is a whole number from {least} to {most}");
            self.mistake(value.span().start, says);
        }
        number
    }

    /// A switch.
    pub fn switch(&mut self, value: &At<'_>, key: &str) -> Option<bool> {
        let switch = value.get_ref().as_bool();
        if switch.is_none() {
            self.mistake(value.span().start, format!("`{key}` is true or false"));
        }
        switch
    }

    /// A length of time up to an hour, or the shortest and the longest of several.
    pub fn times(&mut self, value: &At<'_>, key: &str) -> Option<(Duration, Duration)> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref().to_owned(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            _ => String::new(),
        };
        let (from, to) = text.split_once("..").unwrap_or((&text, &text));
        let read = |text: &str| parse_duration(text.trim()).ok();
        match (read(from), read(to)) {
            (Some(from), Some(to)) if from <= to && to <= LONGEST => Some((from, to)),
            _ => {
                let says = format!(
                    "`{key}` is a length of time up to an hour, like \"500ms\", or two of them, like \
                     \"1s..3s\""
                );
                self.mistake(value.span().start, says);
                None
            }
        }
    }

    /// A number, or the least and the most of several.
    pub fn numbers(&mut self, value: &At<'_>, key: &str, most: u32) -> Option<(u32, u32)> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref().to_owned(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            _ => String::new(),
        };
        let (from, to) = text.split_once("..").unwrap_or((&text, &text));
        let read = |text: &str| text.trim().parse::<u32>().ok();
        match (read(from), read(to)) {
            (Some(from), Some(to)) if from <= to && to >= 1 && to <= most => Some((from, to)),
            _ => {
                let says = format!(
                    "`{key}` is a whole number up to {most}, or two of them, like \"1..3\""
                );
                self.mistake(value.span().start, says);
                None
            }
        }
    }
}

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(3_600);

impl<'d, 'a> Table<'d, 'a> {
    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'d At<'a>> {
        self.table.get(key)
    }

    /// Where `key` stands; where the table begins when it is not there.
    #[must_use]
    pub fn offset_of(&self, key: &str) -> usize {
        let found = self.table.get_key_value(key);
        found.map_or(self.start, |(key, _)| key.span().start)
    }
}

/// A sentence without the middle of what it repeats of a long text: what would be right stands at its end.
fn told(says: String) -> String {
    if says.len() <= LONGEST_SAID {
        return says;
    }
    let start = &says[..says.floor_char_boundary(LONGEST_SAID / 2)];
    let end = &says[says.ceil_char_boundary(says.len() - LONGEST_SAID / 2)..];
    format!("{start} … {end}")
}

/// Whether `text` may be what a file calls something.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let may = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    (1..=64).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(may)
}

/// The same with dots in it: what belongs to something else is called after that.
fn is_path_of_names(text: &str) -> bool {
    text.len() <= 64 && text.split('.').all(is_name)
}

/// A kind of value with its article.
#[must_use]
pub fn a(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {kind}")
}
