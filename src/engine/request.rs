//! Requests: prepared heads, filled in and followed by a body from an arena.

use super::cookies::CookieHost;
use super::values::{Form, Mark, Values};
use super::{HeadPart, HeadTemplate, Id, Operation, Step};
use crate::plan::Target;

/// Why an operation's path cannot be prepared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path `{path}` has more than one place for an id, or an unclosed one")]
pub struct PathError {
    /// The template.
    pub path: &'static str,
}

/// Where a value of the user is kept, its form, and the text that follows it.
type ValueBefore = (u16, Form, Box<[u8]>);

/// The head of one operation's requests, cut where the id and the content length go.
#[derive(Debug)]
pub struct PreparedHead {
    /// `PUT /customers/`; empty when the path takes nothing.
    before_id: Box<[u8]>,
    /// The values of the user that go after it, each with its form and the text that follows it.
    values: Box<[ValueBefore]>,
    /// The rest, up to the content length of a JSON body.
    before_length: Box<[u8]>,
    /// The rest, when there is no body.
    without_body: Box<[u8]>,
    /// Whether an id goes after `before_id`.
    takes_id: bool,
}

impl PreparedHead {
    fn new(operation: &Operation, target: &Target) -> Result<Self, PathError> {
        if let Some(template) = operation.template {
            return Ok(Self::filled_in(operation, template, target));
        }
        let path = operation.path;
        let start = format!("{} {}", operation.method.word(), target.base_path);
        let (before_id, rest, takes_id) = match path.split_once('{') {
            None => (String::new(), format!("{start}{path}"), false),
            Some((before, rest)) => match rest.split_once('}') {
                Some((_, after)) if !after.contains('{') => {
                    (format!("{start}{before}"), after.to_owned(), true)
                }
                _ => return Err(PathError { path }),
            },
        };
        let mut rest = format!("{rest} HTTP/1.1\r\n{}", target.head_lines());
        let own = operation.headers.iter();
        for (name, value) in own.filter(|(name, _)| !target.headers.has(name)) {
            rest.push_str(&format!("{name}: {value}\r\n"));
        }
        let has_type = target.headers.has("content-type");
        let values = Vec::new();
        Ok(Self::cut(operation, (before_id, values, rest), has_type).taking_id(takes_id))
    }

    /// A head whose path and headers hold values of the user.
    fn filled_in(operation: &Operation, template: &HeadTemplate, target: &Target) -> Self {
        let mut pieces = Pieces::default();
        pieces.text(operation.method.word());
        pieces.text(" ");
        match template.path {
            // It is where a reply said, which is no place below the base.
            [HeadPart::Value(position), rest @ ..] => {
                pieces.value(*position, Form::Location);
                pieces.parts(rest, Form::Encoded);
            }
            path => {
                pieces.text(&target.base_path);
                pieces.parts(path, Form::Encoded);
            }
        }
        pieces.text(" HTTP/1.1\r\n");
        pieces.text(&target.head_lines());
        let own = template.headers.iter();
        for (name, value) in own.filter(|(name, _)| !target.headers.has(name)) {
            pieces.text(name);
            pieces.text(": ");
            pieces.parts(value, Form::Header);
            pieces.text("\r\n");
        }
        let mut own = template.headers.iter();
        let has_type = target.headers.has("content-type")
            || own.any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        Self::cut(operation, pieces.cut(), has_type)
    }

    /// The head that begins with the first text, goes on with the values and ends with the last text.
    fn cut(
        operation: &Operation,
        (before_id, values, rest): (String, Vec<ValueBefore>, String),
        has_type: bool,
    ) -> Self {
        let bytes = |text: String| text.into_bytes().into_boxed_slice();
        let body_type = match has_type {
            true => "",
            false => "content-type: application/json\r\n",
        };
        let no_body = match operation.method.may_have_body() {
            true => "content-length: 0\r\n",
            false => "",
        };
        Self {
            before_id: bytes(before_id),
            values: values.into_boxed_slice(),
            before_length: bytes(format!("{rest}{body_type}content-length: ")),
            without_body: bytes(format!("{rest}{no_body}\r\n")),
            takes_id: false,
        }
    }

    fn taking_id(self, takes_id: bool) -> Self {
        Self { takes_id, ..self }
    }

