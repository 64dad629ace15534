//! Requests: prepared heads, filled in and followed by a body from an arena.

use super::cookies::CookieHost;
use super::{Id, Operation, Step};
use crate::plan::Target;

/// Why an operation's path cannot be prepared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path `{path}` has more than one place for an id, or an unclosed one")]
pub struct PathError {
    /// The template.
    pub path: &'static str,
}

/// The head of one operation's requests, cut where the id and the content length go.
#[derive(Debug)]
pub struct PreparedHead {
    /// `PUT /customers/`; empty when the path takes no id.
    before_id: Box<[u8]>,
    /// The rest, up to the content length of a JSON body.
    before_length: Box<[u8]>,
    /// The rest, when there is no body.
    without_body: Box<[u8]>,
    /// Whether an id goes after `before_id`.
    takes_id: bool,
}

impl PreparedHead {
    fn new(operation: &Operation, target: &Target) -> Result<Self, PathError> {
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
        let body_type = match target.headers.has("content-type") {
            true => "",
            false => "content-type: application/json\r\n",
        };
        let bytes = |text: String| text.into_bytes().into_boxed_slice();
        Ok(Self {
            before_id: bytes(before_id),
            before_length: bytes(format!("{rest}{body_type}content-length: ")),
            without_body: bytes(format!("{rest}content-length: 0\r\n\r\n")),
            takes_id,
        })
    }

    /// Appends the head of a request without a body.
    #[inline]
    pub fn append_without_body(&self, id: Option<&Id>, out: &mut Vec<u8>) {
        self.append_id(id, out);
        out.extend_from_slice(&self.without_body);
    }

    /// Appends the head of a request whose JSON body of `body_bytes` follows.
    #[inline]
    pub fn append(&self, id: Option<&Id>, body_bytes: usize, out: &mut Vec<u8>) {
        self.append_id(id, out);
        out.extend_from_slice(&self.before_length);
        out.extend_from_slice(itoa::Buffer::new().format(body_bytes).as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
    }

    #[inline]
    fn append_id(&self, id: Option<&Id>, out: &mut Vec<u8>) {
        debug_assert_eq!(
            self.takes_id,
            id.is_some(),
            "the path wants an id, or wants none"
        );
        if let Some(id) = id {
            out.extend_from_slice(&self.before_id);
            out.extend_from_slice(id.as_bytes());
        }
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
