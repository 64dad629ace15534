//! What a threshold is about: `{name="PUT /orders/{id}/confirm", phase="steady"}`.

use super::ThresholdError;
use super::cursor::Cursor;
use super::vocabulary::Listed;
use crate::plan::Suggestion;
use regex_lite::Regex;

/// Longest expression of a pattern in bytes, and the largest program made of it: a bound on what a
/// profile from elsewhere can make this program allocate.
const LONGEST_PATTERN: usize = 1_000;
const LARGEST_PROGRAM_BYTES: usize = 1 << 20;

/// A tag of requests, journeys and races.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Statistic name, or name of the journey or race.
    Name,
    /// HTTP method.
    Method,
    /// A word by which figures of several names are added up.
    Tag,
    /// `spawning` or `steady`.
    Phase,
    /// Domain of an observed figure, in lower case; it is compared by `=` only.
    Domain,
}

impl Tag {
    /// The word in a selector.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Method => "method",
            Self::Tag => "tag",
            Self::Phase => "phase",
            Self::Domain => "domain",
        }
    }
}

/// All of these must be so; nothing selects everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// What must be so.
    pub matchers: Vec<Matcher>,
}

/// What one tag must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// The tag.
    pub tag: Tag,
    /// Byte of the threshold's text at which the value stands.
    pub at: usize,
    test: LabelTest,
    negated: bool,
}

#[derive(Clone, Debug)]
enum LabelTest {
    Is(String),
    Like { pattern: String, regex: Regex },
}

/// Of the texts that they were made of.
impl PartialEq for LabelTest {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Is(one), Self::Is(two)) => one == two,
            (Self::Like { pattern: one, .. }, Self::Like { pattern: two, .. }) => one == two,
            _ => false,
        }
    }
}

impl Matcher {
    /// Whether `value` is as it must be.
    #[must_use]
    pub fn admits(&self, value: &str) -> bool {
        self.matches(value) != self.negated
    }

    /// Whether something that has all of these `values` is as it must be: one of them matches, or none
    /// where it is negated.
    #[must_use]
    pub fn admits_any(&self, values: &[&str]) -> bool {
        values.iter().any(|value| self.matches(value)) != self.negated
    }

    fn matches(&self, value: &str) -> bool {
        match &self.test {
            LabelTest::Is(text) => text == value,
            LabelTest::Like { regex, .. } => regex.is_match(value),
        }
    }

    /// The one value that it admits, if there is just one.
    #[must_use]
    pub fn exactly(&self) -> Option<&str> {
        match &self.test {
            LabelTest::Is(text) if !self.negated => Some(text),
            _ => None,
        }
    }
}

impl Selector {
    /// Whether something whose `tag` is `value` may be selected, as far as that tag decides.
    #[must_use]
    pub fn admits(&self, tag: Tag, value: &str) -> bool {
        let mut about = self.matchers.iter().filter(|matcher| matcher.tag == tag);
        about.all(|matcher| matcher.admits(value))
    }

    /// The same of something that has all of these `values`.
    #[must_use]
    pub fn admits_any(&self, tag: Tag, values: &[&str]) -> bool {
        let mut about = self.matchers.iter().filter(|matcher| matcher.tag == tag);
        about.all(|matcher| matcher.admits_any(values))
    }

    /// The one value that `tag` must have, if there is just one.
    #[must_use]
    pub fn exactly(&self, tag: Tag) -> Option<&str> {
        let mut about = self.matchers.iter().filter(|matcher| matcher.tag == tag);
        about.find_map(Matcher::exactly)
    }

    /// Selects what has this name, which stands at this byte.
    pub(super) fn of_name(name: &str, at: usize) -> Self {
        Self {
            matchers: vec![Matcher {
                tag: Tag::Name,
                at,
                test: LabelTest::Is(name.to_owned()),
                negated: false,
            }],
        }
    }

    /// Selects of one phase only, unless a phase is selected already.
    pub(super) fn restrict_to_phase(&mut self, phase: &str) {
        let has_phase = self
            .matchers
            .iter()
            .any(|matcher| matcher.tag == Tag::Phase);
        if !has_phase {
            self.matchers.push(Matcher {
                tag: Tag::Phase,
                at: 0,
                test: LabelTest::Is(phase.to_owned()),
                negated: false,
            });
        }
    }

    /// Reads a selector, if there is one. `tags` are those there may be.
    pub(super) fn read(cursor: &mut Cursor<'_>, tags: &[Tag]) -> Result<Self, ThresholdError> {
        let mut selector = Self::default();
        cursor.skip_space();
        if !cursor.take("{") {
            return Ok(selector);
        }
        loop {
            cursor.skip_space();
            if cursor.take("}") {
                return Ok(selector);
            }
            selector.matchers.push(matcher(cursor, tags)?);
            cursor.skip_space();
            if !cursor.take(",") && !cursor.rest().starts_with('}') {
                return Err(cursor.error("expected `,` or `}` after the value"));
            }
        }
    }
}