    /// Appends the head of a request without a body.
    #[inline]
    pub fn append_without_body(&self, id: Option<&Id>, values: &Values, out: &mut Vec<u8>) {
        self.append_start(id, values, out);
        out.extend_from_slice(&self.without_body);
    }

    /// Appends the head of a request whose JSON body of `body_bytes` follows.
    #[inline]
    pub fn append(&self, id: Option<&Id>, values: &Values, body_bytes: usize, out: &mut Vec<u8>) {
        self.append_start(id, values, out);
        out.extend_from_slice(&self.before_length);
        out.extend_from_slice(itoa::Buffer::new().format(body_bytes).as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
    }

    #[inline]
    fn append_start(&self, id: Option<&Id>, values: &Values, out: &mut Vec<u8>) {
        debug_assert_eq!(
            self.takes_id,
            id.is_some(),
            "the path wants an id, or wants none"
        );
        if let Some(id) = id {
            out.extend_from_slice(&self.before_id);
            out.extend_from_slice(id.as_bytes());
        } else if !self.values.is_empty() {
            self.append_values(values, out);
        }
    }

    /// Where the head of a request, which begins at `start`, holds values of the user.
    pub fn mark(&self, values: &Values, start: usize, mark: &mut impl FnMut(Mark)) {
        let mut at = start + self.before_id.len();
        for (value, form, text) in &self.values {
            let bytes = values.length(*value, *form);
            mark(Mark {
                at,
                bytes,
                value: *value,
                form: *form,
            });
            at += bytes + text.len();
        }
    }

    fn append_values(&self, values: &Values, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before_id);
        for (position, form, text) in &self.values {
            values.append(*position, *form, out);
            out.extend_from_slice(text);
        }
    }
}

/// A head that is being cut where values go.
#[derive(Default)]
struct Pieces {
    /// Up to the first value.
    first: String,
    /// Each value, with the text that follows it.
    values: Vec<(u16, Form, String)>,
}

impl Pieces {
    fn text(&mut self, text: &str) {
        let last = self.values.last_mut().map(|(_, _, text)| text);
        last.unwrap_or(&mut self.first).push_str(text);
    }

    fn parts(&mut self, parts: &[HeadPart], form: Form) {
        for part in parts {
            match *part {
                HeadPart::Text(text) => self.text(text),
                HeadPart::Value(position) => self.value(position, form),
            }
        }
    }

    fn value(&mut self, position: u16, form: Form) {
        self.values.push((position, form, String::new()));
    }

    /// What comes before the first value, the values, and what comes after the last one.
    fn cut(mut self) -> (String, Vec<ValueBefore>, String) {
        let last = self.values.last_mut().map(|(_, _, text)| text);
        let Some(last) = last else {
            return (String::new(), Vec::new(), self.first);
        };
        let rest = std::mem::take(last);
        let values = self.values.into_iter().map(|(position, form, text)| {
            let text = text.into_bytes().into_boxed_slice();
            (position, form, text)
        });
        (self.first, values.collect(), rest)
    }
}

/// The heads of all steps of a script, by [`Step::index`].
#[derive(Debug)]
pub struct PreparedHeads {
    heads: Box<[PreparedHead]>,
    is_traced: bool,
    cookie_host: CookieHost,
}

impl PreparedHeads {
    /// Prepares the heads of `steps` for `target`.
    ///
    /// # Errors
    /// When a path template is malformed.
    pub fn new(steps: &[Step], target: &Target) -> Result<Self, PathError> {
        let heads = steps
            .iter()
            .map(|step| PreparedHead::new(step.operation, target))
            .collect::<Result<_, _>>()?;
        let is_traced = target.is_traced;
        Ok(Self {
            heads,
            is_traced,
            cookie_host: CookieHost::of(target),
        })
    }

    /// Whom cookies are of.
    #[must_use]
    pub fn cookie_host(&self) -> &CookieHost {
        &self.cookie_host
    }

    /// Whether every request gets a trace id.
    #[must_use]
    pub fn are_traced(&self) -> bool {
        self.is_traced
    }

    /// The head of `step`.
    #[inline]
    #[must_use]
    pub fn of(&self, step: &Step) -> &PreparedHead {
        &self.heads[usize::from(step.index)]
    }
}

#[cfg(test)]
mod tests;
