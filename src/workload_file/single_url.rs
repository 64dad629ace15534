//! The smallest workload: one URL is read, again and again. It needs no file.

use crate::engine::Method;
use crate::plan::{WaitTime, in_ascii};
use crate::workload_file::model::definitions::{Call, Class, Journey, Model, Operation, Step};
use crate::workload_file::model::statuses::Statuses;
use crate::workload_file::model::texts::Part;
use http::Uri;

/// A URL whose reading is the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleUrl {
    /// Scheme and authority, like `http://localhost:8080`.
    pub origin: String,
    /// Path and query, like `/search?q=tea`.
    pub path: String,
}

/// Why a text is no URL to read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no URL: {why}; write it like http://localhost:8080/path")]
pub struct UrlError {
    text: String,
    why: String,
}

impl SingleUrl {
    /// What users of the URL are called.
    pub const CLASS: &'static str = "Visitor";

    /// Cuts `text` into where it goes and what is asked for there. Whether the first is a target is for
    /// that to say.
    ///
    /// # Errors
    /// When it is no URL with a scheme and a host.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let wrong = |why: &str| UrlError {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        // What browsers show behind it is never sent.
        let sent = text.split('#').next().unwrap_or_default();
        let uri: Uri = sent
            .parse()
            .map_err(|error: http::uri::InvalidUri| wrong(&error.to_string()))?;
        let scheme = uri
            .scheme_str()
            .ok_or_else(|| wrong("the scheme is missing"))?;
        let authority = uri
            .authority()
            .ok_or_else(|| wrong("the host is missing"))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = match path.starts_with('?') {
            true => format!("/{path}"),
            false => path.to_owned(),
        };
        Ok(Self {
            origin: format!("{scheme}://{authority}"),
            path: in_ascii(&path),
        })
    }

    /// The workload that reads it; `expect` are the statuses of success.
    #[must_use]
    pub fn model(&self, expect: Statuses) -> Model {
        let label = format!("GET {}", self.path);
        Model {
            name: "url".to_owned(),
            health: self.path.clone(),
            operations: vec![Operation {
                key: "visit".to_owned(),
                label,
                tags: Vec::new(),
                method: Method::Get,
                shown_path: self.path.clone(),
                path: vec![Part::Text(self.path.clone())],
                headers: Vec::new(),
                body: None,
                expect,
                refusals: Vec::new(),
                reasons: Vec::new(),
                reads: Vec::new(),
                checks: Vec::new(),
                heeds_retry_after: false,
                raises: Vec::new(),
                visible: None,
            }],
            journeys: vec![Journey {
                name: "Visit".to_owned(),
                about: "read the URL once".to_owned(),
                steps: vec![Step::Call(Box::new(Call::of(0)))],
                is_built_in: false,
            }],
            classes: vec![Class {
                name: Self::CLASS.to_owned(),
                about: "reads the URL, again and again, without waiting".to_owned(),
                weight: 1,
                journeys: vec![(0, 1)],
                journeys_with: Vec::new(),
                first: None,
                wait: WaitTime::None,
            }],
            ..Model::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_where_it_goes_and_what_is_asked_for() {
        for (text, origin, path) in [
            ("http://h", "http://h", "/"),
            ("http://h:80/", "http://h:80", "/"),
            (
                "http://[::1]:8080/a/b?c=d&e#f",
                "http://[::1]:8080",
                "/a/b?c=d&e",
            ),
            ("https://h?q", "https://h", "/?q"),
            ("http://h/käse?q=ü", "http://h", "/k%C3%A4se?q=%C3%BC"),
        ] {
            let url = SingleUrl::parse(text).unwrap();
            assert_eq!((url.origin.as_str(), url.path.as_str()), (origin, path));
        }
        for text in ["", "h", "/path", "h:80/x", "http://", "http://h/a b"] {
            let said = SingleUrl::parse(text).unwrap_err().to_string();
            assert!(said.contains("like http://localhost:8080/path"), "{said}");
        }
    }
}