fn matcher(cursor: &mut Cursor<'_>, tags: &[Tag]) -> Result<Matcher, ThresholdError> {
    let tag = tag(cursor, tags)?;
    cursor.skip_space();
    let comparison_at = cursor.at();
    let (negated, is_pattern) = comparison(cursor)?;
    if tag == Tag::Domain && (negated || is_pattern) {
        return Err(cursor.error_at(comparison_at, "a domain is compared by `=` only"));
    }
    cursor.skip_space();
    let at = cursor.at();
    let text = value(cursor)?;
    if tag == Tag::Phase && !is_pattern {
        let phases = ["spawning", "steady"];
        if !phases.contains(&text.as_str()) {
            let suggestion = Suggestion::for_word(&text, phases);
            let why = format!("a phase is `spawning` or `steady`, not `{text}`{suggestion}");
            return Err(cursor.error_at(at, why));
        }
    }
    let test = match is_pattern {
        true => pattern(&text).map_err(|why| cursor.error_at(at, why))?,
        false => LabelTest::Is(text),
    };
    Ok(Matcher {
        tag,
        at,
        test,
        negated,
    })
}

fn tag(cursor: &mut Cursor<'_>, tags: &[Tag]) -> Result<Tag, ThresholdError> {
    let at = cursor.at();
    let word = cursor.take_word();
    if let Some(tag) = tags.iter().find(|tag| tag.word() == word) {
        return Ok(*tag);
    }
    let words: Vec<&str> = tags.iter().map(|tag| tag.word()).collect();
    let known = Listed(&words);
    let why = match word {
        "" => format!("expected a tag: {known}"),
        word => {
            let suggestion = Suggestion::for_word(word, words.iter().copied());
            format!("there is no tag `{word}` here{suggestion} (tags: {known})")
        }
    };
    Err(cursor.error_at(at, why))
}

/// Whether it is negated, and whether a pattern follows.
fn comparison(cursor: &mut Cursor<'_>) -> Result<(bool, bool), ThresholdError> {
    // The colon is k6's.
    for (sign, meaning) in [
        ("=~", (false, true)),
        ("!~", (true, true)),
        ("!=", (true, false)),
        ("=", (false, false)),
        (":", (false, false)),
    ] {
        if cursor.take(sign) {
            return Ok(meaning);
        }
    }
    Err(cursor.error("expected `=` and a value, like name=\"POST /customers\" (also `!=`, and `=~` or `!~` with a regular expression)"))
}

/// A text in quotes, or without them as k6 writes it: then up to the next `,` or `}` that is not
/// within braces of its own.
fn value(cursor: &mut Cursor<'_>) -> Result<String, ThresholdError> {
    for quote in ['"', '\''] {
        if cursor.rest().starts_with(quote) {
            return quoted(cursor, quote);
        }
    }
    let start = cursor.at();
    let mut text = String::new();
    let mut depth = 0_u32;
    while let Some(letter) = cursor.rest().chars().next() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => break,
            _ => {}
        }
        text.push(letter);
        cursor.take_letter();
    }
    let text = text.trim().to_owned();
    match text.is_empty() {
        true => Err(cursor.error_at(start, "expected a value, like \"POST /customers\"")),
        false => Ok(text),
    }
}

/// In quotes, `\` keeps the character after it from being the end.
fn quoted(cursor: &mut Cursor<'_>, quote: char) -> Result<String, ThresholdError> {
    let start = cursor.at();
    cursor.take_letter();
    let mut text = String::new();
    loop {
        match cursor.take_letter() {
            Some('\\') => match cursor.take_letter() {
                Some(letter) if letter == quote || letter == '\\' => text.push(letter),
                // Backslashes of regular expressions stay.
                Some(letter) => text.extend(['\\', letter]),
                None => break,
            },
            Some(letter) if letter == quote => return Ok(text),
            Some(letter) => text.push(letter),
            None => break,
        }
    }
    Err(cursor.error_at(
        start,
        format!("this text has no end; close it with {quote}"),
    ))
}

/// A pattern matches the whole value, as in Prometheus.
fn pattern(text: &str) -> Result<LabelTest, String> {
    if text.len() > LONGEST_PATTERN {
        return Err(format!(
            "a regular expression has at most {LONGEST_PATTERN} bytes"
        ));
    }
    let whole = regex_lite::RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(LARGEST_PROGRAM_BYTES)
        .build();
    match whole {
        Ok(regex) => Ok(LabelTest::Like {
            pattern: text.to_owned(),
            regex,
        }),
        Err(error) => Err(format!("this is no regular expression: {error}")),
    }
}
