//! Which traces somebody wants to see.

use crate::sandbox::request_target::parameter;
use glob::Pattern;

/// A wanted text, or everything.
#[derive(Clone, Debug, Default)]
pub enum Wanted {
    #[default]
    Everything,
    Exactly(String),
    Like(Pattern),
}

impl Wanted {
    /// An empty text filters nothing.
    fn exactly(text: Option<String>) -> Self {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => Self::Exactly(text),
            None => Self::Everything,
        }
    }

    /// As [`Wanted::exactly`], with `*`, `?` and `[…]`.
    fn like(text: Option<String>) -> Self {
        match Self::exactly(text) {
            Self::Exactly(text) => Pattern::new(&text).map_or(Self::Exactly(text), Self::Like),
            other => other,
        }
    }

    pub fn is_met_by(&self, text: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Exactly(wanted) => wanted == text,
            Self::Like(pattern) => pattern.matches(text),
        }
    }
}

/// What each part of a trace has to be.
#[derive(Clone, Debug, Default)]
pub struct TraceFilter {
    pub domain: Wanted,
    pub stream: Wanted,
    pub event: Wanted,
    pub message_type: Wanted,
    pub message_id: Wanted,
}

impl TraceFilter {
    /// As `GET /api/traces` reads them: exact words.
    pub fn of_list(query: Option<&str>) -> Self {
        let wanted = |name| Wanted::exactly(parameter(query, name));
        Self {
            domain: wanted("domain"),
            stream: wanted("stream"),
            event: wanted("event"),
            message_type: Wanted::Everything,
            message_id: wanted("message_id"),
        }
    }

    /// As `GET /stream` reads them: patterns for the kinds of traces and of messages.
    pub fn of_stream(query: Option<&str>) -> Self {
        Self {
            domain: Wanted::exactly(parameter(query, "domain")),
            stream: Wanted::exactly(parameter(query, "stream")),
            event: Wanted::like(parameter(query, "event")),
            message_type: Wanted::like(parameter(query, "type")),
            message_id: Wanted::Everything,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let filter =
            TraceFilter::of_stream(Some("event=handler.*&type=Identity.C[u]?tomer*&domain="));
        assert!(filter.event.is_met_by("handler.started"));
        assert!(!filter.event.is_met_by("message.acked"));
        assert!(
            filter
                .message_type
                .is_met_by("Identity.CustomerRegistered.v1")
        );
        assert!(!filter.message_type.is_met_by("Identity.ProfileUpdated.v1"));
        assert!(filter.domain.is_met_by("payments"));
        // What is no pattern is a word.
        let odd = TraceFilter::of_stream(Some("event=[handler"));
        assert!(odd.event.is_met_by("[handler") && !odd.event.is_met_by("handler"));
    }

    #[test]
    fn lists_are_filtered_by_words() {
        let filter = TraceFilter::of_list(Some("event=handler.*&domain=identity"));
        assert!(!filter.event.is_met_by("handler.started"));
        assert!(filter.domain.is_met_by("identity") && !filter.domain.is_met_by("ordering"));
    }
}
