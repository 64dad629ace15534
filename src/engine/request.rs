//! Requests: prepared heads, filled in and followed by a body from an arena.

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
    /// `PUT /customers/`
    before_id: Box<[u8]>,
    /// `/profile HTTP/1.1␍␊host: …␍␊`, up to but without the headers about the body.
    after_id: Box<[u8]>,
    /// Whether an id goes between the two.
    takes_id: bool,
}

impl PreparedHead {
    fn new(operation: &Operation, target: &Target) -> Result<Self, PathError> {
        let path = operation.path;
        let (before, after) = match path.split_once('{') {
            None => (path, None),
            Some((before, rest)) => match rest.split_once('}') {
                Some((_, after)) if !after.contains('{') => (before, Some(after)),
                _ => return Err(PathError { path }),
            },
        };
        let mut rest = format!(
            "{} HTTP/1.1\r\nhost: {}\r\n",
            after.unwrap_or_default(),
            target.authority
        );
        for (name, value) in operation.headers {
            rest.push_str(&format!("{name}: {value}\r\n"));
        }
        Ok(Self {
            before_id: format!("{} {}{before}", operation.method.word(), target.base_path)
                .into_bytes()
                .into_boxed_slice(),
            after_id: rest.into_bytes().into_boxed_slice(),
            takes_id: after.is_some(),
        })
    }

    /// Appends the head of a request without a body.
    #[inline]
    pub fn append_without_body(&self, id: Option<&Id>, out: &mut Vec<u8>) {
        self.append_start(id, out);
        out.extend_from_slice(b"content-length: 0\r\n\r\n");
    }

    /// Appends the head of a request whose JSON body of `body_bytes` follows.
    #[inline]
    pub fn append(&self, id: Option<&Id>, body_bytes: usize, out: &mut Vec<u8>) {
        self.append_start(id, out);
        out.extend_from_slice(b"content-type: application/json\r\ncontent-length: ");
        out.extend_from_slice(itoa::Buffer::new().format(body_bytes).as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
    }

    #[inline]
    fn append_start(&self, id: Option<&Id>, out: &mut Vec<u8>) {
        debug_assert_eq!(self.takes_id, id.is_some(), "the path wants an id, or wants none");
        out.extend_from_slice(&self.before_id);
        if let Some(id) = id {
            out.extend_from_slice(id.as_bytes());
        }
        out.extend_from_slice(&self.after_id);
    }
}

/// The heads of all steps of a script, by [`Step::index`].
#[derive(Debug)]
pub struct PreparedHeads {
    heads: Box<[PreparedHead]>,
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
        Ok(Self { heads })
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
